"""Forecasts: better than the floor, tested without looking ahead, kept and compared."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from procure.adapters.seasonal import SeasonalForecaster
from procure.db.engine import AppConnection
from procure.demand import queries, service
from procure.demand.rules.forecasting import (
    Expected,
    History,
    Point,
    Series,
    back_test,
    compared,
    history_of,
    last_year,
    make_forecast,
    month_after,
)
from procure.demand.schemas import BasisDraft, ForecastDraft
from procure.demo.requests import file_of, made_up, months
from procure.kernel.actors import Actor, Role
from procure.kernel.errors import Forbidden, NotFound, Refused
from tests.builders.demand import SERVICE
from tests.builders.identity import NOW, an_actor
from tests.client import client_as

UNTIL = date(2026, 11, 1)


def a_history(years: int = 2, seed: int = 1) -> History:
    counts: Counter[tuple[str, str, date]] = Counter()
    for row in made_up(years=years, seed=seed, until=UNTIL):
        month = date.fromisoformat(str(row["created_on"])).replace(day=1)
        counts[str(row["county"]), str(row["language"]), month] += 1
    return history_of(counts, months(UNTIL, years)[0], years * 12)


def test_the_forecast_beats_repeating_last_year_and_its_intervals_hold() -> None:
    forecaster = SeasonalForecaster()
    found = make_forecast(a_history(), forecaster, months=3, method="m", interval_permille=800)
    assert found.back_test
    together = found.back_test.together
    assert together.ratio_permille < 900
    assert together.covered_permille >= 800
    assert found.back_test.origins_count == 12
    assert found.points[0].month == UNTIL
    first = found.points[0].expected
    assert first.low_count <= first.mean_count <= first.high_count


def test_a_season_is_seen_where_there_is_one() -> None:
    year = [30, 30, 30, 20, 10, 10, 10, 10, 10, 20, 20, 30]
    history = history_of(
        {("EE-79", "et", month_after(date(2024, 1, 1), n)): year[n % 12] for n in range(24)},
        date(2024, 1, 1),
        24,
    )
    january, june = (SeasonalForecaster()(history, 6)[1][n].mean_count for n in (0, 5))
    assert january > 2 * june


@pytest.mark.parametrize("known", [1, 5, 12, 18, 24])
def test_a_short_history_is_no_obstacle(known: int) -> None:
    history = history_of({("EE-79", "et", date(2026, 1, 1)): 3}, date(2026, 1, 1), known)
    found = SeasonalForecaster()(history, 2)
    assert [len(values) for values in found] == [2, 2]
    assert back_test(history.until(12), SeasonalForecaster(), months=2) is None


def test_a_back_test_never_looks_ahead() -> None:
    seen: list[int] = []

    def honest(history: History, months_: int) -> list[list[Expected]]:
        seen.append(history.months_count)
        return [[Expected(Decimal(0), 0, 0)] * months_ for _ in history.series]

    history = History(date(2024, 1, 1), [Series("EE-79", "et", list(range(15)))])
    found = back_test(history, honest, months=2)
    assert seen == [12, 13, 14]
    assert found
    assert [error.points_count for error in found.by_distance] == [3, 2]
    assert found.together.error_permille == 1000  # nothing was expected of what came
    assert found.together.naive_permille == round(12 * 5 * 1000 / (12 + 13 + 13 + 14 + 14))


def test_the_floor_repeats_last_year() -> None:
    history = History(date(2024, 1, 1), [Series("EE-79", "et", list(range(14)))])
    assert last_year(history, 13) == [[*range(2, 14), 2]]


@pytest.mark.parametrize(
    ("today", "came", "inside"),
    [
        pytest.param(date(2026, 12, 31), None, None, id="the month has not ended"),
        pytest.param(date(2027, 1, 1), 3, True, id="it has ended"),
    ],
)
def test_what_came_counts_when_its_month_has_ended(
    today: date, came: int | None, inside: bool | None
) -> None:
    point = Point("EE-79", "et", date(2026, 12, 1), Expected(Decimal("2.5"), 1, 3))
    [found] = compared([point], {("EE-79", "et", date(2026, 12, 1)): 3}, today)
    assert (found.came_count, found.is_inside) == (came, inside)


async def imported(actor: Actor, years: int = 2) -> None:
    rows = list(made_up(years=years, seed=1, until=UNTIL, scale=0.2))
    report = await service.import_requests(
        actor, file_of(rows), "requests.csv", take_good=False, now=NOW
    )
    assert report.findings == []


async def test_a_forecast_is_asked_for_made_once_and_compared(
    consultant: Actor, caseworker: Actor, owner: AppConnection
) -> None:
    await imported(consultant)
    draft = ForecastDraft(SERVICE, 3)
    with pytest.raises(Forbidden):
        await service.ask_forecast(caseworker, draft, NOW)
    forecast_id = await service.ask_forecast(consultant, draft, NOW)
    await service.make_forecast(forecast_id, SeasonalForecaster(), NOW)
    await service.make_forecast(forecast_id, SeasonalForecaster(), NOW)  # a job may run twice
    view = await queries.read_forecast(consultant, forecast_id, today=date(2027, 1, 15))
    assert view.history.months_count == 24
    everything = [p for p in view.points if not p.point.county]
    assert [p.came_count for p in everything] == [0, 0, None]
    assert view.came_permille is not None
    stranger = await an_actor(Role.CONSULTANT)
    with pytest.raises(NotFound):
        await queries.read_forecast(stranger, forecast_id, today=date(2027, 1, 15))
    assert len(await queries.list_forecasts(consultant)) == 1
    with pytest.raises(Exception, match="never changed"):
        await owner.execute("UPDATE demand_forecast SET result = NULL, made_at = NULL")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (ForecastDraft(SERVICE, 0), "months_count"),
        (ForecastDraft(SERVICE, 25), "months_count"),
        (ForecastDraft(SERVICE), "service_code"),
    ],
)
async def test_what_cannot_be_forecast(consultant: Actor, draft: Any, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        await service.ask_forecast(consultant, draft, NOW)
    assert [finding.field for finding in refusal.value.findings] == [field]
    assert await queries.history(consultant.org_id, SERVICE, today=date(2026, 11, 24)) is None


async def test_a_tender_that_goes_out_keeps_a_forecast(consultant: Actor) -> None:
    await imported(consultant)
    basis = await service.make_basis(consultant, BasisDraft("Autumn", SERVICE), NOW)
    await service.mark_tendered(basis, NOW)
    [line] = await queries.list_forecasts(consultant)
    assert (line.basis_id, line.months_count) == (basis, 12)
    await service.mark_tendered(basis, NOW)  # nothing is left to go out
    assert len(await queries.list_forecasts(consultant)) == 1


async def test_a_forecast_in_a_browser_and_over_the_api(consultant: Actor) -> None:
    await imported(consultant)
    async with client_as(consultant) as client:
        assert "No forecast was made yet" in (await client.get("/demand/forecasts")).text
        form = {"service_code": SERVICE, "months_count": "x"}
        assert (await client.send_form("/demand/forecasts", form)).status_code == 422
        sent = await client.send_form("/demand/forecasts", {**form, "months_count": "3"})
        url = sent.headers["location"]
        assert "data-reload-seconds" in (await client.get(url)).text
        forecast_id = url.rpartition("/")[2]
        await service.make_forecast(UUID(forecast_id), SeasonalForecaster(), NOW)
        shown = (await client.get(f"{url}?county=EE-37&language=ru")).text
        assert "<polyline" in shown
        assert "How good such forecasts were" in shown
        api = (await client.get(f"/api/v1/forecasts/{forecast_id}")).json()
        csv = (await client.get(f"{url}?file=csv")).content.decode("utf-8-sig").splitlines()
        assert len(csv) == 1 + len(api["points"])
        first = api["points"][0]["point"]["expected"]
        assert csv[1].split(",")[3:6] == [
            first["mean_count"], str(first["low_count"]), str(first["high_count"]),
        ]  # fmt: skip
        asked = await client.send_json("/api/v1/forecasts", {"service_code": SERVICE})
        assert (asked.status_code, asked.json()["made_at"]) == (201, None)
        assert len((await client.get("/api/v1/forecasts")).json()["items"]) == 2


def test_the_day_of_the_tests_is_in_a_month_that_has_not_ended() -> None:
    assert datetime(2026, 11, 1, tzinfo=UTC) <= NOW < datetime(2026, 12, 1, tzinfo=UTC)
