"""Names in a rule: each means one thing, is there before it is used, and is of the right kind.

A name is a number of the whole evaluation (weight, constant, reference, formula of numbers), a
column (an input or a step's result for each bid), or a label. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import formula
from procure.scoring.format.combining import (
    Deduct,
    Formula,
    Quotient,
    ReducedPrice,
    RelativeCost,
    Surcharge,
    UtilityIndex,
    WeightedSum,
)
from procure.scoring.format.file import AnyStep, Rule
from procure.scoring.format.filters import Corridor, Flag, KeepBest, OpenEnvelope, Threshold
from procure.scoring.format.inputs import LabelInput, NumberInput
from procure.scoring.format.ordering import ByColumn, ByHeaviest, ByRebid
from procure.scoring.format.steps import (
    Basket,
    Factor,
    First,
    Grade,
    Rebase,
    Reference,
    Step,
    Take,
)
from procure.scoring.format.words import Ref, Set

COLUMN, NUMBER, LABEL = "column", "number", "label"

# The fields of each kind of step that name a column; every other name is an operand.
COLUMNS: dict[type[Step], tuple[str, ...]] = {
    Factor: ("of",),
    First: ("of",),
    Quotient: ("of", "over"),
    Deduct: ("price",),
    Surcharge: ("price", "points"),
    ReducedPrice: ("price",),
    UtilityIndex: ("price", "quality"),
    RelativeCost: ("cost", "points"),
    Threshold: ("of",),
    Corridor: ("of",),
    KeepBest: ("of",),
    Flag: ("of",),
}
PARTS = {Basket: "lines", WeightedSum: "parts", Deduct: "less", ReducedPrice: "features"}


class Names:
    """What is known so far, and what is wrong with how it is used."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.kinds: dict[str, str] = {}
        self.sealed: dict[str, str] = {}  # input → envelope that is still closed
        self.used: set[str] = set()
        self.found: list[Finding] = []

    def wrong(self, field: str, code: str, text: str, values: Mapping[str, Any]) -> None:
        """Add a fault."""
        self.found.append(Finding(code, text, values, field=field))

    def define(self, name: str, kind: str, field: str) -> None:
        """Give a name its meaning, once."""
        if name in self.kinds or name in self.sealed:
            text = n_("{name} has a meaning already; choose another name")
            self.wrong(field, "name-twice", text, {"name": name})
        self.kinds[name] = kind

    def need(self, name: str, field: str, *kinds: str) -> str:
        """Use a name: it is there and of one of these kinds."""
        self.used.add(name)
        if name in self.sealed:
            text = n_("{name} is in the envelope {envelope}, which is not open yet")
            self.wrong(field, "sealed", text, {"name": name, "envelope": self.sealed[name]})
            return self.kinds.get(name, "")
        if name not in self.kinds:
            text = n_("{name} is not known here; steps before this one know: {known}")
            known = ", ".join(sorted(self.kinds)) or "nothing"
            self.wrong(field, "name-unknown", text, {"name": name, "known": known})
            return ""
        if self.kinds[name] not in kinds:
            text = n_("{name} is a {found} and not a {wanted}")
            values = {"name": name, "found": self.kinds[name], "wanted": " or a ".join(kinds)}
            self.wrong(field, "name-kind", text, values)
        return self.kinds[name]


def name_findings(rule: Rule) -> list[Finding]:
    """Say every fault of names in a rule."""
    names = Names(rule)
    for number, weight in enumerate(rule.weights):
        names.define(weight.name, NUMBER, f"rule.weights[{number}].name")
    for name, operand in rule.constants.items():
        _operand(names, operand, f"rule.constants.{name}", NUMBER)
        names.define(name, NUMBER, f"rule.constants.{name}")
    for number, given in enumerate(rule.inputs):
        kind = LABEL if isinstance(given, LabelInput) else COLUMN
        names.define(given.name, kind, f"rule.inputs[{number}].name")
        if given.envelope:
            names.sealed[given.name] = given.envelope
    for number, check in enumerate(rule.checks):
        for name in (*check.of, *check.over):
            names.need(name, f"rule.checks[{number}]", NUMBER)
        _operand(names, check.limit, f"rule.checks[{number}].limit", NUMBER)
    names.used.clear()  # a check alone is no use
    for number, step in enumerate(rule.steps):
        _step(names, step, f"rule.steps[{number}]")
    _order(names, rule)
    _closed(names, rule)
    return names.found


def _operand(names: Names, operand: object, field: str, *kinds: str) -> str:
    if isinstance(operand, Ref) and operand.of:
        return names.need(operand.of, f"{field}.of", *kinds)
    return NUMBER


def _step(names: Names, step: AnyStep, field: str) -> None:
    for number, condition in enumerate(step.when):
        names.need(condition.of, f"{field}.when[{number}].of", NUMBER)
        _operand(names, condition.limit, f"{field}.when[{number}].limit", NUMBER)
    kind = COLUMN
    if isinstance(step, OpenEnvelope):
        _open(names, step, field)
        return
    if isinstance(step, Reference):
        kind = _reference(names, step, field)
    elif isinstance(step, Formula):
        kind = _formula(names, step, field)
    elif isinstance(step, Grade):
        _labels(names, step.of, step.values, f"{field}.of")
    else:
        _named(names, step, field)
    for name, operand in _operands(step):
        _operand(names, operand, f"{field}.{name}", NUMBER, COLUMN)
    if isinstance(step, Threshold | KeepBest | Flag):
        names.define(step.name, "filter", f"{field}.name")
    elif isinstance(step, Corridor):
        names.define(step.name, NUMBER, f"{field}.name")
    else:
        names.define(step.name, kind, f"{field}.name")


def _named(names: Names, step: AnyStep, field: str) -> None:
    """Check the fields that name columns."""
    for name in COLUMNS.get(type(step), ("of",) if hasattr(step, "times") else ()):
        given = getattr(step, name)
        for each in given if isinstance(given, tuple) else (given,):
            names.need(each, f"{field}.{name}", COLUMN)
    if isinstance(step, Rebase):
        _set(names, step.set, f"{field}.set")
    if isinstance(step, Factor):
        _labels(names, step.by, step.factors, f"{field}.by")
    part = PARTS.get(type(step))
    lists = [(part, getattr(step, part))] if part else []
    if isinstance(step, ReducedPrice):
        lists.append(("plus", step.plus))
    for name, parts in lists:
        for number, each in enumerate(parts):
            where = f"{field}.{name}[{number}]"
            names.need(each.of, f"{where}.of", COLUMN)
            for key, operand in _operands(each):
                _operand(names, operand, f"{where}.{key}", NUMBER, COLUMN)


def _operands(part: msgspec.Struct) -> Iterator[tuple[str, object]]:
    """Yield the fields that are operands by themselves or in a list of points, rows or values."""
    for info in msgspec.structs.fields(part):
        value = getattr(part, info.name)
        if isinstance(value, Ref):
            yield info.encode_name, value
        elif info.name in ("points", "rows") and isinstance(value, tuple):
            for number, each in enumerate(value):
                for key, operand in _operands(each):
                    yield f"{info.name}[{number}].{key}", operand
        elif info.name in ("values", "factors") and isinstance(value, dict):
            for key, operand in value.items():
                yield f"{info.name}.{key}", operand


def _labels(names: Names, name: str, values: Mapping[str, object], field: str) -> None:
    """A list of words has a value for each, and none for others."""
    if names.need(name, field, LABEL) != LABEL:
        return
    given = next(g for g in names.rule.inputs if g.name == name)
    known = set(given.one_of) if isinstance(given, LabelInput) else set()
    if differ := sorted(known ^ set(values)):
        text = n_("each of the labels has one value; this does not fit: {labels}")
        names.wrong(field, "labels-differ", text, {"labels": ", ".join(differ)})


def _reference(names: Names, step: Reference, field: str) -> str:
    if step.of in names.rule.samples:
        names.used.add(step.of)
        if step.take in (Take.NEXT_HIGHER, Take.NEXT_LOWER):
            text = n_("a sample has no bids, so none is next")
            names.wrong(f"{field}.take", "sample-next", text, {})
        return NUMBER
    names.need(step.of, f"{field}.of", COLUMN)
    _set(names, step.set, f"{field}.set")
    if (step.take == Take.QUANTILE) != (step.at is not None) or not 0 <= (step.at or 0) <= 1:
        text = n_("a quantile, and nothing else, says `at` from 0 to 1")
        names.wrong(f"{field}.at", "quantile-where", text, {})
    is_each = step.take in (Take.NEXT_HIGHER, Take.NEXT_LOWER) or not step.set.includes_self
    return COLUMN if is_each else NUMBER


def _set(names: Names, chosen: Set, field: str) -> None:
    for part, conditions in (("where", chosen.where), ("after", chosen.after)):
        for number, condition in enumerate(conditions):
            where = f"{field}.{part}[{number}]"
            names.need(condition.of, f"{where}.of", COLUMN)
            _operand(names, condition.limit, f"{where}.limit", NUMBER, COLUMN)
    trim = chosen.trim
    if trim and (trim.share is None) == (trim.count is None):
        text = n_("a trim says either a share or a count")
        names.wrong(f"{field}.trim", "trim-unclear", text, {})


def _formula(names: Names, step: Formula, field: str) -> str:
    try:
        read = formula.read(step.text)
    except formula.BadFormula as error:
        names.wrong(f"{field}.text", "formula", n_("The formula {what}."), {"what": str(error)})
        return COLUMN
    kinds = {names.need(name, f"{field}.text", NUMBER, COLUMN) for name in sorted(read.names)}
    return COLUMN if COLUMN in kinds else NUMBER


def _open(names: Names, step: OpenEnvelope, field: str) -> None:
    inside = [name for name, envelope in names.sealed.items() if envelope == step.envelope]
    if not inside:
        text = n_("no input is in the envelope {envelope}, or it is open already")
        names.wrong(f"{field}.envelope", "envelope-empty", text, {"envelope": step.envelope})
    for name in inside:
        del names.sealed[name]


def _order(names: Names, rule: Rule) -> None:
    for number, key in enumerate(rule.order):
        names.need(key.of, f"rule.order[{number}].of", COLUMN)
    weights = {weight.name for weight in rule.weights}
    for number, rung in enumerate(rule.ties):
        where = f"rule.ties[{number}]"
        if isinstance(rung, ByColumn):
            names.need(rung.of, f"{where}.of", COLUMN)
        elif isinstance(rung, ByRebid):
            names.need(rung.not_worse_than, f"{where}.not_worse_than", COLUMN)
            names.need(rung.of, f"{where}.of", COLUMN)
            given = next((g for g in rule.inputs if g.name == rung.of), None)
            if not isinstance(given, NumberInput) or not given.optional:
                text = n_("an additional offer is an optional number of the bid")
                names.wrong(f"{where}.of", "rebid-not-optional", text, {})
        elif isinstance(rung, ByHeaviest):
            for weight, column in rung.points.items():
                names.need(column, f"{where}.points.{weight}", COLUMN)
                if weight not in weights:
                    text = n_("{name} is not a weight of this rule")
                    names.wrong(f"{where}.points", "weight-unknown", text, {"name": weight})
    if rule.price:
        names.need(rule.price, "rule.price", COLUMN)


def _closed(names: Names, rule: Rule) -> None:
    """Envelopes that stay closed, and weights and inputs that have no effect."""
    for name, envelope in names.sealed.items():
        text = n_("{name} is in the envelope {envelope}, which no step opens")
        values = {"name": name, "envelope": envelope}
        names.wrong("rule.steps", "envelope-closed", text, values)
    for number, weight in enumerate(rule.weights):
        if weight.name not in names.used:
            text = n_("the weight {name} has no effect: no step uses it")
            names.wrong(f"rule.weights[{number}]", "weight-unused", text, {"name": weight.name})
    for number, given in enumerate(rule.inputs):
        if given.name not in names.used:
            text = n_("{name} has no effect: nothing uses it; take it out or use it")
            names.wrong(f"rule.inputs[{number}]", "input-unused", text, {"name": given.name})
