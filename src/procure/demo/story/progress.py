"""What the terminal shows: a header a step, a line an act, a tick a figure."""

import time
from datetime import datetime

from rich.console import Console
from rich.text import Text

from procure.kernel.time import ZONE

MARGIN = 13  # where the day stands


class Progress:
    """Tells the story while it is played; lines are plain where nobody watches."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._step_started = time.monotonic()
        self._step = ""
        self._day, self._is_new_day = "", False
        self.seconds: dict[str, float] = {}

    def step(self, number: str, title: str) -> None:
        """Begin a step of the main job."""
        self.end_step()
        self._step = f"{number}: {title}"
        self._is_new_day = True
        self._console.print(Text.assemble("\n", (f"{number}: ", "bold cyan"), (title, "bold")))

    def end_step(self) -> None:
        """Keep how long the step took."""
        now = time.monotonic()
        if self._step:
            self.seconds[self._step] = round(now - self._step_started, 1)
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

    def finish(self, figures_count: int) -> None:
        """Say that everything came out, and how long it took."""
        seconds = time.monotonic() - self._started
        text = f"All {figures_count} figures came out, in {seconds:.0f} seconds."
        self._console.print(Text.assemble("\n", (text, "bold green")))

    def _line(self, text: Text) -> None:
        day = self._day if self._is_new_day else ""
        self._is_new_day = False
        self._console.print(Text.assemble((f"{day:>{MARGIN}} ", "yellow"), text), soft_wrap=True)
