"""Step 5: the decision, a letter with reasons to everyone, and the standstill that follows."""

from procure.demo.errors import DemoFailed
from procure.demo.story.bidding import lot_of
from procure.demo.story.material import read
from procure.demo.story.stage import COORDINATOR, Json, Stage


def play_framework(stage: Stage, tender: Json, ranking: Json) -> Json:
    """Decide lot L03 for both bids that are left; nine lots ended at the opening."""
    fixture = read("tender-2024")
    coordinator = stage.cast[COORDINATOR]
    stage.clock(fixture["timetable"]["decided_at"])
    award = _decide(stage, tender, ranking, winners_count=2, reasons=fixture["award"]["reasons"])
    stage.figures.check("letters-count", len(award["letters"]))
    stage.figures.check("last-blocked", award["last_blocked_on"])
    ended = [
        lot["code"]
        for lot in coordinator.get(f"/tenders/{tender['id']}")["lots"]
        if lot["ground"] == fixture["lots_without_bids_ground"]
    ]
    stage.progress.note(f"Nobody bid for {', '.join(ended)}: they ended without award")
    if ended != fixture["lots_without_bids"]:
        raise DemoFailed(f"These lots ended without tenders: {', '.join(ended)}.")
    stage.figures.check("lots-without-bids", len(ended))
    return award


def play_call_off(stage: Stage, tender: Json, ranking: Json) -> Json:
    """Decide the mini-competition; no standstill follows."""
    fixture = read("mini-competition-2025")
    stage.clock(fixture["timetable"]["decided_at"])
    return _decide(stage, tender, ranking, winners_count=1, reasons=fixture["award"]["reasons"])


def _decide(stage: Stage, tender: Json, ranking: Json, *, winners_count: int, reasons: str) -> Json:
    award: Json = stage.cast[COORDINATOR].post(
        f"/lots/{lot_of(tender, 'L03')}/award",
        {
            "evaluation_version": ranking["version"],
            "winners_count": winners_count,
            "reasons": reasons,
            "acknowledged_reversal": True,
        },
    )
    stage.subjects.append(award["id"])
    names = " and ".join(supplier["provider_name"] for supplier in award["suppliers"])
    until = award["last_blocked_on"]
    stage.does(
        COORDINATOR,
        f"decides for {names}; "
        + (f"nothing can be signed up to and with {until}" if until else "no standstill follows"),
    )
    return award
