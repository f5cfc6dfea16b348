"""Who becomes who: invitations, roles that exclude each other, and how access is taken back."""

import asyncio
from contextvars import Context
from uuid import UUID

import asyncpg
import pytest

from procure.db import connection, transaction
from procure.identity import queries, service
from procure.identity.rules import INCOMPATIBLE, PROVIDER_ROLES, natural_person
from procure.identity.schemas import Acceptance, NewPerson, SignIn
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from tests.builders.identity import (
    NOW,
    PASSWORD,
    a_person,
    a_personal_code,
    accept,
    an_actor,
    an_org,
)
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

GOOD = "plough velvet orbit"


def a_new_person(*roles: Role, org: UUID | None = None, email: str = "anne@p.example") -> NewPerson:
    return NewPerson(email, "Anne", list(roles), organisation_id=org)


def fields(refusal: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(finding.field, finding.code) for finding in refusal.value.findings]


async def events_of(org_id: UUID) -> list[str]:
    async with connection() as c:
        rows = await c.fetch("SELECT kind FROM event WHERE org_id = $1 ORDER BY seq", org_id)
    return [row["kind"] for row in rows]


# --- Into a provider ----------------------------------------------------------------------------


async def test_a_buyers_administrator_does_not_become_any_provider() -> None:
    admin = await an_actor(Role.ADMIN)
    manager = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    body = {"email": "me@fond.example", "name": "Me", "roles": ["provider-manager"]}
    async with client_as(admin) as program:
        for path in ("/api/v1/people", "/api/v1/provider-managers"):
            answer = await program.send_json(path, {**body, "organisation_id": str(manager.org_id)})
            assert answer.status_code == 422
            assert answer.json()["findings"][0]["field"] == "organisation_id"
    assert len(await queries.people_with_role(manager.org_id, Role.PROVIDER_MANAGER)) == 1


async def test_the_first_manager_is_invited_and_both_histories_say_so() -> None:
    admin, provider = await an_actor(Role.ADMIN), await an_org("provider")
    account = a_new_person(Role.PROVIDER_MANAGER, org=provider)
    invited = await service.invite(admin, account, now=NOW)
    assert await queries.people_with_role(provider, Role.PROVIDER_MANAGER) == []

    person = await accept(invited)

    (there,) = await queries.people_with_role(provider, Role.PROVIDER_MANAGER)
    assert there.id == person
    for org in (admin.org_id, provider):
        assert (await events_of(org))[-2:] == ["person:invited", "person:created"]
    with pytest.raises(Refused) as refusal:
        await service.invite(
            admin, a_new_person(Role.PROVIDER_MANAGER, org=provider, email="b@p.example"), now=NOW
        )
    assert fields(refusal) == [("organisation_id", "not-yours")]


async def test_of_two_first_managers_one_comes_in() -> None:
    provider = await an_org("provider")
    invited = [
        await service.invite(
            await an_actor(Role.ADMIN),
            a_new_person(Role.PROVIDER_MANAGER, org=provider, email=f"m{n}@p.example"),
            now=NOW,
        )
        for n in range(2)
    ]
    async with transaction():
        await accept(invited[0])
        other = asyncio.create_task(accept(invited[1]), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Conflict, match="meanwhile"):
        await other


async def test_nobody_but_a_manager_is_first_and_nobody_invites_into_another_authority() -> None:
    admin, provider = await an_actor(Role.ADMIN), await an_org("provider")
    with pytest.raises(Refused) as refusal:
        await service.invite(admin, a_new_person(Role.FACILITATOR, org=provider), now=NOW)
    assert fields(refusal) == [("roles", "first-is-manager")]
    with pytest.raises(Forbidden):
        await service.invite(admin, a_new_person(Role.ADMIN, org=await an_org()), now=NOW)
    manager = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    with pytest.raises(Refused):
        await service.invite(manager, a_new_person(Role.PROVIDER_MANAGER, org=provider), now=NOW)
    with pytest.raises(Forbidden):
        await service.invite(
            await an_actor(Role.COORDINATOR), a_new_person(Role.EVALUATOR), now=NOW
        )


async def test_a_withdrawn_used_or_newer_link_leaves_the_old_one_good_for_nothing() -> None:
    admin = await an_actor(Role.ADMIN)
    first = await service.invite(admin, a_new_person(Role.EVALUATOR), now=NOW)
    second = await service.invite(admin, a_new_person(Role.EVALUATOR), now=NOW)
    with pytest.raises(Refused, match="used or withdrawn"):
        await accept(first)
    await service.withdraw(admin, second.id, now=NOW)
    with pytest.raises(Refused, match="used or withdrawn"):
        await accept(second)
    with pytest.raises(Conflict):
        await service.withdraw(admin, second.id, now=NOW)
    with pytest.raises(NotFound):
        await service.withdraw(await an_actor(Role.ADMIN), first.id, now=NOW)


# --- One person, one account --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "whose"),
    [
        pytest.param("3760503 0299", "PNOEE-37605030299", id="with spaces"),
        pytest.param("37605030298", None, id="a wrong check digit"),
        pytest.param("PNOEE-37605030298", None, id="a wrong check digit, spelt out"),
        pytest.param("paslv-lv1234567", "PASLV-LV1234567", id="a passport"),
        pytest.param("1234", None, id="a number of nothing"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_personal_code_is_written_one_way(typed: str, whose: str | None) -> None:
    assert natural_person(typed) == whose


async def test_one_person_has_one_account_however_the_code_is_written() -> None:
    admin = await an_actor(Role.ADMIN)
    links = [
        await service.invite(admin, a_new_person(Role.FINANCE, email=f"f{n}@p.example"), now=NOW)
        for n in range(2)
    ]
    await service.accept(Acceptance(links[0].secret, GOOD, "37605030299"), now=NOW)
    with pytest.raises(Refused) as refusal:
        await service.accept(Acceptance(links[1].secret, GOOD, " pnoee-37605030299"), now=NOW)
    assert fields(refusal) == [("personal_code", "person-known")]
    async with connection() as c:
        kept = await c.fetchval("SELECT p::text FROM person p WHERE natural_key IS NOT NULL")
        with pytest.raises(asyncpg.UniqueViolationError):
            await c.execute(
                "UPDATE person SET natural_key = (SELECT natural_key FROM person"
                " WHERE natural_key IS NOT NULL) WHERE id = $1",
                admin.id,
            )
    assert "37605030299" not in kept, "the code itself is kept nowhere"


# --- What an account may be called --------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"email": "a b@c\r\nBcc: x@y"}, "email", id="a header in an address"),
        pytest.param({"email": "anne@localhost"}, "email", id="no domain"),
        pytest.param({"email": "anne@p.example\n"}, "email", id="a line break at the end"),
        pytest.param({"email": "a" * 250 + "@p.example"}, "email", id="too long"),
        pytest.param({"name": "  "}, "name", id="no name"),
        pytest.param({"name": "An\x07ne"}, "name", id="a bell in a name"),
        pytest.param({"language": "xx"}, "language", id="a language that is none"),
        pytest.param({"roles": []}, "roles", id="no role"),
        pytest.param({"roles": ["finance-officer", "auditor"]}, "roles", id="two that exclude"),
    ],
)
async def test_each_fault_is_told_at_its_field(change: dict[str, object], field: str) -> None:
    body = {"email": "anne@p.example", "name": "Anne", "roles": ["auditor"], "language": "et"}
    async with client_as(await an_actor(Role.ADMIN)) as program:
        answer = await program.send_json("/api/v1/people", {**body, **change})
    assert answer.status_code == 422
    assert [f["field"] for f in answer.json()["findings"]] == [field]


@pytest.mark.parametrize(
    "password", ["password1234", "qwertyuiop12", "anne@p.example", "procureprocure", "aaaaaaaaaaaa"]
)
async def test_an_easy_password_is_refused(password: str) -> None:
    admin = await an_actor(Role.ADMIN)
    invited = await service.invite(admin, a_new_person(Role.EVALUATOR), now=NOW)
    with pytest.raises(Refused) as refusal:
        await accept(invited, password=password)
    assert fields(refusal) == [("password", "password-easy")]


# --- Roles that exclude each other --------------------------------------------------------------


async def test_the_database_keeps_the_same_roles_apart() -> None:
    async with connection() as c:
        found = {
            frozenset({one, other})
            for one in Role
            for other in Role
            if await c.fetchval("SELECT roles_exclude($1, $2)", one, other)
        }
    sides = {
        frozenset({one, other}) for one in PROVIDER_ROLES for other in set(Role) - PROVIDER_ROLES
    }
    assert found == set(INCOMPATIBLE) | sides


async def test_sql_gives_nobody_two_roles_that_exclude_each_other() -> None:
    payer = await an_actor(Role.FINANCE)
    for role in (Role.AUDITOR, Role.COORDINATOR, Role.PROVIDER_MANAGER):
        with pytest.raises(asyncpg.CheckViolationError, match="not held by one person"):
            async with connection() as c:
                await c.execute(
                    "INSERT INTO membership (id, person, org, role, from_on)"
                    " VALUES (gen_random_uuid(), $1, $2, $3, '2021-01-01')",
                    payer.id,
                    payer.org_id,
                    role,
                )


# --- Taking back --------------------------------------------------------------------------------


async def signed_in(*roles: Role) -> tuple[Actor, str, str, Actor]:
    """Sign a person in by session and token; return them, both secrets, and an administrator."""
    email, org_id = await a_person(*roles)
    session = (await service.sign_in(email, PASSWORD, source="x", old_token=None)).token
    token = (await service.issue_token(SignIn(email, PASSWORD), source="x")).token
    person = await queries.actor_of_session(session)
    assert person is not None
    return person, session, token, await an_actor(Role.ADMIN, org=org_id)


async def test_roles_end_and_begin_at_once_and_again_on_the_same_day() -> None:
    anne, session, token, admin = await signed_in(Role.CASEWORKER)
    for roles in ([Role.CONSULTANT], [Role.CASEWORKER], [Role.CONSULTANT, Role.CASEWORKER]):
        await service.change_roles(admin, anne.id, roles, now=NOW)
        for found in (await queries.actor_of_session(session), await queries.actor_of_token(token)):
            assert found is not None
            assert found.roles == frozenset(roles)
    assert (await events_of(admin.org_id)).count("person:roles-changed") == 3


async def test_a_closed_account_is_out_at_once_and_comes_back_without_its_old_ways_in() -> None:
    anne, session, token, admin = await signed_in(Role.CASEWORKER)
    await service.deactivate(admin, anne.id, now=NOW)
    assert await queries.actor_of_session(session) is None
    assert await queries.actor_of_token(token) is None
    with pytest.raises(Conflict):
        await service.deactivate(admin, anne.id, now=NOW)
    await service.reactivate(admin, anne.id, now=NOW)
    assert await queries.actor_of_token(token) is None, "a token does not come to life again"
    assert (await queries.read_account(admin, anne.id)).is_active


async def test_nobody_shuts_out_themselves_or_everybody_or_another_organisations_people() -> None:
    anne, _, _, admin = await signed_in(Role.CASEWORKER)
    with pytest.raises(Refused, match="your own account"):
        await service.deactivate(admin, admin.id, now=NOW)
    with pytest.raises(Refused, match="from yourself"):
        await service.change_roles(admin, admin.id, [Role.CASEWORKER], now=NOW)
    other = await an_actor(Role.ADMIN, org=admin.org_id)
    await service.change_roles(admin, other.id, [Role.CASEWORKER], now=NOW)
    stranger = await an_actor(Role.ADMIN)
    for attempt in (
        service.deactivate(stranger, anne.id, now=NOW),
        service.change_roles(stranger, anne.id, [Role.AUDITOR], now=NOW),
        service.offer_reset(stranger, anne.id, now=NOW),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Forbidden):
        await service.deactivate(anne, other.id, now=NOW)


async def test_a_reset_leaves_the_old_password_until_it_is_used_and_then_nothing() -> None:
    anne, session, token, admin = await signed_in(Role.CASEWORKER)
    email = await queries.email_of(anne.id)
    link = await service.offer_reset(admin, anne.id, now=NOW)
    assert await service.sign_in(email, PASSWORD, source="x", old_token=None)
    await service.accept(Acceptance(link.secret, GOOD), now=NOW)
    assert await queries.actor_of_session(session) is None
    assert await queries.actor_of_token(token) is None
    with pytest.raises(Refused):
        await service.sign_in(email, PASSWORD, source="x", old_token=None)
    assert await service.sign_in(email, GOOD, source="x", old_token=None)
    with pytest.raises(Refused, match="used or withdrawn"):
        await service.accept(Acceptance(link.secret, GOOD + " 2"), now=NOW)


async def test_five_sessions_end_with_one_word() -> None:
    email, _ = await a_person(Role.CASEWORKER)
    sessions = [
        (await service.sign_in(email, PASSWORD, source="x", old_token=None)).token for _ in range(5)
    ]
    anne = await queries.actor_of_session(sessions[0])
    assert anne is not None
    await service.sign_out_everywhere(anne, now=NOW, but_session=sessions[0])
    alive = [await queries.actor_of_session(session) is not None for session in sessions]
    assert alive == [True, False, False, False, False]


# --- Tokens -------------------------------------------------------------------------------------


async def token_for(*roles: Role, **narrower: object) -> tuple[str, str]:
    email, _ = await a_person(*roles)
    async with client_as(None) as program:
        answer = await program.post(
            "/api/v1/tokens", json={"email": email, "password": PASSWORD, **narrower}
        )
    assert answer.status_code == 201, answer.text
    return email, answer.json()["token"]


async def test_a_token_for_reading_changes_nothing_and_makes_itself_no_wider() -> None:
    email, token = await token_for(Role.COORDINATOR, read_only=True, days=1)
    found = await queries.actor_of_token(token)
    assert found is not None
    assert found.permissions
    assert all(one.endswith(":read") for one in found.permissions)
    async with client_as(None) as program:
        program.headers["authorization"] = f"Bearer {token}"
        assert (await program.get("/api/v1/providers")).status_code == 200
        listed = (await program.get("/api/v1/tokens")).json()["items"]
        assert {str(one) for one in found.permissions} <= set(listed[0]["permissions"])
        for path in (
            "/api/v1/password",
            "/api/v1/sign-out-everywhere",
            f"/api/v1/tokens/{listed[0]['id']}/end",
        ):
            body = {"old_password": PASSWORD, "new_password": GOOD}
            assert (await program.send_json(path, body)).status_code == 403
    assert await service.sign_in(email, PASSWORD, source="x", old_token=None)


async def test_a_token_has_the_rights_that_were_asked_for_and_the_role_gives() -> None:
    _, token = await token_for(Role.COORDINATOR, permissions=["tender:draft", "run:release"])
    found = await queries.actor_of_token(token)
    assert found is not None
    assert found.permissions == {Permission.TENDER_DRAFT}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        pytest.param({"days": 91}, "days", id="longer than any token"),
        pytest.param({"days": 0}, "days", id="no day"),
        pytest.param({"permissions": []}, "permissions", id="no right"),
    ],
)
async def test_a_token_that_cannot_be_is_refused(asked: dict[str, object], field: str) -> None:
    email, _ = await a_person(Role.COORDINATOR)
    async with client_as(None) as program:
        answer = await program.post(
            "/api/v1/tokens", json={"email": email, "password": PASSWORD, **asked}
        )
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["field"] == field


async def test_a_token_is_ended_by_its_owner_alone() -> None:
    anne, _, token, admin = await signed_in(Role.CASEWORKER)
    (mine,) = await queries.own_tokens(anne)
    with pytest.raises(NotFound):
        await service.end_token(admin, mine.id, now=NOW)
    async with client_as(anne) as program:
        answer = await program.send_json(f"/api/v1/tokens/{mine.id}/end")
        assert answer.status_code == 200
    assert await queries.actor_of_token(token) is None


async def test_every_way_in_of_the_api_is_there() -> None:
    admin = await an_actor(Role.ADMIN)
    anne = await an_actor(Role.CASEWORKER, org=admin.org_id)
    async with client_as(admin) as program:
        made = await program.send_json(
            "/api/v1/people", {"email": "n@p.example", "name": "N", "roles": ["evaluator"]}
        )
        assert made.status_code == 201
        listed = (await program.get("/api/v1/accounts")).json()
        assert [one["email"] for one in listed["invitations"]] == ["n@p.example"]
        assert {one["id"] for one in listed["items"]} == {str(admin.id), str(anne.id)}
        for path, body, status in (
            (f"people/{anne.id}/roles", {"roles": ["consultant"]}, 200),
            (f"people/{anne.id}/reset", None, 201),
            (f"people/{anne.id}/deactivate", None, 200),
            (f"people/{anne.id}/reactivate", None, 200),
            (f"invitations/{made.json()['id']}/withdraw", None, 200),
        ):
            answer = await program.send_json(f"/api/v1/{path}", body)
            assert answer.status_code == status, path
        again = await program.send_json(
            "/api/v1/people", {"email": "n@p.example", "name": "N", "roles": ["evaluator"]}
        )
    async with client_as(None) as program:
        accepted = await program.post(
            "/api/v1/invitations/accept",
            json={
                "secret": again.json()["secret"],
                "password": GOOD,
                "personal_code": a_personal_code(),
            },
        )
    assert (accepted.status_code, accepted.json()["email"]) == (201, "n@p.example")
