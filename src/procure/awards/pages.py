"""Awards as pages: the decision, the award with its letters, the notice for everyone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.awards import queries, service
from procure.awards.schemas import AwardDraft
from procure.evaluation.rules import bars
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, NotFound, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.forms import Form
from procure.web.templates import page, see_other

LONGEST_TEXT = 10_000


def said(error: ProcureError) -> list[Finding]:
    """Return what an error says as findings, so that a page can show it on top."""
    if isinstance(error, Refused):
        return error.findings
    return [Finding("conflict", error.text, error.values)]


def draft_from(form: Form, lot_id: UUID) -> AwardDraft:
    """Read a decision out of its form; what cannot be read is a finding of the form."""
    return AwardDraft(
        lot_id=lot_id,
        evaluation_version=form.integer("evaluation_version", minimum=1),
        winners_count=form.integer("winners_count", minimum=1),
        reasons=form.optional_text("reasons", max_length=LONGEST_TEXT) or "",
        characteristics=form.optional_text("characteristics", max_length=LONGEST_TEXT) or "",
        acknowledged_reversal=form.flag("acknowledged_reversal"),
    )


async def decision_page(
    actor: Actor,
    lot_id: UUID,
    now: datetime,
    *,
    draft: AwardDraft | None = None,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    """Show what to look at before a lot is decided, and the letters as they would be sent."""
    view = await queries.read_decision(actor, lot_id, draft, now=now)
    return page(
        "awards/decision.html",
        decision=view,
        bars=bars(view.ranking.ranking) if view.ranking else None,
        criteria=view.criteria,
        may_decide=actor.may(Permission.AWARD_DECIDE, for_org=view.lot.buyer_id),
        form=form,
        findings=findings,
    )


class LotAwardPages(Controller):
    """The decision on one lot."""

    path = "/lots/{lot_id:uuid}"
    include_in_schema = False

    @get("/award", permission=Permission.AWARD_READ)
    async def show(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Show the decision page, or the award once there is one."""
        view = await queries.read_decision(actor, lot_id, now=now)
        if view.award_id is not None:
            return see_other(f"/awards/{view.award_id}")
        return await decision_page(actor, lot_id, now)

    @get("/result", permission=Permission.AWARD_READ)
    async def result(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Redirect:
        """Go on to the award that the reader's bid for the lot came to, or to all its results."""
        award = await queries.award_of_lot(lot_id)
        has_letter = award is not None and await queries.letters_of(actor, award.id)
        return see_other(f"/awards/{award.id}" if award and has_letter else "/awards")

    @get("/notice", permission=Permission.NONE)
    async def notice(self, lot_id: FromPath[UUID]) -> Redirect:
        """Go on to the notice of the lot's award; NotFound while there is none."""
        award = await queries.award_of_lot(lot_id)
        if award is None:
            raise NotFound(n_("This lot has no award."))
        return see_other(f"/awards/{award.id}/notice")

    @post("/award", permission=Permission.AWARD_DECIDE)
    async def decide(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Decide the lot, or show every reason against it; `preview` only shows the letters."""
        draft: AwardDraft | None = None
        try:
            draft = draft_from(form, lot_id)
            form.check()
            if form.flag("preview"):
                most = (await queries.read_decision(actor, lot_id, now=now)).most_winners_count
                form.integer("winners_count", minimum=1, maximum=most)
                form.check()
                return await decision_page(actor, lot_id, now, draft=draft, form=form)
            award_id = await service.decide(actor, draft, now=now)
        except (Refused, Conflict) as error:
            return await decision_page(
                actor, lot_id, now, draft=draft, form=form, findings=said(error)
            )
        return see_other(f"/awards/{award_id}")

    @post("/conclusion", permission=Permission.AWARD_DECIDE)
    async def conclude(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """End the lot without award."""
        try:
            ground = form.text("ground", max_length=20)
            reasons = form.optional_text("end_reasons", max_length=LONGEST_TEXT) or ""
            form.check()
            await service.conclude_without_award(actor, lot_id, ground, reasons=reasons, now=now)
        except (Refused, Conflict) as error:
            return await decision_page(actor, lot_id, now, form=form, findings=said(error))
        return see_other(f"/lots/{lot_id}/evaluation")


class AwardPages(Controller):
    """Awards and letters."""

    path = "/awards"
    include_in_schema = False

    @get("/", permission=Permission.NONE)
    async def show_list(self, actor: NamedDependency[Actor]) -> Template | Redirect:
        """List the buyer's awards, or the letters to a provider; others read the notices."""
        if not actor.may(Permission.AWARD_READ):
            return see_other("/awards/notices")
        if actor.is_provider:
            return page("awards/letters.html", letters=await queries.own_letters(actor))
        return page("awards/awards.html", awards=await queries.list_awards(actor))

    @get("/notices", permission=Permission.NONE)
    async def show_notices(self) -> Template:
        """List what everyone may know of the awards."""
        return page("awards/notices.html", awards=await queries.list_notices())

    @get("/{award_id:uuid}", permission=Permission.NONE)
    async def show(
        self, award_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Template | Redirect:
        """Show an award: whole for its buyer, own letters for a tenderer, the notice for others."""
        if not actor.may(Permission.AWARD_READ):
            return see_other(f"/awards/{award_id}/notice")
        return await self._award(actor, award_id)

    @get("/{award_id:uuid}/notice", permission=Permission.NONE)
    async def notice(self, award_id: FromPath[UUID]) -> Template:
        """Show what everyone may know."""
        return page("awards/notice.html", shown=await queries.read_notice(award_id))

    @post("/{award_id:uuid}/annul", permission=Permission.AWARD_DECIDE)
    async def annul(
        self,
        award_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Annul an award."""
        try:
            reason = form.text("reason", max_length=LONGEST_TEXT)
            form.check()
            await service.annul(actor, award_id, reason, now=now)
        except (Refused, Conflict) as error:
            return await self._award(actor, award_id, form=form, findings=said(error))
        return see_other(f"/awards/{award_id}")

    async def _award(
        self,
        actor: Actor,
        award_id: UUID,
        *,
        form: Form | None = None,
        findings: Sequence[Finding] = (),
    ) -> Template:
        view = await queries.read_award(actor, award_id)
        return page(
            "awards/award.html",
            award=view,
            bars=bars(view.ranking.ranking) if view.ranking else None,
            form=form,
            findings=findings,
        )


CONTROLLERS: list[type[Controller]] = [LotAwardPages, AwardPages]
