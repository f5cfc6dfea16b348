"""Decided lots for tests, made by the services as people make them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from procure.awards import service
from procure.awards.schemas import AwardDraft
from procure.evaluation import queries as evaluation
from tests.builders.evaluation import RANKED_AT, Evaluated, a_ranked_lot, reject_price
from tests.builders.identity import set_clock

DECIDED_AT = RANKED_AT + timedelta(days=5)
REASONS = "The method and the visit plans of both winners fit the target group of the county."


class Awarded(msgspec.Struct, frozen=True):
    """A decided lot."""

    id: UUID
    lot: Evaluated


async def a_decision(lot: Evaluated, **overrides: Any) -> AwardDraft:
    """Describe a good decision on the newest ranking of a lot: its first two bids win."""
    latest = await evaluation.latest_ranking(lot.lot_id)
    values: dict[str, Any] = {
        "lot_id": lot.lot_id,
        "evaluation_version": latest.version if latest else 1,
        "winners_count": 2,
        "reasons": REASONS,
        "characteristics": "A workshop with real customers; visits that grow out of wishes.",
        "acknowledged_reversal": False,
    }
    return AwardDraft(**{**values, **overrides})


async def an_awarded_lot(lot: Evaluated | None = None, **overrides: Any) -> Awarded:
    """Rank a lot without its lowest bid and decide it; the clock stands at the decision."""
    if lot is None:
        lot = await a_ranked_lot()
        await reject_price(lot)
    await set_clock(DECIDED_AT)
    draft = await a_decision(lot, **overrides)
    return Awarded(await service.decide(lot.coordinator, draft, now=DECIDED_AT), lot)
