from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from procure.catalogue.rules import Version
from procure.demand.rules.entries import (
    Bureau,
    Earlier,
    Entry,
    Known,
    Row,
    check_rows,
    checked,
    codes,
    day,
    double_findings,
    flag,
    months_after,
    shown,
    taken_findings,
)
from procure.demand.states import Suitability
from procure.parameters import dated

TODAY = date(2026, 11, 24)
KNOWN = Known(
    counties=frozenset({"EE-79", "EE-45"}),
    bureaus={
        "B-79-1": Bureau("B-79-1", "EE-79"),
        "B-45-1": Bureau("B-45-1", "EE-45"),
        "B-45-C4": Bureau("B-45-C4", "EE-45", date(2025, 1, 1)),
    },
    services={
        "OLD": [Version("OLD", "Old", date(2024, 1, 1), date(2026, 1, 1), ("NEW",))],
        "NEW": [Version("NEW", "New", date(2026, 1, 1), None, ())],
        "COMING": [Version("COMING", "Coming", date(2027, 1, 1), None, ())],
    },
    languages=frozenset({"et", "ru"}),
    risk_bands=frozenset("ABC"),
    barriers=frozenset({"HOUSING", "ROUTINE"}),
    start_ahead=dated("demand/start_ahead"),
)
GOOD: dict[str, Any] = {
    "reference": "REQ-0001",
    "created_on": "2026-11-02",
    "county": "EE-79",
    "bureau": "B-79-1",
    "caseworker_ref": "CW-79-1",
    "client_ref": "CL-00001",
    "service_code": "NEW",
    "language": "et",
    "risk_band": "B",
    "barriers": "HOUSING|ROUTINE",
    "needs_transport": "false",
    "needs_childcare": "true",
    "earliest_start_on": "2026-11-16",
    "suitability": "suitable",
}


def found(**changes: object) -> list[tuple[str, str]]:
    return [(f.field, f.code) for f in checked({**GOOD, **changes}, KNOWN, today=TODAY)[1]]


def test_a_good_row_is_an_entry() -> None:
    entry, findings = checked(GOOD, KNOWN, today=TODAY)
    assert findings == []
    assert entry == Entry(
        reference="REQ-0001",
        created_on=date(2026, 11, 2),
        county="EE-79",
        bureau="B-79-1",
        caseworker_ref="CW-79-1",
        client_ref="CL-00001",
        service_code="NEW",
        language="et",
        risk_band="B",
        barriers=["HOUSING", "ROUTINE"],
        needs_transport=False,
        needs_childcare=True,
        earliest_start_on=date(2026, 11, 16),
        suitability=Suitability.SUITABLE,
    )


def test_typed_values_give_the_same_entry_as_their_texts() -> None:
    typed = {
        **GOOD,
        "created_on": date(2026, 11, 2),
        "barriers": ["HOUSING", "ROUTINE"],
        "needs_transport": False,
        "needs_childcare": True,
        "earliest_start_on": date(2026, 11, 16),
        "suitability": Suitability.SUITABLE,
    }
    assert checked(typed, KNOWN, today=TODAY) == checked(GOOD, KNOWN, today=TODAY)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        pytest.param({"county": "EE-99"}, [("county", "unknown")], id="a county that is none"),
        pytest.param({"county": ""}, [("county", "missing")], id="no county"),
        pytest.param({"bureau": "B-99"}, [("bureau", "unknown")], id="a bureau that is none"),
        pytest.param({"bureau": "B-45-1"}, [("bureau", "other-county")], id="not this county's"),
        pytest.param({"service_code": "X"}, [("service_code", "unknown")], id="no such service"),
        pytest.param(
            {"service_code": "OLD"}, [("service_code", "service-ended")], id="an ended service"
        ),
        pytest.param(
            {"service_code": "COMING"}, [("service_code", "service-not-yet")], id="not begun"
        ),
        pytest.param(
            {"service_code": "COMING", "earliest_start_on": "2027-01-01"}, [], id="begun by then"
        ),
        pytest.param({"language": "fr"}, [("language", "unknown")], id="a language that is none"),
        pytest.param({"risk_band": "D"}, [("risk_band", "unknown")], id="a band that is none"),
        pytest.param({"risk_band": "b"}, [("risk_band", "unknown")], id="a band in small letters"),
        pytest.param({"barriers": "PETS"}, [("barriers", "unknown")], id="a barrier that is none"),
        pytest.param({"barriers": ""}, [], id="no barrier is allowed"),
        pytest.param({"needs_transport": "?"}, [("needs_transport", "yes-or-no")], id="neither"),
        pytest.param({"needs_childcare": ""}, [("needs_childcare", "missing")], id="left open"),
        pytest.param(
            {"created_on": "2026-11-24", "earliest_start_on": "2026-11-24"}, [], id="made today"
        ),
        pytest.param(
            {"created_on": "2026-11-25", "earliest_start_on": "2026-11-25"},
            [("created_on", "future")],
            id="made tomorrow",
        ),
        pytest.param({"earliest_start_on": "2026-11-02"}, [], id="starts on the day it was made"),
        pytest.param(
            {"earliest_start_on": "2026-11-01"},
            [("earliest_start_on", "before-creation")],
            id="starts the day before",
        ),
        pytest.param({"created_on": "2026-02-30"}, [("created_on", "date")], id="no such day"),
        pytest.param({"created_on": "1999-12-31"}, [("created_on", "date")], id="long ago"),
        pytest.param({"reference": "a b"}, [("reference", "reference")], id="a space in it"),
        pytest.param({"reference": "R" * 31}, [("reference", "reference")], id="31 characters"),
        pytest.param({"reference": "R" * 30}, [], id="30 characters"),
        pytest.param({"reference": ""}, [], id="no reference: the system gives one"),
        pytest.param({"client_ref": "37605030299"}, [("client_ref", "personal-code")], id="a code"),
        pytest.param({"client_ref": "37605030298"}, [], id="no code: its check digit is wrong"),
        pytest.param({"client_ref": "=1+1"}, [("client_ref", "formula")], id="a formula"),
        pytest.param({"county": "=A1"}, [("county", "formula")], id="a formula for a county"),
        pytest.param({"suitability": "maybe"}, [("suitability", "unknown")], id="no judgement"),
        pytest.param({"suitability": ""}, [], id="a request without judgement is suitable"),
    ],
)
def test_what_is_wrong(changes: dict[str, str], wrong: list[tuple[str, str]]) -> None:
    assert found(**changes) == wrong


@pytest.mark.parametrize(
    ("created", "wrong"),
    [
        pytest.param("2024-12-31", [], id="the last day before it closed"),
        pytest.param("2025-01-01", [("bureau", "closed")], id="the day it closed"),
    ],
)
def test_a_closed_bureau_is_good_for_old_requests(
    created: str, wrong: list[tuple[str, str]]
) -> None:
    assert found(county="EE-45", bureau="B-45-C4", created_on=created) == wrong


def test_everything_wrong_is_said_at_once_with_its_row() -> None:
    _, findings = checked({"county": "EE-99"}, KNOWN, today=TODAY, row=7)
    assert {finding.row for finding in findings} == {7}
    assert {finding.field for finding in findings} == set(GOOD) - {
        "reference",
        "barriers",
        "suitability",
    }


def test_a_personal_code_is_not_repeated() -> None:
    [finding] = checked({**GOOD, "client_ref": "37605030299"}, KNOWN, today=TODAY)[1]
    assert "37605030299" not in finding.message


def test_a_reference_given_twice_counts_against_the_later_row() -> None:
    rows = [Row(2, GOOD), Row(3, {**GOOD, "reference": "REQ-2"}), Row(4, GOOD)]
    entries, findings = check_rows(rows, KNOWN, today=TODAY)
    assert [number for number, _ in entries] == [2, 3]
    assert [(f.row, f.field, f.message) for f in findings] == [
        (4, "reference", "Row 2 has the reference REQ-0001 already.")
    ]


def test_a_row_of_a_file_needs_a_reference() -> None:
    entries, findings = check_rows([Row(2, {**GOOD, "reference": " "})], KNOWN, today=TODAY)
    assert entries == []
    assert [(f.row, f.field, f.code) for f in findings] == [(2, "reference", "missing")]


def test_what_is_recorded_already_is_said() -> None:
    entries, _ = check_rows([Row(2, GOOD)], KNOWN, today=TODAY)
    assert taken_findings(entries, frozenset()) == []
    [finding] = taken_findings(entries, {"REQ-0001"})
    assert (finding.row, finding.field) == (2, "reference")


def test_values_are_read_as_people_write_them() -> None:
    assert day("24.11.2026") == day(datetime(2026, 11, 24, 8, 0)) == TODAY  # noqa: DTZ001
    assert [flag(word) for word in ("TRUE", "jah", "0", "ei")] == [True, True, False, False]
    assert codes("HOUSING; ROUTINE") == ["HOUSING", "ROUTINE"]
    assert shown("x" * 41) == "x" * 40 + "…"


def test_a_start_two_years_ahead_is_the_last_that_is_taken() -> None:
    assert found(earliest_start_on="2028-11-24") == []
    assert found(earliest_start_on="2028-11-25") == [("earliest_start_on", "too-far")]
    assert found(earliest_start_on="2096-01-01") == [("earliest_start_on", "too-far")]


def test_who_waits_already_is_named_by_the_earlier_request() -> None:
    entry, _ = checked(GOOD, KNOWN, today=TODAY)
    assert entry is not None
    earlier = Earlier(UUID(int=1), "REQ-0", "recorded", entry.client_ref, entry.service_code)
    assert [f.code for f in double_findings([(None, entry)], [earlier])] == ["double"]
    assert double_findings([(None, entry)], []) == []
    other = Earlier(UUID(int=1), "REQ-0", "recorded", "CL-2", entry.service_code)
    assert double_findings([(None, entry)], [other]) == []
    assert [f.row for f in double_findings([(2, entry), (3, entry)], [])] == [3]


def test_months_end_on_a_day_that_there_is() -> None:
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_after(date(2026, 11, 24), 0) == date(2026, 11, 24)
