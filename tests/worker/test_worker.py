"""Jobs are done, once, whatever happens to the worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from procure import worker
from procure.db import DB, connection
from procure.documents.ports import NoPrinter
from procure.documents.rules import PaperOrder
from procure.settings import settings
from tests.builders.documents import NOW, FakePrinter, a_paper

pytestmark = pytest.mark.usefixtures("db", "home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PROCURE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def states(*papers: UUID) -> list[str]:
    async with connection() as c:
        rows = await c.fetch("SELECT id, state FROM paper")
    found = {UUID(bytes=row["id"].bytes): row["state"] for row in rows}
    return [found[paper] for paper in papers]


async def jobs() -> list[str]:
    async with connection() as c:
        return [row["status"] for row in await c.fetch("SELECT status::text FROM pgqueuer")]


@asynccontextmanager
async def working(printer: FakePrinter) -> AsyncIterator[asyncio.Event]:
    """Run a worker beside the test, and stop it."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.work(stop, printer))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def until_printed(*papers: UUID) -> None:
    async with asyncio.timeout(10):
        while set(await states(*papers)) != {"printed"}:
            await asyncio.sleep(0.02)


async def test_drain_does_everything_that_is_queued() -> None:
    printer = FakePrinter()
    papers = [await a_paper() for _ in range(12)]
    await worker.drain(printer)
    assert set(await states(*papers)) == {"printed"}
    assert len(printer.orders) == 12
    assert await jobs() == []
    await worker.drain(printer)


async def test_a_running_worker_prints_a_paper_when_it_is_ordered() -> None:
    async with working(FakePrinter()):
        await asyncio.sleep(0.3)
        paper = await a_paper()
        begun = asyncio.get_running_loop().time()
        await until_printed(paper)
        assert asyncio.get_running_loop().time() - begun < 3, "it did not wait for its next look"
        await worker.drain()
        assert await jobs() == []


async def test_a_worker_that_loses_its_connection_goes_on() -> None:
    async with working(FakePrinter()):
        await asyncio.sleep(0.3)
        owner = await DB.connect_as_owner()
        try:
            killed = await owner.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query ILIKE '%pgqueuer%'"
                " AND pid <> pg_backend_pid()"
            )
        finally:
            await owner.close()
        assert killed
        await until_printed(await a_paper())


async def test_a_job_of_a_worker_that_died_is_done_by_another() -> None:
    paper = await a_paper()
    async with connection() as c:
        await c.execute(
            "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),"
            " heartbeat = now() - interval '1 hour'"
        )
    await worker.drain(FakePrinter())
    assert await states(paper) == ["printed"]
    assert await jobs() == []


async def test_a_job_done_twice_has_its_effect_once() -> None:
    paper = await a_paper()
    async with connection() as c:
        await c.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, payload)"
            " SELECT 0, 'queued', entrypoint, payload FROM pgqueuer"
        )
    await worker.drain(FakePrinter())
    assert await states(paper) == ["printed"]
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM event WHERE kind = 'paper:printed'") == 1


async def test_stopping_lets_a_running_job_finish() -> None:
    class Slow(FakePrinter):
        def __init__(self) -> None:
            super().__init__()
            self.begun = asyncio.Event()

        async def print_paper(self, order: PaperOrder) -> bytes:
            self.begun.set()
            await asyncio.sleep(0.5)
            return await super().print_paper(order)

    printer = Slow()
    paper = await a_paper()
    async with working(printer) as stop:
        await printer.begun.wait()
        stop.set()
    assert await states(paper) == ["printed"]
    assert await jobs() == []


async def test_a_job_with_an_unforeseen_fault_is_held_and_its_paper_is_not_forgotten(
    caplog: pytest.LogCaptureFixture,
) -> None:
    paper = await a_paper()
    with caplog.at_level(logging.CRITICAL):
        await worker.drain(FakePrinter(OSError(28, "No space left on device")))
    assert (await states(paper), await jobs()) == (["queued"], ["failed"])

    from procure.documents import service

    assert await service.print_due(FakePrinter(), now=NOW) == 1
    assert await states(paper) == ["printed"]


async def test_the_clock_leaves_papers_to_the_jobs_that_wait_for_them() -> None:
    from procure.documents import service

    paper, printer = await a_paper(), FakePrinter()
    assert await service.print_due(printer, now=NOW) == 0
    await worker.drain(FakePrinter(NoPrinter("Install Pango.")))
    assert await states(paper) == ["queued"]
    assert await service.print_due(printer, now=NOW) == 1


async def test_what_is_due_is_done_in_the_order_of_the_flow(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []

    def job(name: str, done: int) -> Callable[..., Awaitable[int]]:
        async def run(*, now: datetime) -> int:
            assert now == NOW
            called.append(name)
            if done < 0:
                raise LookupError(name)
            return done

        return run

    jobs = job("close", 2), job("finish", -1), job("start", 1), job("end", 0)
    monkeypatch.setattr(worker, "CLOCK", jobs)
    assert await worker.run_due(NOW) == 3
    assert called == ["close", "finish", "start", "end"]
    assert "LookupError: finish" in caplog.text


def test_the_clock_goes_through_the_stages_in_the_order_of_the_flow() -> None:
    stages = [job.__module__.split(".")[1] for job in worker.CLOCK]
    assert stages == [
        "demand",
        "tenders",
        "awards",
        "contracts",
        "contracts",
        "delivery",
        "payments",
    ]


async def test_a_tick_with_nothing_to_do_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert await worker.run_due(NOW) == 0
    assert "failed" not in caplog.text


async def test_two_ticks_do_not_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    async def slow(*, now: datetime) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        running -= 1
        return 1

    monkeypatch.setattr(worker, "CLOCK", (slow, slow))
    assert await asyncio.gather(worker.run_due(NOW), worker.run_due(NOW)) == [2, 2]
    assert most == 1


async def test_the_queue_forgets_its_own_history() -> None:
    await a_paper()
    await worker.drain(FakePrinter())
    async with connection() as c:
        await c.execute(
            "UPDATE pgqueuer_log SET created = now() - interval '8 days' WHERE id % 2 = 0"
        )
        before = await c.fetchval("SELECT count(*) FROM pgqueuer_log")
    await worker.prune()
    async with connection() as c:
        left = await c.fetchval("SELECT count(*) FROM pgqueuer_log")
    assert 0 < left < before
