"""The catalogue's terms, and which version of a service a day chooses.

Pure: every fact is an argument. Units: shares are parts of 1, amounts EUR without VAT.
Source: THP 2024-2029 for services; payment schemes are the buyer's, see fixtures/catalogue.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class Names(msgspec.Struct, frozen=True):
    """What something is called, in each language of the pages."""

    en: str
    et: str
    ru: str


class Phase(msgspec.Struct, frozen=True):
    """A part of a group service: training days counted from its first."""

    number: int
    days_count: int
    name: Names


class GroupSizes(msgspec.Struct, frozen=True):
    """How large a group of the service is and how long it runs."""

    group_size_min: int
    group_size_max: int
    training_days_count: int
    hours_per_day_count: int
    days_per_week_count: int
    facilitators_count: int
    phases: list[Phase]

    def phase_of(self, number: int) -> int:
        """Return the phase of the training day with this number, counted from 1; the last at most.

        >>> names = Names("a", "b", "c")
        >>> sizes = GroupSizes(8, 12, 60, 6, 4, 2, [Phase(1, 10, names), Phase(2, 35, names)])
        >>> [sizes.phase_of(day) for day in (1, 10, 11, 45, 99)]
        [1, 1, 2, 2, 2]
        """
        end = 0
        for phase in self.phases:
            end += phase.days_count
            if number <= end:
                return phase.number
        return self.phases[-1].number


class Param(msgspec.Struct, frozen=True):
    """One number or word of a service, with where it comes from."""

    value: Any
    source: str


class SchemeTerms(msgspec.Struct, frozen=True):
    """How a service is paid; a contract carries a copy, so that no later version reaches it.

    The three shares split the unit price. Milestone shares split the milestone part of a place,
    outcome factors (of the definitions) its outcome part, times the multiplier of the risk band.
    """

    code: str
    version: int
    unit: str
    unit_price: Decimal  # the estimate that lots are valued with
    attendance_share: Decimal
    milestone_share: Decimal
    outcome_share: Decimal
    milestones: Mapping[str, Decimal]
    milestone_meanings: Mapping[str, str]
    milestone_last_days: Mapping[str, int]  # number of the participant's own training day
    guarantee_share: Decimal  # of places x days, paid whoever comes
    guarantee_from_day: int  # kept, and not applied yet: the guarantee counts all days
    success_vacancy_days: int  # paid for a place that an early success left empty
    band_multipliers: Mapping[str, Decimal]
    one_family_per_participant: bool
    outcome_cap_share: Decimal  # of the outcome part of the full value
    months_max: int | None = None

    def __post_init__(self) -> None:
        """Refuse terms whose parts do not make the whole: no contract could be paid by them."""
        shares = (self.attendance_share, self.milestone_share, self.outcome_share)
        if any(share < 0 for share in shares) or sum(shares) != 1:
            raise ValueError(f"the shares of {self.code} must sum to 1, not {sum(shares)}")
        if self.milestone_share and sum(self.milestones.values()) != 1:
            raise ValueError(f"the milestones of {self.code} must sum to 1")
        if self.milestones.keys() != self.milestone_meanings.keys():
            raise ValueError(f"each milestone of {self.code} needs a meaning")
        if not 0 <= self.guarantee_share <= 1:
            raise ValueError(f"the guarantee of {self.code} must be a part of 1")


class Version(msgspec.Struct, frozen=True):
    """When one version of a service holds, and what may follow it."""

    code: str
    name: str
    valid_from: date
    valid_until: date | None  # exclusive
    successors: tuple[str, ...]


def in_force(versions: Sequence[Version], day: date) -> Version | None:
    """Return the version that holds on `day`: its first day included, its end not."""
    for version in versions:
        if version.valid_from <= day and (version.valid_until is None or day < version.valid_until):
            return version
    return None


def service_findings(versions: Sequence[Version], day: date) -> list[Finding]:
    """Say why a service cannot be bought on `day`, and what may be instead; empty if it can.

    `versions` are all of one service, oldest first, at least one.
    """
    if in_force(versions, day) is not None:
        return []
    first, last = versions[0], versions[-1]
    if day < first.valid_from:
        return [
            Finding(
                "service-not-yet",
                n_("{name} ({code}) begins on {from_on}; choose a day from then on."),
                {"name": first.name, "code": first.code, "from_on": first.valid_from},
                field="service_code",
            )
        ]
    if last.valid_until is None or day < last.valid_until:  # between two versions
        following = next(version for version in versions if version.valid_from > day)
        return [
            Finding(
                "service-paused",
                n_("{name} ({code}) is not offered on {day}; it is again from {from_on}."),
                {
                    "name": last.name,
                    "code": last.code,
                    "day": day,
                    "from_on": following.valid_from,
                },
                field="service_code",
            )
        ]
    if last.successors:
        return [
            Finding(
                "service-ended",
                n_("{name} ({code}) ended on {ended_on}. What may follow it: {successors}."),
                {
                    "name": last.name,
                    "code": last.code,
                    "ended_on": last.valid_until,
                    "successors": ", ".join(last.successors),
                },
                field="service_code",
            )
        ]
    return [
        Finding(
            "service-ended",
            n_("{name} ({code}) ended on {ended_on}, and nothing is named to follow it."),
            {"name": last.name, "code": last.code, "ended_on": last.valid_until},
            field="service_code",
        )
    ]


def overlaps(versions: Sequence[Version]) -> list[tuple[Version, Version]]:
    """List neighbours in time of which the earlier has not ended when the later begins."""
    ordered = sorted(versions, key=lambda version: version.valid_from)
    return [
        (earlier, later)
        for earlier, later in pairwise(ordered)
        if earlier.valid_until is None or earlier.valid_until > later.valid_from
    ]
