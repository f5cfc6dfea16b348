"""Organisations, the people who hold a role in them, and officers' keys."""

from collections.abc import Sequence
from uuid import UUID

from procure.db import connection, fetch_as
from procure.identity.schemas import OrganisationView, PersonView
from procure.kernel.actors import Role
from procure.kernel.errors import NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


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
    """List (email, name, roles) of a demo's invented people; empty unless this is a demo.

    Whoever was invited since has a password of their own, and is not among them.
    """
    if not await is_demo():
        return []
    async with connection() as c:
        rows = await c.fetch(
            """
            SELECT p.email, p.name, o.name AS org, string_agg(m.role, ', ' ORDER BY m.role) AS roles
              FROM person p JOIN membership m ON m.person = p.id JOIN organisation o ON o.id = m.org
             WHERE p.natural_key IS NULL AND p.password_at IS NULL AND p.is_active
             GROUP BY p.email, p.name, o.name, o.kind ORDER BY o.kind, min(m.role), p.email
            """
        )
    return [(row["email"], f"{row['name']} – {row['org']}", row["roles"]) for row in rows]


async def buyers() -> list[UUID]:
    """List the contracting authorities of this installation."""
    async with connection() as c:
        rows = await c.fetch("SELECT id FROM organisation WHERE kind = 'buyer' ORDER BY id")
    return [row["id"] for row in rows]
