"""Forecasts judged: the floor they must beat, the error they had before, and what came in the end.

Pure: the forecaster is an argument. Units: requests a month; shares in thousandths. A back-test
hides the last months, forecasts them from what was known before, and looks: from every month on
(rolling origin), never with a month that came later.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from procure.demand.rules.analysis import months_between

LEAST_MONTHS = 12  # that a back-test knows at least: the floor repeats last year's month
EVERYWHERE = ""  # the county and language of the series of everything


class Series(msgspec.Struct, frozen=True):
    """The requests of one county and language, month by month."""

    county: str
    language: str
    counts: list[int]


class History(msgspec.Struct, frozen=True):
    """Series that all begin with the same month and are equally long."""

    first_month: date
    series: list[Series]

    @property
    def months_count(self) -> int:
        """How many months are known."""
        return len(self.series[0].counts) if self.series else 0

    def until(self, months: int) -> "History":
        """Return what was known after so many months."""
        return History(
            self.first_month,
            [Series(one.county, one.language, one.counts[:months]) for one in self.series],
        )


class Expected(msgspec.Struct, frozen=True):
    """What is expected of one month: the mean, and an interval with both ends included."""

    mean_count: Decimal
    low_count: int
    high_count: int


# Forecast so many months of each series, in the order of the history.
Forecaster = Callable[[History, int], list[list[Expected]]]


class Point(msgspec.Struct, frozen=True):
    """What was expected of a county and language in a month."""

    county: str
    language: str
    month: date
    expected: Expected


class Error(msgspec.Struct, frozen=True):
    """How far forecasts of one distance were off: absolute errors ÷ what came, in thousandths.

    `ratio_permille` compares with the floor: below 1000 the forecast is better than repeating last
    year's month. `covered_permille` of what came lay in the interval.
    """

    months_ahead: int | None  # none: of all distances together
    points_count: int
    error_permille: int
    naive_permille: int
    ratio_permille: int
    covered_permille: int


class BackTest(msgspec.Struct, frozen=True):
    """What a forecaster would have been worth, from how many months on."""

    origins_count: int
    together: Error
    by_distance: list[Error]


class Forecast(msgspec.Struct, frozen=True):
    """A forecast with how it was made and how good such forecasts were before."""

    method: str
    interval_permille: int
    points: list[Point]
    back_test: BackTest | None  # none: too little history


class Compared(msgspec.Struct, frozen=True):
    """A point beside what came; none: the month has not ended."""

    point: Point
    came_count: int | None
    is_inside: bool | None


def month_after(month: date, count: int) -> date:
    """Return the first day of the month so many months later.

    >>> month_after(date(2026, 11, 1), 2)
    datetime.date(2027, 1, 1)
    """
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def history_of(
    counts: Mapping[tuple[str, str, date], int], first_month: date, months: int
) -> History:
    """Make series of counts by county, language and month, the one of everything first."""
    keys = sorted({(county, language) for county, language, _ in counts})
    days = [month_after(first_month, n) for n in range(months)]
    series = [
        Series(county, language, [max(0, counts.get((county, language, day), 0)) for day in days])
        for county, language in keys
    ]
    everything = [sum(column) for column in zip(*(one.counts for one in series), strict=True)]
    return History(first_month, [Series(EVERYWHERE, EVERYWHERE, everything), *series])


def last_year(history: History, months: int) -> list[list[int]]:
    """Expect what came a year before: the floor of every forecast; needs twelve months."""
    known = history.months_count
    return [[one.counts[known - 12 + n % 12] for n in range(months)] for one in history.series]


def make_forecast(
    history: History, forecaster: Forecaster, *, months: int, method: str, interval_permille: int
) -> Forecast:
    """Forecast so many months after the history, and test the forecaster on what is known."""
    start = month_after(history.first_month, history.months_count)
    expected = forecaster(history, months)
    return Forecast(
        method=method,
        interval_permille=interval_permille,
        points=[
            Point(one.county, one.language, month_after(start, n), value)
            for one, values in zip(history.series, expected, strict=True)
            for n, value in enumerate(values)
        ],
        back_test=back_test(history, forecaster, months=months),
    )


class _Sum:
    """Errors as they are added up, in exact numbers."""

    def __init__(self) -> None:
        self.points = self.came = self.naive = self.covered = 0
        self.error = Decimal(0)

    def add(self, expected: Expected, naive: int, came: int) -> None:
        self.points += 1
        self.came += came
        self.naive += abs(naive - came)
        self.error += abs(expected.mean_count - came)
        self.covered += expected.low_count <= came <= expected.high_count

    def total(self, months_ahead: int | None) -> Error:
        def permille(part: Decimal | int, whole: Decimal | int) -> int:
            return round(Decimal(part) * 1000 / whole) if whole else 0

        return Error(
            months_ahead=months_ahead,
            points_count=self.points,
            error_permille=permille(self.error, self.came),
            naive_permille=permille(self.naive, self.came),
            ratio_permille=permille(self.error, self.naive),
            covered_permille=permille(self.covered, self.points),
        )


def back_test(history: History, forecaster: Forecaster, *, months: int) -> BackTest | None:
    """Test a forecaster from every month on that had a year before it; None without one.

    The series of everything is left out: it would hide the small ones.
    """
    known = history.months_count
    origins = range(LEAST_MONTHS, known)
    if not origins or not history.series:
        return None
    together = _Sum()
    sums = [_Sum() for _ in range(months)]
    for origin in origins:
        ahead = min(months, known - origin)
        before = history.until(origin)
        expected, naive = forecaster(before, ahead), last_year(before, ahead)
        for number, one in enumerate(history.series):
            if one.county == EVERYWHERE:
                continue
            for n in range(ahead):
                found = (expected[number][n], naive[number][n], one.counts[origin + n])
                together.add(*found)
                sums[n].add(*found)
    return BackTest(
        origins_count=len(origins),
        together=together.total(None),
        by_distance=[one.total(n) for n, one in enumerate(sums, start=1) if one.points],
    )


def compared(
    points: Sequence[Point], came: Mapping[tuple[str, str, date], int], today: date
) -> list[Compared]:
    """Lay what came beside what was expected, for months that have ended."""
    found = []
    for point in points:
        if months_between(point.month, today) < 1:
            found.append(Compared(point, None, None))
            continue
        count = came.get((point.county, point.language, point.month), 0)
        inside = point.expected.low_count <= count <= point.expected.high_count
        found.append(Compared(point, count, inside))
    return found
