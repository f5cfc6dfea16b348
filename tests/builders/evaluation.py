"""Panels, scores and rankings for tests, made by the services as people make them.

The lot is the one of `lot_l03`, whose results are known by heart.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.bids import queries as bids
from procure.evaluation import service
from procure.evaluation.rules import ScoreEntry
from procure.kernel.actors import Actor, Role
from tests.builders.bids import AFTER, Bidder, Opened, an_opened_tender
from tests.builders.identity import an_actor
from tests.builders.tenders import K1

APPOINTED_AT = AFTER + timedelta(hours=1)
SCORED_AT = AFTER + timedelta(days=4)
RANKED_AT = AFTER + timedelta(days=5)
REASON = "It names who does what, and when."

# By place on the panel: the points of each bid, in the order in which the bids came.
POINTS: Sequence[dict[str, Sequence[str]]] = (
    {"K2": ("5", "4", "3", "3"), "K3": ("4", "5", "2", "4")},
    {"K2": ("4", "4", "3", "2"), "K3": ("4", "4", "2", "4")},
    {"K2": ("5", "4", "3", "3"), "K3": ("5", "4", "3", "4")},
)


class Evaluated(msgspec.Struct, frozen=True):
    """A lot under evaluation with everyone who has a part in it."""

    opened: Opened
    evaluators: Sequence[Actor]
    lot_id: UUID
    bid_ids: Sequence[UUID]  # in the order in which the bids came

    @property
    def coordinator(self) -> Actor:
        """Who runs the procedure."""
        return self.opened.tender.coordinator

    @property
    def bidders(self) -> Sequence[Bidder]:
        """Who bids, in the order in which the bids came."""
        return self.opened.bidders


async def a_panel(opened: Opened | None = None, *, size: int = 3) -> Evaluated:
    """Appoint evaluators to the first lot of an opened tender."""
    opened = opened or await an_opened_tender()
    coordinator = opened.tender.coordinator
    evaluators = [await an_actor(Role.EVALUATOR, org=coordinator.org_id) for _ in range(size)]
    lot_id = opened.lot_ids[0]
    if evaluators:
        await service.appoint(coordinator, lot_id, [e.id for e in evaluators], now=APPOINTED_AT)
    found = await bids.opened_bids(lot_id)
    return Evaluated(opened, evaluators, lot_id, [bid.id for bid in found])


async def declare_clear(lot: Evaluated, *who: Actor) -> None:
    """Let evaluators (all of them unless some are named) declare to have no conflict."""
    for evaluator in who or lot.evaluators:
        await service.declare(evaluator, lot.lot_id, has_conflict=False, text="", now=APPOINTED_AT)


def scores_of(lot: Evaluated, place: int) -> list[ScoreEntry]:
    """Return what the evaluator at a place of the panel gives, from 0."""
    return [
        ScoreEntry(bid_id, code, Decimal(points), REASON)
        for code, row in POINTS[place].items()
        for bid_id, points in zip(lot.bid_ids, row, strict=False)
    ]


async def a_scored_lot(opened: Opened | None = None) -> Evaluated:
    """Appoint three evaluators, who declare, score and hand in."""
    lot = await a_panel(opened)
    await declare_clear(lot)
    for place, evaluator in enumerate(lot.evaluators):
        await service.hand_in_scores(evaluator, lot.lot_id, scores_of(lot, place), now=SCORED_AT)
    return lot


async def a_ranked_lot(opened: Opened | None = None) -> Evaluated:
    """Let a lot be scored and ranked: the winner is the first bid as long as the third is in."""
    lot = await a_scored_lot(opened)
    await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)
    return lot


async def reject_price(lot: Evaluated, place: int = 2) -> UUID:
    """Ask a tenderer about its price, let it answer, reject the answer and rank again."""
    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[place], "How does this price cover two wages?", now=RANKED_AT
    )
    await service.answer_explanation(
        lot.bidders[place].actor, asked, "Our course is ready-made.", now=RANKED_AT
    )
    await service.decide_explanation(
        lot.coordinator,
        asked,
        is_accepted=False,
        reason="The second wage is left out of the calculation.",
        now=RANKED_AT + timedelta(days=1),
    )
    await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT + timedelta(days=1))
    return asked


async def a_price_only_lot(prices: Sequence[str] = ("22.50", "22.00")) -> Evaluated:
    """Open a tender of one lot in which price is the only criterion."""
    only = msgspec.structs.replace(K1, weight=Decimal(100))
    opened = await an_opened_tender(prices, criteria=[only])
    return await a_panel(opened, size=0)
