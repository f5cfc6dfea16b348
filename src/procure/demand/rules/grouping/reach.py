"""Who can get where, in what time and at what price, and what time a person loses."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from procure.demand.rules.grouping.facts import Person, PlanFacts, Site, Trip

SENIORITY = 3  # days that each month of waiting before the plan adds to being left without a place
MOST_MONTHS = 12


class Reach:
    """Answers about one set of facts, each worked out once."""

    def __init__(self, facts: PlanFacts) -> None:
        self.facts, self.rules = facts, facts.rules
        self.site = {site.code: site for site in facts.sites}
        self.person = {person.id: person for person in facts.people}
        self._trips: dict[tuple[str, str], Trip] = {}
        for trip in facts.trips:
            self._trips[trip.start, trip.end] = self._trips[trip.end, trip.start] = trip
        self._minutes: dict[tuple[str, str, bool, str], int | None] = {}

    def minutes(self, person: Person, site: Site) -> int | None:
        """Return the minutes of travel one way, None if no way is known; no limit is asked.

        Who needs transport goes by bus alone; the others take what is faster.
        """
        key = (person.place, person.county, person.needs_transport, site.code)
        if key not in self._minutes:
            self._minutes[key] = self._travel(person, site)
        return self._minutes[key]

    def _travel(self, person: Person, site: Site) -> int | None:
        if site.counties:
            return 0 if person.county in site.counties else None
        if person.place == site.place:
            return 0
        trip = self._trips.get((person.place, site.place))
        if trip is None:
            return None
        bus = trip.bus_minutes if site.has_public_transport else None
        if person.needs_transport:
            return bus
        return trip.car_minutes if bus is None else min(trip.car_minutes, bus)

    def fits(self, person: Person, site: Site) -> bool:
        """Tell whether the person can be at the site at all: travel, access and childcare."""
        minutes = self.minutes(person, site)
        most = self.rules.travel_minutes_max
        return (
            minutes is not None
            and (most is None or minutes <= most)
            and (not person.needs_access or site.is_accessible)
            and (
                not person.needs_childcare or self.rules.childcare_max is None or site.has_childcare
            )
        )

    @staticmethod
    def speaks(site: Site, language: str) -> bool:
        """Tell whether groups in this language can meet at the site."""
        return not site.languages or language in site.languages

    def seats(self, site: Site) -> int:
        """Return the most people of a group there."""
        return min(self.rules.group_max, site.seats_count)

    def waiting(self, person: Person, start_on: date) -> int:
        """Return the days from the person's earliest start until the group's."""
        return (start_on - person.earliest_start_on).days

    def points(self, person: Person, site: Site, start_on: date) -> int:
        """Return what this placing counts: waiting and travel, each with its weight.

        Waiting counts from the plan's first start, since no plan can change what was before.
        """
        since = max(person.earliest_start_on, self.rules.starts_on[0])
        return self.rules.day_weight * (start_on - since).days + self.rules.minute_weight * (
            self.minutes(person, site) or 0
        )

    def unserved_points(self, person: Person) -> int:
        """Return what it counts that the person gets no place: more for who has waited longer.

        So much that a place is worth it whatever it costs the person, and nearly always the others.
        """
        since = max(person.earliest_start_on, self.rules.starts_on[0])
        days = max(0, (self.rules.horizon_on - since).days)
        waited = SENIORITY * max(0, self.months_waited(person))
        return self.rules.unserved_weight + self.rules.day_weight * (days + waited)

    def months_waited(self, person: Person) -> int:
        """Return the months of thirty days from the earliest start to the first one, 12 at most.

        Negative for who can only start later.
        """
        return min(MOST_MONTHS, (self.rules.starts_on[0] - person.earliest_start_on).days // 30)

    def person_amount(self, person: Person, site: Site) -> Decimal:
        """Return what a place costs for this person: the place itself and the travel paid."""
        km = 0
        if not site.counties and person.place != site.place:
            trip = self._trips.get((person.place, site.place))
            km = trip.km_count if trip else 0
        day = 2 * km * self.rules.km_amount
        if (most := self.rules.travel_day_amount_max) is not None:
            day = min(day, most)
        return self.rules.person_amount + day * self.rules.days_count

    def group_amount(self, site: Site) -> Decimal:
        """Return what a group costs whoever comes: the room for each month it meets."""
        months = -(-self.rules.weeks_count * 7 // 30)
        return site.month_amount * months

    @cached_property
    def staff_of(self) -> Mapping[tuple[str, str], Sequence[int]]:
        """Return which staff (by place in the list) can lead groups of a county and language."""
        found: dict[tuple[str, str], list[int]] = {}
        for number, staff in enumerate(self.facts.staff or []):
            for county in staff.counties:
                for language in staff.languages:
                    found.setdefault((county, language), []).append(number)
        return found

    def overlap(self, first: date, second: date) -> bool:
        """Tell whether groups that start on these days meet at the same time for a while."""
        return first < self.rules.ends_on(second) and second < self.rules.ends_on(first)
