"""Each criterion's line of a bid: what the engine computed, in words and numbers.

Pure. The numbers are the scoring engine's (`procure.scoring`), rounded as the rule declares; here
they get the sentences that people read. A criterion of a new kind is one function and one line in
`LINES`. Source: RHS 85; the tender's own criteria.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from procure.evaluation.rules.facts import BidFacts, CriterionFacts
from procure.evaluation.rules.numbers import half_up, plain
from procure.evaluation.rules.results import Line, Step, StepKind
from procure.kernel.texts import n_
from procure.scoring.outcome import Outcome
from procure.tenders.rules import scoring as tender_rules
from procure.tenders.states import CriterionKind, PriceFormula


class Computed:
    """What the engine computed for one bid, by the names of the rule."""

    def __init__(self, outcome: Outcome, row: int, decimals: int) -> None:
        self.outcome, self.row, self.decimals = outcome, row, decimals

    def exact(self, name: str) -> Fraction | None:
        """Return a column's value; none where the bid was out when it was computed."""
        column = self.outcome.state.columns.get(name)
        return None if column is None else column[self.row]

    def points(self, name: str) -> Decimal | None:
        """Return a column's value that the rule has rounded."""
        value = self.exact(name)
        return None if value is None else half_up(value, self.decimals)

    def weight(self, name: str) -> Decimal:
        """Return a criterion's weight, as it was computed with, for reading."""
        weight = self.outcome.state.numbers[tender_rules.weight_name(name)]
        return half_up(weight or Fraction(0), 2)


def _quality_line(bid: BidFacts, criterion: CriterionFacts, name: str, by: Computed) -> Line:
    """Say the mean of the evaluators, its minimum and its points."""
    scores = [score.points for score in bid.scores.get(criterion.code, ())]
    exact, points, weight = (
        by.exact(name),
        by.points(tender_rules.points_name(name)),
        by.weight(name),
    )
    if exact is None or points is None:
        return Line(code=criterion.code, kind=criterion.kind, weight=weight)
    scale = criterion.scale_max or Decimal(1)
    shown = {
        "scores": " + ".join(map(plain, scores)) or "0",
        "count": str(max(len(scores), 1)),
        "mean": str(half_up(exact, 2)),
        "weight": plain(weight),
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
        weight=weight,
        mean=half_up(exact, 2),
        points=points,
        below_minimum=below,
        steps=tuple(steps),
    )


def _objective_line(bid: BidFacts, criterion: CriterionFacts, name: str, by: Computed) -> Line:
    """Say the mean of what the bid states, what the table says of it, and the points."""
    stated = bid.stated.get(criterion.code, ())
    exact, points, weight = (
        by.exact(name),
        by.points(tender_rules.points_name(name)),
        by.weight(name),
    )
    score = by.exact(tender_rules.score_name(name))
    if exact is None or points is None or score is None:
        return Line(code=criterion.code, kind=criterion.kind, weight=weight)
    shown = {
        "stated": " + ".join(map(plain, stated)) or "0",
        "count": str(max(len(stated), 1)),
        "mean": str(half_up(exact, 2)),
        "score": plain(half_up(score, 6)),
        "weight": plain(weight),
        "scale": plain(criterion.scale_max or Decimal(1)),
        "points": str(points),
    }
    said = next((row.score for row in criterion.table if Fraction(row.score) == score), Decimal(0))
    return Line(
        code=criterion.code,
        kind=criterion.kind,
        weight=weight,
        mean=half_up(exact, 2),
        score=said,
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


def _price_line(bid: BidFacts, criterion: CriterionFacts, name: str, by: Computed) -> Line:
    """Say the points for price; none while the bid is out of the comparison of prices."""
    points, weight = by.points(tender_rules.points_name(name)), by.weight(name)
    step = None
    if points is not None and criterion.formula is not None:
        step = SAID[criterion.formula](bid, criterion, by, weight, points)
    return Line(
        code=criterion.code,
        kind=criterion.kind,
        weight=weight,
        points=points,
        steps=(step,) if step else (),
    )


def _lowest_ratio(
    bid: BidFacts, criterion: CriterionFacts, by: Computed, weight: Decimal, points: Decimal
) -> Step:
    """Weight × lowest price ÷ price."""
    return Step(
        StepKind.POINTS,
        n_("Weight × lowest price ÷ price: {weight} × {best} ÷ {price} = {points}"),
        {
            "weight": plain(weight),
            "best": f"{lowest_price(by.outcome) or 0:f}",
            "price": f"{bid.price:f}",
            "points": str(points),
        },
        criterion.code,
    )


def lowest_price(outcome: Outcome) -> Decimal | None:
    """Return the lowest price of the bids that are left, as it was bid."""
    prices = outcome.state.columns[tender_rules.PRICE]
    left = [
        (value, place.row) for place in outcome.places if (value := prices[place.row]) is not None
    ]
    if not left:
        return None
    lowest, _ = min(left)
    return half_up(lowest, max(2, _places(lowest)))


def _places(value: Fraction) -> int:
    """Return how many decimals an amount has; prices always end."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    return places


def _absolute(
    bid: BidFacts, criterion: CriterionFacts, _by: Computed, weight: Decimal, points: Decimal
) -> Step:
    """Weight × (ceiling - price) ÷ (ceiling - floor), never below 0 nor above the weight."""
    ceiling, floor = criterion.ceiling_price or Decimal(0), criterion.floor_price or Decimal(0)
    return Step(
        StepKind.POINTS,
        n_(
            "Weight × (ceiling − price) ÷ (ceiling − floor), from 0 to the weight: "
            "{weight} × ({ceiling} − {price}) ÷ ({ceiling} − {floor}) = {points}"
        ),
        {
            "weight": plain(weight),
            "ceiling": f"{ceiling:f}",
            "floor": f"{floor:f}",
            "price": f"{bid.price:f}",
            "points": str(points),
        },
        criterion.code,
    )


LINES: dict[CriterionKind, Callable[[BidFacts, CriterionFacts, str, Computed], Line]] = {
    CriterionKind.QUALITY: _quality_line,
    CriterionKind.OBJECTIVE: _objective_line,
    CriterionKind.PRICE: _price_line,
}
SAID: dict[PriceFormula, Callable[[BidFacts, CriterionFacts, Computed, Decimal, Decimal], Step]] = {
    PriceFormula.LOWEST_RATIO: _lowest_ratio,
    PriceFormula.ABSOLUTE: _absolute,
}
