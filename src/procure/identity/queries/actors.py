"""Who a session or a token belongs to, with the rights of this very moment."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.identity.rules import IDLE, permissions_of
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import sha256_hex

_ACTOR = """
    SELECT p.id, p.name, p.language, {scope} AS scope,
           o.id AS org_id, o.name AS org_name, o.kind AS org_kind,
           coalesce((SELECT is_demo FROM installation WHERE id = 1), false) AS is_demo,
           (SELECT array_agg(m.role::text) FROM membership m
             WHERE m.person = p.id AND m.org = o.id AND m.from_on <= current_date
               AND (m.until_on IS NULL OR m.until_on > current_date)) AS roles
"""

_BY_SESSION = (
    _ACTOR.format(scope="NULL::text[]")
    + """
      FROM session s JOIN person p ON p.id = s.person JOIN organisation o ON o.id = s.org
     WHERE s.token_sha256 = $1 AND p.is_active AND s.ended_at IS NULL
       AND s.expires_at > clock_timestamp() AND s.seen_at > clock_timestamp() - $2::interval
"""
)

_BY_TOKEN = (
    _ACTOR.format(scope="t.scope::text[]")
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
    scope: list[str] | None


def _permissions(names: list[str]) -> Iterator[Permission]:
    for name in names:
        if name in set(Permission):  # one that a later version no longer has is no right
            yield Permission(name)


def _actor(rows: list[_Row]) -> Actor | None:
    if not rows or not rows[0].roles:
        return None
    row = rows[0]
    roles = frozenset(Role(role) for role in row.roles or ())
    scope = None if row.scope is None else frozenset(_permissions(row.scope))
    permissions = permissions_of(roles, scope)
    if row.is_demo and Role.ADMIN in roles and (scope is None or Permission.CLOCK_MOVE in scope):
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
        is_limited=scope is not None,
    )


async def actor_of_session(token: str) -> Actor | None:
    """Return who is signed in with this cookie, with the rights of this very moment."""
    return _actor(await fetch_as(_Row, _BY_SESSION, sha256_hex(token), IDLE))


async def actor_of_token(token: str) -> Actor | None:
    """Return whose API token this is, with the rights of this very moment."""
    return _actor(await fetch_as(_Row, _BY_TOKEN, sha256_hex(token)))
