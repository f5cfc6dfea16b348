"""What a ranking says: each bid's points line by line, and every step in words and numbers.

Pure: stored whole beside the facts, and shown as it stands.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from uuid import UUID

import msgspec

from procure.tenders.states import CriterionKind


class StepKind(StrEnum):
    """What a step of the calculation does."""

    EXCLUDE = "exclude"
    MEAN = "mean"
    MINIMUM = "minimum"
    TABLE = "table"
    REFERENCE = "reference"
    POINTS = "points"
    TOTAL = "total"
    TIE = "tie"


class Step(msgspec.Struct, frozen=True):
    """One step: a source text marked with `n_`, and the numbers and names in it."""

    kind: StepKind
    text: str
    values: Mapping[str, str] = {}
    criterion: str = ""

    @property
    def message(self) -> str:
        """The step in English with its values filled in."""
        return self.text.format(**self.values) if self.values else self.text


class BidStatus(StrEnum):
    """What became of a bid in a ranking."""

    RANKED = "ranked"
    BELOW_MINIMUM = "below-minimum"
    EXCLUDED = "excluded"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one bid got on one criterion."""

    code: str
    kind: CriterionKind
    weight: Decimal
    mean: Decimal | None = None  # of the scores or of the stated facts, rounded for reading
    score: Decimal | None = None  # what the objective table gives for that mean
    points: Decimal | None = None  # none while the bid is out of the comparison of prices
    below_minimum: bool = False
    steps: tuple[Step, ...] = ()


class BidResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one bid, and how."""

    bid_id: UUID
    provider_org_id: UUID
    provider_name: str
    price: Decimal
    status: BidStatus
    lines: tuple[Line, ...]
    quality_total: Decimal | None = None
    total: Decimal | None = None
    rank: int | None = None
    is_tied: bool = False  # shares its rank until lots are drawn
    steps: tuple[Step, ...] = ()

    def points_of(self, code: str) -> Decimal | None:
        """Return the points on one criterion."""
        return next((line.points for line in self.lines if line.code == code), None)


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """The order of a lot's bids; those out of it come last, in the order of the facts."""

    results: tuple[BidResult, ...]
    best_price: Decimal | None  # of the bids that were compared
    steps: tuple[Step, ...] = ()

    @property
    def ranked(self) -> tuple[BidResult, ...]:
        """The bids that have a rank, in order."""
        return tuple(r for r in self.results if r.status == BidStatus.RANKED)

    @property
    def order(self) -> tuple[UUID, ...]:
        """The ids of the ranked bids, in order; equal where `is_tied`."""
        return tuple(result.bid_id for result in self.ranked)

    @property
    def winner_id(self) -> UUID | None:
        """The bid at rank 1; none while that is undecided, or where no bid is left."""
        first = self.ranked[:1]
        return first[0].bid_id if first and not first[0].is_tied else None

    @property
    def undecided(self) -> tuple[tuple[UUID, ...], ...]:
        """The groups of bids between which lots have to be drawn."""
        tied = [result for result in self.ranked if result.is_tied]
        groups = groupby(tied, key=lambda result: result.rank)
        return tuple(tuple(result.bid_id for result in group) for _, group in groups)

    def result_of(self, bid_id: UUID) -> BidResult:
        """Return what became of one bid; KeyError if it is not of this lot."""
        for result in self.results:
            if result.bid_id == bid_id:
                return result
        raise KeyError(bid_id)
