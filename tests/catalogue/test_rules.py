"""Which version of a service a day chooses; which payment terms can be."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.catalogue.rules import (
    SchemeTerms,
    Version,
    in_force,
    overlaps,
    service_findings,
)

OLD = Version("PRACTICE", "Practice", date(2024, 1, 1), date(2025, 1, 1), ())
NEW = Version("PRACTICE", "Practice", date(2025, 1, 1), date(2026, 1, 1), ("SUPPORT", "VISIT"))
LATER = Version("PRACTICE", "Practice", date(2026, 6, 1), None, ())


@pytest.mark.parametrize(
    ("day", "chosen"),
    [
        pytest.param(date(2023, 12, 31), None, id="the day before it begins"),
        pytest.param(date(2024, 1, 1), OLD, id="the first day"),
        pytest.param(date(2024, 12, 31), OLD, id="the last day of the first version"),
        pytest.param(date(2025, 1, 1), NEW, id="the end of a version is the start of the next"),
        pytest.param(date(2025, 12, 31), NEW, id="the last day"),
        pytest.param(date(2026, 1, 1), None, id="the day it has ended"),
        pytest.param(date(2026, 6, 1), LATER, id="it comes back, and has no end"),
    ],
)
def test_a_day_chooses_the_version(day: date, chosen: Version | None) -> None:
    assert in_force([OLD, NEW, LATER], day) is chosen


@pytest.mark.parametrize(
    ("versions", "day", "code", "text"),
    [
        pytest.param([OLD, NEW], date(2025, 12, 31), None, "", id="nothing to say on its last day"),
        pytest.param(
            [OLD, NEW],
            date(2026, 1, 1),
            "service-ended",
            "Practice (PRACTICE) ended on 2026-01-01. What may follow it: SUPPORT, VISIT.",
            id="an ended service names its successors",
        ),
        pytest.param(
            [OLD],
            date(2026, 1, 1),
            "service-ended",
            "Practice (PRACTICE) ended on 2025-01-01, and nothing is named to follow it.",
            id="an ended service without successors says so",
        ),
        pytest.param(
            [OLD, NEW],
            date(2023, 12, 31),
            "service-not-yet",
            "Practice (PRACTICE) begins on 2024-01-01; choose a day from then on.",
            id="a service that has not begun",
        ),
        pytest.param(
            [OLD, NEW, LATER],
            date(2026, 5, 31),
            "service-paused",
            "Practice (PRACTICE) is not offered on 2026-05-31; it is again from 2026-06-01.",
            id="a service between two versions",
        ),
    ],
)
def test_what_is_said_of_a_day(
    versions: list[Version], day: date, code: str | None, text: str
) -> None:
    found = service_findings(versions, day)

    assert [finding.code for finding in found] == ([code] if code else [])
    assert [finding.message for finding in found] == ([text] if code else [])
    assert all(finding.field == "service_code" for finding in found)


days = st.integers(0, 3000).map(lambda n: date(2022, 1, 1) + timedelta(days=n))


@given(days)
def test_a_day_has_a_version_or_a_reason_and_never_both(day: date) -> None:
    versions = [OLD, NEW, LATER]
    assert (in_force(versions, day) is None) == (len(service_findings(versions, day)) == 1)


@pytest.mark.parametrize(
    ("versions", "count"),
    [
        pytest.param([OLD, NEW, LATER], 0, id="one ends the day the next begins"),
        pytest.param([NEW, OLD], 0, id="in any order"),
        pytest.param(
            [msgspec.structs.replace(OLD, valid_until=date(2025, 1, 2)), NEW], 1, id="a day shared"
        ),
        pytest.param(
            [msgspec.structs.replace(OLD, valid_until=None), NEW], 1, id="the first never ends"
        ),
    ],
)
def test_versions_that_hold_on_the_same_day_are_found(versions: list[Version], count: int) -> None:
    assert len(overlaps(versions)) == count


TERMS: dict[str, Any] = {
    "code": "HYBRID",
    "version": 1,
    "unit": "participant_training_day",
    "unit_price": Decimal(22),
    "attendance_share": Decimal("0.6"),
    "milestone_share": Decimal("0.2"),
    "outcome_share": Decimal("0.2"),
    "milestones": {"M1": Decimal("0.4"), "M2": Decimal("0.6")},
    "milestone_meanings": {"M1": "plan", "M2": "visit"},
    "milestone_last_days": {"M1": 10},
    "guarantee_share": Decimal("0.75"),
    "guarantee_from_day": 6,
    "success_vacancy_days": 10,
    "band_multipliers": {"A": Decimal("0.7"), "B": Decimal(1), "C": Decimal("1.6")},
    "one_family_per_participant": True,
    "outcome_cap_share": Decimal("1.2"),
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({}, None, id="shares and milestones that make the whole"),
        pytest.param({"outcome_share": Decimal("0.21")}, "must sum to 1", id="a share too much"),
        pytest.param(
            {"attendance_share": Decimal("-0.2"), "outcome_share": Decimal(1)},
            "must sum to 1",
            id="a negative share",
        ),
        pytest.param(
            {"milestones": {"M1": Decimal("0.4"), "M2": Decimal("0.5")}},
            "milestones of HYBRID",
            id="milestones that leave a tenth",
        ),
        pytest.param(
            {"milestone_meanings": {"M1": "plan"}}, "needs a meaning", id="an unexplained milestone"
        ),
        pytest.param({"guarantee_share": Decimal("1.01")}, "guarantee", id="more than every place"),
    ],
)
def test_terms_that_cannot_be_paid_are_not_made(change: dict[str, Any], fault: str | None) -> None:
    if fault is None:
        SchemeTerms(**TERMS | change)
        return
    with pytest.raises(ValueError, match=fault):
        SchemeTerms(**TERMS | change)
