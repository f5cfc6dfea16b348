"""Bids over HTTP: submitted, receipted, hidden, opened, shown to whom it may be."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from procure.adapters.signing import FileSigner, receipt_problems
from procure.bids.rules import BidDraft
from procure.kernel.actors import Role
from tests.builders.bids import AFTER, IN_TIME, Bidder, a_bid_draft, a_bidder, signer
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import DEADLINE_AT, Draft, a_published_tender
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


def body_of(draft: BidDraft) -> dict[str, Any]:
    return {
        "lot_id": str(draft.lot_id),
        "unit_price": str(draft.unit_price),
        "answers": dict(draft.answers),
        "facilitator_ids": [str(one) for one in draft.facilitator_ids],
        "promised_rates": {name: str(rate) for name, rate in draft.promised_rates.items()},
    }


async def submitted(tender_id: UUID, bidder: Bidder, price: str = "21.50") -> dict[str, Any]:
    draft = await a_bid_draft(tender_id, bidder, price)
    async with client_as(bidder.actor) as client:
        answer = await client.send_json(f"/api/v1/tenders/{tender_id}/bids", body_of(draft))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def give(tender: Draft, n: int) -> Any:
    officer = tender.officers[n]
    async with client_as(officer.actor) as client:
        return await client.send_json(
            f"/api/v1/tenders/{tender.id}/opening", {"share": officer.identity}
        )


async def test_a_bid_is_submitted_and_its_receipt_checked_without_us() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    receipt = await submitted(tender.id, bidder)
    bid_id = receipt["receipt"]["bid_id"]
    assert receipt["receipt"]["verdict"] == "on-time"

    async with client_as(bidder.actor) as client:
        file = await client.get(f"/api/v1/bids/{bid_id}/receipt")
        sealed = await client.get(f"/api/v1/bids/{bid_id}/sealed")
        own = (await client.get(f"/api/v1/bids/{bid_id}")).json()
        listed = (await client.get("/api/v1/bids")).json()["items"]
    async with client_as(None) as client:
        key = await client.get("/api/v1/bids/receipt-key")
    assert receipt_problems(file.content, key.text, sealed.content) == []
    assert receipt_problems(file.content, key.text, sealed.content + b" ") != []
    assert "attachment" in file.headers["content-disposition"]
    assert (own["state"], own["content"], own["actions"]) == ("sealed", None, ["withdraw"])
    assert [bid["id"] for bid in listed] == [bid_id]


async def test_a_retry_with_the_same_key_is_the_same_bid() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    body = body_of(await a_bid_draft(tender.id, bidder))
    path = f"/api/v1/tenders/{tender.id}/bids"
    async with client_as(bidder.actor) as client:
        first = await client.send_json(path, body, key="retry-of-one-bid")
        again = await client.send_json(path, body, key="retry-of-one-bid")
        assert first.content == again.content
        assert len((await client.get("/api/v1/bids")).json()["items"]) == 1
        other = await client.send_json(path, {**body, "unit_price": "20"}, key="retry-of-one-bid")
    assert other.status_code == 422


async def test_faults_are_named_with_their_fields() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    body = body_of(await a_bid_draft(tender.id, bidder))
    body |= {"unit_price": "-3", "lot_id": str(uuid4()), "promised_rates": {"employment": "1.5"}}
    async with client_as(bidder.actor) as client:
        answer = await client.send_json(f"/api/v1/tenders/{tender.id}/bids", body)
        half = await client.send_json(f"/api/v1/tenders/{tender.id}/bids", {"unit_price": "1"})
    assert answer.status_code == 422
    assert {finding["field"] for finding in answer.json()["findings"]} == {
        "unit_price",
        "lot_id",
        "promised_rates.employment",
    }
    assert half.status_code == 400


async def test_who_may_not_bid_is_told_so() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    body = body_of(await a_bid_draft(tender.id, await a_bidder()))
    path = f"/api/v1/tenders/{tender.id}/bids"
    async with client_as(tender.coordinator) as client:
        assert (await client.send_json(path, body)).status_code == 403
    async with client_as(None) as client:
        assert (await client.send_json(path, body)).status_code == 401


async def test_a_bid_is_withdrawn() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder, other = await a_bidder(), await a_bidder()
    bid_id = (await submitted(tender.id, bidder))["receipt"]["bid_id"]
    path = f"/api/v1/bids/{bid_id}/withdraw"
    async with client_as(other.actor) as client:
        assert (await client.send_json(path)).status_code == 404
    async with client_as(bidder.actor) as client:
        assert (await client.send_json(path)).json()["state"] == "withdrawn"
        assert (await client.send_json(path)).status_code == 409


async def test_a_late_bid_is_refused_by_name_with_a_receipt_that_proves_it() -> None:
    tender = await a_published_tender()
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    await set_clock(DEADLINE_AT)
    async with client_as(bidder.actor) as client:
        answer = await client.send_json(f"/api/v1/tenders/{tender.id}/bids", body_of(draft))
        assert answer.status_code == 422
        problem = answer.json()
        kept = await client.get(f"/api/v1/bids/{problem['receipt']['receipt']['bid_id']}")
    assert [finding["code"] for finding in problem["findings"]] == ["late"]
    signed = msgspec.json.format(msgspec.json.encode(problem["receipt"]), indent=-1)
    assert receipt_problems(signed, signer().public_pem().decode()) == []
    assert problem["receipt"]["receipt"]["verdict"] == "late"
    assert kept.json()["state"] == "late"


async def test_the_opening_over_http_and_what_each_sees_after_it() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder, second = await a_bidder("Kask MTÜ"), await a_bidder("Kuusk OÜ")
    await submitted(tender.id, bidder, "24.80")
    await submitted(tender.id, second, "21.50")

    await set_clock(DEADLINE_AT - timedelta(seconds=30))
    early = await give(tender, 0)
    assert early.status_code == 422
    assert early.json()["findings"][0]["code"] == "too-early"

    await set_clock(AFTER)
    one = await give(tender, 0)
    assert (one.status_code, one.json()["given_count"], one.json()["minutes"]) == (200, 1, None)
    two = await give(tender, 2)
    assert two.status_code == 200
    assert [line["provider_name"] for line in two.json()["minutes"]["opened"]] == [
        "Kask MTÜ",
        "Kuusk OÜ",
    ]
    assert two.json()["state"] == "opened"
    assert (await give(tender, 1)).status_code == 422

    path = f"/api/v1/tenders/{tender.id}/bids"
    async with client_as(tender.coordinator) as client:
        ours = (await client.get(path)).json()
    assert [bid["unit_price"] for bid in ours["items"]] == ["24.80", "21.50"]
    assert ours["items"][0]["content"]["answers"]["K2"].startswith("How we do it")
    assert ours["minutes"]["late_count"] == 0

    async with client_as(bidder.actor) as client:
        tenderers = (await client.get(path)).json()
    assert [bid["unit_price"] for bid in tenderers["items"]] == ["24.80", "21.50"]
    assert [bid["groups_led_counts"] for bid in tenderers["items"]] == [[11, 8], [11, 8]]
    assert [bid["content"] for bid in tenderers["items"]] == [None, None]
    assert [bid["content"]["unit_price"] for bid in tenderers["own"]] == ["24.80"]
    assert tenderers["minutes"] is None

    for stranger in (None, (await a_bidder()).actor, await an_actor(Role.COORDINATOR)):
        async with client_as(stranger) as client:
            public = (await client.get(path)).json()
        assert [bid["provider_name"] for bid in public["items"]] == ["Kask MTÜ", "Kuusk OÜ"]
        assert len(public["items"][0]["registry_code"]) == 8
        assert {bid["unit_price"] for bid in public["items"]} == {None}
        assert "24.80" not in str(public)


async def test_the_opening_is_not_for_everyone() -> None:
    tender = await a_published_tender()
    path = f"/api/v1/tenders/{tender.id}/opening"
    async with client_as(await an_actor(Role.PROVIDER_MANAGER, kind="provider")) as client:
        assert (await client.get(path)).status_code == 403
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        assert (await client.get(path)).status_code == 403
        assert (await client.send_json(path, {"share": "x"})).status_code == 403
    async with client_as(tender.coordinator) as client:
        assert (await client.get(path)).json()["may_give"] is False
    async with client_as(tender.officers[0].actor) as client:
        assert (await client.get(path)).json()["may_give"] is True


def test_the_key_of_the_tests_is_one_of_the_installations() -> None:
    assert FileSigner().key_id == FileSigner().key_id
