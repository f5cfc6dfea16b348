"""Demand over HTTP, as JSON."""

from litestar import Controller

from procure.demand.api.forecasts import ForecastApi
from procure.demand.api.plans import PlanApi
from procure.demand.api.requests import DemandApi, RequestApi

CONTROLLERS: list[type[Controller]] = [RequestApi, DemandApi, PlanApi, ForecastApi]
