"""Outcomes as pages: what came of whom and why it counts, a report, evidence, the register."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day
from procure.outcomes import queries, service
from procure.outcomes.ports import EmploymentRegister, RegisterUnavailable
from procure.outcomes.rules import BY_HAND, LARGEST_FILE
from procure.outcomes.schemas import CheckReport, EvidenceDraft, OutcomeDraft
from procure.outcomes.states import OutcomeState
from procure.web.downloads import attachment
from procure.web.forms import Form
from procure.web.templates import page, see_other

ANSWERS = ("yes", "no")


async def list_page(
    actor: Actor,
    now: datetime,
    *,
    group_id: UUID | None = None,
    participant_id: UUID | None = None,
    state: str = "",
    form: Form | None = None,
    findings: Sequence[Finding] = (),
    report: CheckReport | None = None,
) -> Template:
    """Render the outcomes, with a form to report one for whoever may."""
    found = await queries.list_outcomes(
        actor, group_id=group_id, participant_id=participant_id, state=state
    )
    people = await queries.reportable(actor)
    groups = {outcome.group_id: outcome.group_code for outcome in found}
    return page(
        "outcomes/outcomes.html",
        outcomes=found,
        groups=groups,
        names={outcome.id: outcome.definition_name for outcome in found},
        askable={o.group_id for o in found if o.may_verify and o.asks_register},
        people=people,
        definitions=await catalogue.definitions_on(legal_day(now)) if people else [],
        group_id=group_id,
        participant_id=participant_id,
        state=state,
        states=list(OutcomeState),
        form=form,
        findings=findings,
        report=report,
    )


class OutcomePages(Controller):
    """What came of the participants."""

    path = "/outcomes"
    include_in_schema = False

    @get("/", permission=Permission.OUTCOME_READ)
    async def show_list(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        group_id: FromQuery[UUID | None] = None,
        participant_id: FromQuery[UUID | None] = None,
        in_state: Annotated[str, QueryParameter(name="state")] = "",
    ) -> Template:
        """List outcomes with the reason each one stands or falls."""
        return await list_page(
            actor, now, group_id=group_id, participant_id=participant_id, state=in_state
        )

    @post("/", permission=Permission.OUTCOME_REPORT)
    async def report(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Report an outcome, or show the form again with every reason why not."""
        people = {f"{p.group_id} {p.client_ref}": p for p in await queries.reportable(actor)}
        try:
            who = form.choice("client_ref", people)
            draft = OutcomeDraft(
                client_ref=people[who].client_ref if who in people else "",
                definition=form.text("definition", max_length=30),
                outcome_on=form.day("outcome_on"),
                note=form.optional_text("note", max_length=500) or "",
            )
            form.check()
            outcome_id = await service.report(actor, people[who].group_id, draft, now=now)
        except Refused as refusal:
            return await list_page(actor, now, form=form, findings=refusal.findings)
        except NotFound as missing:
            found = [Finding("definition", missing.text, missing.values, field="definition")]
            return await list_page(actor, now, form=form, findings=found)
        return see_other(f"/outcomes/{outcome_id}", saved="outcome")

    @post("/register-check", permission=Permission.OUTCOME_VERIFY)
    async def check_register(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
        employment_register: NamedDependency[EmploymentRegister],
    ) -> Template:
        """Ask the employment register about a group, and show what it said."""
        groups = {str(o.group_id): o.group_id for o in await queries.list_outcomes(actor)}
        findings: Sequence[Finding] = ()
        report = None
        try:
            group_id = groups.get(form.choice("group_id", groups))
            form.check()
            if group_id is not None:
                report = await service.check_registers(
                    actor, employment_register, group_id, now=now
                )
        except Refused as refusal:
            group_id, findings = None, refusal.findings
        except RegisterUnavailable as down:
            group_id, findings = None, [Finding("register-down", down.text, down.values)]
        return await list_page(actor, now, group_id=group_id, findings=findings, report=report)

    @get("/{outcome_id:uuid}", permission=Permission.OUTCOME_READ)
    async def show(self, outcome_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one outcome with all that was said of it."""
        return await self._page(actor, outcome_id)

    @post("/{outcome_id:uuid}/evidence", permission=Permission.OUTCOME_VERIFY)
    async def add_evidence(
        self,
        outcome_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Record evidence, or show the form again with what is missing."""
        try:
            draft = EvidenceDraft(
                source=form.choice("source", BY_HAND),
                supports=form.choice("supports", ANSWERS) == "yes",
                note=form.text("note", max_length=500),
            )
            form.check()
            await service.add_evidence(actor, outcome_id, draft, now=now)
        except Refused as refusal:
            return await self._page(actor, outcome_id, form=form, findings=refusal.findings)
        except Conflict as refusal:
            found = [Finding("refused", refusal.text, refusal.values)]
            return await self._page(actor, outcome_id, form=form, findings=found)
        return see_other(f"/outcomes/{outcome_id}", saved="evidence")

    @post(
        "/{outcome_id:uuid}/attachments",
        permission=Permission.OUTCOME_REPORT,
        request_max_body_size=LARGEST_FILE + 1_000_000,
    )
    async def attach(
        self,
        outcome_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Add the provider's words and file, or show the page again with what is missing."""
        try:
            note = form.text("note", max_length=500)
            sent = None
            upload = form.sent.get("file")
            if isinstance(upload, UploadFile) and upload.filename:
                sent = await form.file("file", maximum_bytes=LARGEST_FILE)
            form.check()
            file = (sent.name, sent.content) if sent else None
            await service.attach(actor, outcome_id, note, file, now=now)
        except Refused as refusal:
            return await self._page(actor, outcome_id, form=form, findings=refusal.findings)
        except Conflict as refusal:
            found = [Finding("refused", refusal.text, refusal.values)]
            return await self._page(actor, outcome_id, form=form, findings=found)
        return see_other(f"/outcomes/{outcome_id}", saved="evidence")

    @post("/{outcome_id:uuid}/withdraw", permission=Permission.OUTCOME_REPORT)
    async def withdraw(
        self,
        outcome_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Take the report back, or say why not."""
        try:
            await service.withdraw(actor, outcome_id, form.value("reason"), now=now)
        except Refused as refusal:
            return await self._page(actor, outcome_id, form=form, findings=refusal.findings)
        except Conflict as refusal:
            found = [Finding("refused", refusal.text, refusal.values)]
            return await self._page(actor, outcome_id, form=form, findings=found)
        return see_other(f"/outcomes/{outcome_id}", saved="outcome-withdrawn")

    @get("/{outcome_id:uuid}/evidence/{evidence_id:uuid}", permission=Permission.OUTCOME_READ)
    async def download(
        self,
        outcome_id: FromPath[UUID],
        evidence_id: FromPath[UUID],
        actor: NamedDependency[Actor],
    ) -> Response[bytes]:
        """Give what is attached to evidence, to be saved."""
        name, content, media_type = await queries.read_attachment(actor, outcome_id, evidence_id)
        return attachment(content, media_type, name.rpartition(".")[0] or name)

    async def _page(
        self,
        actor: Actor,
        outcome_id: UUID,
        *,
        form: Form | None = None,
        findings: Sequence[Finding] = (),
    ) -> Template:
        return page(
            "outcomes/outcome.html",
            outcome=await queries.read_outcome(actor, outcome_id),
            sources=BY_HAND,
            form=form,
            findings=findings,
        )


CONTROLLERS: list[type[Controller]] = [OutcomePages]
