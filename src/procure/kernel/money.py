"""Money is Decimal, in the record's currency. This module is the one place that rounds it."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12  # exclusive: of any number that a person or a program sends
FINEST = -12  # exponent of the last decimal that is taken


def rounded(amount: Decimal, step: Decimal = CENT) -> Decimal:
    """Round half up to `step` (cents unless said otherwise), the rule of invoices and scores.

    >>> rounded(Decimal("1.005")), rounded(Decimal("-1.005")), rounded(Decimal("2"))
    (Decimal('1.01'), Decimal('-1.01'), Decimal('2.00'))
    """
    return amount.quantize(step, rounding=ROUND_HALF_UP)


def is_usable(number: Decimal, below: Decimal = LARGEST) -> bool:
    """Tell whether what was sent is a number to reckon with, and not 1E-10000, 1E+400 or NaN.

    >>> [is_usable(Decimal(n)) for n in ("21.50", "-3", "1E+12", "1E-10000", "0E-10000", "NaN")]
    [True, True, False, False, False, False]
    """
    if not number.is_finite():
        return False
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= FINEST and abs(number) < below


def is_money(amount: Decimal) -> bool:
    """Tell whether `amount` is finite and has at most two decimals; the sign is free.

    >>> [is_money(Decimal(a)) for a in ("1.10", "-3", "1.005", "NaN", "Infinity", "1E+400")]
    [True, True, False, False, False, False]
    """
    return is_usable(amount) and amount == amount.quantize(CENT, rounding=ROUND_DOWN)


def allocated(total: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Split `total` by `shares`, in cents; the parts sum to the total.

    Each part is rounded down and the cents left over go, one each, to the parts with the largest
    remainders, earlier parts first where they are equal (Hamilton's method).

    >>> allocated(Decimal("10.00"), [Decimal(1)] * 3)
    [Decimal('3.34'), Decimal('3.33'), Decimal('3.33')]
    """
    whole = sum(shares, Decimal(0))
    if not shares or whole <= 0 or any(share < 0 for share in shares):
        raise ValueError("shares must be positive and there must be at least one")
    exact = [total * share / whole for share in shares]
    parts = [part.quantize(CENT, rounding=ROUND_DOWN) for part in exact]
    left = int((total - sum(parts, Decimal(0))) / CENT)
    sign = 1 if left >= 0 else -1
    order = sorted(range(len(parts)), key=lambda i: (-abs(exact[i] - parts[i]), i))
    for i in order[: abs(left)]:
        parts[i] += sign * CENT
    return parts
