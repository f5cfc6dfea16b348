"""Audit: writes events through the one database function that may."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec

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


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event to be recorded together with others; as `record` takes it."""

    kind: str
    subject_id: UUID
    actor: Actor | None
    org_id: UUID | None
    now: datetime
    facts: object


async def record_all(events: Sequence[NewEvent]) -> list[ChainHead]:
    """Add several events in their order, in two questions to the database however many they are.

    Returns the chain as it stood after each of them. Otherwise as `record`.
    """
    async with connection() as c:
        numbers = await c.fetch(
            """SELECT record_event(id, kind, subject, org, actor, at, facts) AS seq
                 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[],
                             $6::timestamptz[], $7::text[])
                      WITH ORDINALITY AS e(id, kind, subject, org, actor, at, facts, place)
                ORDER BY place""",
            [uuid7() for _ in events],
            [event.kind for event in events],
            [event.subject_id for event in events],
            [event.org_id for event in events],
            [
                event.actor.id if event.actor and not event.actor.is_anonymous else None
                for event in events
            ],
            [event.now for event in events],
            [canonical(event.facts) for event in events],
        )
        rows = await c.fetch(
            "SELECT seq, sha256 FROM event WHERE seq = ANY($1)", [row["seq"] for row in numbers]
        )
    hashes = {row["seq"]: row["sha256"] for row in rows}
    return [ChainHead(seq=row["seq"], sha256=hashes[row["seq"]]) for row in numbers]


async def chain_head() -> ChainHead:
    """Return the newest event's number and hash, as the running transaction sees it."""
    async with connection() as c:
        row = await c.fetchrow("SELECT seq, sha256 FROM event_head WHERE id = 1")
    assert row is not None  # noqa: S101 - the migration writes it and nothing may delete it
    return ChainHead(seq=row["seq"], sha256=row["sha256"])
