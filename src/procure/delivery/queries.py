"""Reading delivery: a group is its buyer's and its provider's.

A caseworker sees the groups of the buyer and in them the participants of own requests; everyone
else of the buyer sees all; people of a provider see its own groups alone.
"""

from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.catalogue import queries as catalogue
from procure.contracts import queries as contracts
from procure.contracts.rules import Terms
from procure.db import fetch_as
from procure.delivery.rules import (
    Day,
    GroupDelivery,
    ParticipantDelivery,
    ParticipantFacts,
    Stay,
    Visited,
    delivery_of,
    expected_on,
    holds_place,
    visit_kpis,
)
from procure.delivery.schemas import (
    AttendanceRowView,
    AttendanceView,
    DaySheet,
    DayView,
    EmployerView,
    FacilitatorName,
    GroupLine,
    GroupView,
    MarkView,
    ParticipantView,
    PlanView,
    SheetRow,
    VisitView,
)
from procure.delivery.states import GROUP, PARTICIPANT, GroupState, PlanKind
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

M1 = "M1"  # the payment scheme's milestone of the individual plan
LAST_JOINING_PHASE = "replacements_allowed_until_phase"  # of the service's params

_GROUP = """
    SELECT g.id, g.code, g.state, g.contract AS contract_id, c.number AS contract_number,
           c.buyer AS buyer_id, c.provider_org AS provider_id, o.name AS provider_name,
           g.venue AS venue_id, v.place, v.county, g.language, g.starts_on, g.ends_until,
           g.places_count,
           (SELECT count(*) FROM participant p
             WHERE p."group" = g.id AND p.stays_until > least($2::date, g.ends_until - 1))
             AS people_count,
           d.days_count, d.days_marked_count, d.next_day
      FROM service_group g JOIN contract c ON c.id = g.contract
      JOIN organisation o ON o.id = c.provider_org JOIN venue v ON v.id = g.venue
      CROSS JOIN LATERAL (
           SELECT count(*) AS days_count, count(*) FILTER (WHERE m.marked) AS days_marked_count,
                  min(t.held_on) FILTER (WHERE NOT m.marked) AS next_day
             FROM training_day t
             CROSS JOIN LATERAL (SELECT EXISTS (
                  SELECT FROM attendance a WHERE a.day = t.id) AS marked) m
            WHERE t."group" = g.id) d
     WHERE $1 IN (c.buyer, c.provider_org)
"""


class _Group(msgspec.Struct):
    id: UUID
    code: str
    state: str
    contract_id: UUID
    contract_number: str
    buyer_id: UUID
    provider_id: UUID
    provider_name: str
    venue_id: UUID
    place: str
    county: str
    language: str
    starts_on: date
    ends_until: date
    places_count: int
    people_count: int
    days_count: int
    days_marked_count: int
    next_day: date | None


def sees_own_only(actor: Actor) -> bool:
    """Tell whether the actor sees only the participants of own requests: a caseworker, no more."""
    return actor.is_buyer and actor.roles <= {Role.CASEWORKER}


async def list_groups(
    actor: Actor, now: datetime, *, state: str = "", contract_id: UUID | None = None
) -> list[GroupLine]:
    """List the groups of the actor's organisation, the newest first."""
    rows = await fetch_as(
        _Group,
        f"""{_GROUP} AND ($3 = '' OR g.state = $3) AND ($4::uuid IS NULL OR g.contract = $4)
            ORDER BY g.starts_on DESC, g.code""",
        actor.org_id,
        legal_day(now),
        state,
        contract_id,
    )
    return [_line(row) for row in rows]


def _line(row: _Group) -> GroupLine:
    return GroupLine(**{name: getattr(row, name) for name in GroupLine.__struct_fields__})


async def _visible(actor: Actor, group_id: UUID, today: date) -> _Group:
    rows = await fetch_as(_Group, f"{_GROUP} AND g.id = $3", actor.org_id, today, group_id)
    if not rows:
        raise _missing(group_id)
    return rows[0]


async def read_group(actor: Actor, group_id: UUID, now: datetime) -> GroupView:
    """Load one group; NotFound also for one of other organisations."""
    row = await _visible(actor, group_id, legal_day(now))
    seen = await seen_participants(actor, group_id)
    days = await training_days(group_id)
    visits = await visits_of(group_id)
    plans = await _plans(group_id)
    people = {
        participant.participant_id: participant
        for participant in await participants_of(group_id)
        if participant.participant_id in seen
    }
    stays = {stay.participant_id: stay for stay in await stays_of(group_id)}
    replaced_by = {
        stay.replaces_id: stay.participant_id for stay in stays.values() if stay.replaces_id
    }
    return GroupView(
        **msgspec.structs.asdict(_line(row)),
        venue_id=row.venue_id,
        last_joining_day=await last_joining_day(group_id),
        facilitators=await _facilitators(group_id),
        days=days,
        participants=[
            _participant(actor, row, person, stays[person.participant_id], replaced_by, plans)
            for person in people.values()
        ],
        visits=[
            msgspec.structs.replace(
                visit,
                participant_ids=[who for who in visit.participant_ids if who in seen],
                relevant_ids=[who for who in visit.relevant_ids if who in seen],
            )
            for visit in visits
        ],
        visit_kpis=visit_kpis(
            [
                Visited(
                    employer_id=visit.employer_id,
                    participant_ids=list(visit.participant_ids),
                    relevant_ids=list(visit.relevant_ids),
                )
                for visit in visits
            ]
        ),
        shows_all_participants=not sees_own_only(actor),
        actions=_actions(actor, row),
        may=_may(actor, row),
    )


def _actions(actor: Actor, group: _Group) -> list[str]:
    if not actor.may(Permission.GROUP_PLAN, for_org=group.buyer_id):
        return []
    return GROUP.actions(group.state)


def _may(actor: Actor, group: _Group) -> list[str]:
    has_started, has_ended = group.state != GroupState.PLANNED, group.state == GroupState.COMPLETED
    return [
        name
        for name, permission, org_id, is_open in (
            ("refer", Permission.PARTICIPANT_REFER, group.buyer_id, not has_ended),
            ("mark", Permission.ATTENDANCE_ENTER, group.provider_id, has_started),
            ("visit", Permission.VISIT_RECORD, group.provider_id, has_started),
        )
        if is_open and actor.may(permission, for_org=org_id)
    ]


def _participant(  # noqa: PLR0917 - private, and each is needed
    actor: Actor,
    group: _Group,
    person: ParticipantDelivery,
    stay: "StayRow",
    replaced_by: dict[UUID, UUID],
    plans: dict[UUID, list[PlanView]],
) -> ParticipantView:
    agreed = plans.get(person.participant_id, [])
    may_leave = may_record_leaving(actor, group.buyer_id, group.provider_id)
    may_plan = actor.may(Permission.PLAN_RECORD, for_org=group.provider_id)
    return ParticipantView(
        id=person.participant_id,
        stays_until=stay.stays_until,
        replaces_id=stay.replaces_id,
        replaced_by_id=replaced_by.get(person.participant_id),
        plans=agreed,
        actions=[a for a in PARTICIPANT.actions(person.state) if a == "leave" and may_leave],
        plans_to_record=[
            kind for kind in PlanKind if may_plan and kind not in {plan.kind for plan in agreed}
        ],
        **{
            name: getattr(person, name)
            for name in ParticipantView.__struct_fields__
            if name in ParticipantDelivery.__struct_fields__
        },
    )


def may_record_leaving(actor: Actor, buyer_id: UUID, provider_id: UUID) -> bool:
    """Tell whether the actor may say that a participant leaves: who refers, or who marks."""
    return actor.may(Permission.PARTICIPANT_REFER, for_org=buyer_id) or actor.may(
        Permission.ATTENDANCE_ENTER, for_org=provider_id
    )


class GroupFacts(msgspec.Struct, frozen=True):
    """A group as services see it."""

    id: UUID
    code: str
    state: str
    contract_id: UUID
    buyer_id: UUID
    provider_id: UUID
    venue_id: UUID
    language: str
    starts_on: date
    ends_until: date
    places_count: int


async def group_facts(group_id: UUID, *, held: bool = False) -> GroupFacts:
    """Return a group; asks no actor, for services. `held` locks it until the transaction ends."""
    rows = await fetch_as(
        GroupFacts,
        f"""SELECT g.id, g.code, g.state, g.contract AS contract_id, c.buyer AS buyer_id,
                   c.provider_org AS provider_id, g.venue AS venue_id, g.language, g.starts_on,
                   g.ends_until, g.places_count
              FROM service_group g JOIN contract c ON c.id = g.contract WHERE g.id = $1
              {"FOR UPDATE OF g" if held else ""}""",  # noqa: S608 - our own text
        group_id,
    )
    if not rows:
        raise _missing(group_id)
    return rows[0]


class StayRow(Stay, frozen=True, kw_only=True):
    """A stay as it is stored."""

    state: str
    replaces_id: UUID | None

    def plain(self) -> Stay:
        """Return the stay as the rules have it, to be stored with what they decided."""
        return Stay(**{name: getattr(self, name) for name in Stay.__struct_fields__})


async def stays_of(group_id: UUID) -> list[StayRow]:
    """List the stays of a group, the earliest first; for services."""
    return await fetch_as(
        StayRow,
        """SELECT p.id AS participant_id, p.client_ref, p.joins_on, p.stays_until, p.exit_reason,
                  p.leaves_until, r.joins_on AS replaced_on, p.state, p.replaces_id
             FROM participant p LEFT JOIN participant r ON r.replaces_id = p.id
            WHERE p."group" = $1 ORDER BY p.joins_on, p.client_ref""",
        group_id,
    )


class ParticipantRef(msgspec.Struct, frozen=True):
    """A participant as later stages see one."""

    id: UUID
    group_id: UUID
    contract_id: UUID
    buyer_id: UUID
    provider_id: UUID
    request_id: UUID
    client_ref: str
    risk_band: str
    state: str
    joins_on: date
    stays_until: date  # exclusive
    leaves_until: date | None
    exit_reason: str | None


async def participant_of(participant_id: UUID) -> ParticipantRef:
    """Return a participant; asks no actor, for services."""
    rows = await fetch_as(
        ParticipantRef,
        """SELECT p.id, p."group" AS group_id, g.contract AS contract_id, c.buyer AS buyer_id,
                  c.provider_org AS provider_id, p.request AS request_id, p.client_ref,
                  p.risk_band, p.state, p.joins_on, p.stays_until, p.leaves_until, p.exit_reason
             FROM participant p JOIN service_group g ON g.id = p."group"
             JOIN contract c ON c.id = g.contract WHERE p.id = $1""",
        participant_id,
    )
    if not rows:
        raise NotFound(n_("There is no such participant."))
    return rows[0]


class _Id(msgspec.Struct):
    id: UUID


async def seen_participants(actor: Actor, group_id: UUID) -> frozenset[UUID]:
    """Return the participants of a group that the actor may see; the group itself is visible."""
    rows = await fetch_as(
        _Id,
        """SELECT p.id FROM participant p JOIN request r ON r.id = p.request
            WHERE p."group" = $1 AND (NOT $2 OR r.recorded_by = $3 OR p.referred_by = $3)""",
        group_id,
        sees_own_only(actor),
        actor.id,
    )
    return frozenset(row.id for row in rows)


class DayRow(DayView, frozen=True):
    """A training day as it is stored."""


async def training_days(group_id: UUID) -> list[DayRow]:
    """List the training days of a group in order; for services."""
    return await fetch_as(
        DayRow,
        """SELECT d.id, d.held_on, d.number, d.phase, count(a.id) AS marks_count,
                  coalesce(max((a.entered_at AT TIME ZONE 'Europe/Tallinn')::date - d.held_on), 0)
                  AS late_days_count
             FROM training_day d LEFT JOIN attendance a ON a.day = d.id
            WHERE d."group" = $1 GROUP BY d.id ORDER BY d.held_on""",
        group_id,
    )


async def last_joining_day(group_id: UUID) -> date | None:
    """Return the last training day on which somebody may join; None where nothing says so."""
    facts = await group_facts(group_id)
    phase = await last_joining_phase(await contracts.terms_of(facts.contract_id))
    days = [day for day in await training_days(group_id) if phase is None or day.phase <= phase]
    return days[-1].held_on if days else None


async def last_joining_phase(terms: Terms) -> int | None:
    """Return the last phase of the service in which somebody may still join."""
    service = await catalogue.service_on(terms.service_code, terms.starts_on)
    param = service.params.get(LAST_JOINING_PHASE)
    return int(param.value) if param else None


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


async def participants_of(group_id: UUID) -> list[ParticipantDelivery]:
    """Count what was delivered to each participant of a group; for services."""
    facts = await group_facts(group_id)
    terms = await contracts.terms_of(facts.contract_id)
    days = [day.held_on for day in await training_days(group_id)]
    rows = await fetch_as(
        _Participant,
        """SELECT p.id AS participant_id, p.request AS request_id, p.client_ref, p.risk_band,
                  p.state, p.joins_on, p.leaves_until, p.exit_reason,
                  array(SELECT a.mark::text FROM attendance a WHERE a.participant = p.id) AS marks,
                  (SELECT n.agreed_on FROM plan n
                    WHERE n.participant = p.id AND n.kind = 'individual') AS individual_plan_on,
                  (SELECT n.agreed_on FROM plan n
                    WHERE n.participant = p.id AND n.kind = 'exit') AS exit_plan_on,
                  (SELECT min(e.visited_on) FROM visit_participant w
                     JOIN employer_visit e ON e.id = w.visit
                    WHERE w.participant = p.id AND w.is_relevant) AS relevant_visit_on
             FROM participant p WHERE p."group" = $1 ORDER BY p.joins_on, p.client_ref""",
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


async def groups_of_contract(contract_id: UUID) -> list[UUID]:
    """List the groups of a contract by code; asks no actor, for services."""
    rows = await fetch_as(
        _Id, "SELECT id FROM service_group WHERE contract = $1 ORDER BY code", contract_id
    )
    return [row.id for row in rows]


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
                      AS is_repeat
             FROM employer_visit v JOIN employer e ON e.id = v.employer
            WHERE v."group" = $1 ORDER BY v.visited_on, v.id""",
        group_id,
    )
    return [VisitView(**msgspec.structs.asdict(row)) for row in rows]


class _Plan(msgspec.Struct):
    participant_id: UUID
    id: UUID
    kind: str
    agreed_on: date
    goal: str


async def _plans(group_id: UUID) -> dict[UUID, list[PlanView]]:
    rows = await fetch_as(
        _Plan,
        """SELECT n.participant AS participant_id, n.id, n.kind, n.agreed_on, n.goal
             FROM plan n JOIN participant p ON p.id = n.participant
            WHERE p."group" = $1 ORDER BY n.agreed_on""",
        group_id,
    )
    found: dict[UUID, list[PlanView]] = defaultdict(list)
    for row in rows:
        found[row.participant_id].append(PlanView(row.id, row.kind, row.agreed_on, row.goal))
    return found


async def _facilitators(group_id: UUID) -> list[FacilitatorName]:
    return await fetch_as(
        FacilitatorName,
        """SELECT f.id, f.code, f.display_name AS name FROM group_facilitator g
             JOIN facilitator f ON f.id = g.facilitator WHERE g."group" = $1 ORDER BY f.code""",
        group_id,
    )


class MarkRow(msgspec.Struct, frozen=True):
    """A mark as it is stored."""

    id: UUID
    participant_id: UUID
    held_on: date
    mark: str
    entered_at: datetime

    def view(self) -> MarkView:
        """Say the mark, and how many days after its day it was entered."""
        late = (legal_day(self.entered_at) - self.held_on).days
        return MarkView(self.mark, self.entered_at, max(late, 0))


async def marks_of(group_id: UUID, day: date | None = None) -> list[MarkRow]:
    """List the marks of a group, or those of one day; for services."""
    return await fetch_as(
        MarkRow,
        """SELECT a.id, a.participant AS participant_id, d.held_on, a.mark, a.entered_at
             FROM attendance a JOIN training_day d ON d.id = a.day
            WHERE d."group" = $1 AND ($2::date IS NULL OR d.held_on = $2)""",
        group_id,
        day,
    )


async def read_attendance(actor: Actor, group_id: UUID, now: datetime) -> AttendanceView:
    """Load the attendance of a group, of the participants that the actor may see."""
    row = await _visible(actor, group_id, legal_day(now))
    seen = await seen_participants(actor, group_id)
    marks: dict[UUID, dict[str, MarkView]] = defaultdict(dict)
    for mark in await marks_of(group_id):
        marks[mark.participant_id][mark.held_on.isoformat()] = mark.view()
    return AttendanceView(
        group_id=group_id,
        code=row.code,
        days=await training_days(group_id),
        rows=[
            AttendanceRowView(
                stay.participant_id,
                stay.client_ref,
                stay.joins_on,
                stay.leaves_until,
                marks[stay.participant_id],
            )
            for stay in await stays_of(group_id)
            if stay.participant_id in seen
        ],
    )


async def read_day(actor: Actor, group_id: UUID, day: date, now: datetime) -> DaySheet:
    """Load one training day's sheet; NotFound for a day that is none."""
    group = await _visible(actor, group_id, legal_day(now))
    days = await training_days(group_id)
    found = next((row for row in days if row.held_on == day), None)
    if found is None:
        raise NotFound(n_("{day} is not a training day of this group."), {"day": day})
    seen = await seen_participants(actor, group_id)
    limit = await vacancy_limit(group.contract_id)
    held_on = [row.held_on for row in days]
    marks = {mark.participant_id: mark for mark in await marks_of(group_id, day)}
    position = days.index(found)
    return DaySheet(
        group_id=group_id,
        code=group.code,
        held_on=day,
        number=found.number,
        phase=found.phase,
        is_due=day <= legal_day(now),
        rows=[
            SheetRow(
                stay.participant_id,
                stay.client_ref,
                stay.is_in_group(day),
                marks[stay.participant_id].view() if stay.participant_id in marks else None,
            )
            for stay in await stays_of(group_id)
            if stay.participant_id in seen and holds_place(stay, day, held_on, limit)
        ],
        previous_day=days[position - 1].held_on if position else None,
        next_day=days[position + 1].held_on if position + 1 < len(days) else None,
    )


async def vacancy_limit(contract_id: UUID) -> int:
    """Return for how many training days a place emptied by a success is paid; for services."""
    return (await contracts.terms_of(contract_id)).scheme.success_vacancy_days


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


async def is_in_another_group(
    buyer_id: UUID, client_ref: str, period: tuple[date, date], group_id: UUID
) -> bool:
    """Tell whether a client of a buyer is in another group during a half-open period."""
    rows = await fetch_as(
        _Id,
        """SELECT id FROM participant WHERE buyer = $1 AND client_ref = $2 AND "group" <> $5
             AND daterange(joins_on, stays_until) && daterange($3, $4) LIMIT 1""",
        buyer_id,
        client_ref,
        *period,
        group_id,
    )
    return bool(rows)


async def employers_of(buyer_id: UUID) -> list[EmployerView]:
    """List the employers that a buyer's groups may visit, by name; for services and forms."""
    return await fetch_as(
        EmployerView,
        """SELECT id, code, name, registry_code, county, sector FROM employer WHERE buyer = $1
            ORDER BY name, code""",
        buyer_id,
    )


async def list_employers(actor: Actor, group_id: UUID | None = None) -> list[EmployerView]:
    """List the employers of the actor's own organisation, or of the buyer of a group of theirs."""
    if group_id is None:
        return await employers_of(actor.org_id)
    facts = await group_facts(group_id)
    if actor.org_id not in (facts.buyer_id, facts.provider_id):
        raise _missing(group_id)
    return await employers_of(facts.buyer_id)


def _missing(group_id: UUID) -> NotFound:
    return NotFound(n_("There is no group {id}."), {"id": str(group_id)})
