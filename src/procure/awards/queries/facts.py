"""What an award is and what a decision would rest on; for services, asks nobody's permission."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.awards.rules import AwardFacts, DecisionFacts, Heading, SupplierFacts, standstill
from procure.awards.schemas import AwardDraft
from procure.awards.states import AwardState
from procure.db import fetch_as
from procure.evaluation import queries as evaluation
from procure.evaluation.rules import EvaluationFacts, LotFacts, rank_reversal
from procure.kernel.canonical import canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import holidays
from procure.tenders.rules import TenderFacts, complaint_last_day, last_blocked_day

_AWARD = """
    SELECT a.id, a.lot AS lot_id, l.code AS lot_code, l.title AS lot_title, t.id AS tender_id,
           t.reference, t.buyer AS buyer_id, t.currency, a.evaluation AS evaluation_id,
           e.version AS evaluation_version, a.decided_at, a.decided_by, a.reasons,
           a.last_blocked_on, a.state, a.annulled_reason, a.paper_id
      FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
      JOIN evaluation e ON e.id = a.evaluation
"""


class AwardRow(msgspec.Struct, frozen=True):
    """An award as it is kept."""

    id: UUID
    lot_id: UUID
    lot_code: str
    lot_title: str
    tender_id: UUID
    reference: str
    buyer_id: UUID
    currency: str
    evaluation_id: UUID
    evaluation_version: int
    decided_at: datetime
    decided_by: UUID
    reasons: str
    last_blocked_on: date | None
    state: AwardState
    annulled_reason: str | None
    paper_id: UUID | None


class _Supplier(msgspec.Struct, frozen=True):
    id: UUID
    bid_id: UUID
    provider_org_id: UUID
    provider_name: str
    registry_code: str
    rank: int
    total: Decimal
    unit_price: Decimal


def no_award(award_id: UUID) -> NotFound:
    """Say that there is no such award, or none for this actor."""
    return NotFound(n_("There is no award {id}."), {"id": str(award_id)})


async def award_row(award_id: UUID) -> AwardRow:
    """Load one award. Raises NotFound."""
    rows = await fetch_as(AwardRow, f"{_AWARD} WHERE a.id = $1", award_id)
    if not rows:
        raise no_award(award_id)
    return rows[0]


async def suppliers_of(award_id: UUID) -> list[SupplierFacts]:
    """List the winners of an award by rank; for services, asks nobody's permission."""
    rows = await fetch_as(
        _Supplier,
        """SELECT s.id, s.bid AS bid_id, s.provider_org AS provider_org_id,
                  (b.content::jsonb) ->> 'provider_name' AS provider_name, o.registry_code,
                  s.rank, s.total, ((b.content::jsonb) ->> 'unit_price')::numeric AS unit_price
             FROM award_supplier s JOIN bid b ON b.id = s.bid
             JOIN organisation o ON o.id = s.provider_org
            WHERE s.award = $1 ORDER BY s.rank, s.id""",
        award_id,
    )
    return [SupplierFacts(**msgspec.structs.asdict(row)) for row in rows]


async def award_facts(award_id: UUID) -> AwardFacts:
    """Load an award as it stands; for services, asks nobody's permission. Raises NotFound."""
    return await _facts(await award_row(award_id))


async def _facts(row: AwardRow) -> AwardFacts:
    suppliers = tuple(await suppliers_of(row.id))
    return AwardFacts(
        suppliers=suppliers,
        **{n: getattr(row, n) for n in AwardFacts.__struct_fields__ if n != "suppliers"},
    )


async def award_of_lot(lot_id: UUID) -> AwardFacts | None:
    """Load the award of a lot that is not annulled; for services, asks nobody's permission."""
    rows = await fetch_as(AwardRow, f"{_AWARD} WHERE a.lot = $1 AND a.state <> 'annulled'", lot_id)
    return await _facts(rows[0]) if rows else None


async def standstills_over(today: date) -> list[UUID]:
    """List the awards whose last blocked day is before `today`, oldest first."""
    rows = await fetch_as(
        _Id,
        """SELECT id FROM award WHERE state = 'standstill'
              AND (last_blocked_on IS NULL OR last_blocked_on < $1)
            ORDER BY last_blocked_on, id""",
        today,
    )
    return [row.id for row in rows]


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def decision_facts(
    draft: AwardDraft, latest: EvaluationFacts, facts: LotFacts, tender: TenderFacts, today: date
) -> DecisionFacts:
    """Gather what a decision on a lot would rest on if it were taken today."""
    blocked = last_blocked_day(today, tender.procedure, tender.rule_set, holidays())
    return DecisionFacts(
        lot_id=draft.lot_id,
        evaluation_id=latest.id,
        evaluation_version=latest.version,
        chosen_version=draft.evaluation_version,
        is_current=canonical(latest.facts) == canonical(facts),
        ranking=latest.ranking,
        reversals=tuple(rank_reversal(latest.facts)),
        open_questions=tuple(await evaluation.open_questions(draft.lot_id)),
        max_suppliers_count=tender.max_suppliers_count,
        winners_count=draft.winners_count,
        reasons=draft.reasons.strip(),
        characteristics=draft.characteristics.strip(),
        acknowledged_reversal=draft.acknowledged_reversal,
        tenderers_count=len(latest.facts.bids),
        decided_on=today,
        rule_set=tender.rule_set.code,
        procedure=tender.procedure,
        last_blocked_on=standstill(len(latest.facts.bids), blocked),
    )


async def heading(tender: TenderFacts, lot_id: UUID, today: date) -> Heading:
    """Gather what all letters of a lot have in common."""
    period = tender.rule_set.periods.get("complaint")
    lot = tender.lot(lot_id)
    return Heading(
        tender_title=tender.title,
        lot_title=lot.title if lot else "",
        complaint_until_on=complaint_last_day(today, tender.procedure, tender.rule_set, holidays()),
        complaint_clause=period.clause if period else "RHS § 189",
        registry_codes={t.bid_id: t.registry_code for t in await evaluation.tenderers(lot_id)},
    )
