"""What every step of the story holds in hand."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from procure.demo.story.cast import Cast, members
from procure.demo.story.figures import Figures
from procure.demo.story.material import read
from procure.demo.story.progress import Progress
from procure.kernel.time import at
from procure.tasks.states import BY_HAND
from procure.web.terms import TERMS

BUYER = "@fond.example"
COORDINATOR = f"coordinator{BUYER}"
CONSULTANT = f"consultant{BUYER}"
CONTRACT_MANAGER = f"contracts{BUYER}"
AUDITOR = f"auditor{BUYER}"
ADMIN = f"admin{BUYER}"
OTHER_BUYER = "coordinator@amet.example"
OFFICERS = [f"officer{n}{BUYER}" for n in (1, 2, 3)]
FINANCE = [f"finance{n}{BUYER}" for n in (1, 2, 3)]


class Stage:
    """The people, the terminal, the expected figures, the folder and the clock of one playing."""

    def __init__(self, cast: Cast, progress: Progress, folder: Path) -> None:
        self.cast = cast
        self.progress = progress
        self.figures = Figures(progress)
        self.folder = folder
        self.subjects: list[str] = []  # what papers are printed about, by id
        self._now: datetime | None = None

    def clock(self, to: datetime | str) -> None:
        """Move the clock forward, so that what is due by then happens; never back."""
        instant = datetime.fromisoformat(to) if isinstance(to, str) else to
        if self._now is not None and instant <= self._now:
            return
        if self._now is not None:
            self._report_duties(instant.date())
        self._now = instant
        self.cast[ADMIN].post("/clock", {"to": instant})
        self.progress.clock(instant)

    def _report_duties(self, until: date) -> None:
        """Have the coordinator report, in time, what is done outside: notices to the register."""
        for task in self.cast[COORDINATOR].get("/tasks")["items"]:
            if task["kind"].startswith(BY_HAND) and date.fromisoformat(task["due_on"]) <= until:
                note = f"Sent to the register for {task['clause']}"
                self.cast[COORDINATOR].post(f"/tasks/{task['id']}/done", {"note": note})

    def day(self, day: date, hour: int = 10, minute: int = 0) -> None:
        """Move the clock forward to a day, at ten in the morning of Tallinn."""
        self.clock(at(day, hour, minute))

    def does(self, email: str, deed: str) -> None:
        """Say what a person does."""
        self.progress.act(who(email), deed)

    def keep(self, name: str, content: bytes | object) -> Path:
        """Write a file into the demo's folder; what is no bytes becomes JSON that people read."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
        file.write_bytes(content)
        return file


Json = dict[str, Any]


def who(email: str) -> str:
    """Name a person as the terminal does: with the role, or the provider they act for.

    >>> who("finance2@fond.example"), who("manager@pakkuja14.example")
    ('Andres Muru (finance officer)', 'Oleg Sepp (Odavpakkuja OÜ)')
    """
    member = members()[email]
    organisation = next(
        org
        for org in read("people")["organisations"]
        if org["registry_code"] == member.organisation
    )
    if organisation["kind"] == "provider":
        return f"{member.name} ({organisation['name']})"
    return f"{member.name} ({TERMS[member.roles[0]].lower()})"
