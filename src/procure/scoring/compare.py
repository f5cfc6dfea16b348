"""Comparisons that say whether the limit itself counts, and what is compared. Pure."""

import operator
from collections.abc import Callable
from fractions import Fraction

from procure.scoring import columns
from procure.scoring.columns import Column
from procure.scoring.format.words import Exactness, Is
from procure.scoring.numbers import Rounding

COMPARISONS: dict[Is, Callable[[Fraction | int, Fraction | int], bool]] = {
    Is.AT_LEAST: operator.ge,
    Is.ABOVE: operator.gt,
    Is.AT_MOST: operator.le,
    Is.BELOW: operator.lt,
    Is.EQUAL: operator.eq,
}


def holds(value: Fraction | None, compare: Is, limit: Fraction | None) -> bool:
    """Tell whether a value compares so; nothing compares with what is not there.

    >>> holds(Fraction(3), Is.AT_LEAST, Fraction(3)), holds(Fraction(3), Is.ABOVE, Fraction(3))
    (True, False)
    """
    return value is not None and limit is not None and COMPARISONS[compare](value, limit)


def rows(column: Column, compare: Is, limit: "Column | Fraction | None") -> list[bool]:
    """Tell for each row whether its value compares so with a limit, or with its own.

    >>> rows(Column([1, 2, None]), Is.AT_MOST, Fraction(1))
    [True, False, False]
    """
    if isinstance(limit, Fraction) and isinstance(column.den, int):
        test, most, factor = COMPARISONS[compare], limit.numerator * column.den, limit.denominator
        return [n is not None and test(n * factor, most) for n in column.num]
    limits = limit if isinstance(limit, Column) else [limit] * len(column)
    return [holds(v, compare, one) for v, one in zip(column, limits, strict=True)]


def as_compared(column: Column, on: Exactness) -> Column:
    """Return what is compared: the exact values, or values rounded as said."""
    return columns.rounded(column, on) if isinstance(on, Rounding) else column
