"""The life of a tender after its publication: by the clock, by people, by later stages."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.demand import service as demand
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import codes
from procure.tasks import service as tasks
from procure.tenders import queries
from procure.tenders.rules import (
    TenderFacts,
)
from procure.tenders.schemas import Cancellation
from procure.tenders.service.holding import _hold, ours
from procure.tenders.states import LOT, TENDER, LotState, TenderState
from procure.tenders.tables import Lot, Tender


class EndedEvent(msgspec.Struct, frozen=True):
    """Why a tender or a lot ended."""

    ground: str
    text: str = ""
    lot_id: UUID | None = None


class MovedEvent(msgspec.Struct, frozen=True):
    """A move by the clock or by a later stage."""

    state: str
    deadline_at: datetime | None = None
    lot_id: UUID | None = None


async def close_due(*, now: datetime) -> int:
    """Close every tender whose deadline has passed, each by itself; return how many.

    Safe to repeat and to run twice at once. The database's clock must agree (R7).
    """
    async with connection() as c:
        rows = await c.fetch(
            """SELECT id FROM tender WHERE state = 'published' AND deadline_at <= $1
                  AND deadline_at <= app_now() ORDER BY deadline_at""",
            now,
        )
    closed = 0
    for row in rows:
        async with transaction():
            closed += await close(UUID(bytes=row["id"].bytes), now=now)
    return closed


async def close(tender_id: UUID, *, now: datetime) -> bool:
    """Close one tender whose deadline has passed, in the running transaction; no if it is."""
    tender = await _hold(tender_id)
    if tender.state != TenderState.PUBLISHED or tender.deadline_at > now:
        return False
    tender.state = TENDER.after(tender.state, "close")
    await tender.save([Tender.state])
    await tasks.finish("tender:deadline", tender_id, now=now)
    await tasks.finish("tender:invitation", tender_id, now=now)
    await tasks.create(
        "tender:await-opening",
        tender_id,
        org_id=tender.buyer,
        role=Role.COORDINATOR,
        text=n_("The deadline of {reference} is over: see that {quorum} keyholders open the bids."),
        values={"reference": tender.reference, "quorum": tender.opening_quorum_count},
        link=f"/tenders/{tender_id}/opening",
        clause="RHS § 113",
        due_on=legal_day(now),
        now=now,
    )
    await audit.record(
        "tender:closed",
        tender_id,
        None,
        org_id=tender.buyer,
        now=now,
        facts=MovedEvent(TenderState.CLOSED, tender.deadline_at),
    )
    return True


async def cancel(
    actor: Actor, tender_id: UUID, cancellation: Cancellation, *, now: datetime
) -> None:
    """Cancel a tender on a written ground; its open lots end with it, sealed bids stay sealed."""
    facts = await ours(actor, tender_id, Permission.TENDER_CANCEL)
    findings = []
    if cancellation.ground not in codes("non_award_reasons"):
        findings.append(Finding("ground", n_("Choose a ground of the list."), field="ground"))
    if len(cancellation.text.strip()) < 10:
        findings.append(
            Finding(
                "reason",
                n_("Say why, in a sentence: a ground of the documents or of the law."),
                clause="RHS § 73",
                field="text",
            )
        )
    if findings:
        raise Refused(findings)
    async with transaction():
        tender = await _hold(tender_id)
        tender.state = TENDER.after(tender.state, "cancel")
        tender.state_ground = f"{cancellation.ground}: {cancellation.text.strip()}"
        await tender.save([Tender.state, Tender.state_ground])
        if tender.basis is not None:
            await demand.release_requests(tender.basis, now, actor=actor)
        await Lot.update(
            {Lot.state: LOT.after(LotState.OPEN, "cancel"), Lot.ground: cancellation.ground}
        ).where(Lot.tender == tender_id, Lot.state == LotState.OPEN.value)
        await tasks.drop_all_of(tender_id, now=now)
        await audit.record(
            "tender:cancelled",
            tender_id,
            actor,
            org_id=facts.buyer_id,
            now=now,
            facts=EndedEvent(cancellation.ground, cancellation.text.strip()),
        )


async def hold_tender(tender_id: UUID) -> TenderFacts:
    """Lock a tender until the running transaction ends, and return it as it is now.

    Holds the tender's row alone: stages after it wait for one another, bids that name it do not.
    """
    await _hold(tender_id)
    return await queries.tender_facts(tender_id)


async def mark_opened(tender_id: UUID, *, now: datetime) -> None:
    """Note that the bids were opened; called by bids in the transaction of the opening."""
    tender = await _hold(tender_id)
    tender.state = TENDER.after(tender.state, "open")
    await tender.save([Tender.state])
    await tasks.finish("tender:open", tender_id, now=now)
    await tasks.finish("tender:await-opening", tender_id, now=now)


async def mark_evaluated(tender_id: UUID, *, now: datetime) -> None:
    """Note that a lot was ranked; may be said again for each lot and each new ranking."""
    tender = await _hold(tender_id)
    tender.state = TENDER.after(tender.state, "evaluate")
    await tender.save([Tender.state])
    await tasks.finish("tender:evaluate", tender_id, now=now)


async def award_lot(lot_id: UUID, *, now: datetime, actor: Actor | None = None) -> None:
    """Note that a lot was awarded; the tender is concluded when none is open any more."""
    await _end_lot(lot_id, "award", None, now=now, actor=actor)


async def fail_lot(lot_id: UUID, ground: str, *, now: datetime, actor: Actor | None = None) -> None:
    """End a lot without award on an eForms ground; concludes the tender when none is open."""
    if ground not in codes("non_award_reasons"):
        raise Refused([Finding("ground", n_("Choose a ground of the list."), field="ground")])
    await _end_lot(lot_id, "fail", ground, now=now, actor=actor)


async def _end_lot(
    lot_id: UUID, action: str, ground: str | None, *, now: datetime, actor: Actor | None
) -> None:
    async with transaction():
        tender = await _hold(await queries.tender_of_lot(lot_id))
        lot = await Lot.objects().where(Lot.id == lot_id).first().lock_rows("NO KEY UPDATE")
        lot.state, lot.ground = LOT.after(lot.state, action), ground
        await lot.save([Lot.state, Lot.ground])
        if ground is not None and tender.basis is not None:
            # Its people wait for the next analysis, instead of for a contract that will not come.
            await demand.release_requests(tender.basis, now, area_codes=[lot.code], actor=actor)
        await audit.record(
            "lot:awarded" if ground is None else "lot:failed",
            lot_id,
            actor,
            org_id=tender.buyer,
            now=now,
            facts=EndedEvent(ground or "", lot_id=lot_id),
        )
        if await Lot.exists().where(Lot.tender == tender.id, Lot.state == LotState.OPEN.value):
            return
        tender.state = TENDER.after(tender.state, "conclude")
        await tender.save([Tender.state])
        await tasks.finish("tender:evaluate", tender.id, now=now)
        await audit.record(
            "tender:concluded",
            tender.id,
            actor,
            org_id=tender.buyer,
            now=now,
            facts=MovedEvent(TenderState.CONCLUDED),
        )


async def reopen_lot(lot_id: UUID, *, now: datetime, actor: Actor | None = None) -> None:
    """Take a lot up again after its award was annulled, and its tender if that was concluded."""
    async with transaction():
        tender = await _hold(await queries.tender_of_lot(lot_id))
        lot = await Lot.objects().where(Lot.id == lot_id).first().lock_rows("NO KEY UPDATE")
        lot.state = LOT.after(lot.state, "annul")
        await lot.save([Lot.state])
        await audit.record(
            "lot:reopened",
            lot_id,
            actor,
            org_id=tender.buyer,
            now=now,
            facts=MovedEvent(LotState.OPEN, lot_id=lot_id),
        )
        if tender.state == TenderState.CONCLUDED:
            tender.state = TENDER.after(tender.state, "reopen")
            await tender.save([Tender.state])
            await audit.record(
                "tender:reopened",
                tender.id,
                actor,
                org_id=tender.buyer,
                now=now,
                facts=MovedEvent(tender.state),
            )
