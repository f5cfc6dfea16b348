"""Everything to look at before a lot is decided."""

from datetime import date, datetime, timedelta
from uuid import UUID

from procure.awards.queries.facts import award_of_lot, decision_facts, heading
from procure.awards.rules import decision_findings, letters
from procure.awards.schemas import AwardDraft, DecisionView, LetterPreview
from procure.evaluation import queries as evaluation
from procure.evaluation.rules import EvaluationFacts
from procure.kernel.actors import Actor, Permission
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day
from procure.tenders import queries as tenders


async def read_decision(
    actor: Actor, lot_id: UUID, draft: AwardDraft | None = None, *, now: datetime
) -> DecisionView:
    """Load what to look at before a lot is decided: ranking, warnings, letters as they would be.

    Without a draft the letters are shown for as many winners as may be.
    """
    head = await evaluation.lot_for(actor, lot_id)
    if not actor.may(Permission.AWARD_READ, for_org=head.buyer_id):
        raise evaluation.no_lot(lot_id)
    tender = await tenders.tender_facts(head.tender_id)
    facts = await evaluation.facts_now(lot_id)
    latest = await evaluation.latest_ranking(lot_id)
    standing = await award_of_lot(lot_id)
    most = min(tender.max_suppliers_count, len(latest.ranking.ranked)) if latest else 0
    today = legal_day(now)
    previews: list[LetterPreview] = []
    stops: list[Finding] = []
    reversal_names: list[str] = []
    blocked: date | None = None
    if latest is not None and standing is None:
        draft = draft or AwardDraft(
            lot_id=lot_id, evaluation_version=latest.version, winners_count=most, reasons=""
        )
        decision = await decision_facts(draft, latest, facts, tender, today)
        own = {"no-reasons", "reversal", "too-long", "winners"}  # said when the form is sent
        stops = [f for f in decision_findings(decision) if f.code not in own]
        reversal_names = [r.without_name for r in decision.reversals if r.changes_winner]
        blocked = decision.last_blocked_on
        if decision.winner_ids:
            written = letters(latest.facts, decision, await heading(tender, lot_id, today))
            previews = [LetterPreview(bid_id, letter) for bid_id, letter in written.items()]
    return DecisionView(
        lot=head,
        criteria=facts.criteria,
        ranking=evaluation.ranking_view(latest, facts) if latest else None,
        max_suppliers_count=tender.max_suppliers_count,
        most_winners_count=most,
        tenderers_count=len(facts.bids),
        reversal_names=reversal_names,
        standing_in_the_way=stops,
        last_blocked_on=blocked,
        signing_from_on=blocked + timedelta(days=1) if blocked else None,
        previews=previews,
        grounds=_grounds(latest, len(facts.bids)),
        award_id=standing.id if standing else None,
        names={bid.id: bid.provider_name for bid in facts.bids},
    )


def _grounds(latest: EvaluationFacts | None, tenderers_count: int) -> list[str]:
    """List the grounds that can be true of a lot, for the form."""
    if not tenderers_count:
        return ["no-rece"]
    found = ["ins-fund", "chan-need", "one-admis", "no-signed", "rev-body", "other"]
    return ["all-rej", *found] if latest and not latest.ranking.ranked else found
