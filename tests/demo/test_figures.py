"""The figures that the demo checks are those of the fixtures, and none is left out."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from procure.demo.errors import DemoFailed
from procure.demo.story.figures import FIGURES, Figures
from procure.demo.story.material import read, table
from procure.demo.story.progress import Progress

TENDER = read("tender-2024")["expected"]
PRESENT = read("tender-2026")["expected"]
CALL_OFF = read("mini-competition-2025")["expected"]
GROUP = read("group-2025")["expected"]


def expected(key: str) -> Any:
    return FIGURES[key].expected


def points(ranking: str) -> dict[str, Decimal]:
    return {row["provider"]: row["total"] for row in TENDER[ranking]}


def test_the_points_are_those_of_the_worked_example() -> None:
    first, second = points("first_ranking"), points("second_ranking")

    assert first == {code: expected(f"first-{code}") for code in first}
    assert second == {code: expected(f"second-{code}") for code in second}
    assert expected("first-order") == " ".join(first)
    assert expected("second-order") == " ".join(second)
    assert [expected("below-minimum")] == TENDER["below_minimum"]
    assert expected("low-price") == TENDER["abnormally_low"]["provider"]
    assert expected("low-share") == TENDER["abnormally_low"]["share"] * 100


def test_the_days_and_values_are_those_of_the_fixtures() -> None:
    assert expected("framework-value") == TENDER["value_amount"]
    assert expected("last-blocked") == TENDER["last_blocked_on"].isoformat()
    assert expected("lots-without-bids") == len(read("tender-2024")["lots_without_bids"])
    assert expected("call-off-winner") == CALL_OFF["winner"]
    assert expected("call-off-price") == CALL_OFF["unit_price"]
    assert expected("call-off-value") == CALL_OFF["value_amount"] == GROUP["full_value_amount"]


def test_the_money_is_that_of_the_group() -> None:
    assert expected("payable-days") == GROUP["payable_days_count"]
    for part in ("attendance", "milestone", "outcome"):
        assert expected(f"{part}-amount") == GROUP[f"{part}_amount"]
    assert expected("first-claim") == GROUP["total_amount"]
    assert expected("posted") == expected("payment-file") == GROUP["total_after_register_amount"]
    assert expected("first-claim") + expected("correction") == expected("posted")
    people = read("group-2025")["participants"]
    assert expected("outcomes-count") == sum(len(person["outcomes"]) for person in people)


def test_the_present_is_that_of_autumn_2026() -> None:
    assert expected("present-rules") == PRESENT["rule_set"]
    assert expected("present-value") == PRESENT["value_amount"]
    for key in ("requests", "suitable", "referred", "groups", "waiting"):
        assert expected(key) == PRESENT[f"{key}_count"]


def test_the_wrong_file_has_good_rows_too() -> None:
    assert 0 < expected("wrong-rows") < len(table("requests-wrong"))
    assert expected("wrong-taken") == 0


@pytest.fixture
def figures() -> Figures:
    return Figures(Progress(Console(file=io.StringIO())))


def test_an_amount_of_an_answer_counts_as_a_number(figures: Figures) -> None:
    figures.check("first-claim", "11972.4")


def test_a_figure_that_differs_by_a_cent_ends_the_demo(figures: Figures) -> None:
    with pytest.raises(DemoFailed, match=r"must be 11972\.40, and came out as 11972\.41"):
        figures.check("first-claim", "11972.41")


def test_a_figure_that_nobody_checked_ends_the_demo(figures: Figures, tmp_path: Path) -> None:
    for key, figure in list(FIGURES.items())[1:]:
        figures.check(key, figure.expected)

    with pytest.raises(DemoFailed, match=r"Nothing has checked framework-value\."):
        figures.finish(tmp_path / "figures.json")


def test_all_figures_are_written_down_in_their_order(figures: Figures, tmp_path: Path) -> None:
    for key, figure in reversed(FIGURES.items()):
        figures.check(key, figure.expected)
    figures.finish(tmp_path / "figures.json")

    found = msgspec.json.decode((tmp_path / "figures.json").read_bytes(), type=list[dict[str, Any]])
    assert [one["key"] for one in found] == list(FIGURES)
