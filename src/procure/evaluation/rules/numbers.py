"""Exact numbers inside, rounding only where the documents declare it.

Pure. A Fraction never loses anything; `half_up` is the one way out of it.
"""

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


def plain(value: Decimal) -> str:
    """Write a number for a sentence: no exponent, no zeros at the end.

    >>> plain(Decimal("25.00")), plain(Decimal("12.50")), plain(Decimal("40"))
    ('25', '12.5', '40')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
