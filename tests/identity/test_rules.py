"""Who may what, and what a password and a set of roles must be."""

import pytest

from procure.identity.rules import (
    LONGEST_PASSWORD,
    ROLE_PERMISSIONS,
    SHORTEST_PASSWORD,
    Inviting,
    Leaving,
    inviting_findings,
    leaving_findings,
    password_findings,
    permissions_of,
    person_findings,
    reading,
    role_findings,
    roles_of_kind,
    tidy_email,
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


MANAGER, CLERK = frozenset({Role.PROVIDER_MANAGER}), frozenset({Role.CASEWORKER})


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(Inviting(CLERK, "buyer", True, True, True), [], id="into one's own"),
        pytest.param(Inviting(MANAGER, "provider", False, True, False), [], id="a first manager"),
        pytest.param(
            Inviting(MANAGER, "provider", False, True, True), ["not-yours"], id="somebody is there"
        ),
        pytest.param(
            Inviting(MANAGER, "provider", False, False, False),
            ["not-yours"],
            id="another provider's manager",
        ),
        pytest.param(
            Inviting(frozenset({Role.FACILITATOR}), "provider", False, True, False),
            ["first-is-manager"],
            id="nobody but a manager is first",
        ),
        pytest.param(
            Inviting(CLERK, "buyer", False, True, False), ["not-yours"], id="another authority"
        ),
    ],
)
def test_who_may_be_invited(facts: Inviting, codes: list[str]) -> None:
    assert [finding.code for finding in inviting_findings(facts)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(Leaving(False, CLERK, CLERK | {Role.ADMIN}, False), [], id="another is there"),
        pytest.param(Leaving(False, CLERK, CLERK | {Role.ADMIN}, True), ["last"], id="the last"),
        pytest.param(Leaving(True, CLERK, CLERK | {Role.ADMIN}, False), ["yourself"], id="oneself"),
        pytest.param(Leaving(True, frozenset(), CLERK, True), [], id="a role that gives none"),
    ],
)
def test_an_organisation_does_not_shut_itself_out(facts: Leaving, codes: list[str]) -> None:
    assert [finding.code for finding in leaving_findings(facts)] == codes


@pytest.mark.parametrize(
    ("roles", "codes"),
    [
        pytest.param({Role.FINANCE, Role.AUDITOR}, ["incompatible"], id="who audits decides not"),
        pytest.param({Role.FINANCE, Role.COORDINATOR}, ["incompatible"], id="who pays awards not"),
        pytest.param({Role.ADMIN, Role.FINANCE}, ["incompatible"], id="who admits pays not"),
        pytest.param({Role.OFFICER, Role.COORDINATOR}, ["incompatible"], id="who sets the hour"),
        pytest.param({Role.OFFICER, Role.EVALUATOR}, [], id="who opens may judge"),
        pytest.param({Role.CASEWORKER, Role.CONSULTANT}, [], id="two that decide no money"),
        pytest.param(
            {Role.FINANCE, Role.OFFICER, Role.COORDINATOR, Role.AUDITOR},
            ["incompatible"] * 5,
            id="everything in one hand, told pair by pair",
        ),
    ],
)
def test_which_roles_exclude_each_other(roles: set[Role], codes: list[str]) -> None:
    assert [finding.code for finding in role_findings(frozenset(roles), "buyer")] == codes


def test_an_address_is_kept_in_lower_case_and_looked_at_as_it_is() -> None:
    assert tidy_email(" Mari@Fond.Example ") == "mari@fond.example"
    assert person_findings("mari@fond.example", "Mari", "et", ["et"]) == []
    assert [f.field for f in person_findings("mari@fond.example", "M" * 201, "et", ["et"])] == [
        "name"
    ]


def test_reading_changes_nothing() -> None:
    assert Permission.AUDIT_READ in reading()
    assert {one.partition(":")[2] for one in reading()} == {"read"}
