"""Step 9: the dossier, checked without the system; the thread both ways; every paper as a file."""

import contextlib
import io
import re
import time
import unicodedata
import zipfile
from pathlib import Path

from procure.demo.errors import DemoFailed
from procure.demo.story.demand import find_request
from procure.demo.story.paying import Paid
from procure.demo.story.stage import AUDITOR, OTHER_BUYER, Json, Stage
from procure.dossier import verify

PATIENCE_SECONDS = 120
CORRECTED = "outcome:EMP_SUST_90:CL-90004"  # the line that the register takes back
LINKS = (
    *("payment", "claim", "outcome", "participant", "group", "clause", "contract"),
    *("award", "bid", "criterion", "tender", "basis", "request"),
)


def play_dossier(stage: Stage, tender: Json) -> None:
    """Export the dossier, find it whole, change one byte, and be told where."""
    auditor = stage.cast[AUDITOR]
    made = auditor.post("/dossiers", {"tender_id": tender["id"]})
    content = auditor.read(f"/dossiers/{made['id']}/content")
    whole = stage.keep("dossier.zip", content)
    stage.does(AUDITOR, f"exports the dossier of {tender['reference']}: {len(content):,} bytes")
    problems, said = _verify(whole)
    stage.progress.note(said.splitlines()[0] if said else "")
    stage.figures.check("verified", len(problems))
    damaged, name = _damage(content)
    problems, said = _verify(stage.keep("dossier-damaged.zip", damaged))
    for line in said.splitlines()[:4]:
        stage.progress.note(line)
    named = {problem.partition(":")[0] for problem in problems} - {"file"}
    stage.figures.check("damage-named", "the damaged one" if named == {name} else str(named))


def play_thread(stage: Stage, paid: Paid) -> None:
    """Walk from the corrected line back to the request, and from the request to the payment."""
    auditor = stage.cast[AUDITOR]
    line = next(line for line in paid.claims[0]["lines"] if line["key"] == CORRECTED)
    back = auditor.get(f"/thread/claim-line/{line['id']}")
    stage.does(AUDITOR, "follows a payment line back: " + _chain(back))
    if missing := set(LINKS) - {step["kind"] for step in _steps(back)}:
        raise DemoFailed(f"The thread of a payment line lacks {', '.join(sorted(missing))}.")
    requests = [step for step in _steps(back) if step["kind"] == "request"]
    stage.figures.check("thread-back", " ".join(step["values"]["reference"] for step in requests))
    request = find_request(stage, "REQ-2025-0004")
    forward = auditor.get(f"/thread/request/{request['id']}")
    stage.does(AUDITOR, "follows the request forward: " + _chain(forward))
    payments = [step["amount"] for step in _steps(forward) if step["kind"] == "payment"]
    stage.figures.check("thread-forward", " ".join(payments))
    stage.keep("thread.json", {"back": back, "forward": forward})


def play_papers(stage: Stage) -> None:
    """Fetch every paper of the story once it is printed, named so that people find it."""
    auditor = stage.cast[AUDITOR]
    papers = [
        paper
        for subject in stage.subjects
        for paper in auditor.get("/papers", subject_id=subject)["items"]
    ]
    for paper in papers:
        _wait(stage, paper["id"])
        stage.keep(f"papers/{_name(paper)}.pdf", auditor.read(f"/papers/{paper['id']}/content"))
    stage.does(AUDITOR, f"downloads {len(papers)} papers as PDF")


def play_other_buyer(stage: Stage) -> None:
    """Look from the other authority of the same installation: nothing of this is there."""
    other = stage.cast[OTHER_BUYER]
    stage.does(OTHER_BUYER, "looks for requests, analyses, contracts and groups of the first")
    seen = sum(
        len(other.get(path)["items"]) for path in ("/requests", "/bases", "/contracts", "/groups")
    )
    for subject in stage.subjects:
        seen += len(other.get("/papers", subject_id=subject)["items"])
    stage.figures.check("other-buyer", seen)


def _verify(file: Path) -> tuple[list[str], str]:
    """Run `procure verify` on a file, and return the problems and what it printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = verify.main([str(file)])
    problems = verify.verify(file)
    if bool(code) != bool(problems):
        raise DemoFailed(f"procure verify {file} left with {code}: {said.getvalue()}")
    return problems, said.getvalue()


def _damage(content: bytes) -> tuple[bytes, str]:
    """Change one byte in the middle of the largest document of a dossier."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = max(
            (e for e in archive.infolist() if e.filename.startswith("files/")),
            key=lambda entry: entry.file_size,
        )
    start = entry.header_offset + 30 + len(entry.filename)
    at = start + entry.compress_size // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :], entry.filename


def _steps(thread: Json) -> list[Json]:
    return [step for stage in thread["stages"] for step in stage["steps"]]


def _chain(thread: Json) -> str:
    return " → ".join(stage["name"].lower() for stage in thread["stages"])


def _wait(stage: Stage, paper_id: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        paper = stage.cast[AUDITOR].get(f"/papers/{paper_id}")
        if paper["state"] == "printed":
            return
        if paper["failure"]:
            raise DemoFailed(f"“{paper['title']}” cannot be printed: {paper['failure']}")
        time.sleep(0.2)
    raise DemoFailed(f"“{paper['title']}” is not printed after {PATIENCE_SECONDS} seconds.")


def _name(paper: Json) -> str:
    """Name a paper's file: the day, what it is, and for whom.

    >>> _name({"ordered_at": "2024-02-28T10:00:00Z", "kind": "award-letter",
    ...        "title": "PR-2024-01 L03: Põhja", "reader_name": "Odavpakkuja OÜ"})
    '2024-02-28-award-letter-pr-2024-01-l03-pohja-odavpakkuja-ou'
    """
    kind, title = paper["kind"], _slug(paper["title"])[:60].rstrip("-")
    parts = (
        paper["ordered_at"][:10],
        "" if kind in title else kind,
        title,
        _slug(paper["reader_name"] or ""),
    )
    return "-".join(filter(None, parts))


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
