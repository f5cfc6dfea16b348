"""Providers as pages: the coordinator's list, one provider, venues, and a provider's own record."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.parameters import names
from procure.providers import queries, service
from procure.providers.ports import BusinessRegister
from procure.providers.rules import FacilitatorDraft, ProviderDraft, VenueDraft
from procure.providers.schemas import Confirmation, FacilitatorView
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other


def code_lists(*kinds: str) -> dict[str, dict[str, str]]:
    """Give a page the names of code lists in the reader's language."""
    return {kind: names(kind, language()) for kind in kinds}


def register_page(form: Form | None = None, findings: Sequence[Finding] = ()) -> Template:
    """Show the form that registers a provider, with what was typed."""
    return page(
        "providers/register.html",
        form=form,
        findings=findings,
        lists=code_lists("counties", "languages", "legal_forms", "provider_kinds"),
    )


async def provider_page(
    actor: Actor, org_id: UUID, form: Form | None = None, findings: Sequence[Finding] = ()
) -> Template:
    """Show one provider with what may be done with it."""
    provider = await queries.read_provider(actor, org_id)
    return page(
        "providers/provider.html",
        provider=provider,
        facilitators=await queries.facilitators_of(org_id),
        form=form,
        findings=findings,
        lists=code_lists("counties", "languages", "legal_forms", "provider_kinds"),
    )


async def own_page(
    actor: Actor, form: Form | None = None, findings: Sequence[Finding] = ()
) -> Template:
    """Show a provider its own record."""
    return page(
        "providers/my_organisation.html",
        provider=await queries.read_provider(actor, actor.org_id),
        facilitators=await queries.facilitators_of(actor.org_id),
        form=form,
        findings=findings,
        lists=code_lists("counties", "languages", "legal_forms", "provider_kinds"),
    )


def facilitator_page(
    facilitator: FacilitatorView | None,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    """Show the form of one facilitator, a new one or one to change."""
    return page(
        "providers/facilitator.html",
        facilitator=facilitator,
        form=form,
        findings=findings,
        lists=code_lists("languages"),
    )


async def venues_page(form: Form | None = None, findings: Sequence[Finding] = ()) -> Template:
    """Show all venues, and the form for a new one to who may record it."""
    return page(
        "providers/venues.html",
        venues=await queries.venues(),
        form=form,
        findings=findings,
        lists=code_lists("counties", "venue_kinds", "venue_owners"),
    )


def facilitator_draft(form: Form) -> FacilitatorDraft:
    """Read a facilitator out of the form; Refused with what cannot be read."""
    draft = FacilitatorDraft(
        code=form.text("code", max_length=20),
        display_name=form.text("display_name", max_length=100),
        education=form.text("education", max_length=200),
        profession=form.text("profession", max_length=200),
        groups_led_count=form.integer("groups_led_count", minimum=0),
        years_count=form.integer("years_count", minimum=0),
        languages=form.list("languages"),
    )
    form.check()
    return draft


class ProviderPages(Controller):
    """Providers as a buyer sees them."""

    path = "/providers"
    include_in_schema = False

    @get("/", permission=Permission.PROVIDER_READ)
    async def list_all(
        self, actor: NamedDependency[Actor], search: FromQuery[str] = ""
    ) -> Template:
        """List providers by name."""
        return page(
            "providers/providers.html",
            providers=await queries.list_providers(actor, search),
            search=search,
            lists=code_lists("counties", "provider_kinds"),
        )

    @get("/new", permission=Permission.PROVIDER_REGISTER)
    async def show_form(self) -> Template:
        """Show an empty form."""
        return register_page()

    @post("/", permission=Permission.PROVIDER_REGISTER)
    async def register(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        business_register: NamedDependency[BusinessRegister],
    ) -> Template | Redirect:
        """Register the provider, or show the form again with every reason."""
        try:
            draft = ProviderDraft(
                registry_code=form.text("registry_code", max_length=20),
                name=form.text("name", max_length=200),
                legal_form=form.value("legal_form"),
                kind=form.value("kind"),
                seat_county=form.value("seat_county"),
                languages=form.list("languages"),
                vat_number=form.optional_text("vat_number", max_length=20),
                iban=form.text("iban", max_length=60),
                email=form.text("email", max_length=254),
                is_mission_driven=form.flag("is_mission_driven"),
            )
            form.check()
            company = await business_register.company(draft.registry_code)
            org_id = await service.register_provider(actor, draft, now, company=company)
        except Refused as refusal:
            return register_page(form, refusal.findings)
        return see_other(f"/providers/{org_id}")

    @get("/{org_id:uuid}", permission=Permission.PROVIDER_READ)
    async def show(self, org_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one provider."""
        return await provider_page(actor, org_id)

    @post("/{org_id:uuid}/suspend", permission=Permission.PROVIDER_REGISTER)
    async def suspend(
        self,
        org_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Suspend the provider, or ask for the reason again."""
        try:
            reason = form.text("reason")
            form.check()
            await service.suspend_provider(actor, org_id, reason, now)
        except Refused as refusal:
            return await provider_page(actor, org_id, form, refusal.findings)
        return see_other(f"/providers/{org_id}")

    @post("/{org_id:uuid}/account/confirm", permission=Permission.PROVIDER_ACCOUNT)
    async def confirm_account(
        self,
        org_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Confirm the account of a provider without a second manager, or say why not."""
        sent = Confirmation(form.value("confirmed_iban"), form.optional_text("note") or "")
        try:
            form.check()
            await service.confirm_account(
                actor, org_id, sent, now, cooling_days=queries.cooling_days(now)
            )
        except Refused as refusal:
            return await provider_page(actor, org_id, form, refusal.findings)
        return see_other(f"/providers/{org_id}")

    @post("/{org_id:uuid}/admit", permission=Permission.PROVIDER_REGISTER)
    async def admit(
        self,
        org_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """Admit the provider again."""
        await service.admit_provider(actor, org_id, now)
        return see_other(f"/providers/{org_id}")


class OwnOrganisationPages(Controller):
    """A provider's own record, kept by its manager."""

    path = "/my-organisation"
    include_in_schema = False

    @get("/", permission=Permission.PROVIDER_EDIT)
    async def show(self, actor: NamedDependency[Actor]) -> Template:
        """Show what buyers know of the provider, its account and its facilitators."""
        return await own_page(actor)

    @post("/account", permission=Permission.PROVIDER_EDIT)
    async def change_account(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Name another account, or show the page again with what is wrong with it."""
        try:
            iban = form.text("iban", max_length=60)
            form.check()
            await service.change_account(actor, actor.org_id, iban, now)
        except Refused as refusal:
            return await own_page(actor, form, refusal.findings)
        return see_other("/my-organisation")

    @post("/account/confirm", permission=Permission.PROVIDER_ACCOUNT)
    async def confirm_account(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Confirm the account that another manager named, or say why not."""
        sent = Confirmation(form.value("confirmed_iban"))
        try:
            await service.confirm_account(
                actor, actor.org_id, sent, now, cooling_days=queries.cooling_days(now)
            )
        except Refused as refusal:
            return await own_page(actor, form, refusal.findings)
        return see_other("/my-organisation")

    @get("/facilitators/new", permission=Permission.PROVIDER_EDIT)
    async def show_new(self) -> Template:
        """Show an empty form."""
        return facilitator_page(None)

    @post("/facilitators", permission=Permission.PROVIDER_EDIT)
    async def record(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Record the facilitator, or show the form again."""
        try:
            await service.record_facilitator(actor, facilitator_draft(form), now)
        except Refused as refusal:
            return facilitator_page(None, form, refusal.findings)
        return see_other("/my-organisation")

    @get("/facilitators/{facilitator_id:uuid}", permission=Permission.PROVIDER_EDIT)
    async def show_facilitator(
        self, facilitator_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Template:
        """Show one facilitator to be changed."""
        return facilitator_page(await queries.read_facilitator(actor, facilitator_id))

    @post("/facilitators/{facilitator_id:uuid}", permission=Permission.PROVIDER_EDIT)
    async def change(
        self,
        facilitator_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Change the facilitator, or show the form again."""
        facilitator = await queries.read_facilitator(actor, facilitator_id)
        try:
            await service.change_facilitator(actor, facilitator_id, facilitator_draft(form), now)
        except Refused as refusal:
            return facilitator_page(facilitator, form, refusal.findings)
        return see_other("/my-organisation")


class VenuePages(Controller):
    """Places where groups can meet."""

    path = "/venues"
    include_in_schema = False

    @get("/", permission=Permission.PROVIDER_READ)
    async def list_all(self) -> Template:
        """List venues by county."""
        return await venues_page()

    @post("/", permission=Permission.PROVIDER_REGISTER)
    async def record(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Record a venue, or show the list again with what is wrong with it."""
        try:
            draft = VenueDraft(
                code=form.text("code", max_length=20),
                county=form.value("county"),
                place=form.text("place", max_length=100),
                kind=form.value("kind"),
                owner=form.value("owner"),
                seats_count=form.integer("seats_count", minimum=1),
                is_accessible=form.flag("is_accessible"),
                has_public_transport=form.flag("has_public_transport"),
                rent_amount=form.decimal("rent_amount", minimum=Decimal(0)),
            )
            form.check()
            await service.record_venue(actor, draft, now)
        except Refused as refusal:
            return await venues_page(form, refusal.findings)
        return see_other("/venues")


CONTROLLERS: list[type[Controller]] = [ProviderPages, OwnOrganisationPages, VenuePages]
