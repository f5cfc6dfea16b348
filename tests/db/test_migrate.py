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
from procure.db.engine import AppConnection, AppEngine
from procure.db.migrate import MigrationFailed, create_database, drop_database, upgrade
from procure.db.rights import ADDED_TO, EVERYTHING, RIGHTS, grant_rights
from procure.db.roles import NoLogin, ensure_app_role


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
    assert found is True
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
    with pytest.raises(NoLogin, match="CREATE ROLE procure_app LOGIN PASSWORD"):
        await ensure_app_role(plain)
    await admin.execute("ALTER ROLE plain CREATEROLE")
    await ensure_app_role(plain)
    await (await DB.get_new_connection()).close()
    await plain.close()
    await admin.close()
    new.release()


async def test_a_role_made_otherwise_gets_the_login_that_the_program_uses(home: Path) -> None:
    new = EmbeddedServer(home)
    new.start()
    DB.configure({**new.login(), "database": "postgres"})
    owner = await DB.connect_as_owner()
    await owner.execute("CREATE ROLE procure_app LOGIN PASSWORD 'another'")
    await ensure_app_role(owner)
    app = await DB.get_new_connection()
    assert await app.fetchval("SELECT session_user::text") == "procure_app"
    await app.close()
    # Nobody's login is taken over who is more than the application.
    DB.configure(new.login(), {**new.login(), "password": "wrong", "database": "postgres"})
    with pytest.raises(NoLogin, match="could change every record"):
        await ensure_app_role(owner)
    await owner.close()
    new.release()


@pytest.mark.parametrize(
    "statement",
    ["RESET ROLE", "SET ROLE NONE", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL"],
)
async def test_no_statement_leads_back_to_the_owner(db: AppEngine, statement: str) -> None:
    async with connection() as lent:
        await lent.execute(statement)
        who = await lent.fetchrow(
            "SELECT current_user::text, session_user::text, current_setting('is_superuser')"
        )
        assert tuple(who or ()) == ("procure_app", "procure_app", "off")
        for role in await lent.fetch("SELECT rolname FROM pg_roles WHERE rolname <> session_user"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await lent.execute(f'SET ROLE "{role["rolname"]}"')


async def test_the_application_may_do_what_each_table_allows(owner: AppConnection) -> None:
    tables = await owner.fetch("SELECT relname::text FROM pg_class WHERE relkind = 'r' "
                               "AND relnamespace = 'public'::regnamespace")  # fmt: skip
    for (table,) in tables:
        rights = RIGHTS.get(table, ADDED_TO)
        wanted = {
            "INSERT": rights.insert,
            "DELETE": rights.delete,
            "UPDATE": rights.change == EVERYTHING,
            **dict.fromkeys(("TRUNCATE", "REFERENCES", "TRIGGER"), False),
        }
        for right, is_given in wanted.items():
            may = "SELECT has_table_privilege('procure_app', $1, $2)"
            assert await owner.fetchval(may, f'"{table}"', right) is is_given, (table, right)
        columns = await owner.fetch(
            "SELECT attname::text, has_column_privilege('procure_app', attrelid, attnum, 'UPDATE') "
            "FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 "
            "AND NOT attisdropped",
            f'"{table}"',
        )
        given = {name for name, is_given in columns if is_given}
        all_of_them = {name for name, _ in columns}
        wanted_columns = all_of_them & set(rights.change)
        assert given == (all_of_them if rights.change == EVERYTHING else wanted_columns), table


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
        "CREATE TEMPORARY TABLE mine ()",
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
        await grant_rights(owner, "procure_app")
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
