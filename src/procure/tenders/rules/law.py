"""The law as data: thresholds, periods and procedures of one rule set, and which is needed.

Source: RHS §§ 14, 27, 49-50, 125, 126; values in fixtures/parameters/tenders, chosen by the day on
which a procedure starts (RHS § 219³).
"""

from collections.abc import Mapping, Sequence, Set
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from procure.kernel.time import after_days, after_working_days

STRICTEST = "open"  # RHS § 49: whatever may be bought may be bought by open procedure
ORDINARY = "service"  # a CPV code outside of Directive 2014/24/EU Annex XIV


class Number(msgspec.Struct, frozen=True):
    """A number of the law, with where it stands."""

    value: Decimal
    clause: str
    source: str


class Period(msgspec.Struct, frozen=True):
    """A period of the law; it starts on the day after the act."""

    value: int
    unit: Literal["days", "working-days"]
    clause: str
    source: str

    def last_day(self, act_on: date, holidays: Set[date]) -> date:
        """Return the last day of the period that the act of `act_on` starts.

        >>> week = Period(5, "working-days", "RHS § 115", "")
        >>> week.last_day(date(2026, 12, 21), {date(2026, 12, d) for d in (24, 25, 26)})
        datetime.date(2026, 12, 30)
        """
        if self.unit == "days":
            return after_days(act_on, self.value)
        return after_working_days(act_on, self.value, holidays)


class Procedure(msgspec.Struct, frozen=True):
    """A procedure that may be run under a rule set; it differs from others by these data alone."""

    code: str
    register_code: str
    name: Mapping[str, str]
    thresholds: Mapping[str, str]  # kind of service -> name of the threshold that asks for it
    may_buy: Sequence[str]  # kinds of service
    minimum: str | None  # name of a period
    standstill: str | None  # name of a period
    standstill_kind: str
    is_published: bool
    is_invited: bool
    techniques: Sequence[str]
    clause: str


class RuleSet(msgspec.Struct, frozen=True):
    """Everything the law says for procedures that start on one day; stored with decisions."""

    code: str
    name: Mapping[str, str]
    thresholds: Mapping[str, Number | None]
    periods: Mapping[str, Period | None]
    limits: Mapping[str, Number]
    fees: Mapping[str, Number]
    procedures: Sequence[Procedure]
    cpv_kinds: Mapping[str, str]

    def procedure(self, code: str) -> Procedure | None:
        """Find a procedure by its code."""
        return next((found for found in self.procedures if found.code == code), None)

    def threshold(self, name: str) -> Decimal | None:
        """Return a threshold; None where this rule set has none."""
        found = self.thresholds.get(name)
        return found.value if found else None

    def kind_of(self, cpv: str) -> str:
        """Return whether a CPV code is a social, a special or an ordinary service."""
        return self.cpv_kinds.get(cpv, ORDINARY)


class Need(msgspec.Struct, frozen=True):
    """What the law asks for a purchase of a kind and value."""

    kind: str
    total_amount: Decimal
    procedure: str | None  # None: no procedure, the principles and the buyer's own rules only
    threshold_amount: Decimal | None  # the one that was reached
    in_ted: bool
    allowed: Sequence[str]  # procedure codes
    clause: str


def procedure_needed(cpv: str, amounts: Sequence[Decimal], rule_set: RuleSet) -> Need:
    """Tell which procedure a purchase needs; the lots' amounts are added up (RHS § 27).

    A threshold counts from its own value on. A buyer may choose a stricter procedure than the one
    asked for, and never a laxer one.
    """
    kind = rule_set.kind_of(cpv)
    total = sum(amounts, Decimal(0))
    reached = [
        (limit, procedure)
        for procedure in rule_set.procedures
        if (name := procedure.thresholds.get(kind))
        and (limit := rule_set.threshold(name)) is not None
        and total >= limit
    ]
    limit, needed = max(reached, key=lambda found: found[0]) if reached else (None, None)
    eu_limit = rule_set.threshold("eu_services_central" if kind == ORDINARY else "eu_social")
    return Need(
        kind=kind,
        total_amount=total,
        procedure=needed.code if needed else None,
        threshold_amount=limit,
        in_ted=eu_limit is not None and total >= eu_limit,
        allowed=[
            procedure.code
            for procedure in rule_set.procedures
            if kind in procedure.may_buy
            and not _is_call_off(procedure)
            and (needed is None or procedure.code in (needed.code, STRICTEST))
        ],
        clause=needed.clause if needed else "RHS § 14",
    )


def _is_call_off(procedure: Procedure) -> bool:
    return procedure.code == "mini-competition"
