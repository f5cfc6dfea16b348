"""Ranking: points per criterion, minimums, totals, order, and every step in words and numbers.

Pure. Each criterion's points are rounded half up to the declared decimals and then added; nothing
else is rounded. The best price is taken from the bids that are left once minimums were checked,
so that it changes when one drops out. Source: RHS 85, 117; the tender's own criteria.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

import msgspec

from procure.evaluation.rules.facts import BidFacts, Ladder, LotFacts
from procure.evaluation.rules.numbers import half_up
from procure.evaluation.rules.results import (
    BidResult,
    BidStatus,
    Line,
    Ranking,
    Step,
    StepKind,
)
from procure.evaluation.rules.transforms import FORMULAS, LINES
from procure.kernel.texts import n_
from procure.tenders.states import CriterionKind, PriceFormula

Weights = Mapping[str, Fraction]


def rank(facts: LotFacts) -> Ranking:
    """Rank the bids of a lot by its published criteria."""
    return ranked_by(facts, {c.code: Fraction(c.weight) for c in facts.criteria})


def ranked_by(facts: LotFacts, weights: Weights) -> Ranking:
    """Rank the bids of a lot as if the criteria had these weights."""
    judged = [_judged_alone(bid, facts, weights) for bid in facts.bids]
    left = [result for result in judged if result.status == BidStatus.RANKED]
    best = min((result.price for result in left), default=None)
    priced = [_with_price(result, facts, weights, best) for result in left]
    ordered = _in_order(priced, facts)
    out = [result for result in judged if result.status != BidStatus.RANKED]
    steps: list[Step] = []
    if best is not None and _has_relative_price(facts):
        steps.append(
            Step(
                StepKind.REFERENCE,
                n_("The lowest price is {price}, taken from the {count} bids that are left."),
                {"price": f"{best:f}", "count": str(len(left))},
            )
        )
    return Ranking(results=(*ordered, *out), best_price=best, steps=tuple(steps))


def _has_relative_price(facts: LotFacts) -> bool:
    """Tell whether one bid's points depend on another bid's price."""
    return any(criterion.formula == PriceFormula.LOWEST_RATIO for criterion in facts.criteria)


def _judged_alone(bid: BidFacts, facts: LotFacts, weights: Weights) -> BidResult:
    """Give one bid what does not depend on the others: scores, table, minimums, exclusion."""
    lines = []
    for criterion in facts.criteria:
        weight = weights[criterion.code]
        if score := LINES.get(criterion.kind):
            lines.append(score(bid, criterion, weight, facts.decimals))
        else:
            lines.append(Line(code=criterion.code, kind=criterion.kind, weight=half_up(weight, 2)))
    failed = [line for line in lines if line.below_minimum]
    status = BidStatus.BELOW_MINIMUM if failed else BidStatus.RANKED
    steps = tuple(step for line in failed for step in line.steps if step.kind == StepKind.MINIMUM)
    if bid.excluded:
        status = BidStatus.EXCLUDED
        steps = (Step(StepKind.EXCLUDE, n_("Excluded: {reason}"), {"reason": bid.excluded}),)
    return BidResult(
        bid_id=bid.id,
        provider_org_id=bid.provider_org_id,
        provider_name=bid.provider_name,
        price=bid.price,
        status=status,
        lines=tuple(lines),
        steps=steps,
    )


def _with_price(
    result: BidResult, facts: LotFacts, weights: Weights, best: Decimal | None
) -> BidResult:
    """Give a bid that is left its points for price, and its total."""
    lines = []
    for line, criterion in zip(result.lines, facts.criteria, strict=True):
        if criterion.formula is None or best is None:
            lines.append(line)
            continue
        points, step = FORMULAS[criterion.formula](
            criterion, weights[criterion.code], result.price, best, facts.decimals
        )
        lines.append(msgspec.structs.replace(line, points=points, steps=(step,)))
    parts = [line.points or Decimal(0) for line in lines]
    quality = [line.points or Decimal(0) for line in lines if line.kind != CriterionKind.PRICE]
    total = sum(parts, Decimal(0))
    return msgspec.structs.replace(
        result,
        lines=tuple(lines),
        quality_total=sum(quality, Decimal(0)),
        total=total,
        steps=(
            Step(
                StepKind.TOTAL,
                n_("Total: {parts} = {total}"),
                {"parts": " + ".join(map(str, parts)), "total": str(total)},
            ),
        ),
    )


def _in_order(results: Sequence[BidResult], facts: LotFacts) -> list[BidResult]:
    """Order bids by total, equal totals by the ladder; what it leaves open shares one rank."""
    ordered: list[BidResult] = []
    by_total = sorted(results, key=lambda result: -(result.total or Decimal(0)))
    for _, group in groupby(by_total, key=lambda result: result.total):
        for together in _untied([list(group)], facts):
            place = len(ordered) + 1
            ordered += [
                msgspec.structs.replace(result, rank=place, is_tied=len(together) > 1)
                for result in together
            ]
    return ordered


def _untied(groups: list[list[BidResult]], facts: LotFacts) -> list[list[BidResult]]:
    """Split groups of equal bids by each rung of the ladder in turn."""
    for rung in facts.ladder:
        groups = [part for group in groups for part in RUNGS[rung](group, facts)]
    return groups


def _by_quality(group: list[BidResult], _facts: LotFacts) -> list[list[BidResult]]:
    """The higher total of all points that are not for price comes first."""
    if len(group) == 1:
        return [group]
    group = sorted(group, key=lambda result: -(result.quality_total or Decimal(0)))
    parts = [list(part) for _, part in groupby(group, key=lambda result: result.quality_total)]
    if len(parts) == 1:
        return parts
    text = n_("Equal totals: the higher quality total comes first; this bid has {quality}.")
    return [
        [_noted(result, text, {"quality": str(result.quality_total)}) for result in part]
        for part in parts
    ]


def _by_lots(group: list[BidResult], facts: LotFacts) -> list[list[BidResult]]:
    """Lots decide once they were drawn for every bid of the group; until then all share a rank."""
    if len(group) == 1:
        return [group]
    if not all(result.bid_id in facts.drawn for result in group):
        text = n_("Equal totals and equal quality totals: lots have to be drawn.")
        return [[_noted(result, text, {}) for result in group]]
    text = n_("Equal totals and equal quality totals: the order in which lots were drawn decides.")
    return [
        [_noted(result, text, {})]
        for result in sorted(group, key=lambda result: facts.drawn.index(result.bid_id))
    ]


RUNGS: dict[Ladder, Callable[[list[BidResult], LotFacts], list[list[BidResult]]]] = {
    Ladder.QUALITY: _by_quality,
    Ladder.LOTS: _by_lots,
}


def _noted(result: BidResult, text: str, values: Mapping[str, str]) -> BidResult:
    """Add what a rung of the ladder said to a bid's steps."""
    return msgspec.structs.replace(
        result, steps=(*result.steps, Step(StepKind.TIE, text, dict(values)))
    )
