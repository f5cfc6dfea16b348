"""Opening bids: k of n people together, after the deadline, with minutes (Annex IV(b)-(g))."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.bids import queries
from procure.bids.ports import BadReceipt, Signer
from procure.bids.rules import (
    IN_PROCESS_SECONDS,
    BidContent,
    BidHeader,
    DamagedBid,
    Minutes,
    OpenedLine,
    Opener,
    SealedContent,
    ShareFacts,
    header_differences,
    instant_text,
    share_objections,
)
from procure.bids.service.arriving import unstamped
from procure.bids.service.registering import SealedEvent
from procure.bids.states import BID, BidState
from procure.bids.tables import Bid, Opening, OpeningShare
from procure.db import connection, transaction
from procure.documents import queries as files
from procure.documents import service as documents
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical, read_canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.tasks import service as tasks
from procure.tenders import queries as tenders
from procure.tenders import service as tender_service
from procure.tenders.ports import OpenKey, Sealer, SealFailed
from procure.tenders.rules import TenderFacts
from procure.tenders.states import CriterionKind


class DeniedEvent(msgspec.Struct, frozen=True):
    """An attempt to open, and everything that stood in its way."""

    tender_id: UUID
    reasons: Sequence[str]
    facts: ShareFacts | None


class ShareEvent(msgspec.Struct, frozen=True):
    """A share was given; its hash, never its words."""

    share_sha256: str
    facts: ShareFacts


class OpenedEvent(msgspec.Struct, frozen=True):
    """What an opening found, by ids and hashes."""

    openers: Sequence[UUID]
    quorum_count: int
    opened: Mapping[str, str]  # bid id -> SHA-256 of its ciphertext
    damaged: Sequence[UUID]
    minutes_sha256: str


async def give_share(
    actor: Actor,
    tender_id: UUID,
    identity_or_words: str,
    *,
    sealer: Sealer,
    signer: Signer,
    now: datetime,
) -> bool:
    """Give the actor's share of a tender's key; the one that completes the quorum opens the bids.

    Tells whether this one did. Every refusal is recorded for the auditor in a transaction of its
    own, so that the record outlives it. Raises NotFound, Refused (not a keyholder, too early, the
    wrong key …), Conflict (on-time submissions are still being processed).
    """
    if not actor.may(Permission.OPENING_SHARE):
        raise Forbidden(n_("Only an opening officer may give a share."))
    facts = await tenders.tender_facts(tender_id)
    share_facts = await _share_facts(actor, facts)
    if found := share_objections(share_facts):
        await _deny(actor, facts, [finding.code for finding in found], share_facts, now)
        if not share_facts.is_keyholder:
            # The same as for a tender that is not there, for whoever may not see it.
            await tenders.visible_tender(actor, tender_id)
        raise Refused(found)
    holders = await tenders.keyholders(tender_id)
    holder = next(found for found in holders if found.person_id == actor.id)
    try:
        words = sealer.read_share(holder.share, identity_or_words)
    except SealFailed as failure:
        await _deny(actor, facts, ["wrong-share"], share_facts, now)
        raise Refused([Finding("share", failure.text, field="share")]) from failure
    async with transaction():
        held = await tender_service.hold_tender(tender_id)
        if found := share_objections(await _share_facts(actor, held)):
            raise Refused(found)
        await tender_service.close(tender_id, now=now)
        await OpeningShare(
            tender=tender_id,
            person=actor.id,
            share=words,
            share_sha256=holder.share.sha256,
            given_at=share_facts.database_at,
        ).save()
        given = await queries.given_shares(tender_id)
        is_complete = len(given) >= held.opening_quorum_count
        if is_complete:
            await _wait_for_arrivals(tender_id)
        await tasks.finish("tender:open", tender_id, now=now, person_id=actor.id)
        await audit.record(
            "opening:share-given",
            tender_id,
            actor,
            org_id=held.buyer_id,
            now=now,
            facts=ShareEvent(holder.share.sha256, share_facts),
        )
        if is_complete:
            await _open_bids(actor, held, given, sealer=sealer, signer=signer, now=now)
    return is_complete


async def _share_facts(actor: Actor, facts: TenderFacts) -> ShareFacts:
    given = await queries.given_shares(facts.id)
    return ShareFacts(
        tender_state=facts.state,
        deadline_at=facts.deadline_at,
        database_at=await queries.database_now(),
        is_keyholder=actor.id in facts.keyholder_ids,
        has_given=any(share.person_id == actor.id for share in given),
    )


async def _deny(
    actor: Actor,
    facts: TenderFacts,
    reasons: Sequence[str],
    share_facts: ShareFacts | None,
    now: datetime,
) -> None:
    """Record an attempt that was refused, and commit that by itself (Annex IV(g), T-12)."""
    async with transaction():
        await audit.record(
            "bid:denied",
            facts.id,
            actor,
            org_id=facts.buyer_id,
            now=now,
            facts=DeniedEvent(facts.id, reasons, share_facts),
        )


async def _wait_for_arrivals(tender_id: UUID) -> None:
    """Make sure that no on-time submission is still on its way (T-3b).

    Waits for arrivals that are stamped and not yet committed; Conflict for those that are here and
    not stamped yet, and for those committed that are neither bid nor refused, for a minute.
    """
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('arrival ' || $1, 0))", str(tender_id)
        )
    ages = await queries.unfinished_arrivals(tender_id)
    if tender_id in unstamped or any(age < IN_PROCESS_SECONDS for age in ages):
        raise Conflict(
            n_(
                "Submissions that arrived before the deadline are still being processed. "
                "Give your share again in a minute."
            )
        )


async def _open_bids(
    actor: Actor,
    facts: TenderFacts,
    given: Sequence[queries.GivenWords],
    *,
    sealer: Sealer,
    signer: Signer,
    now: datetime,
) -> None:
    """Open every live bid in the running transaction, write the minutes, forget the shares.

    A bid that is damaged, swapped or missing is named in the minutes and stays sealed. A lot for
    which nothing was received ends by that.
    """
    assert facts.recipient is not None  # noqa: S101 - a published tender has a key
    try:
        key = sealer.combine([share.share or "" for share in given], facts.recipient)
    except SealFailed as failure:
        raise Refused([Finding("share", failure.text, field="share")]) from failure
    opened_at = await queries.database_now()
    rows = await queries.bids_to_open(facts.id)
    damaged = _missing(facts, rows, await queries.bid_events(facts.id))
    strange = {bid.bid_id for bid in damaged}
    opened: list[OpenedLine] = []
    for row in rows:
        if row.state != BidState.SEALED or row.id in strange:
            continue
        found = _unsealed(row, facts, key, signer)
        if isinstance(found, DamagedBid):
            damaged.append(found)
            continue
        await Bid.update(
            {
                Bid.state: BID.after(BidState.SEALED, "open"),
                Bid.content: canonical(found),
                Bid.opened_at: opened_at,
            }
        ).where(Bid.id == row.id)
        opened.append(_line(row, found))
        damaged += [
            DamagedBid(row.id, row.lot_code, row.provider_org_id, found.provider_name, text, values)
            for text, values in await _open_files(found, key, opened_at)
        ]
    minutes = await _minutes(facts, given, rows, opened=opened, damaged=damaged, at=opened_at)
    await OpeningShare.update({OpeningShare.share: None}).where(OpeningShare.tender == facts.id)
    await tender_service.mark_opened(facts.id, now=now)
    await _tasks_of_opening(facts, now)
    await Opening(
        tender=facts.id,
        opened_at=opened_at,
        minutes=canonical(minutes),
        paper_id=await documents.order_paper(
            kind="opening-minutes",
            template="bids/papers/minutes.html",
            title=f"{facts.reference} {facts.title}"[:200],
            subject_id=facts.id,
            buyer_id=facts.buyer_id,
            facts=minutes,
            now=now,
        ),
    ).save()
    await audit.record(
        "bids:opened",
        facts.id,
        actor,
        org_id=facts.buyer_id,
        now=now,
        facts=OpenedEvent(
            openers=[share.person_id for share in given],
            quorum_count=facts.opening_quorum_count,
            opened={str(line.bid_id): line.ciphertext_sha256 for line in opened},
            damaged=[bid.bid_id for bid in damaged],
            minutes_sha256=sha256_hex(canonical(minutes)),
        ),
    )
    if minutes.unfinished_count:
        return  # someone may have bid for any lot: people decide
    for lot in facts.lots:
        if lot.code in minutes.lots_without_bids:
            await tender_service.fail_lot(lot.id, "no-rece", now=now)


def _unsealed(
    row: queries.SealedRow, facts: TenderFacts, key: OpenKey, signer: Signer
) -> BidContent | DamagedBid:
    """Decrypt one bid and check it against its hash, its receipt and its header."""

    def broken(text: str, **values: str) -> DamagedBid:
        return DamagedBid(
            row.id, row.lot_code, row.provider_org_id, row.provider_name, text, values
        )

    if sha256_hex(row.ciphertext) != row.ciphertext_sha256:
        return broken(n_("The sealed bytes are not those that were received."))
    try:
        receipt = signer.check(row.receipt)
    except BadReceipt as problem:
        return broken(n_("Its receipt is not ours: {why}"), why=problem.text)
    if (
        receipt.bid_id,
        receipt.tender_id,
        receipt.lot_id,
        receipt.provider_org_id,
        receipt.version,
        receipt.ciphertext_sha256,
        receipt.received_at,
    ) != (
        row.id,
        facts.id,
        row.lot_id,
        row.provider_org_id,
        row.version,
        row.ciphertext_sha256,
        instant_text(row.received_at),
    ):
        return broken(n_("It differs from the receipt that was given for it."))
    try:
        found = read_canonical(key.open(row.ciphertext), SealedContent)
    except SealFailed as failure:
        return broken(failure.text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return broken(n_("What was sealed is not a bid."))
    header = BidHeader(facts.id, row.lot_id, row.provider_org_id, row.id, row.version)
    if differences := header_differences(found, header):
        return broken(
            n_("It was sealed for another place than where it lies: {fields}."),
            fields=", ".join(differences),
        )
    return found.content


async def _open_files(
    content: BidContent, key: OpenKey, at: datetime
) -> list[tuple[str, dict[str, str]]]:
    """Open the files of one bid, one after another; say which are not what was received."""
    found: list[tuple[str, dict[str, str]]] = []
    for file in content.files:
        try:
            sealed = await asyncio.to_thread(files.read_checked, file.sealed_sha256)
            plain = await asyncio.to_thread(key.open, sealed)
        except files.FileDamaged:
            text = n_("Its file {name} is not there as it was received.")
        except SealFailed:
            text = n_("Its file {name} does not open with this tender's key.")
        else:
            if sha256_hex(plain) == file.sha256:
                await documents.store_file(plain, file.media_type, at)
                continue
            text = n_("Its file {name} is another than the bid names.")
        found.append((text, {"name": file.name}))
    return found


def _missing(
    facts: TenderFacts, rows: Sequence[queries.SealedRow], events: Sequence[queries.BidEvent]
) -> list[DamagedBid]:
    """Compare the bids with the chain of events: what was removed, brought back or never came."""
    live: dict[UUID, queries.BidEvent] = {}
    for event in events:
        if event.kind == "bid:sealed":
            live[event.bid_id] = event
        else:
            live.pop(event.bid_id, None)
    known = {row.id: row for row in rows if row.state == BidState.SEALED}
    codes = {lot.id: lot.code for lot in facts.lots}
    found = [
        DamagedBid(
            bid_id,
            codes.get(read_canonical(event.facts, SealedEvent).lot_id, "?"),
            event.provider_org_id,
            "",
            n_("It was received and is no longer there as it was; the record of events has it."),
        )
        for bid_id, event in live.items()
        if bid_id not in known
    ]
    found += [
        DamagedBid(
            row.id,
            row.lot_code,
            row.provider_org_id,
            row.provider_name,
            n_("It is there as a live bid, and the record of events says otherwise."),
        )
        for row in known.values()
        if row.id not in live
    ]
    return found


def _line(row: queries.SealedRow, content: BidContent) -> OpenedLine:
    return OpenedLine(
        bid_id=row.id,
        lot_code=row.lot_code,
        provider_org_id=row.provider_org_id,
        provider_name=content.provider_name,
        registry_code=row.registry_code,
        version=row.version,
        received_at=row.received_at,
        ciphertext_sha256=row.ciphertext_sha256,
        unit_price=content.unit_price,
        promised_rates=content.promised_rates,
        groups_led_counts=[found.groups_led_count for found in content.facilitators],
    )


async def _minutes(
    facts: TenderFacts,
    given: Sequence[queries.GivenWords],
    rows: Sequence[queries.SealedRow],
    *,
    opened: Sequence[OpenedLine],
    damaged: Sequence[DamagedBid],
    at: datetime,
) -> Minutes:
    counts = {state: sum(row.state == state for row in rows) for state in BidState}
    with_bids = {line.lot_code for line in opened} | {bid.lot_code for bid in damaged}
    return Minutes(
        tender_id=facts.id,
        tender_reference=facts.reference,
        tender_title=facts.title,
        buyer_name=facts.buyer_name,
        deadline_at=facts.deadline_at,
        opened_at=at,
        quorum_count=facts.opening_quorum_count,
        keyholders_count=len(facts.keyholder_ids),
        openers=[Opener(share.person_id, share.name, share.given_at) for share in given],
        opened=opened,
        damaged=damaged,
        lots_without_bids=[lot.code for lot in facts.lots if lot.code not in with_bids],
        replaced_count=counts[BidState.REPLACED],
        withdrawn_count=counts[BidState.WITHDRAWN],
        late_count=counts[BidState.LATE],
        unfinished_count=len(await queries.unfinished_arrivals(facts.id)),
        currency=facts.currency,
    )


async def _tasks_of_opening(facts: TenderFacts, now: datetime) -> None:
    with_bids = [lot.id for lot in facts.lots if await queries.opened_bids(lot.id)]
    is_scored = any(criterion.kind == CriterionKind.QUALITY for criterion in facts.criteria)
    await tasks.create(
        "tender:evaluate",
        facts.id,
        org_id=facts.buyer_id,
        role=Role.COORDINATOR,
        text=n_("The bids of {reference} are open: appoint those who score them.")
        if is_scored
        else n_("The bids of {reference} are open: price and facts decide, so rank them."),
        values={"reference": facts.reference},
        link=f"/lots/{with_bids[0]}/evaluation" if len(with_bids) == 1 else "/evaluation",
        clause="RHS § 117",
        due_on=legal_day(now),
        now=now,
    )
