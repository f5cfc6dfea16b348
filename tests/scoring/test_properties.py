"""What must not matter, what must add up, and that columns compute as fractions do."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.kernel.errors import Refused
from procure.scoring import columns, engine, machine, numbers
from procure.scoring.checks import rule_findings
from procure.scoring.columns import Column
from procure.scoring.format.file import Evaluation, Rule
from procure.scoring.numbers import Mode, Rounding, power, rounded, text
from procure.scoring.questions import without
from procure.scoring.reading import read_file, task
from tests.scoring.cases import FILES, bid, encoded, evaluation, name_of, read

prices = st.integers(1, 10_000).map(lambda cents: str(Decimal(cents) / 100))
scores = st.lists(st.integers(0, 10).map(lambda half: half / 2), min_size=2, max_size=2)
many_bids = st.lists(st.tuples(prices, scores), min_size=1, max_size=8)
fractions = st.fractions(min_value=-1000, max_value=1000, max_denominator=997)
roundings = st.one_of(
    st.builds(Rounding, st.integers(0, 4), st.none(), st.sampled_from(Mode)),
    st.builds(
        Rounding, st.none(), st.sampled_from([Decimal("0.5"), Decimal("0.25"), Decimal(3)]),
        st.sampled_from(Mode),
    ),
)  # fmt: skip


def made_of(rows: Sequence[tuple[str, list[float]]], **changes: Any) -> dict[str, Any]:
    bids = [bid(f"B{n}", price, list(given)) for n, (price, given) in enumerate(rows)]
    return evaluation(bids=bids, rule_ties=TIES, **changes)


TIES = [{"tie": "by", "of": "p_method", "best": "highest", "on": "exact"}, {"tie": "lot"}]
PRESET = {
    "step": "linear", "name": "p_price", "of": "price", "times": {"of": "w_price"},
    "full_at": 20, "none_at": 90, "floor": 0, "cap": {"of": "w_price"}, "round": {"decimals": 2},
}  # fmt: skip


@given(many_bids, st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(rows: list[Any], chance: Any) -> None:
    made = made_of(rows)
    there = engine.score(read_file(encoded(made)))
    chance.shuffle(made["bids"])
    back = engine.score(read_file(encoded(made)))

    assert (back.order, back.ranks, back.pending) == (there.order, there.ranks, there.pending)
    assert back.column("total") == there.column("total")


@given(many_bids)
def test_the_parts_are_the_total_and_better_totals_come_first(rows: list[Any]) -> None:
    outcome = engine.score(read_file(encoded(made_of(rows))))

    price, method, total = (outcome.column(name) for name in ("p_price", "p_method", "total"))
    assert all(total[b] == price[b] + method[b] for b in total)
    assert all(0 <= total[b] <= 100 for b in total)
    values = [total[b] for b in outcome.order]
    assert values == sorted(values, reverse=True)
    assert max(price.values()) == 60, "the lowest price has all points"


@given(many_bids, st.data())
def test_a_bid_that_no_reference_is_taken_of_changes_nothing_by_leaving(
    rows: list[Any], data: Any
) -> None:
    _, _, method, total = evaluation()["rule"]["steps"]
    given = read_file(encoded(made_of(rows, rule_steps=[PRESET, method, total])))
    gone = data.draw(st.sampled_from(given.sheet.ids))
    before, after = engine.score(given), engine.score(without(given, [gone]))

    assert after.column("total") == {b: v for b, v in before.column("total").items() if b != gone}
    assert after.order == tuple(b for b in before.order if b != gone)


@given(many_bids, st.data())
def test_relative_points_change_only_when_the_lowest_leaves(rows: list[Any], data: Any) -> None:
    given = read_file(encoded(made_of(rows)))
    gone = data.draw(st.sampled_from(given.sheet.ids))
    before = engine.score(given)
    lowest = min(before.column("price").values())
    others = [v for b, v in before.column("price").items() if b != gone]
    after = engine.score(without(given, [gone]))

    if others and min(others) == lowest:
        assert after.column("total") == {
            b: v for b, v in before.column("total").items() if b != gone
        }


@given(many_bids, st.integers(2, 1000))
def test_the_unit_of_money_does_not_matter(rows: list[Any], factor: int) -> None:
    there = engine.score(read_file(encoded(made_of(rows))))
    dearer = [(str(Decimal(price) * factor), given) for price, given in rows]

    assert engine.score(read_file(encoded(made_of(dearer)))).ranks == there.ranks


@given(many_bids, st.data())
def test_a_lower_price_never_lowers_a_place(rows: list[Any], data: Any) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    there = engine.score(read_file(encoded(made_of(rows))))
    price, given = rows[place]
    cheaper = str(Decimal(price) / 2)
    rows[place] = (cheaper, given)

    after = engine.score(read_file(encoded(made_of(rows))))
    assert after.ranks[f"B{place}"] <= there.ranks[f"B{place}"]


@given(st.lists(st.one_of(st.none(), fractions), min_size=1), fractions, fractions)
def test_columns_compute_as_fractions_do(
    values: list[Fraction | None], factor: Fraction, plus: Fraction
) -> None:
    there = [None if v is None else factor * v + plus for v in values]
    for column in (columns.of(values), _common(values)):
        assert list(columns.affine(column, factor, plus)) == there
        assert list(column.packed()) == values
        twice = columns.total([(column, factor), (column, Fraction(1))])
        assert list(twice) == [None if v is None else (factor + 1) * v for v in values]
        inverse = columns.inverse(column, factor)
        assert list(inverse) == [None if not v else factor / v for v in values]
        low, high = min(factor, plus), max(factor, plus)
        assert list(columns.clamped(column, low, high)) == [
            None if v is None else min(max(v, low), high) for v in values
        ]


def _common(values: list[Fraction | None]) -> Column:
    """The same column over one denominator."""
    den = 1
    for v in values:
        den *= 1 if v is None else v.denominator
    return Column([None if v is None else int(v * den) for v in values], den)


@given(st.lists(st.one_of(st.none(), fractions), min_size=1), roundings)
def test_columns_round_as_numbers_do(values: list[Fraction | None], how: Rounding) -> None:
    wanted = [None if v is None else rounded(v, how) for v in values]

    assert list(columns.rounded(columns.of(values), how)) == wanted
    assert list(columns.rounded(_common(values), how)) == wanted


@given(fractions, roundings)
def test_rounding_is_to_the_unit_and_never_further(value: Fraction, how: Rounding) -> None:
    result = rounded(value, how)

    assert (result / how.unit).denominator == 1
    assert abs(result - value) < how.unit
    if how.mode.startswith("half"):
        assert abs(result - value) * 2 <= how.unit
    assert rounded(result, how) == result


@given(fractions)
def test_what_is_written_is_read_back(value: Fraction) -> None:
    assert numbers.number(text(value)) == value


@given(st.fractions(0, 100, max_denominator=50), st.integers(1, 6))
def test_roots_are_exact_where_they_exist(value: Fraction, root: int) -> None:
    whole = value**root

    assert power(whole, Fraction(1, root), Rounding(40)) == rounded(value, Rounding(40))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_result_of_every_file_is_the_same_twice(path: Any) -> None:
    """Also: the whole result can be written for programs, and only text is in it."""
    if read(path).expected.refused:  # type: ignore[union-attr]
        return
    first, then = (machine.result(engine.score(read(path))) for _ in range(2))

    assert msgspec.json.encode(first) == msgspec.json.encode(then)
    assert "float" not in {type(leaf).__name__ for leaf in _leaves(first)}


def _leaves(node: Any) -> Any:
    if isinstance(node, dict | list | tuple):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _leaves(each)
    else:
        yield node


@given(many_bids)
def test_a_rule_that_was_found_valid_computes(rows: list[Any]) -> None:
    for steps in (None, [PRESET, *evaluation()["rule"]["steps"][2:]]):
        changes = {} if steps is None else {"rule_steps": steps}
        made = made_of(rows, **changes)
        assert rule_findings(msgspec.convert(made["rule"], Rule, strict=False)) == []
        try:
            engine.score(read_file(encoded(made)))
        except Refused as refusal:
            pytest.fail(str(refusal))


def test_nothing_is_left_where_no_bid_is() -> None:
    outcome = engine.score(read_file(encoded(evaluation(bids=[]))))

    assert (outcome.order, outcome.winner, outcome.pending) == ((), None, "")
    assert task(msgspec.convert(evaluation(bids=[]), Evaluation, strict=False)).sheet.ids == []
