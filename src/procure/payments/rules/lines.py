"""What is owed for a group as claims show and store it, and how its numbers are written."""

from decimal import Decimal
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.money import rounded
from procure.payments.states import LineKind


class Line(msgspec.Struct, frozen=True):
    """One thing that is owed. `key` names the obligation and is the same at every recomputation."""

    key: str
    kind: LineKind
    clause: str  # its code in the contract
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    trace: Finding  # how it was reckoned, in words and numbers
    client_ref: str | None = None
    participant_id: UUID | None = None
    outcome_id: UUID | None = None


class Withheld(msgspec.Struct, frozen=True):
    """One thing that is not owed (yet), what it would bring, and why not."""

    key: str
    kind: LineKind
    amount: Decimal
    reason: Finding
    client_ref: str | None = None


class Entitlement(msgspec.Struct, frozen=True):
    """What is owed in all, line by line, and what is not."""

    lines: tuple[Line, ...]
    withheld: tuple[Withheld, ...]
    attendance_amount: Decimal  # with the place guarantee
    milestone_amount: Decimal
    outcome_amount: Decimal  # after the cap
    total_amount: Decimal
    counted_days: Decimal
    guaranteed_days: Decimal


def plain(number: Decimal) -> str:
    """Write a number for a trace: no exponent, and no zeros at the end beyond cents.

    >>> plain(Decimal("13.2000")), plain(Decimal("54")), plain(Decimal("0.60") * 100)
    ('13.20', '54', '60')
    """
    text = f"{number.normalize():f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}" if decimals else whole


def money(amount: Decimal) -> str:
    """Write an amount for a trace, always with cents."""
    return f"{rounded(amount):f}"
