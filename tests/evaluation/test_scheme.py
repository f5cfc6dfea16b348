"""A lot as a file of the scoring engine: valid, recomputed, in accord with plain arithmetic."""

from decimal import Decimal
from fractions import Fraction
from statistics import mean

import msgspec
import pytest
from hypothesis import given

from procure.evaluation.rules import (
    BidFacts,
    LotFacts,
    evaluation_of,
    rank,
    rule_of,
    scoring_file,
)
from procure.evaluation.rules import (
    rule_findings as changed_rule,
)
from procure.evaluation.rules.numbers import half_up
from procure.evaluation.rules.ranking import ranking_of
from procure.evaluation.rules.scheme import computed, prices_compared
from procure.evaluation.rules.transforms import lowest_price
from procure.scoring import engine
from procure.scoring.checks import rule_findings
from procure.scoring.expecting import differences
from procure.scoring.format.file import Rule
from procure.scoring.reading import read_file, read_rule
from procure.tenders.rules import scoring as tender_rules
from tests.builders.lot_l03 import (
    FACTS,
    K1,
    K1_ABSOLUTE,
    K2,
    K3,
    K4,
    T1,
    T2,
    T3,
    D,
    bid,
    excluding,
    lot,
)
from tests.evaluation.test_rules import bids, generated

WITHOUT_T3 = excluding(FACTS, T3)
PRICE_ONLY = lot(bid(T1, "22.50"), bid(T2, "22.00"), criteria=(K1,))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(FACTS, id="the worked lot"),
        pytest.param(WITHOUT_T3, id="without a bid"),
        pytest.param(PRICE_ONLY, id="price alone"),
        pytest.param(lot(*FACTS.bids, criteria=(K1_ABSOLUTE, K2, K3, K4)), id="absolute"),
        pytest.param(lot(*FACTS.bids, criteria=(K2, K3, K4)), id="no price"),
        pytest.param(msgspec.structs.replace(FACTS, drawn=(T2, T1)), id="with lots drawn"),
        pytest.param(lot(), id="no bids"),
    ],
)
def test_the_file_of_a_lot_recomputes_its_ranking(facts: LotFacts) -> None:
    if facts.bids:
        assert [f for f in rule_findings(rule_of(facts)) if f.code != "check-fails"] == []
    ranking = rank(facts)

    task = read_file(scoring_file(facts, ranking, 3))

    assert task.version == 3
    assert task.expected is not None
    assert differences(engine.score(task), task.expected) == []


def test_a_changed_score_is_noticed() -> None:
    file = scoring_file(FACTS, rank(FACTS), 1)
    task = read_file(file.replace(b'"K2":["5","4","5"]', b'"K2":["5","5","5"]'))

    assert task.expected is not None
    assert differences(engine.score(task), task.expected) != []


def test_evaluators_are_numbered_and_reasons_stay_at_home() -> None:
    made = evaluation_of(FACTS)

    assert made.evaluators == ("evaluator 1", "evaluator 2", "evaluator 3")
    assert b"because" not in scoring_file(FACTS, rank(FACTS), 1)


def test_who_was_excluded_keeps_the_points_given_before() -> None:
    result = rank(WITHOUT_T3).result_of(T3)

    assert [line.points for line in result.lines] == [None, D("15.00"), D("9.33"), D("0.00")]


@given(bids)
def test_the_engine_agrees_with_plain_arithmetic(rows: list) -> None:  # type: ignore[type-arg]
    facts = generated(rows)
    outcome = computed(facts)
    results = {r.bid_id: r for r in ranking_of(facts, outcome).results}
    scored = [c for c in facts.criteria if c.code in ("K2", "K3")]

    def mean_of(b: BidFacts, code: str) -> Fraction:
        return Fraction(mean(Fraction(s.points) for s in b.scores[code]))

    left = [b for b in facts.bids if all(mean_of(b, c.code) >= (c.minimum or 0) for c in scored)]
    assert {b.id for b in left} == {id_ for id_, r in results.items() if r.rank is not None}
    best = min((b.price for b in left), default=None)
    assert lowest_price(outcome) == best
    for b in left:
        stated = [Fraction(v) for v in b.stated["K4"]]
        led = sum(stated) / len(stated) if stated else 0
        rows_of_table = [row for row in K4.table if row.at_least <= led]
        wanted = [half_up(Fraction(40) * Fraction(best or 0) / Fraction(b.price), 2)]
        wanted += [half_up(Fraction(c.weight) * mean_of(b, c.code) / 5, 2) for c in scored]
        wanted.append(half_up(Fraction(15) * Fraction(rows_of_table[-1].score) / 5, 2))
        assert [line.points for line in results[b.id].lines] == wanted
        assert results[b.id].total == sum(wanted)


@pytest.mark.parametrize(
    ("code", "name"),
    [("K1", "K1"), ("QUALITY", "QUALITY"), ("K-1", "c1"), ("õ", "c1"), ("k1", "c1")],
)
def test_what_a_criterion_is_called_in_the_rule(code: str, name: str) -> None:
    assert tender_rules.names_of([msgspec.structs.replace(K1, code=code)]) == {code: name}


def test_the_names_in_a_rule_follow_from_the_criterion() -> None:
    rule = rule_of(FACTS)
    names = {step.name for step in rule.steps}

    assert {tender_rules.points_name(c) for c in ("K1", "K2", "K3", "K4")} <= names
    assert {tender_rules.minimum_name("K2"), tender_rules.score_name("K4")} <= names
    assert tender_rules.weight_name("K1") in {weight.name for weight in rule.weights}


def test_a_rule_is_stored_as_text_and_read_back() -> None:
    rule = rule_of(FACTS)

    assert read_rule(tender_rules.rule_text(rule).encode()) == rule
    assert isinstance(rule, Rule)


def test_prices_are_compared_before_anybody_has_scored_and_as_in_the_whole_rule() -> None:
    unscored = msgspec.structs.replace(
        FACTS, bids=tuple(msgspec.structs.replace(b, scores={}) for b in FACTS.bids)
    )

    assert prices_compared(unscored).flags == computed(FACTS).flags == {"low_price": (str(T3),)}
    part = tender_rules.price_rule(below_share=Decimal("0.6"))
    assert set(part.steps) < set(rule_of(FACTS).steps)


def test_what_is_wrong_with_the_criteria_is_said_of_the_criteria() -> None:
    rule = tender_rules.scoring_rule([K1, K2], below_share=Decimal("0.6"))

    assert [(f.code, f.field) for f in tender_rules.scoring_findings(rule)] == [
        ("scoring-check-fails", "criteria")
    ]


def test_a_lot_is_scored_by_the_published_rule_or_not_at_all() -> None:
    published = tender_rules.rule_text(rule_of(FACTS))

    assert changed_rule(FACTS, None) == changed_rule(FACTS, published) == []
    dearer = lot(*FACTS.bids, criteria=(msgspec.structs.replace(K1, weight=D(45)), K2, K3, K4))
    assert [f.code for f in changed_rule(dearer, published)] == ["rule-changed"]
