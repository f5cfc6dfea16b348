"""The processes of a demo: started, waited for, and stopped again, none left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from procure.demo.errors import DemoFailed
from procure.settings import child_environment


def environment(home: Path, port: int, register: str) -> dict[str, str]:
    """Return the environment of the demo's processes."""
    return child_environment(
        PROCURE_HOME=str(home),
        PROCURE_PORT=str(port),
        PROCURE_EMPLOYMENT_REGISTER_URL=register,
        PYTHONUNBUFFERED="1",
    )


def stop_politely() -> None:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does, so that no server is left running."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def stop_leftovers(home: Path) -> None:
    """Stop the servers of a demo of this folder that was killed and could not stop them.

    Each is known by its number and by its own environment, so nothing else is ever stopped; where
    the system does not tell the environment of a process, nothing is.
    """
    for note in home.glob("process-*"):
        group = int(note.name.removeprefix("process-"))
        if _members(group, f"PROCURE_HOME={home}".encode()):
            _stop_group(group)
        note.unlink(missing_ok=True)


def _members(group: int, mark: bytes) -> list[int]:
    """List the processes of a group that have this line in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            ours = os.getpgid(int(folder.name)) == group
            if ours and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _runs(group: int) -> bool:
    """Tell whether a process of a group runs; one that ended and was not waited for does not."""
    if not Path("/proc/self/stat").exists():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, 0)
            return True
        return False
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, found = stat.read_text().rpartition(")")[2].split()[:3]
            if int(found) == group and state != "Z":
                return True
    return False


def _stop_group(group: int, seconds: float = 20) -> None:
    """Ask every process of a group to stop, and make it after a while."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(group, number)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not _runs(group):
                return
            time.sleep(0.05)


def run(module: str, env: dict[str, str], log: Path, *, failed: str = "It failed") -> None:
    """Run a module to its end; DemoFailed with `failed` and the end of its log if it fails."""
    with log.open("ab") as out:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module], env=env, stdout=out, stderr=out, check=False
        )
    if done.returncode:
        raise DemoFailed(f"{failed}:\n{tail(log)}")


@contextmanager
def running(
    command: Sequence[str], env: dict[str, str], log: Path, health: str, seconds: float = 60
) -> Generator[subprocess.Popen[bytes], None, None]:
    """Run a server until the block ends; DemoFailed if it does not answer in time."""
    # In a session of its own, so that Ctrl-C is for us, and we stop all of it with one signal.
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, *command],
            env=env,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    note = Path(env["PROCURE_HOME"]) / f"process-{process.pid}"
    try:
        note.touch()
        _wait(process, health, seconds, log)
        yield process
    finally:
        _stop_group(process.pid)
        process.wait(5)
        note.unlink(missing_ok=True)


def _wait(process: subprocess.Popen[bytes], health: str, seconds: float, log: Path) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise DemoFailed(f"A server of the demo stopped at once:\n{tail(log)}")
        try:
            if httpx.get(health, timeout=2, trust_env=False).status_code < 500:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise DemoFailed(f"{health} did not answer in {seconds:.0f} seconds:\n{tail(log)}")


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def is_free(url: str) -> bool:
    """Tell whether nothing answers at an address of this machine."""
    try:
        httpx.get(url, timeout=1, trust_env=False)
    except httpx.ConnectError:
        return True
    except httpx.HTTPError:
        return False
    return False
