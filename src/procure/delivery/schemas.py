"""What delivery looks like over HTTP, and what it takes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.delivery.rules import VisitKpis
from procure.delivery.states import ExitReason, Mark, PlanKind


class GroupDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group to be planned under a call-off; `days` are its training days."""

    contract_id: UUID
    venue_id: UUID
    places_count: int
    days: Sequence[date]
    facilitator_ids: Sequence[UUID]
    code: str | None = None  # none: the next number of the year, such as G-2025-07


class ReferralDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person of a request who joins a group on one of its training days."""

    request_id: UUID
    joins_on: date
    replaces_id: UUID | None = None  # the participant whose empty place is taken


class MarkDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One participant's day."""

    participant_id: UUID
    mark: Mark


class AttendanceDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Marks of one training day; a participant who has one keeps it if none is sent."""

    marks: Sequence[MarkDraft]


class PlanDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan agreed with a participant."""

    kind: PlanKind
    agreed_on: date
    goal: str


class LeaveDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a participant leaves: the first day not in the group, and why."""

    leaves_until: date
    reason: ExitReason


class VisitDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visit to an employer: who was there, and for whom of them it was relevant."""

    employer_id: UUID
    visited_on: date
    vacancies_count: int
    participant_ids: Sequence[UUID]
    relevant_ids: Sequence[UUID]
    result: str


class EmployerDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An employer that groups may visit."""

    name: str
    registry_code: str
    county: str
    sector: str
    code: str | None = None


class EmployerView(msgspec.Struct, frozen=True):
    """An employer that groups may visit."""

    id: UUID
    code: str
    name: str
    registry_code: str
    county: str
    sector: str


class EmployerList(msgspec.Struct, frozen=True):
    """Employers by name."""

    items: list[EmployerView]


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """A group in a list."""

    id: UUID
    code: str
    state: str
    contract_id: UUID
    contract_number: str
    buyer_id: UUID
    provider_id: UUID
    provider_name: str
    place: str
    county: str
    language: str
    starts_on: date
    ends_until: date
    places_count: int
    people_count: int  # in the group now or, before it begins, referred to it
    days_count: int
    days_marked_count: int  # training days with attendance
    next_day: date | None  # the first training day without attendance


class GroupList(msgspec.Struct, frozen=True):
    """Groups, the newest first."""

    items: list[GroupLine]


class PlanView(msgspec.Struct, frozen=True):
    """A plan agreed with a participant."""

    id: UUID
    kind: str
    agreed_on: date
    goal: str


class ParticipantView(msgspec.Struct, frozen=True, kw_only=True):
    """A participant, with days counted and plans agreed."""

    id: UUID
    request_id: UUID
    client_ref: str
    risk_band: str
    state: str
    joins_on: date
    stays_until: date
    leaves_until: date | None
    exit_reason: str | None
    replaces_id: UUID | None
    replaced_by_id: UUID | None
    present_count: int
    excused_count: int
    absent_count: int
    success_vacancy_count: int
    payable_days_count: int
    is_individual_plan_in_time: bool
    has_relevant_visit: bool
    has_exit_plan: bool
    plans: Sequence[PlanView]
    actions: Sequence[str]  # moves that the reader may make now: leave
    plans_to_record: Sequence[str]  # kinds of plan that the reader may record


class DayView(msgspec.Struct, frozen=True):
    """A training day; `late_days_count` is how late its attendance was entered, at most."""

    id: UUID
    held_on: date
    number: int
    phase: int
    marks_count: int
    late_days_count: int


class FacilitatorName(msgspec.Struct, frozen=True):
    """A facilitator named for the group."""

    id: UUID
    code: str
    name: str


class VisitView(msgspec.Struct, frozen=True, kw_only=True):
    """A visit; `is_repeat` says that the group had visited the employer before."""

    id: UUID
    employer_id: UUID
    employer_name: str
    visited_on: date
    vacancies_count: int
    participant_ids: Sequence[UUID]
    relevant_ids: Sequence[UUID]
    result: str
    is_repeat: bool


class GroupView(GroupLine, frozen=True, kw_only=True):
    """A group with its timetable, the participants that the reader may see, and its visits."""

    venue_id: UUID
    last_joining_day: date | None
    facilitators: Sequence[FacilitatorName]
    days: Sequence[DayView]
    participants: Sequence[ParticipantView]
    visits: Sequence[VisitView]
    visit_kpis: VisitKpis
    shows_all_participants: bool  # a caseworker sees those of own requests
    actions: Sequence[str]  # moves that the reader may make now: start, complete
    may: Sequence[str]  # what else the reader may do: refer, mark, visit


class MarkView(msgspec.Struct, frozen=True):
    """A mark, and whether it was entered after its day."""

    mark: str
    entered_at: datetime
    late_days_count: int


class SheetRow(msgspec.Struct, frozen=True):
    """One participant's line of a day's sheet."""

    participant_id: UUID
    client_ref: str
    is_in_group: bool  # false: the place is empty after a success
    mark: MarkView | None


class DaySheet(msgspec.Struct, frozen=True):
    """One training day as a facilitator fills it in."""

    group_id: UUID
    code: str
    held_on: date
    number: int
    phase: int
    is_due: bool  # the day has come
    rows: Sequence[SheetRow]
    previous_day: date | None
    next_day: date | None


class AttendanceRowView(msgspec.Struct, frozen=True):
    """One participant's marks by day (ISO date)."""

    participant_id: UUID
    client_ref: str
    joins_on: date
    leaves_until: date | None
    marks: Mapping[str, MarkView]


class AttendanceView(msgspec.Struct, frozen=True):
    """The attendance of a group: its days, and each participant's marks."""

    group_id: UUID
    code: str
    days: Sequence[DayView]
    rows: Sequence[AttendanceRowView]


class ImportReport(msgspec.Struct, frozen=True):
    """What an attendance file did."""

    rows_count: int
    new_count: int
    changed_count: int
