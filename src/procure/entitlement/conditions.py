"""Conditions, compiled: whether they hold for a case, and what was compared, in words."""

from collections.abc import Callable
from typing import Any as Anything

from procure.entitlement.case import Case
from procure.entitlement.items import day_text
from procure.entitlement.language import (
    All,
    Any,
    Compare,
    FactHasWord,
    HasWord,
    Not,
    NotLater,
    Reached,
)
from procure.entitlement.selecting import COMPARE, Compiler, Test


def _compare(node: Compare, c: Compiler) -> Test:
    left, right, op = c.value(node.left), c.value(node.right), COMPARE[node.op]
    return Test(
        lambda case: op(left.get(case), right.get(case)),
        lambda case: f"{left.say(case)} {node.op} {right.say(case)}",
        varies=left.varies or right.varies,
    )


def _all(node: All, c: Compiler) -> Test:
    parts = [c.condition(part) for part in node.of]
    return Test(
        lambda case: all(part.get(case) for part in parts),
        lambda case: " and ".join(part.say(case) for part in parts),
        varies=any(part.varies for part in parts),
    )


def _any(node: Any, c: Compiler) -> Test:
    parts = [c.condition(part) for part in node.of]
    return Test(
        lambda case: any(part.get(case) for part in parts),
        lambda case: " or ".join(part.say(case) for part in parts),
        varies=any(part.varies for part in parts),
    )


def _not(node: Not, c: Compiler) -> Test:
    part = c.condition(node.of)
    return Test(
        lambda case: not part.get(case),
        lambda case: f"not ({part.say(case)})",
        varies=part.varies,
    )


def _word(node: HasWord, _: Compiler) -> Test:
    name, among = node.word, frozenset(node.among)
    return Test(
        lambda case: case.word(name) in among,
        lambda case: f"{name} {case.word(name) or '-'} is one of {', '.join(node.among)}",
    )


def _fact_word(node: FactHasWord, _: Compiler) -> Test:
    name, among = node.word, frozenset(node.among)

    def found(case: Case) -> str | None:
        return case.fact.words.get(name) if case.fact is not None and case.fact.words else None

    return Test(
        lambda case: found(case) in among,
        lambda case: f"{name} {found(case) or '-'} is one of {', '.join(node.among)}",
        varies=True,
    )


def _reached(node: Reached, c: Compiler) -> Test:
    clock = c.when(node.when)
    return Test(lambda case: clock.get(case) is not None, clock.say)


def _not_later(node: NotLater, c: Compiler) -> Test:
    this, than = c.when(node.this), c.when(node.than)

    def get(case: Case) -> bool:
        day, limit = this.get(case), than.get(case)
        return day is not None and (limit is None or day <= limit)

    def say(case: Case) -> str:
        day, limit = this.get(case), than.get(case)
        on = "not yet" if day is None else f"on {day_text(day)}"
        until = "not known yet" if limit is None else day_text(limit)
        return f"{this.say(case)} {on}, at the latest {than.say(case)}: {until}"

    return Test(get, say)


CONDITIONS: dict[type, Callable[[Anything, Compiler], Test]] = {
    Compare: _compare,
    All: _all,
    Any: _any,
    Not: _not,
    HasWord: _word,
    FactHasWord: _fact_word,
    Reached: _reached,
    NotLater: _not_later,
}
