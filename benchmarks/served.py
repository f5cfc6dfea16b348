"""The application under its real server, on a database of its own, with floor routes beside it.

A floor does the least that could be done under the same server and database: one asyncpg statement.
"""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

HOME = tempfile.mkdtemp(prefix="procure-bench-")
os.chmod(HOME, 0o755)
os.environ["PROCURE_HOME"] = HOME  # before anything of procure reads its settings


@contextmanager
def served(prepare: Callable[[], Awaitable[T]]) -> Generator[tuple[int, T], None, None]:
    """Prepare a database, serve it with one worker, and yield (port, what `prepare` returned)."""
    from procure.db.server import database
    from procure.identity import service as identity
    from tests.builders.identity import NOW

    async def make() -> T:
        async with database(application="benchmark", upgrade=True):
            await identity.install(is_demo=True, now=NOW)
            return await prepare()

    async def run() -> T:
        return await make()

    port = _free_port()
    # The database stays up between the two: the server process takes it over.
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env={**os.environ}
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        prepared = asyncio.run(run())
        web = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "granian",
                "--interface",
                "asgi",
                "--factory",
                "--workers",
                "1",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--no-access-log",
                "benchmarks.app:app",
            ],
            env={**os.environ, "PROCURE_PORT": str(port)},
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait(port)
            yield port, prepared
        finally:
            web.terminate()
            web.wait(20)
    finally:
        holder.terminate()
        holder.wait(20)
        shutil.rmtree(HOME, ignore_errors=True)


HOLD = """
import signal, time
from pathlib import Path
from procure.db.embedded import EmbeddedServer
from procure.settings import settings
server = EmbeddedServer(settings().home / "database"); server.start(); print("up", flush=True)
signal.signal(signal.SIGTERM, lambda *_: (server.release(), exit(0)))
while True: time.sleep(1)
"""


async def token_of(actor: object) -> str:
    """Make an API token for an actor of the builders."""
    from procure.db import DB
    from procure.kernel.canonical import sha256_hex

    token = secrets.token_urlsafe(32)
    async with DB.connection() as c:
        await c.execute(
            "INSERT INTO api_token (id, token_sha256, person, org, name, created_at, expires_at)"
            " VALUES (gen_random_uuid(), $1, $2, $3, 'bench', now(), now() + interval '1 day')",
            sha256_hex(token),
            actor.id,  # type: ignore[attr-defined]
            actor.org_id,  # type: ignore[attr-defined]
        )
    return token


async def session_of(actor: object) -> str:
    """Make a session for an actor of the builders; the value of its cookie."""
    from procure.db import DB
    from procure.kernel.canonical import sha256_hex

    token = secrets.token_urlsafe(32)
    async with DB.connection() as c:
        await c.execute(
            "INSERT INTO session (id, token_sha256, person, org, created_at, seen_at, expires_at)"
            " VALUES (gen_random_uuid(), $1, $2, $3, now(), now(), now() + interval '1 day')",
            sha256_hex(token),
            actor.id,  # type: ignore[attr-defined]
            actor.org_id,  # type: ignore[attr-defined]
        )
    return token


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/clock", timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the server did not come up")
