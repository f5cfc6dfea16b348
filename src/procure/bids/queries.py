"""Reading bids. Before the opening a bidder reads that its own is there, and nobody anything else.

Every question about bids before the opening is asked for one provider's organisation, so that no
answer can hold another's, nor how many there are.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.bids.ports import Vault
from procure.bids.rules import (
    BidContent,
    BidderFacts,
    FacilitatorRef,
    FileRef,
    Minutes,
    SealedPart,
)
from procure.bids.schemas import (
    BidsView,
    DraftView,
    FileView,
    GivenShare,
    OpenedBid,
    OpenedBidView,
    OpeningView,
    OwnBid,
    PackageView,
)
from procure.bids.states import BID, BidState, FileState
from procure.db import connection, fetch_as
from procure.documents import queries as documents
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import Forbidden, NotFound
from procure.kernel.texts import n_
from procure.tenders import queries as tenders
from procure.tenders.rules import TenderFacts
from procure.tenders.states import LotState, TenderState


async def database_now() -> datetime:
    """Return the one clock that judges deadlines: the database's (R7)."""
    async with connection() as c:
        return msgspec.convert(await c.fetchval("SELECT app_now()"), datetime)


async def bidder_facts(org_id: UUID, files: Sequence[FileView] = ()) -> BidderFacts:
    """Load what is known of a bidder: admitted or not, its facilitators and their record."""
    async with connection() as c:
        state = await c.fetchval("SELECT state FROM provider WHERE org = $1", org_id)
    facilitators = await fetch_as(
        FacilitatorRef,
        "SELECT id, code, groups_led_count FROM facilitator WHERE provider_org = $1 ORDER BY code",
        org_id,
    )
    whole = [
        FileRef(
            id=file.id,
            name=file.name,
            media_type=file.media_type or "",
            size_bytes=file.length_bytes,
            sha256=file.sha256 or "",
            sealed_sha256=file.sealed_sha256 or "",
            sealed_bytes=file.sealed_bytes or 0,
        )
        for file in files
        if file.state == FileState.SEALED
    ]
    return BidderFacts(org_id, state == "admitted", facilitators, whole)


class FacilitatorChoice(msgspec.Struct, frozen=True):
    """A facilitator to name in a bid."""

    id: UUID
    code: str
    display_name: str
    groups_led_count: int


async def facilitator_choices(actor: Actor) -> list[FacilitatorChoice]:
    """List the facilitators that the actor's organisation may name."""
    return await fetch_as(
        FacilitatorChoice,
        """SELECT id, code, display_name, groups_led_count FROM facilitator
            WHERE provider_org = $1 ORDER BY code""",
        actor.org_id,
    )


async def outcome_families() -> list[str]:
    """List the kinds of outcome that a rate can be promised for."""
    async with connection() as c:
        rows = await c.fetch(
            "SELECT DISTINCT family FROM outcome_definition WHERE is_payable ORDER BY 1"
        )
    return [row["family"] for row in rows]


# --- What is prepared -------------------------------------------------------


class _Package(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tender_id: UUID
    tender_reference: str
    tender_state: TenderState
    buyer_name: str
    deadline_at: datetime
    lot_id: UUID
    lot_code: str
    lot_state: LotState
    provider_org_id: UUID
    is_admitted: bool
    version: int
    ciphertext_sha256: str
    size_bytes: int
    prepared_at: datetime
    live_id: UUID | None  # the bidder's live bid for the lot
    live_version: int | None
    arrival_id: UUID | None  # the first of its arrivals that came to nothing by no fault of its own
    arrived_at: datetime | None


class PackageRow(_Package, frozen=True, kw_only=True):
    """A prepared bid, and all that decides what becomes of it when it is submitted."""

    parts: Sequence[SealedPart]


class DoneRow(msgspec.Struct, frozen=True):
    """What was prepared and is submitted: its receipt."""

    id: UUID
    provider_org_id: UUID
    lot_id: UUID
    receipt: str


Packages = dict[UUID, PackageRow | DoneRow]

_PACKAGE = """
    SELECT p.id, p.tender AS tender_id, t.reference AS tender_reference, t.state AS tender_state,
           o.name AS buyer_name, t.deadline_at, p.lot AS lot_id, l.code AS lot_code,
           l.state AS lot_state, p.provider_org AS provider_org_id,
           coalesce(v.state = 'admitted', false) AS is_admitted, p.version, p.ciphertext_sha256,
           octet_length(p.ciphertext) AS size_bytes, p.prepared_at, b.id AS live_id,
           b.version AS live_version, a.id AS arrival_id, a.arrived_at, p.parts
      FROM bid_package p JOIN tender t ON t.id = p.tender JOIN organisation o ON o.id = t.buyer
      JOIN lot l ON l.id = p.lot LEFT JOIN provider v ON v.org = p.provider_org
      LEFT JOIN bid b ON b.lot = p.lot AND b.provider_org = p.provider_org AND b.state = 'sealed'
      LEFT JOIN LATERAL (
          SELECT a.id, a.arrived_at FROM arrival a
           WHERE a.package_id = p.id AND a.refused_at IS NULL
             AND (a.provider_org IS NULL OR a.provider_org = p.provider_org)
           ORDER BY a.arrived_at, a.id LIMIT 1) a ON true
"""


class _PackageText(_Package, frozen=True, kw_only=True):
    parts: str


def _package(row: _PackageText) -> PackageRow:
    fields = {name: getattr(row, name) for name in _Package.__struct_fields__}
    return PackageRow(**fields, parts=read_canonical(row.parts, list[SealedPart]))


async def packages(ids: Sequence[UUID]) -> Packages:
    """Load prepared bids, and those of them that are submitted; for the service alone."""
    rows = await fetch_as(_PackageText, f"{_PACKAGE} WHERE p.id = ANY($1)", list(ids))
    found: Packages = {row.id: _package(row) for row in rows}
    if missing := [one for one in ids if one not in found]:
        done = await fetch_as(
            DoneRow,
            "SELECT id, provider_org AS provider_org_id, lot AS lot_id, receipt FROM bid"
            " WHERE id = ANY($1)",
            missing,
        )
        found.update({row.id: row for row in done})
    return found


async def unsent(actor: Actor, tender_id: UUID) -> list[PackageView]:
    """List what the actor's organisation prepared for a tender and has not submitted."""
    if not _is_bidder(actor):
        return []
    rows = await fetch_as(
        _PackageText,
        f"{_PACKAGE} WHERE p.provider_org = $1 AND p.tender = $2 ORDER BY p.id DESC LIMIT 50",
        actor.org_id,
        tender_id,
    )
    return [package_view(_package(row)) for row in rows]


def package_view(row: PackageRow) -> PackageView:
    """Show a prepared bid to its bidder."""
    return PackageView(**{name: getattr(row, name) for name in PackageView.__struct_fields__})


# --- Files ------------------------------------------------------------------


class FileAbout(msgspec.Struct, frozen=True):
    """What of a file is locked: its name, and its hash once it is whole."""

    name: str
    sha256: str | None = None


class _File(msgspec.Struct, frozen=True):
    id: UUID
    tender_id: UUID
    about: bytes
    length_bytes: int
    offset_bytes: int
    state: str
    media_type: str | None
    sealed_sha256: str | None
    sealed_bytes: int | None
    refusal: str | None


_FILE = """
    SELECT id, tender AS tender_id, about, length_bytes, offset_bytes, state, media_type,
           sealed_sha256, sealed_bytes, refusal
      FROM bid_file WHERE provider_org = $1
"""


def _file(row: _File, vault: Vault) -> FileView:
    about = read_canonical(vault.unlock(row.about, str(row.id)), FileAbout)
    fields = {name: getattr(row, name) for name in _File.__struct_fields__ if name != "about"}
    return FileView(**fields, name=about.name, sha256=about.sha256)


async def own_files(actor: Actor, tender_id: UUID, vault: Vault) -> list[FileView]:
    """List the uploads of the actor's organisation for a tender, in order."""
    if not _is_bidder(actor):
        return []
    rows = await fetch_as(_File, f"{_FILE} AND tender = $2 ORDER BY id", actor.org_id, tender_id)
    return [_file(row, vault) for row in rows]


async def read_file(actor: Actor, file_id: UUID, vault: Vault) -> FileView:
    """Load one of the actor's own uploads; NotFound for anybody else's."""
    if _is_bidder(actor):
        rows = await fetch_as(_File, f"{_FILE} AND id = $2", actor.org_id, file_id)
        if rows:
            return _file(rows[0], vault)
    raise NotFound(n_("There is no file {id}."), {"id": str(file_id)})


class Piece(msgspec.Struct, frozen=True):
    """A locked piece of an upload."""

    starts_at_byte: int
    content: bytes


async def pieces(file_id: UUID) -> list[Piece]:
    """List the locked pieces of an upload, for the service."""
    return await fetch_as(
        Piece,
        "SELECT starts_at_byte, content FROM bid_piece WHERE file = $1 ORDER BY starts_at_byte",
        file_id,
    )


def draft_about(tender_id: UUID, org_id: UUID) -> str:
    """Name what a locked draft is of, so that it opens nowhere else."""
    return f"draft {tender_id} {org_id}"


class _Draft(msgspec.Struct, frozen=True):
    content: bytes
    saved_at: datetime


async def read_draft(actor: Actor, tender_id: UUID, vault: Vault) -> DraftView | None:
    """Load what the actor's organisation typed for a tender and has not submitted."""
    if not _is_bidder(actor):
        return None
    rows = await fetch_as(
        _Draft,
        "SELECT content, saved_at FROM bid_draft WHERE provider_org = $1 AND tender = $2",
        actor.org_id,
        tender_id,
    )
    if not rows:
        return None
    content = vault.unlock(rows[0].content, draft_about(tender_id, actor.org_id))
    return DraftView(read_canonical(content, dict[str, list[str]]), rows[0].saved_at)


async def room_taken(org_id: UUID, tender_id: UUID) -> tuple[int, int]:
    """Return how many uploads a bidder has for a tender, and their bytes together."""
    async with connection() as c:
        row = await c.fetchrow(
            "SELECT count(*) AS count, coalesce(sum(length_bytes), 0)::bigint AS size FROM bid_file"
            " WHERE provider_org = $1 AND tender = $2 AND state <> 'refused'",
            org_id,
            tender_id,
        )
    assert row is not None  # noqa: S101 - an aggregate has a row
    return row["count"], row["size"]


async def opened_file(file: FileRef) -> bytes:
    """Read a file of an opened bid that `readable_file` has found. Raises FileDamaged."""
    return await asyncio.to_thread(documents.read_checked, file.sha256)


async def readable_file(actor: Actor, bid_id: UUID, file_id: UUID) -> FileRef:
    """Find a file of an opened bid: for its bidder and for the buyer's people without a conflict.

    Raises NotFound, also before the opening.
    """
    async with connection() as c:
        content = await c.fetchval(
            """SELECT b.content FROM bid b JOIN tender t ON t.id = b.tender
                WHERE b.id = $1 AND b.content IS NOT NULL
                  AND ((b.provider_org = $2 AND $3)
                       OR (t.buyer = $2 AND $4 AND NOT has_conflict($5, b.lot)))""",
            bid_id,
            actor.org_id,
            actor.is_provider,
            actor.is_buyer,
            actor.id,
        )
    if content is not None and actor.may(Permission.BID_READ):
        for file in read_canonical(content, BidContent).files:
            if file.id == file_id:
                return file
    raise NotFound(n_("There is no file {id}."), {"id": str(file_id)})


# --- A bidder's own ---------------------------------------------------------

_OWN = """
    SELECT b.id, b.tender AS tender_id, t.reference AS tender_reference, t.title AS tender_title,
           t.state AS tender_state, b.lot AS lot_id, l.code AS lot_code, l.title AS lot_title,
           l.state AS lot_state,
           b.version, b.state, b.received_at, t.deadline_at, b.ciphertext_sha256,
           octet_length(b.ciphertext) AS size_bytes, b.content, app_now() AS asked_at
      FROM bid b JOIN tender t ON t.id = b.tender JOIN lot l ON l.id = b.lot
     WHERE b.provider_org = $1
"""


class _Own(msgspec.Struct):
    id: UUID
    tender_id: UUID
    tender_reference: str
    tender_title: str
    tender_state: str
    lot_id: UUID
    lot_code: str
    lot_title: str
    lot_state: str
    version: int
    state: BidState
    received_at: datetime
    deadline_at: datetime
    ciphertext_sha256: str
    size_bytes: int
    content: str | None
    asked_at: datetime


def _own(row: _Own) -> OwnBid:
    may = ("withdraw",) if row.asked_at < row.deadline_at else ()
    return OwnBid(
        **{
            name: getattr(row, name)
            for name in OwnBid.__struct_fields__
            if name not in {"content", "actions"}
        },
        content=read_canonical(row.content, BidContent) if row.content else None,
        actions=[action for action in BID.actions(row.state) if action in may],
    )


def _is_bidder(actor: Actor) -> bool:
    return actor.is_provider and actor.may(Permission.BID_READ)


async def own_bids(actor: Actor, tender_id: UUID | None = None) -> list[OwnBid]:
    """List the actor's own bids, of one tender or of all, newest first."""
    if not _is_bidder(actor):
        return []
    rows = await fetch_as(
        _Own,
        f"{_OWN} AND ($2::uuid IS NULL OR b.tender = $2) ORDER BY b.id DESC LIMIT 500",
        actor.org_id,
        tender_id,
    )
    return [_own(row) for row in rows]


async def read_bid(actor: Actor, bid_id: UUID) -> OwnBid:
    """Load one of the actor's own bids; NotFound for anybody else's."""
    if _is_bidder(actor):
        rows = await fetch_as(_Own, f"{_OWN} AND b.id = $2", actor.org_id, bid_id)
        if rows:
            return _own(rows[0])
    raise NotFound(n_("There is no bid {id}."), {"id": str(bid_id)})


async def read_receipt(actor: Actor, bid_id: UUID) -> str:
    """Load the signed receipt of one of the actor's own bids, byte for byte."""
    return str(await _own_column(actor, bid_id, "receipt"))


async def read_sealed(actor: Actor, bid_id: UUID) -> bytes:
    """Load one of the actor's own bids as it lies here: encrypted."""
    return bytes(await _own_column(actor, bid_id, "ciphertext"))


async def _own_column(actor: Actor, bid_id: UUID, column: str) -> Any:  # noqa: ANN401 - a column
    if _is_bidder(actor):
        async with connection() as c:
            found = await c.fetchval(
                f'SELECT "{column}" FROM bid WHERE id = $1 AND provider_org = $2',  # noqa: S608 - ours
                bid_id,
                actor.org_id,
            )
        if found is not None:
            return found
    raise NotFound(n_("There is no bid {id}."), {"id": str(bid_id)})


# --- After the opening ------------------------------------------------------


class _Opened(msgspec.Struct):
    id: UUID
    lot_id: UUID
    lot_code: str
    provider_org_id: UUID
    registry_code: str
    received_at: datetime
    content: str


_OPENED = """
    SELECT b.id, b.lot AS lot_id, l.code AS lot_code, b.provider_org AS provider_org_id,
           o.registry_code, b.received_at, b.content
      FROM bid b JOIN lot l ON l.id = b.lot JOIN organisation o ON o.id = b.provider_org
     WHERE b.state = 'opened'
"""


async def opened_bids(lot_id: UUID) -> list[OpenedBid]:
    """List the opened bids of a lot in order of arrival, for services; asks nobody's permission."""
    rows = await fetch_as(_Opened, f"{_OPENED} AND b.lot = $1 ORDER BY b.received_at, b.id", lot_id)
    found = []
    for row in rows:
        content = read_canonical(row.content, BidContent)
        found.append(OpenedBid(row.id, row.provider_org_id, content.provider_name, content))
    return found


async def read_bids(actor: Actor, tender_id: UUID) -> BidsView:
    """Load a tender's bids as the actor may see them (RHS § 113); NotFound for a hidden tender."""
    facts = await tenders.visible_tender(actor, tender_id)
    own = await own_bids(actor, tender_id)
    async with connection() as c:
        is_opened = await c.fetchval("SELECT true FROM opening WHERE tender = $1", tender_id)
    if not is_opened:
        return BidsView(
            tender_id=tender_id, is_hidden_until_opening=True, items=[], own=own, minutes=None
        )
    rows = await fetch_as(
        _Opened,
        # Who declared a conflict of interest in a lot sees nothing of it, in whatever other role.
        f"{_OPENED} AND b.tender = $1 AND NOT has_conflict($2, b.lot)"
        " ORDER BY l.position, b.received_at, b.id",
        tender_id,
        actor.id,
    )
    is_buyer = actor.may(Permission.BID_READ, for_org=facts.buyer_id) and actor.is_buyer
    took_part = any(bid.state == BidState.OPENED for bid in own)
    return BidsView(
        tender_id=tender_id,
        is_hidden_until_opening=False,
        items=[_shown(row, is_buyer=is_buyer, is_tenderer=took_part) for row in rows],
        own=own,
        minutes=await _minutes(tender_id) if is_buyer else None,
    )


def _shown(row: _Opened, *, is_buyer: bool, is_tenderer: bool) -> OpenedBidView:
    content = read_canonical(row.content, BidContent)
    numbers = is_buyer or is_tenderer
    return OpenedBidView(
        id=row.id if is_buyer else None,
        lot_id=row.lot_id,
        lot_code=row.lot_code,
        provider_name=content.provider_name,
        registry_code=row.registry_code,
        unit_price=content.unit_price if numbers else None,
        promised_rates=content.promised_rates if numbers else None,
        groups_led_counts=(
            [facilitator.groups_led_count for facilitator in content.facilitators]
            if numbers
            else None
        ),
        received_at=row.received_at if is_buyer else None,
        content=content if is_buyer else None,
    )


async def _minutes(tender_id: UUID) -> Minutes | None:
    async with connection() as c:
        found = await c.fetchval("SELECT minutes FROM opening WHERE tender = $1", tender_id)
    return read_canonical(found, Minutes) if found else None


# --- The opening ------------------------------------------------------------


class _Share(msgspec.Struct):
    person_id: UUID
    name: str
    given_at: datetime | None


async def read_opening(actor: Actor, tender_id: UUID) -> OpeningView:
    """Load how far an opening has come, for its keyholders and its buyer.

    Raises NotFound for a tender that the actor may not see, Forbidden without the role.
    """
    facts = await _tender_to_open(actor, tender_id)
    shares = await fetch_as(
        _Share,
        """SELECT k.person AS person_id, p.name, s.given_at
             FROM keyholder k JOIN person p ON p.id = k.person
             LEFT JOIN opening_share s ON s.tender = k.tender AND s.person = k.person
            WHERE k.tender = $1 ORDER BY k.position""",
        tender_id,
    )
    async with connection() as c:
        paper_id = await c.fetchval("SELECT paper_id FROM opening WHERE tender = $1", tender_id)
    waits = any(s.person_id == actor.id and s.given_at is None for s in shares)
    return OpeningView(
        tender_id=tender_id,
        state=facts.state,
        deadline_at=facts.deadline_at,
        is_over=await database_now() >= facts.deadline_at,
        quorum_count=facts.opening_quorum_count,
        given_count=sum(s.given_at is not None for s in shares),
        shares=[GivenShare(s.person_id, s.name, s.given_at) for s in shares],
        may_give=waits and facts.state in (TenderState.PUBLISHED, TenderState.CLOSED),
        minutes=await _minutes(tender_id),
        paper_id=paper_id if actor.org_id == facts.buyer_id else None,
    )


async def _tender_to_open(actor: Actor, tender_id: UUID) -> TenderFacts:
    """Load a tender for its keyholders, who may be of another organisation, and for its buyer."""
    facts = await tenders.tender_facts(tender_id)
    if actor.id in facts.keyholder_ids:
        return facts
    facts = await tenders.visible_tender(actor, tender_id)
    if not actor.may(Permission.OPENING_READ, for_org=facts.buyer_id):
        raise Forbidden(n_("Only the authority that buys may see its opening."))
    return facts


class GivenWords(msgspec.Struct, frozen=True):
    """A share that was given, with its words; for the opening alone."""

    person_id: UUID
    name: str
    share: str | None
    given_at: datetime


async def given_shares(tender_id: UUID) -> list[GivenWords]:
    """List the shares that were given, in order, for the opening's service."""
    return await fetch_as(
        GivenWords,
        """SELECT s.person AS person_id, p.name, s.share, s.given_at
             FROM opening_share s JOIN person p ON p.id = s.person
            WHERE s.tender = $1 ORDER BY s.given_at, s.id""",
        tender_id,
    )


class SealedRow(msgspec.Struct, frozen=True):
    """A bid as it lies in the database, for the opening's service."""

    id: UUID
    lot_id: UUID
    lot_code: str
    provider_org_id: UUID
    provider_name: str
    registry_code: str
    version: int
    state: BidState
    received_at: datetime
    ciphertext: bytes
    ciphertext_sha256: str
    receipt: str


async def bids_to_open(tender_id: UUID) -> list[SealedRow]:
    """List all versions of all bids of a tender, by lot and arrival, for the opening's service."""
    return await fetch_as(
        SealedRow,
        """SELECT b.id, b.lot AS lot_id, l.code AS lot_code, b.provider_org AS provider_org_id,
                  o.name AS provider_name, o.registry_code, b.version, b.state, b.received_at,
                  b.ciphertext, b.ciphertext_sha256, b.receipt
             FROM bid b JOIN lot l ON l.id = b.lot JOIN organisation o ON o.id = b.provider_org
            WHERE b.tender = $1 ORDER BY l.position, b.received_at, b.id""",
        tender_id,
    )


class BidEvent(msgspec.Struct, frozen=True):
    """What the chain of events says of a bid."""

    kind: str
    bid_id: UUID
    provider_org_id: UUID
    facts: str


async def bid_events(tender_id: UUID) -> list[BidEvent]:
    """List what the chain of events says of a tender's bids, for the opening's service."""
    return await fetch_as(
        BidEvent,
        """SELECT kind, subject_id AS bid_id, org_id AS provider_org_id, facts FROM event
            WHERE kind IN ('bid:sealed', 'bid:replaced', 'bid:withdrawn', 'bid:late')
              AND ((facts::jsonb) ->> 'tender_id') = $1 ORDER BY seq""",
        str(tender_id),
    )


async def unfinished_arrivals(tender_id: UUID) -> Sequence[float]:
    """Return the age in seconds of each on-time arrival that is neither bid nor refused."""
    async with connection() as c:
        rows = await c.fetch(
            """SELECT extract(epoch FROM app_now() - a.arrived_at)::float8 AS age
                 FROM arrival a JOIN tender t ON t.id = a.tender
                WHERE a.tender = $1 AND a.arrived_at < t.deadline_at AND a.refused_at IS NULL
                  AND NOT EXISTS (SELECT FROM bid b WHERE b.arrival = a.id)""",
            tender_id,
        )
    return [row["age"] for row in rows]
