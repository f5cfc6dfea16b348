"""Ranking: the scoring engine computes a lot's rule, and each step is said in words and numbers.

Pure. Each criterion's points are rounded half up to the declared decimals and then added; nothing
else is rounded. The best price is taken from the bids that are left once minimums were checked,
so that it changes when one drops out. Source: RHS 85, 117; the tender's own criteria.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

import msgspec

from procure.evaluation.rules.facts import BidFacts, Ladder, LotFacts
from procure.evaluation.rules.results import (
    BidResult,
    BidStatus,
    Ranking,
    Step,
    StepKind,
)
from procure.evaluation.rules.scheme import computed
from procure.evaluation.rules.transforms import LINES, Computed, lowest_price
from procure.kernel.texts import n_
from procure.scoring.outcome import Outcome, Place
from procure.tenders.rules import scoring as tender_rules
from procure.tenders.states import CriterionKind, PriceFormula

Weights = Mapping[str, Fraction]


def rank(facts: LotFacts) -> Ranking:
    """Rank the bids of a lot by its published criteria."""
    return ranking_of(facts, computed(facts))


def ranked_by(facts: LotFacts, weights: Weights) -> Ranking:
    """Rank the bids of a lot as if the criteria had these weights."""
    return ranking_of(facts, computed(facts, weights))


def ranking_of(facts: LotFacts, outcome: Outcome) -> Ranking:
    """Say what the engine computed: bids in order, then those that are out."""
    places = {place.row: place for place in outcome.places}
    results = [
        _result(bid, facts, outcome, row, places.get(row)) for row, bid in enumerate(facts.bids)
    ]
    ranked = [results[place.row] for place in _listed(outcome.places)]
    out = [result for result in results if result.rank is None]
    best = lowest_price(outcome)
    steps: list[Step] = []
    if best is not None and _has_relative_price(facts):
        steps.append(
            Step(
                StepKind.REFERENCE,
                n_("The lowest price is {price}, taken from the {count} bids that are left."),
                {"price": f"{best:f}", "count": str(len(ranked))},
            )
        )
    return Ranking(results=(*_noted_ties(ranked, facts), *out), best_price=best, steps=tuple(steps))


def _listed(places: Sequence[Place]) -> list[Place]:
    """List places by rank; those that share one in the order of the facts."""
    return sorted(places, key=lambda place: (place.rank, place.row))


def _has_relative_price(facts: LotFacts) -> bool:
    """Tell whether one bid's points depend on another bid's price."""
    return any(criterion.formula == PriceFormula.LOWEST_RATIO for criterion in facts.criteria)


def _result(
    bid: BidFacts, facts: LotFacts, outcome: Outcome, row: int, place: Place | None
) -> BidResult:
    """Say what became of one bid."""
    by = Computed(outcome, row, facts.decimals)
    names = tender_rules.names_of(facts.criteria)
    lines = tuple(LINES[c.kind](bid, c, names[c.code], by) for c in facts.criteria)
    status = BidStatus.RANKED
    steps: tuple[Step, ...] = ()
    if bid.excluded:
        status = BidStatus.EXCLUDED
        steps = (Step(StepKind.EXCLUDE, n_("Excluded: {reason}"), {"reason": bid.excluded}),)
    elif place is None:
        status = BidStatus.BELOW_MINIMUM
        failed = [line for line in lines if line.below_minimum]
        steps = tuple(s for line in failed for s in line.steps if s.kind == StepKind.MINIMUM)
    result = BidResult(
        bid_id=bid.id,
        provider_org_id=bid.provider_org_id,
        provider_name=bid.provider_name,
        price=bid.price,
        status=status,
        lines=lines,
        steps=steps,
    )
    return result if place is None else _with_total(result, by, place)


def _with_total(result: BidResult, by: Computed, place: Place) -> BidResult:
    parts = [line.points or Decimal(0) for line in result.lines]
    quality = [
        line.points or Decimal(0) for line in result.lines if line.kind != CriterionKind.PRICE
    ]
    total = by.points(tender_rules.TOTAL)
    return msgspec.structs.replace(
        result,
        quality_total=sum(quality, Decimal(0)),
        total=total,
        rank=place.rank,
        is_tied=place.is_tied,
        steps=(
            Step(
                StepKind.TOTAL,
                n_("Total: {parts} = {total}"),
                {"parts": " + ".join(map(str, parts)), "total": str(total)},
            ),
        ),
    )


def _noted_ties(ranked: Sequence[BidResult], facts: LotFacts) -> list[BidResult]:
    """Say at each of several equal totals what set them apart, or that lots have to be drawn."""
    noted: list[BidResult] = []
    for _, group in groupby(ranked, key=lambda result: result.total):
        equal = list(group)
        noted += [_noted(result, equal, facts) for result in equal]
    return noted


def _noted(result: BidResult, equal: Sequence[BidResult], facts: LotFacts) -> BidResult:
    by_quality = Ladder.QUALITY in facts.ladder
    apart = by_quality and len({other.quality_total for other in equal}) > 1
    steps = []
    if apart:
        text = n_("Equal totals: the higher quality total comes first; this bid has {quality}.")
        steps.append(Step(StepKind.TIE, text, {"quality": str(result.quality_total)}))
    left = [o for o in equal if not by_quality or o.quality_total == result.quality_total]
    if len(left) > 1 and Ladder.LOTS in facts.ladder:
        text = (
            n_("Equal totals and equal quality totals: lots have to be drawn.")
            if result.is_tied
            else n_(
                "Equal totals and equal quality totals: the order in which lots were drawn decides."
            )
        )
        steps.append(Step(StepKind.TIE, text))
    return msgspec.structs.replace(result, steps=(*result.steps, *steps)) if steps else result
