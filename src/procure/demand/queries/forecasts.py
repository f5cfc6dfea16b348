"""Reading forecasts, the history they rest on, and what came since."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.demand.rules.analysis import months_between
from procure.demand.rules.forecasting import EVERYWHERE, Forecast, History, compared, history_of
from procure.demand.schemas import ForecastLine, ForecastView
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical, sha256_hex
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_


class _Month(msgspec.Struct):
    county: str
    language: str
    month: date
    requests_count: int


async def monthly(
    buyer_id: UUID, service_code: str, before: date
) -> dict[tuple[str, str, date], int]:
    """Count suitable requests by county, language and month, of months before a day's own."""
    rows = await fetch_as(
        _Month,
        """
        SELECT county, language, month, sum(requests_count)::int AS requests_count
          FROM request_count
         WHERE buyer = $1 AND service_code = $2 AND suitability = 'suitable' AND month < $3
         GROUP BY 1, 2, 3 HAVING sum(requests_count) > 0
        """,
        buyer_id,
        service_code,
        before.replace(day=1),
    )
    return {(row.county, row.language, row.month): row.requests_count for row in rows}


async def history(buyer_id: UUID, service_code: str, *, today: date) -> History | None:
    """Return the months that have ended, from the first with a request; None without any."""
    counts = await monthly(buyer_id, service_code, today)
    if not counts:
        return None
    first = min(month for _, _, month in counts)
    return history_of(counts, first, months_between(first, today))


_FORECAST = """
    SELECT id, service_code, asked_at, made_at, months_count, facts, result, basis
      FROM demand_forecast WHERE buyer = $1
"""


class _Row(msgspec.Struct):
    id: UUID
    service_code: str
    asked_at: datetime
    made_at: datetime | None
    months_count: int
    facts: str
    result: str | None
    basis: UUID | None


async def list_forecasts(actor: Actor) -> list[ForecastLine]:
    """List the forecasts of the actor's organisation, newest first."""
    rows = await fetch_as(
        ForecastLine,
        """
        SELECT id, service_code, asked_at, months_count, result IS NOT NULL AS is_made,
               basis AS basis_id
          FROM demand_forecast WHERE buyer = $1 ORDER BY id DESC LIMIT 100
        """,
        actor.org_id,
    )
    return list(rows)


async def read_forecast(actor: Actor, forecast_id: UUID, *, today: date) -> ForecastView:
    """Load one forecast beside what came since; NotFound also for another organisation's."""
    rows = await fetch_as(_Row, f"{_FORECAST} AND id = $2", actor.org_id, forecast_id)
    if not rows:
        raise NotFound(n_("There is no forecast {id}."), {"id": str(forecast_id)})
    row = rows[0]
    made = read_canonical(row.result, Forecast) if row.result else None
    came = with_everything(await monthly(actor.org_id, row.service_code, today))
    points = compared(made.points, came, today) if made else []
    ended = [point for point in points if point.is_inside is not None]
    return ForecastView(
        id=row.id,
        service_code=row.service_code,
        asked_at=row.asked_at,
        made_at=row.made_at,
        months_count=row.months_count,
        basis_id=row.basis,
        method=made.method if made else None,
        interval_permille=made.interval_permille if made else None,
        history=read_canonical(row.facts, History),
        points=points,
        back_test=made.back_test if made else None,
        came_permille=sum(bool(point.is_inside) for point in ended) * 1000 // len(ended)
        if ended
        else None,
        facts_sha256=sha256_hex(row.facts),
    )


def with_everything(
    counts: Mapping[tuple[str, str, date], int],
) -> dict[tuple[str, str, date], int]:
    """Add the sums over all counties and languages."""
    found = dict(counts)
    for (_, _, month), count in counts.items():
        key = (EVERYWHERE, EVERYWHERE, month)
        found[key] = found.get(key, 0) + count
    return found
