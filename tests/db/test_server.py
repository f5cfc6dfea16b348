"""Opening the database says plainly what stands in the way."""

import asyncio
from typing import Any

import msgspec
import pytest

from procure.db import DB, server
from procure.db.server import CannotOpen, database
from procure.settings import Settings, read


def url_of(login: dict[str, Any], name: str) -> str:
    if "dsn" in login:
        return str(login["dsn"])
    return (
        f"postgresql://{login['user']}:{login['password']}@/{name}"
        f"?host={login['host']}&port={login['port']}"
    )


@pytest.fixture
def external(server: dict[str, Any], database: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Let `database()` open this worker's database as if it were somebody's server."""
    chosen = read({"DATABASE_URL": url_of(server, database)})
    monkeypatch.setattr("procure.db.server.settings", lambda: chosen)
    monkeypatch.setattr("procure.db.health.settings", lambda: chosen)
    return chosen


async def test_a_server_of_ones_own_is_used(external: Settings) -> None:
    async with database() as db, db.connection() as connection:
        assert await connection.fetchval("SELECT current_user::text") == "procure_app"
    assert DB.pool is None


async def test_an_old_server_is_refused(
    external: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "OLDEST", 99)
    with pytest.raises(CannotOpen, match="PostgreSQL 99 or later is needed"):
        async with database():
            pass


async def test_a_server_that_is_not_there_is_named(
    external: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = msgspec.structs.replace(external, database_url="postgresql://a:b@127.0.0.1:1/x")
    monkeypatch.setattr("procure.db.server.settings", lambda: nowhere)
    with pytest.raises(CannotOpen, match="cannot be reached"):
        async with database():
            pass


async def test_a_database_without_schema_asks_for_it(embedded_settings: Settings) -> None:
    with pytest.raises(CannotOpen, match="bring it up to date first"):
        async with database():
            pass


async def test_a_connection_that_hangs_does_not_keep_the_program_from_ending(
    external: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CLOSE_SECONDS", 0.1)
    async with asyncio.timeout(5), database() as db:
        assert db.pool is not None
        await db.pool.acquire()
    assert DB.pool is None
