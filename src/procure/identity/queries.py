"""Reading identity: who a token belongs to, who holds a role."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.identity.rules import IDLE, permissions_of
from procure.identity.schemas import AccountView, OrganisationView, PersonView
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

_ACTOR = """
    SELECT p.id, p.name, p.language, o.id AS org_id, o.name AS org_name, o.kind AS org_kind,
           coalesce((SELECT is_demo FROM installation WHERE id = 1), false) AS is_demo,
           (SELECT array_agg(m.role::text) FROM membership m
             WHERE m.person = p.id AND m.org = o.id AND m.from_on <= current_date
               AND (m.until_on IS NULL OR m.until_on > current_date)) AS roles
"""

_BY_SESSION = (
    _ACTOR
    + """
      FROM session s JOIN person p ON p.id = s.person JOIN organisation o ON o.id = s.org
     WHERE s.token_sha256 = $1 AND p.is_active AND s.ended_at IS NULL
       AND s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - $2::interval
"""
)

_BY_TOKEN = (
    _ACTOR
    + """
      FROM api_token t JOIN person p ON p.id = t.person JOIN organisation o ON o.id = t.org
     WHERE t.token_sha256 = $1 AND p.is_active AND t.ended_at IS NULL
       AND t.expires_at > clock_timestamp()
"""
)


class _Row(msgspec.Struct):
    id: UUID
    name: str
    language: str
    org_id: UUID
    org_name: str
    org_kind: str
    is_demo: bool
    roles: list[str] | None


def _actor(rows: list[_Row]) -> Actor | None:
    if not rows or not rows[0].roles:
        return None
    row = rows[0]
    roles = frozenset(Role(role) for role in row.roles or ())
    permissions = permissions_of(roles)
    if row.is_demo and Role.ADMIN in roles:
        permissions |= {Permission.CLOCK_MOVE}
    return Actor(
        id=row.id,
        name=row.name,
        org_id=row.org_id,
        org_name=row.org_name,
        org_kind=row.org_kind,
        roles=roles,
        permissions=permissions,
        language=row.language,
    )


async def actor_of_session(token: str) -> Actor | None:
    """Return who is signed in with this cookie, with the rights of this very moment."""
    return _actor(await fetch_as(_Row, _BY_SESSION, sha256_hex(token), IDLE))


async def actor_of_token(token: str) -> Actor | None:
    """Return whose API token this is, with the rights of this very moment."""
    return _actor(await fetch_as(_Row, _BY_TOKEN, sha256_hex(token)))


async def is_demo() -> bool:
    """Tell whether this database was made as a demo."""
    async with connection() as c:
        return bool(await c.fetchval("SELECT is_demo FROM installation WHERE id = 1"))


async def people_with_role(org_id: UUID, role: Role) -> list[PersonView]:
    """List the active people who hold `role` in an organisation today, by name."""
    return await fetch_as(
        PersonView,
        """
        SELECT DISTINCT p.id, p.name, p.email FROM person p JOIN membership m ON m.person = p.id
         WHERE m.org = $1 AND m.role = $2 AND p.is_active AND m.from_on <= current_date
           AND (m.until_on IS NULL OR m.until_on > current_date)
         ORDER BY p.name
        """,
        org_id,
        role,
    )


async def person_names(person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of these people."""
    rows = await fetch_as(
        PersonView, "SELECT id, name, email FROM person WHERE id = ANY($1)", list(person_ids)
    )
    return {row.id: row.name for row in rows}


async def organisation(org_id: UUID) -> OrganisationView:
    """Load one organisation; NotFound if there is none."""
    rows = await fetch_as(
        OrganisationView,
        "SELECT id, kind, registry_code, name FROM organisation WHERE id = $1",
        org_id,
    )
    if not rows:
        raise NotFound(n_("There is no organisation {id}."), {"id": org_id})
    return rows[0]


async def organisation_by_code(registry_code: str) -> OrganisationView | None:
    """Find an organisation by its registry code."""
    rows = await fetch_as(
        OrganisationView,
        "SELECT id, kind, registry_code, name FROM organisation WHERE registry_code = $1",
        registry_code,
    )
    return rows[0] if rows else None


async def opening_recipients(person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return each person's age recipient; Refused naming everyone who has made no key."""
    async with connection() as c:
        rows = await c.fetch(
            "SELECT person, recipient FROM opening_key"
            " WHERE person = ANY($1) AND retired_at IS NULL",
            list(person_ids),
        )
    found: dict[UUID, str] = {row["person"]: row["recipient"] for row in rows}
    if missing := [person for person in person_ids if person not in found]:
        names = await person_names(missing)
        raise Refused(
            [
                Finding(
                    "no-opening-key",
                    n_("{name} has made no opening key yet and cannot hold a share."),
                    {"name": names.get(person, str(person))},
                    field="keyholders",
                )
                for person in missing
            ]
        )
    return found


async def has_opening_key(person_id: UUID) -> bool:
    """Tell whether a person has made an opening key."""
    async with connection() as c:
        return bool(
            await c.fetchval(
                "SELECT 1 FROM opening_key WHERE person = $1 AND retired_at IS NULL", person_id
            )
        )


async def demo_people() -> list[tuple[str, str, str]]:
    """List (email, name, roles) of every account; empty unless this is a demo."""
    if not await is_demo():
        return []
    async with connection() as c:
        rows = await c.fetch(
            """
            SELECT p.email, p.name, o.name AS org, string_agg(m.role, ', ' ORDER BY m.role) AS roles
              FROM person p JOIN membership m ON m.person = p.id JOIN organisation o ON o.id = m.org
             GROUP BY p.email, p.name, o.name, o.kind ORDER BY o.kind, min(m.role), p.email
            """
        )
    return [(row["email"], f"{row['name']} – {row['org']}", row["roles"]) for row in rows]


async def accounts(actor: Actor) -> list[AccountView]:
    """List the accounts an administrator looks after: of the own organisation and of providers."""
    return await fetch_as(
        AccountView,
        """
        SELECT p.id, p.name, p.email, o.name AS organisation, p.is_active,
               array_agg(m.role::text ORDER BY m.role) AS roles
          FROM person p JOIN membership m ON m.person = p.id JOIN organisation o ON o.id = m.org
         WHERE o.id = $1 OR o.kind = 'provider'
         GROUP BY p.id, p.name, p.email, o.name, o.kind, p.is_active ORDER BY o.kind, o.name, p.name
        """,
        actor.org_id,
    )


async def organisations_to_staff(actor: Actor) -> list[OrganisationView]:
    """List the organisations that an administrator may make accounts for."""
    return await fetch_as(
        OrganisationView,
        """
        SELECT id, kind, registry_code, name FROM organisation
         WHERE id = $1 OR kind = 'provider' ORDER BY kind, name
        """,
        actor.org_id,
    )
