"""Counts of requests, summed up now and then so that there are few rows to read."""

from datetime import datetime

from procure.db import connection


async def compact_counts(now: datetime) -> int:  # noqa: ARG001 - a job of the clock takes it
    """Sum up the differences, and return how many rows that has saved. Safe to repeat.

    Rows that others write meanwhile are not seen and stay for the next time.
    """
    async with connection() as c:
        saved = await c.fetchval(
            """
            WITH crowded AS (
                 SELECT buyer, service_code FROM request_count GROUP BY 1, 2
                 HAVING count(*) > 100 AND count(*) > 2 * count(DISTINCT
                        (county, language, risk_band, suitability, state, month))),
                 gone AS (
                 DELETE FROM request_count r USING crowded o
                  WHERE r.buyer = o.buyer AND r.service_code = o.service_code RETURNING r.*),
                 kept AS (
                 INSERT INTO request_count (buyer, service_code, county, language, risk_band,
                                            suitability, state, month, requests_count)
                 SELECT buyer, service_code, county, language, risk_band, suitability, state,
                        month, sum(requests_count)
                   FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(requests_count) <> 0
                 RETURNING 1)
            SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept)
            """
        )
    return int(saved)
