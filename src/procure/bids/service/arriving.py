"""Stamping arrivals: the instant of the last byte, by the database's clock (R1, R7).

Nothing comes before it: not who sent it, not what it says. What a submission then waits for inside
this process is measured by a clock that cannot be set, and taken off.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.bids.service.together import Together
from procure.bids.tables import Arrival
from procure.db import connection, uuid7
from procure.kernel.actors import Actor

MOST_AT_ONCE = 200
LONGEST_WAIT_US = 120_000_000

# Submissions whose last byte is here and which the database does not know of yet, by tender.
unstamped: Counter[UUID] = Counter()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What this process saw of a submission before the database was asked."""

    tender_id: UUID
    package_id: UUID | None = None
    sender: Actor | None = None
    first_byte: float  # time.monotonic()
    last_byte: float
    size_bytes: int


class Arrived(msgspec.Struct, frozen=True):
    """An arrival that is stamped and committed."""

    id: UUID
    at: datetime


async def note(seen: Seen) -> Arrived | None:
    """Stamp one arrival and commit that; None for a tender that is not there or not published."""
    unstamped[seen.tender_id] += 1
    try:
        return await _stamp(seen)
    finally:
        unstamped[seen.tender_id] -= 1
        if not unstamped[seen.tender_id]:
            del unstamped[seen.tender_id]


async def note_now(
    tender_id: UUID, sender: Actor, package_id: UUID | None = None
) -> Arrived | None:
    """Stamp what did not come over HTTP, or came without being stamped there: it arrives now."""
    now = time.monotonic()
    return await note(
        Seen(
            tender_id=tender_id,
            package_id=package_id,
            sender=sender,
            first_byte=now,
            last_byte=now,
            size_bytes=0,
        )
    )


async def _stamp_all(batch: Sequence[Seen]) -> list["Arrived | Exception | None"]:
    ids = [uuid7() for _ in batch]
    async with connection() as c:
        asked = time.monotonic()
        rows = await c.fetch(
            "SELECT noted_id, noted_at FROM note_arrivals($1, $2, $3, $4, $5, $6, $7, $8)",
            ids,
            [seen.tender_id for seen in batch],
            [seen.package_id for seen in batch],
            [seen.sender.org_id if seen.sender else None for seen in batch],
            [seen.sender.id if seen.sender else None for seen in batch],
            [_micros(seen.last_byte - seen.first_byte) for seen in batch],
            [min(_micros(asked - seen.last_byte), LONGEST_WAIT_US) for seen in batch],
            [seen.size_bytes for seen in batch],
        )
    noted = {row["noted_id"]: msgspec.convert(row["noted_at"], datetime) for row in rows}
    return [Arrived(one, noted[one]) if one in noted else None for one in ids]


def _micros(seconds: float) -> int:
    return max(0, int(seconds * 1_000_000))


_stamp: Together[Seen, Arrived | None] = Together(_stamp_all, most=MOST_AT_ONCE)


async def refuse(arrival_id: UUID, code: str) -> None:
    """Note that no bid comes of an arrival, and why; it holds up no opening any more."""
    async with connection() as c:
        await c.execute(
            """UPDATE arrival SET refused_at = app_now(), refusal = $2
                WHERE id = $1 AND refused_at IS NULL
                  AND NOT EXISTS (SELECT FROM bid WHERE bid.arrival = $1)""",
            arrival_id,
            code[: Arrival.refusal.length or 60],
        )
