"""Groups as pages: the list, a new one, one of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from procure.contracts import queries as contracts
from procure.contracts.states import ContractKind, ContractState
from procure.delivery import queries, service
from procure.delivery.pages.parts import EXPECTED, free_days, ids, one_id, reasons
from procure.delivery.rules import timetable
from procure.delivery.schemas import (
    GroupDraft,
)
from procure.delivery.states import GroupState
from procure.documents.queries import read_papers
from procure.kernel.actors import Actor, Permission
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.parameters import names
from procure.providers import queries as providers
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other

WEEKDAYS = {
    "0": n_("Monday"),
    "1": n_("Tuesday"),
    "2": n_("Wednesday"),
    "3": n_("Thursday"),
    "4": n_("Friday"),
    "5": n_("Saturday"),
}


class GroupPages(Controller):
    """Groups: the list, a new one, one of them."""

    path = "/groups"
    include_in_schema = False

    @get("/", permission=Permission.GROUP_READ)
    async def show_list(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        contract_id: FromQuery[UUID | None] = None,
    ) -> Template:
        """List groups, each with the day that waits for attendance."""
        return page(
            "delivery/groups.html",
            groups=await queries.list_groups(actor, now, state=in_state, contract_id=contract_id),
            states=list(GroupState),
            state=in_state,
            contract_id=contract_id,
            counties=names("counties", language()),
        )

    @get("/new", permission=Permission.GROUP_PLAN)
    async def show_new(
        self, actor: NamedDependency[Actor], contract_id: FromQuery[UUID | None] = None
    ) -> Template:
        """Show the form of a new group: first its contract, then the rest."""
        return await _new_page(actor, contract_id)

    @post("/new", permission=Permission.GROUP_PLAN)
    async def plan(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Plan the group, or show the form with what is wrong."""
        contract_id = one_id(form, "contract_id")
        try:
            form.check()
            terms = await contracts.terms_of((await contracts.read_contract(actor, contract_id)).id)
            weekdays = {int(sent) for sent in form.list("weekdays") if sent in WEEKDAYS}
            if not weekdays:
                form.find("weekdays", "missing", n_("Choose at least one day of the week."))
            first = form.day("first_day")
            draft = GroupDraft(
                contract_id=contract_id,
                venue_id=one_id(form, "venue_id"),
                places_count=form.integer("places_count", minimum=1, maximum=1000),
                days=timetable(first, weekdays, terms.days_count, free_days(form, "free_days")),
                facilitator_ids=ids(form, "facilitators"),
                code=form.optional_text("code", max_length=20),
            )
            form.check()
            group_id = await service.plan_group(actor, draft, now=now)
        except EXPECTED as refusal:
            return await _new_page(actor, contract_id, form, reasons(refusal))
        return see_other(f"/groups/{group_id}", saved="group-planned")

    @get("/{group_id:uuid}", permission=Permission.GROUP_READ)
    async def show(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show one group: timetable, participants, attendance, visits."""
        return await _group_page(actor, group_id, now)

    @post("/{group_id:uuid}/start", permission=Permission.GROUP_PLAN)
    async def start(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Start the group."""
        try:
            await service.start_group(actor, group_id, now=now)
        except EXPECTED as refusal:
            return await _group_page(actor, group_id, now, reasons(refusal))
        return see_other(f"/groups/{group_id}", saved="group-started")

    @post("/{group_id:uuid}/complete", permission=Permission.GROUP_PLAN)
    async def complete(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Complete the group."""
        try:
            await service.complete_group(actor, group_id, now=now)
        except EXPECTED as refusal:
            return await _group_page(actor, group_id, now, reasons(refusal))
        return see_other(f"/groups/{group_id}", saved="group-completed")


async def _group_page(
    actor: Actor, group_id: UUID, now: datetime, findings: list[Finding] | None = None
) -> Template:
    group = await queries.read_group(actor, group_id, now)
    may_read_papers = actor.may(Permission.PAPER_READ)
    return page(
        "delivery/group.html",
        group=group,
        attendance=await queries.read_attendance(actor, group_id, now),
        papers=await read_papers(actor, [group_id]) if may_read_papers else [],
        people={participant.id: participant.client_ref for participant in group.participants},
        counties=names("counties", language()),
        findings=findings or [],
    )


async def _new_page(
    actor: Actor,
    contract_id: UUID | None,
    form: Form | None = None,
    findings: list[Finding] | None = None,
) -> Template:
    lines = [
        line
        for line in await contracts.list_contracts(actor)
        if line.kind != ContractKind.FRAMEWORK
        and line.state in (ContractState.SIGNED, ContractState.RUNNING)
    ]
    chosen = next((line for line in lines if line.id == contract_id), None)
    terms = await contracts.terms_of(chosen.id) if chosen else None
    venues = await providers.venues()
    people = await providers.facilitators_of(chosen.provider_id) if chosen else []
    return page(
        "delivery/new_group.html",
        contracts=[(line.id, f"{line.number} {line.provider_name}") for line in lines],
        contract=chosen,
        terms=terms,
        venues=[
            (venue.id, f"{venue.place}, {venue.code} ({venue.seats_count})")
            for venue in venues
            if terms is None or venue.county in terms.counties
        ],
        facilitators=[(who.id, f"{who.display_name} ({who.code})") for who in people],
        weekdays=WEEKDAYS,
        form=form,
        findings=findings or [],
    )
