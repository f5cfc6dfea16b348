"""Reading counts of requests: from sums that are kept, in time that does not grow with them."""

from collections import Counter
from datetime import date
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.demand.rules.analysis import Count, Dimension, ages, pivot, seasons
from procure.demand.rules.grouping.facts import Placing
from procure.demand.rules.groups import Reason
from procure.demand.schemas import AnalysisView, CountFilter, Why
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical
from procure.parameters import reference

_WHERE = """
     WHERE buyer = $1 AND ($2 = '' OR service_code = $2) AND ($3 = '' OR county = $3)
       AND ($4 = '' OR language = $4) AND ($5 = '' OR risk_band = $5) AND ($6 = '' OR state = $6)
       AND ($7 = '' OR suitability = $7) AND ($8::date IS NULL OR month >= $8)
       AND ($9::date IS NULL OR month <= $9)
"""
# The order in which keys are shown: that of their lists, where there is one.
LISTS = {
    Dimension.COUNTY: "counties",
    Dimension.LANGUAGE: "languages",
    Dimension.BAND: "risk_bands",
}


async def count_by(
    actor: Actor, wanted: CountFilter, rows: Dimension, columns: Dimension
) -> list[Count]:
    """Count requests by two dimensions."""
    return await fetch_as(
        Count,
        f"SELECT {rows.value}::text AS row, {columns.value}::text AS column,"  # noqa: S608 - ours
        f" sum(requests_count)::int AS requests_count FROM request_count {_WHERE} GROUP BY 1, 2",
        *_arguments(actor, wanted),
    )


def _arguments(actor: Actor, wanted: CountFilter) -> list[object]:
    return [
        actor.org_id,
        wanted.service_code,
        wanted.county,
        wanted.language,
        wanted.risk_band,
        wanted.state,
        wanted.suitability,
        wanted.from_month,
        wanted.until_month,
    ]


async def read_analysis(
    actor: Actor, wanted: CountFilter, rows: Dimension, columns: Dimension, *, today: date
) -> AnalysisView:
    """Count the requests of a filter by two dimensions, by age, by season and by county."""
    table, by_month, by_county = await _three_counts(actor, wanted, rows, columns)
    waiting: Counter[date] = Counter()
    asked: Counter[date] = Counter()
    for count in by_month:
        month = date.fromisoformat(count.row)
        asked[month] += count.requests_count
        if count.column in {"recorded", "planned", "tendered"}:
            waiting[month] += count.requests_count
    why_of, whys = await _whys(actor, wanted.service_code)
    return AnalysisView(
        rows=rows,
        columns=columns,
        table=pivot(
            table,
            rows=known_keys(rows),
            columns=known_keys(columns),
        ),
        by_county={count.row: count.requests_count for count in by_county},
        ages=ages(waiting, today),
        seasons=seasons(asked),
        whys=whys,
        why_of=why_of,
    )


class _OfThree(msgspec.Struct):
    which: int
    row: str
    column: str
    requests_count: int


async def _three_counts(
    actor: Actor, wanted: CountFilter, rows: Dimension, columns: Dimension
) -> tuple[list[Count], list[Count], list[Count]]:
    """Count by two dimensions, by month and state, and by county, in one pass over the sums."""
    found = await fetch_as(
        _OfThree,
        f"""
        SELECT CASE WHEN grouping(r) = 0 THEN 0 WHEN grouping(m) = 0 THEN 1 ELSE 2 END AS which,
               coalesce(r, m::text, k) AS row, coalesce(c, s, k) AS column,
               sum(requests_count)::int AS requests_count
          FROM (SELECT {rows.value}::text AS r, {columns.value}::text AS c, month AS m, state AS s,
                       county AS k, requests_count FROM request_count {_WHERE}) these
         GROUP BY GROUPING SETS ((r, c), (m, s), (k))
        """,  # noqa: S608 - ours
        *_arguments(actor, wanted),
    )
    parts: tuple[list[Count], list[Count], list[Count]] = ([], [], [])
    for one in found:
        parts[one.which].append(Count(one.row, one.column, one.requests_count))
    return parts


def known_keys(dimension: Dimension) -> list[str]:
    """Return the keys of a dimension in the order of its list; without one, nothing."""
    if dimension not in LISTS:
        return []
    return [item["code"] for item in reference(LISTS[dimension])]


class _Said(msgspec.Struct):
    id: UUID
    name: str
    solved: str | None


async def _whys(actor: Actor, service_code: str) -> tuple[str | None, list[Why]]:
    """Count the reasons of those whom the latest plan, or the latest analysis, left waiting."""
    rows = await fetch_as(
        _Said,
        """
        (SELECT id, name, (solved::jsonb -> 'placings')::text AS solved FROM group_plan
          WHERE buyer = $1 AND ($2 = '' OR service_code = $2) AND solved IS NOT NULL
          ORDER BY id DESC LIMIT 1)
        UNION ALL
        (SELECT id, name, NULL FROM basis WHERE buyer = $1 AND ($2 = '' OR service_code = $2)
          ORDER BY id DESC LIMIT 1)
        ORDER BY id DESC LIMIT 1
        """,
        actor.org_id,
        service_code,
    )
    if not rows:
        return None, []
    if rows[0].solved:
        placings = read_canonical(rows[0].solved, list[Placing])
        reasons = [placing.why for placing in placings if placing.group_no is None]
    else:
        reasons = await _verdict_reasons(rows[0].id)
    counted = Counter(reason.code for reason in reasons)
    one = {reason.code: reason for reason in reasons}
    return rows[0].name, [Why(code, one[code], n) for code, n in counted.most_common()]


async def _verdict_reasons(basis_id: UUID) -> list[Reason]:
    class Row(msgspec.Struct):
        reason: str

    rows = await fetch_as(
        Row,
        "SELECT reason FROM basis_request WHERE basis = $1 AND verdict = 'waiting'",
        basis_id,
    )
    return [read_canonical(row.reason, Reason) for row in rows]
