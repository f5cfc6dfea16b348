"""Legal days and instants. Instants are UTC; a legal day is a date in the country's zone.

Source: the Estonian Law of Obligations Act and General Part of the Civil Code Act count a period
in days from the day after the event; RHS counts the working days of the dated holiday calendar.
"""

from collections.abc import Set
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Tallinn")
SATURDAY = 5


def legal_day(instant: datetime) -> date:
    """Return the date that the country's calendar shows at `instant`.

    >>> from datetime import UTC
    >>> legal_day(datetime(2026, 11, 24, 22, 30, tzinfo=UTC))
    datetime.date(2026, 11, 25)
    """
    return instant.astimezone(ZONE).date()


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the instant of a wall-clock time in the country's zone."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def is_working_day(day: date, holidays: Set[date]) -> bool:
    """Tell whether `day` is neither weekend nor public holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def after_days(day: date, days: int) -> date:
    """Return the last day of a period of `days` that starts on the day after `day`."""
    return day + timedelta(days=days)


def after_working_days(day: date, days: int, holidays: Set[date]) -> date:
    """Return the last day of a period of working days that starts on the day after `day`.

    >>> after_working_days(date(2026, 12, 21), 5, {date(2026, 12, d) for d in (24, 25, 26)})
    datetime.date(2026, 12, 30)
    """
    while days:
        day += timedelta(days=1)
        days -= is_working_day(day, holidays)
    return day


def next_working_day(day: date, holidays: Set[date]) -> date:
    """Return `day` itself if it is a working day, otherwise the first one after it."""
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    return day
