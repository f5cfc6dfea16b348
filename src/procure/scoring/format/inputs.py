"""What bids carry: numbers, labels, and the scores that people gave."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from procure.scoring.format.words import Best, Name, Part
from procure.scoring.numbers import Rounding


class Input(Part, tag_field="input", frozen=True, kw_only=True):
    """Base of inputs: what a bid must carry under `name`."""

    name: Name
    label: str = ""  # for people
    envelope: str = ""  # not read before the step that opens it


class NumberInput(Input, tag="number", frozen=True, kw_only=True):
    """A number of the bid: a price, a discount, years, a sub-criterion's agreed score."""

    unit: str = ""
    at_least: Decimal | None = None  # refused below
    above: Decimal | None = None  # refused at and below; `0` says that a price is never 0
    at_most: Decimal | None = None  # refused above
    optional: bool = False  # a bid may lack it; a `first` step says what stands in


class LabelInput(Input, tag="label", frozen=True, kw_only=True):
    """One of a list of words: a grade, a currency, a way of taxation."""

    one_of: Annotated[tuple[str, ...], Meta(min_length=1)]


class Aggregate(StrEnum):
    """How the scores of several people become one."""

    MEAN = "mean"
    MEDIAN = "median"
    TRIMMED = "trimmed"  # the mean without `cut` highest and `cut` lowest
    CONSENSUS = "consensus"  # the agreed value in the bid's `values`, or what all gave alike
    SUM = "sum"
    LOWEST = "lowest"
    HIGHEST = "highest"


class ScoresInput(Input, tag="scores", frozen=True, kw_only=True):
    """What each evaluator gave, in the order of `evaluators`; all of it stays in the file."""

    aggregate: Aggregate = Aggregate.MEAN
    cut: int = 1  # for `trimmed`: at each end
    at_least: Decimal = Decimal(0)  # the scale
    at_most: Decimal
    step: Decimal | None = None  # scores are multiples of it
    absent: bool = False  # whether an evaluator's score may be null and is then left out
    round: Rounding | None = None  # of the aggregate


class ListInput(Input, tag="list", frozen=True, kw_only=True):
    """Any number of numbers that the bid states, in its `lists`: years of each named person."""

    aggregate: Literal["mean", "median", "sum", "lowest", "highest"] = "mean"
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    empty: Decimal | None = None  # the value of an empty list, which is refused otherwise
    round: Rounding | None = None  # of the aggregate


AnyInput = NumberInput | LabelInput | ScoresInput | ListInput


class Side(StrEnum):
    """What a weight weighs."""

    PRICE = "price"
    QUALITY = "quality"


class Weight(Part, frozen=True, kw_only=True):
    """A published weight; the steps name it, and sensitivity varies it."""

    name: Name
    value: Decimal
    side: Side
    label: str = ""


class TieBest(Part, frozen=True, kw_only=True):
    """A column and which end of it is better."""

    of: Name
    best: Best
