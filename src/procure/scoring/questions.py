"""What would have been: each answer is the same engine on changed facts. Pure.

So that no second formula can disagree with the first. Costs: one computation for each weight of
`sensitivity` and for each bid of `reversals`, about thirty for each bid asked in `to_win`.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from procure.kernel.errors import NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import columns, engine
from procure.scoring.columns import Column
from procure.scoring.format.inputs import NumberInput, Side
from procure.scoring.outcome import Outcome
from procure.scoring.reading import Task
from procure.scoring.sheet import Scores, Sheet

CENT = Decimal("0.01")


class ToWin(msgspec.Struct, frozen=True):
    """What would have brought one bid to a place that counts, all else unchanged."""

    id: str
    rank: int | None
    behind: Fraction | None  # in the first key of the order, to the last place that counts
    price: Fraction | None  # the highest that gets there; none: no price would have
    difference: Fraction | None  # how much lower that is


class Reversal(msgspec.Struct, frozen=True):
    """The order of the others with and without one bid."""

    without: str
    order_with: tuple[str, ...]
    order_without: tuple[str, ...]
    changes_order: bool
    changes_winner: bool  # who is first among the others


class AtWeight(msgspec.Struct, frozen=True):
    """The order at one share of price; other weights keep their ratio."""

    share: Fraction  # of the sum of weights, 0 to 1
    order: tuple[str, ...]
    ranks: Mapping[str, int]
    values: Mapping[str, Fraction]  # of the first key
    winner: str | None
    is_published: bool


class Changed(msgspec.Struct, frozen=True):
    """A new version of an evaluation, and whose rank it changes: from, to."""

    task: Task
    outcome: Outcome
    ranks: Mapping[str, tuple[int | None, int | None]]


def without(task: Task, bids: Iterable[str]) -> Task:
    """Return the evaluation as if some bids had not come."""
    gone = set(bids)
    rows = [row for row, bid in enumerate(task.sheet.ids) if bid not in gone]
    return _with_sheet(task, _only(task.sheet, rows))


def evaluated_again(task: Task, out: Mapping[str, str], before: str = "") -> Changed:
    """Return the next version, in which some bids have dropped out, each with its reason.

    NotFound: no such bid. Whatever was taken of the bids that dropped out is taken anew.
    """
    earlier = engine.score(task)
    sheet = _only(task.sheet, range(len(task.sheet)))
    for bid, reason in out.items():
        row = _row(task, bid)
        sheet.out[row], sheet.out_before[row] = reason, before
    later = _with_sheet(task, sheet)
    later.version = task.version + 1
    outcome = engine.score(later)
    changed = {
        bid: (earlier.ranks.get(bid), outcome.ranks.get(bid))
        for bid in task.sheet.ids
        if earlier.ranks.get(bid) != outcome.ranks.get(bid)
    }
    return Changed(later, outcome, changed)


def to_win(
    task: Task, places: int = 1, step: Decimal = CENT, only: Sequence[str] = ()
) -> list[ToWin]:
    """For each bid that is ranked behind the first `places`, find the highest price that is enough.

    The price is searched by halving between one `step` and the bid's own, on the rule's `price`;
    the answer is a price that was computed and gets there, and one step more was computed and does
    not. Where a lower price may lose (a distance to a target), there can be others.
    """
    name = task.rule.price
    given = next((g for g in task.rule.inputs if g.name == name), None)
    if not isinstance(given, NumberInput):
        text = n_("The rule says no `price`, so nobody can say how much cheaper a bid had to be.")
        raise Refused([Finding("no-price", text, field="rule.price")])
    now = engine.score(task)
    key = task.rule.order[0].of
    last = now.places[places - 1] if len(now.places) >= places else None
    found = []
    for place in now.places:
        if place.rank <= places and not place.is_tied:
            continue
        if (only and place.id not in only) or last is None:
            continue
        own = now.state.columns[name][place.row]
        price = None
        if own is not None:
            unit = Fraction(step)
            price = _highest(task, given, place.row, own, places=places, unit=unit)
        mine, theirs = now.value(key, place.id), now.value(key, last.id)
        found.append(
            ToWin(
                place.id,
                place.rank,
                abs(theirs - mine) if mine is not None and theirs is not None else None,
                price,
                None if price is None or own is None else own - price,
            )
        )
    return found


def _highest(
    task: Task, given: NumberInput, row: int, own: Fraction, *, places: int, unit: Fraction
) -> Fraction | None:

    def wins(many: int) -> bool:
        changed = _with_value(task, given.name, row, many * unit)
        try:
            outcome = engine.score(changed)
        except Refused:
            return False
        place = next((place for place in outcome.places if place.row == row), None)
        return place is not None and place.rank <= places and not place.is_tied

    lowest = 1
    if given.at_least is not None:
        lowest = max(lowest, -(-Fraction(given.at_least) // unit))
    if given.above is not None:
        lowest = max(lowest, Fraction(given.above) // unit + 1)
    low, high = lowest, own // unit
    if high < low or not wins(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wins(middle) else (low, middle - 1)
    return low * unit


def reversals(task: Task) -> list[Reversal]:
    """For each ranked bid, tell whether the others would stand otherwise had it not come."""
    now = engine.score(task)
    found = []
    for place in now.places:
        then = engine.score(without(task, [place.id]))
        ranks = {bid: rank for bid, rank in now.ranks.items() if bid != place.id}
        before, after = _tiers(ranks), _tiers(then.ranks)
        found.append(
            Reversal(
                place.id,
                tuple(bid for bid in now.order if bid != place.id),
                then.order,
                before != after,
                before[:1] != after[:1],
            )
        )
    return found


def _tiers(ranks: Mapping[str, int]) -> list[frozenset[str]]:
    """Return who shares each place, best first: ties have no order."""
    steps = sorted(set(ranks.values()))
    return [frozenset(bid for bid, rank in ranks.items() if rank == step) for step in steps]


def sensitivity(task: Task, shares: Sequence[Fraction] = ()) -> list[AtWeight]:
    """Compute the order at several shares of price, the published one among them.

    Nothing where the rule has no weights on one of the two sides.
    """
    rule = task.rule
    price = [w for w in rule.weights if w.side == Side.PRICE]
    quality = [w for w in rule.weights if w.side == Side.QUALITY]
    of_price = sum((Fraction(w.value) for w in price), Fraction(0))
    of_quality = sum((Fraction(w.value) for w in quality), Fraction(0))
    if not of_price or not of_quality:
        return []
    whole = of_price + of_quality
    published = of_price / whole
    wanted = shares or [Fraction(ten, 10) for ten in range(11)]
    found = []
    for share in sorted({*wanted, published}):
        weights = {w.name: Fraction(w.value) * share * whole / of_price for w in price}
        weights |= {w.name: Fraction(w.value) * (1 - share) * whole / of_quality for w in quality}
        outcome = engine.run(rule, task, weights)
        values = outcome.column(rule.order[0].of)
        found.append(
            AtWeight(
                share,
                outcome.order,
                outcome.ranks,
                {bid: values[bid] for bid in outcome.order},
                outcome.winner,
                share == published,
            )
        )
    return found


def _row(task: Task, bid: str) -> int:
    if bid not in task.sheet.ids:
        raise NotFound(n_("There is no bid {id} in this evaluation."), {"id": bid})
    return task.sheet.ids.index(bid)


def _with_sheet(task: Task, sheet: Sheet) -> Task:
    made = Task.__new__(Task)
    for name in Task.__slots__:
        setattr(made, name, getattr(task, name))
    made.sheet = sheet
    return made


def _with_value(task: Task, name: str, row: int, value: Fraction) -> Task:
    sheet = _only(task.sheet, range(len(task.sheet)))
    values = list(sheet.numbers[name])
    values[row] = value
    sheet.numbers[name] = columns.of(values)
    return _with_sheet(task, sheet)


def _only(sheet: Sheet, rows: Sequence[int]) -> Sheet:
    """Return a copy with these rows alone."""
    made = Sheet()
    for name in ("ids", "names", "groups", "submitted", "out", "out_before"):
        given = getattr(sheet, name)
        setattr(made, name, [given[row] for row in rows])
    made.labels = {name: [given[row] for row in rows] for name, given in sheet.labels.items()}
    made.lists = {name: [given[row] for row in rows] for name, given in sheet.lists.items()}
    is_whole = len(rows) == len(sheet)
    for name, column in sheet.numbers.items():
        den = column.den
        made.numbers[name] = (
            column
            if is_whole
            else Column(
                [column.num[row] for row in rows],
                den if isinstance(den, int) else [den[row] for row in rows],
            )
        )
    for name, scores in sheet.scores.items():
        width = scores.width
        num = [n for row in rows for n in scores.num[row * width : (row + 1) * width]]
        made.scores[name] = scores if is_whole else Scores(num, scores.den, width)
    return made
