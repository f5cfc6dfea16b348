"""Trying a tender's scoring on bids that nobody made: what its formula and weights do.

Pure, and the same engine that scores real bids (procure.scoring), so that no second formula can
disagree. Prices in EUR without VAT per unit; nothing of it is kept anywhere. Source: RHS 85, 115;
docs/decisions/0013.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

import msgspec

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.money import is_usable
from procure.kernel.texts import n_
from procure.scoring.engine import score
from procure.scoring.format.file import FORMAT, Bid, Evaluation, Rule
from procure.scoring.outcome import Outcome
from procure.scoring.questions import reversals, sensitivity, without
from procure.scoring.reading import Task, task
from procure.tenders.rules.drafts import CriterionDraft
from procure.tenders.rules.scoring import (
    LOW_PRICE,
    PRICE,
    TOTAL,
    names_of,
    points_name,
    scoring_rule,
)
from procure.tenders.states import CriterionKind

MOST_BIDS = 12
LETTERS = "ABCDEFGHIJKL"
LARGEST = Decimal(1_000_000)  # of a price or a fact
CENT = Decimal("0.01")
PANEL = ("mean",)  # one score a criterion: the mean of evaluators who do not exist


class TrialBid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invented bid: its price, and by criterion the mean score or the fact that is stated."""

    price: Decimal
    scores: Mapping[str, Decimal] = {}


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Invented bids; the first is called A, the second B."""

    bids: Sequence[TrialBid]


class TriedBid(msgspec.Struct, frozen=True):
    """What came of one bid."""

    id: str
    price: Decimal
    points: Mapping[str, Decimal]  # by criterion; none of price where it is out before
    total: Decimal | None
    rank: int | None
    is_tied: bool
    below_minimum: str  # the criterion that put it out; empty while it is in
    is_low: bool  # its price would be asked about


class AtPriceWeight(msgspec.Struct, frozen=True):
    """Totals at one weight of price, the others keeping their ratio."""

    price_weight: Decimal
    totals: Mapping[str, Decimal]
    winner: str | None  # none: equal ones are first, or nobody is left
    is_drafted: bool


class Span(msgspec.Struct, frozen=True):
    """Neighbouring weights of price at which the same bid wins."""

    first: Decimal
    last: Decimal
    winner: str | None


class WithoutOne(msgspec.Struct, frozen=True):
    """Who is first among the others, with and without one bid."""

    id: str
    first_with: str | None
    first_without: str | None
    changes_winner: bool
    changes_order: bool


class ZeroPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the cheapest bid asks for nothing, or for a cent where 0 is refused."""

    id: str
    is_refused: bool  # the rule takes no price of 0
    price: Decimal  # what was computed instead: 0, or a cent
    winner: str | None
    totals: Mapping[str, Decimal]


class Alone(msgspec.Struct, frozen=True):
    """What one bid gets when no other comes."""

    id: str
    total: Decimal | None  # none: it is out, although it is alone
    is_asked: bool  # whether its price could be found low, with nothing to compare it with


class Simulation(msgspec.Struct, frozen=True):
    """What the draft's scoring does with the bids of a trial."""

    bids: Sequence[TriedBid]
    winner: str | None
    at_weights: Sequence[AtPriceWeight]  # 0 to 100; empty where price or quality has no weight
    spans: Sequence[Span]
    reversals: Sequence[WithoutOne]
    zero_price: ZeroPrice
    alone: Sequence[Alone]

    @property
    def a_loser_decides(self) -> bool:
        """Whether leaving out a bid that does not win changes who is first of the others."""
        return any(one.changes_winner and one.id != self.winner for one in self.reversals)


def simulate(
    criteria: Sequence[CriterionDraft],
    trial: Trial,
    *,
    low_price_share: Decimal = Decimal("0.6"),
    low_price_others: int = 1,
) -> Simulation:
    """Score the bids of a trial; Refused with everything that is wrong with them."""
    if found := list(_findings(criteria, trial)):
        raise Refused(found)
    rule = scoring_rule(criteria, below_share=low_price_share, others_at_least=low_price_others)
    tried = task(_evaluation(rule, criteria, trial.bids))
    outcome = score(tried)
    weights = [
        AtPriceWeight(
            Decimal(point.share.numerator) * 100 / point.share.denominator,
            {bid: _points(value) for bid, value in point.values.items()},
            point.winner,
            point.is_published,
        )
        for point in sensitivity(tried, [Fraction(n, 100) for n in range(101)])
    ]
    return Simulation(
        bids=[_tried(outcome, criteria, bid, letter) for letter, bid in _lettered(trial)],
        winner=outcome.winner,
        at_weights=weights,
        spans=_spans(weights),
        reversals=_reversals(tried, outcome),
        zero_price=_zero_price(rule, criteria, trial),
        alone=[_alone(tried, letter) for letter, _ in _lettered(trial)],
    )


def _findings(criteria: Sequence[CriterionDraft], trial: Trial) -> Iterator[Finding]:
    """Say what is wrong with invented bids, each with its field."""
    if not 1 <= len(trial.bids) <= MOST_BIDS:
        text = n_("Try between 1 and {most} bids.")
        yield Finding("trial-bids", text, {"most": MOST_BIDS}, field="bids")
        return
    scored = {c.code: c for c in criteria if c.kind != CriterionKind.PRICE}
    for i, bid in enumerate(trial.bids):
        if not is_usable(bid.price, LARGEST) or bid.price <= 0:
            text = n_("A price is above 0; what a price of 0 does is shown below.")
            yield Finding("trial-price", text, field=f"bids.{i}.price")
        for code in sorted(set(bid.scores) - set(scored)):
            text = n_("{code} is no criterion of quality of this tender.")
            yield Finding("trial-stranger", text, {"code": code}, field=f"bids.{i}")
        for code, criterion in scored.items():
            value = bid.scores.get(code)
            is_score = criterion.kind == CriterionKind.QUALITY
            most = (criterion.scale_max or Decimal(1)) if is_score else LARGEST
            if value is None or not is_usable(value, LARGEST) or not 0 <= value <= most:
                text = n_("{code} of bid {bid}: a number from 0 to {most}.")
                values = {"code": code, "bid": LETTERS[i], "most": most}
                yield Finding("trial-score", text, values, field=f"bids.{i}.{code}")


def proposed_trial(criteria: Sequence[CriterionDraft], unit_price: Decimal) -> Trial:
    """Invent three bids around an estimate: dear and excellent, as estimated, cheap and passable.

    Prices at 115, 100 and 85 % of the estimate; scores at the top, at three quarters, and at the
    minimum (or the middle) of each scale; facts at the top, middle and bottom of each table.
    """
    price = unit_price if unit_price > 0 else Decimal(100)
    return Trial(
        [
            TrialBid(
                max((price * share).quantize(CENT), CENT),
                {c.code: _proposed(c, level) for c in criteria if c.kind != CriterionKind.PRICE},
            )
            for level, share in enumerate((Decimal("1.15"), Decimal(1), Decimal("0.85")))
        ]
    )


def _proposed(criterion: CriterionDraft, level: int) -> Decimal:
    if criterion.kind == CriterionKind.OBJECTIVE:
        facts = [row.at_least for row in criterion.table] or [Decimal(0)]
        return facts[(-1, len(facts) // 2, 0)[level]]
    top = criterion.scale_max or Decimal(1)
    least = max(criterion.minimum or Decimal(0), top / 2)
    return (top, max(top * 3 / 4, least), least)[level].normalize() + Decimal(0)


def _lettered(trial: Trial) -> list[tuple[str, TrialBid]]:
    return list(zip(LETTERS, trial.bids, strict=False))


def _evaluation(
    rule: Rule, criteria: Sequence[CriterionDraft], bids: Sequence[TrialBid]
) -> Evaluation:
    names = names_of(criteria)
    return Evaluation(
        format=FORMAT,
        title="",
        rule=rule,
        evaluators=PANEL,
        bids=tuple(
            Bid(
                id=letter,
                values={PRICE: bid.price},
                scores={
                    names[c.code]: (bid.scores[c.code],)
                    for c in criteria
                    if c.kind == CriterionKind.QUALITY
                },
                lists={
                    names[c.code]: (bid.scores[c.code],)
                    for c in criteria
                    if c.kind == CriterionKind.OBJECTIVE
                },
            )
            for letter, bid in zip(LETTERS, bids, strict=False)
        ),
    )


def _points(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(CENT)


def _tried(
    outcome: Outcome, criteria: Sequence[CriterionDraft], bid: TrialBid, letter: str
) -> TriedBid:
    place = next((place for place in outcome.places if place.id == letter), None)
    points = {
        c.code: _points(value)
        for c in criteria
        if (value := outcome.value(points_name(names_of(criteria)[c.code]), letter)) is not None
    }
    total = outcome.value(TOTAL, letter) if place else None
    dropped = outcome.out.get(letter)
    return TriedBid(
        letter,
        bid.price,
        points,
        None if total is None else _points(total),
        place.rank if place else None,
        place.is_tied if place else False,
        _put_out_by(criteria, dropped.step) if dropped else "",
        letter in outcome.flags.get(LOW_PRICE, ()),
    )


def _put_out_by(criteria: Sequence[CriterionDraft], step: str) -> str:
    codes = {name: code for code, name in names_of(criteria).items()}
    return codes.get(step.partition("_")[2], step)


def _spans(weights: Sequence[AtPriceWeight]) -> list[Span]:
    found = []
    for winner, points in groupby(weights, key=lambda point: point.winner):
        those = list(points)
        found.append(Span(those[0].price_weight, those[-1].price_weight, winner))
    return found


def _reversals(tried: Task, outcome: Outcome) -> list[WithoutOne]:
    found = []
    for one in reversals(tried):
        ranks = outcome.ranks
        best = min((ranks[bid] for bid in one.order_with), default=None)
        first = [bid for bid in one.order_with if ranks[bid] == best]
        then = score(without(tried, [one.without]))
        found.append(
            WithoutOne(
                one.without,
                first[0] if len(first) == 1 else None,
                then.winner,
                one.changes_winner,
                one.changes_order,
            )
        )
    return found


def _zero_price(rule: Rule, criteria: Sequence[CriterionDraft], trial: Trial) -> ZeroPrice:
    """Score the trial with the cheapest bid's price at 0; at a cent if the rule refuses that."""
    lowest = min(range(len(trial.bids)), key=lambda i: trial.bids[i].price)

    def at(price: Decimal) -> Outcome:
        bids = list(trial.bids)
        bids[lowest] = msgspec.structs.replace(bids[lowest], price=price)
        return score(task(_evaluation(rule, criteria, bids)))

    price, is_refused = Decimal(0), False
    try:
        outcome = at(price)
    except Refused:
        price, is_refused = CENT, True
        outcome = at(price)
    totals = {place.id: outcome.value(TOTAL, place.id) for place in outcome.places}
    return ZeroPrice(
        id=LETTERS[lowest],
        is_refused=is_refused,
        price=price,
        winner=outcome.winner,
        totals={bid: _points(total) for bid, total in totals.items() if total is not None},
    )


def _alone(tried: Task, letter: str) -> Alone:
    outcome = score(without(tried, [bid for bid in tried.sheet.ids if bid != letter]))
    total = outcome.value(TOTAL, letter) if letter in outcome.order else None
    is_asked = letter in outcome.flags.get(LOW_PRICE, ())
    return Alone(letter, None if total is None else _points(total), is_asked)
