"""What the buyer reads: the panel's progress, scores once open, the ranking and its checks."""

from collections.abc import Sequence
from uuid import UUID

from procure.evaluation.queries.explanations import shown
from procure.evaluation.queries.facts import (
    criteria_of,
    explanation_rows,
    facts_now,
    latest_ranking,
    open_questions,
    rankings_of,
    scores_of,
)
from procure.evaluation.queries.scoring import tenderers
from procure.evaluation.queries.sight import (
    OPENED,
    admitted,
    has_handed_in,
    lot_for,
    member_facts,
    members,
    no_lot,
    sees_whole_lots,
)
from procure.evaluation.rules import (
    CriterionFacts,
    EvaluationFacts,
    LotFacts,
    deficits,
    low_prices,
    needs_panel,
    rank_reversal,
    ranking_findings,
    sensitivity,
)
from procure.evaluation.schemas import (
    EvaluationView,
    LotHead,
    MemberScore,
    MemberView,
    PanelView,
    RankingVersion,
    RankingView,
)
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical
from procure.kernel.errors import Forbidden, NotFound
from procure.kernel.texts import n_
from procure.tenders import queries as tenders
from procure.tenders.states import LotState, TenderState


async def read_panel(actor: Actor, lot_id: UUID) -> PanelView:
    """Load a lot's panel: who declared and who handed in, never what."""
    found, panel = await admitted(actor, lot_id)
    if not sees_whole_lots(actor):
        raise no_lot(lot_id)
    tender = await tenders.tender_facts(found.tender_id)
    return _panel(found, panel, criteria_of(tender))


def _panel(
    found: LotHead, panel: Sequence[MemberView], criteria: tuple[CriterionFacts, ...]
) -> PanelView:
    return PanelView(
        lot=found,
        needs_panel=needs_panel(criteria),
        members=panel,
        is_complete=has_handed_in(panel),
    )


async def read_scores(actor: Actor, lot_id: UUID) -> list[MemberScore]:
    """List every evaluator's scores; Forbidden until everyone has handed in."""
    await lot_for(actor, lot_id)
    if not has_handed_in(await members(lot_id)):
        raise Forbidden(n_("Scores are shown once everyone has handed in."))
    return [
        MemberScore(s.person_id, s.name, s.bid_id, s.criterion, s.points, s.reason)
        for s in await scores_of(lot_id)
    ]


async def read_ranking(actor: Actor, lot_id: UUID) -> RankingView:
    """Load the newest ranking of a lot; NotFound if there is none."""
    await lot_for(actor, lot_id)
    found = await latest_ranking(lot_id)
    if found is None:
        raise NotFound(n_("This lot has not been ranked yet."))
    return ranking_view(found, await facts_now(lot_id))


def ranking_view(found: EvaluationFacts, now: LotFacts) -> RankingView:
    """Show a ranking, and what to know before deciding on it."""
    return RankingView(
        evaluation_id=found.id,
        lot_id=found.lot_id,
        version=found.version,
        made_at=found.made_at,
        is_current=canonical(found.facts) == canonical(now),
        ranking=found.ranking,
        low_prices=low_prices(found.facts),
        reversals=rank_reversal(found.facts),
        sensitivity=sensitivity(found.facts),
        deficits=deficits(found.facts),
        names={bid.id: bid.provider_name for bid in found.facts.bids},
    )


async def read_evaluation(actor: Actor, lot_id: UUID, version: int | None = None) -> EvaluationView:
    """Load the buyer's view of a lot's evaluation, with an earlier ranking if one is asked for.

    Raises NotFound, Forbidden as `lot_for`.
    """
    found = await lot_for(actor, lot_id)
    panel = await members(lot_id)
    facts = await facts_now(lot_id)
    every = await rankings_of(lot_id)
    latest = every[0] if every else None
    chosen = next((one for one in every if one.version == version), latest)
    is_opened = found.tender_state in OPENED
    stops = ranking_findings(facts, member_facts(panel), await open_questions(lot_id))
    view = _panel(found, panel, facts.criteria)
    return EvaluationView(
        lot=found,
        panel=view,
        criteria=facts.criteria,
        tenderers=await tenderers(lot_id),
        prices={bid.id: bid.price for bid in facts.bids},
        low_prices=low_prices(facts),
        explanations=await shown(actor, found, await explanation_rows(lot_id)),
        scores=await read_scores(actor, lot_id) if view.is_complete else [],
        standing_in_the_way=stops if is_opened else [],
        ranking=ranking_view(chosen, facts) if chosen else None,
        versions=[
            RankingVersion(
                one.version,
                one.made_at,
                [(r.provider_name, r.total) for r in one.ranking.ranked if r.total is not None],
                any(reversal.changes_winner for reversal in rank_reversal(one.facts)),
            )
            for one in every
        ],
        undecided=latest.ranking.undecided if latest else (),
        next_steps=_next_steps(actor, found, view, facts, can_rank=is_opened and not stops),
    )


def _next_steps(
    actor: Actor, found: LotHead, panel: PanelView, facts: LotFacts, *, can_rank: bool
) -> list[str]:
    if found.lot_state != LotState.OPEN or found.tender_state == TenderState.CANCELLED:
        return []
    steps = []
    if (
        panel.needs_panel
        and not panel.is_complete
        and actor.may(Permission.PANEL_APPOINT, for_org=found.buyer_id)
    ):
        steps.append("appoint")
    if can_rank and actor.may(Permission.EVALUATION_RANK, for_org=found.buyer_id):
        steps.append("rank")
    if facts.bids and actor.may(Permission.EXPLANATION_ASK, for_org=found.buyer_id):
        steps.append("ask")
    if actor.may(Permission.EXPLANATION_DECIDE, for_org=found.buyer_id):
        steps.append("decide")
    return steps
