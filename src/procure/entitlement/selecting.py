"""From words about facts to functions that choose them: once for the terms, then for each case."""

import operator
from collections.abc import Callable, Sequence
from typing import Protocol

from procure.entitlement import spells
from procure.entitlement.case import NONE, Case, Pick, end_of, number_of
from procure.entitlement.exact import Number
from procure.entitlement.facts import Fact
from procure.entitlement.language import Condition, Facts, Length, NumberTest, Value, When
from procure.entitlement.spells import Spell
from procure.entitlement.terms import Terms

COMPARE: dict[str, Callable[[Number, Number], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


class Code:
    """A compiled value: its number for a case, and how it came about in words.

    `constant` where it is the same for all; `varies` where it depends on the day or fact in hand.
    """

    __slots__ = ("constant", "get", "say", "varies")

    def __init__(
        self,
        get: Callable[[Case], Number],
        say: Callable[[Case], str],
        *,
        constant: Number | None = None,
        varies: bool = False,
    ) -> None:
        self.get, self.say, self.constant, self.varies = get, say, constant, varies


class Test:
    """A compiled condition."""

    __slots__ = ("get", "say", "varies")

    def __init__(
        self, get: Callable[[Case], bool], say: Callable[[Case], str], *, varies: bool = False
    ) -> None:
        self.get, self.say, self.varies = get, say, varies


class Clock:
    """A compiled day: its number or None, how it came about, and the facts it rests on."""

    __slots__ = ("facts", "get", "say")

    def __init__(
        self, get: Callable[[Case], int | None], say: Callable[[Case], str], facts: Pick
    ) -> None:
        self.get, self.say, self.facts = get, say, facts


class Compiler(Protocol):
    """Compiles each part of the language; parts are made of parts."""

    terms: Terms

    def value(self, node: Value) -> Code:
        """Compile a value."""

    def condition(self, node: Condition) -> Test:
        """Compile a condition."""

    def when(self, node: When) -> Clock:
        """Compile a day."""

    def pick(self, node: Facts) -> Pick:
        """Compile a choice of facts by their first day."""

    def spells(self, node: Facts, *, is_lasting: bool = False) -> Callable[[Case], list[Spell]]:
        """Compile a choice of spells, clipped to their window; open ones may be lasting."""

    def shift(self, day: int, length: Length) -> int:
        """Return the day a length later."""


FactTest = Callable[[Fact, Case], bool]
Bounds = Callable[[Case], Spell | None]


def compile_pick(node: Facts, c: Compiler) -> Pick:
    """Choose facts whose day lies in the window."""
    source, tests = _source(node), _tests(node, c)
    bounds = _bounds(node, c)
    if bounds is None and not tests:
        return source

    def pick(case: Case) -> Sequence[Fact]:
        found = source(case)
        if bounds is not None and found:
            if (window := bounds(case)) is None:
                return NONE
            begin, end = window
            found = [fact for fact in found if begin <= fact.on.toordinal() < end]
        for test in tests:
            found = [fact for fact in found if test(fact, case)]
        return found

    return pick


def compile_spells(node: Facts, c: Compiler, *, is_lasting: bool) -> Callable[[Case], list[Spell]]:
    """Choose spells and clip them to the window; they may overlap.

    An open spell lasts until it was made known, or for good.
    """
    end = _lasting_end if is_lasting else end_of
    source, tests, bounds = _source(node), _tests(node, c), _bounds(node, c)
    together = node.together
    passes = _level_test(together, c) if together is not None else None

    def pick(case: Case) -> list[Spell]:
        facts = source(case)
        for test in tests:
            facts = [fact for fact in facts if test(fact, case)]
        if passes is not None and together is not None:
            weighted = [
                (fact.on.toordinal(), end(fact), number_of(fact, together.number) or 0)
                for fact in facts
            ]
            found = [
                (begin, end)
                for begin, end, there in spells.levels(weighted)
                if passes(sum(there), case)  # type: ignore[arg-type] # numbers, as given above
            ]
        else:
            found = [(fact.on.toordinal(), end(fact)) for fact in facts]
        if bounds is None:
            return found
        window = bounds(case)
        return [] if window is None else spells.clipped(found, *window)

    return pick


def _lasting_end(fact: Fact) -> int:
    return spells.FOREVER if fact.until is None else fact.until.toordinal()


def _source(node: Facts) -> Pick:
    kinds = node.what
    if node.whose == "person" and len(kinds) == 1:
        only = kinds[0]
        return lambda case: case.by.get(only, NONE)

    def several(case: Case) -> Sequence[Fact]:
        if node.whose == "everyone":
            lists: list[Sequence[Fact]] = [case.cohort.facts(kind) for kind in kinds]
        else:
            by = case.by if node.whose == "person" else case.cohort.contract.by
            lists = [by.get(kind, NONE) for kind in kinds]
        if len(lists) == 1:
            return lists[0]
        return sorted((f for part in lists for f in part), key=lambda f: (f.on, f.id))

    return several


def _tests(node: Facts, c: Compiler) -> list[FactTest]:
    tests: list[FactTest] = [_word_test(name, among) for name, among in node.words.items()]
    tests += [_no_word_test(name, among) for name, among in node.not_words.items()]
    if node.sources:
        allowed = frozenset(node.sources)
        tests.append(lambda fact, _: fact.source in allowed)
    tests += [_number_test(test, c) for test in node.numbers]
    for same in node.unless_same:
        tests.append(_unless_same(same.word, c.pick(same.facts)))
    return tests


def _word_test(name: str, among: list[str]) -> FactTest:
    allowed = frozenset(among)
    return lambda fact, _: fact.words is not None and fact.words.get(name) in allowed


def _no_word_test(name: str, among: list[str]) -> FactTest:
    barred = frozenset(among)
    return lambda fact, _: fact.words is None or fact.words.get(name) not in barred


def _number_test(test: NumberTest, c: Compiler) -> FactTest:
    compare, than, name = COMPARE[test.op], c.value(test.than), test.number

    def passes(fact: Fact, case: Case) -> bool:
        found = number_of(fact, name)
        return found is not None and compare(found, than.get(case))

    return passes


def _level_test(test: NumberTest, c: Compiler) -> Callable[[Number, Case], bool]:
    compare, than = COMPARE[test.op], c.value(test.than)
    return lambda found, case: compare(found, than.get(case))


def _unless_same(word: str, others: Pick) -> FactTest:
    def passes(fact: Fact, case: Case) -> bool:
        mine = fact.words.get(word) if fact.words else None
        return mine is None or not any(
            other.id != fact.id and other.words and other.words.get(word) == mine
            for other in others(case)
        )

    return passes


def _bounds(node: Facts, c: Compiler) -> Bounds | None:
    """Compile a window to its first day and the first after it."""
    window = node.window
    if window is None:
        return None
    anchor = c.when(window.anchor).get if window.anchor is not None else None

    def bounds(case: Case) -> Spell | None:
        day = case.start if anchor is None else anchor(case)
        if day is None:
            return None
        if window.looking_back:
            begin = 0 if window.latest is None else _back(day, window.latest, c)
            return begin, _back(day, window.earliest, c)
        begin = c.shift(day, window.earliest)
        end = spells.FOREVER if window.latest is None else c.shift(day, window.latest) + 1
        return begin, end

    return bounds


def _back(day: int, length: Length, c: Compiler) -> int:
    back = Length(days=-length.days, weeks=-length.weeks, months=-length.months)
    return c.shift(day, back)
