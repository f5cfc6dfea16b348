"""The order of what stands, and the ladder between equals. Pure.

Equal bids that no rung sets apart share their rank and are listed by id, so that the order of the
file says nothing.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import compare
from procure.scoring.format.file import Draw
from procure.scoring.format.ordering import (
    Annul,
    AnyRung,
    ByColumn,
    ByHeaviest,
    ByLot,
    ByRebid,
    ByTime,
)
from procure.scoring.format.words import Best, Exactness
from procure.scoring.outcome import Place, Places
from procure.scoring.state import State

Keys = list[Any]


class Group(NamedTuple):
    """Bids that are equal so far."""

    rows: tuple[int, ...]
    decided_by: str = "order"
    pending: str = ""
    is_annulled: bool = False


def ordered(state: State, draws: Sequence[Draw]) -> Places:
    """Order the bids that stand."""
    last = len(state.rule.steps)
    columns = []
    for key in state.rule.order:
        column = state.column(key.of)
        state.require(last - 1, key.of, column)
        columns.append(_keys(state, key.of, key.best, key.on))
    rows = state.rows_in()
    many = list(zip(*columns, strict=True))
    groups: list[Group] = []
    by_key = sorted(rows, key=lambda row: many[row])
    for _, equal in groupby(by_key, key=lambda row: many[row]):
        groups += _apart(state, Group(tuple(equal)), draws)
    return _placed(state, groups)


def _keys(state: State, name: str, best: Best, on: Exactness) -> Keys:
    """Return for each row what sorts better values first."""
    column = compare.as_compared(state.column(name), on)
    sign = -1 if best == Best.HIGHEST else 1
    if isinstance(column.den, int):
        return [None if n is None else sign * n for n in column.num]
    return [None if value is None else sign * value for value in column]


def _placed(state: State, groups: Sequence[Group]) -> Places:
    places: list[Place] = []
    ids = state.sheet.ids
    for group in groups:
        rank = len(places) + 1
        for row in sorted(group.rows, key=lambda row: ids[row]):
            places.append(
                Place(row, ids[row], rank, len(group.rows) > 1, group.decided_by, group.pending)
            )
    return Places(tuple(places), bool(groups) and groups[0].is_annulled)


def _apart(state: State, group: Group, draws: Sequence[Draw]) -> list[Group]:
    """Set equals apart by one rung after the other."""
    groups = [group]
    for rung in state.rule.ties:
        split: list[Group] = []
        for each in groups:
            is_open = len(each.rows) > 1 and not each.pending and not each.is_annulled
            split += RUNGS[type(rung)](state, each, rung, draws) if is_open else [each]
        groups = split
    return groups


def _split(group: Group, keys: dict[int, Any], rung: AnyRung) -> list[Group]:
    """Split a group by keys; what the rung set apart says so."""
    ordered_rows = sorted(group.rows, key=lambda row: keys[row])
    parts = [tuple(part) for _, part in groupby(ordered_rows, key=lambda row: keys[row])]
    if len(parts) == 1:
        return [group]
    name = str(rung.__struct_config__.tag)
    return [group._replace(rows=part, decided_by=name) for part in parts]


def _by_column(state: State, group: Group, rung: ByColumn, _: Sequence[Draw]) -> list[Group]:
    keys = _keys(state, rung.of, rung.best, rung.on)
    return _split(group, {row: keys[row] for row in group.rows}, rung)


def _by_heaviest(state: State, group: Group, rung: ByHeaviest, _: Sequence[Draw]) -> list[Group]:
    weights = {name: state.numbers[name] or Fraction(0) for name in rung.points}
    heaviest = max(weights, key=lambda name: weights[name])  # the first of equals
    keys = _keys(state, rung.points[heaviest], Best.HIGHEST, rung.on)
    return _split(group, {row: keys[row] for row in group.rows}, rung)


def _by_time(state: State, group: Group, rung: ByTime, _: Sequence[Draw]) -> list[Group]:
    times = {row: state.sheet.submitted[row] for row in group.rows}
    if missing := [state.sheet.ids[row] for row, time in times.items() if time is None]:
        text = n_("{bids} are equal and lack `submitted_at`, by which the rule sets them apart")
        raise Refused([Finding("time-missing", text, {"bids": ", ".join(missing)}, field="bids")])
    return _split(group, times, rung)


def _by_rebid(state: State, group: Group, rung: ByRebid, _: Sequence[Draw]) -> list[Group]:
    """Compare additional offers; wait where one is missing, refuse one that is worse."""
    offers, before = state.columns[rung.of], state.columns[rung.not_worse_than]
    sign = -1 if rung.best == Best.HIGHEST else 1
    keys: dict[int, Fraction] = {}
    for row in group.rows:
        offer, old = offers[row], before[row]
        if offer is None:
            return [group._replace(pending="rebid")]
        if old is not None and sign * offer > sign * old:
            text = n_("{bid}: an additional offer may not be worse than the bid")
            values = {"bid": state.sheet.ids[row]}
            where = f"bids[{row}].values.{rung.of}"
            raise Refused([Finding("rebid-worse", text, values, field=where)])
        keys[row] = sign * offer
    return _split(group, keys, rung)


def _by_lot(state: State, group: Group, rung: ByLot, draws: Sequence[Draw]) -> list[Group]:
    """Take a recorded drawing that has all of these bids; wait while there is none."""
    ids = {state.sheet.ids[row]: row for row in group.rows}
    for number, draw in enumerate(draws):
        if not set(ids) <= set(draw.among):
            continue
        if len(draw.witnesses) < rung.witnesses:
            text = n_("the rule asks for {wanted} witnesses and {found} are named")
            counts = {"wanted": rung.witnesses, "found": len(draw.witnesses)}
            where = f"draws[{number}].witnesses"
            raise Refused([Finding("witnesses-missing", text, counts, field=where)])
        order = drawn_order(draw)
        if draw.order and tuple(draw.order) != order:
            text = n_("the order is not the one that the seed gives: {order}")
            values = {"order": ", ".join(order)}
            raise Refused(
                [Finding("draw-not-of-seed", text, values, field=f"draws[{number}].order")]
            )
        return _split(group, {row: order.index(bid) for bid, row in ids.items()}, rung)
    return [group._replace(pending="lot")]


def drawn_order(draw: Draw) -> tuple[str, ...]:
    """Return the order of a drawing: as recorded, or as its seed gives it.

    >>> drawn_order(Draw(among=("A", "B"), seed="29 February")) == drawn_order(
    ...     Draw(among=("B", "A"), seed="29 February"))
    True
    """
    if not draw.seed:
        return draw.order
    return tuple(
        sorted(draw.among, key=lambda bid: sha256(f"{draw.seed}:{bid}".encode()).hexdigest())
    )


def _annul(_: State, group: Group, _rung: Annul, _draws: Sequence[Draw]) -> list[Group]:
    return [group._replace(decided_by="annul", is_annulled=True)]


RUNGS: dict[type, Callable[[State, Group, Any, Sequence[Draw]], list[Group]]] = {
    ByColumn: _by_column,
    ByHeaviest: _by_heaviest,
    ByTime: _by_time,
    ByRebid: _by_rebid,
    ByLot: _by_lot,
    Annul: _annul,
}
