"""Tenders for everyone, drafts for those who make them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.documents import queries as documents
from procure.identity import queries as identity
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day
from procure.parameters import names, reference
from procure.tenders import queries, service
from procure.tenders.pages.draft_form import draft_from, form_of, grown, rows, still_sure
from procure.tenders.ports import Sealer
from procure.tenders.rules import TenderDraft, time_left
from procure.tenders.schemas import Cancellation
from procure.tenders.states import CriterionKind, PriceFormula
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other


def lists(*kinds: str) -> dict[str, Any]:
    """Give a page the names of code lists in the reader's language."""
    return {kind: names(kind, language()) for kind in kinds}


def said(error: ProcureError) -> list[Finding]:
    """Return what an error says as findings, so that a page can show it on top."""
    if isinstance(error, Refused):
        return error.findings
    return [Finding("conflict", error.text, error.values)]


async def checked_draft(actor: Actor, form: Form, *, now: datetime) -> TenderDraft:
    """Read the draft; Refused with the fields that cannot be read and what rules find besides."""
    draft = draft_from(form)
    if form.findings:
        besides = (await service.check_draft(actor, draft, now=now)).findings
        raise Refused([*form.findings, *still_sure(besides, form.findings)])
    return draft


async def draft_page(
    actor: Actor,
    form: Form,
    *,
    now: datetime,
    tender_id: UUID | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    """Show the form of a draft, with what was typed and what stands in its way."""
    rules = queries.rule_set_on(legal_day(now))
    is_call_off = bool(form.value("parent_lot_id"))
    return page(
        "tenders/draft.html",
        form=form,
        findings=findings,
        tender_id=tender_id,
        rules=rules,
        lot_rows=rows(form, "lots"),
        criterion_rows=rows(form, "criteria"),
        procedures=[
            (procedure.code, procedure.name[language()])
            for procedure in rules.procedures
            if procedure.is_invited == is_call_off
        ],
        services=[
            (found.code, msgspec.structs.asdict(found.name)[language()])
            for found in await catalogue.services()
        ],
        schemes=[
            (found.code, msgspec.structs.asdict(found.name)[language()])
            for found in await catalogue.schemes()
        ],
        officers=[
            (str(officer.id), officer.name)
            for officer in await identity.people_with_role(actor.org_id, Role.OFFICER)
        ],
        kinds=list(CriterionKind),
        formulas=list(PriceFormula),
        spoken=names("languages", language()),  # `languages` are those of the pages
        **lists("counties", "framework_techniques"),
    )


async def tender_page(
    actor: Actor,
    tender_id: UUID,
    *,
    now: datetime,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    """Show one tender to whoever may see it, with what they may do next."""
    tender = await queries.read_tender(actor, tender_id)
    paper = await documents.read_paper(actor, tender.paper_id) if tender.paper_id else None
    return page(
        "tenders/tender.html",
        tender=tender,
        paper=paper,
        left=time_left(now, tender.tender_period.ends_at),
        is_open=tender.state == "published" and now < tender.tender_period.ends_at,
        is_ours=actor.org_id == tender.buyer.id,
        form=form,
        findings=findings,
        grounds=[
            (item["code"], item["name"][language()]) for item in reference("non_award_reasons")
        ],
        units=names("units", language()),
        **lists("counties", "framework_techniques"),
    )


class TenderPages(Controller):
    """Tenders for everyone, drafts for those who make them."""

    path = "/tenders"
    include_in_schema = False

    @get("/", permission=Permission.NONE)
    async def list_all(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """List tenders: open ones first, with the time that is left."""
        return page(
            "tenders/tenders.html",
            tenders=await queries.list_tenders(actor, now=now),
            **lists("counties"),
        )

    @get("/new", permission=Permission.TENDER_DRAFT)
    async def show_form(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        basis_id: FromQuery[UUID | None] = None,
        waves: FromQuery[int] = 1,
    ) -> Template:
        """Show the form, filled from a basis of demand where one is named."""
        draft = await queries.propose_draft(
            actor, basis_id, waves=waves, language=language(), now=now
        )
        return await draft_page(actor, form_of(draft), now=now)

    @post("/", permission=Permission.TENDER_DRAFT)
    async def create(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Keep the draft, or show the form again with every reason against it."""
        if form.value("more"):
            return await draft_page(actor, grown(form), now=now)
        try:
            tender_id = await service.draft_tender(
                actor, await checked_draft(actor, form, now=now), now=now
            )
        except Refused as refusal:
            return await draft_page(actor, form, now=now, findings=refusal.findings)
        return see_other(f"/tenders/{tender_id}")

    @get("/{tender_id:uuid}", permission=Permission.NONE)
    async def show(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show one tender."""
        return await tender_page(actor, tender_id, now=now)

    @get("/{tender_id:uuid}/edit", permission=Permission.TENDER_DRAFT)
    async def show_draft(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Show a draft in its form; what is published is shown as it is."""
        facts = await queries.visible_tender(actor, tender_id)
        if facts.published_at is not None or facts.buyer_id != actor.org_id:
            return see_other(f"/tenders/{tender_id}")
        form = form_of(queries.draft_of(facts))
        return await draft_page(actor, form, now=now, tender_id=tender_id)

    @post("/{tender_id:uuid}/edit", permission=Permission.TENDER_DRAFT)
    async def redraft(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Replace the draft, or show the form again with every reason against it."""
        if form.value("more"):
            return await draft_page(actor, grown(form), now=now, tender_id=tender_id)
        try:
            draft = await checked_draft(actor, form, now=now)
            await service.redraft_tender(actor, tender_id, draft, now=now)
        except (Refused, Conflict) as error:
            return await draft_page(actor, form, now=now, tender_id=tender_id, findings=said(error))
        return see_other(f"/tenders/{tender_id}")

    @post("/{tender_id:uuid}/publish", permission=Permission.TENDER_PUBLISH)
    async def publish(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        sealer: NamedDependency[Sealer],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Publish the draft, or show it again with every reason against that."""
        try:
            await service.publish(actor, tender_id, sealer=sealer, now=now)
        except (Refused, Conflict) as error:
            return await tender_page(actor, tender_id, now=now, findings=said(error))
        return see_other(f"/tenders/{tender_id}")

    @post("/{tender_id:uuid}/cancel", permission=Permission.TENDER_CANCEL)
    async def cancel(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Cancel the tender on a ground, or show it again with what is missing."""
        cancellation = Cancellation(form.value("ground"), form.value("text"))
        try:
            await service.cancel(actor, tender_id, cancellation, now=now)
        except (Refused, Conflict) as error:
            return await tender_page(actor, tender_id, now=now, form=form, findings=said(error))
        return see_other(f"/tenders/{tender_id}")
