"""Everything that was computed, in sentences: made when somebody reads them. Pure.

Each sentence is a source text marked with `n_` and the values in it, so that a page can translate
it; a command prints its English.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from procure.kernel.texts import n_
from procure.scoring import formula
from procure.scoring.columns import Column
from procure.scoring.format import combining, filters
from procure.scoring.format import steps as kinds
from procure.scoring.format.combining import Summand
from procure.scoring.format.words import Best, Is, Operand
from procure.scoring.numbers import shown
from procure.scoring.outcome import Outcome
from procure.scoring.state import Done, Dropped

COMPARED: dict[Is, str] = {
    Is.AT_LEAST: n_("at least"),
    Is.ABOVE: n_("above"),
    Is.AT_MOST: n_("at most"),
    Is.BELOW: n_("below"),
    Is.EQUAL: n_("exactly"),
}
MOST_BIDS = 12


class Sentence(NamedTuple):
    """A source text and the values in it."""

    text: str
    values: Mapping[str, Any]

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.text.format(**self.values)


def label_of(done: Done) -> str:
    """Return what people call a step."""
    return done.step.label or done.step.name


def of_evaluation(outcome: Outcome, done: Done) -> Sentence:
    """Say what a step did to the evaluation as a whole."""
    step, ids = done.step, outcome.task.sheet.ids
    name = label_of(done)
    if done.skipped:
        return Sentence(n_("{name}: left out, its condition does not hold."), {"name": name})
    if isinstance(step, kinds.Reference):
        values = {
            "name": name,
            "take": step.take.value,
            "of": step.of,
            "bids": _listed([ids[row] for row in done.used or ()]) or "–",
            "value": shown(done.result) if isinstance(done.result, Fraction) else "–",
        }
        if isinstance(done.result, Column):
            return Sentence(n_("{name}: {take} of {of}, for each bid its own, of {bids}."), values)
        return Sentence(n_("{name}: {take} of {of}, of {bids}: {value}."), values)
    if isinstance(step, filters.OpenEnvelope):
        opened = _listed([ids[row] for row in done.used or ()]) or "–"
        values = {"name": step.envelope, "bids": opened}
        return Sentence(n_("The envelope {name} is opened for {bids}."), values)
    if isinstance(step, filters.Flag):
        flagged = _listed([ids[row] for row in done.flagged]) or n_("nobody")
        values = {"name": name, "bids": flagged, "effect": step.effect.value}
        return Sentence(n_("{name}: {bids} ({effect})."), values)
    if done.compared is not None:
        values = {"name": name, "bids": _listed([ids[row] for row in done.out]) or n_("nobody")}
        return Sentence(n_("{name}: out is {bids}."), values)
    if isinstance(done.result, Fraction):
        values = {"name": name, "value": shown(done.result)}
        return Sentence(n_("{name}: {value}."), values)
    return Sentence(n_("{name}, for each bid."), {"name": name})


def of_bid(outcome: Outcome, bid: str) -> Iterator[Sentence]:
    """Say every step of one bid, with its formula and its numbers."""
    row = outcome.task.sheet.ids.index(bid)
    for done in outcome.trace:
        said = _row(outcome, done, row)
        if said:
            yield said
    if bid in outcome.out:
        yield why_out(outcome.out[bid])
    for place in outcome.places:
        if place.id == bid:
            values = {"rank": place.rank, "by": place.decided_by, "pending": place.pending}
            if place.pending:
                yield Sentence(n_("Rank {rank}, equal: waits for {pending}."), values)
            elif place.is_tied:
                yield Sentence(n_("Rank {rank}, shared."), values)
            else:
                yield Sentence(n_("Rank {rank}, decided by {by}."), values)


def why_out(why: Dropped) -> Sentence:
    """Say why a bid is out."""
    if why.reason:
        return Sentence(n_("Out: {reason}"), {"reason": why.reason})
    values = {
        "step": why.step,
        "value": shown(why.value) if why.value is not None else "–",
        "limit": shown(why.limit) if why.limit is not None else "–",
    }
    return Sentence(n_("Out by {step}: {value} against {limit}."), values)


def _row(outcome: Outcome, done: Done, row: int) -> Sentence | None:
    step = done.step
    if done.compared is not None:
        return _compared(done, row)
    if not isinstance(done.result, Column) or done.result[row] is None:
        return None
    value = done.result[row]
    name, result = label_of(done), "" if value is None else shown(value)
    if row in done.special:
        values = {"name": name, "case": done.special[row], "result": result}
        return Sentence(n_("{name}: declared for the case {case}: {result}"), values)
    describe = FORMULAS.get(type(step))
    said = describe(_Values(outcome, row), step) if describe else ""
    values = {"name": name, "formula": said, "result": result}
    if not said:
        return Sentence(n_("{name}: {result}"), values)
    return Sentence(n_("{name}: {formula} = {result}"), values)


def _compared(done: Done, row: int) -> Sentence | None:
    value = done.compared[row] if done.compared is not None else None
    limit = done.limit[row] if isinstance(done.limit, Column) else done.limit
    step = done.step
    if value is None:
        return None
    values = {
        "name": label_of(done),
        "value": shown(value),
        "limit": shown(limit) if limit is not None else "–",
        "compare": COMPARED.get(getattr(step, "compare", Is.AT_LEAST), ""),
    }
    if isinstance(step, filters.Flag):
        if row not in done.flagged:
            return Sentence(n_("{name}: {value} is not {compare} {limit}; no flag."), values)
        return Sentence(n_("{name}: {value} is {compare} {limit}: flagged."), values)
    if row in done.out:
        return Sentence(n_("{name}: {value} against {limit}: out."), values)
    return Sentence(n_("{name}: {value} against {limit}: goes on."), values)


def _listed(bids: list[str]) -> str:
    more = len(bids) - MOST_BIDS
    return ", ".join(bids[:MOST_BIDS]) + (f" + {more}" if more > 0 else "")


class _Values:
    """What names and operands are worth for one bid, as text."""

    def __init__(self, outcome: Outcome, row: int) -> None:
        self.state, self.row = outcome.state, row

    def name(self, name: str) -> str:
        """Return a column's or a number's value."""
        found = self.state.columns.get(name)
        value = found[self.row] if found is not None else self.state.numbers.get(name)
        return "–" if value is None else shown(value)

    def worth(self, operand: Operand) -> str:
        """Return an operand's value."""
        found = self.state.operand(operand)
        value = found[self.row] if isinstance(found, Column) else found
        return "–" if value is None else shown(value)

    def sum(self, parts: Sequence[Summand | kinds.Line], sign: str = " + ") -> str:
        """Write a weighted sum."""
        weights = [p.quantity if isinstance(p, kinds.Line) else p.weight for p in parts]
        worth = [self.worth(weight) for weight in weights]
        return sign.join(
            self.name(part.of) + ("" if one == "1" else f" × {one}")
            for part, one in zip(parts, worth, strict=True)
        )


def _ratio(v: _Values, s: kinds.Ratio) -> str:
    pair = (v.worth(s.reference), v.name(s.of))
    above, below = pair if s.best == Best.LOWEST else pair[::-1]
    return f"{v.worth(s.times)} × {above} ÷ {below}"


def _linear(v: _Values, s: kinds.Linear) -> str:
    none, full, own = v.worth(s.none_at), v.worth(s.full_at), v.name(s.of)
    return f"{v.worth(s.times)} × ({none} − {own}) ÷ ({none} − {full})"


def _formula(v: _Values, s: combining.Formula) -> str:
    names = sorted(formula.read(s.text).names)
    return f"{s.text} [{', '.join(f'{name} = {v.name(name)}' for name in names)}]"


FORMULAS: dict[type, Callable[[_Values, Any], str]] = {
    kinds.Basket: lambda v, s: v.sum(s.lines),
    kinds.Factor: lambda v, s: f"{v.name(s.of)} × {s.by}",
    kinds.Ratio: _ratio,
    kinds.Linear: _linear,
    kinds.Piecewise: lambda v, s: f"{v.worth(s.times)} × line({v.name(s.of)})",
    kinds.Power: lambda v, s: (
        f"{v.worth(s.times)} × ({v.name(s.of)} ÷ {v.worth(s.reference)}) ^ {s.exponent}"
    ),
    kinds.Log: lambda v, s: (
        f"{v.worth(s.times)} × (1 − log({v.name(s.of)} ÷ {v.worth(s.reference)}; "
        f"{v.worth(s.base)}))"
    ),
    kinds.Target: lambda v, s: (
        f"{v.worth(s.times)} × (1 − |{v.name(s.of)} − {v.worth(s.target)}| ÷ {v.worth(s.target)})"
    ),
    kinds.Table: lambda v, s: f"{v.worth(s.times)} × table({v.name(s.of)})",
    kinds.Rebase: lambda v, s: f"{v.worth(s.times)} × {v.name(s.of)} ÷ best",
    combining.WeightedSum: lambda v, s: v.sum(s.parts),
    combining.Deduct: lambda v, s: f"{v.name(s.price)} − ({v.sum(s.less)})",
    combining.Quotient: lambda v, s: (
        f"{v.worth(s.times)} × {v.name(s.of)}"
        + (f" ^ {s.exponent}" if s.exponent != 1 else "")
        + f" ÷ {v.name(s.over)}"
    ),
    combining.Surcharge: lambda v, s: (
        f"{v.name(s.price)} × (1 + ({v.worth(s.max)} − {v.name(s.points)}) ÷ {v.worth(s.max)} × "
        f"{v.worth(s.share)})"
    ),
    combining.RelativeCost: lambda v, s: (
        f"{v.name(s.cost)} ÷ (({v.name(s.points)} + {v.worth(s.max)}) ÷ "
        f"({v.worth(s.lowest_points)} + {v.worth(s.max)}))"
    ),
    combining.UtilityIndex: lambda v, s: (
        f"(1 − ({v.worth(s.best_quality)} − {v.name(s.quality)}) × {v.worth(s.share)}) ÷ "
        f"{v.name(s.price)} × {v.worth(s.lowest_price)}"
    ),
    combining.Formula: _formula,
}
