"""The administrator's page of accounts."""

import pytest

from procure.identity import queries
from procure.kernel.actors import Role
from tests.builders.identity import an_actor, an_org, count
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

ACCOUNT = {
    "email": "new@people.example",
    "name": "New Person",
    "password": "a long enough one",
    "language": "et",
    "roles": "caseworker",
}


async def test_an_administrator_makes_an_account_for_the_own_organisation() -> None:
    admin = await an_actor(Role.ADMIN)
    async with client_as(admin) as browser:
        answer = await browser.send_form(
            "/people", {**ACCOUNT, "organisation_id": str(admin.org_id)}
        )
    assert answer.status_code == 303
    made = await queries.people_with_role(admin.org_id, Role.CASEWORKER)
    assert [person.email for person in made] == ["new@people.example"]


async def test_another_authoritys_organisation_is_not_in_the_list() -> None:
    admin, other = await an_actor(Role.ADMIN), await an_org()
    async with client_as(admin) as browser:
        answer = await browser.send_form("/people", {**ACCOUNT, "organisation_id": str(other)})
    assert answer.status_code == 422
    assert "New Person" in answer.text, "what was typed comes back"
    assert await count("person") == 1


async def test_a_role_of_the_wrong_side_is_refused_by_name() -> None:
    admin = await an_actor(Role.ADMIN)
    async with client_as(admin) as program:
        answer = await program.send_json(
            "/api/v1/people",
            {**ACCOUNT, "roles": ["facilitator"], "organisation_id": str(admin.org_id)},
        )
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["field"] == "roles"


async def test_nobody_else_sees_the_page() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as browser:
        assert (await browser.get("/people")).status_code == 403
