"""Why each person has this place, or none: the first thing that stands in the way, in numbers."""

from collections import Counter
from collections.abc import Sequence

from procure.demand.rules.grouping.checking import figures, staff_short
from procure.demand.rules.grouping.facts import GroupOfPlan, Person, Placing, Site
from procure.demand.rules.grouping.reach import Reach
from procure.demand.rules.groups import Reason, because
from procure.kernel.texts import n_


def placings(reach: Reach, groups: Sequence[GroupOfPlan]) -> list[Placing]:
    """Say of every person where they stand and why, in the order of the facts."""
    placed = {person: group for group in groups for person in group.person_ids}
    left = [person for person in reach.facts.people if person.id not in placed]
    obstacles = _Obstacles(reach, groups, left)
    found = []
    for person in reach.facts.people:
        group = placed.get(person.id)
        found.append(
            _with_place(reach, person, group)
            if group is not None
            else Placing(
                person.id,
                person.reference,
                None,
                None,
                max(0, reach.waiting(person, reach.rules.horizon_on)),
                obstacles.of(person),
            )
        )
    return found


def _with_place(reach: Reach, person: Person, group: GroupOfPlan) -> Placing:
    site = reach.site[group.site_code]
    minutes, waiting = reach.minutes(person, site), reach.waiting(person, group.start_on)
    nearer = sum(
        reach.fits(person, other)
        and reach.speaks(other, person.language)
        and (reach.minutes(person, other) or 0) < (minutes or 0)
        for other in reach.facts.sites
    )
    text = (
        n_(
            "In group {group} at {place} from {start}: {minutes} minutes one way, "
            "the nearest place, {days} days after the earliest start."
        )
        if not nearer
        else n_(
            "In group {group} at {place} from {start}: {minutes} minutes one way, {days} days "
            "after the earliest start. Nearer places where no group fits: {nearer}."
        )
    )
    if group.is_fixed:
        text = n_(
            "In group {group} at {place} from {start}, which was decided by hand: {minutes} "
            "minutes one way, {days} days after the earliest start."
        )
    why = because(
        "fixed" if group.is_fixed else "placed",
        text,
        group=group.no,
        place=site.place,
        start=group.start_on.isoformat(),
        minutes=minutes or 0,
        days=waiting,
        nearer=nearer,
    )
    return Placing(person.id, person.reference, group.no, minutes, waiting, why)


class _Obstacles:
    """What stands in the way of people without a place."""

    def __init__(self, reach: Reach, groups: Sequence[GroupOfPlan], left: Sequence[Person]) -> None:
        self.reach, self.rules, self.groups = reach, reach.rules, groups
        self.held = set(reach.facts.held_out)
        self.spent = figures(reach.facts, groups, reach).cost_amount
        self._known: dict[tuple[str, str, str], bool] = {}
        self.near: Counter[tuple[str, str]] = Counter()
        for person in left:
            for site in reach.facts.sites:
                if self._able(person, site):
                    self.near[site.code, person.language] += 1

    def _able(self, person: Person, site: Site) -> bool:
        return self.reach.fits(person, site) and self.reach.speaks(site, person.language)

    def of(self, person: Person) -> Reason:
        """Name the first rule that keeps this person waiting, and by how much."""
        rules = self.rules
        if person.id in self.held:
            return because("held-out", n_("Kept waiting by hand."))
        if person.earliest_start_on > rules.starts_on[-1]:
            return because(
                "window",
                n_("Can start {days} days after the last start of this plan."),
                days=(person.earliest_start_on - rules.starts_on[-1]).days,
            )
        speaking = [s for s in self.reach.facts.sites if self.reach.speaks(s, person.language)]
        if not speaking:
            return because("no-language", n_("No meeting place has groups in this language."))
        able = [site for site in speaking if self._able(person, site)]
        if not able:
            return self._unreachable(person, speaking)
        if self.reach.facts.staff is not None:
            led = [s for s in able if (s.county, person.language) in self.reach.staff_of]
            if not led:
                return because(
                    "no-staff", n_("No facilitator leads groups in this language within reach.")
                )
            able = led
        return self._crowded(person, able)

    def _unreachable(self, person: Person, speaking: Sequence[Site]) -> Reason:
        """Say what is wrong with the nearest place."""
        ways = [(m, s) for s in speaking if (m := self.reach.minutes(person, s)) is not None]
        most = self.rules.travel_minutes_max
        near = [site for minutes, site in ways if most is None or minutes <= most]
        if not ways:
            text = (
                n_("No meeting place can be reached by bus.")
                if person.needs_transport
                else n_("No meeting place can be reached in a day.")
            )
            return because("no-way", text)
        if not near:
            minutes, site = min(ways, key=lambda way: way[0])
            return because(
                "too-far",
                n_(
                    "The nearest meeting place, {place}, is {minutes} minutes away: "
                    "{over} more than travel may take."
                ),
                place=site.place,
                minutes=minutes,
                over=minutes - (most or 0),
            )
        if person.needs_access and not any(site.is_accessible for site in near):
            return because("no-access", n_("No meeting place within reach is accessible."))
        return because("no-childcare", n_("No meeting place within reach has childcare."))

    def _crowded(self, person: Person, able: Sequence[Site]) -> Reason:
        rules = self.rules
        together = max(self.near[site.code, person.language] for site in able)
        seats = max(self.reach.seats(site) for site in able)
        if seats < rules.group_min:
            return because(
                "seats",
                n_("The meeting places within reach have {seats} seats; a group needs {least}."),
                seats=seats,
                least=rules.group_min,
            )
        if (why := self._not_joined(person)) is not None:
            return why
        if together < rules.group_min:
            return because(
                "too-few",
                n_(
                    "Too few within reach in this language: {waiting}; a group needs {least}, "
                    "{missing} more."
                ),
                waiting=together,
                least=rules.group_min,
                missing=rules.group_min - together,
            )
        if self._is_too_dear(person, able):
            return because("budget", n_("The budget does not reach for another group."))
        if not any(self._once("room", person, site) for site in able):
            return because("room", n_("No room is free within reach for another group."))
        if not any(self._once("staff", person, site) for site in able):
            return because("staff", n_("No facilitators are free within reach for another group."))
        return because(
            "left-over",
            n_(
                "The groups within reach are full with people who wait longer or live nearer, "
                "and those left make no other group."
            ),
        )

    def _not_joined(self, person: Person) -> Reason | None:
        """Say why a seat that is free within reach is not the person's; None if there is none."""
        free = [
            group
            for group in self.groups
            if group.language == person.language
            and group.start_on >= person.earliest_start_on
            and self.reach.fits(person, self.reach.site[group.site_code])
            and len(group.person_ids) < self.reach.seats(self.reach.site[group.site_code])
        ]
        if not free:
            return None
        mixed = [group for group in free if not self._is_full_for(group, person)]
        if not mixed:
            return because(
                "mix",
                n_(
                    "A seat is free within reach, and no group there may have more people of "
                    "band {band} or with this need."
                ),
                band=person.risk_band,
            )
        least = min(
            self.reach.person_amount(person, self.reach.site[group.site_code]) for group in mixed
        )
        budget = self.rules.budget_amount
        if budget is not None and self.spent + least > budget:
            return because("budget", n_("The budget does not reach for another place."))
        return None

    def _is_full_for(self, group: GroupOfPlan, person: Person) -> bool:
        """Tell whether the limits of bands and of childcare keep this person out of the group."""
        members = [self.reach.person[other] for other in group.person_ids]
        same = sum(other.risk_band == person.risk_band for other in members)
        if same >= self.rules.band_max.get(person.risk_band, len(members) + 1):
            return True
        most = self.rules.childcare_max
        if most is None or not person.needs_childcare:
            return False
        return sum(other.needs_childcare for other in members) >= most

    def _is_too_dear(self, person: Person, able: Sequence[Site]) -> bool:
        if (budget := self.rules.budget_amount) is None:
            return False
        least = min(
            self.reach.group_amount(site)
            + self.rules.group_min * self.reach.person_amount(person, site)
            for site in able
        )
        return self.spent + least > budget

    def _once(self, what: str, person: Person, site: Site) -> bool:
        """Ask once for each place and language whether a room or facilitators are free there."""
        key = (what, site.code, person.language)
        if key not in self._known:
            self._known[key] = (
                self._has_room(site) if what == "room" else self._has_staff(person, site)
            )
        return self._known[key]

    def _has_room(self, site: Site) -> bool:
        if site.rooms_count is None:
            return True
        return any(
            sum(
                g.site_code == site.code and self.reach.overlap(g.start_on, day)
                for g in self.groups
            )
            < site.rooms_count
            for day in self.rules.starts_on
        )

    def _has_staff(self, person: Person, site: Site) -> bool:
        if self.reach.facts.staff is None:
            return True
        return any(
            staff_short(
                self.reach,
                [
                    *(g for g in self.groups if self.reach.overlap(g.start_on, day)),
                    GroupOfPlan(0, site.code, person.language, day, []),
                ],
            )
            <= 0
            for day in self.rules.starts_on
        )
