"""Contracts as pages: money by contract, one contract to read and sign, calling off from a lot."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.contracts import queries, service
from procure.contracts.schemas import ContractView, MiniCompetitionDraft
from procure.contracts.states import ContractKind, ContractState
from procure.demand.queries import list_bases
from procure.identity.queries import people_with_role
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import names
from procure.tasks.queries import tasks_of
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other


async def contract_page(
    actor: Actor, view: ContractView, now: datetime, findings: list[Finding] | None = None
) -> Template:
    """Render a contract, above it what stands in the way of a signature."""
    return page(
        "contracts/contract.html",
        contract=view,
        duties=await tasks_of(actor, view.id, now),
        families=names("outcome_families", language()),
        today=legal_day(now),
        scheme_name=await catalogue.scheme_name(view.terms.scheme.code, view.terms.scheme.version),
        findings=findings or [],
    )


class ContractPages(Controller):
    """Contracts that the reader's organisation is a party to."""

    path = "/contracts"
    include_in_schema = False

    @get("/", permission=Permission.NONE)
    async def show_list(
        self,
        actor: NamedDependency[Actor],
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        kind: FromQuery[str] = "",
        provider_id: FromQuery[UUID | None] = None,
    ) -> Template | Redirect:
        """List contracts with their money, and awards without one; others read the register."""
        if not actor.may(Permission.CONTRACT_READ):
            return see_other("/contract-register")
        may_draft = actor.may(Permission.CONTRACT_DRAFT)
        return page(
            "contracts/contracts.html",
            contracts=[
                line
                for line in await queries.list_contracts(actor, state=in_state, kind=kind)
                if provider_id in (None, line.provider_id)
            ],
            awards=await queries.awards_to_contract(actor) if may_draft else [],
            state=in_state,
            kind=kind,
            states=list(ContractState),
            kinds=list(ContractKind),
        )

    @get("/{contract_id:uuid}", permission=Permission.NONE)
    async def show(
        self,
        contract_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Show one contract to its parties, with a button to sign; others read the register."""
        if not actor.may(Permission.CONTRACT_READ):
            return see_other(f"/contract-register/{contract_id}")
        return await contract_page(actor, await queries.read_contract(actor, contract_id), now)

    @post("/{contract_id:uuid}/sign", permission=Permission.CONTRACT_SIGN)
    async def sign(
        self,
        contract_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Sign, or show the contract again with what stands in the way."""
        view = await queries.read_contract(actor, contract_id)
        try:
            if not form.flag("has_read"):
                form.find("has_read", "not-read", n_("Say that you have read the document."))
            form.check()
            await service.sign(actor, contract_id, form.text("document_sha256"), now=now)
        except Refused as refusal:
            return await contract_page(actor, view, now, refusal.findings)
        except Conflict as conflict:
            found = [Finding("conflict", conflict.text, conflict.values)]
            view = await queries.read_contract(actor, contract_id)
            return await contract_page(actor, view, now, found)
        return see_other(f"/contracts/{contract_id}")


class AwardContractsPages(Controller):
    """Drafting the contracts of an award."""

    path = "/awards"
    include_in_schema = False

    @post("/{award_id:uuid}/contracts", permission=Permission.CONTRACT_DRAFT)
    async def draft(
        self,
        award_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Draft a contract with every supplier, and show the first of them."""
        try:
            ids = await service.draft_from_award(actor, award_id, now=now)
        except Refused as refusal:
            findings = refusal.findings
        except Conflict as conflict:
            findings = [Finding("conflict", conflict.text, conflict.values)]
        else:
            return see_other(f"/contracts/{ids[0]}" if len(ids) == 1 else "/contracts")
        return page(
            "contracts/contracts.html",
            contracts=await queries.list_contracts(actor),
            awards=await queries.awards_to_contract(actor),
            state="",
            kind="",
            states=list(ContractState),
            kinds=list(ContractKind),
            findings=findings,
        )


class FrameworkPages(Controller):
    """Calling off from a framework lot."""

    path = "/frameworks"
    include_in_schema = False

    @get("/{lot_id:uuid}/mini-competition", permission=Permission.TENDER_DRAFT)
    async def show(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show the form of a mini-competition: what is left, who is invited."""
        return await self._form(actor, lot_id)

    @post("/{lot_id:uuid}/mini-competition", permission=Permission.TENDER_DRAFT)
    async def call(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Draft the mini-competition and show the tender, or the form with what is wrong."""
        try:
            draft = _draft(form)
            form.check()
            tender_id = await service.call_mini_competition(actor, lot_id, draft, now=now)
        except Refused as refusal:
            return await self._form(actor, lot_id, form, refusal.findings)
        except Forbidden as refusal:
            found = [Finding("forbidden", refusal.text, refusal.values)]
            return await self._form(actor, lot_id, form, found)
        return see_other(f"/tenders/{tender_id}")

    async def _form(
        self,
        actor: Actor,
        lot_id: UUID,
        form: Form | None = None,
        findings: list[Finding] | None = None,
    ) -> Template:
        return page(
            "contracts/mini_competition.html",
            framework=await queries.read_framework(actor, lot_id),
            basis_options=[(basis.id, basis.name) for basis in await list_bases(actor)],
            officer_options=[
                (person.id, person.name)
                for person in await people_with_role(actor.org_id, Role.OFFICER)
            ],
            form=form,
            findings=findings or [],
        )


def _ids(form: Form, name: str) -> list[UUID]:
    """Read ids; the empty choice of a list is none, and what is no id is a finding."""
    try:
        return [UUID(sent) for sent in form.list(name) if sent]
    except ValueError:
        form.find(name, "choice", n_("Choose one of the list."))
        return []


def _draft(form: Form) -> MiniCompetitionDraft:
    """Read a mini-competition; what cannot be read is a finding of the form."""
    return MiniCompetitionDraft(
        groups_count=form.integer("groups_count", minimum=1, maximum=1000),
        places_count=form.integer("places_count", minimum=1, maximum=1000),
        days_count=form.integer("days_count", minimum=1, maximum=1000),
        contract_starts_on=form.day("contract_starts_on"),
        contract_until=form.day("contract_until"),
        deadline_at=form.instant("deadline_at"),
        keyholder_ids=_ids(form, "keyholder_ids"),
        opening_quorum_count=form.integer("opening_quorum_count", minimum=2, maximum=15),
        basis_id=next(iter(_ids(form, "basis_id")), None),
        unit_price=form.decimal("unit_price", minimum=Decimal("0.0001")),
        title=form.text("title", max_length=200),
        description=form.optional_text("description", max_length=20_000),
    )


CONTROLLERS: list[type[Controller]] = [ContractPages, AwardContractsPages, FrameworkPages]
