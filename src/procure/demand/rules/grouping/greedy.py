"""First come first served, under the same rules: what a plan is compared with, and starts from.

Each person goes to the nearest site; at each start the people who are ready make as many groups as
`groups.groups_of` says, as long as rooms, facilitators and money last.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from procure.demand.rules.grouping.checking import staff_short
from procure.demand.rules.grouping.facts import GroupOfPlan, Person, PlanFacts, Site
from procure.demand.rules.grouping.reach import Reach
from procure.demand.rules.groups import groups_of


def first_come(facts: PlanFacts, reach: Reach | None = None) -> list[GroupOfPlan]:
    """Form groups first come first served, after those that are fixed."""
    reach = reach or Reach(facts)
    groups = [
        GroupOfPlan(f.no, f.site_code, f.language, f.start_on, list(f.person_ids), is_fixed=True)
        for f in facts.fixed
    ]
    taken = {person for group in groups for person in group.person_ids} | set(facts.held_out)
    waiting: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in sorted(facts.people, key=lambda p: (p.created_on, p.reference, p.id)):
        if person.id not in taken and (site := _nearest(reach, person)) is not None:
            waiting[site.code, person.language].append(person)
    purse = _Purse(reach, groups)
    number = max((group.no for group in groups), default=0)
    small: set[tuple[str, str]] = set()
    for day in reach.rules.starts_on:
        for (code, language), people in waiting.items():
            site = reach.site[code]
            ready = [person for person in people if person.earliest_start_on <= day]
            count = groups_of(len(ready), reach.rules.group_min, reach.seats(site))
            for _ in range(count):
                if not _is_free(reach, groups, site, language, day):
                    break
                members = purse.affordable(site, _members(reach, site, ready))
                is_small = len(members) < reach.seats(site)
                if len(members) < reach.rules.group_min or (
                    is_small and reach.rules.is_full_first and (code, language) in small
                ):
                    break
                if is_small:
                    small.add((code, language))
                number += 1
                purse.pay(site, members)
                groups.append(
                    GroupOfPlan(number, code, language, day, [member.id for member in members])
                )
                gone = {member.id for member in members}
                ready = [person for person in ready if person.id not in gone]
                people[:] = [person for person in people if person.id not in gone]
    return groups


class _Purse:
    """What is left of the budget."""

    def __init__(self, reach: Reach, groups: Sequence[GroupOfPlan]) -> None:
        self.reach = reach
        self.left = reach.rules.budget_amount
        for group in groups:
            self.pay(
                reach.site[group.site_code], [reach.person[person] for person in group.person_ids]
            )

    def affordable(self, site: Site, members: Sequence[Person]) -> list[Person]:
        """Return as many of the members, from the first, as a group can be paid for."""
        if self.left is None:
            return list(members)
        left = self.left - self.reach.group_amount(site)
        found = []
        for member in members:
            left -= self.reach.person_amount(member, site)
            if left < 0:
                break
            found.append(member)
        return found

    def pay(self, site: Site, members: Sequence[Person]) -> None:
        """Take the cost of a group out of the budget."""
        if self.left is not None:
            self.left -= self.reach.group_amount(site)
            self.left -= sum(
                (self.reach.person_amount(member, site) for member in members), Decimal(0)
            )


def _nearest(reach: Reach, person: Person) -> Site | None:
    able = [
        (reach.minutes(person, site) or 0, number, site)
        for number, site in enumerate(reach.facts.sites)
        if reach.fits(person, site)
        and reach.speaks(site, person.language)
        and reach.seats(site) >= reach.rules.group_min
    ]
    return min(able)[2] if able else None


def _members(reach: Reach, site: Site, ready: Sequence[Person]) -> list[Person]:
    """Take people in their turn; whom a limit of bands or childcare keeps out waits."""
    found: list[Person] = []
    bands: dict[str, int] = defaultdict(int)
    care = 0
    for person in ready:
        if len(found) == reach.seats(site):
            break
        if bands[person.risk_band] >= reach.rules.band_max.get(person.risk_band, len(ready)):
            continue
        needs = person.needs_childcare and reach.rules.childcare_max is not None
        if needs and care >= (reach.rules.childcare_max or 0):
            continue
        bands[person.risk_band] += 1
        care += needs
        found.append(person)
    return found


def _is_free(
    reach: Reach, groups: Sequence[GroupOfPlan], site: Site, language: str, day: date
) -> bool:
    """Tell whether one more group has a room and facilitators for the whole of its time."""
    if site.rooms_count is not None:
        at_once = [g for g in groups if g.site_code == site.code and reach.overlap(g.start_on, day)]
        if len(at_once) >= site.rooms_count:
            return False
    if reach.facts.staff is None:
        return True
    more = GroupOfPlan(0, site.code, language, day, [])
    near = [group for group in groups if reach.overlap(group.start_on, day)]
    return staff_short(reach, [*near, more]) <= 0
