"""From values to points: each transform as arithmetic on whole columns. Pure."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from procure.scoring import columns
from procure.scoring.columns import Column
from procure.scoring.format.steps import (
    Basket,
    Factor,
    First,
    Grade,
    Linear,
    Log,
    Outside,
    Piecewise,
    Power,
    Ratio,
    Rebase,
    Table,
    Target,
)
from procure.scoring.format.words import Best
from procure.scoring.numbers import logarithm, power
from procure.scoring.state import State
from procure.scoring.steps.references import cut, members


def basket(state: State, step: Basket) -> Column:
    """Sum prices × quantities."""
    return weighted(state, [(line.of, state.operand(line.quantity)) for line in step.lines])


def weighted(state: State, parts: "Sequence[tuple[str, Column | Fraction | None]]") -> Column:
    """Sum value × weight, where a weight may be each bid's own."""
    plain = [(state.column(name), weight) for name, weight in parts if isinstance(weight, Fraction)]
    rest = [
        (_times(state.column(name), weight), Fraction(1))
        for name, weight in parts
        if not isinstance(weight, Fraction)
    ]
    return columns.total([*plain, *rest])


def _times(column: Column, factor: "Column | Fraction | None") -> Column:
    """Multiply a column by a number, or row by row."""
    if isinstance(factor, Fraction):
        return columns.affine(column, factor) if factor != 1 else column
    if factor is None:
        return Column([None] * len(column))
    return columns.of(
        None if a is None or b is None else a * b for a, b in zip(column, factor, strict=True)
    )


def factor(state: State, step: Factor) -> Column:
    """Multiply by the factor of the bid's label."""
    factors = {label: state.number(operand) for label, operand in step.factors.items()}
    labels = state.sheet.labels[step.by]
    return columns.of(
        None if value is None or (f := factors.get(label or "")) is None else value * f
        for value, label in zip(state.column(step.of), labels, strict=True)
    )


def first(state: State, step: First) -> Column:
    """Take the first value that is there."""
    candidates = [state.column(name) for name in step.of]
    return columns.of(
        next((value for value in row if value is not None), None)
        for row in zip(*candidates, strict=True)
    )


def grade(state: State, step: Grade) -> Column:
    """Look up the bid's label."""
    values = {label: state.number(operand) for label, operand in step.values.items()}
    labels = state.sheet.labels[step.of]
    return columns.of(
        values.get(label or "") if is_in else None
        for label, is_in in zip(labels, state.standing, strict=True)
    )


def ratio(state: State, step: Ratio) -> Column:
    """Times × reference ÷ value, or × value ÷ reference."""
    column, times = state.column(step.of), state.operand(step.times)
    reference = state.operand(step.reference)
    if isinstance(times, Fraction) and isinstance(reference, Fraction):
        if step.best == Best.LOWEST:
            return columns.inverse(column, times * reference)
        return columns.affine(column, times / reference) if reference else _nothing(column)
    return _by_row(
        state,
        lambda v, t, r: t * r / v if step.best == Best.LOWEST else t * v / r,
        column,
        times,
        reference,
    )


def linear(state: State, step: Linear) -> Column:
    """Times × (none_at − value) ÷ (none_at − full_at)."""
    column, times = state.column(step.of), state.operand(step.times)
    full, none = state.operand(step.full_at), state.operand(step.none_at)
    if isinstance(times, Fraction) and isinstance(full, Fraction) and isinstance(none, Fraction):
        span = none - full
        if span == 0:
            return _nothing(column)
        return columns.affine(column, -times / span, times * none / span)
    return _by_row(state, lambda v, t, f, n: t * (n - v) / (n - f), column, times, full, none)


def piecewise(state: State, step: Piecewise) -> Column:
    """Times × the height of a line through points."""
    at = [state.number(point.at) for point in step.points]
    height = [state.number(point.value) for point in step.points]
    points = [(a, h) for a, h in zip(at, height, strict=True) if a is not None and h is not None]
    points.sort(key=lambda point: point[0])
    column = state.column(step.of)
    if len(points) < len(step.points):
        return _nothing(column)
    level = step.outside == Outside.LEVEL
    made = columns.of(None if v is None else _height(v, points, level=level) for v in column)
    return _times(made, state.operand(step.times))


def _height(
    value: Fraction, points: list[tuple[Fraction, Fraction]], *, level: bool
) -> Fraction | None:
    if level and value <= points[0][0]:
        return points[0][1]
    if level and value >= points[-1][0]:
        return points[-1][1]
    place = next((n for n in range(1, len(points)) if value <= points[n][0]), len(points) - 1)
    (a, h), (b, k) = points[place - 1], points[place]
    return None if a == b else h + (k - h) * (value - a) / (b - a)


def raised(state: State, step: Power) -> Column:
    """Times × (value ÷ reference) ^ exponent."""
    exponent = Fraction(step.exponent)

    def one(value: Fraction, reference: Fraction) -> Fraction:
        return power(value / reference, exponent, step.precision)

    column = state.column(step.of)
    made = _by_row(state, one, column, state.operand(step.reference))
    return _times(made, state.operand(step.times))


def logged(state: State, step: Log) -> Column:
    """Times × (1 − logarithm of value ÷ reference)."""

    def one(value: Fraction, reference: Fraction, base: Fraction) -> Fraction:
        return 1 - logarithm(value / reference, base, step.precision)

    column = state.column(step.of)
    made = _by_row(state, one, column, state.operand(step.reference), state.operand(step.base))
    return _times(made, state.operand(step.times))


def target(state: State, step: Target) -> Column:
    """Times × (1 − distance ÷ target)."""
    column = state.column(step.of)
    made = _by_row(state, lambda v, t: 1 - abs(v - t) / abs(t), column, state.operand(step.target))
    return _times(made, state.operand(step.times))


def table(state: State, step: Table) -> Column:
    """Times × what the highest reached row says."""
    rows = [(state.number(row.at_least), state.number(row.value)) for row in step.rows]

    def one(value: Fraction) -> Fraction | None:
        reached = [(at, said) for at, said in rows if at is not None and at <= value]
        return max(reached, key=lambda row: row[0])[1] if reached else None

    column = state.column(step.of)
    known: dict[Fraction | None, Fraction | None] = {None: None}
    made = columns.of(
        known[v] if v is None or v in known else known.setdefault(v, one(v)) for v in column
    )
    return _times(made, state.operand(step.times))


def rebase(state: State, step: Rebase) -> Column:
    """Times × value ÷ the best of a set."""
    values = [value for value, _ in cut(state, members(state, step.of, step.set), step.set)]
    column, times = state.column(step.of), state.operand(step.times)
    best = max(values, default=Fraction(0))
    if not best:
        return _nothing(column)
    return _times(columns.affine(column, 1 / best), times)


def _nothing(column: Column) -> Column:
    return Column([None] * len(column))


def _by_row(
    state: State,
    one: Callable[..., Fraction],
    column: Column,
    *operands: "Column | Fraction | None",
) -> Column:
    """Compute each row by itself; what is divided by 0 or has no root has no result."""
    many = [
        list(operand) if isinstance(operand, Column) else [operand] * state.size
        for operand in operands
    ]
    found: list[Fraction | None] = []
    for value, *others in zip(column, *many, strict=True):
        if value is None or None in others:
            found.append(None)
            continue
        try:
            found.append(one(value, *others))
        except (ZeroDivisionError, ValueError):
            found.append(None)
    return columns.of(found)
