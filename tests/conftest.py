"""A real PostgreSQL for every test: one template a code state, one copy a worker, empty each time.

The cluster stays between runs and is shared by runs at the same time, because making it takes a
second and copying a database a tenth of one; it stops with the last run. With DATABASE_URL, whose
role must then be a superuser, the databases are made there.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio

from procure.db import migrate, rights
from procure.db.embedded import EmbeddedServer, ServerFailed, wheel_folder
from procure.db.engine import DB, AppConnection, AppEngine
from procure.db.server import close_pool
from procure.settings import settings

PREFIX = "test_"

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("procure", deadline=None)
hypothesis.settings.load_profile("procure")

# Files and keys of tests stay out of the program's own folder; read before any settings are.
os.environ.setdefault("PROCURE_HOME", tempfile.mkdtemp(prefix="procure-test-home-"))
JOURNEYS = "tests/journeys/"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the journeys in one worker, which plays the demo for all of them, and begin with them.

    Otherwise each worker would play it, and the last files to be given out are the smallest ones,
    so that a minute of playing would come when the other worker has nothing left to do.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class JourneysTogether(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return JOURNEYS if nodeid.startswith(JOURNEYS) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # the order is that of the items, below
    return JourneysTogether(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: the journeys first, then the files with the most tests."""
    if not hasattr(config, "workerinput"):
        return
    files = [item.nodeid.partition("::")[0] for item in items]
    count = Counter(files)
    place = {name: n for n, name in enumerate(dict.fromkeys(files))}
    items.sort(
        key=lambda item: (
            not item.nodeid.startswith(JOURNEYS),
            -count[name := item.nodeid.partition("::")[0]],
            place[name],
        )
    )


async def prepare_template(connection: AppConnection) -> None:
    """Mark the migrated template, as its owner, before it is copied: the place for reference rows.

    Rows that are there at the end of this are there again at the start of each test. It is a demo,
    so that tests can move its clock (`tests.builders.identity.set_clock`).
    """
    await connection.execute(
        "INSERT INTO installation (id, is_demo, created_at) VALUES (1, true, now())"
    )


def pytest_unconfigure() -> None:
    """Remove what the tests wrote."""
    home = os.environ["PROCURE_HOME"]
    if Path(home).name.startswith("procure-test-home-"):
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, Any]]:
    """Run the server for this session, and give asyncpg's arguments to log in as its owner."""
    if url := settings().database_url:
        yield {"dsn": url}
        return
    # Of this user, and of these binaries: a server cannot outlive the folder it was started from.
    digest = hashlib.sha256(str(wheel_folder()).encode()).hexdigest()[:8]
    home = Path(tempfile.gettempdir()) / f"procure-tests-{os.geteuid()}-{digest}"
    embedded = EmbeddedServer(home, {"max_connections": "300"})
    try:
        embedded.start()
    except ServerFailed:
        shutil.rmtree(embedded.base)  # something has cleaned the temporary folder by half
        embedded = EmbeddedServer(home, {"max_connections": "300"})
        embedded.start()
    yield embedded.login()
    embedded.release()


@pytest.fixture(scope="session")
def database(server: dict[str, Any], worker_id: str) -> Iterator[str]:
    """Make this worker's database, a copy of the migrated template; drop it at the end."""
    name = f"{PREFIX}{worker_id}_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    DB.configure({**server, "database": name}, application="procure tests")
    template = template_name()
    with locked():
        asyncio.run(make_template(server, template))
        DB.configure({**server, "database": name}, application="procure tests")
        asyncio.run(migrate.create_database(name, template))
    yield name
    DB.configure({**server, "database": name})  # a test may have opened another one
    asyncio.run(migrate.drop_database(name))


@pytest_asyncio.fixture
async def db(server: dict[str, Any], database: str) -> AsyncIterator[AppEngine]:
    """Open the database for one test, on its loop; afterwards nothing is left, and nothing open."""
    # Each time anew, because a test may have opened another one.
    DB.configure({**server, "database": database}, application="procure tests")
    await DB.start_connection_pool(min_size=1, max_size=5)
    pool = DB.pool
    assert pool is not None
    yield DB
    try:
        assert pool.get_idle_size() == pool.get_size(), "the test has kept a database connection"
        async with DB.connection() as connection:
            await connection.execute("SELECT test_support.reset()")
    finally:
        await close_pool()


@pytest_asyncio.fixture
async def owner(db: AppEngine) -> AsyncIterator[AppConnection]:
    """Log in as the role that owns the tables, to do what the application must not."""
    connection = await db.connect_as_owner()
    yield connection
    await connection.close()


def template_name() -> str:
    """Name the template after everything that it is made from."""
    sources = (Path(__file__), Path(migrate.__file__), Path(rights.__file__))
    state = migrate.fingerprint() + "".join(source.read_text() for source in sources)
    return f"{PREFIX}template_{hashlib.sha256(state.encode()).hexdigest()[:12]}"


async def make_template(server: dict[str, Any], name: str) -> None:
    """Make the template if there is none, and remove those of earlier code states."""
    DB.configure({**server, "database": name}, application="procure tests")
    admin = await DB.connect_as_owner(migrate.ADMIN_DATABASE)
    try:
        found = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
        if name in found:
            return
        for old in await stale(admin, found):
            await migrate.drop_database(old)
        half = f"{name}_half"
        await migrate.drop_database(half)
        await migrate.create_database(half)
        DB.configure({**server, "database": half}, application="procure tests")
        await migrate.upgrade()
        connection = await DB.connect_as_owner()
        try:
            await prepare_template(connection)
            await add_reset(connection)
        finally:
            await connection.close()
        await admin.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
    finally:
        await admin.close()


async def stale(admin: AppConnection, found: set[str]) -> list[str]:
    """List databases of runs that have ended, and all but the newest templates."""
    gone = []
    for name in found:
        parts = name.removeprefix(PREFIX).split("_")
        of_a_run = name.startswith(PREFIX) and len(parts) == 3 and parts[0] != "template"
        if of_a_run and not Path(f"/proc/{parts[1]}").exists():
            gone.append(name)
    templates = await admin.fetch(
        "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY oid DESC OFFSET 3",
        f"{PREFIX}template_",
    )
    return gone + [row["datname"] for row in templates]


async def add_reset(connection: AppConnection) -> None:
    """Add a function that brings every table and sequence back to what it is now.

    DELETE where rows are, because TRUNCATE of all tables takes a second; without triggers, which
    forbid it for the append-only tables; in one call, because each test pays for it.
    """
    await connection.execute("CREATE SCHEMA test_support")
    tables = await connection.fetch(
        "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname <> 'migration' "
        "AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    steps = []
    for (name,) in tables:
        put_back = ""
        if await connection.fetchval(f'SELECT EXISTS (SELECT FROM public."{name}")'):
            await connection.execute(f'CREATE TABLE test_support."{name}" AS TABLE public."{name}"')
            columns = await connection.fetchval(
                "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attnum > 0 "
                "AND attrelid = $1::text::regclass AND NOT attisdropped AND attgenerated = ''",
                f'public."{name}"',
            )
            put_back = (
                f'INSERT INTO public."{name}" ({columns}) OVERRIDING SYSTEM VALUE '
                f'SELECT {columns} FROM test_support."{name}";'
            )
        steps.append(
            f'IF EXISTS (SELECT FROM public."{name}") THEN '
            f'DELETE FROM public."{name}"; {put_back} END IF;'
            if not put_back
            else f'DELETE FROM public."{name}"; {put_back}'
        )
    for name, value in await connection.fetch(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
    ):
        target = f"'public.\"{name}\"'"
        restart = f"{target}, {value or 1}, {'true' if value else 'false'}"
        steps.append(
            f"IF (SELECT (last_value, is_called) IS DISTINCT FROM "
            f'({value or 1}::bigint, {"true" if value else "false"}) FROM public."{name}") '
            f"THEN PERFORM setval({restart}); END IF;"
        )
    body = "\n".join(steps)
    await connection.execute(
        f"CREATE FUNCTION test_support.reset() RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp SET session_replication_role = replica "
        f"AS $reset$ BEGIN {body} END $reset$; "
        f"GRANT USAGE ON SCHEMA test_support TO PUBLIC"
    )


@contextmanager
def locked() -> Iterator[None]:
    """Let one worker, of all runs on this machine, make or copy a template at a time."""
    path = Path(tempfile.gettempdir()) / f"procure-tests-{os.geteuid()}.lock"
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
