"""Opening and closing the database: what the web application, the worker and the CLI share."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from procure.db import health, migrate
from procure.db.embedded import EmbeddedServer
from procure.db.engine import DB, AppEngine
from procure.settings import settings

OLDEST = 15  # PostgreSQL 15: security_invoker views, MERGE, no CREATE on schema public for all
DATABASE = "procure"  # on the embedded server
CLOSE_SECONDS = 5

log = logging.getLogger(__name__)


class CannotOpen(RuntimeError):
    """The database cannot be used; the message says what to do."""


@asynccontextmanager
async def database(
    *, application: str = "procure", upgrade: bool = False, min_size: int = 1, max_size: int = 10
) -> AsyncGenerator[AppEngine, None]:
    """Open the database for one event loop: server, schema if asked, pool; then close them.

    Raises CannotOpen, ServerFailed, MigrationFailed or UnsafeDatabase.
    """
    async with server(application=application):
        if upgrade:
            await migrate.upgrade()
        async with pool(min_size=min_size, max_size=max_size):
            await health.refuse_unsafe()
            yield DB


@asynccontextmanager
async def server(*, application: str = "procure") -> AsyncGenerator[None, None]:
    """Point the engine at DATABASE_URL, or at the embedded server, which it holds."""
    owner, app = settings().database_url, settings().database_app_url
    if owner or app:
        DB.configure(
            {"dsn": owner} if owner else None,
            {"dsn": app} if app else None,
            application=application,
        )
        await _require_version()
        yield
        return
    embedded = EmbeddedServer(settings().home / "database")
    await asyncio.to_thread(embedded.start)
    try:
        DB.configure({**embedded.login(), "database": DATABASE}, application=application)
        await _ensure_database(DATABASE)
        yield
    finally:
        await asyncio.shield(asyncio.to_thread(embedded.release))


@asynccontextmanager
async def pool(*, min_size: int = 1, max_size: int = 10) -> AsyncGenerator[None, None]:
    """Open the pool of the application's connections, and close it even if one hangs."""
    try:
        await DB.start_connection_pool(min_size=min_size, max_size=max_size)
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise CannotOpen(
            f"The application cannot log in as {DB.app_role} ({error}). Bring the database up to "
            "date first: `procure migrate`, with the owner's DATABASE_URL, makes that login."
        ) from error
    try:
        yield
    finally:
        await close_pool()


async def close_pool() -> None:
    """Close the pool, and cut the connections that somebody still holds after five seconds."""
    if (opened := DB.pool) is None:
        return
    DB.pool = None
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await opened.close()
    except TimeoutError:
        # A close that is cancelled terminates every connection.
        log.warning("a database connection was still in use, and was cut")


async def _require_version() -> None:
    try:
        connect = DB.connect_as_owner if DB.login else DB.get_new_connection
        connection = await connect()
    except (OSError, asyncpg.PostgresError) as error:
        raise CannotOpen(f"The server of DATABASE_URL cannot be reached: {error}") from error
    try:
        found = connection.get_server_version()
    finally:
        await connection.close()
    if found.major < OLDEST:
        raise CannotOpen(f"PostgreSQL {OLDEST} or later is needed, DATABASE_URL is {found.major}.")


async def _ensure_database(name: str) -> None:
    try:
        connection = await DB.connect_as_owner()
    except asyncpg.InvalidCatalogNameError:
        try:
            await migrate.create_database(name)
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            log.debug("another process created the database")
    else:
        await connection.close()
