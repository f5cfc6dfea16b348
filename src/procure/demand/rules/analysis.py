"""Demand counted: tables of two dimensions, waiting by age, and the shape of the year.

Pure. A cell is a count of requests; a share is in thousandths, rounded half up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

AGES = ((0, 1), (1, 2), (2, 3), (3, 6), (6, 12), (12, None))  # months, the last open


class Dimension(StrEnum):
    """By what requests can be counted."""

    COUNTY = "county"
    LANGUAGE = "language"
    BAND = "risk_band"
    MONTH = "month"
    STATE = "state"
    SUITABILITY = "suitability"
    SERVICE = "service_code"


class Count(msgspec.Struct, frozen=True):
    """How many requests are of one row and one column."""

    row: str
    column: str
    requests_count: int


class PivotRow(msgspec.Struct, frozen=True):
    """A row: its key, a count for each column, and their sum."""

    key: str
    counts: list[int]
    total_count: int


class Pivot(msgspec.Struct, frozen=True):
    """A table with its sums; `columns` are the keys in their order."""

    columns: list[str]
    rows: list[PivotRow]
    totals: list[int]
    total_count: int


class Age(msgspec.Struct, frozen=True):
    """Requests that have waited from so many months until (exclusive) so many, or longer."""

    from_months: int
    until_months: int | None
    requests_count: int


class Season(msgspec.Struct, frozen=True):
    """What a calendar month has of an average month, in thousandths, and from how many years."""

    month: int
    permille: int
    years_count: int


def pivot(
    counts: Iterable[Count], *, rows: Sequence[str] = (), columns: Sequence[str] = ()
) -> Pivot:
    """Lay counts out as a table; listed keys come first in their order, the others after them.

    >>> table = pivot([Count("b", "x", 2), Count("a", "y", 1)], rows=["a", "b"])
    >>> [(row.key, row.counts, row.total_count) for row in table.rows], table.totals
    ([('a', [0, 1], 1), ('b', [2, 0], 2)], [2, 1])
    """
    found: Counter[tuple[str, str]] = Counter()
    for count in counts:
        found[count.row, count.column] += count.requests_count
    there = {key for key, n in found.items() if n}
    row_keys = ordered({row for row, _ in there}, rows)
    column_keys = ordered({column for _, column in there}, columns)
    table = [
        PivotRow(row, cells := [found[row, column] for column in column_keys], sum(cells))
        for row in row_keys
    ]
    totals = [sum(row.counts[n] for row in table) for n in range(len(column_keys))]
    return Pivot(column_keys, table, totals, sum(totals))


def ordered(keys: Iterable[str], known: Sequence[str]) -> list[str]:
    """Order keys as they are listed, the others by name behind them.

    >>> ordered({"c", "a", "b"}, ["b"])
    ['b', 'a', 'c']
    """
    place = {key: n for n, key in enumerate(known)}
    return sorted(keys, key=lambda key: (place.get(key, len(place)), key))


def months_between(first: date, last: date) -> int:
    """Return the whole calendar months from one day's month to another's.

    >>> months_between(date(2026, 1, 31), date(2026, 3, 1))
    2
    """
    return (last.year - first.year) * 12 + last.month - first.month


def ages(by_month: Mapping[date, int], today: date) -> list[Age]:
    """Sort requests that wait by how long ago the month was in which they were made.

    >>> [a.requests_count for a in ages({date(2026, 11, 1): 3, date(2025, 1, 1): 2},
    ...                                 date(2026, 11, 24))]
    [3, 0, 0, 0, 0, 2]
    """
    return [
        Age(
            least,
            most,
            sum(
                count
                for month, count in by_month.items()
                if least <= months_between(month, today)
                and (most is None or months_between(month, today) < most)
            ),
        )
        for least, most in AGES
    ]


def seasons(by_month: Mapping[date, int]) -> list[Season]:
    """Compare each calendar month with the average month of its year, over whole years.

    Years are counted back from the last month, twelve months each; without a whole year, nothing.

    >>> flat = {date(2025, month, 1): 10 for month in range(1, 13)}
    >>> {season.permille for season in seasons(flat)}
    {1000}
    """
    if not by_month:
        return []
    last = max(by_month)
    years = (months_between(min(by_month), last) + 1) // 12
    sums: Counter[int] = Counter()
    for month, count in by_month.items():
        if months_between(month, last) < years * 12:
            sums[month.month] += count
    total = sum(sums.values())
    if not years or not total:
        return []
    return [
        Season(month, (sums[month] * 12 * 2000 + total) // (2 * total), years)
        for month in range(1, 13)
    ]
