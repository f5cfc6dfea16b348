"""Organisations, people and clocks for tests."""

import itertools
from datetime import UTC, date, datetime
from uuid import UUID

from procure.db import DB, connection
from procure.identity import queries, service
from procure.identity.rules import permissions_of
from procure.identity.schemas import Acceptance, Invited
from procure.identity.states import OrganisationKind
from procure.identity.tables import Membership, Person
from procure.kernel.actors import Actor, Role
from procure.kernel.codes import is_registry_code
from procure.web import clock

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"

_codes = (code for n in itertools.count(1) if is_registry_code(code := f"{1998_0000 + n:08d}"))
_people = itertools.count(1)


async def an_org(kind: str = "buyer", name: str | None = None) -> UUID:
    """Make an organisation with a fresh registry code."""
    code = next(_codes)
    return await service.create_organisation(
        None,
        kind=OrganisationKind(kind),
        registry_code=code,
        name=name or f"Organisation {code}",
        now=NOW,
    )


async def an_actor(*roles: Role, org: UUID | None = None, kind: str = "buyer") -> Actor:
    """Make a person with roles (in a fresh organisation unless one is given), as an actor.

    The password is not one: who must sign in is made with `a_person`.
    """
    org_id = org or await an_org(kind)
    n = next(_people)
    person = Person(
        email=f"person{n}@people.example",
        name=f"Person {n}",
        password_hash="none",
        language="en",
        is_active=True,
        created_at=NOW,
    )
    await person.save()
    for role in roles:
        await Membership(person=person.id, org=org_id, role=role, from_on=date(2020, 1, 1)).save()
    found = await queries.organisation(org_id)
    return Actor(
        id=person.id,
        name=person.name,
        org_id=org_id,
        org_name=found.name,
        org_kind=found.kind,
        roles=frozenset(roles),
        permissions=permissions_of(frozenset(roles)),
    )


async def a_person(*roles: Role, org: UUID | None = None, kind: str = "buyer") -> tuple[str, UUID]:
    """Make an account that can sign in with PASSWORD; return (e-mail, organisation)."""
    org_id = org or await an_org(kind)
    email = f"account{next(_people)}@people.example"
    await service.create_person(
        None,
        email=email,
        name=f"Account of {email}",
        password=PASSWORD,
        language="en",
        memberships=[(org_id, role) for role in roles],
        since=date(2020, 1, 1),
        now=NOW,
    )
    return email, org_id


def a_personal_code() -> str:
    """Make a personal code that no other test of this process uses: of another country."""
    return f"PASXX-{next(_people):08d}"


async def accept(invited: Invited, *, password: str = PASSWORD) -> UUID:
    """Use a link as the invited person does."""
    sent = Acceptance(secret=invited.secret, password=password, personal_code=a_personal_code())
    return await service.accept(sent, now=NOW)


async def set_clock(instant: datetime) -> None:
    """Set the clock of the test's database, back as well as forward."""
    owner = await DB.connect_as_owner()
    try:
        await owner.execute("ALTER TABLE installation DISABLE TRIGGER USER")
        await owner.execute(
            "UPDATE installation SET clock_at = $1, clock_set_at = clock_timestamp()", instant
        )
        await owner.execute("ALTER TABLE installation ENABLE TRIGGER USER")
    finally:
        await owner.close()
    clock.forget()


async def count(table: str) -> int:
    """Count the rows of a table."""
    async with connection() as c:
        return int(await c.fetchval(f'SELECT count(*) FROM "{table}"'))
