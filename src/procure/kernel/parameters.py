"""Values that change by date: thresholds, periods, rates. The date of a procedure chooses one.

Pure: what a file holds is read by `procure.parameters`.
Source: the form of OpenFisca's parameters (description, unit, source, values by date).
"""

from datetime import date
from typing import Any

import msgspec

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class NoValue(Refused):
    """The law as we know it says nothing for that day: before the first value, or in a gap (422).

    A refusal and not a defect, because the day was somebody's choice: a tender that starts in 1990.
    """


class DatedValue(msgspec.Struct, frozen=True):
    """One value from a day until (exclusive) the next one begins; None from a day on is a gap."""

    from_on: date
    until_on: date | None
    value: Any
    source: str


class Dated(msgspec.Struct, frozen=True):
    """A parameter: what it is, in which unit, and each value with the day it began and its source.

    >>> wage = Dated("wage", "A wage.", "EUR", "an act", (
    ...     DatedValue(date(2024, 1, 1), date(2025, 1, 1), 4, "RT I"),
    ...     DatedValue(date(2025, 1, 1), None, 5, "RT I"),
    ... ))
    >>> wage.on(date(2024, 12, 31)), wage.on(date(2025, 1, 1))
    (4, 5)
    """

    name: str
    description: str
    unit: str
    source: str
    values: tuple[DatedValue, ...]  # in order of date

    def entry_on(self, day: date) -> DatedValue:
        """Return the value in force on `day` together with its dates and source.

        Raises NoValue before the first value and in a gap.
        """
        for entry in reversed(self.values):
            if entry.from_on <= day:
                if entry.value is None:
                    break
                return entry
        raise NoValue(
            [
                Finding(
                    "no-value",
                    n_("No value of {name} is known for {day}; the first is from {first}."),
                    {"name": self.name, "day": day, "first": self.values[0].from_on},
                    self.source,
                )
            ]
        )

    def on(self, day: date) -> Any:  # noqa: ANN401 - the caller converts it to its own Struct
        """Return the value in force on `day`; NoValue if there is none."""
        return self.entry_on(day).value
