"""Groups and their people as a reader sees them."""

from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.delivery.queries.access import (
    GROUPS,
    GroupRow,
    line_of,
    may_record_leaving,
    seen_participants,
    sees_own_only,
    visible_group,
)
from procure.delivery.queries.counts import participants_of, visits_of
from procure.delivery.queries.facts import StayRow, last_joining_day, stays_of, training_days
from procure.delivery.rules import (
    ParticipantDelivery,
    Visited,
    visit_kpis,
)
from procure.delivery.schemas import (
    FacilitatorName,
    GroupLine,
    GroupView,
    ParticipantView,
    PlanView,
)
from procure.delivery.states import GROUP, PARTICIPANT, GroupState, PlanKind
from procure.kernel.actors import Actor, Permission
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
        actions=_actions(actor, row),
        may=_may(actor, row),
    )


def _actions(actor: Actor, group: GroupRow) -> list[str]:
    if not actor.may(Permission.GROUP_PLAN, for_org=group.buyer_id):
        return []
    return GROUP.actions(group.state)


def _may(actor: Actor, group: GroupRow) -> list[str]:
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
            kind for kind in PlanKind if may_plan and kind not in {plan.kind for plan in agreed}
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
