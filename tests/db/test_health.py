"""Promise F-4: the program does not start on an unsafe database, and names the setting."""

import asyncpg
import msgspec
import pytest

from procure.db import embedded, engine
from procure.db.embedded import EmbeddedServer
from procure.db.health import SAFE, Login, State, UnsafeDatabase, dangers
from procure.db.server import database
from procure.settings import Settings

GOOD = State(dict.fromkeys(SAFE, "on"), Login("procure_app"))


async def start() -> None:
    async with database(upgrade=True):
        pass


async def test_a_safe_database_is_opened(embedded_settings: Settings) -> None:
    await start()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_an_unsafe_setting_is_refused(
    name: str, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(embedded.SETTINGS, name, "off")
    with pytest.raises(UnsafeDatabase, match=f"{name} is off"):
        await start()


async def test_missing_checksums_are_refused_unless_accepted(
    embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start()
    server = EmbeddedServer(embedded_settings.home / "database")
    assert server._run("pg_checksums", "--disable", "-D", str(server.data)) == 0
    try:
        with pytest.raises(UnsafeDatabase, match="data_checksums is off"):
            await start()
        accepting = msgspec.structs.replace(embedded_settings, accept=frozenset({"checksums"}))
        monkeypatch.setattr("procure.db.health.settings", lambda: accepting)
        await start()
    finally:
        assert server._run("pg_checksums", "--enable", "-D", str(server.data)) == 0


async def log_in_as(
    role: str, made: str, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make a role, say of it what `made` says, and open the database as that role."""
    async with database(upgrade=True) as db:
        login = db.login
        owner = await db.connect_as_owner()
        await owner.execute(
            f"DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD 'x'; "
            f"EXCEPTION WHEN duplicate_object THEN NULL; END $$; {made}"
        )
        await owner.close()
        app = {**{name: login[name] for name in ("host", "port", "database")}, "user": role}
    monkeypatch.setattr(engine, "app_login", lambda _: {**app, "password": "x"})
    async with database():
        pass


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("ALTER ROLE keeper SUPERUSER", "who is a superuser"),
        ("ALTER ROLE keeper CREATEROLE", "who has CREATEROLE"),
        ("ALTER TABLE migration OWNER TO keeper", r"who owns tables \(migration\)"),
        ("GRANT procure TO keeper", "who may become procure"),
        ("GRANT pg_write_all_data TO keeper", "who may become pg_write_all_data"),
        ("GRANT TEMPORARY ON DATABASE procure TO keeper", "who may make tables"),
    ],
)
async def test_a_login_that_could_undo_the_guards_is_refused(
    made: str, said: str, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        with pytest.raises(UnsafeDatabase, match=f"logs in as keeper, {said}"):
            await log_in_as("keeper", made, embedded_settings, monkeypatch)
    finally:
        monkeypatch.undo()
        embedded_server = EmbeddedServer(embedded_settings.home / "database")
        embedded_server.start()
        owner = await asyncpg.connect(**embedded_server.login(), database="procure")
        await owner.execute(
            "REASSIGN OWNED BY keeper TO procure; DROP OWNED BY keeper; DROP ROLE keeper"
        )
        await owner.close()
        embedded_server.release()


def test_every_danger_is_named_at_once() -> None:
    login = Login("x", is_superuser=True, owned_tables=["event"], makes_tables=True, becomes=["y"])
    assert len(dangers(State(dict.fromkeys(SAFE, "off"), login))) == 8
    assert dangers(GOOD) == []
