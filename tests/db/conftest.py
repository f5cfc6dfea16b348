"""Servers and tables of their own for the tests of the database layer."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from procure.db.embedded import EmbeddedServer
from procure.db.engine import AppConnection
from procure.settings import Settings, read


@pytest.fixture
def home() -> Iterator[Path]:
    """Lend a folder that every user can reach, unlike pytest's own when root runs it."""
    folder = Path(tempfile.mkdtemp(prefix="procure-home-"))
    folder.chmod(0o711)
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def lasting_home() -> Iterator[Path]:
    """Lend one folder to all tests of a module, since making a cluster takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="procure-home-"))
    folder.chmod(0o711)
    yield folder
    remove(folder)


def remove(folder: Path) -> None:
    """Stop what runs there and remove it."""
    for made in (folder, folder / "database"):
        if (made / "ctl.lock").exists():
            EmbeddedServer(made).stop()
    shutil.rmtree(folder)


@pytest.fixture
def embedded_settings(lasting_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Let `database()` open the embedded server of the lasting home."""
    chosen = read({"PROCURE_HOME": str(lasting_home)})
    monkeypatch.setattr("procure.db.server.settings", lambda: chosen)
    monkeypatch.setattr("procure.db.health.settings", lambda: chosen)
    return chosen


@pytest_asyncio.fixture
async def notes(owner: AppConnection) -> AsyncIterator[None]:
    """Make a table whose foreign key is checked at COMMIT, so that COMMIT can fail."""
    await owner.execute(
        "CREATE TABLE note (id int PRIMARY KEY, "
        "other int REFERENCES note DEFERRABLE INITIALLY DEFERRED);"
        "GRANT ALL ON note TO procure_app"
    )
    yield
    await owner.execute("DROP TABLE note")
