"""Forecasts: asked for by a person or by a tender that goes out, made by a job, kept for good."""

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import fetch_as, transaction, uuid7
from procure.db.jobs import enqueue
from procure.demand import queries
from procure.demand.ports import Forecasting
from procure.demand.rules import forecasting as rules
from procure.demand.rules.forecasting import History
from procure.demand.schemas import ForecastDraft
from procure.demand.service.held import require
from procure.demand.tables import DemandForecast
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical, read_canonical, sha256_hex
from procure.kernel.errors import NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

FORECAST_JOB = "make-forecast"
MOST_MONTHS = 24
TENDER_MONTHS = 12  # that are kept beside a tender


class _Asked(msgspec.Struct):
    id: UUID
    buyer: UUID
    months_count: int
    facts: str
    result: str | None
    basis: UUID | None


_ASKED = "SELECT id, buyer, months_count, facts, result, basis FROM demand_forecast WHERE id = $1"


async def ask_forecast(actor: Actor, draft: ForecastDraft, now: datetime) -> UUID:
    """Ask for a forecast of a service by county and language; a job makes it.

    Raises Forbidden, Refused (months out of range, or no request in a month that has ended).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    if not 1 <= draft.months_count <= MOST_MONTHS:
        raise Refused(
            [
                Finding(
                    "range",
                    n_("From {least} to {most}."),
                    {"least": 1, "most": MOST_MONTHS},
                    field="months_count",
                )
            ]
        )
    asked = await ask(
        actor.org_id, draft.service_code, draft.months_count, now, by=actor.id, basis_id=None
    )
    if asked is None:
        raise Refused(
            [
                Finding(
                    "nothing",
                    n_("No suitable request of {service} was made in a month that has ended."),
                    {"service": draft.service_code},
                    field="service_code",
                )
            ]
        )
    return asked


async def ask(
    buyer_id: UUID,
    service_code: str,
    months: int,
    now: datetime,
    *,
    by: UUID | None,
    basis_id: UUID | None,
) -> UUID | None:
    """Order a forecast in the running transaction; None if there is no history."""
    history = await queries.history(buyer_id, service_code, today=legal_day(now))
    if history is None:
        return None
    forecast_id = uuid7()
    async with transaction():
        await DemandForecast(
            id=forecast_id,
            buyer=buyer_id,
            service_code=service_code,
            asked_at=now,
            asked_by=by,
            months_count=months,
            facts=canonical(history),
            basis=basis_id,
        ).save()
        await enqueue(FORECAST_JOB, str(forecast_id))
    return forecast_id


async def make_forecast(forecast_id: UUID, forecaster: Forecasting, now: datetime) -> None:
    """Make a forecast that was asked for: the job. Safe to repeat; what is made stays."""
    asked = await _read(forecast_id, lock=False)
    if asked.result is not None:
        return
    found = await asyncio.to_thread(
        rules.make_forecast,
        read_canonical(asked.facts, History),
        forecaster,
        months=asked.months_count,
        method=forecaster.method,
        interval_permille=forecaster.interval_permille,
    )
    result = canonical(found)
    async with transaction():
        if (await _read(forecast_id, lock=True)).result is not None:
            return
        await DemandForecast.update(
            {DemandForecast.result: result, DemandForecast.made_at: now}
        ).where(DemandForecast.id == forecast_id)
        await audit.record(
            "forecast:made",
            forecast_id,
            None,
            org_id=asked.buyer,
            now=now,
            facts={
                "method": found.method,
                "basis_id": asked.basis,
                "facts_sha256": sha256_hex(asked.facts),
                "result_sha256": sha256_hex(result),
            },
        )


async def _read(forecast_id: UUID, *, lock: bool) -> _Asked:
    rows = await fetch_as(
        _Asked,
        _ASKED + (" FOR UPDATE" if lock else ""),
        forecast_id,
    )
    if not rows:
        raise NotFound(n_("There is no forecast {id}."), {"id": str(forecast_id)})
    return rows[0]
