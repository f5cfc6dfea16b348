"""The engine: takes the steps of a rule in their order, then orders what stands.

Nothing in here knows a country's rule; a kind of step is one line in a table. Pure, and the same
for every order of the bids in the file.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from procure.kernel.errors import Refused
from procure.scoring import columns, compare
from procure.scoring.columns import Column
from procure.scoring.format import combining, filters
from procure.scoring.format import steps as kinds
from procure.scoring.format.file import AnyStep, Rule
from procure.scoring.format.steps import Computed, Reference
from procure.scoring.format.words import Condition
from procure.scoring.numbers import rounded
from procure.scoring.ordering import ordered
from procure.scoring.outcome import Outcome
from procure.scoring.reading import Task
from procure.scoring.sheet import Sheet
from procure.scoring.state import Done, Dropped, State
from procure.scoring.steps import combinations, inputs, references, transforms
from procure.scoring.steps import filters as filtering

Weights = Mapping[str, Fraction]

COMPUTED: dict[type[Computed], Callable[[State, Any], "Column | Fraction | None"]] = {
    kinds.Basket: transforms.basket,
    kinds.Factor: transforms.factor,
    kinds.First: transforms.first,
    kinds.Grade: transforms.grade,
    kinds.Ratio: transforms.ratio,
    kinds.Linear: transforms.linear,
    kinds.Piecewise: transforms.piecewise,
    kinds.Power: transforms.raised,
    kinds.Log: transforms.logged,
    kinds.Target: transforms.target,
    kinds.Table: transforms.table,
    kinds.Rebase: transforms.rebase,
    combining.WeightedSum: combinations.weighted_sum,
    combining.Quotient: combinations.quotient,
    combining.Deduct: combinations.deduct,
    combining.Surcharge: combinations.surcharge,
    combining.ReducedPrice: combinations.reduced_price,
    combining.UtilityIndex: combinations.utility_index,
    combining.RelativeCost: combinations.relative_cost,
    combining.Formula: combinations.by_formula,
}
FILTERS: dict[type[kinds.Step], Callable[[State, int, Any], Done]] = {
    filters.Threshold: filtering.threshold,
    filters.Corridor: filtering.corridor,
    filters.KeepBest: filtering.keep_best,
    filters.OpenEnvelope: filtering.open_envelope,
    filters.Flag: filtering.flag,
}


def score(task: Task) -> Outcome:
    """Compute an evaluation; Refused where a result is undefined and nothing was declared."""
    return run(task.rule, task)


def run(rule: Rule, task: Task, weights: Weights | None = None) -> Outcome:
    """Compute with this rule, as if its weights were these."""
    state = State(rule, task.sheet, weights)
    inputs.read(state, "")
    for number, step in enumerate(rule.steps):
        _leave(state, task.sheet, step.name)
        state.trace.append(_taken(state, number, step))
    places = ordered(state, task.draws)
    return Outcome(task, state, places)


def _leave(state: State, sheet: Sheet, step: str) -> None:
    """Take out the bids that somebody put out before this step."""
    if step not in sheet.out_before:
        return
    for row, before in enumerate(sheet.out_before):
        if before == step:
            state.drop(row, Dropped(step, sheet.out[row]))


def _taken(state: State, number: int, step: AnyStep) -> Done:
    """Take one step: what it computes is from now on known by its name."""
    if not all(_holds(state, condition) for condition in step.when):
        state.numbers.setdefault(step.name, None)
        return Done(number, step, skipped=True)
    if do := FILTERS.get(type(step)):
        done = do(state, number, step)
    elif isinstance(step, Reference):
        done = references.take(state, number, step)
    elif isinstance(step, Computed):
        done = _computed(state, number, step)
    else:
        raise TypeError(f"no table says what {type(step).__name__} does")
    if isinstance(done.result, Column):
        packed = done.result.packed()
        done = done._replace(result=packed)
        state.columns[step.name] = packed
    else:
        state.numbers[step.name] = done.result
    return done


def _holds(state: State, condition: Condition) -> bool:
    value = state.numbers.get(condition.of)
    return compare.holds(value, condition.compare, state.number(condition.limit))


def _computed(state: State, number: int, step: Computed) -> Done:
    """Compute a column: the formula, declared results for degenerate cases, limits, rounding."""
    result = COMPUTED[type(step)](state, step)
    if not isinstance(result, Column):
        return Done(number, step, _finished_number(state, number, step, result))
    special: dict[int, str] = {}
    if (
        step.one_bid is not None
        or step.all_equal is not None
        or step.zero is not None
        or step.undefined is not None
    ):
        result, special = _declared(state, step, result)
    state.require(number, step.name, result)
    low, high = state.operand(step.floor), state.operand(step.cap)
    if isinstance(low, Column) or isinstance(high, Column):
        result = _limited(result, low, high)
    else:
        result = columns.clamped(result, low, high)
    return Done(number, step, columns.rounded(result, step.round), special=special)


def _limited(
    result: Column, low: "Column | Fraction | None", high: "Column | Fraction | None"
) -> Column:
    """Keep each row within its own limits."""
    size = len(result)
    lows = low if isinstance(low, Column) else [low] * size
    highs = high if isinstance(high, Column) else [high] * size
    found: list[Fraction | None] = []
    for value, least, most in zip(result, lows, highs, strict=True):
        kept = value
        if kept is not None and least is not None:
            kept = max(kept, least)
        if kept is not None and most is not None:
            kept = min(kept, most)
        found.append(kept)
    return columns.of(found)


def _finished_number(
    state: State, number: int, step: Computed, result: Fraction | None
) -> Fraction:
    """Finish a formula of the whole evaluation."""
    if result is None:
        result = state.number(step.undefined)
    if result is None:
        raise Refused([state.undefined(number, step.name)])
    low, high = state.number(step.floor), state.number(step.cap)
    result = result if low is None else max(result, low)
    result = result if high is None else min(result, high)
    return rounded(result, step.round)


def _declared(state: State, step: Computed, result: Column) -> tuple[Column, dict[int, str]]:
    """Put in what the rule declares for one bid, equal values, zero, and what is undefined."""
    rows = state.rows_in()
    source = _source(state, step)
    replaced: dict[int, Fraction | None] = {}
    special: dict[int, str] = {}

    def put(case: str, chosen: Sequence[int]) -> None:
        value = state.operand(getattr(step, case))
        for row in chosen:
            replaced[row] = value[row] if isinstance(value, Column) else value
            special[row] = case

    if step.undefined is not None:
        put("undefined", [row for row in rows if result.num[row] is None])
    if step.zero is not None and source is not None:
        put("zero", [row for row in rows if source.num[row] == 0])
    if step.all_equal is not None and source is not None and filtering.is_equal(source):
        put("all_equal", rows)
    if step.one_bid is not None and len(rows) == 1:
        put("one_bid", rows)
    if not replaced:
        return result, special
    made = [replaced.get(row, value) for row, value in enumerate(result)]
    return columns.of(made), special


def _source(state: State, step: Computed) -> Column | None:
    """Return the column whose values `zero` and `all_equal` look at, if the step has one."""
    name = getattr(step, "of", None) or getattr(step, "price", None) or getattr(step, "cost", None)
    return state.column(name) if isinstance(name, str) and name in state.columns else None
