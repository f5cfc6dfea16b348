"""Payment terms as data: fees, limits, holds, who pays, when, and how cents are rounded.

A version of terms is never edited; a contract holds a copy. Amounts are in the terms' currency,
shares parts of 1. Source of the model: what published outcome contracts need, see the format.
"""

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from procure.entitlement.language import (
    Condition,
    Facts,
    Length,
    NumberTest,
    Value,
    When,
    Word,
)

FORMAT = "procure-payment-terms"


class DatedNumber(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"since": "from"},
):
    """A value from a day on, until the next one begins."""

    since: date
    value: Decimal
    source: str = ""


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Bounds of a number, both included; `below` is not."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None
    below: Decimal | None = None


class Row(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"since": "from"},
):
    """One row: which words and bounds it is for, from and until (exclusive) which day."""

    value: Value
    words: dict[str, list[str]] = {}
    bands: dict[str, Band] = {}
    since: date | None = None
    until: date | None = None


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A tariff: the first row that fits gives the value.

    Words are the participant's, frozen at the start. Bands compare `keys`, or else numbers of the
    participant. The day that rows are dated by is the start's (frozen) or the day of earning.
    """

    rows: list[Row]
    on: Literal["start", "earned"] = "start"
    keys: dict[str, Value] = {}  # position, contract year, or any other value, by name
    otherwise: Value | None = None
    source: str = ""


# --- Fees ---------------------------------------------------------------------------------------


class Fee(Word, frozen=True, omit_defaults=True, kw_only=True, tag_field="kind"):
    """What every fee has: a code, where it is agreed, and for whom it is computed."""

    code: str
    clause: str = ""
    title: str = ""
    scope: Literal["person", "contract"] = "person"
    given: Condition | None = None


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Facts that count, each with a quantity, at most so many of them for one participant."""

    facts: Facts
    quantity: Value = Decimal(1)
    most: Value | None = None


class Unit(Fee, frozen=True, omit_defaults=True, tag="unit"):
    """Unit price x quantity for facts: referrals, days, sessions, hours, wages (with a share)."""

    counts: list[Part]
    price: Value
    per: Literal["fact", "month", "year", "person"] = "fact"
    most: Value | None = None  # of the quantity in all, for one participant


class Milestone(Fee, frozen=True, omit_defaults=True, tag="milestone"):
    """Once, on the day something is reached."""

    when: When
    price: Value
    quantity: Value = Decimal(1)
    listed: bool = True  # among what is withheld, with the reason, while it is not reached


class Blocks(Fee, frozen=True, omit_defaults=True, tag="blocks"):
    """For each block of time sustained: fees in order, the last repeated up to `most` blocks.

    Cumulative: all days covered count. Continuous: a block must be unbroken, an unfinished one is
    lost with the break.
    """

    facts: Facts
    length: Length
    prices: list[Value]
    most: int
    mode: Literal["cumulative", "continuous"] = "cumulative"
    bridge: Length = Length()


class Monthly(Fee, frozen=True, omit_defaults=True, tag="monthly"):
    """For each month (or week from the start) in which a measure of facts passes, up to `most`."""

    facts: Facts
    test: NumberTest
    price: Value
    measure: Literal["total", "count", "days"] = "total"
    period: Literal["month", "week"] = "month"
    most: Value | None = None


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """So many periods that share a part of the amount evenly."""

    periods: Value
    share: Value = Decimal(1)


class Instalments(Fee, frozen=True, omit_defaults=True, tag="instalments"):
    """An amount in instalments: lump, monthly, phased, or in advance with pro-rata recovery.

    `agreements` are facts that each begin a plan of their own; without them there is one, from the
    start. A period is paid if `during` covers its census day, `grace` after a spell included.
    """

    amount: Value
    phases: list[Phase]
    agreements: Facts | None = None
    every: Length = Length(months=1)
    pays: Literal["start", "end"] = "end"
    during: Facts | None = None
    census: Literal["first", "last", "any"] = "last"
    grace: Length = Length()
    at_end: Literal["stop", "balance", "pro_rata"] = "stop"
    completed: When | None = None  # balance: what is left is due on this day
    pro_rata: Literal["day", "week"] = "day"
    residual: Literal["first", "last"] = "last"  # which instalment takes the odd cents


class Uplift(Fee, frozen=True, omit_defaults=True, tag="uplift"):
    """A part of what other fees bring, more or less: uplift, discount, bonus, malus."""

    on: list[str]
    factor: Value


class Minimum(Fee, frozen=True, omit_defaults=True, tag="minimum"):
    """A guarantee: what is missing to a least quantity of other fees, at a price."""

    of: list[str]
    at_least: Value
    price: Value


# --- Limits, holds, payers ----------------------------------------------------------------------


class AtMost(Word, frozen=True, omit_defaults=True, kw_only=True, tag="amount", tag_field="kind"):
    """A cap on amounts; what is over it is cut from items, the last first, or shown apart."""

    code: str
    fees: list[str]
    most: Value
    per: Literal[
        "person", "person_month", "person_year", "word", "contract", "year", "contract_year"
    ]
    word: str = ""  # with per word: participants who share it have one cap
    used: Value = Decimal(0)  # already spent of it elsewhere
    cut: Literal["items", "apart"] = "items"
    priority: tuple[str, ...] = ()  # fees served first; the others after them, by day
    clause: str = ""


class QuantityAtMost(
    Word, frozen=True, omit_defaults=True, kw_only=True, tag="quantity", tag_field="kind"
):
    """A cap on what fees count for one participant in all, the earliest day first."""

    code: str
    fees: list[str]
    most: Value
    clause: str = ""


class OnlyBest(Word, frozen=True, omit_defaults=True, kw_only=True, tag="best", tag_field="kind"):
    """Of families of fees only the one that brings a participant the most is paid."""

    code: str
    families: dict[str, list[str]]
    clause: str = ""


class Hold(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A part of fees is kept back until something is reached: holdback, gate, counterfactual."""

    code: str
    fees: list[str]
    until: Condition | None = None
    since: When | None = None  # released on this day
    share: Value = Decimal(1)
    clause: str = ""


class Payer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who pays: first those with a budget, as far as it goes; the rest is shared."""

    payer: str
    share: Decimal | None = None
    budget: Value | None = None


class Funding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who pays which fees; fees that no rule names are the contract's own buyer's."""

    payers: list[Payer]
    fees: list[str] = []  # all that are not named elsewhere
    residual: Literal["largest", "first", "last"] = "largest"


class Payment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a line is due: in its month, or the month its facts were made known, and the lag.

    A line whose facts were made known later than `lapse` after its day is not paid at all.
    """

    lag_months: int = 0
    lapse: Length | None = None


class Rounding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where cents are made: each line by itself, or the sum, its residual placed on lines."""

    step: Decimal = Decimal("0.01")
    mode: Literal["half_up", "half_even", "down", "up"] = "half_up"
    of: Literal["line", "person"] = "line"
    residual: Literal["largest", "first", "last"] = "largest"


AnyFee: TypeAlias = Unit | Milestone | Blocks | Monthly | Instalments | Uplift | Minimum
Limit: TypeAlias = AtMost | QuantityAtMost | OnlyBest


class Terms(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A version of payment terms."""

    format: Literal["procure-payment-terms"]
    format_version: Literal[1]
    code: str
    version: int
    currency: str
    fees: list[AnyFee]
    title: str = ""
    source: str = ""
    starts_on: date | None = None  # of the contract
    ends_until: date | None = None
    start: str = "start"  # the facts that begin a participant: words and numbers are frozen there
    sources: list[str] = []  # of facts, the most trusted first; without them the newest wins
    numbers: dict[str, list[DatedNumber]] = {}
    tables: dict[str, Table] = {}
    named: dict[str, Value] = {}
    report: list[str] = []  # named values of the contract that the result shows
    limits: list[Limit] = []
    holds: list[Hold] = []
    funding: list[Funding] = []
    payment: Payment | None = None
    rounding: Rounding = Rounding()
    refunds: Literal["original", "recomputed"] = "original"
    holidays: list[date] = []
