"""The steps of a rule that compute: reference values, price normalisation, transforms."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from procure.scoring.format.words import Best, Condition, Name, Operand, Part, Set
from procure.scoring.numbers import Rounding


class Step(Part, tag_field="step", frozen=True, kw_only=True):
    """Base of steps: its `name` is what later steps call its result."""

    name: Name
    label: str = ""  # for people
    clause: str = ""  # what it rests on
    when: tuple[Condition, ...] = ()  # left out where a condition does not hold


class Take(StrEnum):
    """What is taken of a reference set."""

    LOWEST = "lowest"
    HIGHEST = "highest"
    MEAN = "mean"
    MEDIAN = "median"
    SUM = "sum"
    COUNT = "count"
    SECOND_LOWEST = "second-lowest"
    SECOND_HIGHEST = "second-highest"
    QUANTILE = "quantile"  # linear between ranks, at `at`
    NEXT_HIGHER = "next-higher"  # for each bid: the value of the next behind it, equals included
    NEXT_LOWER = "next-lower"


class Reference(Step, tag="reference", frozen=True, kw_only=True):
    """One value of a set of bids (or of a sample); for each bid its own where it leaves itself out."""  # noqa: E501

    of: Name  # an input, an earlier step, or a sample
    take: Take
    set: Set = Set()
    at: Decimal | None = None  # of a quantile, from 0 to 1
    empty: Operand | None = None  # the result where nothing is in the set
    round: Rounding | None = None


class Computed(Step, frozen=True, kw_only=True):
    """Base of steps with a result for each bid: its limits, its rounding, its degenerate cases."""

    floor: Operand | None = None  # no result below
    cap: Operand | None = None  # no result above
    round: Rounding | None = None
    one_bid: Operand | None = None  # the result where a single bid stands
    all_equal: Operand | None = None  # where several bids stand and all have the same value
    zero: Operand | None = None  # for a bid whose value is 0
    undefined: Operand | None = None  # for what cannot be computed otherwise


class Line(Part, frozen=True, kw_only=True):
    """One line of a basket."""

    of: Name
    quantity: Operand


class Basket(Computed, tag="basket", frozen=True, kw_only=True):
    """Unit prices × quantities, summed: a basket, whole-life costs."""

    lines: Annotated[tuple[Line, ...], Meta(min_length=1)]


class Factor(Computed, tag="factor", frozen=True, kw_only=True):
    """A value × the factor of the bid's label: currency, value added tax, region."""

    of: Name
    by: Name
    factors: dict[str, Operand]


class First(Computed, tag="first", frozen=True, kw_only=True):
    """The first value that a bid has: a corrected price before the one that was read."""

    of: Annotated[tuple[Name, ...], Meta(min_length=1)]


class Grade(Computed, tag="grade", frozen=True, kw_only=True):
    """The value of the bid's label: points or money by grade."""

    of: Name
    values: dict[str, Operand]


class Transform(Computed, frozen=True, kw_only=True):
    """Base of steps that turn one value into points: `times` is what the best may get."""

    of: Name
    times: Operand = Decimal(1)


class Ratio(Transform, tag="ratio", frozen=True, kw_only=True):
    """Times × reference ÷ value (lower is better), or × value ÷ reference (higher is better)."""

    best: Best
    reference: Operand


class Linear(Transform, tag="linear", frozen=True, kw_only=True):
    """All of `times` at `full_at`, nothing at `none_at`, straight between and beyond."""

    full_at: Operand
    none_at: Operand


class Point(Part, frozen=True, kw_only=True):
    """A point of a line."""

    at: Operand
    value: Operand


class Outside(StrEnum):
    """What a line does before its first point and behind its last."""

    LEVEL = "level"
    EXTEND = "extend"


class Piecewise(Transform, tag="piecewise", frozen=True, kw_only=True):
    """Times × the value of a line through points, by rising `at`."""

    points: Annotated[tuple[Point, ...], Meta(min_length=2)]
    outside: Outside = Outside.LEVEL


class Power(Transform, tag="power", frozen=True, kw_only=True):
    """Times × (value ÷ reference) ^ exponent; a broken exponent needs a `precision`."""

    reference: Operand
    exponent: Decimal
    precision: Rounding | None = None  # of the power, before it is multiplied


class Log(Transform, tag="log", frozen=True, kw_only=True):
    """Times × (1 − log(value ÷ reference) to `base`): nothing at base × reference."""

    reference: Operand
    base: Operand
    precision: Rounding  # of the logarithm


class Target(Transform, tag="target", frozen=True, kw_only=True):
    """Times × (1 − |value − target| ÷ target)."""

    target: Operand


class Row(Part, frozen=True, kw_only=True):
    """From `from` of the value on, the result is `value`."""

    at_least: Operand
    value: Operand


class Table(Transform, tag="table", frozen=True, kw_only=True):
    """Times × what the highest reached row of a table says; `undefined` below its first row."""

    rows: Annotated[tuple[Row, ...], Meta(min_length=1)]


class Rebase(Transform, tag="rebase", frozen=True, kw_only=True):
    """Times × value ÷ the best of a set: the best gets all of `times`."""

    set: Set = Set()
