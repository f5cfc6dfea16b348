"""What a group delivered, counted from marks, plans and visits; asks no actor."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.contracts import queries as contracts
from procure.db import fetch_as
from procure.delivery.queries.facts import M1, group_facts, stays_of, training_days
from procure.delivery.rules import (
    Day,
    GroupDelivery,
    ParticipantDelivery,
    ParticipantFacts,
    delivery_of,
    expected_on,
    late_days,
)
from procure.delivery.schemas import (
    MarkView,
    VisitView,
)
from procure.kernel.time import legal_day


class _Participant(msgspec.Struct):
    participant_id: UUID
    request_id: UUID
    client_ref: str
    risk_band: str
    state: str
    joins_on: date
    leaves_until: date | None
    exit_reason: str | None
    marks: list[str]
    individual_plan_on: date | None
    exit_plan_on: date | None
    relevant_visit_on: date | None
    waiting_plans: list[str]


# A plan that is not withdrawn, and was entered in time or confirmed by the buyer's side.
PLAN_COUNTS = """n.withdrawn_at IS NULL
    AND (n.confirmed_at IS NOT NULL OR NOT n.needs_confirmation)"""


async def participants_of(group_id: UUID) -> list[ParticipantDelivery]:
    """Count what was delivered to each participant of a group; for services."""
    facts = await group_facts(group_id)
    terms = await contracts.terms_of(facts.contract_id)
    days = [day.held_on for day in await training_days(group_id)]
    rows = await fetch_as(
        _Participant,
        f"""SELECT p.id AS participant_id, p.request AS request_id, p.client_ref, p.risk_band,
                  p.state, p.joins_on, p.leaves_until, p.exit_reason,
                  array(SELECT a.mark::text FROM attendance a WHERE a.participant = p.id) AS marks,
                  (SELECT n.agreed_on FROM plan n
                    WHERE n.participant = p.id AND n.kind = 'individual'
                      AND {PLAN_COUNTS})
                    AS individual_plan_on,
                  (SELECT n.agreed_on FROM plan n
                    WHERE n.participant = p.id AND n.kind = 'exit' AND {PLAN_COUNTS})
                    AS exit_plan_on,
                  array(SELECT n.kind::text FROM plan n WHERE n.participant = p.id
                           AND n.withdrawn_at IS NULL AND NOT ({PLAN_COUNTS}) ORDER BY n.kind)
                    AS waiting_plans,
                  (SELECT min(e.visited_on) FROM visit_participant w
                     JOIN employer_visit e ON e.id = w.visit
                    WHERE w.participant = p.id AND w.is_relevant) AS relevant_visit_on
             FROM participant p WHERE p."group" = $1 ORDER BY p.joins_on, p.client_ref""",  # noqa: S608 - our own text
        group_id,
    )
    return [
        delivery_of(
            ParticipantFacts(**msgspec.structs.asdict(row)),
            days,
            terms.scheme.milestone_last_days.get(M1, len(days)),
        )
        for row in rows
    ]


async def group_delivery(group_id: UUID) -> GroupDelivery:
    """Return what a group delivered; asks no actor, for services of later stages."""
    facts = await group_facts(group_id)
    return GroupDelivery(
        group_id=facts.id,
        contract_id=facts.contract_id,
        code=facts.code,
        state=facts.state,
        language=facts.language,
        starts_on=facts.starts_on,
        ends_until=facts.ends_until,
        places_count=facts.places_count,
        days_count=len(await training_days(group_id)),
        participants=tuple(await participants_of(group_id)),
    )


class _Visit(msgspec.Struct):
    id: UUID
    employer_id: UUID
    employer_name: str
    visited_on: date
    vacancies_count: int
    result: str
    participant_ids: list[UUID]
    relevant_ids: list[UUID]
    is_repeat: bool
    late_days_count: int


async def visits_of(group_id: UUID) -> list[VisitView]:
    """List the visits of a group, the earliest first; for services."""
    rows = await fetch_as(
        _Visit,
        """SELECT v.id, v.employer AS employer_id, e.name AS employer_name, v.visited_on,
                  v.vacancies_count, v.result,
                  array(SELECT w.participant FROM visit_participant w
                          JOIN participant p ON p.id = w.participant
                         WHERE w.visit = v.id ORDER BY p.client_ref) AS participant_ids,
                  array(SELECT w.participant FROM visit_participant w
                          JOIN participant p ON p.id = w.participant
                         WHERE w.visit = v.id AND w.is_relevant ORDER BY p.client_ref)
                      AS relevant_ids,
                  row_number() OVER (PARTITION BY v.employer ORDER BY v.visited_on, v.id) > 1
                      AS is_repeat,
                  greatest((v.recorded_at AT TIME ZONE 'Europe/Tallinn')::date - v.visited_on, 0)
                      AS late_days_count
             FROM employer_visit v JOIN employer e ON e.id = v.employer
            WHERE v."group" = $1 ORDER BY v.visited_on, v.id""",
        group_id,
    )
    return [
        VisitView(
            **msgspec.structs.asdict(row),
            participants_count=len(row.participant_ids),
            relevant_count=len(row.relevant_ids),
        )
        for row in rows
    ]


class MarkRow(msgspec.Struct, frozen=True):
    """A mark as it is stored."""

    id: UUID
    participant_id: UUID
    held_on: date
    mark: str
    entered_at: datetime
    was: str | None = None  # before a late correction
    reason: str | None = None

    def view(self) -> MarkView:
        """Say the mark, and how many days after its day it was entered."""
        late = late_days(self.held_on, legal_day(self.entered_at))
        return MarkView(self.mark, self.entered_at, late, self.was, self.reason)


async def marks_of(group_id: UUID, day: date | None = None) -> list[MarkRow]:
    """List the marks of a group, or those of one day; for services."""
    return await fetch_as(
        MarkRow,
        """SELECT a.id, a.participant AS participant_id, d.held_on, a.mark, a.entered_at,
                  a.was, a.reason
             FROM attendance a JOIN training_day d ON d.id = a.day
            WHERE d."group" = $1 AND ($2::date IS NULL OR d.held_on = $2)""",
        group_id,
        day,
    )


async def unmarked(group_id: UUID, today: date) -> list[tuple[date, str]]:
    """List (day, client reference) of everyone in the group without a mark, until `today`."""
    days = [row.held_on for row in await training_days(group_id)]
    stays = await stays_of(group_id)
    names = {stay.participant_id: stay.client_ref for stay in stays}
    marked = {(mark.held_on, mark.participant_id) for mark in await marks_of(group_id)}
    return [
        (day, names[participant_id])
        for day in days
        if day <= today
        for participant_id in expected_on(stays, Day(day, today, days, 0))
        if (day, participant_id) not in marked
    ]
