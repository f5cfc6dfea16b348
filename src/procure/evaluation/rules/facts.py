"""What a ranking rests on: criteria, prices, scores, stated facts, what was excluded and why.

Pure: stored whole with each ranking, so that anyone can rank again from the stored text alone.
Units: weights and points in points of 100; prices per unit of the lot; shares from 0 to 1.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from procure.tenders.rules.scoring import SCORE_STEP
from procure.tenders.states import CriterionKind, PriceFormula

POINTS_STEP = SCORE_STEP


class Ladder(StrEnum):
    """One rung of what decides between equal totals."""

    QUALITY = "quality"  # the higher sum of all points that are not for price
    LOTS = "lots"  # drawn by hand, in front of witnesses; open until that is recorded


class TableRow(msgspec.Struct, frozen=True):
    """From `at_least` of the stated fact on, the score is `score`."""

    at_least: Decimal
    score: Decimal


class CriterionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One award criterion as the tender documents state it."""

    id: UUID
    code: str
    name: str
    kind: CriterionKind
    weight: Decimal
    formula: PriceFormula | None = None
    floor_price: Decimal | None = None  # absolute formula: full points at or below it
    ceiling_price: Decimal | None = None  # absolute formula: no points at or above it
    scale_max: Decimal | None = None
    minimum: Decimal | None = None  # of the exact mean, inclusive
    step: Decimal = POINTS_STEP
    table: tuple[TableRow, ...] = ()  # objective criteria, by rising `at_least`


class ScoreFacts(msgspec.Struct, frozen=True):
    """What one evaluator gave, and why."""

    member: int  # place on the panel, from 1; who that is stands in the panel's record
    points: Decimal
    reason: str = ""


class BidFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One opened bid as the ranking sees it."""

    id: UUID
    provider_org_id: UUID
    provider_name: str
    price: Decimal
    scores: Mapping[str, tuple[ScoreFacts, ...]] = {}  # by criterion, in the panel's order
    stated: Mapping[str, tuple[Decimal, ...]] = {}  # by criterion: the facts whose mean counts
    excluded: str = ""  # why the bid is out; empty while it is in


class LabourFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the labour of one training day of one group costs at least."""

    hourly_wage: Decimal  # the minimum wage on the day the tender was published
    employer_share: Decimal  # taxes on top of the wage
    facilitators_count: int
    hours_count: Decimal
    places_count: int


class LowPriceRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a price asks for an explanation."""

    below_share: Decimal = Decimal("0.6")  # of the median of the other prices; strictly below
    others_at_least: int = 1
    labour: LabourFacts | None = None


class LotFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the ranking of a lot rests on."""

    lot_id: UUID
    lot_code: str
    reference: str  # of the tender
    currency: str
    criteria: tuple[CriterionFacts, ...]
    bids: tuple[BidFacts, ...]
    low_price: LowPriceRule = LowPriceRule()
    decimals: int = 2  # each criterion's points are rounded half up to this, then added
    ladder: tuple[Ladder, ...] = (Ladder.QUALITY, Ladder.LOTS)
    drawn: tuple[UUID, ...] = ()  # bids in the order in which lots were drawn


def needs_panel(criteria: tuple[CriterionFacts, ...]) -> bool:
    """Tell whether people have to score; a price-only lot needs nobody."""
    return any(criterion.kind == CriterionKind.QUALITY for criterion in criteria)
