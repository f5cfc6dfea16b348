"""Runs the jobs: papers that were ordered, and what the clock makes due.

Inside the web process (`worker_lifespan`), so that one process is enough for a small office; alone
by `procure worker`; or both, since workers share one queue. A job may run twice, when a worker dies
between the work and its receipt: everything here is safe to repeat.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job, Schedule
from pgqueuer.types import QueueExecutionMode

from procure.adapters.highs import HighsOptimiser
from procure.adapters.seasonal import SeasonalForecaster
from procure.adapters.weasyprint import WeasyPrinter
from procure.awards import service as awards
from procure.contracts import service as contracts
from procure.db import DB, connection
from procure.db.server import database
from procure.delivery import service as delivery
from procure.demand import service as demand
from procure.documents import service as documents
from procure.documents.ports import NoPrinter, Printer
from procure.documents.rules import PRINT_JOB
from procure.payments import service as payments
from procure.tenders import service as tenders
from procure.web.clock import provide_now

# What comes due by the clock, in the order of the flow, so that one tick carries a thing as far as
# it may go. Each takes `now`, is safe to repeat, and tells how many it did.
CLOCK: tuple[Callable[..., Awaitable[int]], ...] = (
    demand.compact_counts,
    tenders.close_due,
    awards.finish_due,
    contracts.start_due,
    contracts.end_due,
    delivery.ask_due,
    payments.draft_due,
)
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "17 * * * *"
CLOCK_LOCK = 727_275  # an advisory lock: one tick at a time, whoever asks for it
KEEP_LOG = timedelta(days=7)

LISTEN = timedelta(seconds=5)  # the longest that a job waits when its notice was lost
HEARTBEAT = timedelta(seconds=30)  # a worker silent for so long is dead, and its jobs are given out
TOGETHER = 4  # jobs of one worker at a time
RESTART_SECONDS = 1.0
STOP_SECONDS = 40.0  # longer than the longest paper
DRAIN_SECONDS = 120.0

log = logging.getLogger(__name__)

_working_here = asyncio.Event()  # set while a worker runs in this process


async def run_due(now: datetime) -> int:
    """Do everything that has come due by `now`, and return how much that was.

    One job that fails does not stop the others: it is logged, and tried again at the next tick.
    """
    done = 0
    async with connection() as held:
        await held.execute("SELECT pg_advisory_lock($1)", CLOCK_LOCK)
        try:
            for job in CLOCK:
                try:
                    done += await job(now=now)
                except Exception:
                    log.exception("%s.%s failed at %s", job.__module__, job.__name__, now)
        finally:
            await held.execute("SELECT pg_advisory_unlock($1)", CLOCK_LOCK)
    return done


async def prune() -> None:
    """Throw away the queue's own history, of which three rows a job are written."""
    async with connection() as c:
        await c.execute("DELETE FROM pgqueuer_log WHERE created < now() - $1::interval", KEEP_LOG)


def _register(pgq: PgQueuer, printer: Printer) -> None:
    """Tell the queue who does what."""

    # By default a failed job is deleted; held, it can be seen and given back.
    @pgq.entrypoint(PRINT_JOB, on_failure="hold")
    async def print_paper(job: Job) -> None:
        paper_id = UUID((job.payload or b"").decode())
        try:
            await documents.print_one(paper_id, printer, now=await provide_now())
        except NoPrinter as error:
            log.warning("paper %s waits for a printer: %s", paper_id, error)

    @pgq.entrypoint(demand.PLAN_JOB, on_failure="hold", concurrency_limit=1)
    async def make_group_plan(job: Job) -> None:
        plan_id = UUID((job.payload or b"").decode())
        await demand.make_asked(plan_id, HighsOptimiser(), now=await provide_now())

    @pgq.entrypoint(demand.FORECAST_JOB, on_failure="hold", concurrency_limit=1)
    async def make_forecast(job: Job) -> None:
        forecast_id = UUID((job.payload or b"").decode())
        await demand.make_forecast(forecast_id, SeasonalForecaster(), now=await provide_now())

    @pgq.schedule("clock", EVERY_MINUTE)
    async def clock(_: Schedule) -> None:
        now = await provide_now()
        await run_due(now)
        await documents.print_due(printer, now=now)

    @pgq.schedule("prune", EVERY_HOUR)
    async def forget(_: Schedule) -> None:
        await prune()


async def work(stop: asyncio.Event, printer: Printer) -> None:
    """Do jobs until `stop` is set, on a new connection whenever one is lost."""
    _working_here.set()
    try:
        while not stop.is_set():
            try:
                await _session(stop, printer)
            except Exception as error:
                log.warning("the worker starts again: %s: %s", type(error).__name__, error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RESTART_SECONDS):
                        await stop.wait()
    finally:
        _working_here.clear()


async def _session(stop: asyncio.Event, printer: Printer) -> None:
    """Do jobs on one connection; running jobs are finished before it returns."""
    listening = await DB.get_new_connection()
    try:
        pgq = PgQueuer(AsyncpgDriver(listening))
        _register(pgq, printer)
        # Otherwise it would find out at its next look, five seconds later.
        listening.add_termination_listener(lambda _: pgq.shutdown.set())
        stopping = asyncio.create_task(_pass_on(stop, pgq.shutdown))
        try:
            await pgq.run(
                dequeue_timeout=LISTEN,
                heartbeat_timeout=HEARTBEAT,
                batch_size=TOGETHER // 2,
                max_concurrent_tasks=TOGETHER,
                shutdown_on_listener_failure=True,
            )
        finally:
            stopping.cancel()
    finally:
        listening.terminate()


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()


async def drain(printer: Printer | None = None) -> None:
    """Wait until every job that is queued now is done, doing them here if no worker does.

    TimeoutError after two minutes; a job that fails is held and does not count.
    """
    async with asyncio.timeout(DRAIN_SECONDS):
        if not _working_here.is_set():
            async with WeasyPrinter() as own:
                await _empty(printer or own)
        while await _jobs_left():
            await asyncio.sleep(0.05)


async def _empty(printer: Printer) -> None:
    """Do the jobs that are there, without schedules, and return."""
    if not await _jobs_left():
        return
    listening = await DB.get_new_connection()
    try:
        pgq = PgQueuer(AsyncpgDriver(listening))
        _register(pgq, printer)
        await pgq.qm.run(
            dequeue_timeout=timedelta(seconds=0.1),
            heartbeat_timeout=HEARTBEAT,
            batch_size=TOGETHER // 2,
            max_concurrent_tasks=TOGETHER,
            mode=QueueExecutionMode.drain,
        )
    finally:
        listening.terminate()


async def _jobs_left() -> bool:
    async with connection() as c:
        return bool(
            await c.fetchval(
                "SELECT EXISTS (SELECT FROM pgqueuer WHERE status IN ('queued', 'picked')"
                " AND execute_after <= now())"
            )
        )


@asynccontextmanager
async def worker_lifespan(_: object) -> AsyncGenerator[None, None]:
    """Work beside the web application, and finish what runs before it stops."""
    stop = asyncio.Event()
    async with WeasyPrinter() as printer:
        working = asyncio.create_task(work(stop, printer))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait({working}, timeout=STOP_SECONDS)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def main() -> None:
    """Work alone, until SIGTERM or SIGINT; then finish what runs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    async with database(application="procure worker"), WeasyPrinter() as printer:
        log.info("working")
        await work(stop, printer)
        log.info("stopped")
