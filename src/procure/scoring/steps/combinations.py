"""Combinations of columns: sums on whole columns, everything else by its formula. Pure."""

from collections.abc import Mapping
from fractions import Fraction

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import columns, formula
from procure.scoring.columns import Column
from procure.scoring.format.combining import (
    Deduct,
    Formula,
    Quotient,
    Reduce,
    ReducedPrice,
    RelativeCost,
    Summands,
    Surcharge,
    UtilityIndex,
    WeightedSum,
)
from procure.scoring.numbers import power
from procure.scoring.state import State
from procure.scoring.steps.transforms import weighted

Value = Column | Fraction | None


def weighted_sum(state: State, step: WeightedSum) -> Column:
    """Sum weight × value."""
    return weighted(state, [(part.of, state.operand(part.weight)) for part in step.parts])


def deduct(state: State, step: Deduct) -> Column:
    """Take money for quality off the price."""
    return weighted(state, [(step.price, Fraction(1)), *_negative(state, step.less)])


def _negative(state: State, parts: Summands) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for part in parts:
        weight = state.operand(part.weight)
        found.append(
            (part.of, columns.affine(weight, Fraction(-1)) if isinstance(weight, Column)
             else None if weight is None else -weight)
        )  # fmt: skip
    return found


def quotient(state: State, step: Quotient) -> Column:
    """Times × of ^ exponent ÷ over."""
    exponent, precision = Fraction(step.exponent), step.precision
    times = state.number(step.times) or Fraction(0)
    found: list[Fraction | None] = []
    for value, divisor in zip(state.column(step.of), state.column(step.over), strict=True):
        try:
            found.append(
                None
                if value is None or divisor is None
                else times * power(value, exponent, precision) / divisor
            )
        except (ZeroDivisionError, ValueError):
            found.append(None)
    return columns.of(found)


def surcharge(state: State, step: Surcharge) -> Column:
    """Make dearer what lacks quality."""
    return _by_formula(
        state,
        "price * (1 + (max_points - points) / max_points * share)",
        {
            "price": state.column(step.price),
            "points": state.column(step.points),
            "max_points": state.operand(step.max),
            "share": state.operand(step.share),
        },
    )


def reduced_price(state: State, step: ReducedPrice) -> Column:
    """Divide or multiply by the coefficient of the features."""
    features = weighted(state, [(feature.of, Fraction(1)) for feature in step.features])
    most = sum((state.number(f.max) or Fraction(0) for f in step.features), Fraction(0))
    text = {
        Reduce.DIVIDE: "price / (1 + features / (1 - most)) + plus",
        Reduce.MULTIPLY: "price * (1 + features / (1 - most)) + plus",
        Reduce.MIXED: "price * (1 - features) + plus",
    }[step.by]
    plus: Value = Fraction(0)
    if step.plus:
        plus = weighted(state, [(part.of, state.operand(part.weight)) for part in step.plus])
    values: dict[str, Value] = {
        "price": state.column(step.price),
        "features": features,
        "most": most,
        "plus": plus,
    }
    return _by_formula(state, text, values)


def utility_index(state: State, step: UtilityIndex) -> Column:
    """Compare with the best quality and the lowest price at once."""
    return _by_formula(
        state,
        "(1 - (best_quality - quality) * share) / price * lowest_price",
        {
            "price": state.column(step.price),
            "quality": state.column(step.quality),
            "best_quality": state.operand(step.best_quality),
            "lowest_price": state.operand(step.lowest_price),
            "share": state.operand(step.share),
        },
    )


def relative_cost(state: State, step: RelativeCost) -> Column:
    """Divide cost by how points stand to the lowest points."""
    return _by_formula(
        state,
        "cost / ((points + max_points) / (lowest + max_points))",
        {
            "cost": state.column(step.cost),
            "points": state.column(step.points),
            "lowest": state.operand(step.lowest_points),
            "max_points": state.operand(step.max),
        },
    )


def by_formula(state: State, step: Formula) -> Value:
    """Compute a formula: for each bid where it names a column, once where it does not."""
    read = formula.read(step.text)
    values: dict[str, Value] = {
        name: state.column(name) if name in state.columns else state.numbers[name]
        for name in read.names
    }
    try:
        if any(isinstance(value, Column) for value in values.values()):
            return _by_formula(state, step.text, values)
        known = {name: value for name, value in values.items() if isinstance(value, Fraction)}
        return _value(read, known) if len(known) == len(values) else None
    except formula.BadFormula as error:
        text, said = n_("The formula of {step}: {what}."), {"step": step.name, "what": str(error)}
        raise Refused([Finding("formula", text, said, field=step.name)]) from None


def _by_formula(state: State, text: str, values: Mapping[str, Value]) -> Column:
    read = formula.read(text)
    fixed = {name: value for name, value in values.items() if isinstance(value, Fraction)}
    moving = [(name, value) for name, value in values.items() if isinstance(value, Column)]
    if len(fixed) + len(moving) < len(values):
        return Column([None] * state.size)
    names = [name for name, _ in moving]
    found: list[Fraction | None] = []
    for row in zip(*(column for _, column in moving), strict=True):
        known = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        found.append(_value(read, fixed | known) if len(known) == len(names) else None)
    return columns.of(found)


def _value(read: formula.Formula, values: Mapping[str, Fraction]) -> Fraction | None:
    try:
        return read.compute(values)
    except ZeroDivisionError:
        return None
