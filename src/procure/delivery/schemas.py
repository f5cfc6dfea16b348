"""What delivery looks like over HTTP, and what it takes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.delivery.rules import DaysChange, MarkChange, VisitKpis
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
    """Marks of one training day; a participant who has one keeps it if none is sent.

    `reason` is needed for a correction after the day's entry window, or in a completed group.
    """

    marks: Sequence[MarkDraft]
    reason: str = ""


class PlanDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan agreed with a participant."""

    kind: PlanKind
    agreed_on: date
    goal: str


class PlanReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a plan is confirmed by the buyer's side, or withdrawn."""

    reason: str


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
    due_day: date | None  # the same, if it has come: attendance can be entered


class GroupList(msgspec.Struct, frozen=True):
    """Groups, the newest first."""

    items: list[GroupLine]


class PlanView(msgspec.Struct, frozen=True):
    """A plan agreed with a participant; one that was entered late waits for the buyer's word."""

    id: UUID
    kind: str
    agreed_on: date
    goal: str
    recorded_at: datetime
    late_days_count: int  # between the day it was agreed and the day it was entered
    counts: bool  # for a milestone: entered in time, or confirmed; and not withdrawn
    needs_confirmation: bool
    confirmed_at: datetime | None
    confirmation: str | None  # why the buyer's side says that it is so
    withdrawn_at: datetime | None
    withdrawal: str | None  # why it was wrong
    may: Sequence[str] = ()  # what the reader may do now: confirm, withdraw


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
    waiting_plans: Sequence[str]  # kinds of plans that wait for the buyer's confirmation
    plans: Sequence[PlanView]
    actions: Sequence[str]  # moves that the reader may make now: leave
    plans_to_record: Sequence[str]  # kinds of plan that the reader may record


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who waits and may be referred to a group, and what does not fit."""

    id: UUID  # of the request
    reference: str
    client_ref: str
    risk_band: str
    language: str
    county: str
    earliest_start_on: date
    is_of_basis: bool  # the group was bought for this person among others
    unlike: Sequence[str]  # language, county, tender (out to another one), later (cannot start yet)
    other_basis: str | None  # the analysis behind that other tender


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
    participant_ids: Sequence[UUID]  # those that the reader may see
    relevant_ids: Sequence[UUID]
    participants_count: int  # of all, also those not shown to the reader
    relevant_count: int
    result: str
    is_repeat: bool
    late_days_count: int  # between the visit and its record


class NotYet(msgspec.Struct, frozen=True):
    """Why a move of a group cannot be made yet."""

    action: str
    code: str
    message: str
    text: str
    values: Mapping[str, Any]


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
    participants_count: int  # everybody who is or was in it, also those not shown to the reader
    actions: Sequence[str]  # moves that the reader may make now: start, complete
    not_yet: Sequence[NotYet]  # the others of the reader, each with what stands in the way
    may: Sequence[str]  # what else the reader may do now: refer, mark, import, visit


class MarkView(msgspec.Struct, frozen=True):
    """A mark, and whether it was entered after its day; a late correction says what was."""

    mark: str
    entered_at: datetime
    late_days_count: int
    was: str | None = None
    reason: str | None = None


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
    is_group_completed: bool
    needs_reason: bool  # a correction of a mark needs one by now
    rows: Sequence[SheetRow]
    previous_day: date | None
    next_day: date | None


class CorrectionView(msgspec.Struct, frozen=True):
    """What changed marks make of payable days, and whether they need a reason."""

    needs_reason: bool
    marks: Sequence[MarkChange]
    days: Sequence[DaysChange]  # of each participant concerned
    before_count: int  # payable days of the whole group
    after_count: int


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
