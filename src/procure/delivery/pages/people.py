"""People in a group: referred, with plans, leaving."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.contracts import queries as contracts
from procure.delivery import queries, service
from procure.delivery.pages.parts import EXPECTED, ids, one_id, reasons
from procure.delivery.schemas import (
    GroupView,
    LeaveDraft,
    ParticipantView,
    PlanDraft,
    ReferralDraft,
)
from procure.delivery.states import ExitReason, PlanKind
from procure.demand.queries import list_requests
from procure.demand.schemas import RequestFilter
from procure.demand.states import RequestState
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.forms import Form
from procure.web.templates import page, see_other

OPEN = (RequestState.RECORDED, RequestState.PLANNED, RequestState.TENDERED)


class PeoplePages(Controller):
    """People in a group: referred, with plans, leaving."""

    path = "/groups"
    include_in_schema = False

    @get("/{group_id:uuid}/refer", permission=Permission.PARTICIPANT_REFER)
    async def show_refer(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show whom the actor may refer, and on which days."""
        return await _refer_page(actor, group_id, now)

    @post("/{group_id:uuid}/refer", permission=Permission.PARTICIPANT_REFER)
    async def refer(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Refer somebody, or show the form with what is in the way."""
        try:
            draft = ReferralDraft(
                request_id=one_id(form, "request_id"),
                joins_on=form.day("joins_on"),
                replaces_id=next(iter(ids(form, "replaces_id")), None),
            )
            form.check()
            await service.refer(actor, group_id, draft, now=now)
        except EXPECTED as refusal:
            return await _refer_page(actor, group_id, now, form, reasons(refusal))
        return see_other(f"/groups/{group_id}#participants")

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
            await service.record_plan(
                actor, participant_id, PlanDraft(PlanKind(kind), agreed_on, goal), now=now
            )
        except EXPECTED as refusal:
            found = reasons(refusal)
            return await _participant_page(
                actor, group_id, participant_id, now, form=form, findings=found
            )
        return see_other(f"/groups/{group_id}/participants/{participant_id}")

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
        return see_other(f"/groups/{group_id}#participants")


async def _refer_page(
    actor: Actor,
    group_id: UUID,
    now: datetime,
    form: Form | None = None,
    findings: list[Finding] | None = None,
) -> Template:
    group = await queries.read_group(actor, group_id, now)
    terms = await contracts.terms_of(group.contract_id)
    requests = [
        request
        for state in OPEN
        for request in (
            await list_requests(
                actor,
                RequestFilter(
                    queries.sees_own_only(actor), group.county, state, terms.service_code, limit=500
                ),
            )
        ).items
    ]
    left = [p for p in group.participants if p.leaves_until and p.replaced_by_id is None]
    last = group.last_joining_day or group.ends_until
    return page(
        "delivery/refer.html",
        group=group,
        requests=[
            (
                request.id,
                " · ".join(
                    (request.client_ref, request.risk_band, request.language, request.reference)
                ),
            )
            for request in requests
        ],
        days=[day.held_on for day in group.days if day.held_on <= last],
        left=[(p.id, p.client_ref) for p in left],
        form=form,
        findings=findings or [],
    )


async def _participant_page(
    actor: Actor,
    group_id: UUID,
    participant_id: UUID,
    now: datetime,
    *,
    form: Form | None = None,
    findings: list[Finding] | None = None,
) -> Template:
    group = await queries.read_group(actor, group_id, now)
    who = _of(group, participant_id)
    return page(
        "delivery/participant.html",
        group=group,
        participant=who,
        reasons=[reason for reason in ExitReason if reason != ExitReason.COMPLETED],
        names={p.id: p.client_ref for p in group.participants},
        form=form,
        findings=findings or [],
    )


def _of(group: GroupView, participant_id: UUID) -> ParticipantView:
    for participant in group.participants:
        if participant.id == participant_id:
            return participant
    raise NotFound(n_("There is no such participant."))
