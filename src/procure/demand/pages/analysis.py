"""Demand counted: a table of two dimensions with its charts, map and files."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from procure.catalogue import queries as catalogue
from procure.demand import queries
from procure.demand.pages.exports import as_csv, as_xlsx
from procure.demand.pages.requests import words
from procure.demand.rules.analysis import Dimension
from procure.demand.schemas import AnalysisView, CountFilter
from procure.demand.states import RequestState, Suitability
from procure.kernel.actors import Actor, Permission
from procure.kernel.time import legal_day
from procure.parameters import reference
from procure.web.languages import said
from procure.web.templates import page
from procure.web.terms import TERMS

# The corners of the map, in degrees, and its size; a degree of latitude is twice one of longitude.
WEST, EAST, SOUTH, NORTH = 21.6, 28.6, 57.4, 59.8
WIDTH, HEIGHT = 700, 480
LARGEST = 42  # radius of the largest circle


class Spot(msgspec.Struct, frozen=True):
    """A county on the map: a circle whose area is its count."""

    county: str
    x: int
    y: int
    radius: int
    requests_count: int


class AnalysisPages(Controller):
    """Demand by two dimensions of one's choice, the choice being in the address."""

    path = "/demand/analysis"
    include_in_schema = False

    @get("/", permission=Permission.DEMAND_READ)
    async def show(  # noqa: PLR0917 - each a filter of the address
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        rows: FromQuery[str] = "county",
        columns: FromQuery[str] = "language",
        service_code: FromQuery[str] = "",
        county: FromQuery[str] = "",
        language: FromQuery[str] = "",
        risk_band: FromQuery[str] = "",
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        suitability: FromQuery[str] = "",
        from_month: FromQuery[str] = "",
        until_month: FromQuery[str] = "",
        file: FromQuery[str] = "",
    ) -> Template | Response[bytes]:
        """Show the table, or give it as a file."""
        wanted = CountFilter(
            service_code,
            county,
            language,
            risk_band,
            in_state,
            suitability,
            _month(from_month),
            _month(until_month),
        )
        by = (_dimension(rows, Dimension.COUNTY), _dimension(columns, Dimension.LANGUAGE))
        view = await queries.read_analysis(actor, wanted, *by, today=legal_day(now))
        names = _names()
        if file in {"csv", "xlsx"}:
            heading, table = _flat(view, names)
            return (as_csv if file == "csv" else as_xlsx)(heading, table, said("Demand", {}))
        kept = msgspec.to_builtins(wanted) | {"rows": by[0].value, "columns": by[1].value}
        return page(
            "demand/analysis.html",
            view=view,
            wanted={name: value or "" for name, value in kept.items()},
            dimensions=list(Dimension),
            names=names,
            spots=spots(view.by_county),
            longest=max((row.total_count for row in view.table.rows), default=1),
            most_waiting=max((age.requests_count for age in view.ages), default=1),
            services=await catalogue.services(),
            states=list(RequestState),
            suitabilities=list(Suitability),
            words=words(),
            size=(WIDTH, HEIGHT),
        )


def _dimension(typed: str, usual: Dimension) -> Dimension:
    return Dimension(typed) if typed in set(Dimension) else usual


def _month(typed: str) -> date | None:
    """Read a month such as 2026-11, or a day in it; anything else asks for nothing."""
    try:
        return date.fromisoformat(f"{typed[:7]}-01") if typed else None
    except ValueError:
        return None


def _names() -> dict[str, dict[str, str]]:
    """Say what the keys of each dimension are called."""
    lists = words()
    terms = {code: said(TERMS[code], {}) for code in (*RequestState, "suitable", *Suitability)
             if code in TERMS}  # fmt: skip
    return {
        "county": lists["counties"],
        "language": lists["languages"],
        "risk_band": lists["risk_bands"],
        "state": terms,
        "suitability": terms,
        "month": {},
        "service_code": {},
    }


def _flat(
    view: AnalysisView, names: dict[str, dict[str, str]]
) -> tuple[list[str], list[list[object]]]:
    """Lay the table out as it is on the page, its sums included."""
    of_rows, of_columns = names[view.rows], names[view.columns]
    total = said("Together", {})
    heading = ["", *(of_columns.get(key, key[:7] if view.columns == "month" else key)
                     for key in view.table.columns), total]  # fmt: skip
    table: list[list[object]] = [
        [
            of_rows.get(row.key, row.key[:7] if view.rows == "month" else row.key),
            *row.counts,
            row.total_count,
        ]
        for row in view.table.rows
    ]
    table.append([total, *view.table.totals, view.table.total_count])
    return heading, table


def spots(by_county: dict[str, int]) -> list[Spot]:
    """Place each county's count at its centre, the largest first so that none is hidden."""
    centre = {item["code"]: item["centre"] for item in reference("counties")}
    places = {item["code"]: item for item in reference("places")}
    most = max(by_county.values(), default=0) or 1
    found = []
    for county, count in by_county.items():
        if county in centre and count > 0:
            place = places[centre[county]]
            found.append(
                Spot(
                    county,
                    round((float(place["east"]) - WEST) / (EAST - WEST) * WIDTH),
                    round((NORTH - float(place["north"])) / (NORTH - SOUTH) * HEIGHT),
                    max(4, round(LARGEST * (count / most) ** 0.5)),
                    count,
                )
            )
    return sorted(found, key=lambda spot: -spot.requests_count)
