"""What a ranking rests on, for services and for views; asks nobody's permission."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.bids import queries as bids
from procure.catalogue import queries as catalogue
from procure.db import fetch_as
from procure.evaluation.queries.sight import has_handed_in, members, scoring
from procure.evaluation.rules import (
    BidFacts,
    CriterionFacts,
    EvaluationFacts,
    LabourFacts,
    LotFacts,
    LowPriceRule,
    Ranking,
    ScoreFacts,
    TableRow,
)
from procure.evaluation.states import ExplanationState
from procure.kernel.errors import NotFound
from procure.kernel.parameters import Dated
from procure.kernel.texts import n_
from procure.parameters import dated
from procure.tenders import queries as tenders
from procure.tenders.rules import TenderFacts
from procure.tenders.states import CriterionKind

EXPLANATIONS = """
    SELECT e.id, e.bid AS bid_id, b.lot AS lot_id, b.provider_org AS provider_org_id, e.facts,
           e.question, e.asked_at, e.due_on, e.answer, e.answered_at, e.state, e.reason,
           e.decided_at
      FROM explanation e JOIN bid b ON b.id = e.bid
"""


class ExplanationRow(msgspec.Struct, frozen=True):
    """A question as it is kept."""

    id: UUID
    bid_id: UUID
    lot_id: UUID
    provider_org_id: UUID
    facts: str
    question: str
    asked_at: datetime
    due_on: date
    answer: str | None
    answered_at: datetime | None
    state: ExplanationState
    reason: str | None
    decided_at: datetime | None


class HandedIn(msgspec.Struct, frozen=True):
    """One score that was handed in."""

    member: UUID
    person_id: UUID
    name: str
    bid_id: UUID
    criterion: str
    points: Decimal
    reason: str


class _Evaluation(msgspec.Struct, frozen=True):
    id: UUID
    lot_id: UUID
    version: int
    made_at: datetime
    facts: str
    result: str


class _Drawing(msgspec.Struct, frozen=True):
    bids: list[UUID]


def criteria_of(tender: TenderFacts) -> tuple[CriterionFacts, ...]:
    """Give the rules a tender's criteria."""
    return tuple(
        CriterionFacts(
            id=c.id,
            code=c.code,
            name=c.name,
            kind=c.kind,
            weight=c.weight,
            formula=c.formula,
            floor_price=c.params.floor_price,
            ceiling_price=c.params.ceiling_price,
            scale_max=c.scale_max,
            minimum=c.minimum,
            table=tuple(TableRow(row.at_least, row.score) for row in c.params.table),
        )
        for c in tender.criteria
    )


async def low_price_rule(tender: TenderFacts, places_count: int) -> LowPriceRule:
    """Gather when a price asks for an explanation, as it was when the procedure started."""
    rule = dated("evaluation/abnormally_low").on(tender.started_on)
    return LowPriceRule(
        below_share=Decimal(rule["below_share"]),
        others_at_least=rule["others_at_least"],
        labour=await _labour(tender, places_count),
    )


async def _labour(tender: TenderFacts, places_count: int) -> LabourFacts | None:
    """Gather what labour costs at least; None where the service or the wage gives no answer."""
    wage = value_or_none(dated("payments/minimum_hourly_wage"), tender.started_on)
    taxes = value_or_none(dated("evaluation/labour_floor"), tender.started_on)
    offered = await catalogue.services_on(tender.contract_starts_on)
    sizes = next((s.sizes for s in offered if s.code == tender.service_code), None)
    if wage is None or taxes is None or sizes is None:
        return None
    return LabourFacts(
        hourly_wage=Decimal(wage),
        employer_share=Decimal(taxes["social_tax_share"])
        + Decimal(taxes["unemployment_insurance_share"]),
        facilitators_count=sizes.facilitators_count,
        hours_count=Decimal(sizes.hours_per_day_count),
        places_count=places_count,
    )


def value_or_none(parameter: Dated, day: date) -> Any:  # noqa: ANN401 - as `Dated.on`
    """Return a parameter's value on `day`, or none where it has none: here that stops nobody."""
    known = [entry for entry in parameter.values if entry.from_on <= day]
    return known[-1].value if known else None


async def scores_of(lot_id: UUID) -> list[HandedIn]:
    """List every score that was handed in for a lot; asks nobody's permission."""
    return await fetch_as(
        HandedIn,
        """SELECT s.member, m.person AS person_id, p.name, s.bid AS bid_id, c.code AS criterion,
                  s.points, s.reason
             FROM score s JOIN panel_member m ON m.id = s.member
             JOIN person p ON p.id = m.person JOIN criterion c ON c.id = s.criterion
            WHERE m.lot = $1 AND m.locked_at IS NOT NULL
            ORDER BY c.position, s.bid, m.id""",
        lot_id,
    )


async def facts_now(lot_id: UUID) -> LotFacts:
    """Gather what a ranking of the lot would rest on now; for services, asks nobody's permission.

    Scores are in it only once everyone has handed in.
    """
    tender = await tenders.tender_facts(await tenders.tender_of_lot(lot_id))
    lot = next(lot for lot in tender.lots if lot.id == lot_id)
    panel = await members(lot_id)
    place = {member.id: number for number, member in enumerate(scoring(panel), 1)}
    handed_in = await scores_of(lot_id) if has_handed_in(panel) else []
    rejected = {
        row.bid_id: row.reason or ""
        for row in await explanation_rows(lot_id)
        if row.state == ExplanationState.REJECTED
    }
    objective = [c.code for c in tender.criteria if c.kind == CriterionKind.OBJECTIVE]
    scored = [c.code for c in tender.criteria if c.kind == CriterionKind.QUALITY]
    drawings = await fetch_as(
        _Drawing, "SELECT bids FROM drawing WHERE lot = $1 ORDER BY id DESC LIMIT 1", lot_id
    )
    return LotFacts(
        lot_id=lot_id,
        lot_code=lot.code,
        reference=tender.reference,
        currency=tender.currency,
        criteria=criteria_of(tender),
        bids=tuple(
            BidFacts(
                id=bid.id,
                provider_org_id=bid.provider_org_id,
                provider_name=bid.provider_name,
                price=bid.content.unit_price,
                scores={
                    code: tuple(
                        ScoreFacts(place[s.member], s.points, s.reason)
                        for s in handed_in
                        if s.bid_id == bid.id and s.criterion == code
                    )
                    for code in scored
                },
                stated={
                    code: tuple(Decimal(f.groups_led_count) for f in bid.content.facilitators)
                    for code in objective
                },
                excluded=rejected.get(bid.id, ""),
            )
            for bid in await bids.opened_bids(lot_id)
        ),
        low_price=await low_price_rule(tender, lot.places_count),
        drawn=tuple(drawings[0].bids) if drawings else (),
    )


async def latest_ranking(lot_id: UUID) -> EvaluationFacts | None:
    """Load the newest ranking of a lot with its facts; for services, asks nobody's permission."""
    rows = await fetch_as(
        _Evaluation,
        """SELECT id, lot AS lot_id, version, made_at, facts, result FROM evaluation
            WHERE lot = $1 ORDER BY version DESC LIMIT 1""",
        lot_id,
    )
    return _evaluation(rows[0]) if rows else None


async def rankings_of(lot_id: UUID) -> list[EvaluationFacts]:
    """Load every ranking of a lot, the newest first; for other queries, asks no permission."""
    rows = await fetch_as(
        _Evaluation,
        """SELECT id, lot AS lot_id, version, made_at, facts, result FROM evaluation
            WHERE lot = $1 ORDER BY version DESC""",
        lot_id,
    )
    return [_evaluation(row) for row in rows]


async def ranking_by_id(evaluation_id: UUID) -> EvaluationFacts:
    """Load one ranking with its facts; for services, asks nobody's permission."""
    rows = await fetch_as(
        _Evaluation,
        """SELECT id, lot AS lot_id, version, made_at, facts, result FROM evaluation
            WHERE id = $1""",
        evaluation_id,
    )
    if not rows:
        raise NotFound(n_("There is no ranking {id}."), {"id": str(evaluation_id)})
    return _evaluation(rows[0])


def _evaluation(row: _Evaluation) -> EvaluationFacts:
    return EvaluationFacts(
        id=row.id,
        lot_id=row.lot_id,
        version=row.version,
        made_at=row.made_at,
        ranking=msgspec.json.decode(row.result, type=Ranking),
        facts=msgspec.json.decode(row.facts, type=LotFacts),
    )


async def open_questions(lot_id: UUID) -> list[str]:
    """List the tenderers of a lot whose explanation is not decided yet, by name."""
    waiting = {
        row.bid_id
        for row in await explanation_rows(lot_id)
        if row.state in (ExplanationState.ASKED, ExplanationState.ANSWERED)
    }
    opened = await bids.opened_bids(lot_id) if waiting else []
    return [bid.provider_name for bid in opened if bid.id in waiting]


async def explanation_rows(lot_id: UUID) -> list[ExplanationRow]:
    """List the questions of a lot in the order they were asked; asks nobody's permission."""
    return await fetch_as(ExplanationRow, f"{EXPLANATIONS} WHERE b.lot = $1 ORDER BY e.id", lot_id)


async def explanation_row(explanation_id: UUID) -> ExplanationRow:
    """Load one question; asks nobody's permission. Raises NotFound."""
    rows = await fetch_as(ExplanationRow, f"{EXPLANATIONS} WHERE e.id = $1", explanation_id)
    if not rows:
        raise no_explanation(explanation_id)
    return rows[0]


def no_explanation(explanation_id: UUID) -> NotFound:
    """Say that there is no such question, or none for this actor."""
    return NotFound(n_("There is no question {id} about a price."), {"id": str(explanation_id)})
