"""Submitting a bid ÷ a durable one-row insert under the same server.

`python -m benchmarks.submit_bid`. Each bidder replaces its own bid over and over: arrival stamped,
content checked, encrypted, stored, receipted and signed, event chained.
"""

import asyncio
import itertools

import msgspec

from benchmarks import load
from benchmarks.served import served, token_of

BIDDERS = 16


async def prepare() -> tuple[str, list[tuple[str, bytes]]]:
    """Publish a tender; return its id, and a token and a bid for each bidder."""
    from tests.builders.bids import a_bid_draft, a_bidder
    from tests.builders.tenders import a_published_tender

    tender = await a_published_tender()
    bidders = []
    for n in range(BIDDERS):
        bidder = await a_bidder()
        draft = msgspec.to_builtins(await a_bid_draft(tender.id, bidder, f"{20 + n}.50"))
        draft.pop("tender_id")
        bidders.append((await token_of(bidder.actor), msgspec.json.encode(draft)))
    return str(tender.id), bidders


def main() -> None:
    """Measure and print."""
    with served(prepare) as (port, (tender, bidders)):
        keys = itertools.count()

        def bid(n: int) -> bytes:
            token, body = bidders[n % BIDDERS]
            return load.post(
                f"/api/v1/tenders/{tender}/bids",
                body,
                authorization=f"Bearer {token}",
                idempotency_key=f"bench-{next(keys):010d}",
            )

        insert = load.post("/floor/insert", b"{}")
        asyncio.run(load.rate(port, bid, expect=201, seconds=2))
        asyncio.run(load.rate(port, lambda _: insert, expect=201, seconds=2))
        ours = asyncio.run(load.rate(port, bid, expect=201))
        floor = asyncio.run(load.rate(port, lambda _: insert, expect=201))
    load.report("bids submitted", ours, floor)


if __name__ == "__main__":
    main()
