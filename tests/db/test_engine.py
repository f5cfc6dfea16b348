"""Transactions end as they say, and give their connection back."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec
import pytest
from piccolo.columns import Integer
from piccolo.engine.exceptions import TransactionError
from piccolo.table import Table

from procure.db import (
    DB,
    DatabaseBusy,
    after_commit,
    connection,
    engine,
    fetch_as,
    savepoint,
    serializable,
    transaction,
)
from procure.db.engine import AppEngine, Transaction

pytestmark = pytest.mark.usefixtures("notes")


class Note(Table, db=DB, tablename="note"):
    """The table that the fixture makes."""

    id = Integer(primary_key=True, default=None, null=False)
    other = Integer(default=None, null=True)


async def write(number: int, other: int | None = None) -> None:
    await Note.insert(Note(id=number, other=other))


async def kept() -> list[int]:
    return sorted(await Note.select(Note.id).output(as_list=True))


def is_whole(db: AppEngine) -> bool:
    assert db.pool is not None
    return db.pool.get_idle_size() == db.pool.get_size() and db.running() is None


async def test_a_commit_that_fails_gives_the_connection_back(db: AppEngine) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with transaction():
            await write(1, other=99)
    assert is_whole(db)
    assert await kept() == []


async def test_a_connection_that_dies_is_given_back(db: AppEngine) -> None:
    async def die() -> None:
        async with transaction(), connection() as lent:
            await write(1)
            lent.terminate()
            await write(2)

    with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresError)):
        await die()
    assert is_whole(db)
    assert await kept() == []


async def test_a_cancelled_task_gives_the_connection_back(db: AppEngine) -> None:
    async def hang() -> None:
        async with transaction():
            await write(1)
            await asyncio.sleep(60)

    task = asyncio.create_task(hang())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_whole(db)
    assert await kept() == []


async def test_a_connection_whose_rollback_was_cut_short_is_not_used_again(
    db: AppEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    async def cut_short(self: Transaction) -> None:
        raise asyncio.CancelledError

    async def fail() -> None:
        async with transaction() as running:
            used.append(running.connection._con)  # type: ignore[attr-defined]
            raise ZeroDivisionError

    monkeypatch.setattr(Transaction, "rollback", cut_short)
    with pytest.raises(asyncio.CancelledError):
        await fail()
    assert used[0].is_closed()
    assert is_whole(db)


async def test_a_query_of_another_task_is_refused() -> None:
    async with transaction():
        await write(1)
        with pytest.raises(TransactionError, match="another task"):
            await asyncio.create_task(write(2))
    assert await kept() == [1]


async def test_another_task_may_open_its_own_transaction() -> None:
    async def apart() -> None:
        async with transaction():
            await write(2)

    async def fail_after() -> None:
        async with transaction():
            await write(1)
            await asyncio.create_task(apart())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after()
    assert await kept() == [2]


async def fail_inside() -> None:
    async with transaction():
        await write(2)
        raise ZeroDivisionError


async def test_half_of_the_work_is_not_kept_when_a_nested_error_is_caught() -> None:
    async def catch() -> None:
        async with transaction():
            await write(1)
            with suppress(ZeroDivisionError):
                await fail_inside()

    with pytest.raises(TransactionError, match="nested transaction failed"):
        await catch()
    assert await kept() == []


async def test_a_commit_of_nothing_is_not_taken_for_success(db: AppEngine) -> None:
    async def catch() -> None:
        async with transaction():
            await write(1)
            with suppress(asyncpg.UniqueViolationError):
                await write(1)

    with pytest.raises(TransactionError, match="Nothing was committed"):
        await catch()
    assert is_whole(db)


async def test_a_savepoint_undoes_what_came_after_it_and_no_more() -> None:
    ran = []

    async def hook() -> None:
        ran.append("hook")

    async def fail() -> None:
        async with savepoint():
            after_commit(hook)
            await fail_inside()

    async with transaction():
        await write(1)
        with pytest.raises(ZeroDivisionError):
            await fail()
        await write(3)
    assert await kept() == [1, 3]
    assert ran == []


async def test_hooks_run_after_the_commit_and_may_fail() -> None:
    seen = []

    async def look() -> None:
        async with transaction():  # its own, for the one that called it is over
            seen.append(await kept())

    async def fail() -> None:
        raise ZeroDivisionError

    async with transaction():
        after_commit(fail)
        after_commit(look)
        await write(1)
        assert seen == []
    assert seen == [[1]]


async def test_hooks_do_not_run_after_a_rollback() -> None:
    ran = []

    async def hook() -> None:
        ran.append("hook")

    async def fail() -> None:
        async with transaction():
            after_commit(hook)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert ran == []


async def test_hooks_and_savepoints_need_a_transaction() -> None:
    async def hook() -> None:
        raise AssertionError

    with pytest.raises(TransactionError):
        after_commit(hook)
    with pytest.raises(TransactionError):
        async with savepoint():
            pass


async def test_a_nested_transaction_cannot_ask_for_more_isolation() -> None:
    async with transaction():
        with pytest.raises(TransactionError, match="serializable"):
            transaction(isolation="serializable")


async def test_serializable_work_is_done_again_after_a_conflict() -> None:
    await write(1)
    both = asyncio.Barrier(2)
    tries = []

    async def add(number: int) -> None:
        tries.append(number)
        total = sum(await kept())
        if len(tries) <= 2:
            await both.wait()  # both have read before either writes
        await write(total * 10 + number)

    await asyncio.gather(serializable(lambda: add(1)), serializable(lambda: add(2)))
    assert len(tries) == 3
    first, second = (await kept())[1:]
    assert first in {11, 12}
    assert second // 10 == first + 1


async def test_every_connection_is_the_applications_and_stays_it(db: AppEngine) -> None:
    assert db.pool is not None
    for _ in range(2):
        async with connection() as lent:
            assert await lent.fetchval("SELECT current_user::text") == "procure_app"
            assert await lent.fetchval("SHOW timezone") == "UTC"
            assert await lent.fetchval("SHOW search_path") == "public"
            await lent.execute("SET timezone = 'Europe/Tallinn'")


async def test_who_finds_no_connection_is_told_to_try_again(
    db: AppEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ACQUIRE_SECONDS", 0.05)
    assert db.pool is not None
    held = [await db.pool.acquire() for _ in range(db.pool.get_max_size())]
    async with asyncio.timeout(1):
        with pytest.raises(DatabaseBusy):
            await kept()
        with pytest.raises(DatabaseBusy):
            async with transaction():
                pass
    for lent in held:
        await db.pool.release(lent)
    assert await kept() == []


class Line(msgspec.Struct, frozen=True):
    """A row as it is read."""

    id: UUID
    amount: Decimal


async def test_rows_are_read_into_structs() -> None:
    one = UUID(int=1)
    found = await fetch_as(
        Line, "SELECT $1::uuid AS id, $2::numeric AS amount", one, Decimal("1.10")
    )
    assert found == [Line(one, Decimal("1.10"))]
