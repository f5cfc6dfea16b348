"""Groups: planned under a call-off, started, completed when every day has its marks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.catalogue import queries as catalogue
from procure.contracts import queries as contracts
from procure.contracts import service as contract_service
from procure.contracts.rules import Terms
from procure.db import connection, transaction, uuid7
from procure.delivery import queries
from procure.delivery.queries import GroupFacts
from procure.delivery.rules import (
    CompleteFacts,
    GroupPlanFacts,
    StartFacts,
    complete_findings,
    group_findings,
    phase_of,
    start_findings,
)
from procure.delivery.schemas import GroupDraft
from procure.delivery.service.duties import PLAN, settle_referrals
from procure.delivery.service.sheet import order_sheet
from procure.delivery.states import GROUP, PARTICIPANT, ExitReason, GroupState, ParticipantState
from procure.delivery.tables import GroupFacilitator, Participant, ServiceGroup, TrainingDay
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.providers import queries as providers
from procure.tasks import service as tasks

LONGEST_CODE = 20


class GroupPlanned(msgspec.Struct, frozen=True):
    """Facts of the event that a group was planned."""

    code: str
    contract_id: UUID
    facts: GroupPlanFacts


class GroupMoved(msgspec.Struct, frozen=True):
    """Facts of the event that a group started or was completed."""

    code: str
    on: date
    people: list[str]


async def plan_group(actor: Actor, draft: GroupDraft, *, now: datetime) -> UUID:
    """Plan a group under a call-off, with its timetable in phases and its named facilitators.

    Holds the contract, so that two groups cannot both take its last one.
    Raises NotFound, Forbidden, Refused with every finding.
    """
    terms = await contracts.terms_of(draft.contract_id)
    if actor.org_id not in (terms.buyer_id, terms.provider_id):
        raise NotFound(n_("There is no contract {id}."), {"id": str(draft.contract_id)})
    if not actor.may(Permission.GROUP_PLAN, for_org=terms.buyer_id):
        raise Forbidden(n_("Only the buyer plans groups."))
    venue = await providers.venue(draft.venue_id)
    ours = {f.id: f.code for f in await providers.facilitators_of(terms.provider_id)}
    lengths = await _phases(terms)
    async with transaction():
        await contract_service.hold_contract(draft.contract_id)
        standing = await contracts.standing(draft.contract_id)
        await _hold_codes(terms.buyer_id)
        facts = GroupPlanFacts(
            contract_state=standing.state,
            contract_kind=terms.kind,
            contract_starts_on=terms.starts_on,
            contract_ends_until=terms.ends_until,
            contract_groups_count=terms.groups_count,
            contract_places_count=terms.places_count,
            contract_days_count=terms.days_count,
            groups_planned_count=len(await queries.groups_of_contract(draft.contract_id)),
            places_count=draft.places_count,
            venue_seats_count=venue.seats_count,
            venue_county=venue.county,
            lot_counties=list(terms.counties),
            days=list(draft.days),
            strangers=[str(who) for who in draft.facilitator_ids if who not in ours],
        )
        code = draft.code or await _next_code(terms.buyer_id, now)
        found = [*group_findings(facts), *await _code_findings(terms.buyer_id, code)]
        if not draft.facilitator_ids:
            found.append(Finding("no-facilitator", n_("Name a facilitator."), field="facilitators"))
        if found:
            raise Refused(found)
        group_id = uuid7()
        days = sorted(draft.days)
        await ServiceGroup(
            id=group_id,
            contract=draft.contract_id,
            code=code,
            venue=draft.venue_id,
            language=terms.language,
            starts_on=days[0],
            ends_until=days[-1] + timedelta(days=1),
            places_count=draft.places_count,
            state=GroupState.PLANNED,
        ).save()
        await GroupFacilitator.insert(
            *(
                GroupFacilitator(group=group_id, facilitator=who)
                for who in dict.fromkeys(draft.facilitator_ids)
            )
        )
        await TrainingDay.insert(
            *(
                TrainingDay(
                    group=group_id, held_on=day, number=number, phase=phase_of(number, lengths)
                )
                for number, day in enumerate(days, start=1)
            )
        )
        await tasks.finish(PLAN, draft.contract_id, now=now)
        await settle_referrals(now, group_id)
        await audit.record(
            "group:planned",
            group_id,
            actor,
            org_id=terms.buyer_id,
            now=now,
            facts=GroupPlanned(code, draft.contract_id, facts),
        )
    return group_id


async def _phases(terms: Terms) -> list[int]:
    """Return how many training days each phase of the service has."""
    service = await catalogue.service_on(terms.service_code, terms.starts_on)
    if service.sizes is None:
        return [terms.days_count]
    return [phase.days_count for phase in service.sizes.phases]


async def _hold_codes(buyer_id: UUID) -> None:
    """Let one transaction at a time give a buyer's groups their codes."""
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('group-code ' || $1, 0))", str(buyer_id)
        )


async def _next_code(buyer_id: UUID, now: datetime) -> str:
    stem = f"G-{legal_day(now).year}-"
    async with connection() as c:
        last = await c.fetchval(
            "SELECT max(substr(g.code, length($2) + 1)::int) FROM service_group g "
            "JOIN contract c ON c.id = g.contract WHERE c.buyer = $1 AND starts_with(g.code, $2) "
            "AND substr(g.code, length($2) + 1) ~ '^[0-9]{1,6}$'",
            buyer_id,
            stem,
        )
    return f"{stem}{(last or 0) + 1:02}"


async def _code_findings(buyer_id: UUID, code: str) -> Sequence[Finding]:
    if not code.strip() or len(code) > LONGEST_CODE:
        text = n_("A code has 1 to {most} characters.")
        return [Finding("code", text, {"most": LONGEST_CODE}, field="code")]
    async with connection() as c:
        taken = await c.fetchval(
            "SELECT 1 FROM service_group g JOIN contract c ON c.id = g.contract "
            "WHERE c.buyer = $1 AND g.code = $2",
            buyer_id,
            code,
        )
    if taken:
        return [
            Finding(
                "code-taken", n_("There is a group {code} already."), {"code": code}, field="code"
            )
        ]
    return []


async def start_group(actor: Actor, group_id: UUID, *, now: datetime) -> None:
    """Start a group on or after its first day, once its contract runs.

    Raises NotFound, Forbidden, Conflict (started already), Refused.
    """
    group = await _for_planner(actor, group_id)
    async with transaction():
        await contract_service.hold_contract(group.contract_id)
        group = await queries.group_facts(group_id, held=True)
        state = GROUP.after(group.state, "start")
        standing = await contracts.standing(group.contract_id)
        stays = await queries.stays_of(group_id)
        facts = StartFacts(group.starts_on, legal_day(now), standing.state, len(stays))
        if found := start_findings(facts):
            raise Refused(found)
        await _move(group_id, state)
        await audit.record(
            "group:started",
            group_id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=GroupMoved(group.code, legal_day(now), [stay.client_ref for stay in stays]),
        )


async def complete_group(actor: Actor, group_id: UUID, *, now: datetime) -> None:
    """Complete a group after its last day, and with it everyone who stayed; print its attendance.

    Raises NotFound, Forbidden, Conflict (not running), Refused (days without a mark, people who
    never came and are not said to have left).
    """
    group = await _for_planner(actor, group_id)
    async with transaction():
        group = await queries.group_facts(group_id, held=True)
        state = GROUP.after(group.state, "complete")
        stays = await queries.stays_of(group_id)
        facts = CompleteFacts(
            ends_until=group.ends_until,
            today=legal_day(now),
            unmarked=await queries.unmarked(group_id, legal_day(now)),
            people=[(stay.client_ref, stay.state) for stay in stays],
        )
        if found := complete_findings(facts):
            raise Refused(found)
        await _move(group_id, state)
        stayed = [stay for stay in stays if stay.state == ParticipantState.ATTENDING]
        if stayed:
            await Participant.update(
                {
                    Participant.state: PARTICIPANT.after(ParticipantState.ATTENDING, "complete"),
                    Participant.leaves_until: group.ends_until,
                    Participant.exit_reason: ExitReason.COMPLETED,
                }
            ).where(Participant.id.is_in([stay.participant_id for stay in stayed]))
        await settle_referrals(now, group_id)
        await order_sheet(group, now)
        await audit.record(
            "group:completed",
            group_id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=GroupMoved(group.code, legal_day(now), [stay.client_ref for stay in stayed]),
        )


async def _for_planner(actor: Actor, group_id: UUID) -> GroupFacts:
    group = await queries.group_facts(group_id)
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
    if not actor.may(Permission.GROUP_PLAN, for_org=group.buyer_id):
        raise Forbidden(n_("Only the buyer starts and completes groups."))
    return group


async def _move(group_id: UUID, state: GroupState) -> None:
    moved = (
        await ServiceGroup.update({ServiceGroup.state: state})
        .where(ServiceGroup.id == group_id)
        .returning(ServiceGroup.id)
    )
    if not moved:
        raise Conflict(n_("The group is gone."))
