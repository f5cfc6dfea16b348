"""People's pages: inviting, accepting, roles, one's own account."""

import re

import pytest

from procure.identity import queries, service
from procure.identity.schemas import NewPerson
from procure.kernel.actors import Role
from procure.web.languages import COOKIE
from tests.builders.identity import (
    NOW,
    PASSWORD,
    a_person,
    a_personal_code,
    accept,
    an_actor,
    an_org,
    count,
)
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

INVITED = {
    "email": "new@people.example",
    "name": "New Person",
    "language": "et",
    "roles": ["caseworker"],
}


async def test_an_invited_person_makes_the_account_and_signs_in() -> None:
    admin = await an_actor(Role.ADMIN)
    async with client_as(admin) as browser:
        answer = await browser.send_form("/people", INVITED)
        assert answer.status_code == 200
        assert "It is shown this once" in answer.text
        assert "New Person" in answer.text, "who waits is shown"
    link = re.search(r"/join\?code=[\w-]+", answer.text)
    assert link is not None
    async with client_as(None) as browser:
        shown = await browser.get(link[0])
        assert "new@people.example" in shown.text
        sent = {
            "secret": link[0].partition("=")[2],
            "password": "plough velvet orbit",
            "again": "plough velvet orbit",
            "personal_code": a_personal_code(),
        }
        wrong = await browser.post("/join", data={**sent, "again": "another one"})
        assert (wrong.status_code, "differ" in wrong.text) == (422, True)
        made = await browser.post("/join", data=sent)
        assert made.status_code == 303
        again = await browser.post("/join", data=sent)
        assert (again.status_code, "was used" in again.text) == (422, True)
        entered = await browser.post(
            "/sign-in", data={"email": INVITED["email"], "password": sent["password"]}
        )
    assert entered.status_code == 303
    (there,) = await queries.people_with_role(admin.org_id, Role.CASEWORKER)
    assert there.email == "new@people.example"


async def test_what_was_typed_comes_back_with_each_reason_at_its_field() -> None:
    async with client_as(await an_actor(Role.ADMIN)) as browser:
        answer = await browser.send_form(
            "/people",
            {"email": "a b@c\r\nBcc: x@y", "name": "Anne", "language": "xx", "roles": ["auditor"]},
        )
    assert answer.status_code == 422
    assert 'value="Anne"' in answer.text
    for field in ("email", "language"):
        assert f'href="#field-{field}"' in answer.text
    assert await count("account_link") == 0


async def test_nobody_else_sees_the_page() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as browser:
        assert (await browser.get("/people")).status_code == 403


async def test_roles_are_changed_and_an_account_closed_from_its_page() -> None:
    admin = await an_actor(Role.ADMIN)
    anne = await an_actor(Role.CASEWORKER, org=admin.org_id)
    path = f"/people/{anne.id}"
    async with client_as(admin) as browser:
        assert anne.name in (await browser.get(path)).text
        changed = await browser.send_form(f"{path}/roles", {"roles": ["consultant"]})
        assert changed.status_code == 303
        assert "The roles were changed" in (await browser.get(changed.headers["location"])).text
        both = await browser.send_form(f"{path}/roles", {"roles": ["auditor", "finance-officer"]})
        assert (both.status_code, "Who audits decides nothing" in both.text) == (422, True)
        closed = await browser.send_form(f"{path}/deactivate", {})
        assert "The account was closed" in (await browser.get(closed.headers["location"])).text
    assert await queries.people_with_role(admin.org_id, Role.CONSULTANT) == []


async def test_the_own_password_is_changed_and_other_browsers_are_out() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    other = (await service.sign_in(email, PASSWORD, source="here", old_token=None)).token
    mine = await queries.actor_of_session(other)
    assert mine is not None
    async with client_as(mine) as browser:
        sent = {"old_password": "no", "new_password": "plough velvet orbit"}
        wrong = await browser.send_form(
            "/my-account/password", {**sent, "again": sent["new_password"]}
        )
        assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
        sent["old_password"] = PASSWORD
        good = await browser.send_form(
            "/my-account/password", {**sent, "again": sent["new_password"]}
        )
        assert good.status_code == 303
        assert (await browser.get("/my-account")).status_code == 200, "this browser stays in"
    assert await queries.actor_of_session(other) is None
    assert await service.sign_in(email, "plough velvet orbit", source="here", old_token=None)


async def test_a_language_chosen_before_signing_in_stays_chosen() -> None:
    email, _ = await a_person(Role.COORDINATOR)  # whose account reads English
    async with client_as(None) as browser:
        await browser.post("/language", data={"language": "ru", "back": "/sign-in"})
        assert browser.cookies[COOKIE] == "ru"
        await browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert '<html lang="ru"' in (await browser.get("/")).text


async def test_a_second_opening_key_is_made_only_by_who_read_what_it_means() -> None:
    officer = await an_actor(Role.OFFICER)
    async with client_as(officer) as browser:
        assert "AGE-SECRET-KEY-" in (await browser.send_form("/opening-key", {})).text
        assert "stay sealed to the old key" in (await browser.get("/opening-key?anew=true")).text
        at_once = await browser.send_form("/opening-key", {})
        assert (at_once.status_code, await count("opening_key")) == (422, 1)
        confirmed = await browser.send_form("/opening-key", {"replace": "1"})
        assert "AGE-SECRET-KEY-" in confirmed.text
    assert await count("opening_key") == 2


async def test_an_administrator_invites_the_first_manager_of_a_provider_from_the_page() -> None:
    admin, provider = await an_actor(Role.ADMIN), await an_org("provider", "Uus OÜ")
    sent = {**INVITED, "organisation_id": str(provider)}
    async with client_as(admin) as browser:
        assert "Uus OÜ" in (await browser.get("/people")).text
        answer = await browser.send_form("/people/first-managers", sent)
        assert (answer.status_code, "shown this once" in answer.text) == (200, True)


async def test_a_manager_invites_into_the_own_provider_alone() -> None:
    manager = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    async with client_as(manager) as browser:
        page = (await browser.get("/people")).text
        assert "first manager" not in page
        answer = await browser.send_form("/people", {**INVITED, "roles": ["facilitator"]})
        assert answer.status_code == 200
    invited = await service.invite(
        manager,
        NewPerson("two@people.example", "Two", [Role.FACILITATOR]),
        now=NOW,
    )
    await accept(invited)
    assert len(await queries.people_with_role(manager.org_id, Role.FACILITATOR)) == 1
