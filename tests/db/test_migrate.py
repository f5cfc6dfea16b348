"""The schema comes up to date wholly or not at all, and the rights with it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from procure.db import DB, connection
from procure.db.embedded import EmbeddedServer
from procure.db.engine import AppConnection
from procure.db.migrate import (
    APPEND_ONLY,
    MigrationFailed,
    create_database,
    drop_database,
    ensure_app_role,
    grant_rights,
    upgrade,
)


@pytest_asyncio.fixture
async def empty(server: dict[str, Any], database: str) -> AsyncIterator[str]:
    """Point the engine at a new database without a schema."""
    name = f"{database}_empty"
    DB.configure({**server, "database": name})
    await create_database(name)
    yield name
    await drop_database(name)


async def test_upgrading_again_changes_nothing(empty: str) -> None:
    assert len(await upgrade()) == 2
    assert await upgrade() == []


async def test_of_two_migrators_one_waits_and_finds_nothing_to_do(empty: str) -> None:
    done = await asyncio.gather(upgrade(), upgrade())
    assert sorted(len(ids) for ids in done) == [0, 2]


async def test_a_failure_at_the_end_leaves_nothing_behind(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade()
    await drop_database(empty)
    await create_database(empty)
    (tmp_path / "99_wrong.sql").write_text("CREATE TABLE fine (); SELECT nonsense;")
    monkeypatch.setattr(sys.modules["procure_2_guards"], "SQL", tmp_path)
    with pytest.raises(asyncpg.UndefinedColumnError) as error:
        await upgrade()
    assert "99_wrong.sql" in error.value.__notes__[0]
    owner = await DB.connect_as_owner()
    count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert await owner.fetchval(count) == 0
    await owner.close()


async def test_a_database_of_another_draft_is_refused(empty: str) -> None:
    await upgrade()
    owner = await DB.connect_as_owner()
    await owner.execute("COMMENT ON TABLE migration IS 'another'")
    await owner.close()
    with pytest.raises(MigrationFailed, match="another draft"):
        await upgrade()


async def test_migrators_of_two_databases_can_both_make_the_role(home: Path) -> None:
    new = EmbeddedServer(home)
    new.start()
    DB.configure({**new.login(), "database": "postgres"})
    owners = [await DB.connect_as_owner() for _ in range(6)]
    await asyncio.gather(*map(ensure_app_role, owners))
    found = await owners[0].fetchval(
        "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'procure_app'"
    )
    assert found is False
    for owner in owners:
        await owner.close()
    new.release()


async def test_an_owner_who_may_not_make_roles_is_told_what_to_ask_for(home: Path) -> None:
    new = EmbeddedServer(home)
    new.start()
    DB.configure({**new.login(), "database": "postgres"})
    admin = await DB.connect_as_owner()
    await admin.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
    plain = await asyncpg.connect(
        **{**DB.login, "user": "plain", "password": "plain", "database": "postgres"}
    )
    with pytest.raises(MigrationFailed, match="GRANT procure_app TO plain"):
        await ensure_app_role(plain)
    # From 16 on, the maker of a role is a member who may not become it: this must be mended.
    await admin.execute("ALTER ROLE plain CREATEROLE")
    await ensure_app_role(plain)
    await plain.execute("SET ROLE procure_app")
    await plain.close()
    await admin.close()
    new.release()


@pytest.mark.parametrize(
    "right", ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
)
async def test_the_application_may_do_what_each_table_allows(
    owner: AppConnection, right: str
) -> None:
    tables = await owner.fetch("SELECT relname::text FROM pg_class WHERE relkind = 'r' "
                               "AND relnamespace = 'public'::regnamespace")  # fmt: skip
    for (table,) in tables:
        wanted = right in APPEND_ONLY.get(table, {"INSERT", "UPDATE", "DELETE"})
        may = "SELECT has_table_privilege('procure_app', $1, $2)"
        assert await owner.fetchval(may, f'"{table}"', right) is wanted, table


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {} SELECT * FROM {}",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "DROP TABLE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} ADD COLUMN more int",
        "COPY {} FROM STDIN",
        "SET session_replication_role = replica",
        "CREATE TABLE mine ()",
    ],
)
async def test_the_application_cannot_touch_the_record(
    owner: AppConnection, statement: str
) -> None:
    for table in ("event", "migration"):
        async with connection() as lent:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await lent.execute(statement.replace("{}", table))


async def test_the_application_cannot_write_through_a_view(owner: AppConnection) -> None:
    await owner.execute("CREATE VIEW way_round AS SELECT * FROM event")
    try:
        await grant_rights(owner)
        async with connection() as lent:
            await lent.fetch("SELECT * FROM way_round")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await lent.execute("DELETE FROM way_round")
    finally:
        await owner.execute("DROP VIEW way_round")


async def test_a_database_can_be_copied_and_dropped_twice(
    database: str, server: dict[str, Any]
) -> None:
    DB.configure({**server, "database": database})
    await create_database(f"{database}_copy", template=None)
    with pytest.raises(asyncpg.DuplicateDatabaseError):
        await create_database(f"{database}_copy")
    await drop_database(f"{database}_copy")
    await drop_database(f"{database}_copy")
