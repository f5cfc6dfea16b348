"""Evaluation as people see it: what each can do next is on the page."""

import re

import pytest

from procure.evaluation import queries
from procure.kernel.actors import Role
from tests.builders.bids import an_opened_tender
from tests.builders.evaluation import (
    RANKED_AT,
    REASON,
    a_panel,
    a_price_only_lot,
    a_ranked_lot,
    declare_clear,
    reject_price,
)
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_an_evaluator_declares_before_anything_is_shown() -> None:
    lot = await a_panel()
    await set_clock(RANKED_AT)
    path = f"/lots/{lot.lot_id}/evaluation"

    async with client_as(lot.evaluators[0]) as client:
        listed = (await client.get("/evaluation")).text
        assert path in listed
        assert "Declare on conflicts of interest" in listed
        first = (await client.get(path)).text
        assert "do you have a conflict of interest?" in first
        assert lot.bidders[0].actor.org_name in first
        assert "How we do it" not in first
        empty = await client.send_form(f"{path}/declaration", {})
        assert empty.status_code == 422
        assert "Choose one of the list." in empty.text
        done = await client.send_form(f"{path}/declaration", {"has_conflict": "no"})
        assert (done.status_code, done.headers["location"]) == (303, path)
        then = (await client.get(path)).text
        assert "How we do it" in then
        assert "24.80" not in then


async def test_a_conflict_leads_away_from_the_lot() -> None:
    lot = await a_panel()
    path = f"/lots/{lot.lot_id}/evaluation"

    async with client_as(lot.evaluators[0]) as client:
        short = await client.send_form(
            f"{path}/declaration", {"has_conflict": "yes", "text": "sister"}
        )
        assert short.status_code == 422
        assert ">sister</textarea>" in short.text, "what was typed is still there"
        done = await client.send_form(
            f"{path}/declaration", {"has_conflict": "yes", "text": "My sister works there."}
        )
        assert done.headers["location"] == "/evaluation"
        assert (await client.get(path)).status_code == 404


async def test_scores_are_saved_as_they_are_typed() -> None:
    lot = await a_panel(size=1)
    await declare_clear(lot)
    path = f"/lots/{lot.lot_id}/evaluation"
    field = f"{lot.bid_ids[0]}-K2"

    async with client_as(lot.evaluators[0]) as client:
        half = await client.send_form(
            f"{path}/scores", {f"points-{field}": "4,5"}, headers={"hx-request": "true"}
        )
        assert half.status_code == 200
        assert "1 is not saved yet" in half.text
        whole = await client.send_form(
            f"{path}/scores",
            {f"points-{field}": "4,5", f"reason-{field}": REASON},
            headers={"hx-request": "true"},
        )
        assert "7 scores are still missing." in whole.text
        bad = await client.send_form(
            f"{path}/scores",
            {f"points-{field}": "9", f"reason-{field}": REASON},
            headers={"hx-request": "true"},
        )
        assert "points go from 0 to 5" in bad.text
        page = (await client.get(path)).text
        assert f'name="points-{field}"' in page
        assert 'value="4.5"' in page


async def test_handing_in_asks_for_the_last_word_and_keeps_what_was_typed() -> None:
    lot = await a_panel(size=1)
    await declare_clear(lot)
    path = f"/lots/{lot.lot_id}/evaluation"
    data = {}
    for bid in lot.bid_ids:
        for code in ("K2", "K3"):
            data |= {f"points-{bid}-{code}": "4", f"reason-{bid}-{code}": f"{REASON} {code}"}

    async with client_as(lot.evaluators[0]) as client:
        unsure = await client.send_form(f"{path}/hand-in", data)
        assert unsure.status_code == 422
        assert "last word" in unsure.text
        assert f"{REASON} K3" in unsure.text
        some = dict(list(data.items())[:4]) | {"is_final": "1"}
        missing = await client.send_form(f"{path}/hand-in", some)
        assert missing.text.count("has no points yet") >= 6
        done = await client.send_form(f"{path}/hand-in", data | {"is_final": "1"})
        assert done.status_code == 303
        result = (await client.get(path)).text
        assert "Individual scores" in result, "everyone has handed in, so the result is open"


async def test_the_coordinator_sees_progress_and_no_scores() -> None:
    lot = await a_panel(await an_opened_tender(), size=1)
    await declare_clear(lot)
    more = await an_actor(Role.EVALUATOR, org=lot.coordinator.org_id)
    path = f"/lots/{lot.lot_id}/evaluation"

    async with client_as(lot.coordinator) as client:
        page = (await client.get(path)).text
        assert "Scoring" in page
        assert "has not handed in the scores yet" in page
        assert more.name in page, "who can still be appointed"
        assert "Individual scores" not in page
        assert ">Rank the bids<" not in page
        done = await client.send_form(f"{path}/panel", {"person_ids": [str(more.id)]})
        assert done.status_code == 303
        early = await client.send_form(f"{path}/ranking", {})
        assert early.status_code == 422
    assert len(await queries.members(lot.lot_id)) == 2


async def test_the_ranking_says_how_and_warns() -> None:
    lot = await a_ranked_lot()
    path = f"/lots/{lot.lot_id}/evaluation"

    async with client_as(lot.coordinator) as client:
        page = (await client.get(path)).text
    for said in (
        "73.47",
        "73.33",
        "64.33",
        "Weight × lowest price ÷ price: 40 × 12.90 ÷ 24.80 = 20.81",
        "the mean 2.67 is below the minimum 3",
        "below 60%",
        "The winner depends on a bid that does not win.",
        "What another weight of price would have changed",
    ):
        assert said in page, said
    assert len(re.findall(r"<polyline", page)) == 3
    assert "style=" not in page, "the content security policy forbids it"


async def test_a_question_is_asked_and_answered_on_pages() -> None:
    lot = await a_ranked_lot()
    await set_clock(RANKED_AT)
    path = f"/lots/{lot.lot_id}/evaluation"

    async with client_as(lot.coordinator) as client:
        empty = await client.send_form(f"{path}/questions", {"bid_id": str(lot.bid_ids[2])})
        assert empty.status_code == 422
        done = await client.send_form(
            f"{path}/questions",
            {"bid_id": str(lot.bid_ids[2]), "question": "How does it cover two wages?"},
        )
        assert done.status_code == 303
    asked = (await queries.explanation_rows(lot.lot_id))[0].id
    async with client_as(lot.bidders[2].actor) as client:
        assert f"/explanations/{asked}" in (await client.get("/explanations")).text
        page = (await client.get(f"/explanations/{asked}")).text
        assert "Explain your price" in page
        assert "23.10" not in page, "the others' median is not for the tenderer"
        done = await client.send_form(
            f"/explanations/{asked}/answer", {"answer": "A volunteer helps out."}
        )
        assert done.status_code == 303
    async with client_as(lot.bidders[0].actor) as client:
        assert (await client.get(f"/explanations/{asked}")).status_code == 404
        assert "Nobody has asked" in (await client.get("/explanations")).text
    async with client_as(lot.coordinator) as client:
        page = (await client.get(f"/explanations/{asked}")).text
        assert "A volunteer helps out." in page
        unsaid = await client.send_form(f"/explanations/{asked}/decision", {"reason": "no"})
        assert unsaid.status_code == 422
        done = await client.send_form(
            f"/explanations/{asked}/decision",
            {"verdict": "reject", "reason": "A wage is missing."},
        )
        assert done.status_code == 303
        assert "Rank the bids again" in (await client.get(path)).text


async def test_equal_bids_are_given_their_places_on_the_page() -> None:
    lot = await a_price_only_lot(("22.00", "22.00"))
    first, second = lot.bid_ids
    path = f"/lots/{lot.lot_id}/evaluation"

    async with client_as(lot.coordinator) as client:
        assert (await client.send_form(f"{path}/ranking", {})).status_code == 303
        assert "Lots have to be drawn" in (await client.get(path)).text
        same = await client.send_form(
            f"{path}/drawing",
            {f"place-{first}": "1", f"place-{second}": "1", "minutes": "Watched by both of them."},
        )
        assert same.status_code == 422
        done = await client.send_form(
            f"{path}/drawing",
            {f"place-{first}": "2", f"place-{second}": "1", "minutes": "Watched by both of them."},
        )
        assert done.status_code == 303
    found = await queries.latest_ranking(lot.lot_id)
    assert found is not None
    assert found.ranking.order == (second, first)


async def test_an_empty_list_says_what_to_do() -> None:
    evaluator = await an_actor(Role.EVALUATOR)

    async with client_as(evaluator) as client:
        assert "You are on no panel at the moment." in (await client.get("/evaluation")).text


async def test_earlier_rankings_can_be_read_beside_the_newest() -> None:
    lot = await a_ranked_lot()
    path = f"/lots/{lot.lot_id}/evaluation"
    async with client_as(lot.coordinator) as client:
        first = (await client.get(path)).text
        assert 'class="govuk-button " href="/lots/' in first, "the decision is the next step"
        await reject_price(lot)
        newest = (await client.get(path)).text
        assert "89.33" in newest
        assert "73.47" in newest, "in the list of versions"
        assert "a losing bid chose the winner" in newest
        earlier = (await client.get(f"{path}?version=1")).text
    assert "This is an earlier ranking." in earlier
    assert "<strong>73.47</strong>" in earlier
    assert "<strong>73.47</strong>" not in newest
