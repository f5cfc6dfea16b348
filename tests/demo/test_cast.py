"""The people of the story are those who have accounts, and each role can sign in."""

import httpx
import pytest

from procure.demo.seed import PASSWORD
from procure.demo.story import delivering, stage
from procure.demo.story.cast import Cast, members, sign_ins
from procure.demo.story.material import read
from procure.demo.story.registering import manager_of
from procure.identity.rules import password_findings
from procure.kernel.actors import Role
from procure.web.terms import TERMS


def named_in_the_story() -> list[str]:
    """Everyone whom the story or a fixture names by address."""
    explanation = read("explanation-2024")
    return [
        stage.COORDINATOR,
        stage.CONSULTANT,
        stage.CONTRACT_MANAGER,
        stage.AUDITOR,
        stage.ADMIN,
        *stage.OFFICERS,
        *stage.FINANCE,
        delivering.FACILITATOR,
        *read("tender-2024")["panel"],
        *read("tender-2024")["keyholders"],
        *read("tender-2026")["keyholders"],
        *read("mini-competition-2025")["keyholders"],
        *(bid["submitted_by"] for bid in read("bids-2024")["bids"]),
        *(bid["submitted_by"] for bid in read("mini-competition-2025")["bids"]),
        *(request["entered_by"] for request in read("requests-2026-form")["requests"]),
        *(explanation[name] for name in ("asked_by", "answered_by", "decided_by")),
    ]


def test_everyone_in_the_story_has_an_account() -> None:
    assert sorted(set(named_in_the_story()) - members().keys()) == []


def test_there_is_one_sign_in_for_each_role() -> None:
    found = sign_ins()

    assert [role for role, _ in found] == [TERMS[role] for role in Role]
    for role, (_, email) in zip(Role, found, strict=True):
        assert role in members()[email].roles
    assert len({email for _, email in found}) == len(Role), "nobody is offered twice"


def test_the_password_of_the_demo_is_long_enough_and_nobody_else_may_take_it() -> None:
    # Everybody knows it, so that only invented people are given it, and only when a demo is made.
    assert [finding.code for finding in password_findings(PASSWORD)] == ["password-easy"]


@pytest.mark.parametrize(
    ("person", "role"),
    [
        pytest.param(stage.COORDINATOR, Role.COORDINATOR, id="the coordinator"),
        pytest.param(stage.CONSULTANT, Role.CONSULTANT, id="the consultant"),
        pytest.param(stage.CONTRACT_MANAGER, Role.CONTRACT_MANAGER, id="the contract manager"),
        pytest.param(stage.AUDITOR, Role.AUDITOR, id="the auditor"),
        pytest.param(stage.ADMIN, Role.ADMIN, id="the administrator"),
        pytest.param(delivering.FACILITATOR, Role.FACILITATOR, id="the facilitator"),
    ],
)
def test_who_acts_in_a_role_holds_it(person: str, role: Role) -> None:
    assert members()[person].roles == [role]


def test_each_bidder_is_the_manager_of_its_provider() -> None:
    for bid in read("bids-2024")["bids"]:
        assert manager_of(bid["provider"]) == bid["submitted_by"]


def test_a_provider_without_accounts_has_no_manager() -> None:
    assert manager_of("P04") is None


def test_a_person_signs_in_once_and_is_known_by_name() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"token": "t", "items": []})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://demo") as http:
        cast = Cast(http)
        cast[stage.AUDITOR].get("/papers")
        cast[stage.AUDITOR].get("/papers")

        assert cast[stage.AUDITOR].name == members()[stage.AUDITOR].name
    assert asked == ["/api/v1/tokens", "/api/v1/papers", "/api/v1/papers"]
