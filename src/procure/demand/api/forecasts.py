"""Forecasts over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from procure.demand import queries, service
from procure.demand.schemas import ForecastDraft, ForecastList, ForecastView
from procure.kernel.actors import Actor, Permission
from procure.kernel.time import legal_day


class ForecastApi(Controller):
    """Demand forecast by county and language, with its back-test and what came."""

    path = "/api/v1/forecasts"
    tags = ("Demand",)

    @get("/", operation_id="listForecasts", permission=Permission.DEMAND_READ)
    async def list_all(self, actor: NamedDependency[Actor]) -> ForecastList:
        """List the forecasts of your organisation, newest first."""
        return ForecastList(await queries.list_forecasts(actor))

    @post("/", operation_id="askForecast", permission=Permission.DEMAND_ANALYSE)
    async def ask(
        self,
        data: JSONBody[ForecastDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ForecastView:
        """Ask for a forecast of a service; a job makes it: read it again until `made_at` is set."""
        forecast_id = await service.ask_forecast(actor, data, now)
        return await queries.read_forecast(actor, forecast_id, today=legal_day(now))

    @get("/{forecast_id:uuid}", operation_id="readForecast", permission=Permission.DEMAND_READ)
    async def read(
        self,
        forecast_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ForecastView:
        """Read a forecast: what is expected, how good such forecasts were, and what came since."""
        return await queries.read_forecast(actor, forecast_id, today=legal_day(now))
