"""Turning what is prepared and has arrived into bids with receipts: small, and many at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.audit.schemas import ChainHead
from procure.bids import queries
from procure.bids.ports import Signer
from procure.bids.rules import Receipt, ReceiptFacts, Verdict, instant_text
from procure.bids.service.arriving import Arrived
from procure.bids.service.preparing import require_open
from procure.bids.service.together import Together
from procure.bids.states import BID, BidState
from procure.db import connection, transaction
from procure.kernel.actors import Actor
from procure.kernel.canonical import canonical, read_canonical
from procure.kernel.errors import NotFound, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders.rules import is_on_time
from procure.tenders.states import LotState

MOST_AT_ONCE = 64


class SealedEvent(msgspec.Struct, frozen=True):
    """What is known of a bid without opening it; its bidder's record until the opening."""

    tender_id: UUID
    lot_id: UUID
    provider_org_id: UUID
    version: int
    ciphertext_sha256: str
    size_bytes: int
    parts_sha256: Sequence[str]  # of the sealed parts besides
    received_at: datetime
    deadline_at: datetime
    verdict: Verdict


class EndedEvent(msgspec.Struct, frozen=True):
    """A version that will never be opened, and why not."""

    tender_id: UUID
    lot_id: UUID
    version: int
    replaced_by_id: UUID | None = None


class Submission(msgspec.Struct, frozen=True):
    """A prepared bid that its bidder submits."""

    actor: Actor
    package_id: UUID
    arrived: Arrived
    signer: Signer


class _Kept(msgspec.Struct, frozen=True):
    """A submission that becomes a bid, with its events and in the end its receipt."""

    submission: Submission
    row: queries.PackageRow
    arrival: Arrived
    event: SealedEvent

    @property
    def is_late(self) -> bool:
        return self.event.verdict == Verdict.LATE


async def submit_package(submission: Submission) -> Receipt:
    """Submit what was prepared, and return the signed receipt; again the same one, if repeated.

    An earlier bid for the lot is replaced. What is late is kept and never opened, and its receipt
    says so. Raises NotFound, Conflict (opened or ended meanwhile), Refused (the lot is over, the
    provider is not admitted any more).
    """
    return await _register(submission)


async def _register_all(batch: Sequence[Submission]) -> list["Receipt | Exception"]:
    """Register submissions together, those of the same bidder for the same lot one after another.

    Each succeeds or is refused for itself.
    """
    results: dict[int, Receipt | Exception] = {}
    left = list(enumerate(batch))
    while left:
        rows = await queries.packages([one.package_id for _, one in left])
        turn, left = _first_of_each(left, rows)
        for place, result in zip(
            [place for place, _ in turn], await _in_one_go([one for _, one in turn]), strict=True
        ):
            results[place] = result
    return [results[place] for place in range(len(batch))]


def _first_of_each(
    left: Sequence[tuple[int, Submission]], rows: queries.Packages
) -> tuple[list[tuple[int, Submission]], list[tuple[int, Submission]]]:
    """Divide into those that do not touch each other, and the rest."""
    seen: set[object] = set()
    turn: list[tuple[int, Submission]] = []
    rest: list[tuple[int, Submission]] = []
    for place, one in left:
        row = rows.get(one.package_id)
        key = (row.lot_id, row.provider_org_id) if row else one.package_id
        (rest if key in seen else turn).append((place, one))
        seen.add(key)
    return turn, rest


async def _in_one_go(batch: Sequence[Submission]) -> list["Receipt | Exception"]:
    results: dict[UUID, Receipt | Exception] = {}
    async with transaction():
        ids = [one.package_id for one in batch]
        async with connection() as c:
            await c.execute("SELECT hold_submissions($1)", ids)
        rows = await queries.packages(ids)
        kept: list[_Kept] = []
        for one in batch:
            row = rows.get(one.package_id)
            try:
                found = _judged(one, row)
            except ProcureError as error:
                results[one.package_id] = error
                continue
            if isinstance(found, Receipt):
                results[one.package_id] = found
            else:
                kept.append(found)
        if kept:
            for item, receipt in zip(kept, await _keep(kept), strict=True):
                results[item.submission.package_id] = receipt
    return [results[one.package_id] for one in batch]


def _judged(
    one: Submission, row: "queries.PackageRow | queries.DoneRow | None"
) -> "_Kept | Receipt":
    """Judge one submission by the instant of its arrival."""
    if row is None or row.provider_org_id != one.actor.org_id:
        raise NotFound(n_("There is no prepared bid {id}."), {"id": str(one.package_id)})
    if isinstance(row, queries.DoneRow):
        return read_canonical(row.receipt, Receipt)
    # An earlier try that arrived and did not get through, by no fault of its bidder, counts.
    arrival = one.arrived
    if row.arrival_id is not None and row.arrived_at is not None and row.arrived_at < arrival.at:
        arrival = Arrived(row.arrival_id, row.arrived_at)
    on_time = is_on_time(arrival.at, row.deadline_at)
    require_open(row.tender_state, row.buyer_name, on_time=on_time)
    if found := list(_findings(row)):
        raise Refused(found)
    event = SealedEvent(
        tender_id=row.tender_id,
        lot_id=row.lot_id,
        provider_org_id=row.provider_org_id,
        version=row.version,
        ciphertext_sha256=row.ciphertext_sha256,
        size_bytes=row.size_bytes,
        parts_sha256=[part.sha256 for part in row.parts],
        received_at=arrival.at,
        deadline_at=row.deadline_at,
        verdict=Verdict.ON_TIME if on_time else Verdict.LATE,
    )
    return _Kept(one, row, arrival, event)


def _findings(row: queries.PackageRow) -> Iterator[Finding]:
    """Find what may have changed since the bid was prepared; the rest was checked then."""
    if not row.is_admitted:
        yield Finding("not-admitted", n_("Only an admitted provider can bid."), clause="RHS § 95")
    if row.lot_state != LotState.OPEN:
        yield Finding(
            "lot", n_("Lot {code} is no longer open."), {"code": row.lot_code}, "", "lot_id"
        )


async def _keep(kept: Sequence[_Kept]) -> list[Receipt]:
    """Write bids, the events of them and their receipts, in the running transaction."""
    events: list[audit.NewEvent] = []
    places: list[int] = []
    replaced: list[UUID] = []
    for item in kept:
        row, actor = item.row, item.submission.actor
        if row.live_id is not None and row.live_version is not None and not item.is_late:
            replaced.append(row.live_id)
            events.append(
                audit.NewEvent(
                    kind="bid:replaced",
                    subject_id=row.live_id,
                    actor=actor,
                    org_id=actor.org_id,
                    now=item.arrival.at,
                    facts=EndedEvent(row.tender_id, row.lot_id, row.live_version, row.id),
                )
            )
        places.append(len(events))
        events.append(
            audit.NewEvent(
                kind="bid:late" if item.is_late else "bid:sealed",
                subject_id=row.id,
                actor=actor,
                org_id=actor.org_id,
                now=item.arrival.at,
                facts=item.event,
            )
        )
    heads = await audit.record_all(events)
    receipts = [_receipt(item, heads[place]) for item, place in zip(kept, places, strict=True)]
    async with connection() as c:
        if replaced:
            await c.execute(
                "UPDATE bid SET state = $2 WHERE id = ANY($1)",
                replaced,
                BID.after(BidState.SEALED, "replace"),
            )
        await c.execute(
            """UPDATE arrival a SET provider_org = k.org, person = k.person
                 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS k(id, org, person)
                WHERE a.id = k.id AND a.person IS NULL""",
            [item.arrival.id for item in kept],
            [item.row.provider_org_id for item in kept],
            [item.submission.actor.id for item in kept],
        )
        await c.execute(
            """INSERT INTO bid (id, tender, lot, provider_org, arrival, version, ciphertext,
                                ciphertext_sha256, parts, received_at, submitted_by, receipt, state)
               SELECT p.id, p.tender, p.lot, p.provider_org, a.id, p.version, p.ciphertext,
                      p.ciphertext_sha256, p.parts, a.arrived_at, k.person, k.receipt, k.state
                 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
                      AS k(package, arrival, person, receipt, state)
                 JOIN bid_package p ON p.id = k.package JOIN arrival a ON a.id = k.arrival""",
            [item.row.id for item in kept],
            [item.arrival.id for item in kept],
            [item.submission.actor.id for item in kept],
            [canonical(receipt) for receipt in receipts],
            [BidState.LATE.value if item.is_late else BidState.SEALED.value for item in kept],
        )
        await c.execute(
            "DELETE FROM bid_package WHERE id = ANY($1)", [item.row.id for item in kept]
        )
    return receipts


def _receipt(item: _Kept, head: ChainHead) -> Receipt:
    row, event, signer = item.row, item.event, item.submission.signer
    return signer.sign(
        ReceiptFacts(
            tender_id=row.tender_id,
            tender_reference=row.tender_reference,
            lot_id=row.lot_id,
            lot_code=row.lot_code,
            bid_id=row.id,
            version=row.version,
            provider_org_id=row.provider_org_id,
            ciphertext_sha256=row.ciphertext_sha256,
            size_bytes=row.size_bytes,
            parts=row.parts,
            received_at=instant_text(event.received_at),
            deadline_at=instant_text(event.deadline_at),
            verdict=event.verdict,
            key_id=signer.key_id,
            chain_sha256=head.sha256,
        )
    )


_register: Together[Submission, Receipt] = Together(_register_all, most=MOST_AT_ONCE)
