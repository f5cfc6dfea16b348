"""Forecasts as pages: a chart with its table, the back-test, and what came."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.catalogue import queries as catalogue
from procure.demand import queries, service
from procure.demand.pages.exports import as_csv, as_xlsx
from procure.demand.pages.requests import words
from procure.demand.rules.forecasting import EVERYWHERE, Compared, month_after
from procure.demand.schemas import ForecastDraft, ForecastView
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day
from procure.web.forms import Form
from procure.web.languages import said
from procure.web.templates import page, see_other

LOOK_AGAIN = 3
WIDTH, HEIGHT = 720, 240  # of the chart, without its margins
SHOWN_MONTHS = 36  # of the history


class Tick(msgspec.Struct, frozen=True):
    """A mark of an axis."""

    at: int
    text: str


class Chart(msgspec.Struct, frozen=True):
    """A line of what came, a line of what is expected, and the interval around it."""

    known: str
    expected: str
    interval: str
    came: str
    months: list[Tick]
    counts: list[Tick]


class ForecastPages(Controller):
    """Forecasts: the list, and one of them by county and language."""

    path = "/demand/forecasts"
    include_in_schema = False

    @get("/", permission=Permission.DEMAND_READ)
    async def show_list(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """List the forecasts, with the form that asks for another."""
        return await _list_page(actor, now)

    @post("/", permission=Permission.DEMAND_ANALYSE)
    async def ask(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Ask for a forecast, or show the form again with what is wrong."""
        try:
            draft = ForecastDraft(
                form.text("service_code", max_length=40), form.integer("months_count")
            )
            form.check()
            return see_other(f"/demand/forecasts/{await service.ask_forecast(actor, draft, now)}")
        except Refused as refusal:
            return await _list_page(actor, now, form=form, findings=refusal.findings)

    @get("/{forecast_id:uuid}", permission=Permission.DEMAND_READ)
    async def show(  # noqa: PLR0917 - each a choice of the address
        self,
        forecast_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        county: FromQuery[str] = EVERYWHERE,
        language: FromQuery[str] = EVERYWHERE,
        file: FromQuery[str] = "",
    ) -> Template | Response[bytes]:
        """Show one series of a forecast, or give all of them as a file."""
        view = await queries.read_forecast(actor, forecast_id, today=legal_day(now))
        if file in {"csv", "xlsx"}:
            return (as_csv if file == "csv" else as_xlsx)(*_flat(view), said("Forecast", {}))
        keys = [(one.county, one.language) for one in view.history.series]
        chosen = (county, language) if (county, language) in keys else (EVERYWHERE, EVERYWHERE)
        points = [p for p in view.points if (p.point.county, p.point.language) == chosen]
        counts = next(
            (o.counts for o in view.history.series if (o.county, o.language) == chosen), []
        )
        return page(
            "demand/forecast.html",
            forecast=view,
            service=(await catalogue.versions_of(view.service_code))[-1],
            keys=keys,
            chosen=chosen,
            points=points,
            chart=chart(counts, points, view.history.first_month) if points else None,
            size=(WIDTH, HEIGHT),
            look_again=LOOK_AGAIN,
            words=words(),
        )


async def _list_page(
    actor: Actor,
    now: datetime,
    *,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
) -> Template:
    services = await catalogue.services_on(legal_day(now))
    return page(
        "demand/forecasts.html",
        form=form,
        findings=findings,
        forecasts=await queries.list_forecasts(actor),
        services=sorted(services, key=lambda view: view.sizes is None),
    )


def _flat(view: ForecastView) -> tuple[list[str], list[list[object]]]:
    heading = [
        said(text, {})
        for text in (
            "County", "Language", "Month", "Expected", "At least", "At most", "Came",
        )
    ]  # fmt: skip
    return heading, [
        [
            found.point.county or "*",
            found.point.language or "*",
            found.point.month.isoformat()[:7],
            str(found.point.expected.mean_count),
            found.point.expected.low_count,
            found.point.expected.high_count,
            found.came_count,
        ]
        for found in view.points
    ]


def chart(counts: Sequence[int], points: Sequence[Compared], first_month: date) -> Chart:
    """Draw the last years of a series and its forecast; the table beside it says the same."""
    known = list(counts[-SHOWN_MONTHS:])
    first = month_after(first_month, len(counts) - len(known))
    months = len(known) + len(points)
    most = max([*known, *(p.point.expected.high_count for p in points), 1])

    def x(n: int) -> int:
        return round(n * WIDTH / max(months - 1, 1))

    def y(value: float) -> int:
        return HEIGHT - round(value * HEIGHT / most)

    def line(pairs: Sequence[tuple[int, float]]) -> str:
        return " ".join(f"{x(n)},{y(value)}" for n, value in pairs)

    start = len(known)
    lows = [(start + n, p.point.expected.low_count) for n, p in enumerate(points)]
    highs = [(start + n, p.point.expected.high_count) for n, p in enumerate(points)]
    means = [(start + n, float(p.point.expected.mean_count)) for n, p in enumerate(points)]
    last = [(start - 1, float(known[-1]))] if known else []
    return Chart(
        known=line(list(enumerate(known))),
        expected=line([*last, *means]),
        interval=line([*lows, *reversed(highs)]),
        came=line(
            [(start + n, p.came_count) for n, p in enumerate(points) if p.came_count is not None]
        ),
        months=[Tick(x(n), month_after(first, n).isoformat()[:7]) for n in range(0, months, 6)],
        counts=[Tick(y(value), str(value)) for value in sorted({0, most // 2, most})],
    )
