"""Values that look at facts, tables and other people, compiled."""

from collections.abc import Callable
from typing import Any

from procure.entitlement import spells
from procure.entitlement.case import Case, needed
from procure.entitlement.exact import Number, plain
from procure.entitlement.language import (
    Count,
    DaysOf,
    Earned,
    FromTable,
    Longest,
    Newest,
    OverPeople,
    People,
    Position,
    Reference,
    Total,
    Unearned,
)
from procure.entitlement.selecting import Code, Compiler
from procure.entitlement.tariffs import compile_reference, compile_table
from procure.entitlement.timing import plain_days
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def _count(node: Count, c: Compiler) -> Code:
    pick, distinct = c.pick(node.facts), node.distinct

    def get(case: Case) -> Number:
        facts = pick(case)
        if not distinct:
            return len(facts)
        if distinct == "day":
            return len({fact.on for fact in facts})
        return len({fact.words.get(distinct) for fact in facts if fact.words})

    return Code(get, lambda case: f"{get(case)} {' + '.join(node.facts.what)}")


def _total(node: Total, c: Compiler) -> Code:
    pick, name = c.pick(node.facts), node.number

    def get(case: Case) -> Number:
        return sum(needed(fact, name) for fact in pick(case))

    return Code(get, lambda case: f"{' + '.join(node.facts.what)} {plain(get(case))}")


def _newest(node: Newest, c: Compiler) -> Code:
    pick, name = c.pick(node.facts), node.number
    spare = c.value(node.otherwise) if node.otherwise is not None else None

    def get(case: Case) -> Number:
        last = None
        for fact in pick(case):
            if fact.on.toordinal() <= case.day:
                last = fact
        if last is not None:
            return needed(last, name)
        if spare is None:
            raise Refused(
                [
                    Finding(
                        "no-fact",
                        n_(
                            "There is no fact {what} on or before {on}; say otherwise in the terms"
                            " or add it."
                        ),
                        {"what": ", ".join(node.facts.what), "on": day_of(case)},
                    )
                ]
            )
        return spare.get(case)

    return Code(get, lambda case: f"{' + '.join(node.facts.what)} {plain(get(case))}", varies=True)


def day_of(case: Case) -> str:
    """Write the day on which dated values are read."""
    from procure.entitlement.items import day_text

    return day_text(case.day) if case.day else "-"


def _days(node: DaysOf, c: Compiler) -> Code:
    chosen = c.spells(node.facts)

    def get(case: Case) -> Number:
        return spells.length(spells.union(chosen(case)))

    return Code(get, lambda case: f"{get(case)} days of {' or '.join(node.facts.what)}")


def _longest(node: Longest, c: Compiler) -> Code:
    chosen, bridge = c.spells(node.facts), plain_days(node.bridge)

    def get(case: Case) -> Number:
        return max((b - a for a, b in spells.union(chosen(case), bridge)), default=0)

    return Code(get, lambda case: f"{get(case)} days in a row of {' or '.join(node.facts.what)}")


def _earned(node: Earned, _: Compiler) -> Code:
    place = {"amount": 0, "quantity": 1, "count": 2}[node.what]
    fees = frozenset(node.fees)

    def get(case: Case) -> Number:
        if not case.who:  # the contract: what everyone earned, and itself
            found: Number = sum(
                total[place] for fee, total in case.cohort.totals.items() if fee in fees
            )
        else:
            found = 0
        for item in case.items:
            if item.earner.code in fees:
                found += (item.cents, item.quantity, 1)[place]
        if place == 0:
            from fractions import Fraction

            from procure.entitlement.exact import whole

            return whole(Fraction(found, 100))
        return found

    return Code(get, lambda case: f"{node.what} of {' + '.join(node.fees)} {plain(get(case))}",
                varies=True)  # fmt: skip


def _unearned(node: Unearned, c: Compiler) -> Code:
    from procure.entitlement.terms import Milestone

    fees = [fee for fee in c.terms.fees if fee.code in node.fees and isinstance(fee, Milestone)]
    prices = [(fee.code, c.value(fee.price), c.value(fee.quantity)) for fee in fees]

    def get(case: Case) -> Number:
        earned = {item.earner.code for item in case.items}
        return sum(
            price.get(case) * quantity.get(case)
            for code, price, quantity in prices
            if code not in earned
        )

    return Code(get, lambda case: f"{plain(get(case))} (not paid of {' + '.join(node.fees)})",
                varies=True)  # fmt: skip


def _position(node: Position, c: Compiler) -> Code:
    clock = c.when(node.by) if node.by is not None else None

    def get(case: Case) -> Number:
        places: dict[str, int] | None = case.cohort.memo.get(id(node))
        if places is None:
            days = [
                (day, other.who)
                for other in case.cohort.everyone()
                if (day := other.start if clock is None else clock.get(other)) is not None
            ]
            places = {who: place for place, (_, who) in enumerate(sorted(days), start=1)}
            case.cohort.memo[id(node)] = places
        return places.get(case.who, 0)

    return Code(get, lambda case: f"place {get(case)}")


def _people(node: People, c: Compiler) -> Code:
    test = c.condition(node.when) if node.when is not None else None

    def get(case: Case) -> Number:
        found: int | None = case.cohort.memo.get(id(node))
        if found is None:
            if test is None and case.cohort.cases is None:
                return case.cohort.count
            found = sum(1 for one in case.cohort.everyone() if test is None or test.get(one))
            case.cohort.memo[id(node)] = found
        return found

    return Code(get, lambda case: f"{get(case)} people")


def _over_people(node: OverPeople, c: Compiler) -> Code:
    of = c.value(node.of)

    def get(case: Case) -> Number:
        found: Number | None = case.cohort.memo.get(id(node))
        if found is None:
            found = sum(of.get(one) for one in case.cohort.everyone())
            case.cohort.memo[id(node)] = found
        return found

    return Code(get, lambda case: f"{plain(get(case))} over all people")


COUNTS: dict[type, Callable[[Any, Compiler], Code]] = {
    Reference: compile_reference,
    FromTable: compile_table,
    Count: _count,
    Total: _total,
    Newest: _newest,
    DaysOf: _days,
    Longest: _longest,
    Earned: _earned,
    Unearned: _unearned,
    Position: _position,
    People: _people,
    OverPeople: _over_people,
}
