"""Getting in: who may, how often one may try, and what a session is worth."""

import pytest

from procure.adapters.age_seal import AgeSealer
from procure.identity import queries, service
from procure.identity.rules import ROLE_PERMISSIONS
from procure.kernel.actors import Permission, Role
from procure.kernel.errors import Conflict, Refused
from tests.builders.guards import forbidden, refused
from tests.builders.identity import NOW, PASSWORD, a_person, an_actor, an_org, count

pytestmark = pytest.mark.usefixtures("db")


async def test_a_session_belongs_to_its_token_alone() -> None:
    email, org_id = await a_person(Role.COORDINATOR)
    token = (await service.sign_in(email, PASSWORD, source="127.0.0.1", old_token=None)).token

    actor = await queries.actor_of_session(token)

    assert actor is not None
    assert (actor.org_id, actor.roles) == (org_id, frozenset({Role.COORDINATOR}))
    assert await queries.actor_of_session(token + "x") is None
    assert await queries.actor_of_token(token) is None, "a session is no API token"


async def test_signing_in_again_ends_the_browsers_former_session() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    first = (await service.sign_in(email, PASSWORD, source="127.0.0.1", old_token=None)).token
    second = (await service.sign_in(email, PASSWORD, source="127.0.0.1", old_token=first)).token

    assert first != second
    assert await queries.actor_of_session(first) is None
    assert await queries.actor_of_session(second) is not None


async def test_signing_out_ends_the_session_at_once() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    token = (await service.sign_in(email, PASSWORD, source="127.0.0.1", old_token=None)).token
    await service.sign_out(token)
    assert await queries.actor_of_session(token) is None


async def test_a_wrong_password_and_an_unknown_address_are_told_alike() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    said = []
    for address in (email, "nobody@people.example"):
        with pytest.raises(Refused) as refusal:
            await service.sign_in(address, "wrong " * 3, source="127.0.0.1", old_token=None)
        said.append(str(refusal.value))
    assert said[0] == said[1]


async def test_a_registry_code_with_a_wrong_check_digit_is_refused() -> None:
    from procure.identity.states import OrganisationKind

    with pytest.raises(Refused) as refusal:
        await service.create_organisation(
            None, kind=OrganisationKind.BUYER, registry_code="19990012", name="X", now=NOW
        )
    assert [f.field for f in refusal.value.findings] == ["registry_code"]


async def test_a_short_password_and_a_known_address_are_told_together() -> None:
    email, org_id = await a_person(Role.COORDINATOR)
    with pytest.raises(Refused) as refusal:
        await service.create_person(
            None,
            email=email,
            name="N",
            password="short",
            language="et",
            memberships=[(org_id, Role.AUDITOR)],
            since=NOW.date(),
            now=NOW,
        )
    assert [f.code for f in refusal.value.findings] == ["password-length", "email-known"]


async def test_a_new_opening_key_retires_the_old_one() -> None:
    officer = await an_actor(Role.OFFICER)
    first = await service.make_opening_key(officer, AgeSealer(), now=NOW)
    with pytest.raises(Conflict, match="Confirm"):
        await service.make_opening_key(officer, AgeSealer(), now=NOW)
    second = await service.make_opening_key(officer, AgeSealer(), now=NOW, replace=True)

    assert await queries.opening_recipients([officer.id]) == {officer.id: second.recipient}
    assert first.recipient != second.recipient
    assert first.identity.startswith("AGE-SECRET-KEY-")
    revived = "UPDATE opening_key SET retired_at = NULL WHERE retired_at IS NOT NULL"
    assert "stays as it was" in await refused(revived)
    await forbidden("UPDATE opening_key SET recipient = 'age1other'")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET email = 'x'",
        "DELETE FROM person",
        "UPDATE membership SET role = 'admin'",
        "DELETE FROM membership",
        "UPDATE session SET person = gen_random_uuid()",
        "UPDATE api_token SET expires_at = now()",
        "UPDATE organisation SET name = 'x'",
        "DELETE FROM opening_key",
        "UPDATE installation SET is_demo = true",
        "DELETE FROM installation",
    ],
)
async def test_the_application_changes_no_account_past_its_services(statement: str) -> None:
    await forbidden(statement)


async def test_who_has_no_opening_key_is_named() -> None:
    officer = await an_actor(Role.OFFICER)
    with pytest.raises(Refused, match=officer.name):
        await queries.opening_recipients([officer.id])


async def test_the_clock_of_a_demo_goes_forward_only() -> None:
    from datetime import timedelta

    admin = await an_actor(Role.ADMIN)
    await service.move_clock(admin, NOW, now=NOW)
    with pytest.raises(Conflict, match="forward only"):
        await service.move_clock(admin, NOW - timedelta(days=1), now=NOW)


async def test_a_demo_never_becomes_a_real_installation() -> None:
    with pytest.raises(Conflict, match="stays so"):
        await service.install(is_demo=False, now=NOW)


async def test_people_of_another_organisation_are_not_listed() -> None:
    org = await an_org()
    ours = await an_actor(Role.OFFICER, org=org)
    await an_actor(Role.OFFICER)
    assert [p.id for p in await queries.people_with_role(org, Role.OFFICER)] == [ours.id]


async def test_secrets_are_not_stored() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    token = (await service.sign_in(email, PASSWORD, source="127.0.0.1", old_token=None)).token
    assert await count("session") == 1
    from procure.db import connection

    async with connection() as c:
        row = await c.fetchrow("SELECT s::text FROM session s")
        person = await c.fetchval("SELECT p::text FROM person p WHERE email = $1", email)
    assert row is not None
    assert token not in row[0]
    assert PASSWORD not in person


def test_no_role_but_the_administrators_manages_accounts() -> None:
    assert {r for r, p in ROLE_PERMISSIONS.items() if Permission.ADMIN in p} == {Role.ADMIN}


def test_no_role_moves_the_clock_by_itself() -> None:
    assert not any(Permission.CLOCK_MOVE in p for p in ROLE_PERMISSIONS.values())
