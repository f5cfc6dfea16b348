"""Reading one tender over the API ÷ the same row by bare asyncpg under the same server.

`python -m benchmarks.read_tender`. Also the tender's page ÷ its API answer.
"""

import asyncio

from benchmarks import load
from benchmarks.served import served, session_of, token_of


async def prepare() -> tuple[str, str, str]:
    """Publish a tender; return its id, a reader's token and session."""
    from tests.builders.tenders import a_published_tender

    tender = await a_published_tender()
    return (
        str(tender.id),
        await token_of(tender.coordinator),
        await session_of(tender.coordinator),
    )


def main() -> None:
    """Measure and print."""
    with served(prepare) as (port, (tender, token, session)):
        floor = load.get(f"/floor/tender/{tender}")
        api = load.get(f"/api/v1/tenders/{tender}", authorization=f"Bearer {token}")
        page = load.get(f"/tenders/{tender}", cookie=f"procure={session}")
        for request in (floor, api, page):  # warm
            asyncio.run(load.rate(port, lambda _, r=request: r, expect=200, seconds=2))
        rates = [
            asyncio.run(load.rate(port, lambda _, r=request: r, expect=200))
            for request in (floor, api, page)
        ]
    load.report("one tender over the API", rates[1], rates[0])
    load.report("page of a tender", rates[2], rates[1])


if __name__ == "__main__":
    main()
