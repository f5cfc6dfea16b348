"""What a group delivered, counted for each participant; and how useful its employer visits were.

Pure. The counts are what payment rests on, so they travel as one frozen value.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.delivery.states import Mark
from procure.kernel.money import rounded


class ParticipantFacts(msgspec.Struct, frozen=True):
    """What is known of one participant."""

    participant_id: UUID
    request_id: UUID
    client_ref: str
    risk_band: str
    state: str
    joins_on: date
    leaves_until: date | None
    exit_reason: str | None
    marks: list[str]
    individual_plan_on: date | None  # of a plan that counts: in time, or confirmed by the buyer
    exit_plan_on: date | None
    relevant_visit_on: date | None  # the first one
    waiting_plans: list[str] = []  # kinds of plans that wait for the buyer's confirmation


class ParticipantDelivery(msgspec.Struct, frozen=True):
    """One participant's days by mark, and what of the milestones was reached."""

    participant_id: UUID
    request_id: UUID
    client_ref: str
    risk_band: str  # frozen at referral
    state: str
    joins_on: date
    leaves_until: date | None  # the first day not in the group
    exit_reason: str | None
    present_count: int
    excused_count: int
    absent_count: int
    success_vacancy_count: int
    payable_days_count: int  # present, excused, or the place empty after a success
    individual_plan_on: date | None  # of a plan that counts: in time, or confirmed by the buyer
    exit_plan_on: date | None
    relevant_visit_on: date | None
    is_individual_plan_in_time: bool
    has_relevant_visit: bool
    has_exit_plan: bool
    waiting_plans: tuple[str, ...] = ()  # kinds of plans that wait for the buyer's confirmation


class GroupDelivery(msgspec.Struct, frozen=True):
    """What a group delivered, as far as is known; what payments and outcomes rest on."""

    group_id: UUID
    contract_id: UUID
    code: str
    state: str
    language: str
    starts_on: date
    ends_until: date
    places_count: int
    days_count: int
    participants: tuple[ParticipantDelivery, ...]  # by day of joining, then client reference

    @property
    def payable_days_count(self) -> int:
        """Days that are paid, over all participants, before any place guarantee."""
        return sum(participant.payable_days_count for participant in self.participants)


def own_day(joins_on: date, number: int, training_days: Sequence[date]) -> date | None:
    """Return a participant's own training day by its number, from 1; None past the timetable.

    >>> own_day(date(2025, 9, 2), 2, [date(2025, 9, d) for d in (1, 2, 3)])
    datetime.date(2025, 9, 3)
    """
    own = [day for day in sorted(training_days) if day >= joins_on]
    return own[number - 1] if number <= len(own) else None


def delivery_of(
    facts: ParticipantFacts, training_days: Sequence[date], plan_by_own_day: int
) -> ParticipantDelivery:
    """Count one participant's days, and say what of the milestones was reached.

    The individual plan is in time until the participant's own training day `plan_by_own_day`,
    counted from the day of joining, that day included.
    """
    last = own_day(facts.joins_on, plan_by_own_day, training_days)
    agreed = facts.individual_plan_on
    count = {mark: facts.marks.count(mark) for mark in Mark}
    return ParticipantDelivery(
        participant_id=facts.participant_id,
        request_id=facts.request_id,
        client_ref=facts.client_ref,
        risk_band=facts.risk_band,
        state=facts.state,
        joins_on=facts.joins_on,
        leaves_until=facts.leaves_until,
        exit_reason=facts.exit_reason,
        present_count=count[Mark.PRESENT],
        excused_count=count[Mark.EXCUSED],
        absent_count=count[Mark.ABSENT],
        success_vacancy_count=count[Mark.SUCCESS_VACANCY],
        payable_days_count=sum(count.values()) - count[Mark.ABSENT],
        individual_plan_on=agreed,
        exit_plan_on=facts.exit_plan_on,
        relevant_visit_on=facts.relevant_visit_on,
        is_individual_plan_in_time=agreed is not None and last is not None and agreed <= last,
        has_relevant_visit=facts.relevant_visit_on is not None,
        has_exit_plan=facts.exit_plan_on is not None,
        waiting_plans=tuple(facts.waiting_plans),
    )


class VisitKpis(msgspec.Struct, frozen=True):
    """How useful a group's visits were."""

    visits_count: int
    seats_count: int  # participants at visits, each visit counted
    relevant_count: int  # … for whom it was relevant
    relevance_rate: Decimal  # to three decimals
    participants_with_relevant_count: int
    repeats_count: int  # visits to an employer the group had visited before


class Visited(msgspec.Struct, frozen=True):
    """One visit, for the indicators."""

    employer_id: UUID
    participant_ids: list[UUID]
    relevant_ids: list[UUID]


def visit_kpis(visits: Sequence[Visited]) -> VisitKpis:
    """Compute the indicators of a group's visits."""
    seats = sum(len(visit.participant_ids) for visit in visits)
    relevant = sum(len(visit.relevant_ids) for visit in visits)
    return VisitKpis(
        visits_count=len(visits),
        seats_count=seats,
        relevant_count=relevant,
        relevance_rate=rounded(
            Decimal(relevant) / Decimal(seats) if seats else Decimal(0), Decimal("0.001")
        ),
        participants_with_relevant_count=len({p for visit in visits for p in visit.relevant_ids}),
        repeats_count=len(visits) - len({visit.employer_id for visit in visits}),
    )
