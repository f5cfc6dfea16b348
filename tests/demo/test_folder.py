"""A demo's folder: what becomes of an earlier demo, and of a second one at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from procure.demo.errors import DemoFailed
from procure.demo.folder import Course, clear, course, held


def played(folder: Path, state: str) -> Path:
    (folder / "finished").write_text(state)
    return folder


@pytest.mark.parametrize(
    ("serve", "fresh", "expected"),
    [
        pytest.param(True, False, Course.SERVE, id="a played demo is served as it was left"),
        pytest.param(False, False, Course.NOTHING, id="or left alone, if nobody wants to look"),
        pytest.param(True, True, Course.PLAY, id="FRESH=1 plays anew"),
        pytest.param(False, True, Course.PLAY, id="FRESH=1 plays anew and ends"),
    ],
)
def test_a_played_demo(tmp_path: Path, *, serve: bool, fresh: bool, expected: Course) -> None:
    assert course(played(tmp_path, "a"), "a", serve=serve, fresh=fresh) == expected


def test_one_that_was_not_finished_is_played(tmp_path: Path) -> None:
    assert course(tmp_path, "a", serve=True, fresh=False) == Course.PLAY


@pytest.mark.parametrize("serve", [True, False])
def test_another_databases_demo_is_not_thrown_away_unasked(tmp_path: Path, *, serve: bool) -> None:
    with pytest.raises(DemoFailed, match="FRESH=1 throws it away"):
        course(played(tmp_path, "a"), "b", serve=serve, fresh=False)
    assert course(tmp_path, "b", serve=serve, fresh=True) == Course.PLAY


def test_a_second_demo_is_told_of_the_first(tmp_path: Path) -> None:
    hold = (
        "import sys; from pathlib import Path; from procure.demo.folder import held\n"
        "with held(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(DemoFailed, match=f"process {first.pid}"), held(tmp_path):
            pytest.fail("two demos hold one folder")
        first.kill()
        first.wait(10)
    with held(tmp_path):  # however the first one ended
        pass


def test_clearing_keeps_the_database_and_the_lock(tmp_path: Path) -> None:
    with held(tmp_path):
        (tmp_path / "home" / "files").mkdir(parents=True)
        (tmp_path / "home" / "database").mkdir()
        played(tmp_path, "a")
        clear(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "lock"]
        assert [path.name for path in (tmp_path / "home").iterdir()] == ["database"]
