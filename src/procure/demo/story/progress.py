"""What the terminal shows: a header a step, a line an act, a tick a figure."""

import time
from datetime import datetime

from rich.console import Console
from rich.text import Text

from procure.kernel.time import ZONE

STEPS = 9
MARGIN = 13  # where the day stands


class Progress:
    """Tells the story while it is played; lines are plain where nobody watches."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._step_started = time.monotonic()
        self._step = ""
        self._day, self._is_new_day = "", False
        self.seconds: dict[str, float] = {}

    def step(self, number: int, title: str) -> None:
        """Begin a step of the main job."""
        self.end_step()
        self._step = f"{number} {title}"
        self._console.print()
        self._console.print(Text.assemble((f"{number}/{STEPS} ", "bold cyan"), (title, "bold")))

    def end_step(self) -> None:
        """Keep how long the step took."""
        now = time.monotonic()
        name = self._step or "0 Before the story"
        self.seconds[name] = self.seconds.get(name, 0) + now - self._step_started
        self._step_started = now

    def act(self, name: str, deed: str) -> None:
        """Say what somebody does, with the day if it is another than before."""
        self._line(Text.assemble((name, "cyan"), f" {deed}"))

    def note(self, text: str) -> None:
        """Say what else there is to know."""
        self._line(Text(text, "dim"))

    def clock(self, now: datetime) -> None:
        """Remember where the clock stands; the next line shows the day."""
        day = f"{now.astimezone(ZONE):%-d %b %Y}"
        if day != self._day:
            self._day, self._is_new_day = day, True

    def tick(self, text: str) -> None:
        """Show a figure that came out as expected."""
        self._console.print(
            Text.assemble((f"{'✓':>{MARGIN}} ", "bold green"), text), soft_wrap=True
        )

    def total(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self._started

    def _line(self, text: Text) -> None:
        day = self._day if self._is_new_day else ""
        self._is_new_day = False
        self._console.print(Text.assemble((f"{day:>{MARGIN}} ", "yellow"), text), soft_wrap=True)
