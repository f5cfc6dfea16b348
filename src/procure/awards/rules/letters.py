"""The letter to each tenderer: own points with reasons, who won and why, what would have won.

Pure. A letter tells of another bid only its name, price, points and what the decision says of it:
not its answers, nor what evaluators wrote about it. Source: RHS 47-48, 120; Directive 2014/24/EU
art. 55(2); Lancashire Care [2018] EWHC 1589 (reasons that bear being read by a court).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.awards.rules.facts import (
    Better,
    CriterionLine,
    DecisionFacts,
    EndLetterFacts,
    LetterFacts,
    WinnerLine,
)
from procure.awards.states import LetterKind
from procure.evaluation.rules import (
    BidFacts,
    BidResult,
    BidStatus,
    Deficit,
    LotFacts,
    Step,
    deficits,
)


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What all letters of a lot have in common."""

    tender_title: str
    lot_title: str
    complaint_until_on: date
    complaint_clause: str
    registry_codes: Mapping[UUID, str]  # by bid


def letters(lot: LotFacts, decision: DecisionFacts, heading: Heading) -> dict[UUID, LetterFacts]:
    """Write the letter to each tenderer of a decided lot, by bid, in the order of the ranking."""
    short = {d.bid_id: d for d in deficits(lot, decision.winners_count)}
    first = {d.bid_id: d for d in deficits(lot)}
    bids = {bid.id: bid for bid in lot.bids}
    return {
        result.bid_id: _letter(
            bids[result.bid_id],
            result,
            lot=lot,
            decision=decision,
            heading=heading,
            deficit=short.get(result.bid_id) or first.get(result.bid_id),
        )
        for result in decision.ranking.results
    }


def letter_kind(decision: DecisionFacts, result: BidResult) -> LetterKind:
    """Tell what kind of letter a bid gets."""
    if result.bid_id in decision.winner_ids:
        return LetterKind.WINNER
    return LetterKind.RANKED if result.status == BidStatus.RANKED else LetterKind.EXCLUDED


def _letter(
    bid: BidFacts,
    result: BidResult,
    *,
    lot: LotFacts,
    decision: DecisionFacts,
    heading: Heading,
    deficit: Deficit | None,
) -> LetterFacts:
    best = decision.ranking.ranked[0]
    is_first = best.bid_id == bid.id
    return LetterFacts(
        kind=letter_kind(decision, result),
        reference=lot.reference,
        tender_title=heading.tender_title,
        lot_code=lot.lot_code,
        lot_title=heading.lot_title,
        currency=lot.currency,
        provider_name=bid.provider_name,
        unit_price=bid.price,
        rank=result.rank,
        total=result.total,
        tenderers_count=decision.tenderers_count,
        ranked_count=len(decision.ranking.ranked),
        lines=_lines(bid, result, lot, None if is_first else best),
        out_because=tuple(map(step_facts, result.steps)) if result.rank is None else (),
        winners=tuple(
            WinnerLine(
                rank=winner.rank or 0,
                provider_name=winner.provider_name,
                registry_code=heading.registry_codes.get(winner.bid_id, ""),
                unit_price=winner.price,
                total=winner.total or Decimal(0),
            )
            for winner in decision.ranking.ranked[: decision.winners_count]
        ),
        better=() if is_first else advantages(best, result, lot),
        characteristics=decision.characteristics,
        reasons=decision.reasons,
        points_short=deficit.points_short if deficit else None,
        winning_price=deficit.winning_price if deficit else None,
        price_difference=deficit.difference if deficit else None,
        no_price_wins=deficit is not None and deficit.winning_price is None,
        decided_on=decision.decided_on,
        last_blocked_on=decision.last_blocked_on,
        signing_from_on=(
            decision.last_blocked_on + timedelta(days=1) if decision.last_blocked_on else None
        ),
        complaint_until_on=heading.complaint_until_on,
        complaint_clause=heading.complaint_clause,
    )


def end_letter(
    lot: LotFacts,
    bid: BidFacts,
    result: BidResult | None,
    *,
    heading: Heading,
    kind: LetterKind,
    ground: str,
    reasons: str,
    decided_on: date,
) -> EndLetterFacts:
    """Write to one tenderer that a lot ends without award, or that its award was annulled."""
    return EndLetterFacts(
        kind=kind,
        reference=lot.reference,
        tender_title=heading.tender_title,
        lot_code=lot.lot_code,
        lot_title=heading.lot_title,
        provider_name=bid.provider_name,
        ground=ground,
        reasons=reasons,
        lines=_lines(bid, result, lot, None) if result else (),
        out_because=tuple(map(step_facts, result.steps)) if result and not result.rank else (),
        decided_on=decided_on,
        complaint_until_on=heading.complaint_until_on,
        complaint_clause=heading.complaint_clause,
    )


def _lines(
    bid: BidFacts, result: BidResult, lot: LotFacts, best: BidResult | None
) -> tuple[CriterionLine, ...]:
    return tuple(
        CriterionLine(
            code=line.code,
            name=criterion.name,
            weight=line.weight,
            points=line.points,
            winner_points=best.points_of(line.code) if best else None,
            steps=tuple(map(step_facts, line.steps)),
            reasons=tuple(score.reason for score in bid.scores.get(line.code, ())),
        )
        for line, criterion in zip(result.lines, lot.criteria, strict=True)
    )


def advantages(best: BidResult, own: BidResult, lot: LotFacts) -> tuple[Better, ...]:
    """List the criteria on which the best bid got more points, the largest difference first."""
    found = [
        Better(name=criterion.name, points=theirs, own_points=ours)
        for criterion in lot.criteria
        if (theirs := best.points_of(criterion.code)) is not None
        and (ours := own.points_of(criterion.code)) is not None
        and theirs > ours
    ]
    return tuple(sorted(found, key=lambda better: better.own_points - better.points))


def step_facts(step: Step) -> dict[str, object]:
    """Return a step as a paper reads it: a source text, and what fills it."""
    return {"kind": str(step.kind), "text": step.text, "values": dict(step.values)}
