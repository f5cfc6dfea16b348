"""Providers over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.kernel.actors import Actor, Permission
from procure.providers import queries, service
from procure.providers.ports import BusinessRegister
from procure.providers.rules import FacilitatorDraft, ProviderDraft, VenueDraft
from procure.providers.schemas import (
    AccountDraft,
    Confirmation,
    FacilitatorList,
    FacilitatorView,
    OwnOrganisation,
    ProviderList,
    ProviderView,
    Reason,
    VenueList,
    VenueView,
)


class ProviderApi(Controller):
    """Who can deliver services."""

    path = "/api/v1/providers"
    tags = ("Providers",)

    @get("/", operation_id="listProviders", permission=Permission.PROVIDER_READ)
    async def list_all(
        self, actor: NamedDependency[Actor], search: FromQuery[str] = ""
    ) -> ProviderList:
        """List providers by name; `search` finds parts of a name or a whole registry code."""
        return ProviderList(await queries.list_providers(actor, search))

    @post("/", operation_id="registerProvider", permission=Permission.PROVIDER_REGISTER)
    async def register(
        self,
        data: JSONBody[ProviderDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        business_register: NamedDependency[BusinessRegister],
    ) -> ProviderView:
        """Register a provider; it may bid from then on.

        422 with every reason against it: registry code, legal form, account, VAT number, name, and
        what the business register says otherwise.
        An organisation of that registry code whose people have accounts becomes the provider.
        """
        company = await business_register.company(data.registry_code.strip())
        org_id = await service.register_provider(actor, data, now, company=company)
        return await queries.read_provider(actor, org_id)

    @get("/{org_id:uuid}", operation_id="readProvider", permission=Permission.PROVIDER_READ)
    async def read(self, org_id: FromPath[UUID], actor: NamedDependency[Actor]) -> ProviderView:
        """Read one provider by its organisation's id."""
        return await queries.read_provider(actor, org_id)

    @get(
        "/{org_id:uuid}/facilitators",
        operation_id="listFacilitators",
        permission=Permission.PROVIDER_READ,
    )
    async def facilitators(
        self, org_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> FacilitatorList:
        """List a provider's facilitators, with the record that award criteria may score."""
        await queries.read_provider(actor, org_id)
        return FacilitatorList(await queries.facilitators_of(org_id))

    @post(
        "/{org_id:uuid}/suspend",
        operation_id="suspendProvider",
        permission=Permission.PROVIDER_REGISTER,
        status_code=HTTP_200_OK,
    )
    async def suspend(
        self,
        org_id: FromPath[UUID],
        data: JSONBody[Reason],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ProviderView:
        """Suspend a provider with a reason; it cannot bid until it is admitted again."""
        await service.suspend_provider(actor, org_id, data.reason, now)
        return await queries.read_provider(actor, org_id)

    @post(
        "/{org_id:uuid}/admit",
        operation_id="admitProvider",
        permission=Permission.PROVIDER_REGISTER,
        status_code=HTTP_200_OK,
    )
    async def admit(
        self,
        org_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ProviderView:
        """Admit a suspended provider again; 409 if it is not suspended."""
        await service.admit_provider(actor, org_id, now)
        return await queries.read_provider(actor, org_id)

    @post(
        "/{org_id:uuid}/account/confirm",
        operation_id="confirmAccount",
        permission=Permission.PROVIDER_ACCOUNT,
        status_code=HTTP_200_OK,
    )
    async def confirm_account(
        self,
        org_id: FromPath[UUID],
        data: JSONBody[Confirmation],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ProviderView:
        """Confirm an account of a provider that has no second manager; say how it was checked.

        422 before the cooling days are over. Who confirms it may not pay to it.
        """
        await service.confirm_account(
            actor, org_id, data, now, cooling_days=queries.cooling_days(now)
        )
        return await queries.read_provider(actor, org_id)


class OwnOrganisationApi(Controller):
    """A provider's own record."""

    path = "/api/v1/my-organisation"
    tags = ("Providers",)

    @get("/", operation_id="readMyOrganisation", permission=Permission.PROVIDER_EDIT)
    async def read(self, actor: NamedDependency[Actor]) -> OwnOrganisation:
        """Read your own organisation and its facilitators; 404 if it is no provider yet."""
        return OwnOrganisation(
            provider=await queries.read_provider(actor, actor.org_id),
            facilitators=await queries.facilitators_of(actor.org_id),
        )

    @post(
        "/account",
        operation_id="changeMyAccount",
        permission=Permission.PROVIDER_EDIT,
        status_code=HTTP_200_OK,
    )
    async def change_account(
        self,
        data: JSONBody[AccountDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ProviderView:
        """Name another account for payments; it is paid to once a second person confirmed it.

        The present account takes back what was named.
        """
        await service.change_account(actor, actor.org_id, data.iban, now)
        return await queries.read_provider(actor, actor.org_id)

    @post(
        "/account/confirm",
        operation_id="confirmMyAccount",
        permission=Permission.PROVIDER_ACCOUNT,
        status_code=HTTP_200_OK,
    )
    async def confirm_account(
        self,
        data: JSONBody[Confirmation],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ProviderView:
        """Confirm the account that another manager of your organisation named."""
        await service.confirm_account(
            actor, actor.org_id, data, now, cooling_days=queries.cooling_days(now)
        )
        return await queries.read_provider(actor, actor.org_id)

    @post("/facilitators", operation_id="recordFacilitator", permission=Permission.PROVIDER_EDIT)
    async def record_facilitator(
        self,
        data: JSONBody[FacilitatorDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> FacilitatorView:
        """Record a facilitator of your organisation, to be named in bids and groups."""
        facilitator_id = await service.record_facilitator(actor, data, now)
        return await queries.read_facilitator(actor, facilitator_id)

    @post(
        "/facilitators/{facilitator_id:uuid}",
        operation_id="changeFacilitator",
        permission=Permission.PROVIDER_EDIT,
        status_code=HTTP_200_OK,
    )
    async def change_facilitator(
        self,
        facilitator_id: FromPath[UUID],
        data: JSONBody[FacilitatorDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> FacilitatorView:
        """Change a facilitator's record; bids already sent keep what they said."""
        await service.change_facilitator(actor, facilitator_id, data, now)
        return await queries.read_facilitator(actor, facilitator_id)


class VenueApi(Controller):
    """Places where groups can meet."""

    path = "/api/v1/venues"
    tags = ("Providers",)

    @get("/", operation_id="listVenues", permission=Permission.SIGNED_IN)
    async def list_all(self, county: FromQuery[str | None] = None) -> VenueList:
        """List venues by county and place; those of one county if it is named."""
        return VenueList(await queries.venues(county))

    @post("/", operation_id="recordVenue", permission=Permission.PROVIDER_REGISTER)
    async def record(
        self,
        data: JSONBody[VenueDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> VenueView:
        """Record a venue; 422 with every reason against it."""
        return await queries.venue(await service.record_venue(actor, data, now))


CONTROLLERS: list[type[Controller]] = [ProviderApi, OwnOrganisationApi, VenueApi]
