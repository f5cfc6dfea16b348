"""A lot's facts as an evaluation of the scoring engine, and as the file that anyone recomputes.

Pure. The rule is the tender's (`tenders.rules.scoring`); prices, scores and stated facts are put
beside it. Evaluators are numbered, bidders named: what a dossier may show.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from procure.evaluation.rules.facts import BidFacts, LotFacts
from procure.evaluation.rules.results import Ranking
from procure.kernel.canonical import canonical
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import engine
from procure.scoring.format.file import FORMAT, Bid, Draw, Evaluation, Expected, Rule
from procure.scoring.format.words import Operand
from procure.scoring.outcome import Outcome
from procure.scoring.reading import read_rule, task
from procure.tenders.rules import scoring as tender_rules
from procure.tenders.states import CriterionKind

AT_LEAST_DRAWN = 2


def rule_of(facts: LotFacts) -> Rule:
    """Return the rule of the tender that the lot belongs to."""
    steps = {c.step for c in facts.criteria if c.kind == CriterionKind.QUALITY}
    return tender_rules.scoring_rule(
        facts.criteria,
        below_share=facts.low_price.below_share,
        others_at_least=facts.low_price.others_at_least,
        score_step=steps.pop() if len(steps) == 1 else None,
        decimals=facts.decimals,
        ladder=[rung.value for rung in facts.ladder],
    )


def rule_findings(facts: LotFacts, stored: str | None) -> list[Finding]:
    """Say if a lot would be scored by another rule than the one that its tender published."""
    if stored is None or read_rule(stored.encode()) == rule_of(facts):
        return []
    text = n_("The rule of this tender is not the one that was published; nothing is scored by it.")
    return [Finding("rule-changed", text, clause="RHS § 117")]


def evaluation_of(facts: LotFacts, version: int = 1) -> Evaluation:
    """Put a lot's bids beside its rule."""
    names = tender_rules.names_of(facts.criteria)
    quality = [c.code for c in facts.criteria if c.kind == CriterionKind.QUALITY]
    members = sorted(
        {
            score.member
            for bid in facts.bids
            for code in quality
            for score in bid.scores.get(code, ())
        }
    )
    drawn = tuple(str(bid) for bid in facts.drawn)
    known = {bid.id for bid in facts.bids}
    is_drawn = len(drawn) >= AT_LEAST_DRAWN and set(facts.drawn) <= known
    return Evaluation(
        format=FORMAT,
        title=f"{facts.reference} {facts.lot_code}",
        version=version,
        currency=facts.currency,
        rule=rule_of(facts),
        evaluators=tuple(f"evaluator {member}" for member in members),
        bids=tuple(_bid(bid, facts, names, members) for bid in facts.bids),
        draws=(Draw(among=drawn, order=drawn),) if is_drawn else (),
    )


def _bid(bid: BidFacts, facts: LotFacts, names: Mapping[str, str], members: list[int]) -> Bid:
    scores: dict[str, tuple[Decimal | None, ...]] = {}
    lists: dict[str, tuple[Decimal, ...]] = {}
    for criterion in facts.criteria:
        name = names[criterion.code]
        if criterion.kind == CriterionKind.OBJECTIVE:
            lists[name] = tuple(bid.stated.get(criterion.code, ()))
        elif criterion.kind == CriterionKind.QUALITY and bid.scores.get(criterion.code):
            given = {score.member: score.points for score in bid.scores[criterion.code]}
            scores[name] = tuple(given.get(member) for member in members)
    unscored = any(
        names[c.code] not in scores for c in facts.criteria if c.kind == CriterionKind.QUALITY
    )
    # What was scored before a bid dropped out stays with it; a bid nobody scored was never in.
    before = "" if not bid.excluded or unscored else tender_rules.COUNT
    return Bid(
        id=str(bid.id),
        name=bid.provider_name,
        out=bid.excluded,
        out_before=before,
        values={tender_rules.PRICE: bid.price},
        lists=lists,
        scores=scores,
    )


def computed(facts: LotFacts, weights: Mapping[str, Fraction] | None = None) -> Outcome:
    """Compute a lot, as if the criteria had these weights where they are given."""
    names = tender_rules.names_of(facts.criteria)
    made = task(evaluation_of(facts))
    changed = {
        tender_rules.weight_name(names[code]): weight for code, weight in (weights or {}).items()
    }
    return engine.run(made.rule, made, changed)


def prices_compared(facts: LotFacts) -> Outcome:
    """Compare prices alone, of bids that are not excluded: nobody need have scored."""
    made = Evaluation(
        format=FORMAT,
        title=f"{facts.reference} {facts.lot_code}",
        rule=tender_rules.price_rule(
            below_share=facts.low_price.below_share,
            others_at_least=facts.low_price.others_at_least,
        ),
        bids=tuple(
            Bid(id=str(bid.id), out=bid.excluded, values={tender_rules.PRICE: bid.price})
            for bid in facts.bids
        ),
    )
    return engine.score(task(made))


def scoring_file(facts: LotFacts, ranking: Ranking, version: int) -> bytes:
    """Write the evaluation with what came of it, for `procure score --check`."""
    names = tender_rules.names_of(facts.criteria)
    columns: dict[str, dict[str, Operand]] = {tender_rules.TOTAL: {}}
    for result in ranking.ranked:
        bid = str(result.bid_id)
        if result.total is not None:
            columns[tender_rules.TOTAL][bid] = result.total
        for line in result.lines:
            if line.points is not None:
                columns.setdefault(tender_rules.points_name(names[line.code]), {})[bid] = (
                    line.points
                )
    winner = ranking.winner_id
    expected = Expected(
        winner=str(winner) if winner else "",
        out=tuple(str(r.bid_id) for r in ranking.results if r.rank is None),
        ranks={str(r.bid_id): r.rank for r in ranking.ranked if r.rank is not None},
        columns=columns,
    )
    made = msgspec.structs.replace(evaluation_of(facts, version), expected=expected)
    return canonical(made).encode()
