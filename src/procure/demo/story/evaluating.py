"""Step 4: three evaluators score alone; the low price is asked about; the bids are ranked twice."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from procure.demo.errors import DemoFailed
from procure.demo.story.bidding import lot_of
from procure.demo.story.material import read
from procure.demo.story.registering import Parties
from procure.demo.story.stage import COORDINATOR, Json, Stage


def play_framework(stage: Stage, tender: Json, parties: Parties) -> Json:
    """Score and rank lot L03 until one ranking can be decided on, and return it."""
    timetable = read("tender-2024")["timetable"]
    lot = f"/lots/{lot_of(tender, 'L03')}"
    panel = read("tender-2024")["panel"]
    stage.clock(timetable["panel_appointed_at"])
    coordinator = stage.cast[COORDINATOR]
    coordinator.post(f"{lot}/panel", {"person_ids": [parties.people[email] for email in panel]})
    stage.does(COORDINATOR, f"appoints {len(panel)} evaluators")
    bids = _bids(coordinator.get(f"{lot}/evaluation"))
    _score(stage, lot, panel, bids, timetable)
    stage.clock(timetable["ranked_at"])
    first = _ranked(stage, lot, parties)
    _check_first(stage, first, parties)
    _ask(stage, lot, bids)
    stage.clock(read("explanation-2024")["ranked_again_at"])
    second = _ranked(stage, lot, parties)
    totals = _totals(second, parties)
    stage.figures.check("second-P02", totals["P02"])
    stage.figures.check("second-P01", totals["P01"])
    stage.figures.check("second-order", " ".join(totals))
    return second


def play_call_off(stage: Stage, tender: Json) -> Json:
    """Rank the mini-competition, where price alone decides and nobody has to score."""
    stage.clock(read("mini-competition-2025")["timetable"]["ranked_at"])
    ranking: Json = stage.cast[COORDINATOR].post(f"/lots/{lot_of(tender, 'L03')}/ranking")
    stage.does(COORDINATOR, "ranks the mini-competition by price alone")
    return ranking


def _bids(evaluation: Json) -> dict[str, str]:
    """Return the bids by the codes of their providers."""
    codes = {row["registry_code"]: row["code"] for row in read("providers")["providers"]}
    return {
        codes[tenderer["registry_code"]]: tenderer["bid_id"] for tenderer in evaluation["tenderers"]
    }


def _score(
    stage: Stage, lot: str, panel: list[str], bids: Mapping[str, str], timetable: Mapping[str, str]
) -> None:
    given = {member["position"]: member for member in read("scores-2024")["panel"]}
    stage.clock(timetable["declared_at"])
    for position, email in enumerate(panel, start=1):
        text = given[position]["declaration"]
        stage.cast[email].refused(f"{lot}/scores", {"scores": []}, status=403)
        stage.cast[email].post(f"{lot}/declaration", {"has_conflict": False, "text": text})
        stage.does(email, f"declares: “{text}”")
    stage.clock(timetable["scored_at"])
    for position, email in enumerate(panel, start=1):
        scores = [
            {
                "bid_id": bids[score["provider"]],
                "criterion": score["criterion"],
                "points": score["points"],
                "reason": score["reason"],
            }
            for score in given[position]["scores"]
        ]
        if position == len(panel):
            stage.cast[COORDINATOR].refused_read(f"{lot}/scores", status=403)
            stage.figures.check("scores", "hidden")
        stage.cast[email].post(f"{lot}/scores", {"scores": scores})
        stage.does(email, f"hands in {len(scores)} scores with a reason each, seen by nobody else")


def _ranked(stage: Stage, lot: str, parties: Parties) -> Json:
    ranking: Json = stage.cast[COORDINATOR].post(f"{lot}/ranking")
    stage.does(COORDINATOR, f"ranks the bids, version {ranking['version']}")
    for result in ranking["ranking"]["results"]:
        code = parties.code_of(result["provider_org_id"])
        points = ", ".join(
            f"{line['code']} {line['points']}" for line in result["lines"] if line["points"]
        )
        stage.progress.note(
            f"{code} {result['provider_name']}: {result['total'] or result['status']} ({points})"
        )
    return ranking


def _totals(ranking: Json, parties: Parties) -> dict[str, str]:
    """Return the totals of the ranked bids by their provider's code, in the order of rank."""
    ranked = [result for result in ranking["ranking"]["results"] if result["rank"] is not None]
    return {
        parties.code_of(result["provider_org_id"]): result["total"]
        for result in sorted(ranked, key=lambda result: result["rank"])
    }


def _check_first(stage: Stage, first: Json, parties: Parties) -> None:
    totals = _totals(first, parties)
    codes = {
        result["bid_id"]: parties.code_of(result["provider_org_id"])
        for result in first["ranking"]["results"]
    }
    for code in ("P01", "P02", "P14"):
        stage.figures.check(f"first-{code}", totals[code])
    stage.figures.check("first-order", " ".join(totals))
    below = [
        codes[result["bid_id"]]
        for result in first["ranking"]["results"]
        if result["status"] == "below-minimum"
    ]
    stage.figures.check("below-minimum", " ".join(below))
    low = [price for price in first["low_prices"] if price["is_flagged"]]
    stage.figures.check("low-price", " ".join(codes[price["bid_id"]] for price in low))
    stage.figures.check("low-share", _percent(low[0]["ratio"]))
    reversals = [codes[r["without_id"]] for r in first["reversals"] if r["changes_winner"]]
    stage.figures.check("reversal", " ".join(reversals))


def _percent(ratio: str) -> str:
    """Return a share as a percentage with one decimal.

    >>> _percent("0.558")
    '55.8'
    """
    return f"{Decimal(ratio) * 100:.1f}"


def _ask(stage: Stage, lot: str, bids: Mapping[str, str]) -> None:
    """Ask about the low price, have it explained, and reject the explanation."""
    fixture: dict[str, Any] = read("explanation-2024")
    stage.clock(fixture["asked_at"])
    asked: Json = stage.cast[fixture["asked_by"]].post(
        f"{lot}/explanations",
        {"bid_id": bids[fixture["provider"]], "question": fixture["question"]},
    )
    stage.does(fixture["asked_by"], f"asks about the price; the answer is due {asked['due_on']}")
    if asked["due_on"] != fixture["due_on"].isoformat():
        raise DemoFailed(f"The answer must be due on {fixture['due_on']}, not {asked['due_on']}.")
    stage.clock(fixture["answered_at"])
    path = f"/explanations/{asked['id']}"
    stage.cast[fixture["answered_by"]].post(f"{path}/answer", {"answer": fixture["answer"]})
    stage.does(fixture["answered_by"], "explains the price")
    stage.clock(fixture["decided_at"])
    stage.cast[fixture["decided_by"]].post(
        f"{path}/decision",
        {"is_accepted": fixture["decision"] == "accepted", "reason": fixture["reason"]},
    )
    stage.does(fixture["decided_by"], f"finds the explanation {fixture['decision']}, with reasons")
