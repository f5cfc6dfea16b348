"""The embedded server starts anywhere, survives kill -9 and stops with its last user."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from procure.db.embedded import EmbeddedServer, ServerFailed, wheel_folder

is_root = os.geteuid() == 0


async def ask(server: EmbeddedServer, sql: str) -> Any:
    connection = await asyncpg.connect(**server.login(), database="postgres")
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_the_second_user_joins_and_the_last_one_stops_the_server(lasting_home: Path) -> None:
    first, second = EmbeddedServer(lasting_home), EmbeddedServer(lasting_home)
    first.start()
    pid = (first.data / "postmaster.pid").read_text()
    second.start()
    assert (first.data / "postmaster.pid").read_text() == pid
    assert not first.release()
    assert await ask(second, "SELECT 1") == 1
    assert second.release()
    assert not second.is_ready()


async def test_the_server_is_safe_and_closed_to_others(lasting_home: Path) -> None:
    server = EmbeddedServer(lasting_home)
    server.start()
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert await ask(server, f"SHOW {name}") == "on"
    assert await ask(server, "SHOW listen_addresses") == ""
    assert await ask(server, "SHOW server_encoding") == "UTF8"
    assert (server.sockets.stat().st_mode & 0o777) == 0o700
    assert ((lasting_home / "password").stat().st_mode & 0o777) == 0o600
    assert (lasting_home / "password").stat().st_uid == os.geteuid()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**{**server.login(), "password": "guess"}, database="postgres")
    server.release()


async def test_committed_rows_survive_kill_9_and_a_restart_at_once(lasting_home: Path) -> None:
    server = EmbeddedServer(lasting_home)
    server.start()
    await ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 50000) AS number")
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    server.start()
    assert await ask(server, "SELECT count(*) FROM kept") == 50000
    assert server.release()


async def test_a_killed_user_does_not_keep_the_server_running(lasting_home: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path;"
        "from procure.db.embedded import EmbeddedServer;"
        "EmbeddedServer(Path(sys.argv[1])).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(lasting_home)], check=False)
    assert done.returncode == -signal.SIGKILL
    server = EmbeddedServer(lasting_home)
    assert server.is_ready(), "it outlives its user, who could not stop it"
    server.start()
    assert server.release()
    assert not server.is_ready()


async def test_another_server_with_the_same_process_id_is_not_taken_for_it(
    lasting_home: Path, home: Path
) -> None:
    server, other = EmbeddedServer(lasting_home), EmbeddedServer(home)
    server.start()
    server.release()
    other.start()
    shutil.copy(other.data / "postmaster.pid", server.data / "postmaster.pid")
    server.start(wait_seconds=20)
    assert await ask(server, "SHOW data_directory") == str(server.data)
    assert await ask(other, "SHOW data_directory") == str(other.data)
    server.release()
    other.release()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose its name")
async def test_a_dead_server_that_nobody_has_buried_is_not_taken_for_alive(
    lasting_home: Path,
) -> None:
    server = EmbeddedServer(lasting_home)
    server.start()
    server.release()
    rename = "open('/proc/self/comm', 'w').write('postgres')"
    with subprocess.Popen([sys.executable, "-c", rename]) as dead:
        while ") Z" not in Path(f"/proc/{dead.pid}/stat").read_text():
            time.sleep(0.01)
        pid_file = f"{dead.pid}\n{server.data}\n0\n5432\n{server.sockets}\n\n 0 0\nready\n"
        (server.data / "postmaster.pid").write_text(pid_file)
        server.start(wait_seconds=20)
        assert await ask(server, "SELECT 1") == 1
    server.release()


async def test_what_a_killed_start_left_behind_is_removed(home: Path) -> None:
    half = home / ".initdb-abc"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    server = EmbeddedServer(home)
    server.start()
    assert not half.exists()
    server.release()


async def test_a_folder_too_deep_for_a_socket_will_do(home: Path) -> None:
    deep = home / "/".join(["a-folder-with-a-long-name"] * 5)
    server = EmbeddedServer(deep)
    server.start()
    assert server.sockets.parent == Path(tempfile.gettempdir())
    assert (server.sockets.stat().st_mode & 0o777) == 0o700
    assert await ask(server, "SELECT 1") == 1
    assert server.release()
    server.sockets.rmdir()


async def test_a_folder_with_a_space_and_a_quote_will_do(home: Path) -> None:
    server = EmbeddedServer(home / "it's mine")
    server.start()
    assert await ask(server, "SELECT 1") == 1
    server.release()


def test_a_folder_that_the_shell_would_read_is_refused(home: Path) -> None:
    with pytest.raises(ServerFailed, match="character"):
        EmbeddedServer(home / "$HOME")


def test_a_socket_folder_of_somebody_else_is_refused(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "run").symlink_to(home / "elsewhere")
    with pytest.raises(ServerFailed, match="somebody else"):
        EmbeddedServer(home)


def test_a_server_that_does_not_come_up_says_why(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procure.db.embedded.START_SECONDS", 0.5)
    server = EmbeddedServer(home, {"max_connections": "many"})
    with pytest.raises(ServerFailed, match="max_connections"):
        server.start()
    assert not server.release()


def test_a_system_without_the_wheel_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ServerFailed, match="DATABASE_URL"):
        wheel_folder()


@pytest.mark.skipif(not is_root, reason="only root runs the server as another user")
async def test_root_may_keep_it_where_the_servers_user_cannot_go(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.chmod(0o700)
    server = EmbeddedServer(home / "x")
    try:
        assert not server.base.is_relative_to(home)
        assert str(server.base) in caplog.text
        assert EmbeddedServer(home / "x").base == server.base
        server.start()
        assert await ask(server, "SELECT 1") == 1
        assert server.release()
        assert home.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(server.base)


@pytest.mark.skipif(not is_root, reason="only root runs the server as another user")
async def test_root_may_keep_the_program_where_the_servers_user_cannot_go(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Path(tempfile.mkdtemp(prefix="procure-venv-"))  # 0700
    wheel = wheel_folder()
    shutil.copytree(wheel, hidden / wheel.name)
    shutil.copytree(f"{wheel}.libs", hidden / f"{wheel.name}.libs")
    monkeypatch.setattr("procure.db.embedded.wheel_folder", lambda: hidden / wheel.name)
    server = EmbeddedServer(home)
    try:
        server.start()
        assert await ask(server, "SELECT to_tsvector('english', 'works')::text") == "'work':1"
        assert server.release()
        assert list(home.glob("tools-*"))
    finally:
        shutil.rmtree(hidden)


@pytest.mark.skipif(not is_root, reason="whoever else runs the tests proves it by that")
def test_a_plain_user_runs_it_as_themselves() -> None:
    nobody = pwd.getpwnam("nobody")
    folder = Path(tempfile.mkdtemp(prefix="procure-nobody-"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    # Becomes nobody once Python and the wheel are found, for they may lie in root's home.
    script = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from procure.db import embedded
wheel = embedded.wheel_folder()
embedded.wheel_folder = lambda: wheel
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[3]))
server = embedded.EmbeddedServer(Path(sys.argv[1]) / "home")
server.start()
async def ask():
    connection = await asyncpg.connect(**server.login(), database="postgres", ssl=False)
    print(await connection.fetchval("SHOW server_version"))
    await connection.close()
asyncio.run(ask())
print(server.user, (server.data.stat().st_uid), server.release())
"""
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder), str(nobody.pw_gid), str(nobody.pw_uid)],
            capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == f"None {nobody.pw_uid} True"
    finally:
        shutil.rmtree(folder)
