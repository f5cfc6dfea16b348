"""Opening the database says plainly what stands in the way."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from procure.db import DB, server
from procure.db.embedded import EmbeddedServer
from procure.db.engine import NoOwner
from procure.db.logins import app_login
from procure.db.migrate import MigrationFailed, upgrade
from procure.db.roles import ensure_app_role
from procure.db.server import CannotOpen, database
from procure.settings import Settings, read


def url_of(login: dict[str, Any], name: str) -> str:
    if "dsn" in login:
        return str(login["dsn"])
    return (
        f"postgresql://{login['user']}:{quote(login['password'])}@/{name}"
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
    with pytest.raises(CannotOpen, match="Bring the database up to date first"):
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


async def test_the_application_can_serve_without_knowing_the_owner(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = EmbeddedServer(home)
    new.start()
    login = new.login()
    app_url = url_of({**login, "user": "web", "password": "its own"}, "postgres")

    def given(**urls: str) -> None:
        for module in ("server", "health"):
            monkeypatch.setattr(f"procure.db.{module}.settings", lambda: read(urls))

    given(DATABASE_APP_URL=app_url)
    with pytest.raises(CannotOpen, match="cannot be reached"):  # who is not there yet
        async with database(upgrade=True):
            pass
    given(DATABASE_APP_URL=app_url, DATABASE_URL=url_of(login, "postgres"))
    async with database(upgrade=True):
        pass
    given(DATABASE_APP_URL=app_url)
    async with database(upgrade=True) as db, db.connection() as connection:
        assert await connection.fetchval("SELECT session_user::text") == "web"
        assert await connection.fetchval("SELECT has_table_privilege('event', 'INSERT')") is False
        with pytest.raises(NoOwner):
            await db.connect_as_owner()
    new.release()


async def test_an_application_alone_does_not_migrate(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = EmbeddedServer(home)
    new.start()
    DB.configure({**new.login(), "database": "postgres"})
    owner = await DB.connect_as_owner()
    await ensure_app_role(owner)
    await owner.close()
    DB.configure(None, {**app_login(new.login()), "database": "postgres"})
    with pytest.raises(MigrationFailed, match="let its owner run `procure migrate`"):
        await upgrade()
    new.release()
