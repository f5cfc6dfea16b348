"""Questions about prices, for the buyer that asks and the provider that was asked."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from procure.bids import queries as bids
from procure.db import fetch_as
from procure.evaluation.queries.facts import (
    EXPLANATIONS,
    ExplanationRow,
    explanation_row,
    explanation_rows,
    no_explanation,
)
from procure.evaluation.queries.sight import head, lot_for
from procure.evaluation.rules import LowPrice
from procure.evaluation.schemas import ExplanationView, LotHead
from procure.evaluation.states import EXPLANATION
from procure.kernel.actors import Actor, Permission

_MAY = {
    "answer": Permission.EXPLANATION_ANSWER,
    "accept": Permission.EXPLANATION_DECIDE,
    "reject": Permission.EXPLANATION_DECIDE,
}


async def shown(
    actor: Actor, found: LotHead, rows: Sequence[ExplanationRow]
) -> list[ExplanationView]:
    """Show questions of one lot as the actor may see them."""
    opened = {bid.id: bid for bid in (await bids.opened_bids(found.lot_id) if rows else [])}
    is_ours = actor.org_id == found.buyer_id
    return [
        ExplanationView(
            id=row.id,
            lot=found,
            bid_id=row.bid_id,
            provider_org_id=row.provider_org_id,
            provider_name=opened[row.bid_id].provider_name,
            price=opened[row.bid_id].content.unit_price,
            flag=msgspec.json.decode(row.facts, type=LowPrice) if is_ours else None,
            question=row.question,
            asked_at=row.asked_at,
            due_on=row.due_on,
            answer=row.answer,
            answered_at=row.answered_at,
            state=row.state,
            reason=row.reason,
            decided_at=row.decided_at,
            actions=[
                action
                for action in EXPLANATION.actions(row.state)
                if (action == "answer") != is_ours and actor.may(_MAY[action])
            ],
        )
        for row in rows
    ]


async def read_explanation(actor: Actor, explanation_id: UUID) -> ExplanationView:
    """Load one question: the buyer's, or the provider's that was asked; NotFound otherwise."""
    row = await explanation_row(explanation_id)
    if actor.org_id == row.provider_org_id and actor.may(Permission.EXPLANATION_ANSWER):
        found = await head(row.lot_id)
    else:
        if not actor.may(Permission.EVALUATION_READ):
            raise no_explanation(explanation_id)
        found = await lot_for(actor, row.lot_id)
    return (await shown(actor, found, [row]))[0]


async def read_explanations(actor: Actor, lot_id: UUID) -> list[ExplanationView]:
    """List the questions asked about the prices of a lot."""
    found = await lot_for(actor, lot_id)
    return await shown(actor, found, await explanation_rows(lot_id))


async def own_explanations(actor: Actor) -> list[ExplanationView]:
    """List what the actor's organisation was asked about its prices, newest first."""
    rows = await fetch_as(
        ExplanationRow,
        f"{EXPLANATIONS} WHERE b.provider_org = $1 ORDER BY e.id DESC",
        actor.org_id,
    )
    found: list[ExplanationView] = []
    for row in rows:
        found += await shown(actor, await head(row.lot_id), [row])
    return found
