"""The main job, played through the public HTTP API by one signed-in program a person.

Nothing here calls a service of the application; what the story knows, it was told by an answer.
Each step of the main job is a module; `play` puts them in the order in which they happened.
"""

from pathlib import Path

import httpx
from rich.console import Console

from procure.demo.story import bidding, demand, registering, tendering
from procure.demo.story.cast import Cast
from procure.demo.story.progress import Progress
from procure.demo.story.stage import Stage

PATIENCE_SECONDS = 180.0  # moving the clock waits for what then is due, papers included


def play(address: str, folder: Path, console: Console) -> None:
    """Play the whole main job against the application at `address`; write what comes of it.

    Raises DemoFailed, naming what differed from the worked example.
    """
    progress = Progress(console)
    with httpx.Client(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False) as http:
        stage = Stage(Cast(http), progress, folder)
        parties = registering.play(stage)
        progress.step(1, "Requests come in, and the demand is analysed")
        basis = demand.play_2024(stage)
        progress.step(2, "A tender is made from the demand")
        tender = tendering.play_framework(stage, basis, parties)
        progress.step(3, "Bids arrive sealed, and are opened together")
        bidding.play_framework(stage, tender, parties)
