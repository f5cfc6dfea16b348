"""What the demo leaves behind: every figure, every paper, files that others can check."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from procure.adapters import pain001
from procure.demo.story.cast import sign_ins
from procure.demo.story.figures import FIGURES
from tests.journeys.conftest import NARROW, Demo


def procure(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command of `procure` where there is neither a database nor a configuration."""
    return subprocess.run(
        [sys.executable, "-m", "procure", *map(str, words)],
        env={"PATH": os.environ["PATH"], "PROCURE_HOME": str(folder), "DATABASE_URL": "nothing"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_figure_came_out(demo: Demo) -> None:
    found = json.loads((demo.folder / "figures.json").read_text())

    assert [figure["key"] for figure in found] == list(FIGURES)
    assert [f["key"] for f in found if f["found"] != f["expected"]] == []


def test_everything_is_written_down(demo: Demo) -> None:
    there = {file.name for file in demo.folder.iterdir()}

    assert {
        *("claim-1.json", "claim-2.json", "dossier.zip", "dossier-damaged.zip", "figures.json"),
        *("openapi.json", "pain001.xml", "papers", "receipts", "thread.json"),
    } <= there
    papers = sorted((demo.folder / "papers").glob("*.pdf"))
    assert len(papers) >= 24
    assert [file.name for file in papers if not file.read_bytes().startswith(b"%PDF-")] == []
    pain001.check((demo.folder / "pain001.xml").read_bytes())


def test_the_dossier_is_whole_without_the_system(demo: Demo, tmp_path: Path) -> None:
    said = procure(tmp_path, "verify", demo.folder / "dossier.zip")

    assert (said.returncode, said.stderr) == (0, "")


def test_one_changed_byte_is_named(demo: Demo, tmp_path: Path) -> None:
    said = procure(tmp_path, "verify", demo.folder / "dossier-damaged.zip")

    assert said.returncode == 1
    with zipfile.ZipFile(demo.folder / "dossier.zip") as archive:
        names = set(archive.namelist())
    assert len({line.partition(":")[0] for line in said.stdout.splitlines()} & names) == 1


def test_every_receipt_can_be_checked_without_the_system(demo: Demo, tmp_path: Path) -> None:
    folder = demo.folder / "receipts"
    receipts = sorted(folder.glob("*.json"))
    assert len(receipts) >= 7
    for receipt in receipts:
        said = procure(tmp_path, "verify-receipt", receipt, "--key", folder / "public-key.pem")
        assert (said.returncode, said.stderr) == (0, ""), (receipt.name, said.stdout)


def test_the_clock_has_come_to_the_present_and_the_last_tender_is_open(demo: Demo) -> None:
    with httpx.Client(base_url=demo.address, trust_env=False) as program:
        clock = program.get("/api/v1/clock").json()
        tenders = program.get("/api/v1/tenders").json()["items"]

    assert clock["is_demo"]
    assert "2026-11-24" <= clock["now"][:10] < "2026-12-15", "journeys move it on by some days"
    assert "PR-2026-12" in [tender["reference"] for tender in tenders if tender["is_open"]]


@pytest.mark.parametrize(
    ("role", "email"), [pytest.param(role, email, id=role) for role, email in sign_ins()]
)
def test_each_role_comes_to_a_first_screen(
    sign_in: Callable[..., Page], role: str, email: str
) -> None:
    page = sign_in(email)

    assert page.locator("h1").count() == 1
    assert page.locator("main").inner_text().strip()


def test_a_first_screen_fits_a_phone(sign_in: Callable[..., Page]) -> None:
    page = sign_in(dict(sign_ins())["Group facilitator"], NARROW)

    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"]
