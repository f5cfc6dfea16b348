"""The engine: Piccolo's, with transactions that end as they say and give their connection back.

Piccolo 1.38 leaks the pool's connection and leaves its context variable set when COMMIT raises,
and asyncpg takes the answer ROLLBACK to a COMMIT for success. Both would lose acknowledged work.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Literal, TypeVar, cast

import asyncpg
import msgspec
from piccolo.engine.exceptions import TransactionError
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from procure.db.logins import APP_ROLE, app_login, user_of

T = TypeVar("T")
Isolation = Literal["read_committed", "repeatable_read", "serializable"]
Hook = Callable[[], Awaitable[None]]

ACQUIRE_SECONDS = 5.0  # how long a request may wait for a connection before it is told to retry

log = logging.getLogger(__name__)


class DatabaseBusy(Exception):
    """Every connection is in use; the caller may try again in a few seconds (503)."""


class NoOwner(Exception):
    """Only the application's own login is known, which may not do this."""


class AppConnection(asyncpg.Connection):
    """A connection that remembers what the server answered to the last plain command."""

    status: str = ""

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:
        """Run a command; see asyncpg."""
        self.status = await super().execute(query, *args, timeout=timeout)
        return self.status


class Transaction(PostgresTransaction):
    """A transaction of one task, which commits wholly, or raises and leaves nothing behind."""

    __slots__ = ("_given", "failure", "hooks", "isolation", "parent", "readonly", "task")

    engine: "AppEngine"
    parent: "Transaction | None"
    isolation: Isolation | None
    connection: AppConnection  # or the pool's proxy for it

    def __init__(
        self,
        engine: "AppEngine",
        allow_nested: bool = True,  # noqa: FBT001, FBT002 - Piccolo's signature
        *,
        isolation: Isolation | None = None,
        readonly: bool = False,
        on: AppConnection | None = None,
    ) -> None:
        """Prepare a transaction, on connection `on` or on one from the pool."""
        running = cast("Transaction | None", engine.current_transaction.get())
        if running is not None and running.task is not asyncio.current_task():
            engine.current_transaction.set(None)  # inherited from the parent task, so not ours
        super().__init__(engine, allow_nested)
        self.parent = cast("Transaction | None", self._parent)
        if self.parent is not None and isolation not in {None, self.parent.isolation}:
            raise TransactionError(
                f"Cannot ask for {isolation} inside a transaction that is already running."
            )
        self.isolation, self.readonly = isolation, readonly
        self.task: asyncio.Task[Any] | None = None
        self.hooks: list[Hook] = []
        self.failure: BaseException | None = None  # of a nested block, caught by the outer one
        self._given = on

    async def __aenter__(self) -> "Transaction":
        """Begin, or join the transaction that is running."""
        if self.parent is not None:
            return self.parent
        self.task = asyncio.current_task()
        self.connection = await self.get_connection()
        try:
            self.transaction = self.connection.transaction(
                isolation=self.isolation, readonly=self.readonly
            )
            await self.transaction.start()
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def get_connection(self) -> AppConnection:
        """Take the connection this transaction runs on."""
        return self._given or await self.engine.take()

    async def commit(self) -> None:
        """Commit; TransactionError if the server, or a nested block, says there is nothing to."""
        if self.failure is not None:
            await self.rollback()
            raise TransactionError(
                "A nested transaction failed and its error was caught, so its half of the work "
                "would be kept. Catch outside of the transaction, or use savepoint()."
            ) from self.failure
        await self.transaction.commit()
        if self.connection.status == "ROLLBACK":
            self._rolled_back = True
            raise TransactionError(
                "Nothing was committed: a statement failed and its error was caught. "
                "Catch outside of the transaction, or use savepoint()."
            )
        self._committed = True

    async def rollback(self) -> None:
        """Undo everything."""
        await self.transaction.rollback()
        self._rolled_back = True

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        """Commit or roll back, give the connection back whatever happens, then run the hooks."""
        if self.parent is not None:
            if exception is not None:
                self.parent.failure = exception
            return False
        try:
            if not self._committed and not self._rolled_back:
                await (self.commit() if exception is None else self.rollback())
        except BaseException as ending:
            if self.connection.is_in_transaction():
                self.connection.terminate()  # its state is unknown, so nobody may have it
            if exception is None or not isinstance(ending, Exception):
                raise
            # What went wrong first says more than the ROLLBACK that failed after it.
            log.warning("rollback failed: %r", ending)
        finally:
            try:
                self.engine.current_transaction.reset(self.context)
            except ValueError:  # entered in another context
                self.engine.current_transaction.set(None)
            await asyncio.shield(self._give_back())
        if self._committed:
            await self._run_hooks()
        return False

    async def _give_back(self) -> None:
        if self._given is not None:
            return
        if self.engine.pool is not None:
            await self.engine.pool.release(cast(Any, self.connection))
        else:
            await self.connection.close()

    async def _run_hooks(self) -> None:
        for hook in self.hooks:
            try:
                await hook()
            except Exception:
                # The work is committed: to report it as failed would make the caller repeat it.
                log.exception("a hook after commit failed")


class AppEngine(PostgresEngine):
    """Piccolo's engine with our transactions; opened by `procure.db.server.database`."""

    def __init__(self) -> None:
        """Make an engine that knows no server yet."""
        super().__init__(config={})
        self.login: dict[str, Any] = {}  # the owner's; empty where only the application's is known
        self.app_role = APP_ROLE

    async def check_version(self) -> None:
        """Do nothing: Piccolo would connect while modules are imported; `server` asks later."""

    def configure(
        self,
        owner: dict[str, Any] | None,
        app: dict[str, Any] | None = None,
        *,
        application: str = "procure",
    ) -> None:
        """Point the engine at a server, by asyncpg's arguments for the owner and the application.

        Without `app` it is derived from the owner's; without `owner` there are no migrations.
        """
        common = {"search_path": "public", "timezone": "UTC"}
        app = app or app_login(owner or {})
        self.app_role = user_of(app)
        # Settings of the start of the session, so that the pool's RESET ALL comes back to them.
        self.config = {
            **app,
            "connection_class": AppConnection,
            "server_settings": {**common, "application_name": application},
        }
        self.login = {
            **owner,
            "connection_class": AppConnection,
            "server_settings": {**common, "application_name": f"{application} owner"},
        } if owner else {}  # fmt: skip

    async def get_new_connection(self) -> AppConnection:
        """Connect as the application, outside of the pool."""
        if not self.config:
            raise TransactionError("No database is open: use `async with database():`.")
        return cast(AppConnection, await asyncpg.connect(**self.config))

    async def connect_as_owner(self, database: str | None = None) -> AppConnection:
        """Connect as the role that owns the tables: for migrations and administration only."""
        if not self.login:
            raise NoOwner("DATABASE_URL, the owner's login, is needed for this.")
        elsewhere = {"database": database} if database else {}
        return cast(AppConnection, await asyncpg.connect(**{**self.login, **elsewhere}))

    async def take(self) -> AppConnection:
        """Take a connection; DatabaseBusy if none comes free in time."""
        if self.pool is None:
            return await self.get_new_connection()
        try:
            return cast(AppConnection, await self.pool.acquire(timeout=ACQUIRE_SECONDS))
        except TimeoutError:
            raise DatabaseBusy("Every database connection is in use.") from None

    def transaction(
        self,
        allow_nested: bool = True,  # noqa: FBT001, FBT002 - Piccolo's signature
        *,
        isolation: Isolation | None = None,
        readonly: bool = False,
        on: AppConnection | None = None,
    ) -> Transaction:
        """Open a transaction; inside another one it joins that one."""
        return Transaction(self, allow_nested, isolation=isolation, readonly=readonly, on=on)

    def running(self) -> Transaction | None:
        """Find the transaction of this task; TransactionError if it is another task's."""
        running = cast("Transaction | None", self.current_transaction.get())
        if running is not None and running.task is not asyncio.current_task():
            raise TransactionError(
                "A query from another task than the one that opened the transaction: "
                "no gather, create_task or wait_for inside a transaction."
            )
        return running

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002
        """Run a query of Piccolo's."""
        self.running()
        return await super().run_querystring(querystring, in_pool)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002
        """Run one statement that defines something."""
        self.running()
        return await super().run_ddl(ddl, in_pool)

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:  # noqa: ANN401
        async with self.connection() as connection:
            return await connection.fetch(query, *(args or ()))

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AppConnection, None]:
        """Lend an asyncpg connection: the transaction's own, or one from the pool.

        For plain SQL with $1, for COPY and for cursors.
        """
        if running := self.running():
            yield running.connection
            return
        connection = await self.take()
        try:
            yield connection
        finally:
            back = self.pool.release(cast(Any, connection)) if self.pool else connection.close()
            await asyncio.shield(back)

    async def fetch_as(self, type_: type[T], sql: str, *args: object) -> list[T]:
        """Read rows into Structs, about three times as fast as by Piccolo; arguments are $1, $2."""
        async with self.connection() as connection:
            rows = await connection.fetch(sql, *args)
        return msgspec.convert([dict(row) for row in rows], list[type_])  # type: ignore[valid-type]


DB = AppEngine()


def transaction(*, isolation: Isolation | None = None, readonly: bool = False) -> Transaction:
    """Open a transaction on the one database; a nested one joins it."""
    return DB.transaction(isolation=isolation, readonly=readonly)


def connection() -> AbstractAsyncContextManager[AppConnection]:
    """Lend an asyncpg connection, the running transaction's where there is one: `async with`."""
    return DB.connection()


async def fetch_as(type_: type[T], sql: str, *args: object) -> list[T]:
    """Read rows into Structs, for lists that must be quick; arguments are $1, $2."""
    return await DB.fetch_as(type_, sql, *args)


def after_commit(hook: Hook) -> None:
    """Run `hook` once the running transaction has committed, and not if it has not."""
    if (running := DB.running()) is None:
        raise TransactionError("after_commit() needs a running transaction.")
    running.hooks.append(hook)


@asynccontextmanager
async def savepoint() -> AsyncGenerator[None, None]:
    """Mark a point inside the transaction: an error undoes what came after it, and goes on up.

    The only place where an error may be caught inside a transaction is around this.
    """
    if (running := DB.running()) is None:
        raise TransactionError("savepoint() needs a running transaction.")
    failure, hooks = running.failure, len(running.hooks)
    try:
        async with running.connection.transaction():
            yield
    except BaseException:
        running.failure = failure
        del running.hooks[hooks:]
        raise


async def serializable(work: Callable[[], Awaitable[T]], *, attempts: int = 5) -> T:
    """Run `work` in a serializable transaction, again if the database found a conflict.

    `work` must have no effect outside of the database: it may run several times.
    """
    for attempt in range(1, attempts + 1):
        try:
            async with DB.transaction(allow_nested=False, isolation="serializable"):
                return await work()
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            if attempt == attempts:
                raise
            await asyncio.sleep(0.01 * 2**attempt)
    raise AssertionError("attempts must be at least 1")
