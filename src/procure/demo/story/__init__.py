"""The main job, played through the public HTTP API by one signed-in program a person.

Nothing here calls a service of the application; what the story knows, it was told by an answer.
Each step of the main job is a module; `play` puts them in the order in which they happened.
"""

from datetime import date
from pathlib import Path

import httpx
from rich.console import Console

from procure.demo.story import (
    auditing,
    awarding,
    bidding,
    contracting,
    delivering,
    demand,
    evaluating,
    paying,
    registering,
    tendering,
)
from procure.demo.story.cast import Cast
from procure.demo.story.figures import FIGURES
from procure.demo.story.material import read
from procure.demo.story.progress import Progress
from procure.demo.story.registering import Parties
from procure.demo.story.stage import CONTRACT_MANAGER, COORDINATOR, Json, Stage

API_DOCUMENT = "/api/v1/openapi/openapi.json"
PATIENCE_SECONDS = 180.0  # moving the clock waits for what then is due, papers included


def play(address: str, folder: Path, console: Console) -> None:
    """Play the whole main job against the application at `address`; write what comes of it.

    Raises DemoFailed, naming what differed from the worked example.
    """
    progress = Progress(console)
    spoken = {"Accept-Language": "en"}  # the story is told in English, whoever speaks
    with httpx.Client(
        base_url=address, timeout=PATIENCE_SECONDS, trust_env=False, headers=spoken
    ) as http:
        stage = Stage(Cast(http), progress, folder)
        progress.step("Before the first day", "everyone who takes part")
        parties = registering.play(stage)
        tender = _framework(stage, parties)
        progress.step("6/9", "a group is called off from the framework by mini-competition")
        contract = _call_off(stage, tender, parties)
        progress.step("7/9", "the group day by day, and what came of each participant")
        group = delivering.play(stage, contract, parties)
        progress.step("8/9", "what is owed is claimed, attested, corrected and paid")
        paid = paying.play(stage, group)
        for email in (COORDINATOR, CONTRACT_MANAGER):
            contracting.report_duties(stage, email, date(2026, 4, 24), "Sent to the register.")
        progress.step("1/9 again", "the present: requests of autumn 2026")
        stage.clock(demand.PRESENT)
        basis_id = demand.play_present(stage)
        progress.step("2/9 again", "a tender under the rules in force since 1 November 2026")
        tendering.play_present(stage, basis_id, parties)
        progress.step("9/9", "an auditor checks the whole of it")
        auditing.play_dossier(stage, tender)
        auditing.play_thread(stage, paid)
        auditing.play_papers(stage)
        auditing.play_other_buyer(stage)
        stage.keep("openapi.json", http.get(API_DOCUMENT).raise_for_status().content)
        progress.end_step()
        stage.figures.finish(folder / "figures.json")
        stage.keep("seconds.json", progress.seconds)
    progress.finish(len(FIGURES))


def _framework(stage: Stage, parties: Parties) -> Json:
    """Play the framework of 2024 from its demand to both signatures; return its tender."""
    step = stage.progress.step
    step("1/9", "requests come in, and the demand is analysed")
    basis_id = demand.play_2024(stage)
    step("2/9", "a tender is made from the demand")
    tender = tendering.play_framework(stage, basis_id, parties)
    step("3/9", "bids arrive sealed, and are opened together")
    bidding.play_framework(stage, tender, parties)
    step("4/9", "three evaluators score alone, and the bids are ranked")
    ranking = evaluating.play_framework(stage, tender, parties)
    step("5/9", "the decision, the letters and the standstill")
    award = awarding.play_framework(stage, tender, ranking)
    drafted = contracting.play_standstill(stage, award)
    step("6/9", "the framework is signed")
    contracting.play_framework(stage, drafted, parties)
    register = f"Sent to the procurement register, {read('tender-2024')['register_reference']}."
    contracting.report_duties(stage, COORDINATOR, date(2024, 4, 5), register)
    contracting.report_duties(stage, COORDINATOR, date(2025, 4, 14), register)
    return tender


def _call_off(stage: Stage, framework: Json, parties: Parties) -> Json:
    """Play the mini-competition of 2025, and return the call-off's contract."""
    stage.clock(demand.SPRING)
    basis_id = demand.play_2025(stage)
    tender = contracting.call(stage, bidding.lot_of(framework, "L03"), basis_id, parties)
    bidding.play_call_off(stage, tender, parties)
    ranking = evaluating.play_call_off(stage, tender)
    award = awarding.play_call_off(stage, tender, ranking)
    return contracting.play_call_off(stage, award, parties)
