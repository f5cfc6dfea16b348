"""Who may join, which marks a day allows, what is counted; the example's group."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure import parameters
from procure.delivery.rules import (
    CompleteFacts,
    Day,
    DaysChange,
    GivenMark,
    GroupPlanFacts,
    LeaveFacts,
    MarkChange,
    ParticipantFacts,
    PlanFacts,
    PlanStanding,
    ReferralFacts,
    StartFacts,
    Stay,
    Visited,
    VisitFacts,
    changes,
    complete_findings,
    confirmation_findings,
    correction_findings,
    corrections,
    days_changed,
    delivery_of,
    expected_on,
    first_of_each,
    group_findings,
    holds_place,
    late_days,
    leave_findings,
    mark_findings,
    marks_findings,
    needs_confirmation,
    own_day,
    phase_of,
    places_held,
    plan_findings,
    read_csv,
    referral_findings,
    row_findings,
    start_findings,
    timetable,
    vacancy_days,
    visit_findings,
    visit_kpis,
    withdrawal_findings,
)
from procure.delivery.rules.plans import reason_findings
from procure.delivery.states import SUCCESSES, ExitReason, Mark

START = date(2025, 9, 1)
PHASES = (10, 35, 15)


AUTUMN_WEEK = {date(2025, 10, 20) + timedelta(days=n) for n in range(4)}
DAYS = timetable(START, {0, 1, 2, 3}, 60, AUTUMN_WEEK)  # Monday to Thursday
END = DAYS[-1] + timedelta(days=1)


def a_stay(**overrides: object) -> Stay:
    fields: dict[str, object] = {
        "participant_id": uuid4(),
        "client_ref": "CL-1",
        "joins_on": START,
        "stays_until": END,
    }
    return msgspec.convert({**fields, **overrides}, Stay)


def left(number: int, reason: ExitReason = ExitReason.JOB, **overrides: object) -> Stay:
    """Someone whose last day in the group was the training day of that number."""
    day = DAYS[number]
    return a_stay(leaves_until=day, stays_until=day, exit_reason=reason, **overrides)


def test_the_timetable_of_the_example_has_sixty_days() -> None:
    assert (len(DAYS), DAYS[-1], DAYS[30]) == (60, date(2025, 12, 18), date(2025, 10, 29))


def test_a_timetable_without_a_day_of_the_week_ends() -> None:
    assert timetable(START, set(), 60, set()) == []


@pytest.mark.parametrize(
    ("number", "phase"),
    [
        pytest.param(1, 1, id="the first day is in phase 1"),
        pytest.param(10, 1, id="day 10 ends phase 1"),
        pytest.param(11, 2, id="day 11 begins phase 2"),
        pytest.param(45, 2, id="day 45 ends phase 2"),
        pytest.param(46, 3, id="day 46 begins phase 3"),
        pytest.param(61, 3, id="a day past the phases is in the last"),
    ],
)
def test_phases(number: int, phase: int) -> None:
    assert phase_of(number, PHASES) == phase


def test_a_success_is_what_the_code_list_says() -> None:
    listed = {r["code"] for r in parameters.reference("exit_reasons") if r["is_success"]}
    assert listed == SUCCESSES


# --- Places ---------------------------------------------------------------------------------


def test_a_place_emptied_by_a_job_is_held_for_ten_training_days() -> None:
    stay = left(24)
    assert vacancy_days(stay, DAYS, 10) == DAYS[24:34]
    assert holds_place(stay, DAYS[33], DAYS, 10)
    assert not holds_place(stay, DAYS[34], DAYS, 10)


def test_a_place_emptied_otherwise_is_free_at_once() -> None:
    stay = left(5, ExitReason.NO_SHOW)
    assert vacancy_days(stay, DAYS, 10) == []
    assert not holds_place(stay, DAYS[5], DAYS, 10)


def test_a_place_that_is_taken_again_is_no_longer_empty() -> None:
    stay = left(24, replaced_on=DAYS[30])
    assert vacancy_days(stay, DAYS, 10) == DAYS[24:30]


def a_referral(**overrides: object) -> ReferralFacts:
    full = [a_stay(client_ref=f"CL-{n}") for n in range(11)]
    fields: dict[str, object] = {
        "group_state": "running",
        "places_count": 12,
        "training_days": DAYS,
        "last_joining_day": DAYS[44],
        "vacancy_limit_days": 10,
        "stays": full,
        "client_ref": "CL-new",
        "joins_on": DAYS[30],
    }
    return ReferralFacts(**{**fields, **overrides})


GONE = left(15, ExitReason.NEEDS_OTHER_SUPPORT, client_ref="CL-gone")
AT_WORK = left(24, client_ref="CL-work")
TWELVE = [a_stay(client_ref=f"CL-{n}") for n in range(12)]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="the twelfth place may be taken"),
        pytest.param({"stays": TWELVE}, ["no-free-place"], id="a thirteenth place is none"),
        pytest.param({"stays": [*TWELVE[:11], GONE]}, [], id="who left without success is no one"),
        pytest.param(
            {"stays": [*TWELVE[:11], AT_WORK]},
            ["no-free-place"],
            id="a place empty after a success is held on day 31",
        ),
        pytest.param(
            {"stays": [*TWELVE[:11], AT_WORK], "joins_on": DAYS[34]},
            [],
            id="and free on day 35, after ten days",
        ),
        pytest.param(
            {"stays": [*TWELVE[:11], AT_WORK], "replaces_id": AT_WORK.participant_id},
            [],
            id="who takes that very place may join on day 31",
        ),
        pytest.param(
            {
                "stays": [*TWELVE[:11], AT_WORK],
                "replaces_id": AT_WORK.participant_id,
                "vacancy_marks": [DAYS[30]],
            },
            ["vacancy-marked"],
            id="unless that day is already paid as empty",
        ),
        pytest.param({"joins_on": DAYS[44]}, [], id="the last day of phase 2 may be joined"),
        pytest.param({"joins_on": DAYS[45]}, ["too-late-to-join"], id="phase 3 may not"),
        pytest.param(
            {"joins_on": date(2025, 9, 5)},
            ["not-a-training-day"],
            id="a Friday is none of its days",
        ),
        pytest.param({"client_ref": "CL-3"}, ["twice-in-group"], id="nobody joins twice"),
        pytest.param(
            {"group_state": "completed"}, ["group-ended"], id="an ended group takes nobody"
        ),
        pytest.param({"replaces_id": uuid4()}, ["replaces-stranger"], id="nor replaces a stranger"),
        pytest.param(
            {"stays": TWELVE, "replaces_id": TWELVE[0].participant_id},
            ["place-not-empty"],
            id="nor somebody who is there",
        ),
        pytest.param(
            {
                "stays": [left(15, client_ref="CL-x", replaced_on=DAYS[20]), *TWELVE[:5]],
                "replaces_id": None,
                "group_state": "completed",
                "client_ref": "CL-1",
                "joins_on": date(2025, 9, 5),
            },
            ["group-ended", "twice-in-group", "not-a-training-day"],
            id="every reason comes at once",
        ),
    ],
)
def test_referral(change: dict[str, object], codes: list[str]) -> None:
    assert [finding.code for finding in referral_findings(a_referral(**change))] == codes


def test_a_place_is_taken_again_once() -> None:
    gone = left(15, client_ref="CL-x", replaced_on=DAYS[20])
    found = referral_findings(a_referral(stays=[gone], replaces_id=gone.participant_id))
    assert [finding.code for finding in found] == ["already-replaced"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 59),
            st.one_of(st.none(), st.integers(1, 60)),
            st.sampled_from(ExitReason),
        ),
        max_size=40,
    )
)
def test_referrals_never_make_more_people_than_places(
    tries: list[tuple[int, int | None, ExitReason]],
) -> None:
    stays: list[Stay] = []
    for n, (joins, stays_days, reason) in enumerate(tries):
        facts = a_referral(places_count=3, stays=stays, client_ref=f"CL-{n}", joins_on=DAYS[joins])
        if referral_findings(facts):
            continue
        until = END
        change: dict[str, object] = {}
        if stays_days is not None and joins + stays_days < 60 and reason != ExitReason.COMPLETED:
            until = DAYS[joins + stays_days]
            change = {"leaves_until": until, "exit_reason": reason}
        stays.append(
            a_stay(client_ref=f"CL-{n}", joins_on=DAYS[joins], stays_until=until, **change)
        )
        assert max(places_held(stays, DAYS, 10).values()) <= 3


# --- Marks ----------------------------------------------------------------------------------


def a_day(number: int, today: date = END) -> Day:
    return Day(DAYS[number - 1], today, DAYS, 10)


@pytest.mark.parametrize(
    ("stay", "number", "mark", "codes"),
    [
        pytest.param(a_stay(), 1, Mark.PRESENT, [], id="the day of joining may be marked"),
        pytest.param(
            a_stay(joins_on=DAYS[30]),
            30,
            Mark.PRESENT,
            ["before-joining"],
            id="the day before may not",
        ),
        pytest.param(a_stay(), 60, Mark.ABSENT, [], id="the last day may be marked"),
        pytest.param(left(24), 24, Mark.PRESENT, [], id="the last day in the group may be marked"),
        pytest.param(left(24), 25, Mark.PRESENT, ["has-left"], id="the first day away may not"),
        pytest.param(
            left(24), 25, Mark.SUCCESS_VACANCY, [], id="but its place is empty after success"
        ),
        pytest.param(left(24), 34, Mark.SUCCESS_VACANCY, [], id="for ten training days"),
        pytest.param(
            left(24), 35, Mark.SUCCESS_VACANCY, ["place-gone"], id="and not for an eleventh"
        ),
        pytest.param(
            left(24, replaced_on=DAYS[30]),
            31,
            Mark.SUCCESS_VACANCY,
            ["place-gone"],
            id="nor once somebody has the place",
        ),
        pytest.param(
            left(5, ExitReason.NO_SHOW),
            6,
            Mark.SUCCESS_VACANCY,
            ["place-gone"],
            id="nor where nothing succeeded",
        ),
        pytest.param(
            a_stay(), 6, Mark.SUCCESS_VACANCY, ["not-vacant"], id="nor while the person is there"
        ),
    ],
)
def test_marks(stay: Stay, number: int, mark: Mark, codes: list[str]) -> None:
    assert [finding.code for finding in mark_findings(stay, mark, a_day(number))] == codes


def test_everyone_in_the_group_has_a_mark_and_nobody_else_needs_one() -> None:
    here, gone, later = a_stay(client_ref="A"), left(24, client_ref="B"), a_stay(joins_on=DAYS[40])
    stays = [here, gone, later]
    assert expected_on(stays, a_day(30)) == [here.participant_id]
    assert [f.code for f in marks_findings(stays, [], a_day(30), [])] == ["no-mark"]
    assert marks_findings(stays, [], a_day(30), [here.participant_id]) == []
    given_once = [GivenMark(here.participant_id, Mark.PRESENT)]
    assert marks_findings(stays, given_once, a_day(30), []) == []
    twice = marks_findings(stays, given_once * 2, a_day(30), [])
    assert [f.code for f in twice] == ["marked-twice", "marked-twice"]
    stranger = marks_findings(stays, [*given_once, GivenMark(uuid4(), Mark.PRESENT)], a_day(30), [])
    assert [f.code for f in stranger] == ["not-in-group"]


def test_a_day_can_be_marked_from_its_own_morning_on() -> None:
    here = a_stay()
    marks = [GivenMark(here.participant_id, Mark.PRESENT)]
    assert marks_findings([here], marks, a_day(30, DAYS[29]), []) == []
    early = marks_findings([here], marks, a_day(30, DAYS[29] - timedelta(days=1)), [])
    assert [f.code for f in early] == ["day-to-come"]


def test_a_friday_has_no_marks() -> None:
    found = marks_findings([], [], Day(date(2025, 9, 5), END, DAYS, 10), [])
    assert [f.code for f in found] == ["not-a-training-day"]


def test_a_file_says_every_fault_with_its_row() -> None:
    here = a_stay()
    rows, found = read_csv(
        "\ufeffday;client_ref;mark\r\n2025-09-01;CL-1;present\r\n1.9.2025;CL-1;hier\r\n;;\r\n"
        "2025-09-05;CL-1;present\r\n2025-09-02;CL-9;absent\r\n2025-09-01;CL-1;absent\r\n".encode()
    )
    assert [(f.row, f.field, f.code) for f in found] == [(3, "day", "date"), (3, "mark", "mark")]
    found = row_findings(rows, [here], today=END, training_days=DAYS, vacancy_limit_days=10)
    assert [(f.row, f.field, f.code) for f in found] == [
        (5, "day", "not-a-training-day"),
        (6, "client_ref", "not-in-group"),
        (7, "client_ref", "marked-twice"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"day,mark\n2025-09-01,present\n", "columns", id="a column is missing"),
        pytest.param(b"", "columns", id="there is nothing"),
        pytest.param("päev".encode("cp1257"), "encoding", id="not UTF-8"),
        pytest.param(b'day,client_ref,mark\n"2025', "csv", id="a quote is not closed"),
    ],
)
def test_a_file_that_is_no_table(content: bytes, code: str) -> None:
    assert [finding.code for finding in read_csv(content)[1]] == [code]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    rows, found = read_csv(b"day,client_ref,mark\n" + content)
    assert isinstance(rows, list)
    assert isinstance(found, list)


# --- Leaving, plans -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="the day after the last mark"),
        pytest.param({"leaves_until": DAYS[23]}, ["marked-later"], id="a day that has a mark"),
        pytest.param({"leaves_until": END}, [], id="the group's end"),
        pytest.param(
            {"leaves_until": END + timedelta(days=1)},
            ["leaves-outside"],
            id="after the group's end",
        ),
        pytest.param(
            {"leaves_until": START - timedelta(days=1), "marked_days": []},
            ["leaves-outside"],
            id="before joining",
        ),
        pytest.param({"leaves_until": START, "marked_days": []}, [], id="never having come"),
        pytest.param(
            {"reason": "COMPLETED"}, ["completes-with-group"], id="completing is not leaving"
        ),
    ],
)
def test_leaving(change: dict[str, object], codes: list[str]) -> None:
    facts = LeaveFacts("CL-4", START, END, DAYS[24], "JOB", DAYS[:24])
    assert [f.code for f in leave_findings(msgspec.structs.replace(facts, **change))] == codes


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="on the day of joining"),
        pytest.param(
            {"agreed_on": START - timedelta(days=1)}, ["plan-outside"], id="the day before"
        ),
        pytest.param({"agreed_on": END}, ["plan-outside"], id="after the stay"),
        pytest.param({"today": START - timedelta(days=1)}, ["plan-future"], id="in the future"),
        pytest.param({"has_this_kind": True}, ["plan-exists"], id="a second time"),
    ],
)
def test_plans(change: dict[str, object], codes: list[str]) -> None:
    facts = some_plan(agreed_on=START, today=END)
    assert [f.code for f in plan_findings(msgspec.structs.replace(facts, **change))] == codes


# --- Counting -------------------------------------------------------------------------------


def some_facts(**overrides: object) -> ParticipantFacts:
    fields: dict[str, object] = {
        "participant_id": uuid4(),
        "request_id": uuid4(),
        "client_ref": "CL-90004",
        "risk_band": "B",
        "state": "left",
        "joins_on": START,
        "leaves_until": DAYS[24],
        "exit_reason": "JOB",
        "marks": ["present"] * 24 + ["success-vacancy"] * 10,
        "individual_plan_on": DAYS[9],
        "exit_plan_on": None,
        "relevant_visit_on": None,
    }
    return ParticipantFacts(**{**fields, **overrides})


def test_the_place_emptied_by_a_job_counts_as_the_example_counts_it() -> None:
    found = delivery_of(some_facts(), DAYS, 10)
    assert (found.present_count, found.success_vacancy_count, found.payable_days_count) == (
        24,
        10,
        34,
    )
    absent = delivery_of(some_facts(marks=["absent", "excused", "present"]), DAYS, 10)
    assert (absent.absent_count, absent.excused_count, absent.payable_days_count) == (1, 1, 2)


@pytest.mark.parametrize(
    ("change", "is_in_time"),
    [
        pytest.param({}, True, id="own day 10 is in time"),
        pytest.param({"individual_plan_on": DAYS[10]}, False, id="own day 11 is not"),
        pytest.param(
            {"joins_on": DAYS[30], "individual_plan_on": DAYS[39]}, True, id="counted from joining"
        ),
        pytest.param(
            {"joins_on": DAYS[30], "individual_plan_on": DAYS[40]},
            False,
            id="and one day later not",
        ),
        pytest.param({"individual_plan_on": None}, False, id="no plan is no plan"),
    ],
)
def test_the_individual_plan_is_in_time(change: dict[str, object], is_in_time: bool) -> None:
    assert delivery_of(some_facts(**change), DAYS, 10).is_individual_plan_in_time is is_in_time


def test_own_days_end_with_the_timetable() -> None:
    assert own_day(DAYS[55], 5, DAYS) == DAYS[59]
    assert own_day(DAYS[55], 6, DAYS) is None


# --- Visits ---------------------------------------------------------------------------------

PEOPLE = {n: UUID(int=n) for n in range(1, 14)}


def visited(employer: int, there: tuple[int, ...], relevant: tuple[int, ...]) -> Visited:
    return Visited(
        UUID(int=100 + employer), [PEOPLE[n] for n in there], [PEOPLE[n] for n in relevant]
    )


def test_the_indicators_of_the_example_come_out() -> None:
    found = visit_kpis(
        [
            visited(1, (1, 6, 9, 13), (6, 9, 13)),
            visited(2, (2, 3, 5, 10), (2, 5)),
            visited(3, (1, 8, 12), (1, 8)),
            visited(1, (3, 8, 10, 12), ()),
        ]
    )
    assert msgspec.structs.astuple(found) == (4, 15, 7, Decimal("0.467"), 7, 1)


def test_no_visits_are_no_rate() -> None:
    assert visit_kpis([]).relevance_rate == 0


HERE, AWAY = a_stay(client_ref="CL-1"), left(24, client_ref="CL-4")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="who was there and for whom it was relevant"),
        pytest.param(
            {"participant_ids": [uuid4()], "relevant_ids": []},
            ["visitor-not-in-group"],
            id="somebody of no or another group",
        ),
        pytest.param(
            {"participant_ids": [HERE.participant_id, AWAY.participant_id]},
            ["visitor-away"],
            id="somebody who had left",
        ),
        pytest.param(
            {"relevant_ids": [AWAY.participant_id]},
            ["relevant-for-absent"],
            id="relevant for one who was not there",
        ),
        pytest.param({"participant_ids": [], "relevant_ids": []}, ["nobody"], id="nobody"),
        pytest.param(
            {"visited_on": END, "today": END}, ["visit-outside", "visitor-away"], id="late"
        ),
        pytest.param({"today": date(2025, 11, 24)}, ["visit-future"], id="to come"),
        pytest.param({"vacancies_count": -1}, ["vacancies"], id="fewer than no vacancies"),
        pytest.param({"is_recorded": True}, ["visit-exists"], id="a second time"),
    ],
)
def test_visits(change: dict[str, object], codes: list[str]) -> None:
    facts = VisitFacts(
        group_starts_on=START,
        group_ends_until=END,
        visited_on=date(2025, 11, 25),
        today=date(2025, 11, 25),
        group_state="running",
        vacancies_count=4,
        stays=[HERE, AWAY],
        participant_ids=[HERE.participant_id],
        relevant_ids=[HERE.participant_id],
        is_recorded=False,
    )
    assert [f.code for f in visit_findings(msgspec.structs.replace(facts, **change))] == codes


# --- Planning -------------------------------------------------------------------------------

GOOD = GroupPlanFacts(
    contract_state="running",
    contract_kind="call-off",
    contract_starts_on=START,
    contract_ends_until=END,
    contract_groups_count=1,
    contract_places_count=12,
    contract_days_count=60,
    groups_planned_count=0,
    places_count=12,
    venue_seats_count=12,
    venue_county="EE-45",
    lot_counties=["EE-45"],
    days=DAYS,
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="as many seats as places, every day inside the contract"),
        pytest.param({"contract_state": "signed"}, [], id="a contract that is signed, not begun"),
        pytest.param({"contract_state": "drafted"}, ["contract-not-running"], id="not signed"),
        pytest.param({"contract_state": "ended"}, ["contract-not-running"], id="ended"),
        pytest.param({"contract_kind": "framework"}, ["not-a-call-off"], id="a framework itself"),
        pytest.param({"groups_planned_count": 1}, ["groups-used-up"], id="one group too many"),
        pytest.param({"venue_seats_count": 11}, ["too-few-seats"], id="one seat too few"),
        pytest.param(
            {"places_count": 13, "venue_seats_count": 14}, ["places"], id="a place too many"
        ),
        pytest.param({"places_count": 0}, ["places"], id="no place at all"),
        pytest.param({"venue_county": "EE-37"}, ["venue-elsewhere"], id="in another county"),
        pytest.param({"days": DAYS[:-1]}, ["days-count"], id="a day too few"),
        pytest.param({"days": [*DAYS, DAYS[0]]}, ["day-twice"], id="a day twice"),
        pytest.param(
            {"contract_ends_until": DAYS[-1]}, ["day-outside"], id="the contract's end is exclusive"
        ),
        pytest.param(
            {"contract_starts_on": DAYS[1]}, ["day-outside"], id="a day before the contract begins"
        ),
        pytest.param({"strangers": ["F01"]}, ["facilitator-of-another"], id="a stranger leads it"),
        pytest.param(
            {"venue_seats_count": 3, "days": DAYS[:2], "strangers": ["F01"]},
            ["too-few-seats", "days-count", "facilitator-of-another"],
            id="every reason comes at once",
        ),
    ],
)
def test_planning(change: dict[str, object], codes: list[str]) -> None:
    assert [f.code for f in group_findings(msgspec.structs.replace(GOOD, **change))] == codes


# --- Plans that come late -------------------------------------------------------------------


def some_plan(**overrides: Any) -> PlanFacts:
    fields: dict[str, Any] = {
        "joins_on": START,
        "stays_until": END,
        "agreed_on": date(2025, 9, 5),
        "today": date(2025, 9, 5),
        "has_this_kind": False,
        "group_state": "running",
        "plan_days": 14,
    }
    return PlanFacts(**{**fields, **overrides})


@pytest.mark.parametrize(
    ("change", "is_needed"),
    [
        pytest.param({}, False, id="on the day"),
        pytest.param({"today": date(2025, 9, 19)}, False, id="on the last day of the window"),
        pytest.param({"today": date(2025, 9, 20)}, True, id="a day after the window"),
        pytest.param({"group_state": "completed"}, True, id="in a completed group"),
    ],
)
def test_a_late_plan_needs_the_buyers_word(change: dict[str, object], *, is_needed: bool) -> None:
    assert needs_confirmation(some_plan(**change)) is is_needed


@pytest.mark.parametrize(
    ("needs", "is_confirmed", "is_withdrawn", "counts"),
    [
        pytest.param(False, False, False, True, id="in time"),
        pytest.param(True, False, False, False, id="late and not confirmed"),
        pytest.param(True, True, False, True, id="late and confirmed"),
        pytest.param(False, False, True, False, id="withdrawn"),
        pytest.param(True, True, True, False, id="confirmed and then withdrawn"),
    ],
)
def test_a_plan_counts_in_time_or_confirmed(
    *, needs: bool, is_confirmed: bool, is_withdrawn: bool, counts: bool
) -> None:
    assert PlanStanding(needs, is_confirmed, is_withdrawn).counts is counts


@pytest.mark.parametrize(
    ("standing", "reason", "codes"),
    [
        pytest.param(PlanStanding(True, False, False), "Seen it.", [], id="waits"),
        pytest.param(PlanStanding(True, False, False), " x ", ["reason"], id="no reason"),
        pytest.param(PlanStanding(True, False, False), "x" * 501, ["reason"], id="too long"),
        pytest.param(PlanStanding(False, False, False), "Yes.", ["plan-counts"], id="in time"),
        pytest.param(PlanStanding(True, True, False), "Yes.", ["plan-confirmed"], id="twice"),
        pytest.param(PlanStanding(True, True, True), "Yes.", ["plan-withdrawn"], id="withdrawn"),
    ],
)
def test_a_confirmation_has_something_to_confirm_and_a_reason(
    standing: PlanStanding, reason: str, codes: list[str]
) -> None:
    assert [f.code for f in confirmation_findings(standing, reason)] == codes


def test_a_plan_is_withdrawn_once_with_a_reason() -> None:
    assert withdrawal_findings(PlanStanding(False, False, False), "The wrong person.") == []
    twice = withdrawal_findings(PlanStanding(False, False, True), "")
    assert [f.code for f in twice] == ["plan-withdrawn", "reason"]


@pytest.mark.parametrize(
    ("reason", "is_enough"),
    [
        pytest.param("ill", True, id="three characters"),
        pytest.param(" ab ", False, id="two and spaces"),
        pytest.param("x" * 500, True, id="the longest"),
        pytest.param("x" * 501, False, id="one more"),
    ],
)
def test_a_reason_says_something(reason: str, *, is_enough: bool) -> None:
    assert (reason_findings(reason, "reason") == []) is is_enough


def test_what_is_entered_on_its_day_or_before_is_not_late() -> None:
    assert [late_days(DAY, DAY + timedelta(days=n)) for n in (-1, 0, 1)] == [0, 0, 1]


# --- Corrections of attendance --------------------------------------------------------------

WHO = uuid4()
DAY = date(2025, 9, 1)


def changed_to(mark: str, was: str | None = "present") -> list[MarkChange]:
    before = {(WHO, DAY): was} if was else {}
    return changes({(WHO, DAY): mark}, before, {WHO: "CL-1"})


def test_a_mark_that_stays_is_no_change() -> None:
    assert changed_to("present") == []
    assert changed_to("absent") == [MarkChange(WHO, "CL-1", DAY, "present", "absent")]


@pytest.mark.parametrize(
    ("was", "state", "today", "needs"),
    [
        pytest.param("present", "running", DAY + timedelta(days=7), False, id="in the window"),
        pytest.param("present", "running", DAY + timedelta(days=8), True, id="after the window"),
        pytest.param(None, "running", DAY + timedelta(days=30), False, id="a late first mark"),
        pytest.param("present", "completed", DAY, True, id="in a completed group"),
        pytest.param(None, "completed", DAY, True, id="a first mark in a completed group"),
    ],
)
def test_a_late_correction_needs_a_reason(
    was: str | None, state: str, today: date, *, needs: bool
) -> None:
    changed = changed_to("absent", was)
    late = corrections(changed, group_state=state, today=today, mark_days=7)
    assert bool(late) is needs
    assert [f.field for f in correction_findings(late, "")] == (["reason"] if needs else [])
    assert correction_findings(late, "The list of the day says so.") == []


@pytest.mark.parametrize(
    ("was", "mark", "after"),
    [
        pytest.param("present", "absent", 53, id="one less"),
        pytest.param("absent", "excused", 55, id="one more"),
        pytest.param("present", "excused", 54, id="paid as before"),
        pytest.param(None, "success-vacancy", 55, id="a new paid day"),
        pytest.param(None, "absent", 54, id="a new day that is not paid"),
    ],
)
def test_what_a_correction_makes_of_payable_days(was: str | None, mark: str, after: int) -> None:
    assert days_changed(changed_to(mark, was), {WHO: 54}) == [DaysChange(WHO, "CL-1", 54, after)]


# --- Starting and completing ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="on its first day"),
        pytest.param({"today": START - timedelta(days=1)}, ["too-early"], id="the day before"),
        pytest.param({"contract_state": "signed"}, ["contract-not-running"], id="contract"),
        pytest.param({"people_count": 0}, ["nobody"], id="nobody"),
    ],
)
def test_when_a_group_may_start(change: dict[str, object], codes: list[str]) -> None:
    facts = StartFacts(START, START, "running", 1)
    assert [f.code for f in start_findings(msgspec.structs.replace(facts, **change))] == codes


def test_of_many_missing_marks_the_first_is_told() -> None:
    facts = CompleteFacts(
        END, END, [(START, "CL-1"), (START, "CL-2")], [("CL-1", "attending"), ("CL-2", "referred")]
    )
    found = complete_findings(facts)
    assert [f.code for f in found] == ["no-mark", "no-mark", "never-came"]
    assert [f.values["client"] for f in first_of_each(found)] == ["CL-1", "CL-2"]
    early = msgspec.structs.replace(facts, today=END - timedelta(days=1), unmarked=[], people=[])
    assert [f.code for f in complete_findings(early)] == ["too-early"]


def test_a_visit_of_a_completed_group_is_not_recorded() -> None:
    facts = VisitFacts(
        START, END, START, END, "completed", 1, [HERE], [HERE.participant_id], [], is_recorded=False
    )
    assert [f.code for f in visit_findings(facts)] == ["group-ended"]
