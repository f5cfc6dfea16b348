"""What would have been: the lot of 2024 asked about its weights, its bids and its prices."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.kernel.errors import NotFound, Refused
from procure.scoring import engine, questions, words
from procure.scoring.reading import read_file
from tests.scoring.cases import bid, encoded, evaluation, example, own

LOT, WITHOUT, ABSOLUTE = "l03-2024", "l03-2024-without-t3", "l03-2024-absolute"


def weights(name: str) -> list[tuple[int, str]]:
    return [(int(p.share * 100), " ".join(p.order)) for p in questions.sensitivity(own(name))]


def test_the_weight_of_price_chooses_the_winner() -> None:
    assert weights(LOT) == [
        *((ten, "T1 T2 T3") for ten in (0, 10, 20, 30, 40)),
        (50, "T2 T3 T1"),
        *((ten, "T3 T2 T1") for ten in (60, 70, 80, 90, 100)),
    ]
    assert weights(WITHOUT) == [
        *((ten, "T1 T2") for ten in (0, 10, 20)),
        *((ten, "T2 T1") for ten in range(30, 101, 10)),
    ]
    at_50 = questions.sensitivity(own(LOT), [Fraction(1, 2)])[1]
    assert at_50.values == {
        "T2": Fraction("71.11"), "T3": Fraction("70.28"), "T1": Fraction("69.89")
    }  # fmt: skip
    assert [p.is_published for p in questions.sensitivity(own(LOT))].index(True) == 4


def test_a_losing_bid_turned_the_order_and_cannot_under_the_absolute_formula() -> None:
    turned = {r.without: r for r in questions.reversals(own(LOT))}

    assert (turned["T3"].order_with, turned["T3"].order_without) == (("T1", "T2"), ("T2", "T1"))
    assert [b for b, r in turned.items() if r.changes_winner] == ["T3"]
    assert not any(r.changes_order for r in questions.reversals(own(ABSOLUTE)))


def test_what_would_have_won_wins_and_a_cent_more_does_not() -> None:
    given = own(LOT)
    answers = {one.id: one for one in questions.to_win(given)}

    assert set(answers) == {"T2", "T3"}
    for id_, one in answers.items():
        assert one.price is not None
        row = given.sheet.ids.index(id_)
        for price, wins in ((one.price, True), (one.price + Fraction("0.01"), False)):
            changed = questions._with_value(given, "price", row, price)
            assert (engine.score(changed).winner == id_) is wins
    assert answers["T2"].behind == Fraction("0.14")
    assert answers["T2"].difference == Fraction("21.50") - (answers["T2"].price or 0)


def test_who_cannot_win_by_price_is_told_so() -> None:
    made = evaluation(
        rule_weights=[
            {"name": "w_price", "value": 10, "side": "price"},
            {"name": "w_method", "value": 90, "side": "quality"},
        ]
    )

    assert [(o.id, o.price) for o in questions.to_win(read_file(encoded(made)))][-1] == ("B", None)


def test_without_a_price_nobody_can_say_how_much_cheaper() -> None:
    with pytest.raises(Refused, match="says no `price`"):
        questions.to_win(read_file(encoded(evaluation(rule_price=""))))


def test_a_bid_drops_out_and_the_next_version_takes_references_anew() -> None:
    changed = questions.evaluated_again(own(LOT), {"T3": "Withdrawn."})

    assert (changed.task.version, changed.outcome.winner) == (2, "T2")
    assert changed.ranks == {"T1": (1, 2), "T2": (2, 1), "T3": (3, None)}
    assert changed.outcome.number("lowest_price") == Fraction("21.50")
    assert changed.outcome.out["T3"].reason == "Withdrawn."
    with pytest.raises(NotFound, match="no bid X"):
        questions.evaluated_again(own(LOT), {"X": ""})


def test_no_weights_on_one_side_have_no_sensitivity() -> None:
    assert questions.sensitivity(example("norway-no-clamp")) == []


@pytest.mark.parametrize(
    ("name", "bid", "said"),
    [
        (LOT, "T1", "points for price: 40 × 12.9 ÷ 24.8 = 20.81"),
        (LOT, "T1", "points for the method: 25 × (0 − 4.666666…) ÷ (0 − 5) = 23.33"),
        (LOT, "T1", "total: 20.81 + 52.66 = 73.47"),
        (LOT, "T1", "k2_minimum: 4.666666… against 3: goes on."),
        (LOT, "T4", "Out by k2_minimum: 2.666666… against 3."),
        (LOT, "T3", "price below 60 % of the median of the others: 12.9 is below 13.86: flagged."),
        (WITHOUT, "T3", "Out: Its explanation was rejected."),
    ],
)
def test_every_step_has_its_sentence(name: str, bid: str, said: str) -> None:
    assert said in [s.message for s in words.of_bid(engine.score(own(name)), bid)]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("norway-surcharge", "compared: 90 × (1 + (10 − 7) ÷ 10 × 0.666666…) = 108"),
        ("netherlands-utility-index", "index: (1 − (8 − 8) × 0.15) ÷ 100 × 80 = 0.8"),
        ("netherlands-log", "points: 40 × (1 − log(100 ÷ 100; 4)) = 40"),
        ("united-kingdom-weighted-value", "value: 1 × 64 ^ 1.5 ÷ 64 = 8"),
        ("italy-bilinear", "points: 30 × line(5) = 13.5"),
        ("before-comparison", "whole_life: 2100 + 50 × 4 = 2300"),
    ],
)
def test_combinations_in_numbers(step: str, said: str) -> None:
    assert said in [s.message for s in words.of_bid(engine.score(example(step)), "A")]


def test_steps_of_the_whole_evaluation_say_of_whom() -> None:
    outcome = engine.score(own(LOT))

    said = [words.of_evaluation(outcome, done).message for done in outcome.trace]
    assert "lowest price of the bids that are left: lowest of price, of T1, T2, T3: 12.9." in said
    assert "k2_minimum: out is T4." in said


def test_halving_stays_inside_what_the_input_admits() -> None:
    made: dict[str, Any] = evaluation()
    made["rule"]["inputs"][0]["above"] = "79.99"
    answers = questions.to_win(read_file(encoded(made)), step=Decimal("0.01"))

    assert all(one.price is None or one.price > Fraction("79.99") for one in answers)


@given(st.lists(st.integers(100, 20_000), min_size=2, max_size=4))
def test_for_any_prices_a_cent_more_than_said_does_not_win(cents: list[int]) -> None:
    bids = [
        bid(f"B{n}", str(Decimal(price) / 100), [n % 3 + 2, 4]) for n, price in enumerate(cents)
    ]
    given_ = read_file(encoded(evaluation(bids=bids)))
    for one in questions.to_win(given_):
        row = given_.sheet.ids.index(one.id)
        if one.price is None:
            continue
        for price, wins in ((one.price, True), (one.price + Fraction(1, 100), False)):
            changed = questions._with_value(given_, "price", row, price)
            assert (engine.score(changed).winner == one.id) is wins
