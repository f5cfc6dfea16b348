"""Promise F-4: the program does not start on an unsafe database, and names the setting."""

import msgspec
import pytest

from procure.db import embedded, engine
from procure.db.embedded import EmbeddedServer
from procure.db.health import SAFE, State, UnsafeDatabase, dangers
from procure.db.server import database
from procure.settings import Settings

GOOD = State(dict.fromkeys(SAFE, "on"), "procure_app", is_superuser=False, owned_tables=[])


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


async def test_a_superuser_is_refused(
    embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start()
    monkeypatch.setattr(engine, "APP_ROLE", embedded.OWNER)
    with pytest.raises(UnsafeDatabase, match="role procure is a superuser"):
        async with database():
            pass


async def test_an_owner_of_tables_is_refused(
    embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database(upgrade=True) as db:
        owner = await db.connect_as_owner()
        await owner.execute("CREATE ROLE keeper; ALTER TABLE migration OWNER TO keeper")
        await owner.close()
    monkeypatch.setattr(engine, "APP_ROLE", "keeper")
    with pytest.raises(UnsafeDatabase, match=r"role keeper owns tables \(migration\)"):
        async with database():
            pass


def test_every_danger_is_named_at_once() -> None:
    bad = State(dict.fromkeys(SAFE, "off"), "app", is_superuser=True, owned_tables=["event"])
    assert len(dangers(bad)) == 6
    assert dangers(GOOD) == []
