"""Dated law and code lists: what a file must hold, and what the files of this project hold."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from procure import parameters
from procure.kernel.parameters import Dated, NoValue
from procure.kernel.time import after_days, after_working_days
from procure.parameters import (
    BadParameter,
    dated,
    holidays,
    parse_dated,
    parse_reference,
    reference,
)

FILES = sorted((parameters.folder() / "parameters").rglob("*.yaml"))
NAMES = [
    path.relative_to(parameters.folder() / "parameters").with_suffix("").as_posix()
    for path in FILES
]
LISTS = sorted(path.stem for path in (parameters.folder() / "reference").glob("*.yaml"))


def content(**change: object) -> dict[str, Any]:
    values = {
        date(2024, 1, 1): {"value": 4, "source": "an act"},
        date(2026, 1, 1): {"value": None, "source": "repealed"},
        date(2027, 1, 1): {"value": 6, "source": "a new act"},
    }
    return {"description": "A wage.", "unit": "EUR", "source": "acts", "values": values} | change


def wage() -> Dated:
    return parse_dated("wage", content())


@pytest.mark.parametrize(
    ("day", "value"),
    [
        pytest.param(date(2024, 1, 1), 4, id="the first day has the value"),
        pytest.param(date(2025, 12, 31), 4, id="the last day before the gap has it still"),
        pytest.param(date(2027, 1, 1), 6, id="the gap ends with the next value"),
        pytest.param(date(2099, 1, 1), 6, id="the last value has no end"),
    ],
)
def test_a_day_chooses_its_value(day: date, value: int) -> None:
    assert wage().on(day) == value


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(date(2023, 12, 31), id="the day before the first value"),
        pytest.param(date(2026, 1, 1), id="the first day of a gap"),
        pytest.param(date(2026, 12, 31), id="the last day of a gap"),
    ],
)
def test_a_day_without_a_value_is_refused_by_name(day: date) -> None:
    with pytest.raises(NoValue, match=rf"No value of wage is known for {day}; .* 2024-01-01"):
        wage().on(day)


def test_an_entry_says_from_when_until_when_and_after_which_source() -> None:
    entry = wage().entry_on(date(2025, 5, 5))

    assert (entry.from_on, entry.until_on) == (date(2024, 1, 1), date(2026, 1, 1))
    assert entry.source == "an act"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"unit": ""}, "unit is missing", id="no unit"),
        pytest.param({"source": None}, "source is missing", id="no source"),
        pytest.param({"values": {}}, "values are missing", id="no first date"),
        pytest.param({"values": {"2024": 1}}, "'2024' is not a date", id="a year is not a date"),
        pytest.param(
            {"values": {date(2024, 1, 1): {"value": 4}}},
            "needs exactly a value and a source",
            id="a value without its own source",
        ),
        pytest.param(
            {"values": {date(2024, 1, 1): {"value": None, "source": "x"}}},
            "first value is empty",
            id="a gap at the start",
        ),
        pytest.param({"note": "x"}, "note is not known", id="a key that nobody reads"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadParameter, match=fault):
        parse_dated("wage", content(**change))


def test_two_values_on_one_date_are_a_fault_and_not_the_last_of_them(tmp_path: Path) -> None:
    path = tmp_path / "wage.yaml"
    path.write_text(
        "description: A wage.\nunit: EUR\nsource: acts\nvalues:\n"
        "  2024-01-01: {value: 4, source: a}\n  2024-01-01: {value: 5, source: b}\n"
    )

    with pytest.raises(BadParameter, match=r"wage\.yaml: 2024-01-01 is given twice"):
        parameters.read_yaml(path)


def test_numbers_with_a_point_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("share: 0.1\n")

    share = parameters.read_yaml(path)["share"]

    assert (share, type(share)) == (Decimal("0.1"), Decimal)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(BadParameter, match=r"tenders/no-such\.yaml does not exist"):
        dated("tenders/no-such")


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        pytest.param([], "items are missing", id="an empty list"),
        pytest.param([{"name": "A"}], "has no code", id="an item without a code"),
        pytest.param([{"code": "A"}, {"code": "A"}], "A is given twice", id="a code twice"),
        pytest.param([{"code": 85320000}], "has no code", id="a code read as a number"),
    ],
)
def test_a_code_list_that_cannot_be_used_says_why(items: list[Any], fault: str) -> None:
    with pytest.raises(BadParameter, match=fault):
        parse_reference("bands", {"description": "d", "source": "s", "items": items})


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_of_the_project_is_whole(name: str) -> None:
    parameter = dated(name)

    assert parameter.values[0].value is not None
    assert all(entry.source for entry in parameter.values)


NAMELESS = {"travel"}  # pairs of places; what they are called is the places' own


@pytest.mark.parametrize("name", sorted(set(LISTS) - NAMELESS))
def test_every_code_list_of_the_project_is_named_in_three_languages(name: str) -> None:
    for item in reference(name):
        assert set(item["name"]) == {"en", "et", "ru"}, item["code"]
        assert all(item["name"].values()), item["code"]


def test_a_code_list_cannot_be_changed_by_who_reads_it() -> None:
    reference("counties")[0]["code"] = "EE-99"

    assert reference("counties")[0]["code"] == "EE-37"


def test_counties_of_bureaus_and_lot_areas_exist() -> None:
    counties = parameters.codes("counties")

    assert {bureau["county"] for bureau in reference("bureaus")} <= counties
    areas = [county for area in reference("lot_areas") for county in area["counties"]]
    assert set(areas) == counties, "every county is in a lot area"


# --- The numbers themselves ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "code", "social", "simplified", "standstill"),
    [
        pytest.param(
            date(2026, 10, 31), "RHS-to-2026-10-31", 300_000, 30_000, 5, id="the last old day"
        ),
        pytest.param(
            date(2026, 11, 1), "RHS-from-2026-11-01", 500_000, 50_000, 7, id="the first new day"
        ),
    ],
)
def test_the_start_date_chooses_the_rule_set(
    day: date, code: str, social: int, simplified: int, standstill: int
) -> None:
    rules = dated("tenders/rule_sets").on(day)

    assert rules["code"] == code
    assert rules["thresholds"]["social"]["value"] == social
    assert rules["thresholds"]["simplified"]["value"] == simplified
    assert rules["periods"]["simplified_standstill"]["value"] == standstill


def leaves(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    if "value" in value:
        return [value]
    return [leaf for child in value.values() for leaf in leaves(child)]


def test_every_number_of_a_rule_set_has_its_clause_and_source() -> None:
    for entry in dated("tenders/rule_sets").values:
        numbers = leaves(entry.value)
        assert len(numbers) >= 28
        assert all(number["clause"] and number["source"] for number in numbers)


def test_both_rule_sets_have_the_same_entries() -> None:
    first, second = (entry.value for entry in dated("tenders/rule_sets").values)

    for section in ("thresholds", "periods", "limits", "fees"):
        assert first[section].keys() == second[section].keys()


def test_procedures_name_entries_that_the_rule_sets_have() -> None:
    for rules in (entry.value for entry in dated("tenders/rule_sets").values):
        for procedure in dated("tenders/procedures").on(date(2026, 11, 24)):
            assert set(procedure["thresholds"].values()) <= rules["thresholds"].keys()
            for period in (procedure["minimum"], procedure["standstill"]):
                assert period is None or period in rules["periods"]


def easter(year: int) -> date:
    """Return Easter Sunday by epact and moon: another way than the files were made with."""
    golden = year % 19
    century = year // 100
    epact = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon = epact - (epact // 28) * (1 - (epact // 28) * (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    day = moon - weekday
    month = 3 + (day + 40) // 44
    return date(year, month, day + 28 - 31 * (month // 4))


@pytest.mark.parametrize("year", range(2023, 2029))
def test_holidays_move_with_easter(year: int) -> None:
    found = {day for day in holidays() if day.year == year}
    sunday = easter(year)
    fixed = [(1, 1), (2, 24), (5, 1), (6, 23), (6, 24), (8, 20), (12, 24), (12, 25), (12, 26)]

    assert found == {date(year, *day) for day in fixed} | {
        sunday - timedelta(days=2),
        sunday,
        sunday + timedelta(days=49),
    }


def test_easter_of_known_years() -> None:
    # The days that the notices for 2026 to 2028 were reckoned with.
    assert [easter(year) for year in (2026, 2027, 2028)] == [
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2028, 4, 16),
    ]


def test_a_year_that_is_not_known_is_an_error_and_not_a_year_without_holidays() -> None:
    with pytest.raises(NoValue, match="calendar/holidays"):
        dated("calendar/holidays").on(date(2029, 1, 1))


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        pytest.param(date(2026, 12, 18), 7, date(2026, 12, 31), id="standstill over Christmas"),
        pytest.param(date(2026, 12, 21), 5, date(2026, 12, 30), id="answer on a low price"),
    ],
)
def test_working_days_skip_the_holidays_of_the_file(start: date, days: int, last: date) -> None:
    assert after_working_days(start, days, holidays()) == last


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        pytest.param(date(2026, 11, 20), 14, date(2026, 12, 4), id="standstill of 14 days"),
        pytest.param(date(2024, 2, 28), 14, date(2024, 3, 13), id="standstill over a leap day"),
        pytest.param(date(2026, 11, 23), 10, date(2026, 12, 3), id="minimum of ten days"),
        pytest.param(date(2026, 12, 7), 30, date(2027, 1, 6), id="award notice"),
    ],
)
def test_periods_in_days_begin_on_the_day_after(start: date, days: int, last: date) -> None:
    assert after_days(start, days) == last
