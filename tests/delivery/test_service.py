"""Groups, referrals, attendance, plans and visits on a real database, with its guards."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from procure.db import connection, transaction
from procure.db.engine import AppConnection
from procure.delivery import queries, service
from procure.delivery.rules import (
    DaysChange,
    GroupPlanFacts,
    ReferralFacts,
    group_findings,
    referral_findings,
)
from procure.delivery.schemas import (
    EmployerDraft,
    GroupDraft,
    LeaveDraft,
    MarkDraft,
    PlanDraft,
    ReferralDraft,
    VisitDraft,
)
from procure.delivery.service.attendance import AttendanceEntered
from procure.delivery.service.groups import GroupPlanned
from procure.delivery.service.people import Referred
from procure.delivery.states import ExitReason, Mark, PlanKind
from procure.demand import queries as demand
from procure.documents.queries import read_papers
from procure.kernel.actors import Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.tasks.queries import tasks_of
from tests.builders.contracts import a_contract, a_framework, a_partner
from tests.builders.delivery import (
    DAYS,
    G_2025_07,
    OVER_AT,
    PLANNED_AT,
    a_client_request,
    a_group,
    a_participant,
    a_planned_group,
    a_venue,
    an_employer,
    basis_of,
    evening,
    mark,
    the_group,
)
from tests.builders.identity import an_actor

pytestmark = pytest.mark.usefixtures("db")


async def events(kind: str) -> list[asyncpg.Record]:
    async with connection() as c:
        return await c.fetch("SELECT * FROM event WHERE kind = $1 ORDER BY seq", kind)


# --- The group of the published example -----------------------------------------------------


async def test_the_counts_of_the_example_come_out() -> None:
    group, _ = await the_group()
    found = await queries.group_delivery(group.id)
    counted = {
        p.client_ref: (
            p.risk_band,
            p.present_count,
            p.excused_count,
            p.success_vacancy_count,
            {
                code
                for code, is_reached in (
                    ("M1", p.is_individual_plan_in_time),
                    ("M2", p.has_relevant_visit),
                    ("M3", p.has_exit_plan),
                )
                if is_reached
            },
        )
        for p in found.participants
    }
    assert counted == {
        ref: (band, present, excused, vacated, set(milestones.split()))
        for ref, band, present, excused, vacated, milestones in G_2025_07
    }
    assert found.payable_days_count == 573
    assert (found.state, found.days_count, found.places_count) == ("completed", 60, 12)

    view = await queries.read_group(group.provider, group.id, OVER_AT)
    assert msgspec.structs.astuple(view.visit_kpis) == (4, 15, 7, Decimal("0.467"), 7, 1)
    assert [visit.is_repeat for visit in view.visits] == [False, False, False, True]
    assert {p.client_ref: p.state for p in view.participants}["CL-90001"] == "completed"
    assert {p.client_ref: p.exit_reason for p in view.participants}["CL-90004"] == "JOB"
    (paper,) = await read_papers(group.provider, [group.id])
    assert paper.kind == "attendance-sheet"


# --- Planning -------------------------------------------------------------------------------


async def test_a_group_gets_the_next_code_and_its_days_their_phases() -> None:
    group = await a_planned_group()
    view = await queries.read_group(group.consultant, group.id, PLANNED_AT)
    assert (view.code, view.state, view.language) == ("G-2025-01", "planned", "ru")
    assert (view.starts_on, view.ends_until) == (date(2025, 9, 1), date(2025, 12, 19))
    assert [d.phase for d in view.days] == [1] * 10 + [2] * 35 + [3] * 15
    assert view.last_joining_day == DAYS[44]
    assert [f.code for f in view.facilitators] == ["F01", "F02"]


async def test_the_plan_of_a_group_can_be_made_again_from_its_event() -> None:
    await a_planned_group()
    (event,) = await events("group:planned")
    facts = msgspec.json.decode(event["facts"], type=GroupPlanned).facts
    assert isinstance(facts, GroupPlanFacts)
    assert group_findings(facts) == []


async def test_a_facilitator_of_another_provider_does_not_lead_the_group() -> None:
    call_off = await a_contract()
    stranger = call_off.framework.award.partners[1].facilitator_ids[0]
    with pytest.raises(Refused, match="does not work for this provider"):
        await a_planned_group(call_off=call_off, facilitator_ids=[stranger])


async def test_a_contract_for_one_group_has_one_group() -> None:
    group = await a_planned_group()
    with pytest.raises(Refused, match="All 1 groups"):
        await a_planned_group(call_off=group.call_off)


async def test_every_fault_of_a_plan_comes_at_once() -> None:
    call_off = await a_contract()
    venue = await a_venue(call_off.framework.award.coordinator, seats=11, county="EE-37")
    with pytest.raises(Refused) as refused:
        await a_planned_group(
            call_off=call_off, venue_id=venue, days=DAYS[1:], facilitator_ids=[], code=""
        )
    assert [f.code for f in refused.value.findings] == [
        "too-few-seats",
        "venue-elsewhere",
        "days-count",
        "no-facilitator",
    ]


async def test_a_code_is_given_once_by_a_buyer() -> None:
    framework = await a_framework()
    await a_planned_group(call_off=await a_contract(framework=framework), code="G-2025-07")
    with pytest.raises(Refused, match="G-2025-07 already"):
        await a_planned_group(call_off=await a_contract(framework=framework), code="G-2025-07")
    third = await a_planned_group(call_off=await a_contract(framework=framework))
    view = await queries.read_group(third.consultant, third.id, PLANNED_AT)
    assert view.code == "G-2025-08"


async def test_who_may_not_plan() -> None:
    call_off = await a_contract()
    venue = await a_venue(call_off.framework.award.coordinator)
    draft = GroupDraft(call_off.contract_id, venue, 12, DAYS, call_off.partner.facilitator_ids)
    with pytest.raises(Forbidden):
        await service.plan_group(call_off.partner.manager, draft, now=PLANNED_AT)
    with pytest.raises(Forbidden):
        caseworker = await an_actor(Role.CASEWORKER, org=call_off.buyer_id)
        await service.plan_group(caseworker, draft, now=PLANNED_AT)
    with pytest.raises(NotFound):
        await service.plan_group(await an_actor(Role.CONSULTANT), draft, now=PLANNED_AT)


# --- Referral -------------------------------------------------------------------------------


async def test_a_referral_places_the_request_and_freezes_the_band() -> None:
    group = await a_planned_group()
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    request_id = await a_client_request(caseworker, client_ref="CL-9", risk_band="C")

    participant_id = await service.refer(
        caseworker, group.id, ReferralDraft(request_id, DAYS[0]), now=PLANNED_AT
    )

    assert (await demand.read_request(caseworker, request_id)).state == "placed"
    who = await queries.participant_of(participant_id)
    assert (who.client_ref, who.risk_band, who.state) == ("CL-9", "C", "referred")
    assert (who.stays_until, who.request_id) == (date(2025, 12, 19), request_id)
    (event,) = await events("participant:referred")
    facts = msgspec.json.decode(event["facts"], type=Referred).facts
    assert isinstance(facts, ReferralFacts)
    assert referral_findings(facts) == []


@pytest.mark.parametrize(
    "change",
    [
        "risk_band = 'A'",
        "client_ref = 'CL-other'",
        "joins_on = joins_on + 1",
        "referred_at = now()",
    ],
)
async def test_what_was_decided_at_referral_does_not_change(
    change: str, owner: AppConnection
) -> None:
    group = await a_planned_group()
    participant_id = await a_participant(group)
    with pytest.raises(asyncpg.RestrictViolationError, match="at referral"):
        await owner.execute(f"UPDATE participant SET {change} WHERE id = $1", participant_id)


async def test_the_last_place_is_taken_once() -> None:
    group = await a_planned_group(places_count=1)
    first, second = [await a_client_request(group.consultant) for _ in range(2)]
    async with transaction():
        await service.refer(
            group.consultant, group.id, ReferralDraft(first, DAYS[0]), now=PLANNED_AT
        )
        other = asyncio.create_task(
            service.refer(
                group.consultant, group.id, ReferralDraft(second, DAYS[0]), now=PLANNED_AT
            ),
            context=Context(),
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second referral did not wait for the first"
    with pytest.raises(Refused, match="All 1 places are taken"):
        await other
    assert (await demand.read_request(group.consultant, second)).state == "recorded"


async def test_the_database_has_no_more_people_than_places(owner: AppConnection) -> None:
    group = await a_planned_group(places_count=1)
    await a_participant(group)
    request_id = await a_client_request(group.consultant)
    with pytest.raises(asyncpg.RestrictViolationError, match="more people than places"):
        await owner.execute(
            """INSERT INTO participant (id, buyer, "group", request, client_ref, risk_band,
                    referred_at, referred_by, joins_on, stays_until, state)
               VALUES (gen_random_uuid(), $1, $2, $3, 'CL-x', 'A', now(), $4, '2025-12-18',
                       '2025-12-19', 'referred')""",
            group.buyer_id,
            group.id,
            request_id,
            group.consultant.id,
        )


async def test_nobody_is_in_two_groups_at_the_same_time() -> None:
    framework = await a_framework()
    first = await a_planned_group(call_off=await a_contract(framework=framework))
    second = await a_planned_group(call_off=await a_contract(framework=framework))
    await a_participant(first, client_ref="CL-7")
    with pytest.raises(Refused, match="CL-7 is in another group"):
        await a_participant(second, client_ref="CL-7")
    with pytest.raises(Refused) as refused:
        await a_participant(second, client_ref="CL-7", joins_on=date(2025, 9, 5))
    found = [finding.code for finding in refused.value.findings]
    assert found == ["not-a-training-day", "in-another-group"]


async def test_two_referrals_of_one_person_at_once_leave_one() -> None:
    framework = await a_framework()
    first = await a_planned_group(call_off=await a_contract(framework=framework))
    second = await a_planned_group(call_off=await a_contract(framework=framework))
    requests = [await a_client_request(g.consultant, client_ref="CL-7") for g in (first, second)]

    # As if the other had looked before the first had committed: the database decides.
    async def refer(group_id: UUID, request_id: UUID) -> UUID:
        return await service.refer(
            first.consultant, group_id, ReferralDraft(request_id, DAYS[0]), now=PLANNED_AT
        )

    results = await asyncio.gather(
        refer(first.id, requests[0]), refer(second.id, requests[1]), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == ["Refused", "UUID"]


async def test_the_database_has_nobody_in_two_groups(owner: AppConnection) -> None:
    framework = await a_framework()
    first = await a_planned_group(call_off=await a_contract(framework=framework))
    second = await a_planned_group(call_off=await a_contract(framework=framework))
    await a_participant(first, client_ref="CL-7")
    request_id = await a_client_request(second.consultant, client_ref="CL-7")
    insert = """INSERT INTO participant (id, buyer, "group", request, client_ref, risk_band,
                    referred_at, referred_by, joins_on, stays_until, state)
                VALUES (gen_random_uuid(), $1, $2, $3, $4, 'A', now(), $5, '2025-09-01',
                        '2025-12-19', 'referred')"""
    given = (first.buyer_id, second.id, request_id)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await owner.execute(insert, *given, "CL-7", second.consultant.id)
    other_buyer = (await an_actor(Role.CONSULTANT)).org_id
    await owner.execute(insert, other_buyer, *given[1:], "CL-7", second.consultant.id)


async def test_who_left_may_join_another_group() -> None:
    framework = await a_framework()
    first = await a_planned_group(call_off=await a_contract(framework=framework))
    second = await a_planned_group(call_off=await a_contract(framework=framework))
    participant_id = await a_participant(first, client_ref="CL-7")
    leaving = LeaveDraft(DAYS[3], ExitReason.MOVED)
    await service.leave(first.consultant, participant_id, leaving, now=PLANNED_AT)
    with pytest.raises(Refused, match="in another group"):
        await a_participant(second, client_ref="CL-7", joins_on=DAYS[2])
    await a_participant(second, client_ref="CL-7", joins_on=DAYS[3])


async def test_a_request_is_placed_once() -> None:
    group = await a_planned_group()
    request_id = await a_client_request(group.consultant)
    draft = ReferralDraft(request_id, DAYS[0])
    await service.refer(group.consultant, group.id, draft, now=PLANNED_AT)
    with pytest.raises((Conflict, Refused)):
        await service.refer(group.consultant, group.id, draft, now=PLANNED_AT)


async def test_who_may_not_refer() -> None:
    group = await a_planned_group()
    request_id = await a_client_request(group.consultant)
    draft = ReferralDraft(request_id, DAYS[0])
    with pytest.raises(Forbidden):
        await service.refer(group.provider, group.id, draft, now=PLANNED_AT)
    with pytest.raises(Forbidden):
        await service.refer(group.contract_manager, group.id, draft, now=PLANNED_AT)
    stranger = await an_actor(Role.CASEWORKER)
    with pytest.raises(NotFound):
        await service.refer(stranger, group.id, draft, now=PLANNED_AT)
    foreign = await a_client_request(stranger)
    with pytest.raises(NotFound):
        await service.refer(
            group.consultant, group.id, ReferralDraft(foreign, DAYS[0]), now=PLANNED_AT
        )


# --- Starting, marking ----------------------------------------------------------------------


async def test_a_group_starts_on_its_first_day_with_somebody_in_it() -> None:
    group = await a_planned_group()
    with pytest.raises(Refused) as refused:
        await service.start_group(group.consultant, group.id, now=evening(date(2025, 8, 31)))
    assert [f.code for f in refused.value.findings] == ["too-early", "nobody"]
    await a_participant(group)
    await service.start_group(group.consultant, group.id, now=evening(DAYS[0]))
    with pytest.raises(Conflict, match="Cannot start"):
        await service.start_group(group.consultant, group.id, now=evening(DAYS[0]))


async def test_marks_are_entered_by_the_providers_people_alone() -> None:
    group, (one, two) = await a_group()
    marks = {one: Mark.PRESENT, two: Mark.ABSENT}
    for actor in (group.consultant, group.contract_manager):
        with pytest.raises(Forbidden):
            await mark(group, DAYS[0], marks, actor=actor)
    other = group.call_off.framework.award.partners[1].manager
    with pytest.raises(NotFound):
        await mark(group, DAYS[0], marks, actor=other)
    await mark(group, DAYS[0], marks)
    sheet = await queries.read_day(group.facilitator, group.id, DAYS[0], evening(DAYS[0]))
    assert {row.participant_id: row.mark.mark for row in sheet.rows if row.mark} == marks


async def test_nothing_is_marked_before_the_group_starts() -> None:
    group = await a_planned_group()
    one = await a_participant(group)
    with pytest.raises(Conflict, match="has not started"):
        await mark(group, DAYS[0], {one: Mark.PRESENT})


async def test_a_late_entry_shows_and_a_correction_keeps_what_was() -> None:
    group, (one, two) = await a_group()
    marks = {one: Mark.PRESENT, two: Mark.PRESENT}
    await mark(group, DAYS[0], marks, now=evening(DAYS[0] + timedelta(days=3)))
    await mark(group, DAYS[0], {two: Mark.EXCUSED}, now=evening(DAYS[0] + timedelta(days=4)))
    await mark(group, DAYS[0], {two: Mark.EXCUSED}, now=evening(DAYS[0] + timedelta(days=5)))

    attendance = await queries.read_attendance(group.facilitator, group.id, OVER_AT)
    late = {r.participant_id: r.marks["2025-09-01"].late_days_count for r in attendance.rows}
    assert late == {one: 3, two: 4}
    entered, corrected = [
        msgspec.json.decode(e["facts"], type=AttendanceEntered)
        for e in await events("attendance:entered")
    ]
    assert [m.was for m in entered.marks] == [None, None]
    assert entered.late_days_count == 3
    assert [(m.mark, m.was) for m in corrected.marks] == [("excused", "present")]


async def test_who_comes_is_attending_and_who_does_not_is_still_referred() -> None:
    group, (one, two) = await a_group()
    await mark(group, DAYS[0], {one: Mark.PRESENT, two: Mark.ABSENT})
    states = [(await queries.participant_of(who)).state for who in (one, two)]
    assert states == ["attending", "referred"]


async def test_an_empty_place_is_marked_after_a_job_and_not_after_a_move() -> None:
    group, (one, two) = await a_group()
    await mark(group, DAYS[0], {one: Mark.PRESENT, two: Mark.PRESENT})
    for who, reason in ((one, ExitReason.JOB), (two, ExitReason.MOVED)):
        draft = LeaveDraft(DAYS[1], reason)
        await service.leave(group.facilitator, who, draft, now=evening(DAYS[1]))
    sheet = await queries.read_day(group.facilitator, group.id, DAYS[1], OVER_AT)
    assert [(row.participant_id, row.is_in_group) for row in sheet.rows] == [(one, False)]
    await mark(group, DAYS[1], {one: Mark.SUCCESS_VACANCY})
    with pytest.raises(Refused, match="no longer counts"):
        await mark(group, DAYS[1], {two: Mark.SUCCESS_VACANCY})
    with pytest.raises(Refused, match="no longer counts"):
        await mark(group, DAYS[11], {one: Mark.SUCCESS_VACANCY})


async def test_the_database_refuses_a_mark_that_no_stay_allows(owner: AppConnection) -> None:
    group, (one, _) = await a_group()
    async with connection() as c:
        day_id = await c.fetchval(
            'SELECT id FROM training_day WHERE "group" = $1 AND number = 1', group.id
        )
    with pytest.raises(asyncpg.RestrictViolationError, match="does not go with the stay"):
        await owner.execute(
            """INSERT INTO attendance (id, participant, day, mark, entered_at, entered_by)
               VALUES (gen_random_uuid(), $1, $2, 'success-vacancy', now(), $1)""",
            one,
            day_id,
        )


async def test_a_file_is_entered_whole_or_not_at_all() -> None:
    group, (one, two) = await a_group()
    names = {who: (await queries.participant_of(who)).client_ref for who in (one, two)}
    good = "".join(
        f"{day},{names[who]},present\n" for day in DAYS[:3] for who in (one, two)
    ).encode()
    head = b"day,client_ref,mark\n"
    late = evening(DAYS[2])

    with pytest.raises(Refused) as refused:
        await service.import_attendance(
            group.facilitator, group.id, head + good + b"2025-09-01,CL-none,present\n", now=late
        )
    assert [(f.row, f.field) for f in refused.value.findings] == [(8, "client_ref")]
    assert await queries.marks_of(group.id) == []

    report = await service.import_attendance(group.facilitator, group.id, head + good, now=late)
    assert (report.rows_count, report.new_count, report.changed_count) == (6, 6, 0)
    again = await service.import_attendance(
        group.facilitator, group.id, head + good.replace(b"present", b"absent", 1), now=late
    )
    assert (again.new_count, again.changed_count) == (0, 1)
    with pytest.raises(Forbidden):
        await service.import_attendance(group.consultant, group.id, head + good, now=late)


async def test_two_facilitators_marking_the_same_day_do_not_lose_a_mark() -> None:
    group, (one, two) = await a_group()
    marks = [MarkDraft(one, Mark.PRESENT), MarkDraft(two, Mark.PRESENT)]
    now = evening(DAYS[0])
    async with transaction():
        await service.enter_attendance(group.facilitator, group.id, DAYS[0], marks, now=now)
        other = asyncio.create_task(
            service.enter_attendance(
                group.provider, group.id, DAYS[0], [MarkDraft(two, Mark.EXCUSED)], now=now
            ),
            context=Context(),
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second facilitator did not wait for the first"
    assert (await other).changed_count == 1


# --- Leaving, plans, completing -------------------------------------------------------------


async def test_somebody_who_left_is_replaced_until_phase_two_ends() -> None:
    group, (one, two) = await a_group(places_count=2)
    for day in DAYS[:5]:
        await mark(group, day, {one: Mark.PRESENT, two: Mark.PRESENT})
    job = LeaveDraft(DAYS[5], ExitReason.JOB)
    await service.leave(group.consultant, one, job, now=evening(DAYS[5]))
    with pytest.raises(Refused, match="All 2 places are taken"):
        await a_participant(group, joins_on=DAYS[10], now=evening(DAYS[9]))
    third = await a_participant(group, joins_on=DAYS[10], replaces_id=one, now=evening(DAYS[9]))
    view = await queries.read_group(group.facilitator, group.id, OVER_AT)
    people = {p.id: p for p in view.participants}
    assert (people[third].replaces_id, people[one].replaced_by_id) == (one, third)
    with pytest.raises(Refused, match="Nobody joins after"):
        await a_participant(group, joins_on=DAYS[45], now=evening(DAYS[44]))


async def test_nobody_leaves_before_a_day_that_is_marked() -> None:
    group, (one, two) = await a_group()
    await mark(group, DAYS[0], {one: Mark.PRESENT, two: Mark.PRESENT})
    with pytest.raises(Refused, match="has a mark on"):
        await service.leave(
            group.facilitator, one, LeaveDraft(DAYS[0], ExitReason.JOB), now=evening(DAYS[1])
        )
    await service.leave(
        group.facilitator, one, LeaveDraft(DAYS[1], ExitReason.JOB), now=evening(DAYS[1])
    )
    with pytest.raises(Conflict, match="Cannot leave"):
        await service.leave(
            group.facilitator, one, LeaveDraft(DAYS[1], ExitReason.JOB), now=evening(DAYS[1])
        )


async def test_who_may_not_say_that_somebody_left() -> None:
    group, (one, _) = await a_group()
    draft = LeaveDraft(DAYS[1], ExitReason.JOB)
    auditor = await an_actor(Role.AUDITOR, org=group.buyer_id)
    with pytest.raises(Forbidden):
        await service.leave(auditor, one, draft, now=evening(DAYS[1]))
    other = group.call_off.framework.award.partners[1].manager
    with pytest.raises(NotFound):
        await service.leave(other, one, draft, now=evening(DAYS[1]))


async def test_a_plan_is_recorded_once_by_the_providers_people() -> None:
    group, (one, _) = await a_group()
    draft = PlanDraft(PlanKind.INDIVIDUAL, DAYS[9], "Work in a workshop near home.")
    await service.record_plan(group.facilitator, one, draft, now=evening(DAYS[9]))
    with pytest.raises(Refused, match="already"):
        await service.record_plan(group.facilitator, one, draft, now=evening(DAYS[9]))
    with pytest.raises(Forbidden):
        await service.record_plan(group.consultant, one, draft, now=evening(DAYS[9]))
    found = await queries.group_delivery(group.id)
    assert {p.participant_id: p.is_individual_plan_in_time for p in found.participants}[one]


async def test_a_plan_that_says_nothing_is_refused() -> None:
    group, (one, _) = await a_group()
    draft = PlanDraft(PlanKind.EXIT, DAYS[9], "  ")
    with pytest.raises(Refused) as refused:
        await service.record_plan(group.facilitator, one, draft, now=evening(DAYS[9]))
    assert [f.field for f in refused.value.findings] == ["goal"]


async def test_a_group_is_not_completed_with_days_open_or_people_who_never_came() -> None:
    group, (one, two) = await a_group(days_count=2)
    await mark(group, DAYS[0], {one: Mark.PRESENT, two: Mark.ABSENT})
    with pytest.raises(Refused) as refused:
        await service.complete_group(group.contract_manager, group.id, now=evening(DAYS[1]))
    assert [f.code for f in refused.value.findings] == [
        "too-early",
        "no-mark",
        "no-mark",
        "never-came",
    ]
    with pytest.raises(Forbidden):
        await service.complete_group(group.facilitator, group.id, now=OVER_AT)
    with pytest.raises(NotFound):
        stranger = await an_actor(Role.CONSULTANT)
        await service.complete_group(stranger, group.id, now=OVER_AT)


async def test_a_mark_is_corrected_after_completion_with_a_reason_and_a_new_sheet() -> None:
    group, ids = await the_group()
    who, month_later = ids["CL-90001"], OVER_AT + timedelta(days=30)
    given = {(who, DAYS[59]): Mark.EXCUSED}
    seen = await queries.read_correction(group.facilitator, group.id, given, month_later)
    assert seen.needs_reason
    with pytest.raises(Refused) as refused:
        await mark(group, DAYS[59], {who: Mark.PRESENT}, now=month_later)
    assert [f.field for f in refused.value.findings] == ["reason"]

    reason = "The signed list of the day says so."
    await mark(group, DAYS[59], {who: Mark.EXCUSED}, now=month_later, reason=reason)

    found = await queries.group_delivery(group.id)
    assert {p.client_ref: p.excused_count for p in found.participants}["CL-90001"] == 3
    row = next(m for m in await queries.marks_of(group.id, DAYS[59]) if m.participant_id == who)
    assert (row.was, row.reason) == ("absent", reason)
    newest, first = await read_papers(group.provider, [group.id])
    assert newest.title == f"{first.title}, 2026-01-18"
    (event,) = await events("attendance:corrected")
    facts = msgspec.json.decode(event["facts"], type=AttendanceEntered)
    assert facts.reason == reason
    assert facts.days_changed == [DaysChange(who, "CL-90001", 54, 55)]


async def test_a_mark_changed_long_after_its_day_needs_a_reason() -> None:
    group, (one, two) = await a_group()
    marks = {one: Mark.PRESENT, two: Mark.PRESENT}
    late = evening(DAYS[0] + timedelta(days=8))
    await mark(group, DAYS[0], marks, now=late)  # late, but a first mark
    with pytest.raises(Refused, match="Say why"):
        await mark(group, DAYS[0], {two: Mark.ABSENT}, now=late)
    csv = f"day,client_ref,mark\n{DAYS[0]},{(await queries.participant_of(two)).client_ref},absent"
    with pytest.raises(Refused, match="Say why"):
        await service.import_attendance(group.facilitator, group.id, csv.encode(), now=late)
    await service.import_attendance(
        group.facilitator, group.id, csv.encode(), reason="Was ill, no paper.", now=late
    )
    assert await read_papers(group.provider, [group.id]) == [], "no sheet before the end"


# --- Plans that come late -------------------------------------------------------------------


async def test_a_backdated_plan_of_a_completed_group_makes_no_milestone() -> None:
    group, ids = await the_group()
    who = ids["CL-90011"]  # left after five days without a plan
    a_year_later = evening(date(2026, 11, 30))
    draft = PlanDraft(PlanKind.INDIVIDUAL, date(2025, 9, 5), "Work near home.")
    plan_id = await service.record_plan(group.facilitator, who, draft, now=a_year_later)

    async def m1() -> tuple[bool, tuple[str, ...]]:
        found = await queries.group_delivery(group.id)
        person = next(p for p in found.participants if p.participant_id == who)
        return person.is_individual_plan_in_time, person.waiting_plans

    assert await m1() == (False, ("individual",))
    (task,) = await tasks_of(group.contract_manager, plan_id, a_year_later)
    assert (task.role, task.state) == ("contract-manager", "open")
    for actor in (group.facilitator, group.provider):
        with pytest.raises(Forbidden):
            await service.confirm_plan(actor, plan_id, "It was so.", now=a_year_later)
    with pytest.raises(Refused, match="Say why"):
        await service.confirm_plan(group.contract_manager, plan_id, "", now=a_year_later)

    await service.confirm_plan(
        group.contract_manager, plan_id, "The caseworker was there.", now=a_year_later
    )
    assert await m1() == (True, ())
    (task,) = await tasks_of(group.contract_manager, plan_id, a_year_later)
    assert task.state == "done"
    view = await queries.read_group(group.contract_manager, group.id, a_year_later)
    (plan,) = next(p for p in view.participants if p.id == who).plans
    assert (plan.late_days_count, plan.counts, plan.may) == (451, True, ["withdraw"])
    assert len(await events("plan:confirmed")) == 1


async def test_a_caseworker_confirms_the_plan_of_an_own_client_alone() -> None:
    group = await a_planned_group()
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    mine = await a_participant(group, actor=caseworker)
    others = await a_participant(group)
    late = evening(DAYS[0] + timedelta(days=15))
    draft = PlanDraft(PlanKind.EXIT, DAYS[0], "Work near home.")
    plans = [
        await service.record_plan(group.facilitator, who, draft, now=late) for who in (mine, others)
    ]
    await service.confirm_plan(caseworker, plans[0], "We sat together.", now=late)
    with pytest.raises(NotFound):
        await service.confirm_plan(caseworker, plans[1], "We sat together.", now=late)
    found = await queries.group_delivery(group.id)
    assert {p.participant_id: p.has_exit_plan for p in found.participants} == {
        mine: True,
        others: False,
    }


async def test_a_wrong_plan_is_withdrawn_and_recorded_anew() -> None:
    group, (one, _) = await a_group()
    wrong = PlanDraft(PlanKind.INDIVIDUAL, DAYS[1], "Of somebody else.")
    plan_id = await service.record_plan(group.facilitator, one, wrong, now=evening(DAYS[1]))
    with pytest.raises(Refused, match="in time and counts"):
        await service.confirm_plan(group.contract_manager, plan_id, "Yes.", now=evening(DAYS[1]))
    with pytest.raises(Refused, match="Say why"):
        await service.withdraw_plan(group.facilitator, plan_id, " ", now=evening(DAYS[1]))
    other = group.call_off.framework.award.partners[1].manager
    with pytest.raises(NotFound):
        await service.withdraw_plan(other, plan_id, "Not theirs.", now=evening(DAYS[1]))
    await service.withdraw_plan(group.facilitator, plan_id, "Wrong person.", now=evening(DAYS[1]))
    found = await queries.group_delivery(group.id)
    assert not any(p.is_individual_plan_in_time for p in found.participants)

    right = PlanDraft(PlanKind.INDIVIDUAL, DAYS[2], "Work near home.")
    await service.record_plan(group.facilitator, one, right, now=evening(DAYS[2]))
    view = await queries.read_group(group.facilitator, group.id, evening(DAYS[2]))
    plans = next(p for p in view.participants if p.id == one).plans
    assert [(p.goal, p.counts, p.withdrawal) for p in plans] == [
        ("Of somebody else.", False, "Wrong person."),
        ("Work near home.", True, None),
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("agreed_on = agreed_on - 30", id="day"),
        pytest.param("needs_confirmation = false", id="rule"),
        pytest.param("recorded_at = now()", id="recorded"),
    ],
)
async def test_the_database_keeps_a_plan_as_it_was_recorded(
    change: str, owner: AppConnection
) -> None:
    group, (one, _) = await a_group()
    draft = PlanDraft(PlanKind.INDIVIDUAL, DAYS[0], "Work near home.")
    late = evening(DAYS[0] + timedelta(days=20))
    plan_id = await service.record_plan(group.facilitator, one, draft, now=late)
    with pytest.raises(asyncpg.RestrictViolationError, match="as it was recorded"):
        await owner.execute(f"UPDATE plan SET {change} WHERE id = $1", plan_id)


# --- Duties ---------------------------------------------------------------------------------


async def test_a_signed_contract_asks_for_a_group_until_it_has_one() -> None:
    call_off = await a_contract()
    await service.ask_due(PLANNED_AT)
    assert await service.ask_due(PLANNED_AT) == 0, "asked once"
    (task,) = [
        t
        for t in await tasks_of(call_off.contract_manager, call_off.contract_id, PLANNED_AT)
        if t.kind == "group:plan"
    ]
    assert (task.role, task.state) == ("consultant", "open")
    assert task.link == f"/groups/new?contract_id={call_off.contract_id}"
    group = await a_planned_group(call_off=call_off)
    (task,) = [
        t
        for t in await tasks_of(group.consultant, call_off.contract_id, PLANNED_AT)
        if t.kind == "group:plan"
    ]
    assert task.state == "done"
    assert await service.ask_due(PLANNED_AT) == 0


async def test_a_month_asks_for_its_attendance_when_it_has_begun() -> None:
    group, people = await a_group(days_count=20)  # September, and 1, 2, 6 and 7 October

    async def reports() -> dict[str, tuple[str, date, str]]:
        tasks = await tasks_of(group.provider, group.call_off.contract_id, OVER_AT)
        return {
            t.kind.removeprefix("attendance-report:"): (t.state, t.due_on, t.message)
            for t in tasks
            if t.kind.startswith("attendance-report:")
        }

    await service.ask_due(evening(date(2025, 8, 31)))
    assert await reports() == {}
    await service.ask_due(evening(DAYS[0]))
    assert {month: rest[:2] for month, rest in (await reports()).items()} == {
        "2025-09": ("open", date(2025, 10, 5))
    }
    assert "2025-09-01 to 2025-09-30" in (await reports())["2025-09"][2]
    for day in group.days:
        await mark(group, day, dict.fromkeys(people, Mark.PRESENT))
    await service.ask_due(OVER_AT)
    assert {month: rest[0] for month, rest in (await reports()).items()} == {"2025-09": "done"}


async def test_those_whose_clients_wait_are_asked_to_refer_them() -> None:
    group = await a_planned_group(places_count=1)
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    mine = await a_client_request(caseworker)
    await a_client_request(group.consultant)  # recorded by no caseworker
    await a_client_request(caseworker, language="et")  # of another language
    await basis_of(group)

    await service.ask_due(PLANNED_AT)
    found = await tasks_of(group.consultant, group.id, PLANNED_AT)
    assert {(t.role, t.person_id, t.state) for t in found} == {
        ("caseworker", caseworker.id, "open"),
        ("consultant", None, "open"),
    }
    draft = ReferralDraft(mine, DAYS[0])
    await service.refer(caseworker, group.id, draft, now=PLANNED_AT)
    found = await tasks_of(group.consultant, group.id, PLANNED_AT)
    assert {t.state for t in found} == {"dropped"}, "the only place is taken"


async def test_whose_clients_are_all_referred_is_not_asked_any_more() -> None:
    group = await a_planned_group()
    caseworkers = [await an_actor(Role.CASEWORKER, org=group.buyer_id) for _ in range(2)]
    requests = [await a_client_request(who) for who in caseworkers]
    await basis_of(group)
    await service.ask_due(PLANNED_AT)
    draft = ReferralDraft(requests[0], DAYS[0])
    await service.refer(caseworkers[0], group.id, draft, now=PLANNED_AT)
    found = await tasks_of(group.consultant, group.id, PLANNED_AT)
    assert {t.person_id: t.state for t in found} == {
        caseworkers[0].id: "dropped",
        caseworkers[1].id: "open",
    }
    after_phase_two = evening(DAYS[45])
    await service.ask_due(after_phase_two)
    found = await tasks_of(group.consultant, group.id, after_phase_two)
    assert {t.state for t in found} == {"dropped"}


# --- Visits ---------------------------------------------------------------------------------


def a_visit(employer_id: UUID, there: list[UUID], **overrides: object) -> VisitDraft:
    fields: dict[str, object] = {
        "employer_id": employer_id,
        "visited_on": DAYS[1],
        "vacancies_count": 4,
        "participant_ids": there,
        "relevant_ids": there[:1],
        "result": "Two were invited.",
    }
    return VisitDraft(**{**fields, **overrides})


async def test_a_visit_with_somebody_of_another_group_is_refused() -> None:
    group, (one, _) = await a_group()
    employer = await an_employer(group.call_off.framework.award.coordinator)
    draft = a_visit(employer, [one, uuid4()])
    with pytest.raises(Refused, match="is not a participant of this group"):
        await service.record_visit(group.facilitator, group.id, draft, now=OVER_AT)
    with pytest.raises(Refused, match="no such employer"):
        draft = a_visit(uuid4(), [one])
        await service.record_visit(group.facilitator, group.id, draft, now=OVER_AT)


async def test_who_may_not_record_a_visit() -> None:
    group, (one, _) = await a_group()
    draft = a_visit(await an_employer(group.call_off.framework.award.coordinator), [one])
    with pytest.raises(Forbidden):
        await service.record_visit(group.consultant, group.id, draft, now=OVER_AT)
    other = group.call_off.framework.award.partners[1].manager
    with pytest.raises(NotFound):
        await service.record_visit(other, group.id, draft, now=OVER_AT)


async def test_the_database_keeps_visitors_of_the_group(owner: AppConnection) -> None:
    framework = await a_framework()
    first, (one, _) = await a_group(call_off=await a_contract(framework=framework))
    second, (other, _) = await a_group(call_off=await a_contract(framework=framework))
    employer = await an_employer(framework.award.coordinator)
    visit_id = await service.record_visit(
        first.facilitator, first.id, a_visit(employer, [one]), now=OVER_AT
    )
    with pytest.raises(asyncpg.RestrictViolationError, match="of the group"):
        await owner.execute(
            """INSERT INTO visit_participant (id, visit, participant, is_relevant)
               VALUES (gen_random_uuid(), $1, $2, true)""",
            visit_id,
            other,
        )
    assert second.id != first.id


async def test_an_employer_is_recorded_by_who_plans_or_leads() -> None:
    group, _ = await a_group()
    draft = EmployerDraft("Demo Ladu OÜ", "19998047", "EE-45", "logistics")
    found = await service.record_employer(group.facilitator, draft, now=OVER_AT, group_id=group.id)
    listed = await queries.list_employers(group.facilitator, group.id)
    assert [(e.id, e.code) for e in listed] == [(found, "E01")]
    with pytest.raises(Forbidden):
        await service.record_employer(group.facilitator, draft, now=OVER_AT)
    with pytest.raises(NotFound):
        stranger = await a_partner(await an_actor(Role.COORDINATOR))
        await service.record_employer(stranger.manager, draft, now=OVER_AT, group_id=group.id)
    with pytest.raises(Refused) as refused:
        bad = EmployerDraft(" ", "19998048", "EE-99", "x", code="E01")
        await service.record_employer(group.facilitator, bad, now=OVER_AT, group_id=group.id)
    assert [f.field for f in refused.value.findings] == [
        "name",
        "code",
        "registry_code",
        "county",
    ]


# --- Who sees whom --------------------------------------------------------------------------


async def test_a_group_is_seen_by_its_buyer_and_its_provider_alone() -> None:
    group, _ = await a_group()
    for actor in (group.consultant, group.contract_manager, group.provider, group.facilitator):
        assert len((await queries.read_group(actor, group.id, OVER_AT)).participants) == 2
        assert [line.id for line in await queries.list_groups(actor, OVER_AT)] == [group.id]
    strangers = (
        group.call_off.framework.award.partners[1].manager,
        await an_actor(Role.COORDINATOR),
    )
    for stranger in strangers:
        assert await queries.list_groups(stranger, OVER_AT) == []
        for read in (
            queries.read_group(stranger, group.id, OVER_AT),
            queries.read_attendance(stranger, group.id, OVER_AT),
            queries.read_day(stranger, group.id, DAYS[0], OVER_AT),
            queries.list_employers(stranger, group.id),
        ):
            with pytest.raises(NotFound):
                await read


async def test_a_caseworker_sees_the_participants_of_own_requests() -> None:
    group = await a_planned_group()
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    mine = await a_participant(group, actor=caseworker)
    others = await a_participant(group)
    view = await queries.read_group(caseworker, group.id, PLANNED_AT)
    assert [p.id for p in view.participants] == [mine]
    assert (view.people_count, view.shows_all_participants) == (2, False)
    draft = LeaveDraft(DAYS[1], ExitReason.MOVED)
    with pytest.raises(NotFound):
        await service.leave(caseworker, others, draft, now=PLANNED_AT)
    both = await an_actor(Role.CASEWORKER, Role.CONSULTANT, org=group.buyer_id)
    assert len((await queries.read_group(both, group.id, PLANNED_AT)).participants) == 2


async def test_a_day_that_is_none_of_the_groups_has_no_sheet() -> None:
    group, _ = await a_group()
    with pytest.raises(NotFound):
        await queries.read_day(group.facilitator, group.id, date(2025, 9, 5), OVER_AT)
    assert datetime(2025, 9, 5, tzinfo=UTC) < OVER_AT
