"""Exact numbers, and the one declared way out of them.

Pure. Amounts come in as decimals, are fractions inside, and leave as text that loses nothing:
`86.5` where decimals suffice, `767/9` where they do not. No number here passes through a float.
"""

from decimal import ROUND_HALF_EVEN as EVEN
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction

import msgspec

LONGEST = 30  # digits that a number may have before or after its point
WORKING_DIGITS = 60  # of irrational results, before they are rounded as declared

_WORKING = Context(prec=WORKING_DIGITS, rounding=EVEN, Emax=10**6, Emin=-(10**6))
_SETTLED = Context(prec=WORKING_DIGITS - 12, rounding=EVEN, Emax=10**6, Emin=-(10**6))


class Mode(StrEnum):
    """What happens to the part that is rounded away; `half` modes decide exact halves alone."""

    HALF_UP = "half-up"  # away from zero, as invoices do
    HALF_DOWN = "half-down"  # towards zero
    HALF_EVEN = "half-even"
    UP = "up"  # away from zero
    DOWN = "down"  # towards zero
    CEILING = "ceiling"
    FLOOR = "floor"


class Rounding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a result is rounded: to `decimals`, or to multiples of `step`."""

    decimals: int | None = None
    step: Decimal | None = None
    mode: Mode = Mode.HALF_UP

    @property
    def unit(self) -> Fraction:
        """What results are multiples of."""
        if self.step is not None:
            return Fraction(self.step)
        return Fraction(1, 10 ** (self.decimals or 0))


def whole(numerator: int, denominator: int, mode: Mode = Mode.HALF_UP) -> int:
    """Round a quotient to a whole number; the denominator is above 0.

    >>> [whole(n, 2, Mode.HALF_UP) for n in (-3, -1, 1, 3)]
    [-2, -1, 1, 2]
    >>> [whole(5, 2, mode) for mode in (Mode.HALF_EVEN, Mode.HALF_DOWN, Mode.UP, Mode.DOWN)]
    [2, 2, 3, 2]
    >>> whole(-5, 2, Mode.CEILING), whole(-5, 2, Mode.FLOOR)
    (-2, -3)
    """
    if mode == Mode.FLOOR:
        return numerator // denominator
    if mode == Mode.CEILING:
        return -(-numerator // denominator)
    size, rest = divmod(abs(numerator), denominator)
    if rest and (
        mode == Mode.UP
        or (
            mode != Mode.DOWN
            and (
                2 * rest > denominator
                or (
                    2 * rest == denominator
                    and (mode == Mode.HALF_UP or (mode == Mode.HALF_EVEN and size % 2 == 1))
                )
            )
        )
    ):
        size += 1
    return size if numerator >= 0 else -size


def rounded(value: Fraction, rounding: Rounding | None) -> Fraction:
    """Round as declared; without a declaration nothing happens.

    >>> rounded(Fraction(8, 3), Rounding(2)), rounded(Fraction(8, 3), None)
    (Fraction(267, 100), Fraction(8, 3))
    >>> rounded(Fraction(8, 3), Rounding(step=Decimal("0.5"), mode=Mode.DOWN))
    Fraction(5, 2)
    """
    if rounding is None:
        return value
    unit = rounding.unit
    many = value / unit
    return whole(many.numerator, many.denominator, rounding.mode) * unit


def power(base: Fraction, exponent: Fraction, rounding: Rounding | None) -> Fraction:
    """Raise to a power: exactly where the exponent is whole, else as a declared rounding says.

    Irrational results are computed with 60 significant digits, of which 48 are kept, and then
    rounded as declared. ValueError: a root of what is below 0. ZeroDivisionError: 0 to below 0.

    >>> power(Fraction(3, 2), Fraction(2), None)
    Fraction(9, 4)
    >>> power(Fraction(1, 4), Fraction(1, 2), Rounding(6)), power(Fraction(2), Fraction(1, 2), Rounding(4))
    (Fraction(1, 2), Fraction(7071, 5000))
    """  # noqa: E501
    if exponent.denominator == 1:
        return rounded(base ** int(exponent), rounding)
    if base < 0:
        raise ValueError("a root of what is below 0")
    if base == 0:
        if exponent < 0:
            raise ZeroDivisionError
        return Fraction(0)
    result = _WORKING.power(_decimal(base), _decimal(exponent))
    return rounded(Fraction(_SETTLED.plus(result)), rounding)


def logarithm(value: Fraction, base: Fraction, rounding: Rounding | None) -> Fraction:
    """Return the logarithm of `value` to `base`, rounded as declared after 48 digits.

    ValueError where there is none: a value not above 0, a base not above 0 or equal to 1.

    >>> logarithm(Fraction(8), Fraction(2), Rounding(6))
    Fraction(3, 1)
    """
    if value <= 0 or base <= 0 or base == 1:
        raise ValueError("no logarithm")
    quotient = _WORKING.divide(_WORKING.ln(_decimal(value)), _WORKING.ln(_decimal(base)))
    return rounded(Fraction(_SETTLED.plus(quotient)), rounding)


def _decimal(value: Fraction) -> Decimal:
    return _WORKING.divide(Decimal(value.numerator), Decimal(value.denominator))


def is_sane(value: Decimal) -> bool:
    """Tell whether a number is finite and short enough to be computed with.

    >>> [is_sane(Decimal(v)) for v in ("12.50", "NaN", "1e999999999", "0." + "1" * 31)]
    [True, False, False, False]
    """
    if not value.is_finite():
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -LONGEST and value.adjusted() < LONGEST


def text(value: Fraction) -> str:
    """Write a number so that it can be read back without loss.

    >>> text(Fraction(173, 2)), text(Fraction(767, 9)), text(Fraction(-1, 8)), text(Fraction(40))
    ('86.5', '767/9', '-0.125', '40')
    """
    denominator = value.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    places = max(twos, fives)
    if denominator != 1 or places > LONGEST:
        return f"{value.numerator}/{value.denominator}"
    return f"{Decimal(int(value * 10**places)):f}" if not places else _placed(value, places)


def _placed(value: Fraction, places: int) -> str:
    digits = f"{abs(int(value * 10**places)):0{places + 1}d}"
    return ("-" if value < 0 else "") + digits[:-places] + "." + digits[-places:]


def shown(value: Fraction, decimals: int = 6) -> str:
    """Write a number for a person: exact where that is short, else with a sign that it goes on.

    >>> shown(Fraction(767, 9)), shown(Fraction(86)), shown(Fraction(1, 3), 2)
    ('85.222222…', '86', '0.33…')
    """
    exact = text(value)
    if "/" not in exact and len(exact.partition(".")[2]) <= decimals:
        return exact
    cut = whole(value.numerator * 10**decimals, value.denominator, Mode.DOWN)
    return (_placed(Fraction(cut, 10**decimals), decimals) if cut else "0") + "…"


def number(written: str) -> Fraction:
    """Read what `text` wrote; ValueError for anything else.

    >>> number("767/9"), number("-0.125")
    (Fraction(767, 9), Fraction(-1, 8))
    """
    try:
        return Fraction(written)
    except (ValueError, InvalidOperation, ZeroDivisionError):
        raise ValueError(f"{written!r} is not a number") from None
