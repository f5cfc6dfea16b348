"""Arithmetic of days: spells as half-open pairs of day numbers, months as numbers.

Pure integers (`date.toordinal`), because a million facts pass through here. A month is
12 × year + its index, so that months are counted by subtraction.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

Spell: TypeAlias = tuple[int, int]
FOREVER = date.max.toordinal()


def union(spells: Iterable[Spell], bridge: int = 0) -> list[Spell]:
    """Join spells that overlap or touch, or leave a gap of at most `bridge` days.

    >>> union([(50, 120), (0, 100), (200, 250)])
    [(0, 120), (200, 250)]
    >>> union([(0, 10), (12, 20)], bridge=2), union([(0, 10), (13, 20)], bridge=2)
    ([(0, 20)], [(0, 10), (13, 20)])
    """
    found: list[Spell] = []
    for begin, end in sorted(spells):
        if end <= begin:
            continue
        if found and begin - found[-1][1] <= bridge:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def length(joined: Iterable[Spell]) -> int:
    """Count the days of spells that do not overlap.

    >>> length([(0, 120), (200, 250)])
    170
    """
    return sum(end - begin for begin, end in joined)


def nth_day(joined: Iterable[Spell], n: int) -> int | None:
    """Return the n-th covered day, counted from 1; None where there are fewer.

    >>> nth_day([(0, 10), (20, 30)], 11), nth_day([(0, 10)], 11)
    (20, None)
    """
    for begin, end in joined:
        if n <= end - begin:
            return begin + n - 1
        n -= end - begin
    return None


def covers(joined: Iterable[Spell], day: int) -> bool:
    """Tell whether a day lies in one of the spells.

    >>> [covers([(10, 20)], day) for day in (9, 10, 19, 20)]
    [False, True, True, False]
    """
    return any(begin <= day < end for begin, end in joined)


def clipped(spells: Iterable[Spell], begin: int, end: int) -> list[Spell]:
    """Keep what lies from `begin` until `end`.

    >>> clipped([(0, 10), (20, 30)], 5, 25)
    [(5, 10), (20, 25)]
    """
    return [(max(a, begin), min(b, end)) for a, b in spells if a < end and b > begin]


def levels(weighted: Iterable[tuple[int, int, object]]) -> list[tuple[int, int, list[object]]]:
    """Cut spells at each of their ends, and say which are there between two ends.

    >>> levels([(0, 10, 20), (5, 15, 15)])
    [(0, 5, [20]), (5, 10, [20, 15]), (10, 15, [15])]
    """
    held = [item for item in weighted if item[0] < item[1]]
    cuts = sorted({day for begin, end, _ in held for day in (begin, end)})
    found = []
    for begin, end in pairwise(cuts):
        there = [what for a, b, what in held if a <= begin and b >= end]
        if there:
            found.append((begin, end, there))
    return found


def nth_in_any(good: Sequence[int], n: int, of: int) -> int | None:
    """Return the period by which n of any `of` consecutive ones are good; None if never.

    >>> nth_in_any([1, 3, 5, 6, 7, 8], 3, 6), nth_in_any([1, 9, 17], 2, 3)
    (5, None)
    """
    for last in range(n - 1, len(good)):
        if good[last] - good[last - n + 1] < of:
            return good[last]
    return None


@lru_cache(maxsize=65536)
def month_of(day: int) -> int:
    """Return the month that a day lies in.

    >>> month_of(date(2026, 1, 31).toordinal()) == 12 * 2026
    True
    """
    on = date.fromordinal(day)
    return on.year * 12 + on.month - 1


@lru_cache(maxsize=4096)
def month_bounds(month: int) -> Spell:
    """Return a month's first day and the first day after it.

    >>> [date.fromordinal(day).isoformat() for day in month_bounds(12 * 2024 + 1)]
    ['2024-02-01', '2024-03-01']
    """
    begin = date(month // 12, month % 12 + 1, 1).toordinal()
    return begin, begin + monthrange(month // 12, month % 12 + 1)[1]


def month_text(month: int) -> str:
    """Write a month.

    >>> month_text(12 * 2026 + 10)
    '2026-11'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def add_months(day: int, months: int) -> int:
    """Return the same day of another month, or its last day.

    >>> date.fromordinal(add_months(date(2026, 8, 31).toordinal(), 6)).isoformat()
    '2027-02-28'
    """
    on = date.fromordinal(day)
    begin, end = month_bounds(on.year * 12 + on.month - 1 + months)
    return min(begin + on.day - 1, end - 1)


def year_number(day: int, starts: int) -> int:
    """Return in which year after `starts` a day lies; the first is 1, before it 0 and less.

    >>> first = date(2026, 3, 1).toordinal()
    >>> [year_number(first + days, first) for days in (364, 365, -1)]
    [1, 2, 0]
    """
    months = month_of(day) - month_of(starts)
    if date.fromordinal(day).day < date.fromordinal(starts).day:
        months -= 1
    return months // 12 + 1
