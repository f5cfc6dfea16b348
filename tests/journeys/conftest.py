"""The demo, played once a session, and Chromium in front of it.

Journeys run in one worker (`tests/conftest.py` keeps this folder together), because playing takes
most of a minute. Should two workers come all the same, a lock lets one of them play; the other uses
what is there, and the last one to leave stops it.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from procure.demo.main import TWIN_OFFSET
from procure.demo.seed import PASSWORD
from procure.settings import settings
from procure.web.languages import COOKIE
from tests.journeys.scene import Scene

CHROMIUM = "/usr/bin/chromium"
# Root in a container has no sandbox; what is opened is our own application alone.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_SECONDS = 300
NARROW = {"width": 360, "height": 780}  # a phone
WIDE = {"width": 1280, "height": 900}
_children: dict[int, subprocess.Popen[bytes]] = {}


class Demo(NamedTuple):
    """A demo that was played to its end and is served."""

    address: str
    folder: Path  # what it has written


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Demo]:
    """Serve the finished demo, playing it first if no other worker has."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    home = shared / "demo-home"
    note = shared / "demo.json"
    with _locked(shared):
        state = json.loads(note.read_text()) if note.exists() else _play(home)
        note.write_text(json.dumps({**state, "users": state.get("users", 0) + 1}))
    yield Demo(state["address"], home / "demo")
    with _locked(shared):
        state = json.loads(note.read_text())
        state["users"] -= 1
        note.write_text(json.dumps(state))
        if not state["users"]:
            note.unlink()
            _stop(state)


def _play(home: Path) -> dict[str, Any]:
    """Start `procure demo` as a user does, and wait until it serves."""
    home.mkdir(exist_ok=True)
    port, url = _two_free_ports(), _own_database()
    env = {**os.environ, "PROCURE_HOME": str(home), "PROCURE_PORT": str(port)}
    with (home / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "procure", "demo", "--fresh"],
            env={**env, "DATABASE_URL": url} if url else env,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _children[process.pid] = process
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + PATIENCE_SECONDS
    while not (home / "demo" / "finished").exists():
        if process.poll() is not None or time.monotonic() > end:
            process.terminate()
            process.wait(60)
            pytest.fail(f"The demo failed:\n{(home / 'output.txt').read_text()[-4000:]}")
        time.sleep(0.2)
    assert httpx.get(f"{address}/api/v1/clock", trust_env=False).status_code == 200
    return {"address": address, "pid": process.pid, "database": url}


def _stop(state: dict[str, Any]) -> None:
    os.kill(state["pid"], signal.SIGTERM)
    if child := _children.pop(state["pid"], None):
        child.wait(60)
    end = time.monotonic() + 60
    while Path(f"/proc/{state['pid']}/cmdline").exists() and time.monotonic() < end:
        time.sleep(0.1)
    if url := state["database"]:
        _run_sql(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')


def _two_free_ports() -> int:
    """Find a port that is free, and whose neighbour for the register's twin is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + TWIN_OFFSET))
                return port


def _own_database() -> str | None:
    """Make the demo a database of its own where the tests run on a given server."""
    if settings().database_url is None:
        return None
    name = f"test_demo_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    _run_sql(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(settings().database_url)._replace(path=f"/{name}"))


def _run_sql(statement: str) -> None:
    import asyncio

    async def run() -> None:
        connection = await asyncpg.connect(settings().database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "demo.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run Chromium for one file: Playwright's event loop must not stay under other tests."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def sign_in(browser: Browser, demo: Demo) -> Iterator[Callable[..., Page]]:
    """Give a function that signs a person of the demo in, and returns the page they come to.

    Without an address it is a visitor's browser. It speaks English unless told otherwise. A page
    on which a script fails, or that asks for what is not there, fails the test; that a form was
    refused (422) is said by the browser too, and is none.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def note(page: Page, said: str) -> None:
        if "status of 422" not in said:
            faults.append(f"{page.url}: {said}")

    def open_as(
        email: str | None,
        viewport: dict[str, int] = WIDE,
        *,
        language: str | None = "en",
        password: str = PASSWORD,
    ) -> Page:
        context = browser.new_context(base_url=demo.address, viewport=viewport, locale="en-GB")
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        if language is not None:
            cookie = {"name": COOKIE, "value": language, "url": demo.address}
            context.add_cookies([cookie])  # type: ignore[list-item]
        page.on("pageerror", lambda error: note(page, str(error)))
        page.on("console", lambda said: note(page, said.text) if said.type == "error" else None)
        page.goto("/" if email is None else "/sign-in")
        if email is None:
            return page
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def scene(demo: Demo) -> Iterator[Scene]:
    """Give each journey a purchase of its own beside the story, so that their order is free."""
    with httpx.Client(base_url=demo.address, timeout=120, trust_env=False) as http:
        yield Scene(http, demo.folder)
