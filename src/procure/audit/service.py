"""Audit: writes events through the one database function that may."""

from datetime import datetime
from typing import cast
from uuid import UUID

from procure.audit.schemas import ChainHead
from procure.db import connection, uuid7
from procure.kernel.actors import Actor
from procure.kernel.canonical import canonical


async def record(
    kind: str,
    subject_id: UUID,
    actor: Actor | None,
    *,
    org_id: UUID | None,
    now: datetime,
    facts: object,
) -> int:
    """Add one event in the running transaction and return its number in the chain.

    `actor` is None for what the system does by the clock. Holds the head of the chain until the
    transaction ends, so it is the last thing a service does before it commits.
    """
    async with connection() as c:
        seq = await c.fetchval(
            "SELECT record_event($1, $2, $3, $4, $5, $6, $7)",
            uuid7(),
            kind,
            subject_id,
            org_id,
            actor.id if actor and not actor.is_anonymous else None,
            now,
            canonical(facts),
        )
    return cast("int", seq)


async def chain_head() -> ChainHead:
    """Return the newest event's number and hash, as the running transaction sees it."""
    async with connection() as c:
        row = await c.fetchrow("SELECT seq, sha256 FROM event_head WHERE id = 1")
    assert row is not None  # noqa: S101 - the migration writes it and nothing may delete it
    return ChainHead(seq=row["seq"], sha256=row["sha256"])
