"""Submitting, replacing and withdrawing bids: stamped first, sealed at once (R1, R7)."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.bids import queries
from procure.bids.ports import Signer
from procure.bids.rules import (
    BidContent,
    BidderFacts,
    BidDraft,
    BidHeader,
    FacilitatorRef,
    Receipt,
    ReceiptFacts,
    SealedContent,
    Verdict,
    bid_findings,
    instant_text,
)
from procure.bids.states import BID, BidState
from procure.bids.tables import Arrival, Bid
from procure.db import connection, transaction, uuid7
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders import queries as tenders
from procure.tenders.ports import Sealer
from procure.tenders.rules import TenderFacts, is_on_time
from procure.tenders.states import TenderState

TAKES_BIDS = (TenderState.PUBLISHED, TenderState.CLOSED)
KEEPS_LATE_BIDS = (*TAKES_BIDS, TenderState.OPENED, TenderState.EVALUATED)


class SealedEvent(msgspec.Struct, frozen=True):
    """What is known of a bid without opening it; its bidder's record until the opening."""

    tender_id: UUID
    lot_id: UUID
    provider_org_id: UUID
    version: int
    ciphertext_sha256: str
    size_bytes: int
    received_at: datetime
    deadline_at: datetime
    verdict: Verdict


class EndedEvent(msgspec.Struct, frozen=True):
    """A version that will never be opened, and why not."""

    tender_id: UUID
    lot_id: UUID
    version: int
    replaced_by_id: UUID | None = None


async def submit_bid(
    actor: Actor, draft: BidDraft, *, sealer: Sealer, signer: Signer, now: datetime
) -> Receipt:
    """Seal a bid and return its signed receipt; an earlier one for the lot is replaced.

    The first statement stamps the arrival with the database's clock and commits it, so that
    nothing after it (checks, locks, encryption) can make the bid late. A late bid is sealed and
    kept, never opened, and its receipt says so. Holds the tender against its opening.

    Raises NotFound, Forbidden, Refused (every finding), Conflict (opened or ended meanwhile).
    """
    _require_bidder(actor)
    arrival_id, arrived_at = await _note_arrival(actor, draft.tender_id)
    try:
        return await _seal(
            actor, draft, arrival_id, arrived_at, sealer=sealer, signer=signer, now=now
        )
    except ProcureError:
        # Outside of the transaction, which is gone; the arrival no longer holds up an opening.
        await Arrival.update({Arrival.refused_at: arrived_at}).where(Arrival.id == arrival_id)
        raise


def _require_bidder(actor: Actor) -> None:
    if not (actor.is_provider and actor.may(Permission.BID_SUBMIT)):
        raise Forbidden(n_("Only a provider's manager may bid."))


async def _note_arrival(actor: Actor, tender_id: UUID) -> tuple[UUID, datetime]:
    arrival_id = uuid7()
    async with connection() as c:
        arrived_at = await c.fetchval(
            "SELECT note_arrival($1, $2, $3, $4)", arrival_id, tender_id, actor.org_id, actor.id
        )
    if arrived_at is None:
        raise NotFound(n_("There is no tender {id}."), {"id": str(tender_id)})
    return arrival_id, msgspec.convert(arrived_at, datetime)


async def _seal(
    actor: Actor,
    draft: BidDraft,
    arrival_id: UUID,
    arrived_at: datetime,
    *,
    sealer: Sealer,
    signer: Signer,
    now: datetime,
) -> Receipt:
    await tenders.visible_tender(actor, draft.tender_id)  # a call-off is hidden from the uninvited
    async with transaction():
        await _hold_for_bids(draft.tender_id, actor.org_id)
        facts = await tenders.tender_facts(draft.tender_id)
        on_time = is_on_time(arrived_at, facts.deadline_at)
        _require_open(facts, on_time=on_time)
        bidder = await queries.bidder_facts(actor.org_id)
        if found := bid_findings(draft, facts, bidder):
            raise Refused(found)
        bid_id, version = uuid7(), await _next_version(draft.lot_id, actor.org_id)
        header = BidHeader(facts.id, draft.lot_id, actor.org_id, bid_id, version)
        content = _content(actor, draft, bidder, version)
        assert facts.recipient is not None  # noqa: S101 - a published tender has a key
        sealed = sealer.seal(canonical(SealedContent(header, content)).encode(), facts.recipient)
        if on_time:
            await _replace(actor, draft.lot_id, bid_id, now)
        event = SealedEvent(
            tender_id=facts.id,
            lot_id=draft.lot_id,
            provider_org_id=actor.org_id,
            version=version,
            ciphertext_sha256=sha256_hex(sealed),
            size_bytes=len(sealed),
            received_at=arrived_at,
            deadline_at=facts.deadline_at,
            verdict=Verdict.ON_TIME if on_time else Verdict.LATE,
        )
        await audit.record(
            "bid:sealed" if on_time else "bid:late",
            bid_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts=event,
        )
        receipt = await _receipt(facts, event, bid_id, signer)
        await Bid(
            id=bid_id,
            tender=facts.id,
            lot=draft.lot_id,
            provider_org=actor.org_id,
            arrival=arrival_id,
            version=version,
            ciphertext=sealed,
            ciphertext_sha256=event.ciphertext_sha256,
            received_at=arrived_at,
            submitted_by=actor.id,
            receipt=canonical(receipt),
            state=BidState.SEALED if on_time else BidState.LATE,
        ).save()
    return receipt


async def _hold_for_bids(tender_id: UUID, org_id: UUID) -> None:
    """Lock a tender against its opening, not against other bidders; and this bidder for itself.

    Two submissions of one bidder at once become two versions, in the order in which they got here.
    """
    async with connection() as c:
        await c.execute("SELECT 1 FROM tender WHERE id = $1 FOR SHARE", tender_id)
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('bidder ' || $1 || $2, 0))",
            str(tender_id),
            str(org_id),
        )


def _require_open(facts: TenderFacts, *, on_time: bool) -> None:
    if facts.state in (TAKES_BIDS if on_time else KEEPS_LATE_BIDS):
        return
    if on_time and facts.state != TenderState.CANCELLED:
        raise Conflict(
            n_(
                "The bids were opened before this submission was processed, although it arrived in "
                "time. Its arrival is recorded; write to {buyer} at once."
            ),
            {"buyer": facts.buyer_name},
        )
    raise Conflict(n_("This tender is {state} and takes no bids."), {"state": facts.state})


async def _next_version(lot_id: UUID, org_id: UUID) -> int:
    async with connection() as c:
        last = await c.fetchval(
            "SELECT max(version) FROM bid WHERE lot = $1 AND provider_org = $2", lot_id, org_id
        )
    return int(last or 0) + 1


def _content(actor: Actor, draft: BidDraft, bidder: BidderFacts, version: int) -> BidContent:
    known: dict[UUID, FacilitatorRef] = {found.id: found for found in bidder.facilitators}
    return BidContent(
        tender_id=draft.tender_id,
        lot_id=draft.lot_id,
        provider_org_id=actor.org_id,
        provider_name=actor.org_name,
        version=version,
        unit_price=draft.unit_price,
        answers=draft.answers,
        facilitators=[known[one] for one in draft.facilitator_ids],
        promised_rates=draft.promised_rates,
        remarks=draft.remarks.strip(),
    )


async def _replace(actor: Actor, lot_id: UUID, by_id: UUID, now: datetime) -> None:
    """Take the bidder's live bid for a lot out, because a later version is here."""
    live = (
        await Bid.select(Bid.id, Bid.tender, Bid.version)
        .where(
            Bid.lot == lot_id,
            Bid.provider_org == actor.org_id,
            Bid.state == BidState.SEALED.value,
        )
        .first()
    )
    if live is None:
        return
    await Bid.update({Bid.state: BID.after(BidState.SEALED, "replace")}).where(Bid.id == live["id"])
    await audit.record(
        "bid:replaced",
        live["id"],
        actor,
        org_id=actor.org_id,
        now=now,
        facts=EndedEvent(live["tender"], lot_id, live["version"], by_id),
    )


async def _receipt(facts: TenderFacts, event: SealedEvent, bid_id: UUID, signer: Signer) -> Receipt:
    lot = facts.lot(event.lot_id)
    assert lot is not None  # noqa: S101 - a finding otherwise
    head = await audit.chain_head()
    return signer.sign(
        ReceiptFacts(
            tender_id=facts.id,
            tender_reference=facts.reference,
            lot_id=lot.id,
            lot_code=lot.code,
            bid_id=bid_id,
            version=event.version,
            provider_org_id=event.provider_org_id,
            ciphertext_sha256=event.ciphertext_sha256,
            size_bytes=event.size_bytes,
            received_at=instant_text(event.received_at),
            deadline_at=instant_text(event.deadline_at),
            verdict=event.verdict,
            key_id=signer.key_id,
            chain_seq=head.seq,
            chain_sha256=head.sha256,
        )
    )


async def withdraw_bid(actor: Actor, bid_id: UUID, *, now: datetime) -> None:
    """Withdraw one's live bid before the deadline; it is never opened, and another may follow.

    Raises NotFound, Forbidden, Conflict (not live any more), Refused (the deadline is over).
    """
    _require_bidder(actor)
    asked_at = await queries.database_now()
    bid = await queries.read_bid(actor, bid_id)
    async with transaction():
        await _hold_for_bids(bid.tender_id, actor.org_id)
        bid = await queries.read_bid(actor, bid_id)
        state = BID.after(bid.state, "withdraw")
        if not is_on_time(asked_at, bid.deadline_at):
            raise Refused(
                [
                    Finding(
                        "deadline",
                        n_("A bid can be withdrawn until the deadline, and that is over."),
                        clause="Directive 2014/24/EU Annex IV",
                    )
                ]
            )
        await Bid.update({Bid.state: state}).where(Bid.id == bid_id)
        await audit.record(
            "bid:withdrawn",
            bid_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts=EndedEvent(bid.tender_id, bid.lot_id, bid.version),
        )
