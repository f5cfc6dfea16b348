"""How one criterion turns what a bid has into points, with the formula in words and numbers.

Pure. Each function returns points already rounded half up to the declared decimals; a new formula
is one function and one line in `LINES` or `FORMULAS`. Source: RHS 85; the tender's own criteria.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from procure.evaluation.rules.facts import BidFacts, CriterionFacts
from procure.evaluation.rules.numbers import half_up, mean, plain
from procure.evaluation.rules.results import Line, Step, StepKind
from procure.kernel.texts import n_
from procure.tenders.states import CriterionKind, PriceFormula


def _quality_line(
    bid: BidFacts, criterion: CriterionFacts, weight: Fraction, decimals: int
) -> Line:
    """Score a criterion by the mean of the evaluators, and check its minimum."""
    scores = [score.points for score in bid.scores.get(criterion.code, ())]
    exact = mean(scores)
    scale = criterion.scale_max or Decimal(1)
    points = half_up(weight * exact / Fraction(scale), decimals)
    shown = {
        "scores": " + ".join(map(plain, scores)) or "0",
        "count": str(max(len(scores), 1)),
        "mean": str(half_up(exact, 2)),
        "weight": plain(half_up(weight, 2)),
        "scale": plain(scale),
        "points": str(points),
    }
    steps = [
        Step(
            StepKind.MEAN,
            n_("Mean of the evaluators: ({scores}) ÷ {count} = {mean}"),
            shown,
            criterion.code,
        )
    ]
    below = criterion.minimum is not None and exact < Fraction(criterion.minimum)
    if criterion.minimum is not None:
        text = (
            n_("{name}: the mean {mean} is below the minimum {minimum}, so the bid is not ranked.")
            if below
            else n_("{name}: the mean {mean} reaches the minimum {minimum}.")
        )
        named = {"name": criterion.name, "minimum": plain(criterion.minimum)}
        steps.append(Step(StepKind.MINIMUM, text, {**shown, **named}, criterion.code))
    steps.append(
        Step(
            StepKind.POINTS,
            n_("Weight × mean ÷ scale: {weight} × ({scores}) ÷ {count} ÷ {scale} = {points}"),
            shown,
            criterion.code,
        )
    )
    return Line(
        code=criterion.code,
        kind=criterion.kind,
        weight=half_up(weight, 2),
        mean=half_up(exact, 2),
        points=points,
        below_minimum=below,
        steps=tuple(steps),
    )


def _objective_line(
    bid: BidFacts, criterion: CriterionFacts, weight: Fraction, decimals: int
) -> Line:
    """Score a criterion by its published table, from the mean of the facts that the bid states."""
    stated = bid.stated.get(criterion.code, ())
    exact = mean(stated)
    reached = [row.score for row in criterion.table if Fraction(row.at_least) <= exact]
    score = reached[-1] if reached else Decimal(0)
    scale = criterion.scale_max or Decimal(1)
    points = half_up(weight * Fraction(score) / Fraction(scale), decimals)
    shown = {
        "stated": " + ".join(map(plain, stated)) or "0",
        "count": str(max(len(stated), 1)),
        "mean": str(half_up(exact, 2)),
        "score": plain(score),
        "weight": plain(half_up(weight, 2)),
        "scale": plain(scale),
        "points": str(points),
    }
    return Line(
        code=criterion.code,
        kind=criterion.kind,
        weight=half_up(weight, 2),
        mean=half_up(exact, 2),
        score=score,
        points=points,
        steps=(
            Step(
                StepKind.TABLE,
                n_("Mean of what the bid states: ({stated}) ÷ {count} = {mean}; table: {score}"),
                shown,
                criterion.code,
            ),
            Step(
                StepKind.POINTS,
                n_("Weight × score ÷ scale: {weight} × {score} ÷ {scale} = {points}"),
                shown,
                criterion.code,
            ),
        ),
    )


# Criteria that score a bid by itself; those of price wait for who is left.
LINES: dict[CriterionKind, Callable[[BidFacts, CriterionFacts, Fraction, int], Line]] = {
    CriterionKind.QUALITY: _quality_line,
    CriterionKind.OBJECTIVE: _objective_line,
}


def _lowest_ratio(
    criterion: CriterionFacts, weight: Fraction, price: Decimal, best: Decimal, decimals: int
) -> tuple[Decimal, Step]:
    """Weight × lowest price ÷ price."""
    points = half_up(weight * Fraction(best) / Fraction(price), decimals)
    return points, Step(
        StepKind.POINTS,
        n_("Weight × lowest price ÷ price: {weight} × {best} ÷ {price} = {points}"),
        {
            "weight": plain(half_up(weight, 2)),
            "best": f"{best:f}",
            "price": f"{price:f}",
            "points": str(points),
        },
        criterion.code,
    )


def _absolute(
    criterion: CriterionFacts, weight: Fraction, price: Decimal, _best: Decimal, decimals: int
) -> tuple[Decimal, Step]:
    """Weight × (ceiling - price) ÷ (ceiling - floor), never below 0 nor above the weight."""
    ceiling, floor = criterion.ceiling_price or Decimal(0), criterion.floor_price or Decimal(0)
    share = Fraction(ceiling - price) / Fraction(ceiling - floor)
    points = half_up(weight * min(max(share, Fraction(0)), Fraction(1)), decimals)
    return points, Step(
        StepKind.POINTS,
        n_(
            "Weight × (ceiling − price) ÷ (ceiling − floor), from 0 to the weight: "
            "{weight} × ({ceiling} − {price}) ÷ ({ceiling} − {floor}) = {points}"
        ),
        {
            "weight": plain(half_up(weight, 2)),
            "ceiling": f"{ceiling:f}",
            "floor": f"{floor:f}",
            "price": f"{price:f}",
            "points": str(points),
        },
        criterion.code,
    )


FORMULAS: dict[
    PriceFormula,
    Callable[[CriterionFacts, Fraction, Decimal, Decimal, int], tuple[Decimal, Step]],
] = {PriceFormula.LOWEST_RATIO: _lowest_ratio, PriceFormula.ABSOLUTE: _absolute}
