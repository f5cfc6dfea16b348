"""Values, compiled to functions of a case; what is the same for all is computed once."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from procure.entitlement.case import Case, needed, number_of
from procure.entitlement.exact import Number, exact, plain, to_step, whole
from procure.entitlement.language import (
    Choice,
    ContractYear,
    Curve,
    Greatest,
    Least,
    Minus,
    Named,
    OfFact,
    OfPerson,
    Product,
    Quotient,
    Rounded,
    Steps,
    Sum,
    Value,
)
from procure.entitlement.selecting import Code, Compiler
from procure.entitlement.spells import year_number
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def constant(number: Number) -> Code:
    """Return the code of a number that is the same for all."""
    return Code(lambda _: number, lambda _: plain(number), constant=number)


def decimal(node: Decimal, _: Compiler) -> Code:
    """Compile a number that is written out."""
    return constant(exact(node))


def folded(
    parts: Sequence[Code], compute: Callable[[list[Number]], Number], say: Callable[[Case], str]
) -> Code:
    """Compile a computation of parts; a constant where all parts are."""
    known = [part.constant for part in parts if part.constant is not None]
    if len(known) == len(parts):
        number = compute(known)
        return Code(lambda _: number, say, constant=number)
    gets = [part.get for part in parts]
    return Code(
        lambda case: compute([get(case) for get in gets]),
        say,
        varies=any(part.varies for part in parts),
    )


def _several(
    word: str, compute: Callable[[list[Number]], Number]
) -> Callable[[Any, Compiler], Code]:
    def compile_(node: Sum | Product | Least | Greatest, c: Compiler) -> Code:
        parts = [c.value(part) for part in node.of]

        def say(case: Case) -> str:
            if word in {"+", "×"}:
                return f" {word} ".join(_bracketed(part, node_, case, word) for part, node_ in
                                        zip(parts, node.of, strict=True))  # fmt: skip
            return f"{word} of ({'; '.join(part.say(case) for part in parts)})"

        return folded(parts, compute, say)

    return compile_


def _bracketed(part: Code, node: Value, case: Case, word: str) -> str:
    said = part.say(case)
    return f"({said})" if word == "×" and isinstance(node, Sum | Minus) else said


def _product(numbers: list[Number]) -> Number:
    found: Number = 1
    for number in numbers:
        found = number if found == 1 else found * number
    return whole(found)


def _minus(node: Minus, c: Compiler) -> Code:
    parts = [c.value(node.of), c.value(node.less)]
    return folded(
        parts,
        lambda numbers: whole(numbers[0] - numbers[1]),
        lambda case: f"{parts[0].say(case)} − {_bracketed(parts[1], node.less, case, '×')}",
    )


def _quotient(node: Quotient, c: Compiler) -> Code:
    parts = [c.value(node.of), c.value(node.by)]
    spare = c.value(node.if_zero) if node.if_zero is not None else None

    def get(case: Case) -> Number:
        by = parts[1].get(case)
        if by == 0:
            if spare is None:
                raise _wrong(
                    "divided-by-zero",
                    n_("{said} is zero and divides something: say if_zero in the terms."),
                    said=parts[1].say(case),
                )
            return spare.get(case)
        return whole(Fraction(parts[0].get(case)) / by)

    def say(case: Case) -> str:
        return f"{parts[0].say(case)} ÷ {_bracketed(parts[1], node.by, case, '×')}"

    if parts[0].constant is not None and parts[1].constant:
        number = whole(Fraction(parts[0].constant) / parts[1].constant)
        return Code(lambda _: number, say, constant=number)
    return Code(get, say, varies=parts[0].varies or parts[1].varies)


def _rounded(node: Rounded, c: Compiler) -> Code:
    part, step = c.value(node.of), exact(node.step)
    return folded(
        [part],
        lambda numbers: to_step(numbers[0], step, node.mode),
        lambda case: f"{plain(to_step(part.get(case), step, node.mode))} ({part.say(case)})",
    )


def _curve(node: Curve, c: Compiler) -> Code:
    of = c.value(node.of)
    points = [(exact(point.at), c.value(point.value)) for point in node.points]
    if not points or any(a[0] >= b[0] for a, b in pairwise(points)):
        raise _wrong("bad-curve", n_("The points of a curve go up, and there is at least one."))

    def get(case: Case) -> Number:
        at = of.get(case)
        if at <= points[0][0]:
            return points[0][1].get(case)
        for (x0, low), (x1, high) in pairwise(points):
            if at <= x1:
                y0, y1 = low.get(case), high.get(case)
                return whole(y0 + (Fraction(at) - x0) / (x1 - x0) * (y1 - y0))
        return points[-1][1].get(case)

    def say(case: Case) -> str:
        ends = f"{points[0][1].say(case)} to {points[-1][1].say(case)}"
        return f"{plain(get(case))} (between {ends}, at {of.say(case)})"

    varies = of.varies or any(value.varies for _, value in points)
    return Code(get, say, varies=varies)


def _choice(node: Choice, c: Compiler) -> Code:
    when, then, otherwise = c.condition(node.when), c.value(node.then), c.value(node.otherwise)
    return Code(
        lambda case: then.get(case) if when.get(case) else otherwise.get(case),
        lambda case: (
            f"{then.say(case)} ({when.say(case)})"
            if when.get(case)
            else f"{otherwise.say(case)} (not {when.say(case)})"
        ),
        varies=when.varies or then.varies or otherwise.varies,
    )


def _steps(node: Steps, c: Compiler) -> Code:
    of, otherwise = c.value(node.of), c.value(node.otherwise)
    steps = []
    for step in node.steps:
        if (step.at_least is None) == (step.above is None):
            raise _wrong("bad-step", n_("A step says either at_least or above."))
        bound = step.at_least if step.at_least is not None else step.above
        assert bound is not None  # noqa: S101 - as was just checked
        steps.append((c.value(bound), step.at_least is not None, c.value(step.value)))

    def chosen(case: Case) -> tuple[Code, Code | None]:
        found = of.get(case)
        for bound, is_inclusive, value in steps:
            limit = bound.get(case)
            if found > limit or (is_inclusive and found == limit):
                return value, bound
        return otherwise, None

    def say(case: Case) -> str:
        value, bound = chosen(case)
        reached = "no step" if bound is None else f"the step {bound.say(case)}"
        return f"{value.say(case)} ({of.say(case)} reaches {reached})"

    codes = [of, otherwise, *(code for bound, _, value in steps for code in (bound, value))]
    return Code(
        lambda case: chosen(case)[0].get(case), say, varies=any(code.varies for code in codes)
    )


def _of_fact(node: OfFact, _: Compiler) -> Code:
    name = node.number

    def get(case: Case) -> Number:
        if case.fact is None:
            raise _wrong(
                "no-fact-in-hand",
                n_("The terms ask for a number of a fact where there is none in hand: {name}."),
                name=name,
            )
        return needed(case.fact, name)

    return Code(get, lambda case: f"{plain(get(case))}", varies=True)


def _of_person(node: OfPerson, _: Compiler) -> Code:
    name = node.number

    def get(case: Case) -> Number:
        found = None if case.start_fact is None else number_of(case.start_fact, name)
        if found is None:
            raise _wrong(
                "no-number-of-person",
                n_("The start of {who} has no number {name}: add it to that fact."),
                who=case.who or "the contract",
                name=name,
            )
        return found

    return Code(get, lambda case: f"{name} {plain(get(case))}")


def _named(node: Named, c: Compiler) -> Code:
    code = c.value(c.terms.named[node.name])
    return Code(
        code.get,
        lambda case: f"{node.name} {plain(code.get(case))}",
        constant=code.constant,
        varies=code.varies,
    )


def _contract_year(node: ContractYear, c: Compiler) -> Code:
    if c.terms.starts_on is None:
        raise _wrong("no-first-day", n_("Contract years need starts_on in the terms."))
    first = c.terms.starts_on.toordinal()
    by_start = node.on == "start"

    def get(case: Case) -> Number:
        return year_number((case.start or 0) if by_start else case.day, first)

    return Code(get, lambda case: f"contract year {get(case)}", varies=not by_start)


def _wrong(code: str, text: str, **values: object) -> Refused:
    return Refused([Finding(code, text, values)])


VALUES: dict[type, Callable[[Any, Compiler], Code]] = {
    Decimal: decimal,
    Named: _named,
    Curve: _curve,
    OfFact: _of_fact,
    OfPerson: _of_person,
    Sum: _several("+", sum),
    Product: _several("×", _product),
    Least: _several("least", min),
    Greatest: _several("greatest", max),
    Minus: _minus,
    Quotient: _quotient,
    Choice: _choice,
    Steps: _steps,
    Rounded: _rounded,
    ContractYear: _contract_year,
}
