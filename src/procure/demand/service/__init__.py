"""Demand: the only writer of its tables. One function, one transaction, one event."""

from procure.demand.service.analysing import make_basis
from procure.demand.service.counting import compact_counts
from procure.demand.service.forecasting import FORECAST_JOB, ask_forecast, make_forecast
from procure.demand.service.moving import (
    give_back,
    mark_tendered,
    place_request,
    refuse_request,
    release_requests,
)
from procure.demand.service.objecting import answer_objection, object_to, read_for
from procure.demand.service.planning import (
    PLAN_JOB,
    ask_plan,
    keep_plan,
    make_asked,
    move_in_plan,
    plan_again,
    preview_move,
    withdraw_plan,
)
from procure.demand.service.recording import import_requests, record_request

__all__ = [
    "FORECAST_JOB",
    "PLAN_JOB",
    "answer_objection",
    "ask_forecast",
    "ask_plan",
    "compact_counts",
    "give_back",
    "import_requests",
    "keep_plan",
    "make_asked",
    "make_basis",
    "make_forecast",
    "mark_tendered",
    "move_in_plan",
    "object_to",
    "place_request",
    "plan_again",
    "preview_move",
    "read_for",
    "record_request",
    "refuse_request",
    "release_requests",
    "withdraw_plan",
]
