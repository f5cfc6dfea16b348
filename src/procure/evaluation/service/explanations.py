"""The question that follows a low price: asked, answered, decided by people."""

from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.evaluation import queries
from procure.evaluation.queries.facts import ExplanationRow
from procure.evaluation.rules import low_prices
from procure.evaluation.rules.record import Answered, Asked, Judged
from procure.evaluation.service.held import (
    DECIDE_DAYS,
    SHORTEST_TEXT,
    hold_lot,
    names,
    require_opened,
    too_short,
)
from procure.evaluation.states import EXPLANATION, ExplanationState
from procure.evaluation.tables import Explanation
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import after_working_days, legal_day
from procure.parameters import holidays
from procure.tasks import service as tasks
from procure.tenders import queries as tenders
from procure.tenders.rules import due_day


async def ask_explanation(actor: Actor, bid_id: UUID, question: str, *, now: datetime) -> UUID:
    """Ask a tenderer to explain its price; how the price stood is kept with the question.

    Holds the tender. Raises NotFound, Forbidden, Conflict (asked already, the lot is decided),
    Refused (no question).
    """
    lot_id = await _lot_of_bid(bid_id)
    async with transaction():
        head = await hold_lot(actor, lot_id, Permission.EXPLANATION_ASK)
        require_opened(head)
        if len(question.strip()) < SHORTEST_TEXT:
            raise Refused([too_short("question")])
        if any(row.bid_id == bid_id for row in await queries.explanation_rows(lot_id)):
            raise Conflict(n_("This tenderer was asked already."))
        facts = await queries.facts_now(lot_id)
        bid = next(bid for bid in facts.bids if bid.id == bid_id)
        flag = next(flag for flag in low_prices(facts) if flag.bid_id == bid_id)
        rule_set = (await tenders.tender_facts(head.tender_id)).rule_set
        due_on = due_day("abnormally_low_answer", legal_day(now), rule_set, holidays())
        explanation_id = uuid7()
        await Explanation(
            id=explanation_id,
            bid=bid_id,
            facts=canonical(flag),
            question=question.strip(),
            asked_at=now,
            due_on=due_on,
            state=ExplanationState.ASKED,
        ).save()
        await tasks.create(
            "explanation:answer",
            explanation_id,
            org_id=bid.provider_org_id,
            role=Role.PROVIDER_MANAGER,
            text=n_("Explain your price: lot {lot} of {reference}."),
            values=names(head),
            link=f"/explanations/{explanation_id}",
            clause="RHS § 115",
            due_on=due_on,
            now=now,
        )
        await tasks.create(
            "explanation:decide",
            explanation_id,
            org_id=head.buyer_id,
            role=Role.COORDINATOR,
            text=n_("Decide about the price of {name}: lot {lot} of {reference}."),
            values={**names(head), "name": bid.provider_name},
            link=f"/lots/{lot_id}/evaluation",
            clause="RHS § 115",
            due_on=after_working_days(due_on, DECIDE_DAYS, holidays()),
            now=now,
        )
        await audit.record(
            "explanation:asked",
            explanation_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Asked(lot_id, bid_id, question.strip(), bid.price, due_on),
        )
    return explanation_id


async def answer_explanation(
    actor: Actor, explanation_id: UUID, answer: str, *, now: datetime
) -> None:
    """Explain the own price; the last day is included.

    Raises NotFound for another's question, Forbidden, Conflict (answered or decided), Refused
    (no answer, or too late).
    """
    asked = await queries.explanation_row(explanation_id)
    if actor.org_id != asked.provider_org_id:
        raise queries.no_explanation(explanation_id)
    if not actor.may(Permission.EXPLANATION_ANSWER):
        raise Forbidden(n_("Only who may bid for the provider may explain its price."))
    async with transaction():
        head = await queries.head(asked.lot_id)
        row = await _hold_explanation(explanation_id)
        state = EXPLANATION.after(row.state, "answer")
        found = []
        if legal_day(now) > row.due_on:
            text = n_("The last day to answer was {day}.")
            found.append(Finding("late", text, {"day": row.due_on}, "RHS 115", "answer"))
        if len(answer.strip()) < SHORTEST_TEXT:
            found.append(too_short("answer"))
        if found:
            raise Refused(found)
        await Explanation.update(
            {
                Explanation.state: state.value,
                Explanation.answer: answer.strip(),
                Explanation.answered_at: now,
            }
        ).where(Explanation.id == explanation_id)
        await tasks.finish("explanation:answer", explanation_id, now=now)
        await audit.record(
            "explanation:answered",
            explanation_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Answered(row.bid_id, sha256_hex(answer.strip())),
        )


async def decide_explanation(
    actor: Actor, explanation_id: UUID, *, is_accepted: bool, reason: str, now: datetime
) -> None:
    """Accept or reject an explanation; a rejected bid is out of the next ranking.

    Silence can only be rejected, and only once the last day to answer has passed. Holds the
    tender. Raises NotFound, Forbidden, Conflict (decided already, nothing to accept), Refused.
    """
    asked = await queries.explanation_row(explanation_id)
    async with transaction():
        head = await hold_lot(actor, asked.lot_id, Permission.EXPLANATION_DECIDE)
        require_opened(head)
        row = await _hold_explanation(explanation_id)
        state = EXPLANATION.after(row.state, "accept" if is_accepted else "reject")
        found = []
        if row.state == ExplanationState.ASKED and legal_day(now) <= row.due_on:
            text = n_("The tenderer may still answer, up to and including {day}.")
            found.append(Finding("early", text, {"day": row.due_on}, "RHS 115"))
        if len(reason.strip()) < SHORTEST_TEXT:
            found.append(too_short("reason"))
        if found:
            raise Refused(found)
        await Explanation.update(
            {
                Explanation.state: state.value,
                Explanation.reason: reason.strip(),
                Explanation.decided_at: now,
                Explanation.decided_by: actor.id,
            }
        ).where(Explanation.id == explanation_id)
        await tasks.drop("explanation:answer", explanation_id, now=now)
        await tasks.finish("explanation:decide", explanation_id, now=now)
        await audit.record(
            "explanation:accepted" if is_accepted else "explanation:rejected",
            explanation_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Judged(row.bid_id, is_accepted, reason.strip()),
        )


async def _hold_explanation(explanation_id: UUID) -> ExplanationRow:
    """Lock one question."""
    async with connection() as c:
        await c.execute(
            "SELECT id FROM explanation WHERE id = $1 FOR NO KEY UPDATE", explanation_id
        )
    return await queries.explanation_row(explanation_id)


async def _lot_of_bid(bid_id: UUID) -> UUID:
    """Find the lot of an opened bid; NotFound for one that is sealed, as for none."""
    async with connection() as c:
        found = await c.fetchval("SELECT lot FROM bid WHERE id = $1 AND state = 'opened'", bid_id)
    if found is None:
        raise NotFound(n_("There is no opened bid {id}."), {"id": str(bid_id)})
    return UUID(bytes=found.bytes)
