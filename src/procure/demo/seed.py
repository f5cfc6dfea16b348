"""Makes a demo's database: what is there before the first day of the story.

`python -m procure.demo.seed` brings the schema up to date, says for good that this database is a
demo, loads the catalogue, makes the accounts of fixtures/demo/people.yaml and sets the clock.
"""

import asyncio
import sys
from datetime import date, datetime
from typing import Any
from uuid import UUID

from procure.catalogue import service as catalogue
from procure.db import DB
from procure.db.embedded import ServerFailed
from procure.db.health import UnsafeDatabase
from procure.db.migrate import MigrationFailed
from procure.db.server import CannotOpen, database, server
from procure.identity import queries
from procure.identity import service as identity
from procure.identity.schemas import SignIn
from procure.identity.states import OrganisationKind
from procure.kernel.actors import Role
from procure.kernel.errors import Conflict, ProcureError
from procure.kernel.texts import n_
from procure.kernel.time import at
from procure.parameters import read_yaml
from procure.settings import settings

PASSWORD = "procure-demo"  # noqa: S105 - of invented people, in a database made as a demo
STARTS = at(date(2024, 1, 8), 8)
SINCE = date(2023, 1, 1)


async def seed() -> None:
    """Make the demo's database; an earlier demo in it is thrown away, a real one never is."""
    async with server(application="procure demo"):
        await _empty_an_earlier_demo()
    async with database(application="procure demo", upgrade=True):
        await identity.install(is_demo=True, now=STARTS)
        await catalogue.load(now=STARTS)
        people: dict[str, Any] = read_yaml(settings().root / "fixtures" / "demo" / "people.yaml")
        organisations = await _organisations(people["organisations"])
        admin = None
        for person in people["people"]:
            org_id = organisations[person["organisation"]]
            roles = [Role(role) for role in person["roles"]]
            await identity.create_person(
                None,
                email=person["email"],
                name=person["name"],
                password=PASSWORD,
                language=person.get("language", "en"),
                memberships=[(org_id, role) for role in roles],
                since=SINCE,
                now=STARTS,
                is_invented=True,
            )
            if Role.ADMIN in roles:
                admin = person["email"]
        await _set_clock(admin or "", STARTS)


async def _organisations(found: list[dict[str, str]]) -> dict[str, UUID]:
    return {
        org["registry_code"]: await identity.create_organisation(
            None,
            kind=OrganisationKind(org["kind"]),
            registry_code=org["registry_code"],
            name=org["name"],
            now=STARTS,
        )
        for org in found
    }


async def _set_clock(email: str, instant: datetime) -> None:
    token = await identity.issue_token(
        SignIn(email=email, password=PASSWORD, name="seed"), source="seed"
    )
    actor = await queries.actor_of_token(token.token)
    if actor is None:
        raise Conflict(n_("The demo needs an administrator among its people."))
    await identity.move_clock(actor, instant, now=instant)


async def _empty_an_earlier_demo() -> None:
    """Drop the schema of an earlier demo; Conflict if the database was not made as one."""
    owner = await DB.connect_as_owner()
    try:
        if await owner.fetchval("SELECT to_regclass('public.installation')") is None:
            return
        if await owner.fetchval("SELECT is_demo FROM installation") is False:
            raise Conflict(
                n_("This database is a real installation; give the demo one of its own.")
            )
        await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    finally:
        await owner.close()


def main() -> None:
    """Seed, or say in a sentence what stands in the way."""
    try:
        asyncio.run(seed())
    except (ProcureError, CannotOpen, MigrationFailed, UnsafeDatabase, ServerFailed) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
