"""What a group plan rests on, and what it is."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from procure.demand.rules.groups import Reason

NOTHING = Decimal("0.00")


class Person(msgspec.Struct, frozen=True):
    """What the plan needs to know of one request."""

    id: UUID
    reference: str
    place: str  # where the client lives, as far as the request tells: the bureau's place
    county: str
    language: str
    risk_band: str
    created_on: date
    earliest_start_on: date
    needs_transport: bool
    needs_childcare: bool
    needs_access: bool = False


class Site(msgspec.Struct, frozen=True):
    """Where groups can meet. With `counties` it stands for these, whatever the travel."""

    code: str
    place: str
    county: str
    seats_count: int
    is_accessible: bool = True
    has_public_transport: bool = True
    has_childcare: bool = False
    rooms_count: int | None = 1  # groups at a time; none: as many as wanted
    month_amount: Decimal = NOTHING  # the rent of a room
    languages: list[str] = []  # none: any
    counties: list[str] = []


class Trip(msgspec.Struct, frozen=True):
    """Travel between two places, alike both ways; without bus minutes there is no line."""

    start: str
    end: str
    km_count: int
    car_minutes: int
    bus_minutes: int | None


class Staff(msgspec.Struct, frozen=True):
    """Facilitators of one kind who can be had at the same time, in these counties and languages."""

    code: str
    languages: list[str]
    counties: list[str]
    facilitators_count: int


class PlanRules(msgspec.Struct, frozen=True):
    """What each group and the whole plan keep to; None asks for nothing."""

    group_min: int
    group_max: int
    starts_on: list[date]  # the days on which groups may start, in order
    weeks_count: int  # how long a group meets, and its room and facilitators are taken
    travel_minutes_max: int | None = None  # one way
    facilitators_count: int = 2  # of a group
    band_max: Mapping[str, int] = {}  # people of a band in one group
    childcare_max: int | None = None  # people with children to look after in one group
    budget_amount: Decimal | None = None
    person_amount: Decimal = NOTHING  # a place for the whole of a group
    km_amount: Decimal = NOTHING  # travel paid per kilometre
    travel_day_amount_max: Decimal | None = None  # travel paid for one day at most
    days_count: int = 1  # training days of a group
    is_full_first: bool = False  # at most one group of a site and language below the largest size
    serve_at_least_count: int | None = None
    day_weight: int = 1  # what a day of waiting counts
    minute_weight: int = 1  # what a minute of travel, one way, counts
    unserved_weight: int = 1_000  # what a person without a place counts, before any waiting

    def ends_on(self, start_on: date) -> date:
        """Return the first day on which a group that started then no longer meets."""
        return start_on + timedelta(weeks=self.weeks_count)

    @property
    def horizon_on(self) -> date:
        """The day until which somebody without a place is counted as waiting."""
        return self.starts_on[-1] + timedelta(days=30)


class FixedGroup(msgspec.Struct, frozen=True):
    """A group that a person decided: it is formed, with these people and perhaps more."""

    no: int
    site_code: str
    language: str
    start_on: date
    person_ids: list[UUID]
    is_open: bool = True  # others may be added


class PlanFacts(msgspec.Struct, frozen=True):
    """Everything a plan rests on; stored with it."""

    service_code: str
    people: list[Person]
    sites: list[Site]
    trips: list[Trip]
    rules: PlanRules
    staff: list[Staff] | None = None  # none: as many as wanted
    fixed: list[FixedGroup] = []
    held_out: list[UUID] = []  # people who wait because a person said so


class GroupOfPlan(msgspec.Struct, frozen=True):
    """A group: who meets where, in which language, from when."""

    no: int
    site_code: str
    language: str
    start_on: date
    person_ids: list[UUID]
    is_fixed: bool = False


class Placing(msgspec.Struct, frozen=True):
    """Where one person stands, and why."""

    person_id: UUID
    reference: str
    group_no: int | None
    travel_minutes: int | None
    waiting_days: int
    why: Reason


class Figures(msgspec.Struct, frozen=True):
    """A plan in numbers. Waiting of people without a place counts until the horizon."""

    people_count: int
    served_count: int
    groups_count: int
    waiting_days: int  # of those with a place
    unserved_days: int  # of those without
    travel_minutes: int  # one way, summed over people
    points_count: int  # what a plan makes as few as possible: no place, waiting, travel
    cost_amount: Decimal


class Relaxation(msgspec.Struct, frozen=True):
    """A rule that would have to give way, by how much, and what for."""

    rule: str
    subject: str
    by_count: int
    why: Reason


class Quality(StrEnum):
    """What is known of a plan."""

    BEST = "best"  # nothing better exists
    BOUNDED = "bounded"  # stopped by the clock: no plan is better than the bounds
    INFEASIBLE = "infeasible"  # the fixed decisions or the target break a rule


class GroupPlan(msgspec.Struct, frozen=True):
    """A plan, how far from the best it can be, and what first come first served would give.

    No plan serves more than `served_bound` people, and none has fewer points than `points_bound`.
    Gaps are in thousandths, rounded up.
    """

    quality: Quality
    groups: list[GroupOfPlan]
    placings: list[Placing]
    figures: Figures
    served_bound: int
    points_bound: int
    greedy: Figures
    relaxations: list[Relaxation] = []

    @property
    def served_gap_permille(self) -> int:
        """By how much more people could be served, at most."""
        served = self.figures.served_count
        return -(-(self.served_bound - served) * 1000 // max(served, 1))

    @property
    def points_gap_permille(self) -> int:
        """By how much less waiting and travel could cost, at most."""
        points = self.figures.points_count
        return -(-max(points - self.points_bound, 0) * 1000 // max(points, 1))
