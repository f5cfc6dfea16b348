"""A participant as a page: plans recorded, confirmed and withdrawn; leaving."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.delivery import queries, service
from procure.delivery.pages.parts import EXPECTED, kept, reasons
from procure.delivery.schemas import GroupView, LeaveDraft, ParticipantView, PlanDraft
from procure.delivery.states import ExitReason, PlanKind
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.forms import Form
from procure.web.templates import page, see_other

PLAN = ("kind", "agreed_on", "goal")
LEAVING = ("leaves_until", "reason")


class PeoplePages(Controller):
    """A participant: plans, leaving."""

    path = "/groups"
    include_in_schema = False

    @get("/{group_id:uuid}/participants/{participant_id:uuid}", permission=Permission.GROUP_READ)
    async def show(
        self,
        group_id: FromPath[UUID],
        participant_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show one participant with the forms of plans and of leaving."""
        return await _participant_page(actor, group_id, participant_id, now)

    @post(
        "/{group_id:uuid}/participants/{participant_id:uuid}/plans",
        permission=Permission.PLAN_RECORD,
    )
    async def record_plan(
        self,
        group_id: FromPath[UUID],
        participant_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Record a plan, or show the participant again with what is in the way."""
        try:
            kind = form.choice("kind", PlanKind)
            agreed_on = form.day("agreed_on")
            goal = form.text("goal", max_length=4000)
            form.check()
            plan_id = await service.record_plan(
                actor, participant_id, PlanDraft(PlanKind(kind), agreed_on, goal), now=now
            )
        except EXPECTED as refusal:
            found = reasons(refusal)
            return await _participant_page(
                actor, group_id, participant_id, now, form=form, findings=found
            )
        if any(form.value(name).strip() for name in LEAVING):  # typed, and not sent yet
            rest = kept(form, LEAVING)
            return await _participant_page(
                actor, group_id, participant_id, now, form=rest, saved="plan"
            )
        is_late = (await queries.plan_of(plan_id)).needs_confirmation
        return see_other(
            f"/groups/{group_id}/participants/{participant_id}",
            saved="plan-late" if is_late else "plan",
        )

    @post("/{group_id:uuid}/plans/{plan_id:uuid}/confirm", permission=Permission.GROUP_READ)
    async def confirm_plan(
        self,
        group_id: FromPath[UUID],
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Confirm a late plan for the buyer, or say why not."""
        who = await _whose(actor, group_id, plan_id, now)
        try:
            await service.confirm_plan(actor, plan_id, form.value("confirmation"), now=now)
        except EXPECTED as refusal:
            found = reasons(refusal)
            return await _participant_page(actor, group_id, who, now, form=form, findings=found)
        return see_other(f"/groups/{group_id}/participants/{who}", saved="plan-confirmed")

    @post("/{group_id:uuid}/plans/{plan_id:uuid}/withdraw", permission=Permission.GROUP_READ)
    async def withdraw_plan(
        self,
        group_id: FromPath[UUID],
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Withdraw a wrong plan, or say why not."""
        who = await _whose(actor, group_id, plan_id, now)
        try:
            await service.withdraw_plan(actor, plan_id, form.value("withdrawal"), now=now)
        except EXPECTED as refusal:
            found = reasons(refusal)
            return await _participant_page(actor, group_id, who, now, form=form, findings=found)
        return see_other(f"/groups/{group_id}/participants/{who}", saved="plan-withdrawn")

    @post(
        "/{group_id:uuid}/participants/{participant_id:uuid}/leave",
        permission=Permission.GROUP_READ,
    )
    async def leave(
        self,
        group_id: FromPath[UUID],
        participant_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Record that somebody left, or show the participant again with what is in the way."""
        try:
            reason = form.choice("reason", ExitReason)
            leaves_until = form.day("leaves_until")
            form.check()
            await service.leave(
                actor, participant_id, LeaveDraft(leaves_until, ExitReason(reason)), now=now
            )
        except EXPECTED as refusal:
            found = reasons(refusal)
            return await _participant_page(
                actor, group_id, participant_id, now, form=form, findings=found
            )
        if any(form.value(name).strip() for name in ("agreed_on", "goal")):
            rest = kept(form, PLAN)
            return await _participant_page(
                actor, group_id, participant_id, now, form=rest, saved="leaving"
            )
        return see_other(f"/groups/{group_id}/participants/{participant_id}", saved="leaving")


async def _whose(actor: Actor, group_id: UUID, plan_id: UUID, now: datetime) -> UUID:
    """Return the participant of a plan that the actor may see; NotFound otherwise."""
    group = await queries.read_group(actor, group_id, now)
    for participant in group.participants:
        if plan_id in {plan.id for plan in participant.plans}:
            return participant.id
    raise NotFound(n_("There is no such plan."))


async def _participant_page(
    actor: Actor,
    group_id: UUID,
    participant_id: UUID,
    now: datetime,
    *,
    form: Form | None = None,
    findings: list[Finding] | None = None,
    saved: str = "",
) -> Template:
    group = await queries.read_group(actor, group_id, now)
    who = _of(group, participant_id)
    return page(
        "delivery/participant.html",
        group=group,
        participant=who,
        reasons=[reason for reason in ExitReason if reason != ExitReason.COMPLETED],
        names={p.id: p.client_ref for p in group.participants},
        saved=saved,
        form=form,
        findings=findings or [],
    )


def _of(group: GroupView, participant_id: UUID) -> ParticipantView:
    for participant in group.participants:
        if participant.id == participant_id:
            return participant
    raise NotFound(n_("There is no such participant."))
