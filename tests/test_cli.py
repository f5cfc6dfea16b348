"""The commands, as somebody types them: what went wrong is one sentence, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def procure(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "procure", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        pytest.param(
            ("verify-receipt", "/tmp", "--key", "/tmp"), {}, "/tmp cannot be read", id="a folder"
        ),
        pytest.param(("verify", "no.zip"), {}, "no.zip", id="no such file"),
        pytest.param(("serve",), {"PROCURE_ROOT": "/tmp"}, "PROCURE_ROOT", id="another folder"),
        pytest.param(
            ("demo", "--no-serve"), {"PROCURE_PORT": "65530"}, "at most 65504", id="port too high"
        ),
    ],
)
def test_a_fault_is_one_sentence(
    words: tuple[str, ...], environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    done = procure(*words, PROCURE_HOME=str(tmp_path), **environment)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_busy_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = procure("serve", PROCURE_PORT=str(port), PROCURE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened at" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_told() -> None:
    assert procure("--version").stdout.startswith("procure 0.")
