"""A thousand submissions around one deadline ÷ durable one-row inserts under the same server.

`python -m benchmarks.deadline`. Five tenders close together. Bids were prepared before (R4), and
come in as they do before a deadline: of those of the last hour, 40 % in its last five minutes and
8 % in its last ten seconds. That hour is pressed into one second, and some come too late. Each
receipt is held against what was sent and when; any wrong verdict or lost receipt ends with code 1.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from benchmarks import load
from benchmarks.served import served, token_of

TENDERS, LOTS, BIDDERS = 5, 2, 100
BIDS = TENDERS * LOTS * BIDDERS
LATE = 40  # of them after the deadline
CONNECTIONS = 64
HOUR = 1.0  # seconds that stand for the last hour
TARGET = 0.40


class Package(msgspec.Struct, frozen=True):
    """A prepared bid and whose it is."""

    tender_id: str
    id: str
    token: str


class Sent(msgspec.Struct):
    """One submission as its sender saw it: seconds of the wall clock, and the answer."""

    package: Package
    first_byte: float
    last_byte: float = 0
    answered: float = 0
    status: int = 0
    body: bytes = b""


async def prepare() -> tuple[list[Package], str]:
    """Publish tenders, register providers and have each prepare a bid for every lot."""
    from procure.adapters.signing import FileSigner
    from procure.bids import service
    from procure.tenders import queries as tenders
    from tests.builders.bids import IN_TIME, SEALER, a_bid_draft, a_bidder
    from tests.builders.identity import set_clock
    from tests.builders.tenders import a_published_tender

    published = [await a_published_tender() for _ in range(TENDERS)]
    bidders = [await a_bidder() for _ in range(BIDDERS)]
    tokens = [await token_of(bidder.actor) for bidder in bidders]
    await set_clock(IN_TIME)
    packages = []
    for tender in published:
        facts = await tenders.tender_facts(tender.id)
        draft = await a_bid_draft(tender.id, bidders[0])
        for lot in facts.lots:
            for bidder, token in zip(bidders, tokens, strict=True):
                own = msgspec.structs.replace(
                    draft, lot_id=lot.id, facilitator_ids=bidder.facilitator_ids
                )
                made = await service.prepare_bid(bidder.actor, own, sealer=SEALER, at=IN_TIME)
                packages.append(Package(str(tender.id), str(made.id), token))
    return packages, FileSigner().public_pem().decode()


def pattern(count: int, late: int, *, seed: int = 10) -> Iterator[float]:
    """Yield the seconds before the deadline of each bid, in order; those after it are negative."""
    chance = random.Random(seed)
    last_hour, last_minutes, last_seconds = HOUR, HOUR * 5 / 60, HOUR * 10 / 3600
    on_time = count - late
    shares = ((0.60, last_minutes, last_hour), (0.32, last_seconds, last_minutes))
    found = [
        chance.uniform(least, most)
        for share, least, most in shares
        for _ in range(round(on_time * share))
    ]
    found += [chance.uniform(0.001, last_seconds) for _ in range(on_time - len(found))]
    found += [-chance.uniform(0, last_minutes) for _ in range(late)]
    yield from sorted(found, reverse=True)


@asynccontextmanager
async def opened() -> AsyncIterator[Any]:
    """Lend a connection to the served database."""
    from procure.db import DB
    from procure.db.server import database

    async with database(application="benchmark"), DB.connection() as c:
        yield c


async def burst(port: int, packages: list[Package]) -> tuple[list[Sent], datetime, float]:
    """Send every bid at its moment; return what was sent, the deadline, and when that was here."""
    from tests.builders.identity import set_clock
    from tests.builders.tenders import DEADLINE_AT

    chance = random.Random(11)
    order = chance.sample(packages, len(packages))
    seconds = list(pattern(len(packages), LATE))
    ahead = 0.5
    async with opened():
        await set_clock(DEADLINE_AT - timedelta(seconds=HOUR + ahead))
    async with opened() as c:
        earliest, latest = [], []
        for _ in range(50):  # its clock is between our asking and its answer: the closest pair
            asked = time.time()
            at = (await c.fetchval("SELECT app_now()")).timestamp()
            earliest.append(asked - at)
            latest.append(time.time() - at)
        offset = (max(earliest) + min(latest)) / 2
    deadline = DEADLINE_AT.timestamp() + offset  # on our own clock, to about a millisecond
    work = iter(list(zip(order, seconds, strict=True)))
    sent: list[Sent] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(load.HOST, port)
        for package, before in work:
            await asyncio.sleep(max(0.0, deadline - before - time.time()))
            request = load.post(
                f"/api/v1/tenders/{package.tender_id}/bid-packages/{package.id}/submit",
                b"",
                authorization=f"Bearer {package.token}",
            )
            item = Sent(package, time.time())
            sent.append(item)
            writer.write(request)
            await writer.drain()
            item.last_byte = time.time()
            head = await reader.readuntil(b"\r\n\r\n")
            item.body = await reader.readexactly(load._content_length(head))
            item.answered = time.time()
            item.status = int(head[9:12])
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return sent, DEADLINE_AT, offset


async def faults(sent: list[Sent], deadline_at: datetime, offset: float, key: str) -> list[str]:
    """Hold each answer against what was sent and what is kept; say what is wrong."""
    from procure.adapters.signing import receipt_problems
    from procure.kernel.canonical import canonical

    async with opened() as c:
        rows = await c.fetch("SELECT id, receipt, state FROM bid")
        open_ends = await c.fetchval(
            "SELECT count(*) FROM arrival a WHERE refused_at IS NULL"
            " AND NOT EXISTS (SELECT FROM bid b WHERE b.arrival = a.id)"
        )
    kept = {str(row["id"]): row for row in rows}
    found = [f"{open_ends} arrivals came to nothing"] if open_ends else []
    slack = 0.002  # by which our clock and the database's may differ
    for item in sent:
        name = item.package.id
        if item.status not in (201, 422):
            found.append(f"{name}: answered {item.status} {item.body[:200]!r}")
            continue
        told = msgspec.json.decode(item.body)
        receipt = told if item.status == 201 else told["receipt"]
        row = kept.get(name)
        text = canonical(receipt)
        if row is None or row["receipt"] != text:
            found.append(f"{name}: the receipt that was given is not the one that is kept")
            continue
        found += [f"{name}: {problem}" for problem in receipt_problems(text.encode(), key)]
        facts = receipt["receipt"]
        at = datetime.fromisoformat(facts["received_at"])
        here = at.timestamp() + offset
        if not item.first_byte - slack <= here <= item.answered + slack:
            found.append(f"{name}: received {here - item.first_byte:.4f} s after its first byte")
        if (facts["verdict"] == "on-time") != (at < deadline_at):
            found.append(f"{name}: {facts['verdict']} although received at {at}")
        if item.last_byte + slack < deadline_at.timestamp() + offset and at >= deadline_at:
            by = deadline_at.timestamp() + offset - item.last_byte
            found.append(f"{name}: late although its last byte was here {by * 1000:.1f} ms before")
    return found


def main() -> int:
    """Measure and print."""
    with served(prepare) as (port, (packages, key)):
        insert = load.post("/floor/insert", b"{}")

        def floor() -> float:
            return asyncio.run(
                load.rate(port, lambda _: insert, expect=201, seconds=3, at_once=CONNECTIONS)
            )

        floor()  # warm
        before = floor()
        sent, deadline_at, offset = asyncio.run(burst(port, packages))
        after = floor()
        problems = asyncio.run(faults(sent, deadline_at, offset, key))
    took = max(item.answered for item in sent) - min(item.first_byte for item in sent)
    waits = sorted(item.answered - item.first_byte for item in sent)
    late = sum(item.status == 422 for item in sent)
    load.report(f"{len(sent)} bids around a deadline", len(sent) / took, (before + after) / 2)
    print(
        f"late {late}; answered in {waits[len(waits) // 2] * 1000:.0f} ms (half), "
        f"{waits[len(waits) * 95 // 100] * 1000:.0f} ms (95 %), {waits[-1] * 1000:.0f} ms (all); "
        f"wrong verdicts and lost receipts: {len(problems)} of {len(sent)}"
    )
    for problem in problems[:20]:
        print(problem)
    return int(bool(problems) or len(sent) / took < TARGET * (before + after) / 2)


if __name__ == "__main__":
    sys.exit(main())
