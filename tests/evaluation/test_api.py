"""Evaluation as programs drive it: from the panel to the ranking, over HTTP."""

import pytest

from procure.kernel.actors import Role
from tests.builders.bids import an_opened_tender
from tests.builders.evaluation import (
    POINTS,
    RANKED_AT,
    REASON,
    a_panel,
    a_ranked_lot,
    a_scored_lot,
    declare_clear,
)
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_a_lot_goes_from_its_panel_to_its_ranking() -> None:
    opened = await an_opened_tender()
    lot = await a_panel(opened, size=0)
    await set_clock(RANKED_AT)
    evaluators = [await an_actor(Role.EVALUATOR, org=lot.coordinator.org_id) for _ in POINTS]
    path = f"/api/v1/lots/{lot.lot_id}"

    async with client_as(lot.coordinator) as coordinator:
        made = await coordinator.send_json(
            f"{path}/panel", {"person_ids": [str(e.id) for e in evaluators]}
        )
        assert (made.status_code, len(made.json()["members"])) == (201, 3)
        early = await coordinator.send_json(f"{path}/ranking")
        assert early.status_code == 422
        assert [f["code"] for f in early.json()["findings"]] == ["not-declared"] * 3

    for points, actor in zip(POINTS, evaluators, strict=True):
        async with client_as(actor) as evaluator:
            (line,) = (await evaluator.get("/api/v1/evaluation")).json()["items"]
            assert line["task"] == "declare"
            told = await evaluator.send_json(f"{path}/declaration", {"has_conflict": False})
            assert told.status_code == 200
            bids = (await evaluator.get(f"{path}/scoring")).json()["bids"]
            scores = [
                {
                    "bid_id": bid["bid_id"],
                    "criterion": code,
                    "points": row[bid["number"] - 1],
                    "reason": REASON,
                }
                for bid in bids
                for code, row in points.items()
            ]
            kept = await evaluator.put(f"{path}/scores", json={"scores": scores[:1]})
            assert (kept.status_code, kept.json()["missing_count"]) == (200, 7)
            done = await evaluator.send_json(f"{path}/scores", {"scores": scores})
            assert done.json()["member"]["locked_at"]
            again = await evaluator.send_json(f"{path}/scores", {"scores": []})
            assert again.status_code == 409

    async with client_as(lot.coordinator) as coordinator:
        made = await coordinator.send_json(f"{path}/ranking")
        assert made.status_code == 201
        ranking = made.json()["ranking"]
        assert [(r["rank"], r["total"]) for r in ranking["results"]] == [
            (1, "73.47"),
            (2, "73.33"),
            (3, "64.33"),
            (None, None),
        ]
        seen = (await coordinator.get(f"{path}/evaluation")).json()
        assert seen["panel"]["is_complete"] is True
        assert len((await coordinator.get(f"{path}/scores")).json()["items"]) == 24


async def test_a_question_is_asked_answered_and_decided() -> None:
    lot = await a_ranked_lot()
    await set_clock(RANKED_AT)
    path = f"/api/v1/lots/{lot.lot_id}"

    async with client_as(lot.coordinator) as coordinator:
        asked = await coordinator.send_json(
            f"{path}/explanations",
            {"bid_id": str(lot.bid_ids[2]), "question": "How does it cover two wages?"},
        )
        assert asked.status_code == 201
        assert asked.json()["flag"]["ratio"] == "0.558"
    question = f"/api/v1/explanations/{asked.json()['id']}"
    async with client_as(lot.bidders[2].actor) as provider:
        (own,) = (await provider.get("/api/v1/explanations")).json()["items"]
        assert (own["flag"], own["actions"]) == (None, ["answer"])
        short = await provider.send_json(f"{question}/answer", {"answer": "Yes."})
        assert [f["field"] for f in short.json()["findings"]] == ["answer"]
        told = await provider.send_json(f"{question}/answer", {"answer": "A volunteer helps."})
        assert told.json()["state"] == "answered"
    async with client_as(lot.coordinator) as coordinator:
        decided = await coordinator.send_json(
            f"{question}/decision", {"is_accepted": False, "reason": "A wage is missing."}
        )
        assert (decided.status_code, decided.json()["state"]) == (200, "rejected")
        made = await coordinator.send_json(f"{path}/ranking")
        assert [(r["rank"], r["total"]) for r in made.json()["ranking"]["results"]][:2] == [
            (1, "89.33"),
            (2, "87.34"),
        ]
        assert made.json()["version"] == 2


async def test_what_others_ask_for_is_not_there() -> None:
    lot = await a_scored_lot()
    stranger = await an_actor(Role.COORDINATOR)
    path = f"/api/v1/lots/{lot.lot_id}"

    async with client_as(stranger) as client:
        for part in ("evaluation", "panel", "scores", "ranking", "explanations"):
            assert (await client.get(f"{path}/{part}")).status_code == 404
        assert (await client.send_json(f"{path}/ranking")).status_code == 404
    async with client_as(lot.bidders[0].actor) as client:
        assert (await client.get(f"{path}/evaluation")).status_code == 403
    async with client_as(None) as client:
        assert (await client.get(f"{path}/evaluation")).status_code == 401


async def test_a_score_in_quarters_and_an_unknown_field_are_refused() -> None:
    lot = await a_panel()
    await declare_clear(lot)
    score = {
        "bid_id": str(lot.bid_ids[0]),
        "criterion": "K2",
        "points": "3.25",
        "reason": REASON,
    }

    async with client_as(lot.evaluators[0]) as client:
        path = f"/api/v1/lots/{lot.lot_id}/scores"
        quarter = await client.put(path, json={"scores": [score]})
        assert quarter.status_code == 422
        assert quarter.json()["findings"][0]["code"] == "off-step"
        unknown = await client.put(path, json={"scores": [{**score, "weight": 9}]})
        assert unknown.status_code == 400
