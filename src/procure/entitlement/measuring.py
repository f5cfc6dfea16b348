"""Measures over months, weeks or days: the same for n-of-m windows and for monthly fees."""

from collections.abc import Callable
from typing import Literal

from procure.entitlement import spells
from procure.entitlement.case import Case, needed
from procure.entitlement.exact import Number
from procure.entitlement.language import Facts
from procure.entitlement.selecting import Compiler
from procure.entitlement.spells import month_bounds, month_of, month_text

PeriodName = Literal["month", "week", "day"]
Measured = Callable[[Case], dict[int, Number]]


def compile_measure(
    facts: Facts, measure: str, number: str, period: PeriodName, c: Compiler
) -> Measured:
    """Compile to a function that gives the measure of each period in which there is something."""
    if measure == "days":
        chosen = c.spells(facts)

        def days(case: Case) -> dict[int, Number]:
            found: dict[int, Number] = {}
            for begin, end in spells.union(chosen(case)):
                day = begin
                while day < min(end, spells.FOREVER):
                    place = place_of(day, period, case)
                    stop = min(end, bounds(place, period, case)[1])
                    found[place] = found.get(place, 0) + stop - day
                    day = stop
            return found

        return days
    pick = c.pick(facts)

    def sums(case: Case) -> dict[int, Number]:
        found: dict[int, Number] = {}
        for fact in pick(case):
            place = place_of(fact.on.toordinal(), period, case)
            more = 1 if measure == "count" else needed(fact, number)
            found[place] = found.get(place, 0) + more
        return found

    return sums


def place_of(day: int, period: PeriodName, case: Case) -> int:
    """Return which month, which week from the start, or which day."""
    if period == "month":
        return month_of(day)
    return (day - (case.start or 0)) // 7 if period == "week" else day


def bounds(place: int, period: PeriodName, case: Case) -> spells.Spell:
    """Return the first day of a period and the first after it."""
    if period == "month":
        return month_bounds(place)
    if period == "week":
        begin = (case.start or 0) + 7 * place
        return begin, begin + 7
    return place, place + 1


def period_text(place: int, period: PeriodName) -> str:
    """Name a period: a month, or a week counted from the start.

    >>> period_text(24300, "month"), period_text(0, "week")
    ('2025-01', 'week 1')
    """
    return month_text(place) if period == "month" else f"{period} {place + 1}"
