"""Payments as pages: claims and why, the ledger, payment runs."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day, next_working_day
from procure.parameters import holidays
from procure.payments import queries, service
from procure.payments.ports import PaymentFileWriter
from procure.payments.states import ClaimState
from procure.web.downloads import attachment
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other, term


async def words() -> dict[str, Any]:
    """Give a page what milestones and outcomes are called in the reader's language."""
    outcomes = {
        view.code: msgspec.structs.asdict(view.name)[language()]
        for view in await catalogue.definitions()
    }

    def named(values: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the codes in the values of a sentence by what they are called."""
        shown = dict(values)
        if (code := shown.get("definition")) in outcomes:
            shown["definition"] = outcomes[code]
        if (code := shown.get("milestone")) is not None:
            shown["milestone"] = term(code, "milestone")
        return shown

    return {"outcome_names": outcomes, "named": named}


async def said_no(work: Awaitable[object]) -> list[Finding]:
    """Do `work`; return what stands in its way, for a page to show."""
    try:
        await work
    except Refused as refusal:
        return refusal.findings
    except (Conflict, Forbidden) as refusal:
        return [Finding("refused", refusal.text, refusal.values)]
    return []


LARGEST_FILE = 10_000_000  # bytes of a payment file that a person gives back to be compared


class Of(msgspec.Struct, frozen=True):
    """Whose claims are listed: one group's, one contract's, or all."""

    group_id: UUID | None = None
    contract_id: UUID | None = None


class ClaimPages(Controller):
    """Claims: what is owed, why, and who has said so."""

    path = "/claims"
    include_in_schema = False

    @get("/", permission=Permission.CLAIM_READ)
    async def show_list(
        self,
        actor: NamedDependency[Actor],
        *,
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        group_id: FromQuery[UUID | None] = None,
        contract_id: FromQuery[UUID | None] = None,
    ) -> Template:
        """List claims, of one group or contract if named; and what each would bring by now."""
        return await self._list(actor, state=in_state, of=Of(group_id, contract_id))

    @post("/", permission=Permission.CLAIM_DRAFT)
    async def draft(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Have a group's claim drafted, or computed again."""
        groups = {str(e.group_id): e.group_id for e in await queries.expectations(actor)}
        group_id = groups.get(form.choice("group_id", groups))
        reason = form.optional_text("reason", max_length=500) or ""
        if form.findings or group_id is None:
            return await self._list(actor, form=form, findings=form.findings)
        try:
            claim_id = await service.draft_claim(actor, group_id, reason, now=now)
        except Refused as refusal:
            return await self._list(actor, form=form, findings=refusal.findings)
        except (Conflict, Forbidden) as refusal:
            found = [Finding("refused", refusal.text, refusal.values)]
            return await self._list(actor, form=form, findings=found)
        return see_other(f"/claims/{claim_id}")

    async def _list(
        self,
        actor: Actor,
        *,
        state: str = "",
        of: Of = Of(),  # noqa: B008 - a frozen value
        form: Form | None = None,
        findings: Sequence[Finding] = (),
    ) -> Template:
        expected = await queries.expectations(actor)
        return page(
            "payments/claims.html",
            claims=await queries.list_claims(
                actor, state=state, group_id=of.group_id, contract_id=of.contract_id
            ),
            expected=[
                one
                for one in expected
                if of.group_id in (None, one.group_id) and of.contract_id in (None, one.contract_id)
            ],
            of=of,
            may_draft=actor.may(Permission.CLAIM_DRAFT),
            state=state,
            states=list(ClaimState),
            form=form,
            findings=findings,
            **await words(),
        )

    @get("/{claim_id:uuid}", permission=Permission.CLAIM_READ)
    async def show(self, claim_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one claim with its lines, and a button for each open action."""
        return await self._page(actor, claim_id)

    @post("/{claim_id:uuid}/accept", permission=Permission.CLAIM_ACCEPT)
    async def accept(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Accept the claim for its provider."""
        found = await said_no(service.accept(actor, claim_id, now=now))
        return await self._after(actor, claim_id, found)

    @post("/{claim_id:uuid}/dispute", permission=Permission.CLAIM_ACCEPT)
    async def dispute(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Say what is not right with the claim."""
        reason = form.optional_text("reason", max_length=1000) or ""
        lines = form.list("line_keys")
        found = await said_no(service.dispute(actor, claim_id, reason, lines, now=now))
        return await self._after(actor, claim_id, found, form)

    @post("/{claim_id:uuid}/dispute-withdrawal", permission=Permission.CLAIM_ACCEPT)
    async def take_dispute_back(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Take the provider's dispute back."""
        found = await said_no(service.take_dispute_back(actor, claim_id, now=now))
        return await self._after(actor, claim_id, found)

    @post("/{claim_id:uuid}/answer", permission=Permission.CLAIM_DRAFT)
    async def answer(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Answer a dispute and compute the claim again."""
        claim = await queries.read_claim(actor, claim_id)
        reason = form.optional_text("reason", max_length=1000) or ""
        found = await said_no(service.draft_claim(actor, claim.group_id, reason, now=now))
        return await self._after(actor, claim_id, found, form)

    @post("/{claim_id:uuid}/attest", permission=Permission.CLAIM_ATTEST)
    async def attest(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Vouch for the claim as it was shown; the second person posts it."""
        seen = form.text("content_sha256", max_length=64)
        found = await said_no(service.attest(actor, claim_id, seen, now=now))
        return await self._after(actor, claim_id, found, form)

    @post("/{claim_id:uuid}/return", permission=Permission.CLAIM_ATTEST)
    async def send_back(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Send an accepted claim back with a reason."""
        reason = form.optional_text("reason", max_length=1000) or ""
        found = await said_no(service.return_claim(actor, claim_id, reason, now=now))
        return await self._after(actor, claim_id, found, form)

    async def _after(
        self, actor: Actor, claim_id: UUID, findings: list[Finding], form: Form | None = None
    ) -> Redirect | Template:
        if findings:
            return await self._page(actor, claim_id, form=form, findings=findings)
        return see_other(f"/claims/{claim_id}")

    async def _page(
        self,
        actor: Actor,
        claim_id: UUID,
        *,
        form: Form | None = None,
        findings: Sequence[Finding] = (),
    ) -> Template:
        return page(
            "payments/claim.html",
            claim=await queries.read_claim(actor, claim_id),
            form=form,
            findings=findings,
            **await words(),
        )


class LedgerPages(Controller):
    """The ledger of the reader's organisation."""

    path = "/ledger"
    include_in_schema = False

    @get("/", permission=Permission.LEDGER_READ)
    async def show(self, actor: NamedDependency[Actor]) -> Template:
        """Show the accounts, which sum to zero, and the newest transactions."""
        return page("payments/ledger.html", ledger=await queries.read_ledger(actor))


class RunPages(Controller):
    """Payment runs."""

    path = "/payment-runs"
    include_in_schema = False

    @get("/", permission=Permission.RUN_READ)
    async def show_list(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """List payment runs, and what is owed and in no file yet."""
        return await self._list(actor, now)

    @post("/", permission=Permission.RUN_PREPARE)
    async def prepare(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
        payment_file: NamedDependency[PaymentFileWriter],
    ) -> Redirect | Template:
        """Prepare a payment file, or say why not."""
        try:
            pay_on = form.day("pay_on")
            form.check()
            run_id = await service.prepare_run(actor, payment_file, pay_on, now=now)
        except Refused as refusal:
            return await self._list(actor, now, form=form, findings=refusal.findings)
        return see_other(f"/payment-runs/{run_id}")

    async def _list(
        self,
        actor: Actor,
        now: datetime,
        *,
        form: Form | None = None,
        findings: Sequence[Finding] = (),
    ) -> Template:
        return page(
            "payments/runs.html",
            runs=await queries.list_runs(actor),
            owed=await queries.owed_now(actor, now),
            may_prepare=actor.may(Permission.RUN_PREPARE),
            next_day=next_working_day(legal_day(now) + timedelta(days=1), holidays()).isoformat(),
            form=form,
            findings=findings,
        )

    @get("/{run_id:uuid}", permission=Permission.RUN_READ)
    async def show(self, run_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one payment run, its file's hash, and who has released it."""
        return page("payments/run.html", run=await queries.read_run(actor, run_id))

    @get("/{run_id:uuid}/file", permission=Permission.RUN_READ)
    async def file(self, run_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Response[bytes]:
        """Download the payment file."""
        run, content, media_type = await queries.read_run_file(actor, run_id)
        return attachment(content, media_type, run.message_id)

    @post("/{run_id:uuid}/release", permission=Permission.RUN_RELEASE)
    async def release(
        self,
        run_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Confirm the file by the hash that the person read off it."""
        typed = form.value("file_sha256")[:200]
        if not typed.strip():
            file = await form.file("file", maximum_bytes=LARGEST_FILE)
            if file is None:
                return await self._after(actor, run_id, form.findings, form)
            typed = sha256_hex(file.content)
        found = await said_no(service.release_run(actor, run_id, typed, now=now))
        return await self._after(actor, run_id, found, form)

    @post("/{run_id:uuid}/cancel", permission=Permission.RUN_PREPARE)
    async def cancel(
        self,
        run_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Cancel the file before its second release."""
        found = await said_no(service.cancel_run(actor, run_id, now=now))
        return await self._after(actor, run_id, found)

    async def _after(
        self, actor: Actor, run_id: UUID, findings: list[Finding], form: Form | None = None
    ) -> Redirect | Template:
        if not findings:
            return see_other(f"/payment-runs/{run_id}")
        run = await queries.read_run(actor, run_id)
        return page("payments/run.html", run=run, form=form, findings=findings)


CONTROLLERS: list[type[Controller]] = [ClaimPages, LedgerPages, RunPages]
