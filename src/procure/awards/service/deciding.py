"""The decision on a lot; the end of its standstill; its annulment; its end without award.

Locks: the tender first, then the award.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.awards import queries
from procure.awards.queries.facts import AwardRow
from procure.awards.rules import (
    ConclusionFacts,
    DecisionFacts,
    conclusion_findings,
    decision_findings,
    end_letter,
    text_findings,
)
from procure.awards.rules.record import Annulled, Concluded, Decided, Finished
from procure.awards.schemas import AwardDraft
from procure.awards.service.papers import Case, order_report, send, send_letters
from procure.awards.states import AWARD, AwardState, LetterKind
from procure.awards.tables import Award, AwardSupplier
from procure.db import connection, transaction, uuid7
from procure.evaluation import queries as evaluation
from procure.evaluation.rules import EvaluationFacts, LotFacts, Ranking
from procure.evaluation.schemas import LotHead
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import codes
from procure.tasks import service as tasks
from procure.tenders import service as tenders
from procure.tenders.rules import TenderFacts
from procure.tenders.states import LotState, TenderState


class Ending(msgspec.Struct, frozen=True):
    """How a lot ends without award, or which award is annulled, and why."""

    ground: str
    reasons: str
    award_id: UUID | None


async def decide(actor: Actor, draft: AwardDraft, *, now: datetime) -> UUID:
    """Decide a lot: the winners, the letter to every tenderer, the report, the standstill.

    Holds the tender. Raises NotFound, Forbidden, Conflict (decided already, not ranked), Refused
    with everything that stands in the way.
    """
    async with transaction():
        head, tender = await _hold(actor, draft.lot_id)
        latest = await evaluation.latest_ranking(draft.lot_id)
        if latest is None:
            raise Conflict(n_("This lot has not been ranked yet."))
        today = legal_day(now)
        facts = await queries.decision_facts(
            draft, latest, await evaluation.facts_now(draft.lot_id), tender, today
        )
        if found := decision_findings(facts):
            raise Refused(found)
        award_id = uuid7()
        case = Case(
            award_id=award_id,
            latest=latest,
            decision=facts,
            heading=await queries.heading(tender, draft.lot_id, today),
            tender=tender,
        )
        paper_id = await order_report(actor, case, now)
        await Award(
            id=award_id,
            lot=draft.lot_id,
            evaluation=latest.id,
            decided_at=now,
            decided_by=actor.id,
            reasons=facts.reasons,
            last_blocked_on=facts.last_blocked_on,
            facts=canonical(facts),
            state=AwardState.STANDSTILL if facts.last_blocked_on else AwardState.FINAL,
            paper_id=paper_id,
        ).save()
        await _write_winners(award_id, latest, facts)
        letters = await send_letters(case, now)
        await _tasks_of_decision(head, award_id, facts, now)
        await tenders.award_lot(draft.lot_id, now=now, actor=actor)
        await audit.record(
            "award:decided",
            award_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Decided(award_id, facts, letters),
        )
        if facts.last_blocked_on is None:
            await audit.record(
                "award:final",
                award_id,
                actor,
                org_id=head.buyer_id,
                now=now,
                facts=Finished(draft.lot_id, None),
            )
    return award_id


async def _write_winners(award_id: UUID, latest: EvaluationFacts, facts: DecisionFacts) -> None:
    for bid_id in facts.winner_ids:
        result = latest.ranking.result_of(bid_id)
        await AwardSupplier(
            award=award_id,
            bid=bid_id,
            provider_org=result.provider_org_id,
            rank=result.rank,
            total=result.total,
        ).save()


async def _tasks_of_decision(
    head: LotHead, award_id: UUID, facts: DecisionFacts, now: datetime
) -> None:
    await tasks.finish("lot:decide", head.lot_id, now=now)
    await tasks.drop_all_of(head.lot_id, now=now)
    if facts.last_blocked_on is None:
        return
    await tasks.create(
        "award:standstill",
        award_id,
        org_id=head.buyer_id,
        role=Role.COORDINATOR,
        text=n_(
            "Contracts for lot {lot} of {reference} may be signed from {first}: the standstill "
            "runs to {last}."
        ),
        values={
            "lot": head.lot_code,
            "reference": head.reference,
            "first": facts.last_blocked_on + timedelta(days=1),
            "last": facts.last_blocked_on,
        },
        link=f"/awards/{award_id}",
        clause="RHS § 120",
        due_on=facts.last_blocked_on + timedelta(days=1),
        now=now,
    )


async def finish_due(*, now: datetime) -> int:
    """Make every award final whose last blocked day has passed, each by itself; return how many.

    Safe to repeat and to run twice at once.
    """
    done = 0
    for award_id in await queries.standstills_over(legal_day(now)):
        async with transaction():
            row = await _hold_award(award_id)
            if row.state != AwardState.STANDSTILL:
                continue
            state = AWARD.after(row.state, "finish")
            await Award.update({Award.state: state.value}).where(Award.id == award_id)
            await tasks.finish("award:standstill", award_id, now=now)
            await audit.record(
                "award:final",
                award_id,
                None,
                org_id=row.buyer_id,
                now=now,
                facts=Finished(row.lot_id, row.last_blocked_on),
            )
            done += 1
    return done


async def annul(actor: Actor, award_id: UUID, reason: str, *, now: datetime) -> None:
    """Annul an award: its lot is open again, every tenderer is told why, nothing is signed on it.

    Holds the tender, then the award. Raises NotFound, Forbidden, Conflict (annulled already),
    Refused (no reason). The database refuses it once a contract of the award was signed.
    """
    before = await queries.award_row(award_id)
    async with transaction():
        head = await evaluation.lot_for(actor, before.lot_id)
        tender = await tenders.hold_tender(before.tender_id)
        if not actor.may(Permission.AWARD_DECIDE, for_org=head.buyer_id):
            raise Forbidden(n_("Only the authority that buys may annul its award."))
        row = await _hold_award(award_id)
        state = AWARD.after(row.state, "annul")
        if found := text_findings("reason", reason):
            raise Refused(found)
        await Award.update({Award.state: state.value, Award.annulled_reason: reason.strip()}).where(
            Award.id == award_id
        )
        ranked = await evaluation.ranking_by_id(row.evaluation_id)
        letters = await _tell_end(
            ranked.facts, None, tender, Ending("", reason.strip(), award_id), now
        )
        await tasks.drop("award:standstill", award_id, now=now)
        await tenders.reopen_lot(row.lot_id, now=now, actor=actor)
        await audit.record(
            "award:annulled",
            award_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Annulled(row.lot_id, reason.strip(), letters),
        )


async def conclude_without_award(
    actor: Actor, lot_id: UUID, ground: str, *, reasons: str = "", now: datetime
) -> None:
    """End a lot without award on an eForms ground; every tenderer is told why.

    Holds the tender. Raises NotFound, Forbidden, Conflict (decided already, bids not opened),
    Refused (a ground that is not true, no reasons).
    """
    async with transaction():
        head, tender = await _hold(actor, lot_id)
        facts_now = await evaluation.facts_now(lot_id)
        latest = await evaluation.latest_ranking(lot_id)
        facts = ConclusionFacts(
            ground=ground,
            reasons=reasons.strip(),
            tenderers_count=len(facts_now.bids),
            ranked_count=len(latest.ranking.ranked) if latest else None,
            is_current=latest is not None and canonical(latest.facts) == canonical(facts_now),
            open_questions=tuple(await evaluation.open_questions(lot_id)),
        )
        if found := conclusion_findings(facts, codes("non_award_reasons")):
            raise Refused(found)
        letters = await _tell_end(
            facts_now,
            latest.ranking if latest and facts.is_current else None,
            tender,
            Ending(ground, facts.reasons, None),
            now,
        )
        await tasks.drop_all_of(lot_id, now=now)
        await tenders.fail_lot(lot_id, ground, now=now, actor=actor)
        await audit.record(
            "lot:concluded",
            lot_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Concluded(lot_id, facts, letters),
        )


async def _tell_end(
    lot: LotFacts,
    ranking: Ranking | None,
    tender: TenderFacts,
    ending: Ending,
    now: datetime,
) -> dict[UUID, str]:
    """Write to every tenderer that its lot ends without award, or that the award was annulled."""
    heading = await queries.heading(tender, lot.lot_id, legal_day(now))
    sent = {}
    for bid in lot.bids:
        facts = end_letter(
            lot,
            bid,
            ranking.result_of(bid.id) if ranking else None,
            heading=heading,
            kind=LetterKind.ANNULLED if ending.award_id else LetterKind.NO_AWARD,
            ground=ending.ground,
            reasons=ending.reasons,
            decided_on=legal_day(now),
        )
        kind = LetterKind(facts.kind)
        sent[bid.id] = str(
            await send(kind, bid, facts, tender, now, lot_id=lot.lot_id, award=ending.award_id)
        )
    return sent


async def _hold(actor: Actor, lot_id: UUID) -> tuple[LotHead, TenderFacts]:
    """Lock the tender of a lot that is not decided yet, for who may decide about it."""
    before = await evaluation.lot_for(actor, lot_id)
    tender = await tenders.hold_tender(before.tender_id)
    head = await evaluation.lot_for(actor, lot_id)
    if not actor.may(Permission.AWARD_DECIDE, for_org=head.buyer_id):
        raise Forbidden(n_("Only the authority that buys may decide, in the role for it."))
    if head.lot_state != LotState.OPEN:
        raise Conflict(
            n_("Lot {code} is {state}."), {"code": head.lot_code, "state": head.lot_state}
        )
    if head.tender_state not in (TenderState.OPENED, TenderState.EVALUATED):
        raise Conflict(n_("The bids of {reference} are not opened."), {"reference": head.reference})
    return head, tender


async def _hold_award(award_id: UUID) -> AwardRow:
    """Lock one award."""
    async with connection() as c:
        await c.execute("SELECT id FROM award WHERE id = $1 FOR NO KEY UPDATE", award_id)
    return await queries.award_row(award_id)
