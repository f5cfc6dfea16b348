"""The rules of demand: `groups` plans, `entries` judges one request, `files` reads many.

Pure: each fact is an argument; a file is its bytes. Source: domain model 9.3 for groups.
"""

from procure.demand.rules.entries import (
    Bureau,
    Entry,
    Known,
    Row,
    check_rows,
    checked,
    taken_findings,
)
from procure.demand.rules.files import Sheet, csv_text, read_sheet
from procure.demand.rules.groups import (
    Area,
    AreaDemand,
    CountyDemand,
    DemandFacts,
    DemandPlan,
    PlannedGroup,
    Reason,
    RequestFacts,
    RequestVerdict,
    Totals,
    UnmetNeed,
    area_for,
    because,
    groups_of,
    plan,
)

__all__ = [
    "Area",
    "AreaDemand",
    "Bureau",
    "CountyDemand",
    "DemandFacts",
    "DemandPlan",
    "Entry",
    "Known",
    "PlannedGroup",
    "Reason",
    "RequestFacts",
    "RequestVerdict",
    "Row",
    "Sheet",
    "Totals",
    "UnmetNeed",
    "area_for",
    "because",
    "check_rows",
    "checked",
    "csv_text",
    "groups_of",
    "plan",
    "read_sheet",
    "taken_findings",
]
