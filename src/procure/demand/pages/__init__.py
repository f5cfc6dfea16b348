"""Demand as pages."""

from litestar import Controller

from procure.demand.pages.analysis import AnalysisPages
from procure.demand.pages.forecasts import ForecastPages
from procure.demand.pages.plans import PlanPages
from procure.demand.pages.requests import DemandPages, RequestPages

CONTROLLERS: list[type[Controller]] = [
    RequestPages,
    DemandPages,
    AnalysisPages,
    PlanPages,
    ForecastPages,
]
