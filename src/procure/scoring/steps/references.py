"""Reference sets: which bids count, what is cut, and the value that is taken of the rest. Pure."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from procure.scoring import columns
from procure.scoring.columns import Column
from procure.scoring.compare import holds
from procure.scoring.format.steps import Reference, Take
from procure.scoring.format.words import (
    Among,
    CutTies,
    DropFar,
    Groups,
    Is,
    Keep,
    Set,
    Trim,
    TrimEnds,
)
from procure.scoring.numbers import rounded
from procure.scoring.state import Done, State

Pair = tuple[Fraction, int]  # value and row


def take(state: State, number: int, step: Reference) -> Done:
    """Take one value of a set, or for each bid one of the others."""
    empty = state.number(step.empty)
    if step.of in state.rule.samples:
        values = sorted(Fraction(value) for value in state.rule.samples[step.of])
        return Done(number, step, _finished(TAKES[step.take](values, step.at), empty, step))
    pairs = members(state, step.of, step.set)
    if step.take in (Take.NEXT_HIGHER, Take.NEXT_LOWER):
        return Done(number, step, _next(state, pairs, step, empty), used=_rows(pairs))
    if step.set.includes_self:
        kept = cut(state, pairs, step.set)
        value = TAKES[step.take](sorted(v for v, _ in kept), step.at)
        return Done(number, step, _finished(value, empty, step), used=_rows(kept))
    return Done(number, step, _of_others(state, pairs, step, empty), used=_rows(pairs))


def members(state: State, name: str, chosen: Set) -> list[Pair]:
    """Return value and row of the bids that a set begins with."""
    column = state.columns[name]
    among = {
        Among.STANDING: state.standing,
        Among.ADMITTED: state.admitted,
        Among.RECEIVED: [True] * state.size,
    }[chosen.among]
    pairs = [
        (value, row)
        for row, (value, counts) in enumerate(zip(column, among, strict=True))
        if counts and value is not None
    ]
    pairs = _kept(state, pairs, chosen.where)
    if chosen.groups == Groups.EACH:
        return pairs
    return _once(state.sheet.groups, pairs, highest=chosen.groups == Groups.HIGHEST_ONCE)


def _kept(state: State, pairs: list[Pair], conditions: Sequence[Keep]) -> list[Pair]:
    """Keep the bids that fulfil every condition."""
    for condition in conditions:
        tested, limit = state.columns[condition.of], state.operand(condition.limit)
        pairs = [
            pair
            for pair in pairs
            if holds(
                tested[pair[1]],
                condition.compare,
                limit[pair[1]] if isinstance(limit, Column) else limit,
            )
        ]
    return pairs


def _once(groups: Sequence[str], pairs: list[Pair], *, highest: bool) -> list[Pair]:
    """Keep one bid of each group: its lowest, or its highest value."""
    best: dict[str, Pair] = {}
    alone = []
    for pair in pairs:
        group = groups[pair[1]]
        if not group:
            alone.append(pair)
        else:
            known = best.setdefault(group, pair)
            if pair[0] > known[0] if highest else pair[0] < known[0]:
                best[group] = pair
    return sorted([*alone, *best.values()], key=lambda pair: pair[1])


def cut(state: State, pairs: list[Pair], chosen: Set) -> list[Pair]:
    """Drop what lies too far from the mean, trim the ends, keep what then fulfils `after`."""
    if chosen.drop:
        pairs = _without_far(pairs, chosen.drop)
    if chosen.trim:
        pairs = _trimmed(pairs, chosen.trim)
    return _kept(state, pairs, chosen.after)


def _without_far(pairs: list[Pair], drop: DropFar) -> list[Pair]:
    if not pairs:
        return pairs
    limit = sum((v for v, _ in pairs), Fraction(0)) / len(pairs) * Fraction(drop.times_mean)
    is_high = drop.compare in (Is.ABOVE, Is.AT_LEAST)
    far = [pair for pair in pairs if holds(pair[0], drop.compare, limit)]
    if drop.only_extreme and far:
        far = [max(far) if is_high else min(far)]
    kept = [pair for pair in pairs if pair not in far]
    if len(kept) < drop.at_least_left:
        kept = sorted(pairs, reverse=not is_high)[: drop.at_least_left]
    return kept


def _trimmed(pairs: list[Pair], trim: Trim) -> list[Pair]:
    count = (
        trim.count
        if trim.count is not None
        else ceil(Fraction(trim.share or Decimal(0)) * len(pairs))
    )
    ordered = sorted(pairs)
    low = count if trim.ends in (TrimEnds.BOTH, TrimEnds.LOWEST) else 0
    high = count if trim.ends in (TrimEnds.BOTH, TrimEnds.HIGHEST) else 0
    if low + high >= len(ordered):
        return []
    kept = ordered[low : len(ordered) - high]
    if trim.ties == CutTies.CUT:
        gone = {value for value, _ in [*ordered[:low], *ordered[len(ordered) - high :]]}
        kept = [pair for pair in kept if pair[0] not in gone]
    return kept


def _of_others(state: State, pairs: list[Pair], step: Reference, empty: Fraction | None) -> Column:
    """Take the value anew for each standing bid, without itself (and without its group)."""
    found: list[Fraction | None] = [None] * state.size
    is_plain = not (step.set.trim or step.set.drop or step.set.after)
    if is_plain and step.take in (Take.MEAN, Take.SUM) and step.set.groups == Groups.EACH:
        whole, own = sum((v for v, _ in pairs), Fraction(0)), {row: v for v, row in pairs}
        for row in state.rows_in():
            rest, count = whole - own.get(row, 0), len(pairs) - (row in own)
            value = rest if step.take == Take.SUM else rest / count if count else None
            found[row] = _finished(value if count else None, empty, step)
        return columns.of(found)
    groups = state.sheet.groups
    for row in state.rows_in():
        own_group = groups[row] if step.set.groups != Groups.EACH else ""
        others = [p for p in pairs if p[1] != row and not (own_group and groups[p[1]] == own_group)]
        values = sorted(value for value, _ in cut(state, others, step.set))
        found[row] = _finished(TAKES[step.take](values, step.at), empty, step)
    return columns.of(found)


def _next(state: State, pairs: list[Pair], step: Reference, empty: Fraction | None) -> Column:
    """For each bid of the set, the nearest value of another that is not better than its own."""
    ordered = sorted(pairs, reverse=step.take == Take.NEXT_LOWER)
    found: list[Fraction | None] = [empty if is_in else None for is_in in state.standing]
    for place, (value, row) in enumerate(ordered):
        if not state.standing[row]:
            continue
        before = place > 0 and ordered[place - 1][0] == value
        behind = ordered[place + 1][0] if place + 1 < len(ordered) else None
        found[row] = _finished(value if before else behind, empty, step)
    return columns.of(found)


def _finished(value: Fraction | None, empty: Fraction | None, step: Reference) -> Fraction | None:
    return rounded(value, step.round) if value is not None else empty


def _rows(pairs: Sequence[Pair]) -> tuple[int, ...]:
    return tuple(sorted(row for _, row in pairs))


def _median(values: Sequence[Fraction], _at: Decimal | None) -> Fraction | None:
    half, is_odd = divmod(len(values), 2)
    if not values:
        return None
    return values[half] if is_odd else (values[half - 1] + values[half]) / 2


def _quantile(values: Sequence[Fraction], at: Decimal | None) -> Fraction | None:
    """Linear between ranks: position at × (n − 1), counted from 0."""
    if not values:
        return None
    place = Fraction(at or Decimal(0)) * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


TAKES: dict[Take, Callable[[Sequence[Fraction], Decimal | None], Fraction | None]] = {
    Take.LOWEST: lambda v, _: v[0] if v else None,
    Take.HIGHEST: lambda v, _: v[-1] if v else None,
    Take.SECOND_LOWEST: lambda v, _: v[1] if len(v) > 1 else None,
    Take.SECOND_HIGHEST: lambda v, _: v[-2] if len(v) > 1 else None,
    Take.MEAN: lambda v, _: sum(v, Fraction(0)) / len(v) if v else None,
    Take.SUM: lambda v, _: sum(v, Fraction(0)) if v else None,
    Take.COUNT: lambda v, _: Fraction(len(v)),
    Take.MEDIAN: _median,
    Take.QUANTILE: _quantile,
}
