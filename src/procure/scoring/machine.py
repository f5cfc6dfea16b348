"""The result for programs: every intermediate value as text that loses nothing. Pure.

`86.5` is exact; so is `767/9`, where decimals would not end. Described in docs/formats/scoring.md.
"""

from fractions import Fraction
from typing import Any

from procure.scoring.columns import Column
from procure.scoring.numbers import text
from procure.scoring.outcome import Outcome
from procure.scoring.state import Done

FORMAT = "procure-scoring-result/1"


def result(outcome: Outcome) -> dict[str, Any]:
    """Return the whole result as plain values."""
    task = outcome.task
    return {
        "format": FORMAT,
        "title": task.title,
        "version": task.version,
        "winner": outcome.winner,
        "decided_by": outcome.decided_by,
        "pending": outcome.pending,
        "is_annulled": outcome.is_annulled,
        "places": [
            {
                "bid": place.id,
                "rank": place.rank,
                "is_tied": place.is_tied,
                "decided_by": place.decided_by,
                "pending": place.pending,
            }
            for place in outcome.places
        ],
        "out": {
            bid: {
                "step": why.step,
                "reason": why.reason,
                "value": _text(why.value),
                "limit": _text(why.limit),
            }
            for bid, why in outcome.out.items()
        },
        "flags": outcome.flags,
        "inputs": {
            given.name: _by_bid(outcome, outcome.state.columns[given.name])
            for given in task.rule.inputs
            if given.name in outcome.state.columns
        },
        "steps": [_step(outcome, done) for done in outcome.trace],
    }


def _step(outcome: Outcome, done: Done) -> dict[str, Any]:
    ids = outcome.task.sheet.ids
    said: dict[str, Any] = {
        "number": done.number,
        "name": done.step.name,
        "step": done.step.__struct_config__.tag,
    }
    if done.skipped:
        return {**said, "skipped": True}
    if isinstance(done.result, Column):
        said["values"] = _by_bid(outcome, done.result)
    elif done.result is not None:
        said["value"] = text(done.result)
    if done.compared is not None:
        said["compared"] = _by_bid(outcome, done.compared)
    if isinstance(done.limit, Column):
        said["limits"] = _by_bid(outcome, done.limit)
    elif done.limit is not None:
        said["limit"] = text(done.limit)
    if done.used is not None:
        said["used"] = [ids[row] for row in done.used]
    for name, rows in (("out", done.out), ("flagged", done.flagged)):
        if rows:
            said[name] = [ids[row] for row in rows]
    if done.special:
        said["declared"] = {ids[row]: case for row, case in done.special.items()}
    return said


def _by_bid(outcome: Outcome, column: Column) -> dict[str, str]:
    ids = outcome.task.sheet.ids
    return {ids[row]: text(value) for row, value in enumerate(column) if value is not None}


def _text(value: Fraction | None) -> str | None:
    return None if value is None else text(value)
