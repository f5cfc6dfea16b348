"""The papers of an award: a letter to each tenderer, the report and decision for the file."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.awards.rules import (
    DecisionFacts,
    EndLetterFacts,
    Heading,
    LetterFacts,
    letter_kind,
    letters,
)
from procure.awards.rules.report import PanelLine, QuestionLine, ReportFacts
from procure.awards.states import LetterKind
from procure.awards.tables import Letter
from procure.db import uuid7
from procure.documents import service as documents
from procure.evaluation import queries as evaluation
from procure.evaluation.rules import (
    BidFacts,
    EvaluationFacts,
    LowPrice,
    deficits,
    low_prices,
    sensitivity,
)
from procure.kernel.actors import Actor
from procure.kernel.canonical import canonical
from procure.tenders.rules import TenderFacts


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A decided lot, as its papers tell of it."""

    award_id: UUID
    latest: EvaluationFacts
    decision: DecisionFacts
    heading: Heading
    tender: TenderFacts


async def send_letters(case: Case, now: datetime) -> dict[UUID, str]:
    """Write to each tenderer of a decided lot; return the paper of each letter by bid."""
    latest, tender, award_id = case.latest, case.tender, case.award_id
    bids = {bid.id: bid for bid in latest.facts.bids}
    sent = {}
    for bid_id, facts in letters(latest.facts, case.decision, case.heading).items():
        kind = letter_kind(case.decision, latest.ranking.result_of(bid_id))
        sent[bid_id] = str(
            await send(kind, bids[bid_id], facts, tender, now, lot_id=latest.lot_id, award=award_id)
        )
    return sent


async def send(
    kind: LetterKind,
    bid: BidFacts,
    facts: LetterFacts | EndLetterFacts,
    tender: TenderFacts,
    now: datetime,
    *,
    lot_id: UUID,
    award: UUID | None,
) -> UUID:
    """Write one letter, readable by its tenderer and the buyer; return its paper."""
    is_end = isinstance(facts, EndLetterFacts)
    paper_id = await documents.order_paper(
        kind="award-end-letter" if is_end else "award-letter",
        template="awards/papers/end.html" if is_end else "awards/papers/letter.html",
        title=f"{facts.reference} {facts.lot_code}",
        subject_id=award or lot_id,
        buyer_id=tender.buyer_id,
        reader_org_id=bid.provider_org_id,
        facts=facts,
        now=now,
    )
    await Letter(
        id=uuid7(),
        lot=lot_id,
        award=award,
        bid=bid.id,
        provider_org=bid.provider_org_id,
        kind=kind.value,
        sent_at=now,
        facts=canonical(facts),
        paper_id=paper_id,
    ).save()
    return paper_id


async def order_report(actor: Actor, case: Case, now: datetime) -> UUID:
    """Order the evaluation report with the decision, for the buyer's file."""
    facts = await report_facts(actor, case)
    code = case.latest.facts.lot_code
    return await documents.order_paper(
        kind="award-decision",
        template="awards/papers/decision.html",
        title=f"{facts.reference} {code}",
        subject_id=case.award_id,
        buyer_id=case.tender.buyer_id,
        facts=facts,
        now=now,
    )


async def report_facts(actor: Actor, case: Case) -> ReportFacts:
    """Gather what the evaluation report says."""
    latest, tender = case.latest, case.tender
    names = {bid.id: bid.provider_name for bid in latest.facts.bids}
    procedure = tender.rule_set.procedure(tender.procedure)
    assert procedure is not None  # noqa: S101 - nothing else is published
    return ReportFacts(
        reference=tender.reference,
        tender_title=tender.title,
        lot_title=case.heading.lot_title,
        decided_by=actor.name,
        lot=latest.facts,
        decision=case.decision,
        rule_set_name=tender.rule_set.name,
        procedure_name=procedure.name,
        panel=tuple(
            PanelLine(
                name=member.name,
                declared_at=member.declared_at,
                has_conflict=member.has_conflict,
                declaration=member.declaration,
                locked_at=member.locked_at,
                released_reason=member.released_reason,
            )
            for member in await evaluation.members(latest.lot_id)
        ),
        low_prices=tuple(low_prices(latest.facts)),
        questions=tuple(
            QuestionLine(
                provider_name=names[row.bid_id],
                flag=msgspec.json.decode(row.facts, type=LowPrice),
                question=row.question,
                asked_at=row.asked_at,
                due_on=row.due_on,
                answer=row.answer,
                answered_at=row.answered_at,
                state=row.state,
                reason=row.reason,
            )
            for row in await evaluation.explanation_rows(latest.lot_id)
        ),
        sensitivity=tuple(sensitivity(latest.facts)),
        deficits=tuple(deficits(latest.facts)),
        names=names,
        codes=case.heading.registry_codes,
        best_price=latest.ranking.best_price,
    )
