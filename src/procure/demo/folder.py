"""The demo's folder: one demo at a time lives in it, and a finished one is not thrown away."""

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from procure.demo.errors import DemoFailed


class Course(StrEnum):
    """What is to be done with a demo's folder."""

    PLAY = "play"
    SERVE = "serve"  # as it was left
    NOTHING = "nothing"  # it is played, and nobody wants to look


def course(folder: Path, state: str, *, serve: bool, fresh: bool) -> Course:
    """Decide what to do; `state` names the tables and the database that a demo was played on.

    Raises DemoFailed where a finished demo would be lost without anybody having said so.
    """
    finished = folder / "finished"
    if fresh or not finished.exists():
        return Course.PLAY
    if finished.read_text() == state:
        return Course.SERVE if serve else Course.NOTHING
    raise DemoFailed(
        f"{shown(folder)} holds a finished demo of another database or another version. "
        "FRESH=1 throws it away and plays anew; PROCURE_HOME names another folder."
    )


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Keep the folder for this demo. Raises DemoFailed if another runs in it.

    The system lets go of the lock when the demo ends, however it ends; so servers that are found
    running by whoever holds it are leftovers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise DemoFailed(
                f"A demo of this folder runs already (process {lock.read() or 'unknown'}). Stop "
                "it, or give this one a folder and a port: PROCURE_HOME=… PROCURE_PORT=…"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def clear(folder: Path) -> None:
    """Throw away what an earlier demo wrote; its database is emptied by the next one's seed."""
    for old in folder.iterdir():
        if old.name not in {"home", "lock"}:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.rmtree(folder / "home" / "files", ignore_errors=True)


def shown(folder: Path) -> str:
    """Name a folder as somebody in this one would."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
