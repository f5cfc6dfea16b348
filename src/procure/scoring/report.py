"""The result as a page of text: places, who is out, flags, and each step with its numbers. Pure."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from procure.scoring import words
from procure.scoring.columns import Column
from procure.scoring.numbers import shown
from procure.scoring.outcome import Outcome

MOST_ROWS = 30


def report(outcome: Outcome, bids: Sequence[str] = ()) -> str:
    """Write the result; with `bids`, every step of these bids in words."""
    return "\n".join([*_head(outcome), *_places(outcome), *_out(outcome), *_trace(outcome, bids)])


def _head(outcome: Outcome) -> Iterator[str]:
    task = outcome.task
    yield task.title + (f" (version {task.version})" if task.version > 1 else "")
    if task.source:
        yield f"Source: {task.source}"
    yield ""
    if outcome.is_annulled:
        yield "Nobody wins: the first places are equal, and the ladder ends in annulment."
    elif outcome.winner:
        yield f"First: {outcome.winner} (decided by: {outcome.decided_by})."
    elif outcome.pending:
        yield f"The first place is open: the ladder waits for {outcome.pending}."
    elif outcome.places:
        yield "The first place is shared: no rung of the ladder sets these apart."
    else:
        yield "No bid is left."
    yield ""


def _places(outcome: Outcome) -> Iterator[str]:
    names = [key.of for key in outcome.task.rule.order]
    sheet = outcome.task.sheet
    named = sheet.names != sheet.ids
    rows = [["rank", "bid", *(["name"] if named else []), *names, "decided by"]]
    for place in outcome.places[:MOST_ROWS]:
        values = [outcome.state.columns[name][place.row] for name in names]
        said = (place.pending and f"waits for {place.pending}") or place.decided_by
        if place.is_tied and not place.pending:
            said = "shared"
        rows.append(
            [
                str(place.rank),
                place.id,
                *([sheet.names[place.row]] if named else []),
                *(shown(v) if v is not None else "" for v in values),
                said,
            ]
        )
    yield from _table(rows)
    if len(outcome.places) > MOST_ROWS:
        yield f"… and {len(outcome.places) - MOST_ROWS} more; --json has all."


def _out(outcome: Outcome) -> Iterator[str]:
    if outcome.out:
        yield ""
        for bid, why in list(outcome.out.items())[:MOST_ROWS]:
            yield f"{bid}: {words.why_out(why).message}"
    for name, bids in outcome.flags.items():
        if bids:
            yield f"Flag {name}: {', '.join(bids[:MOST_ROWS])}"


def _trace(outcome: Outcome, bids: Sequence[str]) -> Iterator[str]:
    yield ""
    yield "Steps"
    for done in outcome.trace:
        said = words.of_evaluation(outcome, done).message
        clause = f" [{done.step.clause}]" if done.step.clause else ""
        yield f"{done.number + 1:>3}. {said}{clause}"
    if not bids:
        yield ""
        yield from _table(_values(outcome))
        return
    for bid in bids:
        yield ""
        yield bid
        for sentence in words.of_bid(outcome, bid):
            yield f"  {sentence.message}"


def _values(outcome: Outcome) -> list[list[str]]:
    """One row for each bid, one column for each column: inputs first, then steps."""
    names = [g.name for g in outcome.task.rule.inputs if g.name in outcome.state.columns]
    names += [done.step.name for done in outcome.trace if isinstance(done.result, Column)]
    order = [place.row for place in outcome.places]
    rest = [row for row in range(len(outcome.task.sheet)) if row not in set(order)]
    ids = outcome.task.sheet.ids
    rows = [["bid", *names]]
    for row in [*order, *rest][:MOST_ROWS]:
        values = [outcome.state.columns[name][row] for name in names]
        rows.append([ids[row], *(_short(value) for value in values)])
    return rows


def _short(value: Fraction | None) -> str:
    return "" if value is None else shown(value, 4)


def _table(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
