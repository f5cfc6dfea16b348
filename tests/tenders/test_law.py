"""The traps of classification, and the legal calendar day by day."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.kernel.parameters import NoValue
from procure.parameters import holidays
from procure.tenders.queries import rule_set_on
from procure.tenders.rules import (
    CalendarFacts,
    RuleSet,
    complaint_last_day,
    complaint_on_documents_last_day,
    due_day,
    earliest_deadline,
    earliest_signing,
    last_blocked_day,
    legal_calendar,
    periods_ahead,
    procedure_needed,
    time_left,
)
from tests.builders.tenders import DEADLINE_AT, DRAFTED_AT

OLD = date(2026, 10, 31)
NEW = date(2026, 11, 1)


def amounts(*values: int) -> list[Decimal]:
    return [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("cpv", "values", "started_on", "procedure", "in_ted"),
    [
        pytest.param(
            "85312310", [60_000], date(2026, 11, 16), None, False,
            id="employer visits as guidance (social) need no procedure",
        ),
        pytest.param(
            "79634000", [60_000], date(2026, 11, 16), "simplified", False,
            id="the same visits as career guidance need a simplified one",
        ),
        pytest.param(
            "85320000", [480_000], date(2026, 10, 30), "social", False,
            id="480 000 is above the old social threshold",
        ),
        pytest.param(
            "85320000", [480_000], date(2026, 11, 2), None, False,
            id="480 000 is below the new one",
        ),
        pytest.param(
            "85320000", [500_000], date(2026, 11, 2), "social", False,
            id="the limit itself counts",
        ),
        pytest.param(
            "85320000", [749_999], date(2026, 11, 2), "social", False,
            id="one euro below the EU threshold stays out of TED",
        ),
        pytest.param(
            "85320000", [750_000], date(2026, 11, 2), "social", True,
            id="the EU threshold itself goes to TED",
        ),
        pytest.param(
            "85320000", [90_000] * 6, date(2026, 11, 2), "social", False,
            id="six lots of 90 000 are 540 000",
        ),
        pytest.param(
            "79634000", [139_999], NEW, "simplified", False, id="an ordinary service below the EU",
        ),
        pytest.param("79634000", [140_000], NEW, "open", True, id="an ordinary service at the EU"),
        pytest.param("79634000", [29_999], OLD, None, False, id="below the old simplified limit"),
        pytest.param("79634000", [30_000], OLD, "simplified", False, id="at the old limit"),
    ],
)  # fmt: skip
def test_which_procedure_the_law_asks_for(
    cpv: str, values: list[int], started_on: date, procedure: str | None, in_ted: bool
) -> None:
    need = procedure_needed(cpv, amounts(*values), rule_set_on(started_on))

    assert (need.procedure, need.in_ted) == (procedure, in_ted)
    assert need.total_amount == sum(values)


def test_a_stricter_procedure_is_allowed_and_a_laxer_one_is_not() -> None:
    rules = rule_set_on(NEW)

    assert procedure_needed("85320000", amounts(500_000), rules).allowed == ["social", "open"]
    assert "direct" in procedure_needed("85320000", amounts(499_999), rules).allowed
    assert "social" not in procedure_needed("79634000", amounts(1), rules).allowed


@given(st.lists(st.integers(min_value=1, max_value=300_000), min_size=1, max_size=12))
def test_splitting_a_purchase_into_lots_changes_nothing(values: list[int]) -> None:
    rules = rule_set_on(NEW)
    whole = procedure_needed("85320000", amounts(sum(values)), rules)

    assert procedure_needed("85320000", amounts(*values), rules) == whole


@pytest.mark.parametrize(
    ("day", "code"),
    [
        pytest.param(date(2026, 10, 30), "RHS-to-2026-10-31", id="30 October keeps the old rules"),
        pytest.param(OLD, "RHS-to-2026-10-31", id="the last day of the old rules"),
        pytest.param(NEW, "RHS-from-2026-11-01", id="the first day of the new rules"),
    ],
)
def test_the_start_day_chooses_the_rule_set(day: date, code: str) -> None:
    assert rule_set_on(day).code == code


def test_before_the_first_rule_set_there_is_none() -> None:
    with pytest.raises(NoValue):
        rule_set_on(date(1990, 1, 1))


def test_a_standstill_of_14_days() -> None:
    signing = earliest_signing(date(2026, 11, 20), "social", rule_set_on(NEW), holidays())

    assert signing.last_blocked_on == date(2026, 12, 4)
    assert signing.earliest_on == date(2026, 12, 5)
    assert signing.cautious_on == date(2026, 12, 7)  # the 5th is a Saturday


def test_a_standstill_that_ends_at_christmas_shows_the_cautious_day_beside_it() -> None:
    signing = earliest_signing(date(2026, 12, 11), "social", rule_set_on(NEW), holidays())

    assert signing.last_blocked_on == date(2026, 12, 25)
    assert signing.earliest_on == date(2026, 12, 26)
    assert signing.cautious_on == date(2026, 12, 28)


def test_a_simplified_standstill_counts_working_days() -> None:
    rules, old = rule_set_on(NEW), rule_set_on(date(2026, 10, 30))
    sent = date(2026, 12, 18)

    assert last_blocked_day(sent, "simplified", rules, holidays()) == date(2026, 12, 31)
    # Started on 30 October it keeps the old five.
    assert last_blocked_day(sent, "simplified", old, holidays()) == date(2026, 12, 29)


def test_a_call_off_has_no_standstill() -> None:
    signing = earliest_signing(date(2025, 6, 20), "mini-competition", rule_set_on(OLD), holidays())

    assert signing.last_blocked_on is None
    assert signing.earliest_on == date(2025, 6, 20)


def test_an_abnormally_low_price_is_explained_in_five_working_days() -> None:
    due = due_day("abnormally_low_answer", date(2026, 12, 21), rule_set_on(NEW), holidays())
    assert due == date(2026, 12, 30)


def test_an_award_notice_follows_in_thirty_days() -> None:
    due = due_day("award_notice", date(2026, 12, 7), rule_set_on(NEW), holidays())
    assert due == date(2027, 1, 6)


def test_a_period_that_a_rule_set_does_not_have_is_a_defect() -> None:
    with pytest.raises(KeyError):
        due_day("social_minimum", date(2024, 1, 8), rule_set_on(date(2024, 1, 8)), holidays())


@pytest.mark.parametrize(
    ("procedure", "started_on", "first"),
    [
        pytest.param("social", date(2026, 11, 23), date(2026, 12, 3), id="social, new: ten days"),
        pytest.param("social", date(2024, 1, 8), date(2024, 1, 8), id="social, old: none"),
        pytest.param("simplified", OLD, date(2026, 11, 10), id="simplified, old: ten days"),
        pytest.param("simplified", NEW, date(2026, 11, 16), id="simplified, new: fifteen"),
    ],
)
def test_the_earliest_deadline(procedure: str, started_on: date, first: date) -> None:
    assert earliest_deadline(started_on, procedure, rule_set_on(started_on)) == first


@pytest.mark.parametrize(
    ("procedure", "last"),
    [
        pytest.param("social", date(2026, 11, 30), id="ten days"),
        pytest.param("simplified", date(2026, 11, 27), id="simplified: five working days"),
        pytest.param("mini-competition", date(2026, 11, 27), id="call-off: seven days"),
    ],
)
def test_the_last_day_to_complain(procedure: str, last: date) -> None:
    assert complaint_last_day(date(2026, 11, 20), procedure, rule_set_on(NEW), holidays()) == last


def test_complaints_on_the_documents_end_five_working_days_before_the_deadline() -> None:
    rules = rule_set_on(NEW)
    # 24 to 26 December are holidays or weekend, so that five working days go back to the 17th.
    assert complaint_on_documents_last_day(date(2026, 12, 28), rules, holidays()) == date(
        2026, 12, 17
    )


def test_the_calendar_of_the_tender_of_2024(framework_rules: RuleSet) -> None:
    facts = CalendarFacts("social", DRAFTED_AT.date(), DEADLINE_AT, date(2024, 4, 1))
    found = legal_calendar(facts, framework_rules, holidays())

    assert [(date_.code, date_.on) for date_ in found] == [
        ("published", date(2024, 1, 8)),
        ("complaints-on-documents", date(2024, 2, 1)),
        ("deadline", date(2024, 2, 8)),
        ("opening", date(2024, 2, 8)),
        ("contract", date(2024, 4, 1)),
    ]
    assert next(date_.at for date_ in found if date_.code == "deadline") == DEADLINE_AT


def test_periods_that_will_run_are_said_before_they_do(framework_rules: RuleSet) -> None:
    found = {p.code: (p.days, p.unit) for p in periods_ahead("social", framework_rules)}

    assert found["standstill"] == (14, "days")
    assert found["complaint"] == (10, "days")
    assert found["abnormally_low_answer"] == (5, "working-days")
    assert "standstill" not in {p.code for p in periods_ahead("mini-competition", framework_rules)}


def test_nothing_is_left_after_the_deadline() -> None:
    left = time_left(DEADLINE_AT, DEADLINE_AT)
    assert (left.days, left.hours, left.minutes) == (0, 0, 0)


@pytest.fixture
def framework_rules() -> RuleSet:
    return rule_set_on(DRAFTED_AT.date())
