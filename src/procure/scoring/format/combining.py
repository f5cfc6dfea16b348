"""The steps of a rule that combine columns: sums, quotients, money for quality, any formula."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from procure.scoring.format.steps import Computed
from procure.scoring.format.words import Name, Operand, Part
from procure.scoring.numbers import Rounding


class Summand(Part, frozen=True, kw_only=True):
    """One part of a sum."""

    of: Name
    weight: Operand = Decimal(1)


Summands = Annotated[tuple[Summand, ...], Meta(min_length=1)]


class WeightedSum(Computed, tag="sum", frozen=True, kw_only=True):
    """Weight × value, summed."""

    parts: Summands


class Quotient(Computed, tag="quotient", frozen=True, kw_only=True):
    """Times × of ^ exponent ÷ over: points per price, price per point."""

    of: Name
    over: Name
    times: Operand = Decimal(1)
    exponent: Decimal = Decimal(1)
    precision: Rounding | None = None  # of the power, where the exponent is broken


class Deduct(Computed, tag="deduct", frozen=True, kw_only=True):
    """Price − money for quality; may be below 0."""

    price: Name
    less: Summands


class Surcharge(Computed, tag="surcharge", frozen=True, kw_only=True):
    """Price × (1 + (max − points) ÷ max × share): what quality is missing makes dearer."""

    price: Name
    points: Name
    max: Operand
    share: Operand


class Feature(Part, frozen=True, kw_only=True):
    """A feature's value, and the most that it can be."""

    of: Name
    max: Operand


class Reduce(StrEnum):
    """How features change the amount."""

    DIVIDE = "divide"  # amount ÷ K: lower is better
    MULTIPLY = "multiply"  # amount × K: higher is better
    MIXED = "mixed"  # amount × (1 − sum of the values)


class ReducedPrice(Computed, tag="reduced-price", frozen=True, kw_only=True):
    """Amount by K = 1 + sum(v) ÷ (1 − sum(max v)), plus costs that features do not change."""

    price: Name
    features: Annotated[tuple[Feature, ...], Meta(min_length=1)]
    by: Reduce = Reduce.DIVIDE
    plus: tuple[Summand, ...] = ()


class UtilityIndex(Computed, tag="utility-index", frozen=True, kw_only=True):
    """((1 − (best quality − quality) × share) ÷ price) × lowest price: highest wins."""

    price: Name
    quality: Name
    best_quality: Operand
    lowest_price: Operand
    share: Operand


class RelativeCost(Computed, tag="relative-cost", frozen=True, kw_only=True):
    """Cost ÷ ((points + max) ÷ (lowest points + max)): lowest wins."""

    cost: Name
    points: Name
    lowest_points: Operand
    max: Operand


class Formula(Computed, tag="formula", frozen=True, kw_only=True):
    """Any formula over names: + - * / ** ( ), comparisons, and a few functions."""

    text: Annotated[str, Meta(min_length=1, max_length=1000)]
