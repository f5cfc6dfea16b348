"""The processes of a demo: started, waited for, and stopped again, none left behind."""

import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
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


def run(module: str, env: dict[str, str], log: Path) -> None:
    """Run a module to its end; DemoFailed with the end of its log if it fails."""
    with log.open("ab") as out:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module], env=env, stdout=out, stderr=out, check=False
        )
    if done.returncode:
        raise DemoFailed(f"{module} failed:\n{tail(log)}")


@contextmanager
def running(
    command: Sequence[str], env: dict[str, str], log: Path, health: str, seconds: float = 60
) -> Generator[subprocess.Popen[bytes], None, None]:
    """Run a server until the block ends; DemoFailed if it does not answer in time."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, *command], env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
    try:
        _wait(process, health, seconds, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


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
