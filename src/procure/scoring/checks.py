"""What cannot be valid in a rule: found before anybody bids, each fault with its path. Pure.

Names first (`names`); then weights and legal caps; then the rule is tried on invented bids at
the edges of what it admits (one bid, equal bids, lowest and highest values), so that whatever is
undefined there is found by the engine itself.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import msgspec

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import engine
from procure.scoring.compare import holds
from procure.scoring.format.combining import Quotient, Reduce, ReducedPrice
from procure.scoring.format.file import FORMAT, Bid, Evaluation, Rule
from procure.scoring.format.filters import Corridor, KeepBest, Threshold
from procure.scoring.format.inputs import (
    AnyInput,
    LabelInput,
    ListInput,
    NumberInput,
    ScoresInput,
)
from procure.scoring.format.steps import Power
from procure.scoring.format.words import Operand, Ref
from procure.scoring.names import name_findings
from procure.scoring.numbers import Rounding, is_sane, shown
from procure.scoring.reading import task

MOST_DECIMALS = 12
TRIED_BIDS = 3
PANEL = ("E1", "E2", "E3")
LARGEST_EXPONENT = 64


def rule_findings(rule: Rule) -> list[Finding]:
    """Say everything that cannot be valid; an empty list is a rule that may be published."""
    found = [*_numbers(rule), *name_findings(rule)]
    if found:
        return found  # what is named wrongly cannot be tried
    found = [*_checks(rule), *_steps(rule)]
    return found or _tried(rule)


def _numbers(rule: Rule) -> Iterator[Finding]:
    """Find numbers that cannot be computed with and roundings that say nothing or two things."""
    for path, value in _walk(rule, "rule"):
        if isinstance(value, Decimal) and not is_sane(value):
            text = n_("{value} is not a number that can be computed with")
            yield Finding("number-unusable", text, {"value": value}, field=path)
        elif isinstance(value, Rounding) and (
            (value.decimals is None) == (value.step is None)
            or (value.step is not None and value.step <= 0)
            or not 0 <= (value.decimals or 0) <= MOST_DECIMALS
        ):
            text = n_("Rounding says either `decimals` from 0 to 12 or a `step` above 0.")
            yield Finding("rounding-unclear", text, field=path)
        elif isinstance(value, Ref) and value.over == 0:
            text = n_("Nothing is divided by 0.")
            yield Finding("over-zero", text, field=f"{path}.over")


def _walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    yield path, value
    if isinstance(value, msgspec.Struct):
        for info in msgspec.structs.fields(value):
            yield from _walk(getattr(value, info.name), f"{path}.{info.encode_name}")
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _walk(each, f"{path}[{number}]")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(each, f"{path}.{key}")


def _known(rule: Rule) -> dict[str, Fraction]:
    known = {weight.name: Fraction(weight.value) for weight in rule.weights}
    for name, operand in rule.constants.items():
        value = _worth(operand, known)
        if value is not None:
            known[name] = value
    return known


def _worth(operand: Operand, known: dict[str, Fraction]) -> Fraction | None:
    if not isinstance(operand, Ref):
        return Fraction(operand)
    base = known.get(operand.of) if operand.of else Fraction(1)
    return None if base is None else base * Fraction(operand.times) / Fraction(operand.over)


def _checks(rule: Rule) -> Iterator[Finding]:
    """Weights are not negative, and every check that is not waived holds."""
    known = _known(rule)
    for number, weight in enumerate(rule.weights):
        if weight.value < 0:
            text = n_("A weight is not below 0.")
            yield Finding("weight-negative", text, field=f"rule.weights[{number}].value")
    for number, check in enumerate(rule.checks):
        if check.waived:
            continue
        where = f"rule.checks[{number}]"
        value = sum((known[name] for name in check.of), Fraction(0))
        if check.over:
            whole = sum((known[name] for name in check.over), Fraction(0))
            if whole == 0:
                text = n_("The sum that a share is taken of is 0.")
                yield Finding("check-of-nothing", text, clause=check.clause, field=where)
                continue
            value /= whole
        limit = _worth(check.limit, known)
        if not holds(value, check.compare, limit):
            text = n_("{names} come to {value}; required is {compare} {limit}.")
            values = {
                "names": " + ".join(check.of),
                "value": shown(value),
                "compare": check.compare.value,
                "limit": shown(limit) if limit is not None else "?",
            }
            yield Finding("check-fails", text, values, clause=check.clause, field=where)


def _steps(rule: Rule) -> Iterator[Finding]:
    """Find what a step's own figures rule out."""
    known = _known(rule)
    for number, step in enumerate(rule.steps):
        where = f"rule.steps[{number}]"
        if (
            isinstance(step, Power | Quotient)
            and step.precision is None
            and step.exponent != step.exponent.to_integral_value()
        ):
            text = n_("A broken exponent gives irrational results: declare their `precision`.")
            yield Finding("precision-missing", text, field=f"{where}.precision")
        if isinstance(step, Power | Quotient) and abs(step.exponent) > LARGEST_EXPONENT:
            text = n_("An exponent lies between -64 and 64.")
            yield Finding("exponent-size", text, field=f"{where}.exponent")
        if isinstance(step, ReducedPrice) and step.by != Reduce.MIXED:
            most = [_worth(feature.max, known) for feature in step.features]
            total = sum((value for value in most if value is not None), Fraction(0))
            if total >= 1:
                text = n_("The most that features can be comes to {total}; it has to be below 1.")
                values = {"total": shown(total)}
                yield Finding("denominator", text, values, field=f"{where}.features")
        if isinstance(step, Corridor) and not 0 <= step.width < 1:
            text = n_("A corridor is a share from 0 to below 1.")
            yield Finding("corridor-width", text, field=f"{where}.width")
    for number, given in enumerate(rule.inputs):
        low = given.above if isinstance(given, NumberInput) else None
        if not isinstance(given, LabelInput):
            low = given.at_least if given.at_least is not None else low
            if low is not None and given.at_most is not None and given.at_most < low:
                text = n_("Nothing lies between {low} and {high}.")
                edges = {"low": low, "high": given.at_most}
                yield Finding("range-empty", text, edges, field=f"rule.inputs[{number}].at_most")


def _tried(rule: Rule) -> list[Finding]:
    """Compute invented bids at the edges of what the rule admits, and say what is undefined."""
    found: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    # What a threshold would put out is tried as well: thresholds let everybody pass here.
    steps = [s for s in rule.steps if not isinstance(s, Threshold | KeepBest)]
    lenient = msgspec.structs.replace(rule, steps=tuple(steps), ties=())
    places = {id(step): number for number, step in enumerate(rule.steps)}
    numbers = [places[id(step)] for step in lenient.steps]
    for case, bids in _cases(rule):
        try:
            engine.score(task(_invented(lenient, bids)))
        except Refused as refusal:
            for finding in refusal.findings:
                at = finding.field.removeprefix("rule.steps[").removesuffix("]")
                field = f"rule.steps[{numbers[int(at)]}]" if at.isdigit() else finding.field
                if (finding.code, field) not in seen:
                    seen.add((finding.code, field))
                    found.append(_undefined(finding, field, case))
    return found


def _undefined(finding: Finding, field: str, case: str) -> Finding:
    text = n_(
        "{step} has no result {case}. Declare one: `zero`, `one_bid`, `all_equal` or `undefined`, "
        "or `empty` of a reference; or let the input say that the value cannot occur."
    )
    if finding.code != "undefined":
        return finding
    values = {"step": finding.values["step"], "case": case}
    return Finding("undefined", text, values, field=field)


def _cases(rule: Rule) -> Iterator[tuple[str, list[Bid]]]:
    """Invent bids: one, several alike, and mixtures of the lowest, middle and highest values."""
    low, middle, high = (_bid(rule, where) for where in ("low", "middle", "high"))
    yield n_("with one bid"), [middle]
    yield n_("where all bids are equal"), [middle] * TRIED_BIDS
    yield n_("at the lowest values that the inputs admit"), [low, middle, high]
    yield n_("where all have the lowest values"), [low] * TRIED_BIDS
    yield n_("at the highest values"), [high, middle]
    for given in islice(rule.inputs, 50):
        if isinstance(given, NumberInput) and _floor(given) == 0:
            yield n_("where a value is 0"), [_changed(middle, given, low), middle, high]


def _invented(rule: Rule, bids: Sequence[Bid]) -> Evaluation:
    named = tuple(
        msgspec.structs.replace(bid, id=f"B{number}") for number, bid in enumerate(bids, 1)
    )
    return Evaluation(format=FORMAT, title="", rule=rule, evaluators=PANEL, bids=named)


def _changed(bid: Bid, given: NumberInput, other: Bid) -> Bid:
    return msgspec.structs.replace(bid, values={**bid.values, given.name: other.values[given.name]})


def _bid(rule: Rule, where: str) -> Bid:
    values: dict[str, Decimal] = {}
    labels: dict[str, str] = {}
    scores: dict[str, tuple[Decimal | None, ...]] = {}
    lists: dict[str, tuple[Decimal, ...]] = {}
    for given in rule.inputs:
        if isinstance(given, LabelInput):
            middle = len(given.one_of) // 2
            labels[given.name] = given.one_of[{"low": 0, "middle": middle, "high": -1}[where]]
        elif isinstance(given, ScoresInput):
            scores[given.name] = (_point(given, where),) * 3
        elif isinstance(given, ListInput):
            lists[given.name] = (_point(given, where),)
        else:
            values[given.name] = _point(given, where)
    return Bid(id="B", values=values, labels=labels, scores=scores, lists=lists)


def _floor(given: AnyInput) -> Decimal | None:
    """Return the lowest value that an input admits, 0 where it does not say."""
    if isinstance(given, NumberInput):
        if given.above is not None:
            return None
        return given.at_least if given.at_least is not None else Decimal(0)
    if isinstance(given, LabelInput):
        return None
    return given.at_least if given.at_least is not None else Decimal(0)


def _point(given: NumberInput | ScoresInput | ListInput, where: str) -> Decimal:
    floor = _floor(given)
    low = floor if floor is not None else (given.above or Decimal(0)) + Decimal("0.01")  # type: ignore[union-attr]
    high = given.at_most if given.at_most is not None else max(abs(low) * 2, Decimal(1000))
    if where == "low":
        return low
    if where == "high":
        return high
    if isinstance(given, ScoresInput) and given.step is not None:
        return low + given.step * int((high - low) / given.step / 2)
    return low + (high - low) / 2
