"""The catalogue over HTTP, as JSON."""

from datetime import date, datetime

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from procure.catalogue import queries
from procure.catalogue.schemas import DefinitionList, SchemeList, ServiceList, ServiceView
from procure.kernel.actors import Permission
from procure.kernel.time import legal_day


class CatalogueApi(Controller):
    """What can be bought, what counts as an outcome, how a service is paid."""

    path = "/api/v1"
    tags = ("Catalogue",)

    @get("/services", operation_id="listServices", permission=Permission.CATALOGUE_READ)
    async def services(self, day: FromQuery[date | None] = None) -> ServiceList:
        """List services: those offered on `day`, or every version of every service without it."""
        if day is None:
            return ServiceList(await queries.services())
        return ServiceList(await queries.services_on(day))

    @get("/services/{code:str}", operation_id="readService", permission=Permission.CATALOGUE_READ)
    async def service(
        self,
        code: FromPath[str],
        now: NamedDependency[datetime],
        day: FromQuery[date | None] = None,
    ) -> ServiceView:
        """Read a service as it is on `day`, today without it.

        422 if it is not offered then; the finding names what may follow a service that has ended.
        """
        return await queries.service_on(code, day or legal_day(now))

    @get(
        "/outcome-definitions",
        operation_id="listOutcomeDefinitions",
        permission=Permission.CATALOGUE_READ,
    )
    async def definitions(
        self, now: NamedDependency[datetime], day: FromQuery[date | None] = None
    ) -> DefinitionList:
        """List the outcome definitions that hold on `day`, today without it."""
        return DefinitionList(await queries.definitions_on(day or legal_day(now)))

    @get(
        "/payment-schemes", operation_id="listPaymentSchemes", permission=Permission.CATALOGUE_READ
    )
    async def schemes(
        self, now: NamedDependency[datetime], day: FromQuery[date | None] = None
    ) -> SchemeList:
        """List the payment schemes that hold on `day`, today without it."""
        return SchemeList(await queries.schemes_on(day or legal_day(now)))


CONTROLLERS: list[type[Controller]] = [CatalogueApi]
