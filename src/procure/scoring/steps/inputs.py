"""Raw values of bids: numbers as they are, the scores of several people as one. Pure."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import columns
from procure.scoring.columns import Column
from procure.scoring.format.inputs import (
    Aggregate,
    AnyInput,
    ListInput,
    NumberInput,
    ScoresInput,
)
from procure.scoring.sheet import Scores, Sheet
from procure.scoring.state import State


def read(state: State, envelope: str) -> None:
    """Make columns of an envelope's inputs, for bids that stand when it is opened."""
    for given in state.rule.inputs:
        if given.envelope != envelope:
            continue
        column = _column(state.sheet, given)
        if column is not None:
            is_sealed = envelope and not state.all_in
            state.columns[given.name] = column.only(state.standing) if is_sealed else column


def _column(sheet: Sheet, given: AnyInput) -> Column | None:
    if isinstance(given, NumberInput):
        return sheet.numbers[given.name]
    if isinstance(given, ScoresInput):
        made = aggregated(sheet.scores[given.name], given, sheet.numbers[given.name], sheet.ids)
        return columns.rounded(made, given.round).packed()
    if isinstance(given, ListInput):
        rows = zip(sheet.lists[given.name], sheet.out, strict=True)
        made = columns.of(_of_list(row, given, lacks=bool(out)) for row, out in rows)
        return columns.rounded(made, given.round)
    return None  # labels are looked up by the step that gives them a value


def aggregated(
    scores: Scores, given: ScoresInput, agreed: Column, ids: Sequence[str] = ()
) -> Column:
    """Make one value of several people's scores; a bid without scores has none."""
    width = scores.width
    if given.aggregate == Aggregate.CONSENSUS:
        return _consensus(scores, given, agreed, ids)
    if width == 0:
        return Column([None] * (len(agreed)))
    num = scores.num
    if None not in num:
        rows = [num[at : at + width] for at in range(0, len(num), width)]
        if given.aggregate in (Aggregate.MEAN, Aggregate.SUM):
            den = scores.den * (width if given.aggregate == Aggregate.MEAN else 1)
            return Column([sum(row) for row in rows], den)  # type: ignore[arg-type]
    return columns.of(
        _one(
            [n for n in num[at : at + width] if n is not None],
            scores.den,
            given.aggregate,
            given.cut,
        )
        for at in range(0, len(num), width)
    )


def _of_list(row: Sequence[Fraction], given: ListInput, *, lacks: bool) -> Fraction | None:
    """Aggregate what one bid states; an excluded bid may lack it."""
    if not row:
        return None if lacks or given.empty is None else Fraction(given.empty)
    den = lcm(*(value.denominator for value in row))
    whole = [value.numerator * (den // value.denominator) for value in row]
    return _one(whole, den, Aggregate(given.aggregate))


def _one(scores: list[int], den: int, how: Aggregate, cut: int = 0) -> Fraction | None:
    """Aggregate what one bid got; nothing of nothing."""
    if how == Aggregate.TRIMMED:
        scores = sorted(scores)[cut : len(scores) - cut]
    if not scores:
        return None
    if how == Aggregate.MEDIAN:
        ordered = sorted(scores)
        half, is_odd = divmod(len(ordered), 2)
        middle = 2 * ordered[half] if is_odd else ordered[half - 1] + ordered[half]
        return Fraction(middle, 2 * den)
    if how == Aggregate.LOWEST:
        return Fraction(min(scores), den)
    if how == Aggregate.HIGHEST:
        return Fraction(max(scores), den)
    count = 1 if how == Aggregate.SUM else len(scores)
    return Fraction(sum(scores), den * count)


def _consensus(scores: Scores, given: ScoresInput, agreed: Column, ids: Sequence[str]) -> Column:
    """Take the agreed value; without one, what all gave alike; otherwise refuse."""
    found: list[Fraction | None] = []
    apart = []
    for row, value in enumerate(agreed):
        gave = {score for score in scores.row(row) if score is not None}
        if value is None and len(gave) > 1:
            apart.append(
                Finding(
                    "no-consensus",
                    n_(
                        "{bid}: the evaluators differ and there is no agreed value for {name}; "
                        "write it in the bid's `values`"
                    ),
                    {"bid": ids[row] if ids else row, "name": given.name},
                    field=f"bids[{row}].values.{given.name}",
                )
            )
        found.append(value if value is not None else next(iter(gave), None))
    if apart:
        raise Refused(apart)
    return columns.of(found)
