"""Accounts as those see them who look after them, invitations, and one's own tokens."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.identity.schemas import (
    AccountView,
    Held,
    InvitationView,
    OrganisationView,
    TokenView,
    Waiting,
)
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

LINK_IS_OVER = Finding(
    "link-over",
    n_("This link was used or withdrawn, or is too old. Ask for another one where you got it."),
    field="secret",
)

_TODAY = "m.from_on <= current_date AND (m.until_on IS NULL OR m.until_on > current_date)"

_ACCOUNT = f"""
    SELECT p.id, p.name, p.email, o.name AS organisation, p.is_active,
           coalesce(array_agg(m.role::text ORDER BY m.role) FILTER (WHERE {_TODAY}), '{{}}')
               AS roles,
           EXISTS (SELECT FROM session s WHERE s.person = p.id)
               OR EXISTS (SELECT FROM api_token t WHERE t.person = p.id) AS has_signed_in
      FROM person p JOIN membership m ON m.person = p.id JOIN organisation o ON o.id = m.org
     WHERE o.id = $1
"""  # noqa: S608 - our own text


async def accounts(actor: Actor) -> list[AccountView]:
    """List the accounts of the actor's own organisation, closed ones last, by name."""
    return await fetch_as(
        AccountView,
        f"{_ACCOUNT} GROUP BY p.id, o.name ORDER BY NOT p.is_active, p.name, p.email",
        actor.org_id,
    )


async def read_account(actor: Actor, person_id: UUID) -> AccountView:
    """Return one account of the actor's own organisation; NotFound if it has none there."""
    rows = await fetch_as(
        AccountView, f"{_ACCOUNT} AND p.id = $2 GROUP BY p.id, o.name", actor.org_id, person_id
    )
    if not rows:
        raise NotFound(n_("There is no such person."))
    return rows[0]


async def history_of_roles(actor: Actor, person_id: UUID) -> list[Held]:
    """List the roles that a person has had in the actor's organisation, the newest first."""
    return await fetch_as(
        Held,
        """SELECT role, from_on, until_on FROM membership WHERE person = $1 AND org = $2
            ORDER BY until_on IS NOT NULL, from_on DESC, role""",
        person_id,
        actor.org_id,
    )


class _Role(msgspec.Struct, frozen=True):
    role: str
    is_held: bool


async def held_roles(person_id: UUID, org_id: UUID) -> frozenset[Role] | None:
    """Return the roles a person holds in an organisation today; None if they never held one."""
    rows = await fetch_as(
        _Role,
        f"""SELECT m.role, ({_TODAY}) AS is_held FROM membership m
             WHERE m.person = $1 AND m.org = $2""",  # noqa: S608 - our own text
        person_id,
        org_id,
    )
    return frozenset(Role(row.role) for row in rows if row.is_held) if rows else None


async def has_members(org_id: UUID) -> bool:
    """Tell whether somebody with an open account holds a role in an organisation today."""
    async with connection() as c:
        return bool(
            await c.fetchval(
                f"""SELECT EXISTS (SELECT FROM membership m JOIN person p ON p.id = m.person
                     WHERE m.org = $1 AND p.is_active AND {_TODAY})""",  # noqa: S608 - our own text
                org_id,
            )
        )


async def is_account_of(email: str, org_id: UUID) -> bool:
    """Tell whether this address has an account with a role, now or once, in an organisation."""
    async with connection() as c:
        return bool(
            await c.fetchval(
                """SELECT EXISTS (SELECT FROM membership m JOIN person p ON p.id = m.person
                     WHERE m.org = $1 AND p.email = $2)""",
                org_id,
                email,
            )
        )


async def unstaffed_providers() -> list[OrganisationView]:
    """List the providers in which nobody has an account: their first manager can be invited."""
    return await fetch_as(
        OrganisationView,
        f"""SELECT o.id, o.kind, o.registry_code, o.name FROM organisation o
             WHERE o.kind = 'provider' AND NOT EXISTS (
                   SELECT FROM membership m JOIN person p ON p.id = m.person
                    WHERE m.org = o.id AND p.is_active AND {_TODAY})
             ORDER BY o.name""",  # noqa: S608 - our own text
    )


async def waiting(actor: Actor) -> list[Waiting]:
    """List the invitations that the actor's organisation made or got and nobody has accepted."""
    return await fetch_as(
        Waiting,
        """SELECT i.id, i.email, i.name, o.name AS organisation, i.roles::text[] AS roles,
                  i.expires_at, i.expires_at < clock_timestamp() AS is_over
             FROM account_link i JOIN organisation o ON o.id = i.org
            WHERE (i.org = $1 OR i.invited_org = $1) AND i.used_at IS NULL AND i.ended_at IS NULL
              AND i.roles <> '{}' AND i.expires_at > clock_timestamp() - interval '30 days'
            ORDER BY i.made_at DESC, i.id""",
        actor.org_id,
    )


async def read_invitation(secret: str) -> InvitationView:
    """Return what a link is good for; Refused if it is good for nothing any more."""
    rows = await fetch_as(
        InvitationView,
        """SELECT i.email, i.name, o.name AS organisation, i.roles::text[] AS roles,
                  i.person IS NOT NULL AS is_reset, i.language, i.expires_at
             FROM account_link i JOIN organisation o ON o.id = i.org
             LEFT JOIN person p ON p.id = i.person
            WHERE i.secret_sha256 = $1 AND i.used_at IS NULL AND i.ended_at IS NULL
              AND i.expires_at > clock_timestamp() AND (i.person IS NULL OR p.is_active)""",
        sha256_hex(secret),
    )
    if not rows:
        raise Refused([LINK_IS_OVER])
    return rows[0]


class Resettable(msgspec.Struct, frozen=True):
    """Whose password is to be chosen anew, and for which organisation they act."""

    id: UUID
    email: str
    name: str
    language: str
    org_id: UUID


async def account_to_reset(person_id: UUID) -> Resettable | None:
    """Return an open account with a role; None if there is none."""
    rows = await fetch_as(
        Resettable,
        f"""SELECT p.id, p.email, p.name, p.language, m.org AS org_id
              FROM person p JOIN membership m ON m.person = p.id
             WHERE p.id = $1 AND p.is_active AND {_TODAY} ORDER BY m.from_on, m.id LIMIT 1""",  # noqa: S608 - our own text
        person_id,
    )
    return rows[0] if rows else None


async def person_by_email(email: str) -> UUID | None:
    """Return whose address this is, for the operator."""
    async with connection() as c:
        found: UUID | None = await c.fetchval("SELECT id FROM person WHERE email = $1", email)
    return found


async def email_of(person_id: UUID) -> str:
    """Return a person's address, for services."""
    async with connection() as c:
        return str(await c.fetchval("SELECT email FROM person WHERE id = $1", person_id))


async def own_tokens(actor: Actor) -> list[TokenView]:
    """List the actor's own API tokens, the newest first; those ended a month ago are left out."""
    return await fetch_as(
        TokenView,
        """SELECT id, name, scope::text[] AS permissions, created_at, expires_at, ended_at,
                  ended_at IS NULL AND expires_at > clock_timestamp() AS is_good
             FROM api_token
            WHERE person = $1
              AND least(ended_at, expires_at) > clock_timestamp() - interval '30 days'
            ORDER BY created_at DESC, id DESC LIMIT 200""",
        actor.id,
    )


async def sessions_since(actor: Actor) -> list[datetime]:
    """List when each of the actor's running sessions began."""
    async with connection() as c:
        rows = await c.fetch(
            """SELECT created_at FROM session WHERE person = $1 AND ended_at IS NULL
                  AND expires_at > clock_timestamp() ORDER BY created_at DESC""",
            actor.id,
        )
    return [row["created_at"] for row in rows]
