"""Counting and importing a million requests, and the pages' time as requests grow tenfold.

`python -m benchmarks.demand [requests]`. Prints analysis ÷ DuckDB on the same rows (≤ 3), import ÷
a bare COPY of the same rows (≤ 8), and the time of a page with ten times the requests ÷ with one
(≤ 1.25).
"""

import asyncio
import logging
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from benchmarks.served import HOME  # sets PROCURE_HOME before anything else is read
from procure.db.engine import AppConnection
from procure.kernel.actors import Actor

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ROWS_A_FILE = 35_000
COLUMNS = "county, language, risk_band, suitability, state, month, n"


async def timed(work: Callable[[], Awaitable[Any]], times: int = 9) -> float:
    """Return the median of some runs, in seconds, after a first one that warms up."""
    await work()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


async def run(count: int) -> None:
    from procure.db import DB
    from procure.db.server import database
    from procure.demand import queries, service
    from procure.demand.rules.analysis import Dimension
    from procure.demand.schemas import CountFilter
    from procure.demand.service.recording import _COLUMNS
    from procure.demo.requests import file_of, made_up
    from procure.identity import service as identity
    from procure.kernel.actors import Role
    from tests.builders.catalogue import a_catalogue
    from tests.builders.identity import an_actor

    rows = list(made_up(years=2, seed=1, until=date(2026, 11, 1), scale=count / 6610))
    # In any order, so that the first tenth is of the same two years.
    Random(1).shuffle(rows)
    rows = rows[:count]
    files = [file_of(rows[n : n + ROWS_A_FILE]) for n in range(0, len(rows), ROWS_A_FILE)]
    print(f"{len(rows)} requests in {len(files)} files", flush=True)
    async with database(application="benchmark", upgrade=True):
        await identity.install(is_demo=True, now=NOW)
        await a_catalogue()
        actor = await an_actor(Role.CONSULTANT)
        pages: dict[int, dict[str, float]] = {}
        taken, spent, copied, last = 0, 0.0, 0.0, UUID(int=0)
        tenth = len(rows) // 10
        owner = await DB.connect_as_owner()
        await owner.execute("CREATE TABLE bare (LIKE request INCLUDING ALL)")
        for content in files:
            started = time.perf_counter()
            report = await service.import_requests(
                actor, content, "requests.csv", take_good=False, now=NOW
            )
            spent += time.perf_counter() - started
            assert report.taken_count == report.rows_count, report.findings[:3]
            # The floor right after, so that both have the same machine under them.
            records = await owner.fetch(
                f"SELECT {', '.join(_COLUMNS)} FROM request WHERE id > $1 ORDER BY id", last
            )
            last = records[-1]["id"]
            started = time.perf_counter()
            await owner.copy_records_to_table("bare", records=records, columns=_COLUMNS)
            copied += time.perf_counter() - started
            taken += report.taken_count
            if taken >= tenth and not pages:
                pages[taken] = await settled_page_times(actor, owner)
        pages[taken] = await settled_page_times(actor, owner)
        path = Path(HOME) / "requests.csv"
        await owner.copy_from_query(
            "SELECT buyer, service_code, county, language, risk_band, suitability, state,"
            " date_trunc('month', created_on)::date AS month FROM request",
            output=path,
            format="csv",
            header=True,
        )
        await owner.close()
        print(f"import: {spent:.1f} s; bare COPY {copied:.1f} s; ratio {spent / copied:.2f}")

        async def ours() -> list[Any]:
            return [
                await queries.count_by(actor, CountFilter(), by, columns)
                for by, columns in pairs(Dimension)
            ]

        our_time, our_counts = await timed(ours), await ours()
    duck_time, duck_counts = duck(path, pairs(Dimension))
    for mine, theirs in zip(our_counts, duck_counts, strict=True):
        assert {(c.row, c.column): c.requests_count for c in mine} == theirs
    print(
        f"analysis: {our_time * 1000:.1f} ms; DuckDB {duck_time * 1000:.1f} ms; "
        f"ratio {our_time / duck_time:.2f} (the same counts)"
    )
    (few, before), (many, after) = pages.items()
    for name in before:
        print(
            f"{name}: {before[name] * 1000:.0f} ms at {few}, {after[name] * 1000:.0f} ms at "
            f"{many}; growth {after[name] / before[name]:.2f}"
        )


def pairs(d: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - the enum of another package
    """List the tables that are asked for: rows by columns."""
    return [
        (d.COUNTY, d.LANGUAGE),
        (d.MONTH, d.BAND),
        (d.COUNTY, d.MONTH),
        (d.STATE, d.SUITABILITY),
    ]


async def settled_page_times(actor: Actor, owner: AppConnection) -> dict[str, float]:
    """Ask for the pages after what the clock and the server's own cleaning do every minute."""
    from procure.demand import service

    await service.compact_counts(NOW)
    await owner.execute("VACUUM ANALYZE request_count")
    await owner.execute("VACUUM ANALYZE request")
    return await page_times(actor)


async def page_times(actor: Actor) -> dict[str, float]:
    """Ask for the pages that show demand, in process."""
    from tests.client import client_as

    found = {}
    async with client_as(actor) as client:
        for path in ("/demand/analysis", "/demand", "/demand/analysis?rows=month&columns=county"):

            async def ask(path: str = path) -> None:
                answer = await client.get(path)
                assert answer.status_code == 200, answer.text[:500]

            found[path] = await timed(ask)
    return found


def duck(path: Path, pairs: list[tuple[Any, Any]]) -> tuple[float, list[dict[Any, int]]]:
    """Count the same rows by DuckDB, from a table in its own memory."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute(f"CREATE TABLE request AS SELECT * FROM read_csv('{path}')")

    def work() -> list[dict[Any, int]]:
        return [
            {
                (row, column): n
                for row, column, n in db.execute(
                    f"SELECT {by.value}::varchar, {columns.value}::varchar, count(*)"
                    " FROM request GROUP BY 1, 2"
                ).fetchall()
            }
            for by, columns in pairs
        ]

    counts = work()
    times = []
    for _ in range(9):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times), counts


def main() -> None:
    """Measure and print."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with suppress(KeyboardInterrupt):
        asyncio.run(run(count))


if __name__ == "__main__":
    main()
