"""What to know before a decision: low prices, rank reversal, sensitivity, what would have won.

Pure: each answer is a ranking of changed facts, so that no second formula can disagree with the
first. Source: RHS 115; Consip and KOFA practice on relative price formulas.
"""

from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import msgspec

from procure.evaluation.rules.facts import LabourFacts, LotFacts
from procure.evaluation.rules.numbers import half_up
from procure.evaluation.rules.ranking import rank, ranked_by
from procure.evaluation.rules.results import Ranking
from procure.evaluation.rules.scheme import prices_compared
from procure.tenders.rules import scoring as tender_rules
from procure.tenders.states import CriterionKind

CENT = Decimal("0.01")


class LowPrice(msgspec.Struct, frozen=True, kw_only=True):
    """How a price stands beside the others; a flag is a question and never a rejection."""

    bid_id: UUID
    provider_name: str
    price: Decimal
    median_of_others: Decimal | None  # none where there are too few others
    ratio: Decimal | None  # three decimals, for reading
    below_share: Decimal
    is_flagged: bool
    labour_floor: Decimal | None  # for information
    is_below_floor: bool


class Reversal(msgspec.Struct, frozen=True, kw_only=True):
    """What the order of the others would be without one bid."""

    without_id: UUID
    without_name: str
    order_with: tuple[UUID, ...]  # of the others, as it is
    order_without: tuple[UUID, ...]  # of the others, were this bid not there
    changes_order: bool
    changes_winner: bool  # who comes first among the others changes


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """The order at one weight of price; the other weights keep their ratio."""

    price_weight: int
    order: tuple[UUID, ...]
    totals: dict[UUID, Decimal]
    winner_id: UUID | None
    is_published: bool  # the weight in the tender documents


class Deficit(msgspec.Struct, frozen=True, kw_only=True):
    """What would have brought one losing bid to a place that counts, all else unchanged."""

    bid_id: UUID
    points_short: Decimal
    winning_price: Decimal | None  # the highest that wins, in cents; none: no price would have
    difference: Decimal | None  # how much lower that is


def labour_floor(labour: LabourFacts) -> Decimal:
    """Return the least that labour costs a participant day, half up to cents.

    >>> labour_floor(LabourFacts(
    ...     hourly_wage=Decimal("4.86"), employer_share=Decimal("0.338"),
    ...     facilitators_count=2, hours_count=Decimal(6), places_count=12,
    ... ))
    Decimal('6.50')
    """
    day = Fraction(labour.hourly_wage) * labour.facilitators_count * Fraction(labour.hours_count)
    return half_up(day * (1 + Fraction(labour.employer_share)) / labour.places_count, 2)


def low_prices(facts: LotFacts) -> list[LowPrice]:
    """Compare each price with the median of the others, in the order of the facts.

    The others are all bids that are not excluded, those below a minimum included: their price was
    meant as seriously. Exactly the share is not below it.
    """
    rule = facts.low_price
    floor = labour_floor(rule.labour) if rule.labour else None
    outcome = prices_compared(facts)
    flagged = set(outcome.flags[tender_rules.LOW_PRICE])
    valid = [(row, bid) for row, bid in enumerate(facts.bids) if not bid.excluded]
    has_enough = len(valid) > rule.others_at_least
    others = outcome.state.columns[tender_rules.OTHERS]
    found = []
    for row, bid in valid:
        middle = others[row] if has_enough else None
        ratio = Fraction(bid.price) / middle if middle else None
        found.append(
            LowPrice(
                bid_id=bid.id,
                provider_name=bid.provider_name,
                price=bid.price,
                median_of_others=None if middle is None else half_up(middle, 2),
                ratio=None if ratio is None else half_up(ratio, 3),
                below_share=rule.below_share,
                is_flagged=str(bid.id) in flagged,
                labour_floor=floor,
                is_below_floor=floor is not None and bid.price < floor,
            )
        )
    return found


def without(facts: LotFacts, bid_id: UUID) -> LotFacts:
    """Return the facts as if one bid had not come."""
    return msgspec.structs.replace(facts, bids=tuple(bid for bid in facts.bids if bid.id != bid_id))


def rank_reversal(facts: LotFacts) -> list[Reversal]:
    """For each ranked bid, tell whether the others would stand in another order without it."""
    now = rank(facts)
    found = []
    for result in now.ranked:
        with_it = tuple(bid for bid in now.order if bid != result.bid_id)
        then = rank(without(facts, result.bid_id))
        found.append(
            Reversal(
                without_id=result.bid_id,
                without_name=result.provider_name,
                order_with=with_it,
                order_without=then.order,
                changes_order=_places(now, with_it) != _places(then, with_it),
                changes_winner=_first_of(now, with_it) != _first_of(then, with_it),
            )
        )
    return found


def _places(ranking: Ranking, among: tuple[UUID, ...]) -> list[frozenset[UUID]]:
    """Return who shares each place among some of the bids, best first: ties have no order."""
    ranks = {result.bid_id: result.rank for result in ranking.ranked if result.bid_id in among}
    steps = sorted({place for place in ranks.values() if place is not None})
    return [frozenset(bid for bid, place in ranks.items() if place == step) for step in steps]


def _first_of(ranking: Ranking, among: tuple[UUID, ...]) -> frozenset[UUID]:
    """Return who comes first among some of the bids: more than one where that is undecided."""
    return next(iter(_places(ranking, among)), frozenset())


def sensitivity(facts: LotFacts, step: int = 10) -> list[Sensitivity]:
    """Rank at every weight of price from 0 to 100; nothing where one side is missing."""
    price = [c for c in facts.criteria if c.kind == CriterionKind.PRICE]
    others = [c for c in facts.criteria if c.kind != CriterionKind.PRICE]
    if len(price) != 1 or not others:
        return []
    quality = sum((Fraction(c.weight) for c in others), Fraction(0))
    points = []
    for weight in sorted({*range(0, 101, step), int(price[0].weight)}):
        weights = {c.code: (100 - weight) * Fraction(c.weight) / quality for c in others}
        ranking = ranked_by(facts, {**weights, price[0].code: Fraction(weight)})
        points.append(
            Sensitivity(
                price_weight=weight,
                order=ranking.order,
                totals={r.bid_id: r.total for r in ranking.ranked if r.total is not None},
                winner_id=ranking.winner_id,
                is_published=weight == price[0].weight,
            )
        )
    return points


def deficits(facts: LotFacts, places: int = 1) -> list[Deficit]:
    """For each bid ranked behind the first `places`, find the highest price that reaches them."""
    now = rank(facts)
    found = []
    for result in now.ranked:
        last = now.ranked[places - 1] if len(now.ranked) >= places else None
        if result.rank is None or result.rank <= places or result.total is None or last is None:
            continue
        price = _winning_price(facts, result.bid_id, result.price, places)
        found.append(
            Deficit(
                bid_id=result.bid_id,
                points_short=(last.total or result.total) - result.total,
                winning_price=price,
                difference=None if price is None else result.price - price,
            )
        )
    return found


def _winning_price(facts: LotFacts, bid_id: UUID, price: Decimal, places: int) -> Decimal | None:
    """Search by halving: a lower own price never lowers one's own place."""

    def wins(cents: int) -> bool:
        bids = tuple(
            msgspec.structs.replace(bid, price=cents * CENT) if bid.id == bid_id else bid
            for bid in facts.bids
        )
        result = rank(msgspec.structs.replace(facts, bids=bids)).result_of(bid_id)
        return result.rank is not None and result.rank <= places and not result.is_tied

    low, high = 1, int(price / CENT)
    if high < 1 or not wins(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wins(middle) else (low, middle - 1)
    return low * CENT


def reversal_exists(facts: LotFacts) -> bool:
    """Tell whether leaving out any bid would change who is first among the others."""
    return any(reversal.changes_winner for reversal in rank_reversal(facts))


def fixed_price(facts: LotFacts, price: Decimal) -> LotFacts:
    """Return the facts as if price had been fixed and only quality scored (RHS 85(7))."""
    return msgspec.structs.replace(
        facts,
        criteria=tuple(c for c in facts.criteria if c.kind != CriterionKind.PRICE),
        bids=tuple(msgspec.structs.replace(bid, price=price) for bid in facts.bids),
    )
