"""Who may what, and what a password and a set of roles must be."""

import pytest

from procure.identity.rules import (
    LONGEST_PASSWORD,
    ROLE_PERMISSIONS,
    SHORTEST_PASSWORD,
    password_findings,
    permissions_of,
    role_findings,
    roles_of_kind,
)
from procure.kernel.actors import Permission, Role


@pytest.mark.parametrize(
    ("length", "codes"),
    [
        pytest.param(SHORTEST_PASSWORD - 1, ["password-length"], id="eleven are too few"),
        pytest.param(SHORTEST_PASSWORD, [], id="twelve are enough"),
        pytest.param(LONGEST_PASSWORD, [], id="two hundred are still taken"),
        pytest.param(LONGEST_PASSWORD + 1, ["password-length"], id="one more is not"),
    ],
)
def test_a_password_is_judged_by_its_length(length: int, codes: list[str]) -> None:
    password = ("plough velvet orbit 47 " * 10)[:length]
    assert [finding.code for finding in password_findings(password)] == codes


def test_roles_add_up() -> None:
    both = permissions_of(frozenset({Role.OFFICER, Role.EVALUATOR}))
    assert both == ROLE_PERMISSIONS[Role.OFFICER] | ROLE_PERMISSIONS[Role.EVALUATOR]


def test_every_role_belongs_to_one_side() -> None:
    assert sorted(roles_of_kind("buyer") + roles_of_kind("provider")) == sorted(Role)


@pytest.mark.parametrize(
    ("roles", "kind", "codes"),
    [
        pytest.param(set(), "buyer", ["no-role"], id="one role at least"),
        pytest.param({Role.AUDITOR}, "buyer", [], id="an auditor of a buyer"),
        pytest.param({Role.AUDITOR}, "provider", ["role-elsewhere"], id="not of a provider"),
        pytest.param({Role.FACILITATOR}, "provider", [], id="a facilitator of a provider"),
    ],
)
def test_a_role_is_held_where_it_exists(roles: set[Role], kind: str, codes: list[str]) -> None:
    assert [finding.code for finding in role_findings(frozenset(roles), kind)] == codes


def test_who_attests_never_accepts_and_who_bids_never_scores() -> None:
    for permissions in ROLE_PERMISSIONS.values():
        assert not {Permission.CLAIM_ATTEST, Permission.CLAIM_ACCEPT} <= permissions
        assert not {Permission.BID_SUBMIT, Permission.EVALUATION_SCORE} <= permissions


def test_an_auditor_changes_nothing() -> None:
    changing = {"read", "export"}
    assert {p.split(":")[1] for p in ROLE_PERMISSIONS[Role.AUDITOR]} <= changing
