"""Visits to employers as pages."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.delivery import queries, service
from procure.delivery.pages.parts import EXPECTED, ids, kept, one_id, reasons
from procure.delivery.schemas import (
    EmployerDraft,
    VisitDraft,
)
from procure.kernel.actors import Actor, Permission
from procure.kernel.findings import Finding
from procure.parameters import codes, names
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other

VISIT = ("visited_on", "vacancies_count", "participant_ids", "relevant_ids", "result")


class VisitPages(Controller):
    """Visits to employers."""

    path = "/groups"
    include_in_schema = False

    @get("/{group_id:uuid}/visits/new", permission=Permission.VISIT_RECORD)
    async def show(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show the form of a visit, and of an employer that is not known yet."""
        return await _visit_page(actor, group_id, now)

    @post("/{group_id:uuid}/visits/new", permission=Permission.VISIT_RECORD)
    async def record(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Record the visit, or show the form with what is wrong."""
        try:
            draft = VisitDraft(
                employer_id=one_id(form, "employer_id"),
                visited_on=form.day("visited_on"),
                vacancies_count=form.integer("vacancies_count", minimum=0, maximum=100_000),
                participant_ids=ids(form, "participant_ids"),
                relevant_ids=ids(form, "relevant_ids"),
                result=form.text("result", max_length=4000),
            )
            form.check()
            await service.record_visit(actor, group_id, draft, now=now)
        except EXPECTED as refusal:
            return await _visit_page(actor, group_id, now, form, reasons(refusal))
        return see_other(f"/groups/{group_id}", saved="visit")

    @post("/{group_id:uuid}/employers", permission=Permission.VISIT_RECORD)
    async def record_employer(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Record an employer and come back to the form of the visit, with what was typed in it."""
        try:
            draft = EmployerDraft(
                name=form.text("name", max_length=200),
                registry_code=form.text("registry_code", max_length=20),
                county=form.choice("county", codes("counties")),
                sector=form.text("sector", max_length=100),
            )
            form.check()
            employer_id = await service.record_employer(actor, draft, now=now, group_id=group_id)
        except EXPECTED as refusal:
            return await _visit_page(actor, group_id, now, form, reasons(refusal))
        typed = kept(form, VISIT, employer_id=str(employer_id), county=draft.county)
        return await _visit_page(actor, group_id, now, typed, employer_id=employer_id)


async def _visit_page(
    actor: Actor,
    group_id: UUID,
    now: datetime,
    form: Form | None = None,
    findings: list[Finding] | None = None,
    *,
    employer_id: UUID | None = None,  # just added
) -> Template:
    group = await queries.read_group(actor, group_id, now)
    employers = await queries.list_employers(actor, group_id)
    visited = {visit.employer_id for visit in group.visits}
    return page(
        "delivery/visit.html",
        group=group,
        employers=[(employer.id, employer.name) for employer in employers],
        visited=[employer.name for employer in employers if employer.id in visited],
        people=[(p.id, p.client_ref) for p in group.participants],
        counties=list(names("counties", language()).items()),
        saved="employer" if employer_id else "",
        form=form,
        findings=findings or [],
    )
