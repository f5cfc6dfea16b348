"""Uploaded is not submitted (R4); what arrived in time stays in time (R1, R7; T-3 to T-5)."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from procure.adapters.signing import receipt_problems
from procure.app import create_app
from procure.bids import queries, service
from procure.bids.rules import Receipt, Verdict
from procure.bids.schemas import PackageView
from procure.bids.service import arriving, registering
from procure.bids.service.together import Together
from procure.db import connection
from procure.identity import queries as identity
from procure.kernel.actors import Actor
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.providers import service as providers
from tests.builders.bids import (
    AFTER,
    IN_TIME,
    Bidder,
    a_bid_draft,
    a_bidder,
    open_tender,
    signer,
)
from tests.builders.guards import refused
from tests.builders.identity import set_clock
from tests.builders.tenders import DEADLINE_AT, SEALER, Draft, a_published_tender
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

ALMOST = DEADLINE_AT - timedelta(seconds=1)


async def a_package(tender: Draft, bidder: Bidder, price: str = "21.50") -> PackageView:
    draft = await a_bid_draft(tender.id, bidder, price)
    return await service.prepare_bid(bidder.actor, draft, sealer=SEALER, at=IN_TIME)


async def submit(tender: Draft, bidder: Bidder, package: PackageView) -> Receipt:
    return await service.submit_prepared(bidder.actor, tender.id, package.id, signer=signer())


async def arrivals(tender: Draft) -> list[tuple[str | None, bool]]:
    async with connection() as c:
        rows = await c.fetch(
            "SELECT refusal, EXISTS (SELECT FROM bid b WHERE b.arrival = a.id) AS is_bid"
            " FROM arrival a WHERE tender = $1 ORDER BY arrived_at, id",
            tender.id,
        )
    return [(row["refusal"], row["is_bid"]) for row in rows]


def to(tender: Draft, package: PackageView) -> str:
    return f"/api/v1/tenders/{tender.id}/bid-packages/{package.id}/submit"


# --- Prepared, then submitted -----------------------------------------------


async def test_what_is_prepared_is_no_bid_until_it_is_submitted() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder, rival = await a_bidder(), await a_bidder()
    package = await a_package(tender, bidder)

    assert await queries.own_bids(bidder.actor, tender.id) == []
    assert [one.id for one in await queries.unsent(bidder.actor, tender.id)] == [package.id]
    assert await queries.unsent(rival.actor, tender.id) == []
    receipt = await submit(tender, bidder, package)
    assert receipt.receipt.bid_id == package.id
    assert receipt.receipt.ciphertext_sha256 == package.ciphertext_sha256
    assert await queries.unsent(bidder.actor, tender.id) == []
    await open_tender(tender)
    [bid] = await queries.own_bids(bidder.actor, tender.id)
    assert bid.content is not None
    assert bid.content.version == 1


async def test_what_was_only_prepared_is_not_opened() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    await a_package(tender, bidder)
    await open_tender(tender)
    assert await queries.own_bids(bidder.actor, tender.id) == []


async def test_to_submit_again_gives_the_same_receipt_and_one_bid() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    package = await a_package(tender, bidder)
    async with client_as(bidder.actor) as client:
        answers = [await client.post(to(tender, package)) for _ in range(2)]
        answers += await asyncio.gather(*(client.post(to(tender, package)) for _ in range(8)))
        key = (await client.get("/api/v1/bids/receipt-key")).text
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert receipt_problems(answers[0].content, key) == []
    assert (await arrivals(tender)).count((None, True)) == 1
    assert set(await arrivals(tender)) == {(None, True), ("repeated", False)}


async def test_another_providers_package_is_not_there() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder, rival = await a_bidder(), await a_bidder()
    package = await a_package(tender, bidder)
    with pytest.raises(NotFound):
        await submit(tender, rival, package)
    await submit(tender, bidder, package)
    with pytest.raises(NotFound):
        await submit(tender, rival, package)
    assert [refusal for refusal, _ in await arrivals(tender)] == ["notfound", None, "notfound"]


async def test_what_changed_since_the_preparation_is_found_at_the_submission() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    package = await a_package(tender, bidder)
    coordinator = tender.coordinator
    await providers.suspend_provider(coordinator, bidder.org_id, "In doubt.", IN_TIME)
    with pytest.raises(Refused, match="admitted"):
        await submit(tender, bidder, package)


async def test_many_at_once_are_bids_each_with_its_place_in_the_chain() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidders = [await a_bidder() for _ in range(6)]
    packages = [[await a_package(tender, bidder) for bidder in bidders] for _ in range(2)]
    receipts = await asyncio.gather(
        *(
            submit(tender, bidder, package)
            for row in packages
            for bidder, package in zip(bidders, row, strict=True)
        )
    )
    assert len({receipt.receipt.chain_sha256 for receipt in receipts}) == 12
    async with connection() as c:
        for receipt in receipts:
            row = await c.fetchrow(
                "SELECT kind, subject_id FROM event WHERE sha256 = $1",
                receipt.receipt.chain_sha256,
            )
            assert row is not None
            assert row["kind"] == "bid:sealed"
            assert str(row["subject_id"]) == str(receipt.receipt.bid_id)
    await open_tender(tender)
    for bidder in bidders:
        found = await queries.own_bids(bidder.actor, tender.id)
        assert sorted(bid.state for bid in found) == ["opened", "replaced"]


async def test_one_that_is_refused_takes_no_other_with_it() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidders = [await a_bidder() for _ in range(3)]
    packages = [await a_package(tender, bidder) for bidder in bidders]
    results = await asyncio.gather(
        submit(tender, bidders[0], packages[0]),
        submit(tender, bidders[1], packages[2]),  # another's
        submit(tender, bidders[2], packages[2]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Receipt, NotFound, Receipt]


# --- Working together -------------------------------------------------------


async def test_a_fault_of_one_is_raised_to_that_one_alone() -> None:
    async def work(batch: Any) -> Any:
        if len(batch) > 1 or batch[0] == "bad":
            raise ValueError(batch)
        return [f"done {item}" for item in batch]

    together: Together[str, str] = Together(work, most=10)
    results = await asyncio.gather(
        *(together(item) for item in ("a", "bad", "b")), return_exceptions=True
    )
    assert results[0] == "done a"
    assert isinstance(results[1], ValueError)
    assert results[2] == "done b"


async def test_when_the_one_who_works_is_cancelled_the_next_goes_on() -> None:
    started = asyncio.Event()

    async def work(batch: Any) -> Any:
        started.set()
        await asyncio.sleep(0.05)
        return list(batch)

    together: Together[int, int] = Together(work, most=10)
    first = asyncio.create_task(together(1))
    others = [asyncio.create_task(together(n)) for n in (2, 3)]
    await started.wait()
    first.cancel()
    assert await asyncio.gather(*others) == [2, 3]
    with pytest.raises(asyncio.CancelledError):
        await first


# --- The instant of arrival -------------------------------------------------


async def test_a_slow_sign_in_makes_no_bid_late(monkeypatch: pytest.MonkeyPatch) -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    package = await a_package(tender, bidder)
    original = identity.actor_of_token

    async def slow(token: str) -> Actor | None:
        await set_clock(AFTER)
        return await original(token)

    await set_clock(ALMOST)
    async with client_as(bidder.actor) as client:
        monkeypatch.setattr(identity, "actor_of_token", slow)
        answer = await client.post(to(tender, package))
    assert answer.status_code == 201, answer.text
    assert answer.json()["receipt"]["verdict"] == "on-time"


async def test_waiting_for_a_connection_makes_no_bid_late() -> None:
    """The pool is in use for longer than is left: what was waited for is taken off."""
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    package = await a_package(tender, bidder)
    await set_clock(DEADLINE_AT + timedelta(seconds=4))
    seen = service.Seen(
        tender_id=tender.id,
        package_id=package.id,
        first_byte=time.monotonic() - 6,
        last_byte=time.monotonic() - 5,
        size_bytes=0,
    )
    arrived = await service.note(seen)
    assert arrived is not None
    assert DEADLINE_AT - timedelta(seconds=1.2) < arrived.at < DEADLINE_AT
    receipt = await service.submit_prepared(
        bidder.actor, tender.id, package.id, signer=signer(), arrived=arrived
    )
    assert receipt.receipt.verdict == Verdict.ON_TIME
    async with connection() as c:
        row = await c.fetchrow("SELECT began_at, arrived_at, waited_us FROM arrival")
    assert row is not None
    assert 0.9 < (row["arrived_at"] - row["began_at"]).total_seconds() < 1.1
    assert 4_900_000 < row["waited_us"] < 6_000_000


async def test_what_began_before_and_ended_after_is_late_and_kept() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    package = await a_package(tender, bidder)
    await set_clock(DEADLINE_AT + timedelta(seconds=5))
    now = time.monotonic()
    arrived = await service.note(
        service.Seen(tender_id=tender.id, first_byte=now - 15, last_byte=now, size_bytes=9)
    )
    receipt = await service.submit_prepared(
        bidder.actor, tender.id, package.id, signer=signer(), arrived=arrived
    )
    assert receipt.receipt.verdict == Verdict.LATE
    await open_tender(tender)
    [bid] = await queries.own_bids(bidder.actor, tender.id)
    assert (bid.state, bid.content) == ("late", None)


async def test_a_try_that_failed_by_our_fault_counts_when_it_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    package = await a_package(tender, bidder)

    async def broken(*_: object) -> Any:
        raise RuntimeError("the power fails")

    await set_clock(ALMOST)
    async with client_as(bidder.actor) as client:
        with monkeypatch.context() as patch:
            patch.setattr(registering, "_keep", broken)
            assert (await client.post(to(tender, package))).status_code == 500
        await set_clock(DEADLINE_AT + timedelta(seconds=10))
        answer = await client.post(to(tender, package))
    assert answer.status_code == 201, answer.text
    assert answer.json()["receipt"]["verdict"] == "on-time"
    assert set(await arrivals(tender)) == {(None, True), ("repeated", False)}


async def test_a_request_of_nobody_is_stamped_refused_and_holds_up_nothing() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    package = await a_package(tender, await a_bidder())
    async with client_as(None) as client:
        headers = {"authorization": "Bearer guessed"}
        assert (await client.post(to(tender, package), headers=headers)).status_code == 401
        assert (await client.post(to(tender, package))).status_code == 401
    assert await arrivals(tender) == [("http-401", False)]
    assert list(await queries.unfinished_arrivals(tender.id)) == []


async def test_an_opening_waits_for_what_is_here_and_not_stamped_yet() -> None:
    tender = await a_published_tender()
    await set_clock(AFTER)
    first, second = tender.officers[:2]
    for_opening = {"sealer": SEALER, "signer": signer(), "now": AFTER}
    await service.give_share(first.actor, tender.id, first.identity, **for_opening)
    arriving.unstamped[tender.id] += 1
    try:
        with pytest.raises(Conflict, match="still being processed"):
            await service.give_share(second.actor, tender.id, second.identity, **for_opening)
    finally:
        arriving.unstamped.clear()
    assert await service.give_share(second.actor, tender.id, second.identity, **for_opening)


async def test_the_database_keeps_what_was_prepared() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    await a_package(tender, await a_bidder())
    for sql in ("UPDATE bid_package SET version = 7", "DELETE FROM bid_package"):
        assert "stays as it was encrypted" in await refused(sql)


def test_arrivals_are_stamped_before_anyone_is_asked() -> None:
    names = [one.__name__ for one in create_app(lifespan=[]).middleware]  # type: ignore[union-attr]
    assert names[0] == "ArrivalMiddleware"
