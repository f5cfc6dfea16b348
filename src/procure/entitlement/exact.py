"""Exact numbers: whole where they are whole, fractions where not; rounding only where it is said.

A number here is an int or a Fraction, so that a third of a cent is a third of a cent.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

Number: TypeAlias = int | Fraction
Mode: TypeAlias = Literal["half_up", "half_even", "down", "up"]
Residual: TypeAlias = Literal["largest", "first", "last"]

DIGITS = 24  # before and after the point: more is a mistake, or an attack


@lru_cache(maxsize=4096)
def exact(value: Decimal) -> Number:
    """Return a decimal as an exact number; Refused where it is none, or absurdly long.

    >>> exact(Decimal("22.00")), exact(Decimal("0.6"))
    (22, Fraction(3, 5))
    """
    if not is_sensible(value):
        raise Refused(
            [
                Finding(
                    "not-a-number",
                    n_("{value} is no number to reckon with; write it with at most 24 digits."),
                    {"value": str(value)[:40]},
                )
            ]
        )
    found = Fraction(value)
    return found.numerator if found.denominator == 1 else found


def is_sensible(value: Decimal) -> bool:
    """Tell whether a decimal is finite and of a length that people write.

    >>> [is_sensible(Decimal(v)) for v in ("0.01", "NaN", "1e999999999", "-3")]
    [True, False, False, True]
    """
    if not value.is_finite():
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DIGITS and value.adjusted() < DIGITS


def whole(number: Number) -> Number:
    """Return a fraction that is whole as an int: what follows is then quick.

    >>> whole(Fraction(1320, 1)), whole(Fraction(1, 3))
    (1320, Fraction(1, 3))
    """
    if number.__class__ is int or number.denominator != 1:
        return number
    return number.numerator


def to_whole(number: Number, mode: Mode = "half_up") -> int:
    """Round to a whole number; half up is away from zero, as on invoices.

    >>> [to_whole(Fraction(n, 2)) for n in (1, 3, -1, -3)]
    [1, 2, -1, -2]
    >>> to_whole(Fraction(5, 2), "half_even"), to_whole(Fraction(-5, 3), "down")
    (2, -1)
    """
    if isinstance(number, int):
        return number
    top, bottom = abs(number.numerator), number.denominator
    if mode == "half_up":
        found = (2 * top + bottom) // (2 * bottom)
    elif mode == "down":
        found = top // bottom
    elif mode == "up":
        found = -(-top // bottom)
    else:
        found = round(Fraction(top, bottom))
    return found if number > 0 else -found


def to_step(number: Number, step: Number, mode: Mode) -> Number:
    """Round to a multiple of `step`.

    >>> to_step(Fraction(1005, 1000), Fraction(1, 100), "half_up")
    Fraction(101, 100)
    """
    return whole(to_whole(whole(Fraction(number) / step), mode) * step)


def placed(parts: Sequence[Number], total: int, residual: Residual) -> list[int]:
    """Make whole parts that sum to `total`: rounded down, and what is left placed as said.

    >>> placed([Fraction(100, 3)] * 3, 100, "largest"), placed([Fraction(100, 3)] * 3, 100, "last")
    ([34, 33, 33], [33, 33, 34])
    """
    made = [to_whole(part, "down") for part in parts]
    left = total - sum(made)
    if not left or not made:
        return made
    if residual == "first":
        made[0] += left
    elif residual == "last":
        made[-1] += left
    else:
        sign = 1 if left > 0 else -1
        order = sorted(range(len(made)), key=lambda i: (-sign * (parts[i] - made[i]), i))
        for step in range(abs(left)):
            made[order[step % len(order)]] += sign
    return made


def decimal_of(number: Number, places: int = 12) -> Decimal:
    """Return a number for showing: exact where it ends, otherwise to so many places.

    >>> decimal_of(Fraction(66, 5)), decimal_of(Fraction(1, 3), 4)
    (Decimal('13.2'), Decimal('0.3333'))
    """
    if isinstance(number, int):
        return Decimal(number)
    needed = next((n for n in range(2 * DIGITS) if 10**n % number.denominator == 0), places)
    return Decimal(to_whole(number * 10**needed)).scaleb(-needed)


def plain(number: Number) -> str:
    """Write a number for people: no exponent, cents whole.

    >>> plain(Fraction(66, 5)), plain(60), plain(Fraction(1, 3))
    ('13.20', '60', '0.333333')
    """
    if isinstance(number, int):
        return str(number)
    text = f"{decimal_of(number, 6):f}"
    head, _, tail = text.partition(".")
    tail = tail.rstrip("0")
    return f"{head}.{tail:0<2}" if tail else head


def money(cents: Number) -> str:
    """Write cents as an amount.

    >>> money(1320), money(-5), money(Fraction(1, 2))
    ('13.20', '-0.05', '0.01')
    """
    return f"{amount(cents):f}"


def amount(cents: Number) -> Decimal:
    """Return whole cents as an amount with two decimals.

    >>> amount(15840)
    Decimal('158.40')
    """
    return Decimal(to_whole(cents)).scaleb(-2)
