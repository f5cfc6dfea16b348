"""Delivery over HTTP, as JSON."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from procure.delivery import queries, service
from procure.delivery.rules import GroupDelivery
from procure.delivery.schemas import (
    AttendanceDraft,
    AttendanceView,
    DaySheet,
    EmployerDraft,
    EmployerList,
    EmployerView,
    GroupDraft,
    GroupList,
    GroupView,
    ImportReport,
    LeaveDraft,
    ParticipantView,
    PlanDraft,
    PlanReason,
    ReferralDraft,
    VisitDraft,
    VisitView,
)
from procure.delivery.service.attendance import LARGEST_FILE
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_


@dataclass
class SentFile:
    """A CSV file of attendance with the columns day, client_ref and mark, up to 2 MB.

    `reason` is needed if it corrects marks late, or in a completed group.
    """

    file: UploadFile
    reason: str = ""


async def _participant(
    actor: Actor, group_id: UUID, participant_id: UUID, now: datetime
) -> ParticipantView:
    group = await queries.read_group(actor, group_id, now)
    for participant in group.participants:
        if participant.id == participant_id:
            return participant
    raise NotFound(n_("There is no such participant."))


async def _of_plan(actor: Actor, group_id: UUID, plan_id: UUID, now: datetime) -> UUID:
    """Return whose plan it is; NotFound for one of another group, or one not to be seen."""
    group = await queries.read_group(actor, group_id, now)
    for participant in group.participants:
        if plan_id in {plan.id for plan in participant.plans}:
            return participant.id
    raise NotFound(n_("There is no such plan."))


class GroupApi(Controller):
    """Groups under call-offs, with the people in them."""

    path = "/api/v1/groups"
    tags = ("Delivery",)

    @get("/", operation_id="listGroups", permission=Permission.GROUP_READ)
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        contract_id: FromQuery[UUID | None] = None,
    ) -> GroupList:
        """List your organisation's groups, the newest first; a provider sees its own alone."""
        found = await queries.list_groups(actor, now, state=in_state, contract_id=contract_id)
        return GroupList(found)

    @post("/", operation_id="planGroup", permission=Permission.GROUP_PLAN)
    async def plan(
        self,
        data: JSONBody[GroupDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> GroupView:
        """Plan a group under a call-off that is signed or runs; 422 with everything wrong with it.

        `days` are all of its training days, as many as the contract says and inside it; they are
        numbered and get the phases of the service. `facilitator_ids` are the provider's.
        """
        group_id = await service.plan_group(actor, data, now=now)
        return await queries.read_group(actor, group_id, now)

    @get("/{group_id:uuid}", operation_id="readGroup", permission=Permission.GROUP_READ)
    async def read(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> GroupView:
        """Read one group: timetable, participants with their days, visits and their indicators.

        A caseworker sees the participants of own requests.
        """
        return await queries.read_group(actor, group_id, now)

    @get(
        "/{group_id:uuid}/delivery",
        operation_id="readGroupDelivery",
        permission=Permission.CLAIM_READ,
    )
    async def delivery(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> GroupDelivery:
        """Read what payment rests on: days by mark and milestones of each participant."""
        await queries.read_group(actor, group_id, now)
        return await queries.group_delivery(group_id)

    @post(
        "/{group_id:uuid}/start",
        operation_id="startGroup",
        permission=Permission.GROUP_PLAN,
        status_code=HTTP_200_OK,
    )
    async def start(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> GroupView:
        """Start a group on or after its first day; 422 while nobody was referred."""
        await service.start_group(actor, group_id, now=now)
        return await queries.read_group(actor, group_id, now)

    @post(
        "/{group_id:uuid}/complete",
        operation_id="completeGroup",
        permission=Permission.GROUP_PLAN,
        status_code=HTTP_200_OK,
    )
    async def complete(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> GroupView:
        """Complete a group after its last day; 422 names every day without a mark."""
        await service.complete_group(actor, group_id, now=now)
        return await queries.read_group(actor, group_id, now)

    @post(
        "/{group_id:uuid}/participants",
        operation_id="referParticipant",
        permission=Permission.PARTICIPANT_REFER,
    )
    async def refer(
        self,
        group_id: FromPath[UUID],
        data: JSONBody[ReferralDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ParticipantView:
        """Refer the person of a request, who joins on a training day; the risk band is frozen.

        `replaces_id` names a participant who has left and whose place is taken. 422 where no place
        is free on some day, after phase 2, or for a person who is in another group at that time.
        """
        participant_id = await service.refer(actor, group_id, data, now=now)
        return await _participant(actor, group_id, participant_id, now)

    @post(
        "/{group_id:uuid}/participants/{participant_id:uuid}/leave",
        operation_id="recordLeaving",
        permission=Permission.GROUP_READ,
        status_code=HTTP_200_OK,
    )
    async def leave(
        self,
        group_id: FromPath[UUID],
        participant_id: FromPath[UUID],
        data: JSONBody[LeaveDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ParticipantView:
        """Record that a participant leaves: `leaves_until` is the first day not in the group.

        Who refers and who marks attendance may. After JOB or EDUCATION the empty place may be
        marked `success-vacancy` for the days of the payment scheme.
        """
        await _participant(actor, group_id, participant_id, now)
        await service.leave(actor, participant_id, data, now=now)
        return await _participant(actor, group_id, participant_id, now)

    @post(
        "/{group_id:uuid}/participants/{participant_id:uuid}/plans",
        operation_id="recordPlan",
        permission=Permission.PLAN_RECORD,
    )
    async def record_plan(
        self,
        group_id: FromPath[UUID],
        participant_id: FromPath[UUID],
        data: JSONBody[PlanDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ParticipantView:
        """Record the individual plan or the exit plan that was agreed with a participant.

        One that is entered long after the day it was agreed, or in a completed group, counts for a
        milestone only once the buyer's side confirms it (`needs_confirmation`, `counts`).
        """
        await _participant(actor, group_id, participant_id, now)
        await service.record_plan(actor, participant_id, data, now=now)
        return await _participant(actor, group_id, participant_id, now)

    @post(
        "/{group_id:uuid}/plans/{plan_id:uuid}/confirm",
        operation_id="confirmPlan",
        permission=Permission.GROUP_READ,
        status_code=HTTP_200_OK,
    )
    async def confirm_plan(
        self,
        group_id: FromPath[UUID],
        plan_id: FromPath[UUID],
        data: JSONBody[PlanReason],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ParticipantView:
        """Confirm for the buyer that a plan entered late was agreed; from now on it counts."""
        participant_id = await _of_plan(actor, group_id, plan_id, now)
        await service.confirm_plan(actor, plan_id, data.reason, now=now)
        return await _participant(actor, group_id, participant_id, now)

    @post(
        "/{group_id:uuid}/plans/{plan_id:uuid}/withdraw",
        operation_id="withdrawPlan",
        permission=Permission.GROUP_READ,
        status_code=HTTP_200_OK,
    )
    async def withdraw_plan(
        self,
        group_id: FromPath[UUID],
        plan_id: FromPath[UUID],
        data: JSONBody[PlanReason],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ParticipantView:
        """Withdraw a wrong plan; it stays in the history, and another may be recorded."""
        participant_id = await _of_plan(actor, group_id, plan_id, now)
        await service.withdraw_plan(actor, plan_id, data.reason, now=now)
        return await _participant(actor, group_id, participant_id, now)


class AttendanceApi(Controller):
    """Attendance, by day or from a file."""

    path = "/api/v1/groups"
    tags = ("Delivery",)

    @get(
        "/{group_id:uuid}/attendance",
        operation_id="readAttendance",
        permission=Permission.GROUP_READ,
    )
    async def read(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> AttendanceView:
        """Read the marks of each participant by day; `late_days_count` says how late each came."""
        return await queries.read_attendance(actor, group_id, now)

    @get(
        "/{group_id:uuid}/attendance/{day:date}",
        operation_id="readAttendanceDay",
        permission=Permission.GROUP_READ,
    )
    async def read_day(
        self,
        group_id: FromPath[UUID],
        day: FromPath[date],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> DaySheet:
        """Read one training day's sheet: who has to be marked, and the marks there are."""
        return await queries.read_day(actor, group_id, day, now)

    @post(
        "/{group_id:uuid}/attendance/{day:date}",
        operation_id="enterAttendance",
        permission=Permission.ATTENDANCE_ENTER,
        status_code=HTTP_200_OK,
    )
    async def enter(
        self,
        group_id: FromPath[UUID],
        day: FromPath[date],
        data: JSONBody[AttendanceDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> DaySheet:
        """Enter or correct the marks of one day: everyone in the group needs one.

        `mark` is present, excused, absent or success-vacancy (only where somebody has left for
        work or studies). What a correction replaces is kept in the record; one that comes after
        the day's entry window, or in a completed group, needs a `reason`.
        """
        await service.enter_attendance(
            actor, group_id, day, data.marks, reason=data.reason, now=now
        )
        return await queries.read_day(actor, group_id, day, now)

    @post(
        "/{group_id:uuid}/attendance/import",
        operation_id="importAttendance",
        permission=Permission.ATTENDANCE_ENTER,
        status_code=HTTP_200_OK,
        request_max_body_size=LARGEST_FILE + 1_000_000,
    )
    async def import_file(
        self,
        group_id: FromPath[UUID],
        data: MultipartBody[SentFile],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ImportReport:
        """Enter a CSV file of `day,client_ref,mark`: all of it, or 422 with each fault and row."""
        content = await data.file.read(LARGEST_FILE + 1)
        return await service.import_attendance(
            actor, group_id, content, reason=data.reason, now=now
        )


class VisitApi(Controller):
    """Visits to employers, and the employers."""

    path = "/api/v1"
    tags = ("Delivery",)

    @post(
        "/groups/{group_id:uuid}/visits",
        operation_id="recordVisit",
        permission=Permission.VISIT_RECORD,
    )
    async def record(
        self,
        group_id: FromPath[UUID],
        data: JSONBody[VisitDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> VisitView:
        """Record who of the group was at an employer, and for whom the visit was relevant.

        `is_repeat` in the answer says that the group had visited this employer before.
        """
        visit_id = await service.record_visit(actor, group_id, data, now=now)
        group = await queries.read_group(actor, group_id, now)
        return next(visit for visit in group.visits if visit.id == visit_id)

    @get("/employers", operation_id="listEmployers", permission=Permission.GROUP_READ)
    async def employers(
        self, actor: NamedDependency[Actor], group_id: FromQuery[UUID | None] = None
    ) -> EmployerList:
        """List employers: your own, or with `group_id` those of the buyer of one of your groups."""
        return EmployerList(await queries.list_employers(actor, group_id))

    @post("/employers", operation_id="recordEmployer", permission=Permission.GROUP_PLAN)
    async def record_employer(
        self,
        data: JSONBody[EmployerDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> EmployerView:
        """Record an employer that your groups may visit."""
        employer_id = await service.record_employer(actor, data, now=now)
        found = await queries.list_employers(actor)
        return next(employer for employer in found if employer.id == employer_id)

    @post(
        "/groups/{group_id:uuid}/employers",
        operation_id="recordEmployerOfGroup",
        permission=Permission.VISIT_RECORD,
    )
    async def record_employer_of_group(
        self,
        group_id: FromPath[UUID],
        data: JSONBody[EmployerDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> EmployerView:
        """Record an employer for the buyer of a group that your people lead."""
        employer_id = await service.record_employer(actor, data, now=now, group_id=group_id)
        found = await queries.list_employers(actor, group_id)
        return next(employer for employer in found if employer.id == employer_id)


CONTROLLERS: list[type[Controller]] = [GroupApi, AttendanceApi, VisitApi]
