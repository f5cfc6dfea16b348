"""Both sides of every comparison, halves, ties at a cut: through the public format."""

from fractions import Fraction
from typing import Any

import pytest

from procure.scoring import columns, compare, numbers
from procure.scoring.columns import Column
from procure.scoring.format.words import Is
from procure.scoring.numbers import Mode, Rounding
from tests.scoring.cases import scored

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("is_", "passes"),
    [
        (Is.AT_LEAST, [False, True, True]),
        (Is.ABOVE, [False, False, True]),
        (Is.AT_MOST, [True, True, False]),
        (Is.BELOW, [True, False, False]),
        (Is.EQUAL, [False, True, False]),
    ],
)
def test_just_below_at_and_just_above(is_: Is, passes: list[bool]) -> None:
    limit, step = Fraction(1, 3), Fraction(1, 10**9)
    values = [limit - step, limit, limit + step]
    common = Column([int(v * 3 * 10**9) for v in values], 3 * 10**9)

    assert [compare.holds(v, is_, limit) for v in values] == passes
    assert compare.rows(common, is_, limit) == passes
    assert compare.rows(columns.of(values), is_, limit) == passes
    assert compare.rows(common, is_, columns.of([limit] * 3)) == passes
    assert compare.rows(common, is_, None) == [False] * 3


@pytest.mark.parametrize(
    ("mode", "halves"),
    [
        (Mode.HALF_UP, [-3, -2, -1, 1, 2, 3]),
        (Mode.HALF_DOWN, [-2, -1, 0, 0, 1, 2]),
        (Mode.HALF_EVEN, [-2, -2, 0, 0, 2, 2]),
        (Mode.UP, [-3, -2, -1, 1, 2, 3]),
        (Mode.DOWN, [-2, -1, 0, 0, 1, 2]),
        (Mode.CEILING, [-2, -1, 0, 1, 2, 3]),
        (Mode.FLOOR, [-3, -2, -1, 0, 1, 2]),
    ],
)
def test_exact_halves(mode: Mode, halves: list[int]) -> None:
    values = [Fraction(n, 2) for n in (-5, -3, -1, 1, 3, 5)]
    how = Rounding(0, mode=mode)

    assert [numbers.rounded(v, how) for v in values] == halves
    assert list(columns.rounded(Column([-5, -3, -1, 1, 3, 5], 2), how)) == halves
    assert list(columns.rounded(columns.of(values), how)) == halves


def one_column(values: dict[str, Any], *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An evaluation of one number by some steps."""
    return {
        "format": "procure-scoring/1",
        "title": "One number",
        "rule": {
            "inputs": [{"input": "number", "name": "v"}],
            "steps": list(steps),
            "order": [{"of": "v", "best": "lowest", "on": "exact"}],
        },
        "bids": [{"id": id_, "values": {"v": v}, **more.get(id_, {})} for id_, v in values.items()],
    }


def reference(take: str, of: str = "v", **more: Any) -> dict[str, Any]:
    return {"step": "reference", "name": "r", "of": of, "take": take, **more}


def taken(values: dict[str, Any], step: dict[str, Any], **more: Any) -> Any:
    outcome = scored(one_column(values, step, **more))
    found = outcome.state.columns.get("r")
    return outcome.number("r") if found is None else [v and str(v) for v in found]


FIVE = {"A": 1, "B": 2, "C": 2, "D": 4, "E": 10}


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (reference("lowest"), 1),
        (reference("highest"), 10),
        (reference("mean"), Fraction(19, 5)),
        (reference("median"), 2),
        (reference("sum"), 19),
        (reference("count"), 5),
        (reference("second-lowest"), 2),
        (reference("second-highest"), 4),
        (reference("quantile", at=0.75), 4),
        (reference("quantile", at=0.8), Fraction("5.2")),
        (reference("mean", round={"decimals": 0}), 4),
        (reference("next-higher", empty=99), ["2", "2", "2", "10", "99"]),
        (reference("next-lower", empty=0), [0, "2", "2", "2", "4"]),
        (reference("mean", set={"includes_self": False}), ["9/2", "17/4", "17/4", "15/4", "9/4"]),
        (reference("lowest", set={"includes_self": False}), ["2", "1", "1", "1", "1"]),
        (reference("median", set={"includes_self": False}), ["3", "3", "3", "2", "2"]),
        (reference("sum", set={"includes_self": False}), ["18", "17", "17", "15", "9"]),
        (reference("sum", set={"trim": {"count": 1, "ties": "keep"}}), 8),
        (reference("sum", set={"trim": {"count": 2, "ties": "keep"}}), 2),
        (reference("count", set={"trim": {"count": 2, "ties": "cut"}}), 0),
        (reference("count", set={"trim": {"count": 3, "ties": "keep"}}), 0),
        (reference("sum", set={"trim": {"count": 1, "ends": "highest", "ties": "cut"}}), 9),
        (reference("sum", set={"trim": {"count": 2, "ends": "lowest", "ties": "cut"}}), 14),
        (reference("sum", set={"trim": {"share": 0.2, "ties": "cut"}}), 8),
        (reference("sum", set={"trim": {"share": 0.21, "ties": "keep"}}), 2),
        (reference("sum", set={"where": [{"of": "v", "is": "below", "limit": 4}]}), 5),
        (reference("sum", set={"where": [{"of": "v", "is": "at-most", "limit": 4}]}), 9),
        (reference("sum", set={"drop": {"is": "above", "times_mean": 1}}), 5),
        (
            reference("sum", set={"drop": {"is": "above", "times_mean": 1, "only_extreme": True}}),
            9,
        ),
        (reference("sum", set={"drop": {"is": "below", "times_mean": 1, "at_least_left": 3}}), 16),
    ],
)
def test_what_is_taken_of_five_values(step: dict[str, Any], found: Any) -> None:
    assert taken(FIVE, step) == found


@pytest.mark.parametrize(
    ("groups", "found"), [("lowest-once", 15), ("highest-once", 17), ("each", 19)]
)
def test_companies_of_one_group(groups: str, found: int) -> None:
    more = {"B": {"group": "X"}, "D": {"group": "X"}, "A": {"group": "Y"}}
    assert taken(FIVE, reference("sum", set={"groups": groups}), **more) == found


@pytest.mark.parametrize(("among", "found"), [("standing", 2), ("admitted", 3), ("received", 4)])
def test_which_bids_count(among: str, found: int) -> None:
    least = {"step": "threshold", "name": "t", "of": "v", "is": "above", "limit": 1, "on": "exact"}
    values = {"A": 1, "B": 2, "C": 3, "D": 4}
    made = one_column(
        values, least, reference("count", set={"among": among}), D={"out": "withdrawn"}
    )

    assert scored(made).number("r") == found


@pytest.mark.parametrize(
    ("ties", "left"), [("include", ("A", "B", "C")), ("exclude", ("A",))]
)  # fmt: skip
def test_a_tie_at_the_last_place_of_a_stage(ties: str, left: tuple[str, ...]) -> None:
    step = {"step": "keep-best", "name": "k", "of": "v", "best": "lowest", "count": 2,
            "ties": ties, "on": "exact"}  # fmt: skip

    assert scored(one_column({"A": 1, "B": 2, "C": 2, "D": 3}, step)).order == left


@pytest.mark.parametrize(("on", "left"), [("exact", ()), ({"decimals": 0}, ("A",))])
def test_a_threshold_says_what_it_compares(on: Any, left: tuple[str, ...]) -> None:
    step = {"step": "threshold", "name": "t", "of": "v", "is": "at-least", "limit": 70, "on": on}

    assert scored(one_column({"A": 69.5}, step)).order == left


@pytest.mark.parametrize(
    ("value", "score"), [(2.99, 1), (3, 2), (5.99, 2), (6, 5), (100, 5), (0, 0)]
)
def test_a_row_of_a_table_begins_at_its_number(value: float, score: int) -> None:
    rows = [{"at_least": 1, "value": 1}, {"at_least": 3, "value": 2}, {"at_least": 6, "value": 5}]
    step = {"step": "table", "name": "t", "of": "v", "rows": rows, "undefined": 0}

    assert scored(one_column({"A": value}, step)).column("t") == {"A": score}


@pytest.mark.parametrize(
    ("outside", "found"), [("level", [0, 5, 10, 10]), ("extend", [-5, 5, 10, 15])]
)
def test_a_line_beyond_its_ends(outside: str, found: list[int]) -> None:
    points = [{"at": 10, "value": 0}, {"at": 30, "value": 10}]
    step = {"step": "piecewise", "name": "p", "of": "v", "points": points, "outside": outside}
    outcome = scored(one_column({"A": 0, "B": 20, "C": 30, "D": 40}, step))

    assert list(outcome.column("p").values()) == found


def test_a_step_whose_condition_does_not_hold_is_left_out() -> None:
    when = [{"of": "r", "is": "at-least", "limit": 3}]
    flag = {"step": "flag", "name": "f", "of": "v", "is": "below", "limit": 5, "on": "exact",
            "effect": "exclude", "when": when}  # fmt: skip

    two, three = {"A": 1, "B": 9}, {"A": 1, "B": 9, "C": 9}
    assert scored(one_column(two, reference("count"), flag)).order == ("A", "B")
    assert scored(one_column(three, reference("count"), flag)).order == ("B", "C")


def test_an_equal_first_place_without_a_ladder_is_shared() -> None:
    outcome = scored(one_column({"B": 1, "A": 1, "C": 2}))

    assert (outcome.order, outcome.ranks["C"], outcome.winner) == (("A", "B", "C"), 3, None)
