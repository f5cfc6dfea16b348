"""Plans agreed with people: recorded by the provider, confirmed by the buyer if late, withdrawn."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import transaction, uuid7
from procure.delivery import queries
from procure.delivery.rules import (
    PlanFacts,
    confirmation_findings,
    late_days,
    needs_confirmation,
    plan_findings,
    withdrawal_findings,
)
from procure.delivery.schemas import PlanDraft
from procure.delivery.service.people import visible_participant
from procure.delivery.tables import Plan
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.tasks import service as tasks

LONGEST_GOAL = 4000
CONFIRM = "plan:confirm"
CONFIRM_DAYS = timedelta(days=14)


class PlanRecorded(msgspec.Struct, frozen=True):
    """Facts of the event that a plan was agreed; what it says is not for the record."""

    participant_id: UUID
    client_ref: str
    kind: str
    facts: PlanFacts
    needs_confirmation: bool


class PlanDecided(msgspec.Struct, frozen=True):
    """Facts of the event that a plan was confirmed or withdrawn."""

    participant_id: UUID
    client_ref: str
    kind: str
    reason: str


async def record_plan(
    actor: Actor, participant_id: UUID, draft: PlanDraft, *, now: datetime
) -> UUID:
    """Record a plan agreed with a participant: the individual plan, or the exit plan.

    One that comes late, or in a completed group, waits for the buyer's confirmation and makes a
    task of it. Holds the group. Raises NotFound, Forbidden, Refused.
    """
    who = await visible_participant(actor, participant_id)
    if not actor.may(Permission.PLAN_RECORD, for_org=who.provider_id):
        raise Forbidden(n_("Only the provider's people record plans."))
    plan_id = uuid7()
    async with transaction():
        group = await queries.group_facts(who.group_id, held=True)
        who = await queries.participant_of(participant_id)
        facts = PlanFacts(
            joins_on=who.joins_on,
            stays_until=who.stays_until,
            agreed_on=draft.agreed_on,
            today=legal_day(now),
            has_this_kind=await Plan.exists().where(
                Plan.participant == participant_id,
                Plan.kind == draft.kind,
                Plan.withdrawn_at.is_null(),
            ),
            group_state=group.state,
            plan_days=queries.entry_windows(legal_day(now)).plan_days,
        )
        found = plan_findings(facts)
        if not draft.goal.strip() or len(draft.goal) > LONGEST_GOAL:
            text = n_("Say what was agreed, in at most {most} characters.")
            found.append(Finding("goal", text, {"most": LONGEST_GOAL}, field="goal"))
        if found:
            raise Refused(found)
        is_late = needs_confirmation(facts)
        await Plan(
            id=plan_id,
            participant=participant_id,
            kind=draft.kind,
            agreed_on=draft.agreed_on,
            goal=draft.goal.strip(),
            recorded_at=now,
            recorded_by=actor.id,
            needs_confirmation=is_late,
        ).save()
        if is_late:
            await tasks.create(
                CONFIRM,
                plan_id,
                org_id=who.buyer_id,
                role=Role.CONTRACT_MANAGER,
                text=n_("Was it agreed? {kind} of {client} in {code}, entered {days} days later."),
                values={
                    "kind": draft.kind,
                    "client": who.client_ref,
                    "code": group.code,
                    "days": late_days(draft.agreed_on, legal_day(now)),
                },
                link=f"/groups/{who.group_id}/participants/{participant_id}",
                clause="",
                due_on=legal_day(now) + CONFIRM_DAYS,
                now=now,
            )
        await audit.record(
            "plan:recorded",
            plan_id,
            actor,
            org_id=who.buyer_id,
            now=now,
            facts=PlanRecorded(participant_id, who.client_ref, draft.kind, facts, is_late),
        )
    return plan_id


async def confirm_plan(actor: Actor, plan_id: UUID, reason: str, *, now: datetime) -> None:
    """Say for the buyer that a plan entered late was agreed on its day: from now on it counts.

    Holds the group. Raises NotFound, Forbidden, Refused (in time, confirmed, withdrawn, no reason).
    """
    plan = await queries.plan_of(plan_id)
    who = await visible_participant(actor, plan.participant_id)
    if not queries.may_confirm_plans(actor, who.buyer_id):
        raise Forbidden(n_("The buyer's caseworker or contract manager confirms plans."))
    async with transaction():
        await queries.group_facts(who.group_id, held=True)
        plan = await queries.plan_of(plan_id)
        if found := confirmation_findings(plan.standing, reason):
            raise Refused(found)
        await Plan.update(
            {
                Plan.confirmed_at: now,
                Plan.confirmed_by: actor.id,
                Plan.confirmation: reason.strip(),
            }
        ).where(Plan.id == plan_id)
        await tasks.finish(CONFIRM, plan_id, now=now)
        await audit.record(
            "plan:confirmed",
            plan_id,
            actor,
            org_id=who.buyer_id,
            now=now,
            facts=PlanDecided(who.id, who.client_ref, plan.kind, reason.strip()),
        )


async def withdraw_plan(actor: Actor, plan_id: UUID, reason: str, *, now: datetime) -> None:
    """Take a wrong plan out of the count; it stays in the history, and another may be recorded.

    The provider who recorded it may, and the buyer's side. Holds the group.
    Raises NotFound, Forbidden, Refused (withdrawn already, no reason).
    """
    plan = await queries.plan_of(plan_id)
    who = await visible_participant(actor, plan.participant_id)
    is_providers = actor.may(Permission.PLAN_RECORD, for_org=who.provider_id)
    if not (is_providers or queries.may_confirm_plans(actor, who.buyer_id)):
        raise Forbidden(n_("Only who records plans or who confirms them withdraws one."))
    async with transaction():
        await queries.group_facts(who.group_id, held=True)
        plan = await queries.plan_of(plan_id)
        if found := withdrawal_findings(plan.standing, reason):
            raise Refused(found)
        await Plan.update(
            {
                Plan.withdrawn_at: now,
                Plan.withdrawn_by: actor.id,
                Plan.withdrawal: reason.strip(),
            }
        ).where(Plan.id == plan_id)
        await tasks.drop(CONFIRM, plan_id, now=now)
        await audit.record(
            "plan:withdrawn",
            plan_id,
            actor,
            org_id=who.buyer_id,
            now=now,
            facts=PlanDecided(who.id, who.client_ref, plan.kind, reason.strip()),
        )
