"""Counts of requests: the same as counting the requests, whatever happens to them."""

import io
from collections import Counter
from datetime import date

import openpyxl
import pytest

from procure.db import DB
from procure.demand import queries, service
from procure.demand.pages.exports import as_csv, as_xlsx
from procure.demand.rules.analysis import (
    Count,
    Dimension,
    ages,
    months_between,
    ordered,
    pivot,
    seasons,
)
from procure.demand.schemas import BasisDraft, CountFilter
from procure.kernel.actors import Actor, Role
from tests.builders.demand import AREAS, SERVICE, a_request
from tests.builders.identity import NOW, an_actor
from tests.client import client_as

TODAY = date(2026, 11, 24)


async def counted(actor: Actor, **wanted: str) -> dict[tuple[str, str], int]:
    found = await queries.count_by(
        actor,
        CountFilter(**wanted),
        Dimension.COUNTY,
        Dimension.STATE,  # type: ignore[arg-type]
    )
    return {
        (count.row, count.column): count.requests_count for count in found if count.requests_count
    }


async def really(actor: Actor) -> dict[tuple[str, str], int]:
    async with DB.connection() as c:
        rows = await c.fetch(
            "SELECT county, state, count(*) FROM request WHERE buyer = $1 GROUP BY 1, 2",
            actor.org_id,
        )
    return {(row[0], row[1]): row[2] for row in rows}


async def test_counts_follow_what_happens_to_requests(consultant: Actor) -> None:
    for n in range(9):
        await a_request(consultant, county="EE-50" if n % 3 else "EE-79",
                        bureau="B-50-1" if n % 3 else "B-79-1")  # fmt: skip
    assert await counted(consultant) == await really(consultant)
    basis = await service.make_basis(consultant, BasisDraft("A", SERVICE, areas=AREAS), NOW)
    assert (
        await counted(consultant)
        == await really(consultant)
        == {
            ("EE-50", "planned"): 6,
            ("EE-79", "planned"): 3,
        }
    )
    await service.give_back(consultant, basis, NOW)
    assert await counted(consultant) == await really(consultant)
    assert await counted(consultant, county="EE-79") == {("EE-79", "recorded"): 3}
    assert await counted(await an_actor(Role.CONSULTANT)) == {}


async def test_summing_up_changes_no_count(consultant: Actor) -> None:
    for _ in range(30):
        await a_request(consultant)
    for n in range(4):
        basis = await service.make_basis(consultant, BasisDraft(f"{n}", SERVICE, areas=AREAS), NOW)
        await service.give_back(consultant, basis, NOW)
    async with DB.connection() as c:  # crowd it as a year of single requests would
        await c.execute(
            "INSERT INTO request_count (buyer, service_code, county, language, risk_band,"
            " suitability, state, month, requests_count) SELECT buyer, service_code, county,"
            " language, risk_band, suitability, state, month, sign FROM request_count,"
            " generate_series(1, 5), unnest(ARRAY[1, -1]) AS sign"
        )
    before = await counted(consultant)
    assert before == await really(consultant)
    assert await service.compact_counts(NOW) > 100
    assert await counted(consultant) == before
    assert await service.compact_counts(NOW) == 0


def test_a_table_has_sums_on_both_sides_and_no_empty_rows() -> None:
    table = pivot(
        [Count("x", "a", 2), Count("y", "a", 1), Count("y", "b", 4), Count("z", "b", 0)],
        rows=["y"],
    )
    assert [row.key for row in table.rows] == ["y", "x"]
    assert (table.totals, table.total_count) == ([3, 4], 7)
    assert ordered(["b", "a"], []) == ["a", "b"]


@pytest.mark.parametrize(
    ("month", "place"),
    [
        pytest.param(date(2026, 11, 1), 0, id="this month"),
        pytest.param(date(2026, 9, 1), 2, id="two months ago"),
        pytest.param(date(2026, 8, 1), 3, id="three months ago begin the next age"),
        pytest.param(date(2025, 12, 1), 4, id="eleven months ago"),
        pytest.param(date(2025, 11, 1), 5, id="a year ago"),
    ],
)
def test_ages_begin_with_their_first_month(month: date, place: int) -> None:
    found = [age.requests_count for age in ages({month: 1}, TODAY)]
    assert found == [int(n == place) for n in range(6)]
    assert months_between(month, TODAY) >= 0


def test_seasons_need_a_whole_year() -> None:
    year = {date(2026, month, 1): 20 if month == 1 else 10 for month in range(1, 13)}
    assert seasons(year)[0].permille == 1846  # 20 of an average of 130 / 12
    assert seasons({month: n for month, n in year.items() if month.month > 1}) == []
    assert seasons({}) == []


async def test_the_page_its_files_and_the_requests_agree(consultant: Actor) -> None:
    for language in ("et", "et", "ru"):
        await a_request(consultant, language=language)
    async with client_as(consultant) as client:
        shown = (await client.get("/demand/analysis?rows=language&columns=risk_band")).text
        assert "Where people ask from" in shown
        csv = await client.get("/demand/analysis?rows=language&columns=risk_band&file=csv")
        assert csv.content.decode("utf-8-sig").splitlines()[1:] == [
            "Estonian,2,2",
            "Russian,1,1",
            "Together,3,3",
        ]
        xlsx = await client.get("/demand/analysis?rows=language&columns=risk_band&file=xlsx")
        assert '.xlsx"' in xlsx.headers["content-disposition"]
        sheet = openpyxl.load_workbook(io.BytesIO(xlsx.content)).worksheets[0]
        assert [cell.value for cell in sheet[4]] == ["Together", 3, 3]
        none = await client.get("/demand/analysis?county=EE-39&rows=nonsense&from_month=x")
        assert "No request fits" in none.text


def test_no_cell_of_a_file_runs() -> None:
    rows = [["=1+1", 2], ["@x", None]]
    text = as_csv(["=h", "n"], rows, "t").content.decode("utf-8-sig")
    assert text.splitlines() == ["'=h,n", "'=1+1,2", "'@x,"]
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(["=h", "n"], rows, "t").content)).worksheets[
        0
    ]
    assert [(c.value, c.data_type) for c in sheet["A"]] == [
        ("'=h", "s"),
        ("'=1+1", "s"),
        ("'@x", "s"),
    ]
    assert sheet["B2"].value == 2


async def test_why_people_wait_is_what_the_latest_analysis_said(consultant: Actor) -> None:
    for _ in range(3):
        await a_request(consultant)
    await a_request(consultant, suitability="refer-to-municipality")
    await service.make_basis(consultant, BasisDraft("Early", SERVICE, areas=AREAS), NOW)
    view = await queries.read_analysis(
        consultant, CountFilter(), Dimension.COUNTY, Dimension.LANGUAGE, today=TODAY
    )
    assert (view.why_of, Counter({w.code: w.requests_count for w in view.whys})) == (
        "Early",
        Counter({"too-few": 3}),
    )
    assert queries.known_keys(Dimension.BAND) == ["A", "B", "C"]


async def test_demand_from_counts_is_demand_from_requests(consultant: Actor) -> None:
    for n in range(25):
        await a_request(
            consultant,
            county=("EE-79", "EE-50", "EE-81")[n % 3],
            bureau=("B-79-1", "B-50-1", "B-81-1")[n % 3],
            language=("et", "ru")[n % 7 == 0],
        )
    whole = await queries.read_demand(consultant, SERVICE, today=TODAY)
    found = await queries.demand_now(consultant, SERVICE, today=TODAY)
    assert (found.totals, found.areas, found.groups) == (whole.totals, whole.areas, whole.groups)
    assert (found.counties, found.unmet, found.verdicts) == (whole.counties, whole.unmet, [])
