"""Days on which something is reached, compiled: a day number or None, in words, and its facts."""

from collections.abc import Callable
from typing import Any

import msgspec

from procure.entitlement import spells
from procure.entitlement.case import NONE, Case, end_of, needed
from procure.entitlement.exact import Number, plain
from procure.entitlement.items import day_text
from procure.entitlement.language import (
    DaysReach,
    Either,
    Elapsed,
    Ended,
    Every,
    Facts,
    First,
    Length,
    OnDay,
    Periods,
    Run,
    Start,
    TotalReaches,
)
from procure.entitlement.measuring import bounds, compile_measure
from procure.entitlement.selecting import COMPARE, Clock, Compiler
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def plain_days(length: Length) -> int:
    """Return a length in days and weeks alone as days; Refused where it has other parts.

    >>> plain_days(Length(weeks=13))
    91
    """
    if length.months or length.working_days:
        raise Refused(
            [
                Finding(
                    "not-in-days",
                    n_("Days that are added up are counted in days or weeks, not in months."),
                )
            ]
        )
    return length.days + 7 * length.weeks


def length_text(length: Length) -> str:
    """Write a length.

    >>> length_text(Length(weeks=13)), length_text(Length(months=6, days=1))
    ('13 weeks', '6 months 1 days')
    """
    parts = [
        f"{count} {name.replace('_', ' ')}"
        for name in ("months", "weeks", "days", "working_days")
        if (count := getattr(length, name))
    ]
    return " ".join(parts) or "0 days"


def _start(_: Start, __: Compiler) -> Clock:
    return Clock(
        lambda case: case.start,
        lambda _: "start",
        lambda case: (case.start_fact,) if case.start_fact is not None else NONE,
    )


def _on(node: OnDay, _: Compiler) -> Clock:
    day = node.day.toordinal()
    return Clock(lambda _: day, lambda _: node.day.isoformat(), lambda _: NONE)


def _first(node: First, c: Compiler) -> Clock:
    pick, nth, what = c.pick(node.facts), node.nth, " or ".join(node.facts.what)
    by_day = node.distinct == "day"

    def get(case: Case) -> int | None:
        facts = pick(case)
        if by_day:
            days = sorted({fact.on for fact in facts})
            return days[nth - 1].toordinal() if len(days) >= nth else None
        return facts[nth - 1].on.toordinal() if len(facts) >= nth else None

    def say(case: Case) -> str:
        return f"{what} {len(pick(case))} of {nth}" if nth > 1 or not pick(case) else what

    return Clock(get, say, lambda case: pick(case)[:nth] if not by_day else pick(case))


def _total(node: TotalReaches, c: Compiler) -> Clock:
    pick, compare, than, name = (
        c.pick(node.facts),
        COMPARE[node.op],
        c.value(node.than),
        node.number,
    )

    def get(case: Case) -> int | None:
        so_far: Number = 0
        wanted = than.get(case)
        for fact in pick(case):
            so_far += needed(fact, name)
            if compare(so_far, wanted):
                return fact.on.toordinal()
        return None

    def say(case: Case) -> str:
        total = sum(needed(fact, name) for fact in pick(case))
        return f"{' + '.join(node.facts.what)} {plain(total)} {node.op} {than.say(case)}"

    def facts(case: Case) -> Any:  # noqa: ANN401 - facts
        day = get(case)
        return [f for f in pick(case) if day is None or f.on.toordinal() <= day]

    return Clock(get, say, facts)


def _days(node: DaysReach, c: Compiler) -> Clock:
    chosen, pick, wanted = (
        c.spells(node.facts),
        c.pick(without_window(node.facts)),
        plain_days(node.length),
    )

    def say(case: Case) -> str:
        return f"{spells.length(spells.union(chosen(case)))} of {wanted} days"

    return Clock(lambda case: spells.nth_day(spells.union(chosen(case)), wanted), say, pick)


def without_window(facts: Facts) -> Facts:
    """Return the same choice without window: spells that begin before it are among its facts."""
    return msgspec.structs.replace(facts, window=None, together=None)


def _run(node: Run, c: Compiler) -> Clock:
    chosen, pick, length = c.spells(node.facts), c.pick(without_window(node.facts)), node.length
    bridge = plain_days(node.bridge)

    def get(case: Case) -> int | None:
        for begin, end in spells.union(chosen(case), bridge):
            last = c.shift(begin, length)
            if last <= end:
                return last - 1
        return None

    def say(case: Case) -> str:
        longest = max((e - b for b, e in spells.union(chosen(case), bridge)), default=0)
        return f"longest run {longest} days, for {length_text(length)}"

    return Clock(get, say, pick)


def _periods(node: Periods, c: Compiler) -> Clock:
    measure = compile_measure(node.facts, node.measure, node.number, node.period, c)
    compare, than, pick = COMPARE[node.op], c.value(node.than), c.pick(without_window(node.facts))

    def good(case: Case) -> list[int]:
        wanted = than.get(case)
        return sorted(place for place, n in measure(case).items() if compare(n, wanted))

    def get(case: Case) -> int | None:
        place = spells.nth_in_any(good(case), node.n, node.of)
        return None if place is None else bounds(place, node.period, case)[1] - 1

    def say(case: Case) -> str:
        text = f"{node.n} of {node.of} {node.period}s with {node.op} {than.say(case)}"
        return f"{text}; {len(good(case))} in all"

    def facts(case: Case) -> Any:  # noqa: ANN401 - facts
        day = get(case)
        return [f for f in pick(case) if day is None or f.on.toordinal() <= day]

    return Clock(get, say, facts)


def _elapsed(node: Elapsed, c: Compiler) -> Clock:
    after = c.when(node.after)
    during = c.spells(node.during) if node.during is not None else None
    pick = c.pick(without_window(node.during)) if node.during is not None else after.facts

    def get(case: Case) -> int | None:
        day = after.get(case)
        if day is None:
            return None
        day = c.shift(day, node.length)
        if during is not None and not spells.covers(during(case), day):
            return None
        return day

    def say(case: Case) -> str:
        return f"{length_text(node.length)} after {after.say(case)}"

    return Clock(get, say, pick)


def _ended(node: Ended, c: Compiler) -> Clock:
    pick, before, what = c.pick(node.facts), node.before, " or ".join(node.facts.what)

    def get(case: Case) -> int | None:
        for fact in pick(case):
            end = end_of(fact)
            if fact.until is not None and (
                before is None or end < c.shift(fact.on.toordinal(), before)
            ):
                return end
        return None

    return Clock(get, lambda _: f"{what} ended", pick)


def _every(node: Every, c: Compiler) -> Clock:
    parts = [c.when(part) for part in node.of]

    def get(case: Case) -> int | None:
        days = [part.get(case) for part in parts]
        return None if None in days else max(day for day in days if day is not None)

    return Clock(get, _joined(parts, " and "), _all_facts(parts))


def _either(node: Either, c: Compiler) -> Clock:
    parts = [c.when(part) for part in node.of]

    def get(case: Case) -> int | None:
        return min((day for part in parts if (day := part.get(case)) is not None), default=None)

    return Clock(get, _joined(parts, " or "), _all_facts(parts))


def _joined(parts: list[Clock], word: str) -> Callable[[Case], str]:
    return lambda case: word.join(
        f"{part.say(case)}{'' if (day := part.get(case)) is None else f' ({day_text(day)})'}"
        for part in parts
    )


def _all_facts(parts: list[Clock]) -> Callable[[Case], Any]:
    return lambda case: [fact for part in parts for fact in part.facts(case)]


WHENS: dict[type, Callable[[Any, Compiler], Clock]] = {
    Start: _start,
    OnDay: _on,
    First: _first,
    TotalReaches: _total,
    DaysReach: _days,
    Run: _run,
    Periods: _periods,
    Elapsed: _elapsed,
    Ended: _ended,
    Every: _every,
    Either: _either,
}
