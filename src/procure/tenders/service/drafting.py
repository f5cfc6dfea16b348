"""Drafting a tender: checked whole, replaced whole."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.tenders import queries
from procure.tenders.rules import (
    CriterionParams,
    DraftContext,
    Need,
    TenderDraft,
    draft_findings,
    lot_value,
    procedure_needed,
)
from procure.tenders.schemas import DraftCheck
from procure.tenders.service.holding import _hold, ours, require
from procure.tenders.states import TENDER, LotState, TenderState
from procure.tenders.tables import Criterion, Invitation, Keyholder, Lot, Tender

CURRENCY = "EUR"


class DraftEvent(msgspec.Struct, frozen=True):
    """What a draft rested on."""

    draft: TenderDraft
    context: DraftContext
    need: Need | None


async def check_draft(actor: Actor, draft: TenderDraft, *, now: datetime) -> DraftCheck:
    """Say what stands in the way of a draft and what the law asks for its value; writes nothing."""
    context = await queries.draft_context(draft, actor.org_id, today=legal_day(now))
    findings = draft_findings(draft, context)
    return DraftCheck(findings=findings, need=need_of(draft, context) if not findings else None)


async def draft_tender(actor: Actor, draft: TenderDraft, *, now: datetime) -> UUID:
    """Draft a tender for the actor's organisation; Refused with every finding."""
    require(actor, Permission.TENDER_DRAFT, actor.org_id)
    context = await checked(draft, actor.org_id, now)
    async with transaction():
        await _own_basis(actor, draft)
        reference = draft.reference or await _next_reference(actor.org_id, now)
        draft = msgspec.structs.replace(draft, reference=reference)
        tender = Tender(
            buyer=actor.org_id,
            drafted_by=actor.id,
            state=TenderState.DRAFT,
            currency=CURRENCY,
            **columns(draft, context),
        )
        await tender.save()
        await _write_parts(tender.id, draft, context)
        await audit.record(
            "tender:drafted",
            tender.id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts=DraftEvent(draft, context, need_of(draft, context)),
        )
    return UUID(str(tender.id))


async def redraft_tender(
    actor: Actor, tender_id: UUID, draft: TenderDraft, *, now: datetime
) -> None:
    """Replace a draft as a whole; Conflict once it is published."""
    before = await ours(actor, tender_id, Permission.TENDER_DRAFT)
    draft = msgspec.structs.replace(draft, reference=draft.reference or before.reference)
    context = await checked(draft, before.buyer_id, now)
    async with transaction():
        await _own_basis(actor, draft)
        tender = await _hold(tender_id)
        tender.state = TENDER.after(tender.state, "redraft")
        for column, value in columns(draft, context).items():
            setattr(tender, column, value)
        await tender.save()
        for part in (Lot, Criterion, Keyholder, Invitation):
            await part.delete().where(part.tender == tender_id)
        await _write_parts(tender_id, draft, context)
        await audit.record(
            "tender:redrafted",
            tender_id,
            actor,
            org_id=before.buyer_id,
            now=now,
            facts=DraftEvent(draft, context, need_of(draft, context)),
        )


async def checked(draft: TenderDraft, buyer_id: UUID, now: datetime) -> DraftContext:
    """Return what a draft rests on today; Refused with everything that stands in its way."""
    context = await queries.draft_context(draft, buyer_id, today=legal_day(now))
    if found := draft_findings(draft, context):
        raise Refused(found)
    return context


async def _own_basis(actor: Actor, draft: TenderDraft) -> None:
    if draft.basis_id is None:
        return
    async with connection() as c:
        known = await c.fetchval(
            "SELECT 1 FROM basis WHERE id = $1 AND buyer = $2", draft.basis_id, actor.org_id
        )
    if not known:
        raise Refused([Finding("basis", n_("There is no such basis."), field="basis_id")])


async def _next_reference(buyer_id: UUID, now: datetime) -> str:
    """Return the next number of the year, such as 2026-0003; holds the buyer's row of numbers."""
    year = legal_day(now).year
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('tender-reference ' || $1, 0))",
            str(buyer_id),
        )
        last = await c.fetchval(
            "SELECT max(substring(reference FROM 6)::int) FROM tender "
            r"WHERE buyer = $1 AND reference ~ ('^' || $2 || '-\d{4}$')",
            buyer_id,
            str(year),
        )
    return f"{year}-{(last or 0) + 1:04d}"


def columns(draft: TenderDraft, context: DraftContext) -> dict[str, Any]:
    """Return a draft as the columns of its tender's row."""
    assert context.service is not None  # noqa: S101 - a finding otherwise
    return {
        "reference": draft.reference,
        "title": draft.title,
        "description": draft.description,
        "procedure": draft.procedure,
        "rule_set": context.rule_set.code,
        "service_code": draft.service_code,
        "cpv": context.service.cpv,
        "technique": draft.technique,
        "basis": draft.basis_id,
        "parent_lot_id": draft.parent_lot_id,
        "started_on": context.started_on,
        "contract_starts_on": draft.contract_starts_on,
        "contract_until": draft.contract_until,
        "payment_scheme": draft.payment_scheme,
        "max_suppliers_count": draft.max_suppliers_count,
        "is_price_fixed": draft.is_price_fixed,
        "deadline_at": draft.deadline_at,
        "opening_quorum_count": draft.opening_quorum_count,
    }


async def _write_parts(tender_id: UUID, draft: TenderDraft, context: DraftContext) -> None:
    assert context.service is not None  # noqa: S101 - a finding otherwise
    for position, lot in enumerate(draft.lots):
        await Lot(
            tender=tender_id,
            position=position,
            code=lot.code,
            title=lot.title,
            counties=list(lot.counties),
            language=lot.language,
            unit=context.service.unit,
            groups_count=lot.groups_count,
            places_count=lot.places_count,
            days_count=lot.days_count,
            unit_price=lot.unit_price,
            value_amount=lot_value(lot),
            state=LotState.OPEN,
        ).save()
    for position, criterion in enumerate(draft.criteria):
        await Criterion(
            tender=tender_id,
            position=position,
            code=criterion.code,
            kind=criterion.kind,
            name=criterion.name,
            weight=criterion.weight,
            formula=criterion.formula,
            scale_max=criterion.scale_max,
            minimum=criterion.minimum,
            params=canonical(
                CriterionParams(criterion.floor_price, criterion.ceiling_price, criterion.table)
            ),
        ).save()
    for position, person_id in enumerate(draft.keyholder_ids):
        await Keyholder(tender=tender_id, person=person_id, position=position).save()
    for org_id in dict.fromkeys(draft.invited_ids):
        await Invitation(tender=tender_id, provider_org=org_id).save()


def need_of(draft: TenderDraft, context: DraftContext) -> Need | None:
    """Tell what the law asks for a draft's value."""
    if context.service is None:
        return None
    values = [lot_value(lot) for lot in draft.lots]
    return procedure_needed(context.service.cpv, values, context.rule_set)
