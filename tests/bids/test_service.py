"""Sealed bids in a real database: on time, replaced, withdrawn, late; opened by enough people."""

import asyncio
import itertools
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from procure.audit.tables import Event
from procure.bids import queries, service
from procure.bids.rules import Minutes, Receipt, ReceiptFacts, SealedContent, Verdict
from procure.bids.service.opening import DeniedEvent
from procure.bids.states import BidState
from procure.db import DB, connection, transaction, uuid7
from procure.db.engine import AppConnection
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical, read_canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.providers import service as providers
from procure.tenders import queries as tenders
from procure.tenders import service as tender_service
from procure.tenders.schemas import Cancellation
from procure.tenders.states import LotState, TenderState
from tests.builders.bids import (
    AFTER,
    IN_TIME,
    Bidder,
    a_bid,
    a_bid_draft,
    a_bidder,
    an_opened_tender,
    open_tender,
    signer,
)
from tests.builders.guards import forbidden, refused
from tests.builders.identity import an_actor, an_org, set_clock
from tests.builders.tenders import (
    DEADLINE_AT,
    K1,
    L03,
    SEALER,
    Draft,
    Officer,
    a_drafted_tender,
    a_published_tender,
    an_officer,
)

pytestmark = pytest.mark.usefixtures("db")

ALMOST = DEADLINE_AT - timedelta(milliseconds=900)


async def give(officer: Officer, tender_id: UUID, typed: str | None = None) -> bool:
    return await service.give_share(
        officer.actor,
        tender_id,
        typed or officer.identity,
        sealer=SEALER,
        signer=signer(),
        now=AFTER,
    )


async def states(tender_id: UUID) -> list[tuple[int, str]]:
    async with connection() as c:
        rows = await c.fetch(
            "SELECT version, state FROM bid WHERE tender = $1 ORDER BY provider_org, version",
            tender_id,
        )
    return [(row["version"], row["state"]) for row in rows]


async def minutes_of(tender: Draft) -> Minutes:
    view = await queries.read_opening(tender.coordinator, tender.id)
    assert view.minutes is not None
    return view.minutes


async def count(sql: str, *args: object) -> int:
    async with connection() as c:
        return int(await c.fetchval(f"SELECT count(*) FROM {sql}", *args))


# --- Submitting -------------------------------------------------------------


async def test_a_bid_is_encrypted_receipted_and_signed() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    receipt = await a_bid(tender.id, bidder, "21.50", remarks="canary-remark")

    facts = receipt.receipt
    [own] = await queries.own_bids(bidder.actor)
    assert (own.state, own.version, own.content) == (BidState.SEALED, 1, None)
    assert (facts.bid_id, facts.verdict, facts.lot_code) == (own.id, Verdict.ON_TIME, "L03")
    sealed = await queries.read_sealed(bidder.actor, own.id)
    assert sha256_hex(sealed) == facts.ciphertext_sha256 == own.ciphertext_sha256
    assert facts.size_bytes == len(sealed)
    assert b"canary" not in sealed
    text = await queries.read_receipt(bidder.actor, own.id)
    assert text == canonical(receipt)
    assert signer().check(text) == facts


async def test_a_receipt_names_the_chain_of_events_after_its_own_event() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    facts = (await a_bid(tender.id)).receipt

    event = await Event.objects().where(Event.sha256 == facts.chain_sha256).first()
    assert (event.kind, event.subject_id) == ("bid:sealed", facts.bid_id)


async def test_two_receipts_do_not_tell_how_many_bids_came_between() -> None:
    """Promise T-8: but for its own version, size and place in time, a receipt counts nothing."""
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    facts = msgspec.to_builtins((await a_bid(tender.id)).receipt)
    counted = {name for name, value in facts.items() if isinstance(value, int)}
    assert counted == {"version", "size_bytes"}


async def test_the_arrival_is_the_databases_instant_and_no_one_elses() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    receipt = await service.submit_bid(
        bidder.actor,
        draft,
        sealer=SEALER,
        signer=signer(),
        now=IN_TIME - timedelta(days=300),  # an application clock far behind
    )
    [own] = await queries.own_bids(bidder.actor)
    assert timedelta(0) <= own.received_at - IN_TIME < timedelta(seconds=5)
    assert receipt.receipt.received_at == own.received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def test_the_last_version_counts() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    first = await a_bid(tender.id, bidder, "23.00")
    second = await a_bid(tender.id, bidder, "21.50")

    assert (first.receipt.version, second.receipt.version) == (1, 2)
    assert await states(tender.id) == [(1, "replaced"), (2, "sealed")]
    await open_tender(tender)
    [opened] = await queries.opened_bids(first.receipt.lot_id)
    assert opened.content.unit_price == Decimal("21.50")
    assert await states(tender.id) == [(1, "replaced"), (2, "opened")]


async def test_a_withdrawn_bid_is_never_opened_and_another_may_follow() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    first = await a_bid(tender.id, bidder, "23.00")
    await service.withdraw_bid(bidder.actor, first.receipt.bid_id, now=IN_TIME)
    with pytest.raises(Conflict, match="Cannot withdraw what is withdrawn"):
        await service.withdraw_bid(bidder.actor, first.receipt.bid_id, now=IN_TIME)

    await a_bid(tender.id, bidder, "22.00")
    assert await states(tender.id) == [(1, "withdrawn"), (2, "sealed")]
    await open_tender(tender)
    assert (await minutes_of(tender)).withdrawn_count == 1
    assert await states(tender.id) == [(1, "withdrawn"), (2, "opened")]


async def test_after_the_deadline_nothing_is_withdrawn() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    receipt = await a_bid(tender.id, bidder)
    await set_clock(DEADLINE_AT)
    with pytest.raises(Refused, match="until the deadline"):
        await service.withdraw_bid(bidder.actor, receipt.receipt.bid_id, now=IN_TIME)
    assert (await queries.read_bid(bidder.actor, receipt.receipt.bid_id)).actions == []


async def test_another_provider_cannot_withdraw_nor_see_a_bid() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    receipt = await a_bid(tender.id)
    other = await a_bidder()
    for asks in (
        service.withdraw_bid(other.actor, receipt.receipt.bid_id, now=IN_TIME),
        queries.read_bid(other.actor, receipt.receipt.bid_id),
        queries.read_receipt(other.actor, receipt.receipt.bid_id),
        queries.read_sealed(other.actor, receipt.receipt.bid_id),
    ):
        with pytest.raises(NotFound):
            await asks


async def test_only_a_providers_manager_bids() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    for actor in (
        tender.coordinator,
        await an_actor(Role.FACILITATOR, org=bidder.org_id),
    ):
        with pytest.raises(Forbidden):
            await service.submit_bid(actor, draft, sealer=SEALER, signer=signer(), now=IN_TIME)
    assert await count("arrival") == 0


async def test_a_suspended_provider_does_not_bid() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    coordinator = await an_actor(Role.COORDINATOR)
    await providers.suspend_provider(coordinator, bidder.org_id, "tax debt", IN_TIME)
    with pytest.raises(Refused, match="admitted"):
        await a_bid(tender.id, bidder)


async def test_every_fault_is_named_and_nothing_is_kept_but_the_arrival() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    with pytest.raises(Refused) as refusal:
        await a_bid(tender.id, bidder, "0", answers={"K2": "Method."}, facilitator_ids=[uuid4()])

    assert {finding.field for finding in refusal.value.findings} == {
        "unit_price",
        "answers.K3",
        "facilitator_ids",
    }
    assert await states(tender.id) == []
    # It was refused, so it does not hold up the opening.
    assert await count("arrival WHERE refused_at IS NOT NULL") == 1
    await open_tender(tender)


async def test_drafts_and_tenders_that_are_not_there_take_no_bids() -> None:
    draft_tender = await a_drafted_tender()
    bidder = await a_bidder()
    bid = await a_bid_draft(draft_tender.id, bidder)
    for tender_id in (draft_tender.id, uuid4()):
        with pytest.raises(NotFound):
            await service.submit_bid(
                bidder.actor,
                msgspec.structs.replace(bid, tender_id=tender_id),
                sealer=SEALER,
                signer=signer(),
                now=IN_TIME,
            )


async def test_a_cancelled_tender_takes_no_bids() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    ground = Cancellation("chan-need", "The need has changed since.")
    await tender_service.cancel(tender.coordinator, tender.id, ground, now=IN_TIME)
    with pytest.raises(Conflict, match="cancelled"):
        await a_bid(tender.id)


async def test_two_submissions_at_once_become_two_versions() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    await asyncio.gather(*(a_bid(tender.id, bidder, f"2{n}.00") for n in range(5)))
    found = await states(tender.id)
    assert [version for version, _ in found] == [1, 2, 3, 4, 5]
    assert [state for _, state in found] == ["replaced"] * 4 + ["sealed"]


# --- The deadline -----------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        pytest.param(DEADLINE_AT - timedelta(seconds=2), Verdict.ON_TIME, id="two seconds before"),
        pytest.param(DEADLINE_AT, Verdict.LATE, id="from the deadline on"),
        pytest.param(DEADLINE_AT + timedelta(days=3), Verdict.LATE, id="days after"),
    ],
)
async def test_the_verdict_follows_the_arrival(at: Any, verdict: Verdict) -> None:
    tender = await a_published_tender()
    await set_clock(at)
    receipt = await a_bid(tender.id)
    assert receipt.receipt.verdict == verdict
    assert await states(tender.id) == [(1, "sealed" if verdict == Verdict.ON_TIME else "late")]


async def test_a_late_bid_is_kept_sealed_told_and_never_opened() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder, late = await a_bidder(), await a_bidder()
    on_time = await a_bid(tender.id, bidder)
    await set_clock(DEADLINE_AT)
    receipt = await a_bid(tender.id, late)
    again = await a_bid(tender.id, bidder, "1.00")

    assert again.receipt.verdict == Verdict.LATE
    await open_tender(tender)
    assert (await minutes_of(tender)).late_count == 2
    opened = await queries.opened_bids(receipt.receipt.lot_id)
    # The late version has not replaced the one that was on time.
    assert [bid.id for bid in opened] == [on_time.receipt.bid_id]
    assert len(await queries.read_sealed(late.actor, receipt.receipt.bid_id)) > 100
    event = await Event.objects().where(Event.kind == "bid:late").first()
    assert event.org_id == late.org_id


async def test_waiting_for_a_lock_does_not_make_a_bid_late() -> None:
    """T-3: the arrival is stamped before anything that can wait."""
    tender = await a_published_tender()
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    await set_clock(ALMOST)

    async with transaction():
        async with connection() as c:
            await c.execute("SELECT 1 FROM tender WHERE id = $1 FOR UPDATE", tender.id)
        submission = asyncio.create_task(
            service.submit_bid(
                bidder.actor, draft, sealer=SEALER, signer=signer(), now=DEADLINE_AT
            ),
            context=Context(),
        )
        done, _ = await asyncio.wait({submission}, timeout=0.4)
        assert not done, "the submission did not wait for the tender"
        await set_clock(DEADLINE_AT + timedelta(seconds=30))

    assert (await submission).receipt.verdict == Verdict.ON_TIME
    assert await states(tender.id) == [(1, "sealed")]


async def test_an_on_time_bid_is_taken_after_the_clock_has_closed_the_tender() -> None:
    tender = await a_published_tender()
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    await set_clock(ALMOST)
    async with transaction():
        async with connection() as c:
            await c.execute("SELECT 1 FROM tender WHERE id = $1 FOR UPDATE", tender.id)
        submission = asyncio.create_task(
            service.submit_bid(
                bidder.actor, draft, sealer=SEALER, signer=signer(), now=DEADLINE_AT
            ),
            context=Context(),
        )
        await asyncio.wait({submission}, timeout=0.3)
        await set_clock(AFTER)
        assert await tender_service.close(tender.id, now=AFTER)

    assert (await submission).receipt.verdict == Verdict.ON_TIME
    await open_tender(tender, now=AFTER + timedelta(minutes=5))
    assert await states(tender.id) == [(1, "opened")]


# --- Opening ----------------------------------------------------------------


async def test_two_of_three_open_the_bids_and_the_minutes_say_everything() -> None:
    opened = await an_opened_tender(prices=("24.80", "21.50"), groups_led=((14, 9), (11, 8)))
    tender, minutes = opened.tender, await minutes_of(opened.tender)

    assert [line.unit_price for line in minutes.opened] == [Decimal("24.80"), Decimal("21.50")]
    assert [line.groups_led_counts for line in minutes.opened] == [[14, 9], [11, 8]]
    assert [opener.person_id for opener in minutes.openers] == [
        officer.actor.id for officer in tender.officers[:2]
    ]
    assert (minutes.quorum_count, minutes.keyholders_count) == (2, 3)
    assert (minutes.damaged, minutes.late_count, minutes.unfinished_count) == ([], 0, 0)
    assert minutes.lots_without_bids == ["L05"]
    facts = await tenders.tender_facts(tender.id)
    assert facts.state == TenderState.OPENED
    assert [(lot.state, lot.ground) for lot in facts.lots] == [
        (LotState.OPEN, None),
        (LotState.UNSUCCESSFUL, "no-rece"),
    ]
    async with connection() as c:
        tasks = await c.fetch(
            "SELECT kind, state FROM task WHERE subject_id = $1 ORDER BY kind, state", tender.id
        )
        paper = await c.fetchrow("SELECT kind, title FROM paper WHERE kind = 'opening-minutes'")
    assert ("tender:evaluate", "open") in {tuple(row) for row in tasks}
    assert {row["state"] for row in tasks if row["kind"] == "tender:open"} == {"done"}
    assert paper is not None
    assert paper["title"].startswith("2024-0001 ")


async def test_a_tender_without_any_bid_ends_at_its_opening() -> None:
    tender = await a_published_tender()
    await open_tender(tender)
    facts = await tenders.tender_facts(tender.id)
    assert facts.state == TenderState.CONCLUDED
    assert {lot.ground for lot in facts.lots} == {"no-rece"}


async def test_the_shares_are_forgotten_after_the_opening() -> None:
    opened = await an_opened_tender(prices=("24.80",))
    assert await count("opening_share WHERE share IS NOT NULL") == 0
    assert await count("opening_share WHERE tender = $1", opened.tender.id) == 2


async def test_before_the_deadline_nothing_opens_with_all_shares_and_every_try_is_kept() -> None:
    """T-10, T-12: the record outlives the refusal, and the application's clock decides nothing."""
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    await a_bid(tender.id)
    await set_clock(DEADLINE_AT - timedelta(seconds=20))
    for officer in tender.officers:
        with pytest.raises(Refused, match="Nothing is opened before the deadline"):
            await give(officer, tender.id)  # says that it is AFTER

    assert await states(tender.id) == [(1, "sealed")]
    assert await count("opening_share") == 0
    events = await Event.objects().where(Event.kind == "bid:denied").order_by(Event.seq)
    assert [event.actor_id for event in events] == [o.actor.id for o in tender.officers]
    assert {event.org_id for event in events} == {tender.buyer_id}
    facts = read_canonical(events[0].facts, DeniedEvent)
    assert list(facts.reasons) == ["too-early"]


class _Undo(Exception):
    """Takes back what a transaction has done."""


@pytest.mark.parametrize("holders", [3, 4, 5])
async def test_only_enough_distinct_keyholders_open_after_the_deadline(holders: int) -> None:
    """T-10: every set of people, for three to five of them."""
    quorum = holders // 2 + 1
    tender = await a_published_tender(holders=holders, opening_quorum_count=quorum)
    await set_clock(IN_TIME)
    await a_bid(tender.id)

    async def opens(some: tuple[Officer, ...]) -> bool:
        with pytest.raises(_Undo):
            async with transaction():
                for officer in some:
                    await give(officer, tender.id)
                found = await states(tender.id)
                raise _Undo
        return found == [(1, "opened")]

    await set_clock(AFTER)
    await tender_service.close_due(now=AFTER)
    for size in range(quorum + 1):  # more than enough never happens: the tender is open by then
        for some in itertools.combinations(tender.officers, size):
            assert await opens(some) == (size >= quorum), f"{size} of {quorum}"


async def test_the_same_person_counts_once() -> None:
    tender = await a_published_tender()
    await set_clock(AFTER)
    assert await give(tender.officers[0], tender.id) is False
    with pytest.raises(Refused, match="given your share already"):
        await give(tender.officers[0], tender.id)
    # Not even with the words of someone else.
    holders = await tenders.keyholders(tender.id)
    words = SEALER.read_share(holders[1].share, tender.officers[1].identity)
    with pytest.raises(Refused, match="not yours"):
        await give(Officer(tender.officers[2].actor, ""), tender.id, words)
    assert (await tenders.tender_facts(tender.id)).state == TenderState.CLOSED


async def test_the_words_open_as_the_key_does() -> None:
    tender = await a_published_tender()
    await set_clock(AFTER)
    holders = await tenders.keyholders(tender.id)
    words = SEALER.read_share(holders[0].share, tender.officers[0].identity)
    assert await give(tender.officers[0], tender.id, words.upper()) is False
    assert await give(tender.officers[1], tender.id) is True


async def test_a_wrong_key_is_refused_and_recorded_without_repeating_it() -> None:
    tender = await a_published_tender()
    await set_clock(AFTER)
    with pytest.raises(Refused, match="does not open your share"):
        await give(tender.officers[0], tender.id, tender.officers[1].identity)
    event = await Event.objects().where(Event.kind == "bid:denied").first()
    assert "wrong-share" in event.facts
    assert "SECRET" not in event.facts.upper()


async def test_who_holds_no_share_gives_none() -> None:
    tender = await a_published_tender()
    await set_clock(AFTER)
    stranger = Officer(
        await an_actor(Role.OFFICER, org=tender.buyer_id), tender.officers[0].identity
    )
    with pytest.raises(Refused, match="You hold no share"):
        await give(stranger, tender.id)
    dismissed = Officer(
        msgspec.structs.replace(tender.officers[0].actor, permissions=frozenset()),
        tender.officers[0].identity,
    )
    with pytest.raises(Forbidden):
        await give(dismissed, tender.id)


async def test_an_opened_tender_takes_no_more_shares() -> None:
    opened = await an_opened_tender(prices=("24.80",))
    with pytest.raises(Refused, match="This tender is opened"):
        await give(opened.tender.officers[2], opened.tender.id)


# --- The barrier (T-3b) -----------------------------------------------------


async def note_arrival(c: Any, tender_id: UUID, actor: Actor) -> UUID:
    return UUID(
        bytes=(
            await c.fetchval(
                "SELECT noted_id FROM note_arrivals(ARRAY[$1::uuid], ARRAY[$2::uuid],"
                " ARRAY[NULL::uuid], ARRAY[$3::uuid], ARRAY[$4::uuid], '{0}', '{0}', '{0}')",
                uuid7(),
                tender_id,
                actor.org_id,
                actor.id,
            )
        ).bytes
    )


async def test_an_opening_waits_for_arrivals_that_are_not_committed_yet() -> None:
    tender = await a_published_tender()
    bidder = await a_bidder()
    await set_clock(ALMOST)
    async with transaction():
        async with connection() as c:
            await note_arrival(c, tender.id, bidder.actor)
        await set_clock(DEADLINE_AT + timedelta(seconds=5))
        opening = asyncio.create_task(_give_two(tender), context=Context())
        done, _ = await asyncio.wait({opening}, timeout=0.5)
        assert not done, "the opening did not wait"
    with pytest.raises(Conflict, match="still being processed"):
        await opening
    # The second share was not taken: it is given again, once the submission is done or given up.
    assert await count("opening_share") == 1


async def _give_two(tender: Draft) -> None:
    for officer in tender.officers[:2]:
        await give(officer, tender.id)


async def test_an_arrival_that_never_became_a_bid_holds_up_for_a_minute_and_is_minuted() -> None:
    tender = await a_published_tender()
    bidder = await a_bidder()
    await set_clock(ALMOST)
    async with connection() as c:
        await note_arrival(c, tender.id, bidder.actor)

    await set_clock(DEADLINE_AT + timedelta(seconds=50))
    await give(tender.officers[0], tender.id)
    with pytest.raises(Conflict, match="still being processed"):
        await give(tender.officers[1], tender.id)
    await set_clock(DEADLINE_AT + timedelta(seconds=60))
    assert await give(tender.officers[1], tender.id) is True
    assert (await minutes_of(tender)).unfinished_count == 1
    # Its bidder may have bid for any lot, so that none ends by itself.
    assert {lot.state for lot in (await tenders.tender_facts(tender.id)).lots} == {LotState.OPEN}


async def test_an_on_time_bid_that_comes_after_the_opening_is_not_lost_silently() -> None:
    tender = await a_published_tender()
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    await set_clock(ALMOST)
    # Its processing takes longer than anyone waits.

    async def submit() -> Receipt:
        return await service.submit_bid(
            bidder.actor, draft, sealer=SEALER, signer=signer(), now=DEADLINE_AT
        )

    async with transaction():
        async with connection() as c:
            await c.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('bidder ' || $1 || $2, 0))",
                str(tender.id),
                str(bidder.org_id),
            )
        submission = asyncio.create_task(submit(), context=Context())
        await asyncio.wait({submission}, timeout=0.4)
        await set_clock(DEADLINE_AT + timedelta(minutes=2))
        opening = asyncio.create_task(_give_two(tender), context=Context())
        done, _ = await asyncio.wait({opening}, timeout=0.5)
        # The submission holds the tender: the opening waits for it, longer than its minute.
        assert not done
    await opening
    assert (await submission).receipt.verdict == Verdict.ON_TIME
    assert await states(tender.id) == [(1, "opened")]


async def test_the_opening_and_the_bid_know_of_each_other_when_the_minute_is_over() -> None:
    tender = await a_published_tender()
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    await set_clock(ALMOST)
    arrival_id, arrived_at = await _noted(tender.id, bidder)
    await open_tender(tender, now=DEADLINE_AT + timedelta(minutes=2))
    with pytest.raises(Conflict, match="although it arrived in time"):
        await service.submit_bid(
            bidder.actor,
            draft,
            sealer=SEALER,
            signer=signer(),
            now=AFTER,
            arrived=service.Arrived(arrival_id, arrived_at),
        )


async def _noted(tender_id: UUID, bidder: Bidder) -> tuple[UUID, Any]:
    async with connection() as c:
        arrival_id = await note_arrival(c, tender_id, bidder.actor)
        arrived = await c.fetchval("SELECT arrived_at FROM arrival WHERE id = $1", arrival_id)
    return arrival_id, arrived


# --- Tampering (T-17, T-18) -------------------------------------------------


async def tampered(owner: AppConnection, sql: str, *args: object) -> None:
    """Do to the database what only its owner can."""
    await owner.execute("ALTER TABLE bid DISABLE TRIGGER USER")
    await owner.execute(sql, *args)
    await owner.execute("ALTER TABLE bid ENABLE TRIGGER USER")


async def three_bids() -> tuple[Draft, list[ReceiptFacts], list[Bidder]]:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidders = [await a_bidder() for _ in range(3)]
    receipts = [
        (await a_bid(tender.id, bidder, price)).receipt
        for bidder, price in zip(bidders, ("24.80", "21.50", "23.10"), strict=True)
    ]
    return tender, receipts, bidders


async def test_a_changed_bit_is_named_in_the_minutes_and_the_others_open(
    owner: AppConnection,
) -> None:
    tender, receipts, _ = await three_bids()
    await tampered(
        owner,
        "UPDATE bid SET ciphertext = set_byte(ciphertext, 300, get_byte(ciphertext, 300) # 1) "
        "WHERE id = $1",
        receipts[0].bid_id,
    )
    await open_tender(tender)
    minutes = await minutes_of(tender)

    assert [bid.bid_id for bid in minutes.damaged] == [receipts[0].bid_id]
    assert "not those that were received" in minutes.damaged[0].text
    assert len(minutes.opened) == 2
    assert sorted(state for _, state in await states(tender.id)) == ["opened", "opened", "sealed"]
    # A lot with a damaged bid is not a lot without bids.
    assert minutes.lots_without_bids == ["L05"]


async def test_two_bids_that_were_swapped_are_named(owner: AppConnection) -> None:
    tender, receipts, _ = await three_bids()
    a, b = receipts[0].bid_id, receipts[1].bid_id
    await tampered(
        owner,
        """UPDATE bid SET ciphertext = other.ciphertext,
                  ciphertext_sha256 = other.ciphertext_sha256
             FROM bid other WHERE (bid.id = $1 AND other.id = $2) OR (bid.id = $2 AND other.id = $1)
        """,
        a,
        b,
    )
    await open_tender(tender)
    assert {bid.bid_id for bid in (await minutes_of(tender)).damaged} == {a, b}


async def test_a_bid_brought_from_another_tender_with_its_receipt_does_not_pass(
    owner: AppConnection,
) -> None:
    """T-18, with everything the receipt holds rewritten: the header inside is what remains."""
    tender, receipts, bidders = await three_bids()
    victim = receipts[0]
    facts = await tenders.tender_facts(tender.id)
    assert facts.recipient is not None
    other = await a_bid_draft(tender.id, bidders[1], "1.00")
    sealed = await queries.read_sealed(bidders[1].actor, receipts[1].bid_id)
    assert other.lot_id == victim.lot_id
    forged = signer().sign(
        msgspec.structs.replace(
            victim, ciphertext_sha256=sha256_hex(sealed), size_bytes=len(sealed)
        )
    )
    await tampered(
        owner,
        "UPDATE bid SET ciphertext = $2, ciphertext_sha256 = $3, receipt = $4 WHERE id = $1",
        victim.bid_id,
        sealed,
        sha256_hex(sealed),
        canonical(forged),
    )
    await open_tender(tender)
    [damaged] = (await minutes_of(tender)).damaged
    assert damaged.bid_id == victim.bid_id
    assert damaged.values["fields"] == "provider_org_id, bid_id"


async def test_what_is_no_bid_inside_the_seal_is_named(owner: AppConnection) -> None:
    tender, receipts, _ = await three_bids()
    facts = await tenders.tender_facts(tender.id)
    assert facts.recipient is not None
    sealed = SEALER.seal(b"not a bid", facts.recipient)
    forged = signer().sign(
        msgspec.structs.replace(receipts[0], ciphertext_sha256=sha256_hex(sealed))
    )
    await tampered(
        owner,
        "UPDATE bid SET ciphertext = $2, ciphertext_sha256 = $3, receipt = $4 WHERE id = $1",
        receipts[0].bid_id,
        sealed,
        sha256_hex(sealed),
        canonical(forged),
    )
    await open_tender(tender)
    assert [d.text for d in (await minutes_of(tender)).damaged] == ["What was sealed is not a bid."]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        pytest.param(
            "DELETE FROM bid WHERE id = $1", "no longer there as it was", id="a bid removed"
        ),
        pytest.param(
            "UPDATE bid SET state = 'withdrawn' WHERE id = $1",
            "no longer there as it was",
            id="a bid taken out",
        ),
        pytest.param(
            "UPDATE bid SET received_at = received_at - interval '1 hour' WHERE id = $1",
            "differs from the receipt",
            id="another instant",
        ),
        pytest.param(
            "UPDATE bid SET receipt = replace(receipt, 'on-time', 'late') WHERE id = $1",
            "receipt is not ours",
            id="another receipt",
        ),
    ],
)
async def test_what_an_owner_of_the_database_did_is_named(
    owner: AppConnection, sql: str, why: str
) -> None:
    tender, receipts, _ = await three_bids()
    await tampered(owner, sql, receipts[0].bid_id)
    await open_tender(tender)
    minutes = await minutes_of(tender)
    [damaged] = minutes.damaged
    assert damaged.bid_id == receipts[0].bid_id
    assert why in damaged.text
    assert len(minutes.opened) == 2


async def test_an_older_version_brought_back_is_named(owner: AppConnection) -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    first = (await a_bid(tender.id, bidder, "23.00")).receipt
    second = (await a_bid(tender.id, bidder, "21.50")).receipt
    await tampered(owner, "UPDATE bid SET state = 'replaced' WHERE id = $1", second.bid_id)
    await tampered(owner, "UPDATE bid SET state = 'sealed' WHERE id = $1", first.bid_id)

    await open_tender(tender)
    minutes = await minutes_of(tender)
    assert {bid.bid_id for bid in minutes.damaged} == {first.bid_id, second.bid_id}
    assert minutes.opened == []


async def test_a_sealed_bid_does_not_open_with_another_tenders_key() -> None:
    tender, receipts, bidders = await three_bids()
    other = await a_published_tender()
    key = SEALER.combine(
        [
            SEALER.read_share(holder.share, officer.identity)
            for holder, officer in zip(
                await tenders.keyholders(other.id), other.officers, strict=True
            )
        ],
        str((await tenders.tender_facts(other.id)).recipient),
    )
    sealed = await queries.read_sealed(bidders[0].actor, receipts[0].bid_id)
    with pytest.raises(ValueError, match="does not open"):
        key.open(sealed)
    own = SEALER.combine(
        [
            SEALER.read_share(holder.share, officer.identity)
            for holder, officer in zip(
                await tenders.keyholders(tender.id), tender.officers, strict=True
            )
        ],
        str((await tenders.tender_facts(tender.id)).recipient),
    )
    assert read_canonical(own.open(sealed), SealedContent).header.bid_id == receipts[0].bid_id


# --- What the database refuses to the application ---------------------------


async def test_the_database_keeps_a_sealed_bid() -> None:
    tender, receipts, _ = await three_bids()
    bid = receipts[0].bid_id

    assert "never deleted" in await refused("DELETE FROM bid WHERE id = $1", bid)
    for change in (
        "ciphertext = '\\x00'::bytea",
        "received_at = received_at - interval '1 day'",
        "version = 9",
        "receipt = '{}'",
        "submitted_by = (SELECT id FROM person ORDER BY id LIMIT 1)",
    ):
        assert "does not change" in await refused(f"UPDATE bid SET {change} WHERE id = $1", bid)
    opened = "UPDATE bid SET state = 'opened', content = '{}', opened_at = now() WHERE id = $1"
    assert "by enough people" in await refused(opened, bid)
    await set_clock(AFTER)
    assert "by enough people" in await refused(opened, bid)  # nobody has given a share
    assert await states(tender.id) == [(1, "sealed")] * 3


async def test_the_minutes_of_an_opening_stay_as_they_were_written() -> None:
    await an_opened_tender(prices=("24.80", "21.50"))
    for statement in ("UPDATE opening SET minutes = '{}'", "DELETE FROM opening"):
        await forbidden(statement)
    await refused("UPDATE bid SET state = 'sealed', content = NULL, opened_at = NULL")


async def test_the_database_takes_no_bid_that_did_not_arrive() -> None:
    tender, receipts, bidders = await three_bids()
    copied = (
        "INSERT INTO bid (id, tender, lot, provider_org, arrival, version, ciphertext, "
        "ciphertext_sha256, parts, received_at, submitted_by, receipt, state) "
        "SELECT gen_random_uuid(), tender, lot, provider_org, {arrival}, 2, ciphertext, "
        "ciphertext_sha256, parts, {at}, submitted_by, receipt, {state} FROM bid WHERE id = $1"
    )
    bid = receipts[0].bid_id
    again = copied.format(arrival="arrival", at="received_at", state="'withdrawn'")
    assert "late is what did not" in await refused(again, bid)
    earlier = copied.format(arrival="arrival", at="received_at - interval '1 s'", state="'sealed'")
    assert "when its submission arrived" in await refused(earlier, bid)
    twice = copied.format(arrival="arrival", at="received_at", state="'sealed'")
    assert "bid_" in await refused(twice, bid)
    forged = (
        "INSERT INTO arrival (id, tender, provider_org, person, began_at, arrived_at, waited_us, "
        "size_bytes) VALUES ($1, $2, $3, $4, $5, $5, 0, 0)"
    )
    await forbidden(forged, uuid4(), tender.id, bidders[0].org_id, bidders[0].actor.id, IN_TIME)
    assert "noted by note_arrivals" in await refused(
        "UPDATE arrival SET arrived_at = arrived_at - interval '1 day'"
    )


async def test_the_database_takes_no_share_before_the_deadline_nor_from_strangers() -> None:
    tender = await a_published_tender()
    holders = await tenders.keyholders(tender.id)
    words = SEALER.read_share(holders[0].share, tender.officers[0].identity)
    insert = (
        "INSERT INTO opening_share (id, tender, person, share, share_sha256, given_at) "
        "VALUES (gen_random_uuid(), $1, $2, $3, $4, now())"
    )
    first, second = (officer.actor.id for officer in tender.officers[:2])
    sha = holders[0].share.sha256
    assert "before the deadline" in await refused(insert, tender.id, first, words, sha)
    await set_clock(AFTER)
    assert "no such share" in await refused(insert, tender.id, second, words, sha)
    assert "no such share" in await refused(insert, tender.id, first, "other words", sha)
    async with DB.connection() as c:
        await c.execute(insert, tender.id, first, words, sha)
    assert "only forgotten" in await refused("DELETE FROM opening_share")


# --- Call-offs --------------------------------------------------------------


async def test_a_mini_competition_is_bid_for_by_the_invited_alone() -> None:
    opened = await an_opened_tender(prices=("24.80", "21.50"))
    coordinator, (invited, other) = opened.tender.coordinator, opened.bidders
    await tender_service.award_lot(opened.lot_ids[0], now=AFTER)
    now = datetime(2025, 6, 2, 9, tzinfo=UTC)
    call_off = await a_published_tender(
        coordinator,
        now=now,
        procedure="mini-competition",
        technique="none",
        max_suppliers_count=1,
        deadline_at=datetime(2025, 6, 16, 7, tzinfo=UTC),
        contract_starts_on=date(2025, 9, 1),
        contract_until=date(2026, 1, 1),
        lots=[msgspec.structs.replace(L03, groups_count=1)],
        criteria=[msgspec.structs.replace(K1, weight=Decimal(100))],
        parent_lot_id=opened.lot_ids[0],
        invited_ids=[invited.org_id],
    )
    receipt = await a_bid(call_off.id, invited, "22.00", now=now)
    assert receipt.receipt.verdict == Verdict.ON_TIME
    with pytest.raises(NotFound):
        await a_bid(call_off.id, other, "20.00", now=now)

    await open_tender(call_off, now=datetime(2025, 6, 16, 7, 1, tzinfo=UTC))
    [bid] = await queries.opened_bids(receipt.receipt.lot_id)
    assert bid.content.unit_price == Decimal("22.00")
    assert (bid.content.answers, bid.content.facilitators) == ({}, [])
    with pytest.raises(NotFound):
        await queries.read_bids(other.actor, call_off.id)


async def test_a_keyholder_of_another_organisation_takes_part() -> None:
    """T-10b: a share outside of the unit that buys keeps it from opening alone."""
    coordinator = await an_actor(Role.COORDINATOR)
    inside = await an_officer(coordinator.org_id)
    outside = await an_officer(await an_org("buyer"))
    tender = await a_published_tender(
        coordinator, keyholder_ids=[inside.actor.id, outside.actor.id]
    )
    await set_clock(AFTER)
    assert (await queries.read_opening(outside.actor, tender.id)).may_give
    assert await give(inside, tender.id) is False
    assert await give(outside, tender.id) is True
    async with connection() as c:
        home = await c.fetchval(
            "SELECT org_id FROM task WHERE kind = 'tender:open' AND person_id = $1",
            outside.actor.id,
        )
    assert home == outside.actor.org_id
