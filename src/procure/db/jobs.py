"""The job queue: work that is owed once the running transaction has committed, and not otherwise.

The queue is pgqueuer's tables (migrations/sql/05_jobs.sql); `procure.worker` empties it.
"""

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from procure.db.engine import DB


async def enqueue(job: str, payload: str = "", *, once: str | None = None) -> None:
    """Owe one run of `job`, written in the running transaction.

    A job may run more than once (a worker can die between the work and its receipt), so that what
    it does must be safe to repeat. With `once`, nothing is added while a job with that key waits.
    """
    async with DB.connection() as connection:
        await Queries(AsyncpgDriver(connection)).enqueue(
            job, payload.encode(), dedupe_key=once, on_conflict="skip"
        )
