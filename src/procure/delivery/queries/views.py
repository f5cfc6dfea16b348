"""Groups and their people as a reader sees them."""

from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.contracts import queries as contracts
from procure.db import fetch_as
from procure.delivery.queries.access import (
    GROUPS,
    GroupRow,
    line_of,
    may_confirm_plans,
    may_record_leaving,
    seen_participants,
    sees_own_only,
    visible_group,
)
from procure.delivery.queries.counts import participants_of, unmarked, visits_of
from procure.delivery.queries.facts import StayRow, last_joining_day, stays_of, training_days
from procure.delivery.rules import (
    CompleteFacts,
    ParticipantDelivery,
    PlanStanding,
    StartFacts,
    Visited,
    complete_findings,
    first_of_each,
    late_days,
    start_findings,
    visit_kpis,
)
from procure.delivery.schemas import (
    FacilitatorName,
    GroupLine,
    GroupView,
    NotYet,
    ParticipantView,
    PlanView,
)
from procure.delivery.states import GROUP, PARTICIPANT, GroupState, PlanKind
from procure.kernel.actors import Actor, Permission
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day


async def list_groups(
    actor: Actor, now: datetime, *, state: str = "", contract_id: UUID | None = None
) -> list[GroupLine]:
    """List the groups of the actor's organisation, the newest first."""
    rows = await fetch_as(
        GroupRow,
        f"""{GROUPS} AND ($3 = '' OR g.state = $3) AND ($4::uuid IS NULL OR g.contract = $4)
            ORDER BY g.starts_on DESC, g.code""",
        actor.org_id,
        legal_day(now),
        state,
        contract_id,
    )
    return [line_of(row) for row in rows]


async def read_group(actor: Actor, group_id: UUID, now: datetime) -> GroupView:
    """Load one group; NotFound also for one of other organisations."""
    row = await visible_group(actor, group_id, legal_day(now))
    seen = await seen_participants(actor, group_id)
    days = await training_days(group_id)
    visits = await visits_of(group_id)
    plans = await _plans(actor, row)
    everyone = await participants_of(group_id)
    people = {
        participant.participant_id: participant
        for participant in everyone
        if participant.participant_id in seen
    }
    why_not = await _why_not(actor, row, legal_day(now))
    stays = {stay.participant_id: stay for stay in await stays_of(group_id)}
    replaced_by = {
        stay.replaces_id: stay.participant_id for stay in stays.values() if stay.replaces_id
    }
    return GroupView(
        **msgspec.structs.asdict(line_of(row)),
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
        participants_count=len(everyone),
        actions=[action for action, found in why_not.items() if not found],
        not_yet=[
            NotYet(action, finding.code, finding.message, finding.text, finding.values)
            for action, found in why_not.items()
            for finding in first_of_each(found)
        ],
        may=_may(actor, row, legal_day(now)),
    )


async def _why_not(actor: Actor, group: GroupRow, today: date) -> dict[str, list[Finding]]:
    """Give the moves that are the actor's to make, each with what stands in its way today."""
    if not actor.may(Permission.GROUP_PLAN, for_org=group.buyer_id):
        return {}
    stays = await stays_of(group.id)
    found: dict[str, list[Finding]] = {}
    for action in GROUP.actions(group.state):
        if action == "start":
            standing = await contracts.standing(group.contract_id)
            facts = StartFacts(group.starts_on, today, standing.state, len(stays))
            found[action] = start_findings(facts)
        elif today < group.ends_until:  # what else is missing by now is no fault yet
            found[action] = complete_findings(CompleteFacts(group.ends_until, today, [], []))
        else:
            people = [(stay.client_ref, stay.state) for stay in stays]
            missing = await unmarked(group.id, today)
            found[action] = complete_findings(
                CompleteFacts(group.ends_until, today, missing, people)
            )
    return found


def _may(actor: Actor, group: GroupRow, today: date) -> list[str]:
    has_started, has_ended = group.state != GroupState.PLANNED, group.state == GroupState.COMPLETED
    is_running = has_started and not has_ended and group.starts_on <= today
    return [
        name
        for name, permission, org_id, is_open in (
            ("refer", Permission.PARTICIPANT_REFER, group.buyer_id, not has_ended),
            ("mark", Permission.ATTENDANCE_ENTER, group.provider_id, has_started),
            ("import", Permission.ATTENDANCE_ENTER, group.provider_id, is_running),
            ("visit", Permission.VISIT_RECORD, group.provider_id, is_running),
        )
        if is_open and actor.may(permission, for_org=org_id)
    ]


def _participant(  # noqa: PLR0917 - private, and each is needed
    actor: Actor,
    group: GroupRow,
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
            kind
            for kind in PlanKind
            if may_plan and kind not in {plan.kind for plan in agreed if plan.withdrawn_at is None}
        ],
        **{
            name: getattr(person, name)
            for name in ParticipantView.__struct_fields__
            if name in ParticipantDelivery.__struct_fields__
        },
    )


class _Plan(msgspec.Struct):
    participant_id: UUID
    id: UUID
    kind: str
    agreed_on: date
    goal: str
    recorded_at: datetime
    needs_confirmation: bool
    confirmed_at: datetime | None
    confirmation: str | None
    withdrawn_at: datetime | None
    withdrawal: str | None

    def view(self, actor: Actor, group: GroupRow) -> PlanView:
        """Say the plan, where it stands, and what the actor may do about it."""
        is_confirmed, is_withdrawn = self.confirmed_at is not None, self.withdrawn_at is not None
        waits = self.needs_confirmation and not is_confirmed and not is_withdrawn
        may_confirm = may_confirm_plans(actor, group.buyer_id)
        may_withdraw = may_confirm or actor.may(Permission.PLAN_RECORD, for_org=group.provider_id)
        same = {
            name: getattr(self, name)
            for name in PlanView.__struct_fields__
            if name in _Plan.__struct_fields__
        }
        return PlanView(
            **same,
            late_days_count=late_days(self.agreed_on, legal_day(self.recorded_at)),
            counts=PlanStanding(self.needs_confirmation, is_confirmed, is_withdrawn).counts,
            may=[
                name
                for name, is_open in (
                    ("confirm", waits and may_confirm),
                    ("withdraw", not is_withdrawn and may_withdraw),
                )
                if is_open
            ],
        )


async def _plans(actor: Actor, group: GroupRow) -> dict[UUID, list[PlanView]]:
    rows = await fetch_as(
        _Plan,
        """SELECT n.participant AS participant_id, n.id, n.kind, n.agreed_on, n.goal, n.recorded_at,
                  n.needs_confirmation, n.confirmed_at, n.confirmation, n.withdrawn_at,
                  n.withdrawal
             FROM plan n JOIN participant p ON p.id = n.participant
            WHERE p."group" = $1 ORDER BY n.agreed_on, n.id""",
        group.id,
    )
    found: dict[UUID, list[PlanView]] = defaultdict(list)
    for row in rows:
        found[row.participant_id].append(row.view(actor, group))
    return found


async def _facilitators(group_id: UUID) -> list[FacilitatorName]:
    return await fetch_as(
        FacilitatorName,
        """SELECT f.id, f.code, f.display_name AS name FROM group_facilitator g
             JOIN facilitator f ON f.id = g.facilitator WHERE g."group" = $1 ORDER BY f.code""",
        group_id,
    )
