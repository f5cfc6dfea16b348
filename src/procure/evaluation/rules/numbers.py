"""Exact numbers inside, rounding only where the documents declare it.

Pure. A Fraction never loses anything; `half_up` is the one way out of it.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor


def half_up(value: Fraction, decimals: int) -> Decimal:
    """Round a fraction half up (away from zero), without passing through a float.

    >>> half_up(Fraction(8, 3), 2), half_up(Fraction(1, 8), 2), half_up(Fraction(-1, 8), 2)
    (Decimal('2.67'), Decimal('0.13'), Decimal('-0.13'))
    """
    scale = 10**decimals
    units = floor(abs(value) * scale + Fraction(1, 2))
    return (Decimal(units) if value >= 0 else -Decimal(units)).scaleb(-decimals)


def mean(values: Sequence[Decimal]) -> Fraction:
    """Return the exact mean; of nothing it is 0.

    >>> mean([Decimal(5), Decimal(4), Decimal(5)])
    Fraction(14, 3)
    """
    return sum(map(Fraction, values), Fraction(0)) / len(values) if values else Fraction(0)


def median(values: Sequence[Decimal]) -> Fraction:
    """Return the middle value, or the mean of the two in the middle; there must be at least one.

    >>> median([Decimal(3), Decimal(1), Decimal(2)]), median([Decimal(1), Decimal(2)])
    (Fraction(2, 1), Fraction(3, 2))
    """
    ordered = sorted(map(Fraction, values))
    half, is_odd = divmod(len(ordered), 2)
    return ordered[half] if is_odd else (ordered[half - 1] + ordered[half]) / 2


def plain(value: Decimal) -> str:
    """Write a number for a sentence: no exponent, no zeros at the end.

    >>> plain(Decimal("25.00")), plain(Decimal("12.50")), plain(Decimal("40"))
    ('25', '12.5', '40')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
