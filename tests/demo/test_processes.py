"""The servers of a demo: waited for, stopped whole, and never anybody else's."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from procure.demo.errors import DemoFailed
from procure.demo.processes import is_free, run, running, stop_leftovers
from procure.settings import child_environment

TWIN = ["-m", "procure.adapters.register_twin", "--port"]


def a_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_there(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end and is_there(pid):
        time.sleep(0.05)
    return not is_there(pid)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_a_server_is_there_while_it_is_needed_and_gone_afterwards(home: Path) -> None:
    url = f"http://127.0.0.1:{(port := a_free_port())}"
    env = child_environment(PROCURE_HOME=str(home))
    with running([*TWIN, str(port)], env, home / "log", f"{url}/health") as server:
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        assert not is_free(url)
        assert [note.name for note in home.glob("process-*")] == [f"process-{server.pid}"]

    assert is_free(url)
    assert list(home.glob("process-*")) == []


def test_a_server_that_does_not_start_says_why(home: Path) -> None:
    env = child_environment(PROCURE_HOME=str(home))
    with (
        pytest.raises(DemoFailed, match=r"stopped at once:\n(.|\n)*expected one argument"),
        running(TWIN, env, home / "log", "http://127.0.0.1:9/health"),
    ):
        pass


def test_a_module_that_fails_says_why(home: Path) -> None:
    with pytest.raises(DemoFailed, match=r"No module named procure\.demo\.nothing"):
        run("procure.demo.nothing", dict(os.environ), home / "log")


def a_sleeper(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env=child_environment(PROCURE_HOME=str(home)),
        start_new_session=True,
    )


def test_what_a_killed_demo_left_running_is_stopped_by_the_next(home: Path) -> None:
    with a_sleeper(home) as left:
        (home / f"process-{left.pid}").touch()

        stop_leftovers(home)

        assert gone(left.pid)
    assert list(home.glob("process-*")) == []


def test_a_number_that_is_somebody_elses_now_is_left_alone(home: Path, tmp_path: Path) -> None:
    with a_sleeper(tmp_path / "another") as other:
        (home / f"process-{other.pid}").touch()

        stop_leftovers(home)

        assert is_there(other.pid)
        os.kill(other.pid, signal.SIGKILL)
    assert list(home.glob("process-*")) == []
