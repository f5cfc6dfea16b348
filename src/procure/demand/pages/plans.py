"""The planner: ask for a plan, see it, move people and groups and see what that costs."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.demand import queries, service
from procure.demand.pages.requests import words
from procure.demand.rules.grouping.moving import Move, MoveKind
from procure.demand.schemas import MoveDraft, PlanDraft
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.web.forms import Form
from procure.web.templates import page, see_other

LOOK_AGAIN = 3  # seconds between two looks at a plan that is being made
FIRST_START = timedelta(weeks=10)  # a tender takes so long
MOST_WAITING = 200  # people without a place on one page; the API gives all


class PlanPages(Controller):
    """Group plans: the list, one of them, and the moves that are possible."""

    path = "/demand/plans"
    include_in_schema = False

    @get("/", permission=Permission.DEMAND_READ)
    async def show_list(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """List the plans, with the form that asks for another."""
        return await _list_page(actor, now)

    @post("/", permission=Permission.DEMAND_ANALYSE)
    async def ask(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Ask for a plan, or show the form again with everything that is wrong."""
        try:
            draft = _draft(form)
            plan_id = await service.ask_plan(actor, draft, now)
        except Refused as refusal:
            return await _list_page(actor, now, form=form, findings=refusal.findings)
        return see_other(f"/demand/plans/{plan_id}")

    @get("/{plan_id:uuid}", permission=Permission.DEMAND_READ)
    async def show(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show one plan; while it is made the page looks again by itself."""
        return await _plan_page(actor, plan_id, now)

    @get("/{plan_id:uuid}/move", permission=Permission.DEMAND_READ)
    async def show_moves(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        person: FromQuery[UUID | None] = None,
        group: FromQuery[int | None] = None,
    ) -> Template:
        """Show what could be done with a person or a group, each with its cost."""
        return await _move_page(actor, plan_id, person, group)

    @post("/{plan_id:uuid}/move", permission=Permission.DEMAND_ANALYSE)
    async def move(
        self,
        plan_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Do one move, or show it again with the rules that it breaks."""
        draft = None
        try:
            draft = _move(form)
            form.check()
            await service.move_in_plan(actor, plan_id, draft, now)
        except (Refused, Conflict) as refusal:
            findings = _findings(refusal)
            if draft is None or draft.move.kind in {MoveKind.FIX, MoveKind.FREE}:
                return await _plan_page(actor, plan_id, now, findings=findings)
            move = draft.move
            person = move.person_id if move.kind in {MoveKind.PERSON, MoveKind.NEW} else None
            no = None if person else move.group_no
            return await _move_page(
                actor, plan_id, person, no, form=form, findings=findings, chosen=move
            )
        return see_other(f"/demand/plans/{plan_id}")

    @post("/{plan_id:uuid}/again", permission=Permission.DEMAND_ANALYSE)
    async def again(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Ask for the plan anew, with what hands decided."""
        try:
            return see_other(f"/demand/plans/{await service.plan_again(actor, plan_id, now)}")
        except Refused as refusal:
            return await _plan_page(actor, plan_id, now, findings=refusal.findings)

    @post("/{plan_id:uuid}/keep", permission=Permission.DEMAND_ANALYSE)
    async def keep(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Keep the plan as the basis of a tender, or say what stands in the way."""
        try:
            return see_other(f"/demand/{await service.keep_plan(actor, plan_id, now)}")
        except (Refused, Conflict) as refusal:
            return await _plan_page(actor, plan_id, now, findings=_findings(refusal))

    @post("/{plan_id:uuid}/withdraw", permission=Permission.DEMAND_ANALYSE)
    async def withdraw(
        self,
        plan_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """Set the plan aside."""
        await service.withdraw_plan(actor, plan_id, now)
        return see_other("/demand/plans")


def _findings(refusal: Refused | Conflict) -> list[Finding]:
    if isinstance(refusal, Refused):
        return refusal.findings
    return [Finding("conflict", refusal.text, refusal.values)]


def _optional(form: Form, name: str) -> int | None:
    return form.integer(name) if form.value(name).strip() else None


def _draft(form: Form) -> PlanDraft:
    budget: Decimal | None = None
    if form.value("budget_amount").strip():
        budget = form.decimal("budget_amount", minimum=Decimal(0))
    named = {
        language: _optional(form, f"facilitators_{language}") for language in words()["languages"]
    }
    facilitators = {language: count for language, count in named.items() if count is not None}
    draft = PlanDraft(
        name=form.text("name", max_length=200),
        service_code=form.text("service_code", max_length=40),
        first_start_on=form.day("first_start_on"),
        county=form.optional_text("county"),
        starts_count=form.integer("starts_count"),
        weeks_between_count=form.integer("weeks_between_count"),
        travel_minutes_max=_optional(form, "travel_minutes_max"),
        band_c_max=_optional(form, "band_c_max"),
        childcare_max=_optional(form, "childcare_max"),
        facilitators=facilitators or None,
        provider_rooms_count=_optional(form, "provider_rooms_count"),
        budget_amount=budget,
        is_full_first=form.flag("is_full_first"),
        serve_at_least_count=_optional(form, "serve_at_least_count"),
        seconds_count=form.integer("seconds_count"),
    )
    form.check()
    return draft


def _move(form: Form) -> MoveDraft:
    kind = form.choice("kind", MoveKind)
    person = form.optional_text("person_id", max_length=36)
    start = form.optional_text("start_on", max_length=10)
    try:
        move = Move(
            MoveKind(kind),
            UUID(person) if person else None,
            _optional(form, "group_no"),
            form.optional_text("site_code", max_length=20),
            date.fromisoformat(start) if start else None,
        )
    except ValueError:
        form.check()
        form.find("kind", "unknown", n_("Choose one of the list."))
        raise Refused(form.findings) from None
    return MoveDraft(
        move, form.integer("moves_count"), form.optional_text("reason", max_length=500) or ""
    )


async def _list_page(
    actor: Actor,
    now: datetime,
    *,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    today = legal_day(now)
    first = today + FIRST_START
    return page(
        "demand/plans.html",
        form=form,
        findings=findings,
        plans=await queries.list_plans(actor),
        services=[s for s in await catalogue.services_on(today) if s.sizes is not None],
        first_start=first + timedelta(days=(7 - first.weekday()) % 7),
        words=words(),
    )


async def _plan_page(
    actor: Actor, plan_id: UUID, now: datetime, *, findings: Sequence[Finding] = ()
) -> Template:
    view = await queries.read_plan(actor, plan_id)
    return page(
        "demand/plan.html",
        plan=view,
        service=(await catalogue.versions_of(view.service_code))[-1],
        findings=findings,
        elapsed=min(view.seconds_count, int((now - view.asked_at).total_seconds())),
        look_again=LOOK_AGAIN,
        most_waiting=MOST_WAITING,
        words=words(),
    )


async def _move_page(
    actor: Actor,
    plan_id: UUID,
    person_id: UUID | None,
    group_no: int | None,
    **context: Any,  # noqa: ANN401 - whatever the page shows
) -> Template:
    view = await queries.read_plan(actor, plan_id)
    people = {p.id: p for p in view.waiting}
    people |= {p.id: p for group in view.groups for p in group.people}
    groups = {group.group.no: group for group in view.groups}
    return page(
        "demand/move.html",
        plan=view,
        options=await queries.move_options(actor, plan_id, person_id=person_id, group_no=group_no),
        person=people.get(person_id) if person_id else None,
        group=groups.get(group_no or 0),
        words=words(),
        **context,
    )
