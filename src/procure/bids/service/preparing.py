"""Preparing a bid: checked, encrypted to the tender's key, and not yet submitted (R4)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.bids import queries
from procure.bids.ports import Vault
from procure.bids.rules import (
    BidContent,
    BidderFacts,
    BidDraft,
    BidHeader,
    FacilitatorRef,
    SealedContent,
    SealedPart,
    bid_findings,
)
from procure.bids.schemas import PackageView
from procure.bids.tables import BidPackage
from procure.db import connection, transaction, uuid7
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders import queries as tenders
from procure.tenders.ports import Sealer
from procure.tenders.rules import TenderFacts, is_on_time
from procure.tenders.states import TenderState

TAKES_BIDS = (TenderState.PUBLISHED, TenderState.CLOSED)
KEEPS_LATE_BIDS = (*TAKES_BIDS, TenderState.OPENED, TenderState.EVALUATED)


def require_bidder(actor: Actor) -> None:
    """Raise Forbidden for whoever may not bid for an organisation."""
    if not (actor.is_provider and actor.may(Permission.BID_SUBMIT)):
        raise Forbidden(n_("Only a provider's manager may bid."))


def require_open(state: TenderState, buyer_name: str, *, on_time: bool) -> None:
    """Raise Conflict if a tender takes no bid that arrived on this side of its deadline."""
    if state in (TAKES_BIDS if on_time else KEEPS_LATE_BIDS):
        return
    if on_time and state != TenderState.CANCELLED:
        raise Conflict(
            n_(
                "The bids were opened before this submission was processed, although it arrived in "
                "time. Its arrival is recorded; write to {buyer} at once."
            ),
            {"buyer": buyer_name},
        )
    raise Conflict(n_("This tender is {state} and takes no bids."), {"state": state})


async def prepare_bid(
    actor: Actor, draft: BidDraft, *, sealer: Sealer, vault: Vault | None = None, at: datetime
) -> PackageView:
    """Check a bid and encrypt it; it is submitted by `submit_package`, and not before.

    `at` is when it came, or is to be submitted; the vault is needed for files alone. Raises
    NotFound, Forbidden, Refused (every finding), Conflict (the tender takes no bids).
    """
    require_bidder(actor)
    facts, bidder = await _asked(actor, draft, vault, at)
    if found := bid_findings(draft, facts, bidder):
        raise Refused(found)
    return await _seal(actor, draft, facts, bidder, sealer=sealer, at=at)


async def check_bid(
    actor: Actor, draft: BidDraft, *, vault: Vault, at: datetime
) -> Sequence[Finding]:
    """Say everything that stands in the way of a bid, and keep nothing of it.

    Raises NotFound, Forbidden, Conflict (the tender takes no bids).
    """
    require_bidder(actor)
    facts, bidder = await _asked(actor, draft, vault, at)
    return bid_findings(draft, facts, bidder)


async def _asked(
    actor: Actor, draft: BidDraft, vault: Vault | None, at: datetime
) -> tuple[TenderFacts, BidderFacts]:
    facts = await tenders.visible_tender(actor, draft.tender_id)  # hidden from the uninvited
    require_open(facts.state, facts.buyer_name, on_time=is_on_time(at, facts.deadline_at))
    files = await queries.own_files(actor, facts.id, vault) if draft.file_ids and vault else []
    bidder = await queries.bidder_facts(actor.org_id, files)
    return facts, msgspec.structs.replace(bidder, name=actor.org_name)


async def _seal(
    actor: Actor,
    draft: BidDraft,
    facts: TenderFacts,
    bidder: BidderFacts,
    *,
    sealer: Sealer,
    at: datetime,
) -> PackageView:
    assert facts.recipient is not None  # noqa: S101 - a published tender has a key
    package_id = uuid7()
    async with transaction():
        version = await _next_version(draft.lot_id, actor.org_id)
        header = BidHeader(facts.id, draft.lot_id, actor.org_id, package_id, version)
        content = _content(actor, draft, bidder, version)
        parts = [
            SealedPart("file", str(file.id), file.sealed_sha256, file.sealed_bytes)
            for file in content.files
        ]
        sealed = sealer.seal(canonical(SealedContent(header, content)).encode(), facts.recipient)
        await BidPackage(
            id=package_id,
            tender=facts.id,
            lot=draft.lot_id,
            provider_org=actor.org_id,
            version=version,
            ciphertext=sealed,
            ciphertext_sha256=sha256_hex(sealed),
            parts=canonical(parts),
            prepared_by=actor.id,
            prepared_at=at,
        ).save()
    return PackageView(
        id=package_id,
        tender_id=facts.id,
        lot_id=draft.lot_id,
        version=version,
        ciphertext_sha256=sha256_hex(sealed),
        size_bytes=len(sealed),
        parts=parts,
        prepared_at=at,
        deadline_at=facts.deadline_at,
    )


async def _next_version(lot_id: UUID, org_id: UUID) -> int:
    """Take the bidder's next number for a lot; held by a lock of its own, until the commit."""
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('package ' || $1 || $2, 0))",
            str(lot_id),
            str(org_id),
        )
        last = await c.fetchval(
            """SELECT greatest(
                (SELECT max(version) FROM bid WHERE lot = $1 AND provider_org = $2),
                (SELECT max(version) FROM bid_package WHERE lot = $1 AND provider_org = $2))""",
            lot_id,
            org_id,
        )
    return int(last or 0) + 1


def _content(actor: Actor, draft: BidDraft, bidder: BidderFacts, version: int) -> BidContent:
    known: dict[UUID, FacilitatorRef] = {found.id: found for found in bidder.facilitators}
    files = {file.id: file for file in bidder.files}
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
        files=[files[one] for one in draft.file_ids],
        consortium=draft.consortium,
        subcontractors=draft.subcontractors,
        price_lines=draft.price_lines,
    )
