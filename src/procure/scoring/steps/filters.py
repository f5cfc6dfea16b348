"""Thresholds, corridors, stages and flags: what is compared, with what, and who is out. Pure."""

from collections.abc import Sequence
from fractions import Fraction

from procure.kernel.errors import Refused
from procure.scoring import columns, compare
from procure.scoring.columns import Column
from procure.scoring.format.filters import (
    Corridor,
    CutTie,
    Effect,
    Flag,
    KeepBest,
    OpenEnvelope,
    Threshold,
)
from procure.scoring.format.words import Best
from procure.scoring.state import Done, Dropped, State
from procure.scoring.steps import inputs


def threshold(state: State, number: int, step: Threshold) -> Done:
    """Put out the bids whose value does not compare so."""
    column, limit = state.column(step.of), state.operand(step.limit)
    state.require(number, step.name, column)
    if not isinstance(limit, Column):
        limit = _needed(state, number, step.name, limit)
    compared = compare.as_compared(column, step.on)
    passes = compare.rows(compared, step.compare, limit)
    failed = tuple(row for row in state.rows_in() if not passes[row])
    _drop(state, failed, step.name, compared, limit)
    return Done(number, step, compared=compared, limit=limit, out=failed)


def corridor(state: State, number: int, step: Corridor) -> Done:
    """Put out the bids that are further from the best than the corridor is wide."""
    column = state.column(step.of)
    state.require(number, step.name, column)
    compared = compare.as_compared(column, step.on)
    values = [value for value in compared if value is not None]
    if not values:
        return Done(number, step, compared=compared)
    width = Fraction(step.width)
    is_high = step.best == Best.HIGHEST
    limit = max(values) * (1 - width) if is_high else min(values) * (1 + width)
    passes = compare.rows(compared, step.compare, limit)
    failed = tuple(row for row in state.rows_in() if not passes[row])
    _drop(state, failed, step.name, compared, limit)
    return Done(number, step, limit, compared=compared, limit=limit, out=failed)


def keep_best(state: State, number: int, step: KeepBest) -> Done:
    """Let the best so many go on."""
    column = state.column(step.of)
    state.require(number, step.name, column)
    compared = compare.as_compared(column, step.on)
    sign = -1 if step.best == Best.HIGHEST else 1
    ordered = sorted((sign * value, row) for row, value in enumerate(compared) if value is not None)
    if len(ordered) <= step.count:
        return Done(number, step, compared=compared)
    last = ordered[step.count - 1][0]
    if step.ties == CutTie.INCLUDE:
        failed = [row for value, row in ordered if value > last]
    else:
        is_split = ordered[step.count][0] == last
        failed = [row for value, row in ordered if value > last or (is_split and value == last)]
    limit = sign * last
    _drop(state, failed, step.name, compared, limit)
    return Done(number, step, compared=compared, limit=limit, out=tuple(sorted(failed)))


def open_envelope(state: State, number: int, step: OpenEnvelope) -> Done:
    """Read an envelope's inputs, for the bids that stand."""
    inputs.read(state, step.envelope)
    return Done(number, step, used=tuple(state.rows_in()))


def flag(state: State, number: int, step: Flag) -> Done:
    """Flag the bids whose value compares so; with nothing to compare with nobody is flagged."""
    limit = state.operand(step.limit)
    compared = compare.as_compared(state.column(step.of), step.on)
    hits = compare.rows(compared, step.compare, limit)
    flagged = [row for row in state.rows_in() if hits[row]]
    if step.whole_group:
        groups = {state.sheet.groups[row] for row in flagged} - {""}
        flagged = [
            row for row in state.rows_in() if row in flagged or state.sheet.groups[row] in groups
        ]
    out: tuple[int, ...] = ()
    if step.effect == Effect.EXCLUDE:
        out = tuple(flagged)
        _drop(state, out, step.name, compared, limit)
    return Done(number, step, compared=compared, limit=limit, flagged=tuple(flagged), out=out)


def _needed(state: State, number: int, name: str, limit: Fraction | None) -> Fraction:
    if limit is None:
        raise Refused([state.undefined(number, name)])
    return limit


def _drop(
    state: State,
    rows: Sequence[int],
    step: str,
    compared: Column,
    limit: "Column | Fraction | None",
) -> None:
    for row in rows:
        against = limit[row] if isinstance(limit, Column) else limit
        state.drop(row, Dropped(step, "", compared[row], against))


def is_equal(column: Column) -> bool:
    """Tell whether more than one value is there and all are the same."""
    values = [value for value in columns.keys(column) if value is not None]
    return len(values) > 1 and len(set(values)) == 1
