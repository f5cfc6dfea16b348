"""Ranking: the worked lot to the hundredth, both sides of every boundary, what must not matter."""

import json
import os
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, permutations
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.evaluation.rules import (
    BidStatus,
    LotFacts,
    Ranking,
    ScoreEntry,
    StepKind,
    bars,
    count_findings,
    deficits,
    fact_findings,
    field_of,
    fixed_price,
    labour_floor,
    lines,
    low_prices,
    needs_panel,
    panel_findings,
    points_findings,
    rank,
    rank_reversal,
    ranked_by,
    reversal_exists,
    score_findings,
    sensitivity,
    without,
)
from procure.evaluation.rules.numbers import half_up, plain
from procure.evaluation.rules.panel import MemberFacts, ranking_findings
from procure.kernel.canonical import canonical, read_canonical
from tests.builders.lot_l03 import (
    FACTS,
    K1,
    K1_ABSOLUTE,
    K2,
    K3,
    K4,
    NAMES,
    T1,
    T2,
    T3,
    T4,
    D,
    bid,
    excluding,
    lot,
)

WITHOUT_T3 = excluding(FACTS, T3)
ABSOLUTE = msgspec.structs.replace(FACTS, criteria=(K1_ABSOLUTE, K2, K3, K4))


def table(ranking: Ranking) -> list[tuple[object, ...]]:
    """Rank, bid, points per criterion and total of the ranked bids."""
    return [
        (r.rank, NAMES[r.bid_id], *(str(line.points) for line in r.lines), str(r.total))
        for r in ranking.ranked
    ]


def order(ranking: Ranking) -> str:
    return " ".join(NAMES[bid_id] for bid_id in ranking.order)


# --- The worked lot ----------------------------------------------------------------------------


def test_the_lot_with_all_valid_bids() -> None:
    assert table(rank(FACTS)) == [
        (1, "T1", "20.81", "23.33", "17.33", "12.00", "73.47"),
        (2, "T2", "24.00", "20.00", "17.33", "12.00", "73.33"),
        (3, "T3", "40.00", "15.00", "9.33", "0.00", "64.33"),
    ]


def test_means_and_table_scores_are_stated() -> None:
    lines = {line.code: line for line in rank(FACTS).result_of(T1).lines}

    assert [lines[code].mean for code in ("K2", "K3", "K4")] == [D("4.67"), D("4.33"), D("11.50")]
    assert lines["K4"].score == 4


def test_a_mean_below_the_minimum_is_not_ranked_and_says_why() -> None:
    out = rank(FACTS).result_of(T4)

    assert (out.status, out.rank, out.total) == (BidStatus.BELOW_MINIMUM, None, None)
    assert [line.code for line in out.lines if line.below_minimum] == ["K2"]
    assert [step.message for step in out.steps] == [
        "Criterion K2: the mean 2.67 is below the minimum 3, so the bid is not ranked."
    ]


def test_once_the_cheapest_is_excluded_the_best_price_is_taken_from_the_rest() -> None:
    ranking = rank(WITHOUT_T3)

    assert ranking.best_price == D("21.50")
    assert table(ranking) == [
        (1, "T2", "40.00", "20.00", "17.33", "12.00", "89.33"),
        (2, "T1", "34.68", "23.33", "17.33", "12.00", "87.34"),
    ]
    assert ranking.result_of(T3).status == BidStatus.EXCLUDED
    assert ranking.result_of(T3).steps[0].message == "Excluded: Its explanation was rejected."


def test_a_bid_below_the_minimum_does_not_set_the_best_price() -> None:
    cheap = bid(T4, "1.00", (3, 2, 3), (4, 4, 4), (6, 4))

    assert rank(msgspec.structs.replace(FACTS, bids=(*FACTS.bids[:3], cheap))).best_price == D(
        "12.90"
    )


def test_every_number_has_its_formula_in_words() -> None:
    result = rank(FACTS).result_of(T1)

    said = [step.message for line in result.lines for step in line.steps]
    assert said == [
        "Weight × lowest price ÷ price: 40 × 12.90 ÷ 24.80 = 20.81",
        "Mean of the evaluators: (5 + 4 + 5) ÷ 3 = 4.67",
        "Criterion K2: the mean 4.67 reaches the minimum 3.",
        "Weight × mean ÷ scale: 25 × (5 + 4 + 5) ÷ 3 ÷ 5 = 23.33",
        "Mean of the evaluators: (4 + 4 + 5) ÷ 3 = 4.33",
        "Criterion K3: the mean 4.33 reaches the minimum 2.",
        "Weight × mean ÷ scale: 20 × (4 + 4 + 5) ÷ 3 ÷ 5 = 17.33",
        "Mean of what the bid states: (14 + 9) ÷ 2 = 11.50; table: 4",
        "Weight × score ÷ scale: 15 × 4 ÷ 5 = 12.00",
    ]
    assert result.steps[0].message == "Total: 20.81 + 23.33 + 17.33 + 12.00 = 73.47"
    assert rank(FACTS).steps[0].message == (
        "The lowest price is 12.90, taken from the 3 bids that are left."
    )


WITH_T3 = [
    (0, "T1 T2 T3", "87.78 82.22 40.56"),
    (10, "T1 T2 T3", "84.20 80.00 46.50"),
    (20, "T1 T2 T3", "80.62 77.78 52.44"),
    (30, "T1 T2 T3", "77.04 75.55 58.39"),
    (40, "T1 T2 T3", "73.47 73.33 64.33"),
    (50, "T2 T3 T1", "71.11 70.28 69.89"),
    (60, "T3 T2 T1", "76.22 68.89 66.33"),
    (70, "T3 T2 T1", "82.17 66.67 62.75"),
    (80, "T3 T2 T1", "88.11 64.45 59.17"),
    (90, "T3 T2 T1", "94.06 62.22 55.59"),
    (100, "T3 T2 T1", "100.00 60.00 52.02"),
]
WITHOUT_T3_BY_WEIGHT = [
    (0, "T1 T2", "87.78 82.22"),
    (10, "T1 T2", "87.67 84.00"),
    (20, "T1 T2", "87.56 85.78"),
    (30, "T2 T1", "87.55 87.45"),
    (40, "T2 T1", "89.33 87.34"),
    (50, "T2 T1", "91.11 87.23"),
    (60, "T2 T1", "92.89 87.14"),
    (70, "T2 T1", "94.67 87.03"),
    (80, "T2 T1", "96.45 86.91"),
    (90, "T2 T1", "98.22 86.80"),
    (100, "T2 T1", "100.00 86.69"),
]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(FACTS, WITH_T3, id="with the cheapest bid"),
        pytest.param(WITHOUT_T3, WITHOUT_T3_BY_WEIGHT, id="without it"),
    ],
)
def test_the_order_at_every_weight_of_price(
    facts: LotFacts, expected: list[tuple[int, str, str]]
) -> None:
    found = [
        (
            point.price_weight,
            " ".join(NAMES[bid_id] for bid_id in point.order),
            " ".join(str(point.totals[bid_id]) for bid_id in point.order),
        )
        for point in sensitivity(facts)
    ]

    assert found == expected
    assert [point.price_weight for point in sensitivity(facts) if point.is_published] == [40]


def test_other_weights_change_points_and_never_a_minimum() -> None:
    nothing = dict.fromkeys(("K1", "K2", "K3", "K4"), Fraction(0))
    everything_on_method = nothing | {"K2": Fraction(100)}

    ranking = ranked_by(FACTS, everything_on_method)

    assert [(NAMES[r.bid_id], str(r.total)) for r in ranking.ranked] == [
        ("T1", "93.33"),
        ("T2", "80.00"),
        ("T3", "60.00"),
    ]
    assert ranking.result_of(T4).status == BidStatus.BELOW_MINIMUM


def test_a_published_weight_between_the_steps_is_shown_too() -> None:
    between = msgspec.structs.replace(K1, weight=D(45))

    weights = [
        point.price_weight
        for point in sensitivity(msgspec.structs.replace(FACTS, criteria=(between, K2, K3, K4)))
    ]

    assert weights == [0, 10, 20, 30, 40, 45, 50, 60, 70, 80, 90, 100]


def test_price_alone_has_no_sensitivity() -> None:
    assert sensitivity(lot(bid(T1, "22.50"), bid(T2, "22.00"), criteria=(K1,))) == []


def test_the_last_bid_chooses_the_winner() -> None:
    found = {r.without_id: r for r in rank_reversal(FACTS)}

    assert [NAMES[b] for b in found[T3].order_with] == ["T1", "T2"]
    assert [NAMES[b] for b in found[T3].order_without] == ["T2", "T1"]
    assert found[T3].changes_winner
    assert not found[T1].changes_winner
    assert not found[T2].changes_winner
    assert T4 not in found
    assert reversal_exists(FACTS)


def test_once_it_is_out_nothing_reverses() -> None:
    assert [r.changes_order for r in rank_reversal(WITHOUT_T3)] == [False, False]
    assert not reversal_exists(WITHOUT_T3)


def test_the_absolute_formula_cannot_reverse() -> None:
    everyone, some = rank(ABSOLUTE), rank(without(ABSOLUTE, T3))

    assert [(NAMES[r.bid_id], str(r.points_of("K1")), str(r.total)) for r in everyone.ranked] == [
        ("T2", "28.33", "77.66"),
        ("T1", "17.33", "69.99"),
        ("T3", "40.00", "64.33"),
    ]
    assert [(NAMES[r.bid_id], str(r.points_of("K1")), str(r.total)) for r in some.ranked] == [
        ("T2", "28.33", "77.66"),
        ("T1", "17.33", "69.99"),
    ]
    assert not reversal_exists(ABSOLUTE)


def test_a_fixed_price_leaves_quality_alone() -> None:
    assert order(rank(fixed_price(FACTS, D("22.00")))) == "T1 T2 T3"


def test_the_cheapest_is_flagged_against_the_median_of_all_other_prices() -> None:
    flags = {flag.bid_id: flag for flag in low_prices(FACTS)}

    low = flags[T3]
    assert (low.median_of_others, low.ratio, low.is_flagged) == (D("23.10"), D("0.558"), True)
    assert (low.labour_floor, low.is_below_floor) == (D("6.50"), False)
    assert [NAMES[b] for b, flag in flags.items() if flag.is_flagged] == ["T3"]


def shared() -> dict[str, object]:
    folder = Path(os.environ.get("PROCURE_SHARED_DATA", "../shared/data"))
    if not (folder / "domain.json").exists():
        pytest.skip(f"the shared data is not at {folder}; set PROCURE_SHARED_DATA")
    found: dict[str, object] = json.loads((folder / "domain.json").read_text(), parse_float=Decimal)
    return found


def test_the_shared_data_comes_out() -> None:
    data = shared()
    given = data["evaluation"]
    led = {f["id"]: f["groups_led"] for f in data["facilitators"]}
    weights = {c["id"]: c["weight"] for c in given["criteria"]}
    assert weights == {c.code: c.weight for c in FACTS.criteria}
    ids = {name: id_ for id_, name in NAMES.items()}
    facts = msgspec.structs.replace(
        FACTS,
        bids=tuple(
            bid(
                ids[t["id"]],
                str(t["price_eur"]),
                tuple(t["evaluators"]["K2"]),
                tuple(t["evaluators"]["K3"]),
                tuple(led[f] for f in t["facilitators"]),
            )
            for t in given["tenders"]
        ),
    )
    assert [(b.price, b.scores, b.stated) for b in facts.bids] == [
        (b.price, b.scores, b.stated) for b in FACTS.bids
    ]

    def rows(ranking: Ranking) -> list[dict[str, object]]:
        return [
            {
                "tender": NAMES[r.bid_id],
                "points": {line.code: line.points for line in r.lines},
                "total": r.total,
                "k2_mean": r.lines[1].mean,
                "k3_mean": r.lines[2].mean,
                "k4_groups_mean": r.lines[3].mean,
                "k4_score": r.lines[3].score,
                "below_min": [line.code for line in r.lines if line.below_minimum],
                "rank": r.rank,
            }
            for r in ranking.ranked
        ]

    expected = given["expected"]
    assert rows(rank(facts)) == expected["ranking_all_valid"]
    assert rows(rank(excluding(facts, T3))) == expected["if_t3_rejected_after_explanation"]
    low = {flag.bid_id: flag for flag in low_prices(facts)}[T3]
    about = expected["abnormally_low"]
    assert (low.median_of_others, low.ratio) == (about["median_of_others"], about["ratio"])
    assert low.labour_floor == about["floor"]["value_eur_per_participant_day"]
    for key, used in (("with_t3", facts), ("without_t3", excluding(facts, T3))):
        assert [
            {
                "price_weight": point.price_weight,
                "ranking": [NAMES[b] for b in point.order],
                "totals": {NAMES[b]: total for b, total in point.totals.items()},
            }
            for point in sensitivity(used)
        ] == given["price_weight_sensitivity"][key]
        absolute = msgspec.structs.replace(used, criteria=(K1_ABSOLUTE, K2, K3, K4))
        assert [
            {"tender": NAMES[r.bid_id], "K1": r.points_of("K1"), "total": r.total}
            for r in rank(absolute).ranked
        ] == given["rank_reversal"]["absolute_formula"][key]
        assert order(rank(used)).split() == given["rank_reversal"]["relative"][key]
    fixed = given["fixed_price_variant"]
    assert order(rank(fixed_price(facts, fixed["fixed_price_eur"]))).split() == fixed["ranking"]


# --- Boundaries --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "status"),
    [
        pytest.param((3, 3, 3), BidStatus.RANKED, id="the minimum itself is enough"),
        pytest.param((3, 3, "2.5"), BidStatus.BELOW_MINIMUM, id="half a point of one is not"),
        pytest.param((4, 4, 1), BidStatus.RANKED, id="the mean counts, not the lowest"),
    ],
)
def test_minimum(scores: tuple[object, ...], status: BidStatus) -> None:
    facts = lot(bid(T1, "20", scores, (4, 4, 4), (9,)))

    assert rank(facts).result_of(T1).status == status


def test_the_exact_mean_is_compared_and_not_the_rounded_one() -> None:
    two_thirds = msgspec.structs.replace(K2, minimum=D("2.67"))
    facts = lot(bid(T1, "20", (3, 2, 3), (4,), (9,)), criteria=(K1, two_thirds, K3, K4))

    assert rank(facts).result_of(T1).status == BidStatus.BELOW_MINIMUM


@pytest.mark.parametrize(
    ("groups", "score"),
    [
        pytest.param((0,), 0, id="nothing led"),
        pytest.param((0, 1), 0, id="half a group is below the first row"),
        pytest.param((1,), 1, id="a row begins at its number"),
        pytest.param((8, 9), 3, id="8.5 is still in the row of 6"),
        pytest.param((9,), 4, id="9 is in the row of 9"),
        pytest.param((12,), 5, id="the last row"),
        pytest.param((300,), 5, id="beyond the last row nothing is added"),
        pytest.param((), 0, id="nothing stated counts as 0"),
    ],
)
def test_table(groups: tuple[int, ...], score: int) -> None:
    line = rank(lot(bid(T1, "20", (4,), (4,), groups))).result_of(T1).lines[3]

    assert line.score == score


@pytest.mark.parametrize(
    ("price", "points"),
    [
        pytest.param("18.00", "40.00", id="at the floor: all points"),
        pytest.param("17.99", "40.00", id="below the floor: no more than all"),
        pytest.param("18.01", "39.97", id="just above the floor"),
        pytest.param("29.99", "0.03", id="just below the ceiling"),
        pytest.param("30.00", "0.00", id="at the ceiling: none"),
        pytest.param("30.01", "0.00", id="above the ceiling: never less than none"),
    ],
)
def test_absolute_price(price: str, points: str) -> None:
    facts = lot(bid(T1, price), criteria=(K1_ABSOLUTE,))

    assert str(rank(facts).result_of(T1).points_of("K1")) == points


@pytest.mark.parametrize(
    ("price", "is_flagged"),
    [
        pytest.param("12.00", False, id="exactly 60 % of the median is not below it"),
        pytest.param("11.99", True, id="a cent less is"),
    ],
)
def test_low_price(price: str, is_flagged: bool) -> None:
    facts = lot(bid(T1, price), bid(T2, "20"), bid(T3, "20"), criteria=(K1,))

    assert low_prices(facts)[0].is_flagged is is_flagged


def test_a_single_bid_has_nothing_to_be_compared_with() -> None:
    (alone,) = low_prices(lot(bid(T1, "0.50"), criteria=(K1,)))

    assert (alone.median_of_others, alone.is_flagged) == (None, False)
    assert alone.is_below_floor


def test_an_even_number_of_others_has_its_median_between_the_two_in_the_middle() -> None:
    flags = low_prices(WITHOUT_T3)

    assert {NAMES[flag.bid_id]: flag.median_of_others for flag in flags} == {
        "T1": D("22.30"),
        "T2": D("23.95"),
        "T4": D("23.15"),
    }


def test_the_labour_floor_is_that_of_the_wage_of_the_day() -> None:
    labour = FACTS.low_price.labour
    assert labour is not None

    assert labour_floor(labour) == D("6.50")
    assert labour_floor(msgspec.structs.replace(labour, hourly_wage=D("5.67"))) == D("7.59")


# --- Ties --------------------------------------------------------------------------------------


def tied(*bids_: UUID) -> LotFacts:
    return lot(*(bid(b, "20", (4, 4), (4, 4), (9,)) for b in bids_))


def test_the_higher_quality_total_decides_between_equal_totals() -> None:
    half = msgspec.structs.replace(K1, weight=D(50))
    other = msgspec.structs.replace(K2, weight=D(50), minimum=None)
    facts = lot(
        bid(T1, "10", (4, 4)),  # 50 + 40
        bid(T2, "12.5", (5, 5)),  # 40 + 50
        criteria=(half, other),
    )

    ranking = rank(facts)
    assert [(NAMES[r.bid_id], r.rank, str(r.total)) for r in ranking.ranked] == [
        ("T2", 1, "90.00"),
        ("T1", 2, "90.00"),
    ]
    assert ranking.result_of(T2).steps[-1].message == (
        "Equal totals: the higher quality total comes first; this bid has 50.00."
    )


@pytest.mark.parametrize("arrangement", list(permutations([T1, T2])))
def test_an_equal_bid_shares_its_rank_until_lots_are_drawn(arrangement: tuple[UUID, ...]) -> None:
    facts = tied(*arrangement)

    ranking = rank(facts)
    assert [(r.rank, r.is_tied) for r in ranking.ranked] == [(1, True), (1, True)]
    assert ranking.winner_id is None
    assert [set(group) for group in ranking.undecided] == [{T1, T2}]
    assert ranking.ranked[0].steps[-1].message == (
        "Equal totals and equal quality totals: lots have to be drawn."
    )


@pytest.mark.parametrize("drawn", list(permutations([T1, T2])))
def test_drawn_lots_decide(drawn: tuple[UUID, ...]) -> None:
    ranking = rank(msgspec.structs.replace(tied(T1, T2), drawn=drawn))

    assert ranking.order == drawn
    assert ranking.winner_id == drawn[0]
    assert ranking.undecided == ()
    assert ranking.ranked[0].steps[-1].kind == StepKind.TIE


def test_lots_drawn_for_some_of_the_equal_bids_decide_nothing() -> None:
    facts = msgspec.structs.replace(tied(T1, T2, T3), drawn=(T2, T1))

    assert len(rank(facts).undecided[0]) == 3


def test_a_tie_lower_down_leaves_the_winner() -> None:
    facts = lot(*tied(T1, T2).bids, bid(T3, "20", (5, 5), (5, 5), (12,)))

    ranking = rank(facts)
    assert (ranking.winner_id, [r.rank for r in ranking.ranked]) == (T3, [1, 2, 2])


# --- What would have won -----------------------------------------------------------------------


def test_what_would_have_won() -> None:
    found = {deficit.bid_id: deficit for deficit in deficits(FACTS)}

    assert list(found) == [T2, T3]
    assert found[T2].points_short == D("0.14")
    cheaper = found[T2].winning_price
    assert cheaper is not None
    assert rank(priced(FACTS, T2, cheaper)).winner_id == T2
    assert rank(priced(FACTS, T2, cheaper + D("0.01"))).winner_id != T2
    assert found[T2].difference == D("21.50") - cheaper


def priced(facts: LotFacts, id_: UUID, price: Decimal) -> LotFacts:
    return msgspec.structs.replace(
        facts,
        bids=tuple(
            msgspec.structs.replace(b, price=price) if b.id == id_ else b for b in facts.bids
        ),
    )


def test_a_losing_price_may_never_be_low_enough() -> None:
    facts = lot(
        bid(T1, "18", (5, 5), (5, 5), (12,)),
        bid(T2, "25", (3, 3), (3, 3), (1,)),
        criteria=(K1_ABSOLUTE, K2, K3, K4),
    )

    (deficit,) = deficits(facts)
    assert (deficit.bid_id, deficit.winning_price, deficit.difference) == (T2, None, None)


def test_where_several_win_the_last_of_their_places_is_what_was_missed() -> None:
    (deficit,) = deficits(FACTS, places=2)

    assert (deficit.bid_id, deficit.points_short) == (T3, D("9.00"))
    assert deficit.winning_price is not None
    second = rank(priced(FACTS, T3, deficit.winning_price)).result_of(T3)
    assert second.rank == 2
    assert deficits(FACTS, places=3) == []


def test_of_two_prices_one_cent_less_wins() -> None:
    facts = lot(bid(T1, "22.50"), bid(T2, "22.00"), criteria=(K1,))

    (deficit,) = deficits(facts)
    assert (deficit.winning_price, deficit.difference) == (D("21.99"), D("0.51"))


# --- What must not matter, for any lot ---------------------------------------------------------

points = st.integers(0, 10).map(lambda half: half / 2)
bids = st.lists(
    st.tuples(
        st.decimals("0.01", "99.99", places=2),
        st.tuples(points, points, points),
        st.tuples(points, points, points),
        st.lists(st.integers(0, 20), max_size=3),
    ),
    min_size=1,
    max_size=5,
)


def generated(
    rows: list[tuple[Decimal, tuple[float, ...], tuple[float, ...], list[int]]],
) -> LotFacts:
    return lot(
        *(
            bid(UUID(int=number), str(price), k2, k3, tuple(groups))
            for number, (price, k2, k3, groups) in enumerate(rows, 1)
        )
    )


@given(bids)
def test_the_order_in_which_bids_stand_changes_nothing(rows: list) -> None:
    facts = generated(rows)
    backwards = msgspec.structs.replace(facts, bids=facts.bids[::-1])

    one, other = rank(facts), rank(backwards)

    for result in one.results:
        twin = other.result_of(result.bid_id)
        assert (twin.rank, twin.total, twin.is_tied) == (result.rank, result.total, result.is_tied)


@given(bids)
def test_totals_are_the_sum_of_the_stated_points_and_never_leave_the_scale(rows: list) -> None:
    for result in rank(generated(rows)).ranked:
        assert result.total == sum(line.points or 0 for line in result.lines)
        assert 0 <= result.total <= 100


@given(bids)
def test_what_is_said_to_win_wins_and_a_cent_more_does_not(rows: list) -> None:
    facts = generated(rows)
    for deficit in deficits(facts):
        if deficit.winning_price is not None:
            assert rank(priced(facts, deficit.bid_id, deficit.winning_price)).winner_id == (
                deficit.bid_id
            )
            more = priced(facts, deficit.bid_id, deficit.winning_price + D("0.01"))
            assert rank(more).winner_id != deficit.bid_id


@given(bids)
def test_an_absolute_formula_never_reverses(rows: list) -> None:
    facts = generated(rows)

    assert not reversal_exists(
        msgspec.structs.replace(facts, criteria=(K1_ABSOLUTE, *facts.criteria[1:]))
    )


@given(bids)
def test_a_ranking_can_be_made_again_from_its_stored_text(rows: list) -> None:
    facts = generated(rows)

    again = read_canonical(canonical(facts), LotFacts)

    assert again == facts
    assert canonical(rank(again)) == canonical(rank(facts))
    assert read_canonical(canonical(rank(facts)), Ranking) == rank(facts)


# --- What stands in the way --------------------------------------------------------------------


def entry(**change: object) -> ScoreEntry:
    good = ScoreEntry(T1, "K2", D("4.5"), "It names who does what.")
    return msgspec.structs.replace(good, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="half a point is a step"),
        pytest.param({"points": D("4.25")}, ["off-step"], id="a quarter is not"),
        pytest.param({"points": D(5)}, [], id="the top of the scale"),
        pytest.param({"points": D("5.5")}, ["off-scale"], id="a step above it"),
        pytest.param({"points": D(0)}, [], id="nothing at all is a score, too"),
        pytest.param({"points": D("-0.5")}, ["off-scale"], id="a step below it"),
        pytest.param({"points": D("NaN")}, ["off-scale"], id="not a number"),
        pytest.param({"reason": "yes"}, [], id="three characters"),
        pytest.param({"reason": " no "}, ["no-reason"], id="two, and spaces"),
        pytest.param({"bid_id": T4}, ["unknown-bid"], id="a bid of another lot"),
        pytest.param(
            {"criterion": "K1"}, ["unknown-criterion"], id="price is not scored by people"
        ),
        pytest.param({"criterion": "K4"}, ["unknown-criterion"], id="nor what a table scores"),
        pytest.param(
            {"points": D(9), "reason": ""}, ["off-scale", "no-reason"], id="all faults come at once"
        ),
    ],
)
def test_one_score(change: dict, codes: list[str]) -> None:
    found = score_findings(FACTS.criteria, [T1, T2], [entry(**change)], whole=False)

    assert [finding.code for finding in found] == codes


def test_the_same_score_twice_is_refused() -> None:
    found = score_findings(FACTS.criteria, [T1], [entry(), entry()], whole=False)

    assert [finding.code for finding in found] == ["scored-twice"]


def test_handing_in_asks_every_bid_on_every_criterion() -> None:
    found = score_findings(FACTS.criteria, [T1, T2], [entry()], whole=True)

    assert [(finding.code, finding.field) for finding in found] == [
        ("not-scored", f"points-{T1}-K3"),
        ("not-scored", f"points-{T2}-K2"),
        ("not-scored", f"points-{T2}-K3"),
    ]


DONE = MemberFacts("Mari", has_declared=True, has_conflict=False, has_locked=True)
CONFLICTED = MemberFacts("Jaan", has_declared=True, has_conflict=True, has_locked=False)
SILENT = MemberFacts("Anu", has_declared=False, has_conflict=False, has_locked=False)
SCORING = MemberFacts("Aet", has_declared=True, has_conflict=False, has_locked=False)


@pytest.mark.parametrize(
    ("panel", "asked", "codes"),
    [
        pytest.param([DONE], [], [], id="everyone is done"),
        pytest.param([], [], ["no-panel"], id="nobody was appointed"),
        pytest.param(
            [MemberFacts("Jaan", True, True, False)],
            [],
            ["no-panel"],
            id="the only one has a conflict",
        ),
        pytest.param(
            [DONE, MemberFacts("Jaan", True, True, False)],
            [],
            [],
            id="a conflicted one is not waited for",
        ),
        pytest.param(
            [MemberFacts("Jaan", False, False, False)], [], ["not-declared"], id="undeclared"
        ),
        pytest.param(
            [MemberFacts("Jaan", True, False, False)], [], ["not-locked"], id="still scoring"
        ),
        pytest.param([DONE], ["P14"], ["explanation-open"], id="a question is open"),
    ],
)
def test_ranking_findings(panel: list[MemberFacts], asked: list[str], codes: list[str]) -> None:
    assert [f.code for f in ranking_findings(FACTS, panel, asked)] == codes


def test_a_price_only_lot_needs_no_panel() -> None:
    facts = lot(bid(T1, "22.50"), bid(T2, "22.00"), criteria=(K1,))

    assert not needs_panel(facts.criteria)
    assert ranking_findings(facts, [], []) == []
    assert order(rank(facts)) == "T2 T1"


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(lot(), ["no-bids"], id="no bid"),
        pytest.param(lot(bid(T1, "0.01"), criteria=(K1,)), [], id="a cent has a ratio"),
        pytest.param(lot(bid(T1, "0"), criteria=(K1,)), ["price-zero"], id="nothing has none"),
        pytest.param(
            lot(bid(T1, "0"), criteria=(K1_ABSOLUTE,)), [], id="an absolute formula bears a zero"
        ),
        pytest.param(
            lot(
                bid(T1, "1"),
                criteria=(msgspec.structs.replace(K1_ABSOLUTE, ceiling_price=D(18)),),
            ),
            ["no-anchors"],
            id="ceiling and floor are one",
        ),
    ],
)
def test_fact_findings(facts: LotFacts, codes: list[str]) -> None:
    assert [finding.code for finding in fact_findings(facts)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(FACTS, [], id="three for every bid"),
        pytest.param(
            lot(bid(T1, "1", (3,), (3,)), bid(T2, "1", (3, 3), (3, 3))),
            ["unequal-scores", "unequal-scores"],
            id="one bid was scored by fewer",
        ),
        pytest.param(lot(bid(T1, "1")), ["unequal-scores", "unequal-scores"], id="by nobody"),
        pytest.param(
            lot(bid(T1, "1", (3,), (3,)), bid(T2, "1", excluded="out")), [], id="unless it is out"
        ),
    ],
)
def test_count_findings(facts: LotFacts, codes: list[str]) -> None:
    assert [finding.code for finding in count_findings(facts)] == codes


# --- Numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Fraction(1, 200), "0.01", id="half a step goes up"),
        pytest.param(Fraction(999, 200_000), "0.00", id="less than half does not"),
        pytest.param(Fraction(-1, 200), "-0.01", id="below zero it goes away from zero"),
        pytest.param(Fraction(2, 3), "0.67", id="a third is never exact"),
        pytest.param(Fraction(10**20 + 1, 2), "50000000000000000000.50", id="large and exact"),
    ],
)
def test_half_up(value: Fraction, expected: str) -> None:
    assert str(half_up(value, 2)) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [("25.00", "25"), ("2.50", "2.5"), ("100", "100"), ("0.0", "0"), ("1E+2", "100")],
)
def test_plain(value: str, text: str) -> None:
    assert plain(D(value)) == text


def test_a_field_is_named_by_bid_and_criterion() -> None:
    assert field_of(T1, "K2") == f"points-{T1}-K2"
    assert points_findings(K2, D("2.5"), "here") == []
    assert points_findings(K2, D("2.4"), "here")[0].field == "here"


def test_panel_findings_name_who_is_waited_for() -> None:
    assert [f.values.get("name") for f in panel_findings([DONE, SILENT, SCORING, CONFLICTED])] == [
        "Anu",
        "Aet",
    ]


# --- Pictures ----------------------------------------------------------------------------------


def test_bars_are_as_long_as_their_points() -> None:
    picture = bars(rank(FACTS))

    assert [(bar.name, str(bar.total)) for bar in picture.bars] == [
        ("T1", "73.47"),
        ("T2", "73.33"),
        ("T3", "64.33"),
    ]
    first = picture.bars[0].parts
    assert [(part.code, part.x, part.width) for part in first] == [
        ("K1", 0, 146),
        ("K2", 146, 163),
        ("K3", 309, 121),
        ("K4", 430, 84),
    ]
    assert [part.has_label for part in picture.bars[2].parts] == [True, True, True, False]
    assert len({*picture.colours.values()}) == 4


def test_lines_follow_the_totals_and_their_names_keep_apart() -> None:
    picture = lines(sensitivity(FACTS), NAMES)

    assert [line.name for line in picture.lines] == ["T1", "T2", "T3"]
    assert picture.lines[2].points.endswith(f"{picture.right},{picture.top}"), "100 at the top"
    assert picture.marked_x == picture.left + 224
    heights = sorted(line.label_y for line in picture.lines)
    assert all(lower - upper >= 15 for upper, lower in pairwise(heights))
    assert len({(line.colour, line.dash) for line in picture.lines}) == 3


def test_nothing_ranked_has_an_empty_picture() -> None:
    assert bars(rank(lot(bid(T1, "20", excluded="out"), criteria=(K1,)))).bars == []
    assert lines([], NAMES).lines == []
