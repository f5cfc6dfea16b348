"""Bids as pages: what a bidder, a keyholder, a buyer and the public see and can do next."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from procure.bids import queries
from procure.tenders import queries as tenders
from tests.builders.bids import (
    AFTER,
    IN_TIME,
    Bidder,
    a_bid,
    a_bidder,
    an_opened_tender,
)
from tests.builders.identity import set_clock
from tests.builders.tenders import DEADLINE_AT, Draft, a_published_tender
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


def seen(text: str) -> str:
    """Return a page as a person reads it: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def fields(tender_id: UUID, bidder: Bidder, **change: Any) -> dict[str, Any]:
    facts = await tenders.tender_facts(tender_id)
    return {
        "lot_id": str(facts.lots[0].id),
        "unit_price": "21,50",
        "answers.K2": "Our method.",
        "answers.K3": "Our plan.",
        "facilitator_ids": [str(one) for one in bidder.facilitator_ids],
        "promised_rates.employment": "45",
        "promised_rates.education": "",
        "remarks": "",
        **change,
    }


async def test_a_bidder_submits_on_a_page_and_gets_a_receipt() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    path = f"/tenders/{tender.id}/bid"
    async with client_as(bidder.actor) as client:
        empty = await client.get(path)
        assert empty.status_code == 200, empty.text
        assert "Not submitted" in seen(empty.text)
        assert "is not a bid until you submit it" in seen(empty.text)
        assert "F01 Facilitator 1 (11)" in seen(empty.text)

        done = await client.send_form(path, await fields(tender.id, bidder))
        assert done.status_code == 303, seen(done.text)
        receipt = await client.get(done.headers["location"])
        text = seen(receipt.text)
        assert "Submitted" in text
        assert "Sealed, also for you" in text
        assert "21.50" not in text
        assert "Until the deadline you may submit another one" in text
        file = await client.get(f"{done.headers['location']}/receipt")
        assert file.headers["content-type"].startswith("application/json")

        again = await client.get(path)
        assert "These bids lie here sealed." in seen(again.text)
        mine = seen((await client.get("/my-bids")).text)
        assert "2024-0001 Work practice" in mine
        withdrawn = await client.send_form(f"{done.headers['location']}/withdraw", {})
        assert withdrawn.status_code == 303
        assert "You have withdrawn this bid" in seen(
            (await client.get(done.headers["location"])).text
        )
        assert "Not submitted" in seen((await client.get(path)).text)


async def test_a_bid_with_faults_comes_back_with_everything_typed() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    path = f"/tenders/{tender.id}/bid"
    typed = await fields(
        tender.id,
        bidder,
        unit_price="twenty",
        **{"answers.K2": "An answer of three hours.", "promised_rates.employment": "145"},
    )
    async with client_as(bidder.actor) as client:
        back = await client.send_form(path, typed)
        assert back.status_code == 422
        assert "twenty is not a number" in seen(back.text)
        assert "At most 100." in seen(back.text)
        assert "An answer of three hours." in back.text
        assert 'value="twenty"' in back.text
        checked = re.findall(r'name="facilitator_ids"[^>]*checked', back.text)
        assert len(checked) == 2

        typed |= {"unit_price": "0", "promised_rates.employment": "45", "answers.K3": ""}
        back = await client.send_form(path, typed)
        assert back.status_code == 422
        assert "A price is more than 0." in seen(back.text)
        assert "Plan of employer visits is scored and needs an answer." in seen(back.text)
        assert 'href="#field-answers.K3"' in back.text
        assert "An answer of three hours." in back.text
    assert await queries.own_bids(bidder.actor) == []


async def test_the_form_says_when_it_is_too_late() -> None:
    tender = await a_published_tender()
    await set_clock(DEADLINE_AT)
    bidder = await a_bidder()
    async with client_as(bidder.actor) as client:
        assert "marked late and never opened" in seen(
            (await client.get(f"/tenders/{tender.id}/bid")).text
        )
        done = await client.send_form(f"/tenders/{tender.id}/bid", await fields(tender.id, bidder))
        text = seen((await client.get(done.headers["location"])).text)
    assert "arrived at or after the deadline" in text
    assert "Withdraw this bid" not in text


async def test_a_bidder_without_bids_is_told_what_to_do() -> None:
    async with client_as((await a_bidder()).actor) as client:
        assert "Find an open tender" in seen((await client.get("/my-bids")).text)


async def give(tender: Draft, n: int, **fields: Any) -> Any:
    officer = tender.officers[n]
    async with client_as(officer.actor) as client:
        return await client.send_form(
            f"/tenders/{tender.id}/opening", {"share": officer.identity, **fields}
        )


async def test_keyholders_open_on_a_page() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    await a_bid(tender.id, await a_bidder("Kask MTÜ"), "24.80")
    path = f"/tenders/{tender.id}/opening"

    async with client_as(tender.officers[0].actor) as client:
        assert "Nothing opens before" in seen((await client.get(path)).text)
    early = await give(tender, 0)
    assert early.status_code == 422
    assert "this attempt was recorded" in seen(early.text)
    assert tender.officers[0].identity not in early.text

    await set_clock(AFTER)
    assert (await give(tender, 0)).status_code == 303
    wrong = await give(tender, 1, share=tender.officers[0].identity)
    assert wrong.status_code == 422
    assert "does not open your share" in seen(wrong.text)
    assert tender.officers[0].identity not in wrong.text

    officer = tender.officers[1]
    async with client_as(officer.actor) as client:
        assert "1 of the 2 shares" in seen((await client.get(path)).text)
        by_file = await client.send_form(
            path,
            {"share": ""},
            files={"file": ("key.txt", f"# my key\n{officer.identity}\n", "text/plain")},
        )
        assert by_file.status_code == 303, seen(by_file.text)
        text = seen((await client.get(path)).text)
    assert "Kask MTÜ" in text
    assert "24.80" in text
    assert f"{tender.officers[0].actor.name}, {officer.actor.name}" in text
    assert "Give my share" not in text


async def test_the_buyer_sees_hidden_until_opening_and_then_everything() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    path = f"/tenders/{tender.id}/bids"
    async with client_as(tender.coordinator) as client:
        before = await client.get(path)
        assert "Hidden until the opening" in seen(before.text)
        await a_bid(tender.id, await a_bidder("Kask MTÜ"), "24.80")
        assert (await client.get(path)).text == before.text

    opened = await an_opened_tender(prices=("24.80", "21.50"))
    path = f"/tenders/{opened.tender.id}/bids"
    async with client_as(opened.tender.coordinator) as client:
        text = seen((await client.get(path)).text)
    assert "24.80" in text
    assert "How we do it: Method for phases 1 and 2." in text
    assert "Work 45%" in text
    assert "No tenders were received" in text  # the other lot
    async with client_as(opened.bidders[0].actor) as client:
        tenderer = seen((await client.get(path)).text)
    assert "21.50" in tenderer
    assert "How we do it" not in tenderer
    async with client_as(None) as client:
        public = seen((await client.get(path)).text)
    assert opened.bidders[0].actor.org_name in public
    assert "21.50" not in public
