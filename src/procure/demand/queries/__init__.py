"""Reading demand: requests with what became of each, analyses, and demand as it is now."""

from procure.demand.queries.bases import (
    facts_of_basis,
    list_bases,
    read_basis,
    requests_of_basis,
)
from procure.demand.queries.counts import count_by, known_keys, read_analysis
from procure.demand.queries.demand import demand_facts, demand_now, known, lot_areas, read_demand
from procure.demand.queries.forecasts import history, list_forecasts, read_forecast
from procure.demand.queries.objections import list_objections, objections_of, reads_of
from procure.demand.queries.plans import (
    list_plans,
    move_options,
    plan_facts,
    plan_parts,
    read_plan,
    trips,
)
from procure.demand.queries.requests import (
    count_requests,
    export_requests,
    last_request,
    list_requests,
    open_requests_of,
    read_request,
    recorded_references,
)

__all__ = [
    "count_by",
    "count_requests",
    "demand_facts",
    "demand_now",
    "export_requests",
    "facts_of_basis",
    "history",
    "known",
    "known_keys",
    "last_request",
    "list_bases",
    "list_forecasts",
    "list_objections",
    "list_plans",
    "list_requests",
    "lot_areas",
    "move_options",
    "objections_of",
    "open_requests_of",
    "plan_facts",
    "plan_parts",
    "read_analysis",
    "read_basis",
    "read_demand",
    "read_forecast",
    "read_plan",
    "read_request",
    "reads_of",
    "recorded_references",
    "requests_of_basis",
    "trips",
]
