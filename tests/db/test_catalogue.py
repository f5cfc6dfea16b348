"""The database's own catalogue says what the guards rest on, and says the same as the code."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.db.engine import AppConnection, AppEngine
from procure.db.make_migration import app_config
from procure.db.moves import lives

PINNED = "search_path=pg_catalog, public, pg_temp"


async def loose_functions(owner: AppConnection) -> list[str]:
    """List our functions for which a temporary table of the same name could be read."""
    rows = await owner.fetch(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang "
        "WHERE p.pronamespace = 'public'::regnamespace AND l.lanname IN ('sql', 'plpgsql') "
        "AND NOT coalesce(p.proconfig, '{}') @> ARRAY[$1] ORDER BY 1",
        PINNED,
    )
    return [name for (name,) in rows]


async def test_every_function_looks_for_temporary_tables_last(owner: AppConnection) -> None:
    assert await loose_functions(owner) == []


@pytest.mark.parametrize("path", ["", "SET search_path = pg_catalog, public"])
async def test_a_function_with_another_path_would_be_found(owner: AppConnection, path: str) -> None:
    await owner.execute(
        f"CREATE FUNCTION loose() RETURNS int LANGUAGE sql {path} AS $$ SELECT 1 $$"
    )
    try:
        assert await loose_functions(owner) == ["loose()"]
    finally:
        await owner.execute("DROP FUNCTION loose()")


async def test_nobody_but_the_owner_makes_tables(db: AppEngine, owner: AppConnection) -> None:
    for right, thing in (("TEMPORARY", "database"), ("CREATE", "database"), ("CREATE", "schema")):
        name = "public" if thing == "schema" else await owner.fetchval("SELECT current_database()")
        may = f"SELECT has_{thing}_privilege('procure_app', $1, $2)"
        assert not await owner.fetchval(may, name, right), (right, thing)
    async with connection() as lent:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await lent.execute("CREATE TEMPORARY TABLE installation (id int)")


async def test_a_temporary_table_does_not_stand_in_for_ours(
    db: AppEngine, owner: AppConnection
) -> None:
    """Even where somebody gave the right to make one."""
    name = await owner.fetchval("SELECT quote_ident(current_database())")
    await owner.execute(f"GRANT TEMPORARY ON DATABASE {name} TO procure_app")
    lent = await db.get_new_connection()
    try:
        await lent.execute(
            "CREATE TEMPORARY TABLE installation AS SELECT 1 AS id, true AS is_demo, "
            "timestamptz '2001-01-01' AS clock_at, clock_timestamp() AS clock_set_at;"
            "CREATE TEMPORARY TABLE event_head AS SELECT 1 AS id, 900::bigint AS seq, "
            "repeat('f', 64) AS sha256; GRANT ALL ON event_head TO PUBLIC"
        )
        now = await lent.fetchval("SELECT app_now()")
        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
        number = await lent.fetchval(
            "SELECT record_event($1, 'x:y', $2, NULL, NULL, now(), '{}')", uuid4(), uuid4()
        )
        async with transaction():
            assert number == (await audit.chain_head()).seq < 900
    finally:
        await lent.close()
        await owner.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM procure_app")


async def test_states_move_by_the_same_table_everywhere(owner: AppConnection) -> None:
    rows = await owner.fetch(
        "SELECT tgrelid::regclass::text AS on_table, tgname, pg_get_triggerdef(oid) AS text "
        "FROM pg_trigger WHERE tgname IN ('state_begins', 'state_moves') AND tgenabled = 'O'"
    )
    found = {
        (row["on_table"], row["tgname"]): re.findall(r"'([\w-]+)'", row["text"]) for row in rows
    }
    known = lives(app_config().table_classes)
    assert len(known) >= 16
    for life in known:
        moves = {(str(a), str(b)) for (a, _), b in life.machine.moves.items() if a != b}
        said = found.pop((life.table, "state_moves"))
        assert set(zip(said[::2], said[1::2], strict=True)) == moves, life.table
        begins = found.pop((life.table, "state_begins"))
        assert set(begins) == set(life.machine.starts), life.table
    assert found == {}


async def test_a_table_with_states_has_a_life(owner: AppConnection) -> None:
    rows = await owner.fetch(
        "SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
        "WHERE attname = 'state' AND c.relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    counted = {"request_count"}  # of how many rows there are in each state
    assert {name for (name,) in rows} - counted == {
        life.table for life in lives(app_config().table_classes)
    }
