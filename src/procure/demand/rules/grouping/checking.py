"""What a plan costs and which rules it breaks, whoever made it: a solver, a rule or a hand."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from procure.demand.rules.grouping.facts import Figures, GroupOfPlan, PlanFacts
from procure.demand.rules.grouping.reach import Reach
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def figures(facts: PlanFacts, groups: Sequence[GroupOfPlan], reach: Reach | None = None) -> Figures:
    """Count what a plan gives and costs."""
    reach = reach or Reach(facts)
    placed = {person: group for group in groups for person in group.person_ids}
    waiting = unserved = travel = points = 0
    cost = Decimal("0.00")
    for person in facts.people:
        group = placed.get(person.id)
        if group is None:
            unserved += max(0, reach.waiting(person, reach.rules.horizon_on))
            points += reach.unserved_points(person)
            continue
        site = reach.site[group.site_code]
        waiting += reach.waiting(person, group.start_on)
        travel += reach.minutes(person, site) or 0
        points += reach.points(person, site, group.start_on)
        cost += reach.person_amount(person, site)
    cost += sum((reach.group_amount(reach.site[g.site_code]) for g in groups), Decimal(0))
    return Figures(
        people_count=len(facts.people),
        served_count=len(placed),
        groups_count=len(groups),
        waiting_days=waiting,
        unserved_days=unserved,
        travel_minutes=travel,
        points_count=points,
        cost_amount=cost.quantize(Decimal("0.01")),
    )


def broken(
    facts: PlanFacts, groups: Sequence[GroupOfPlan], reach: Reach | None = None
) -> list[Finding]:
    """List every rule that a plan breaks, in the order of its groups; then those of the whole."""
    reach = reach or Reach(facts)
    found = _wrong_people(reach, groups)
    for group in groups:
        found += _wrong_group(reach, group)
    return found + _wrong_together(reach, groups)


def _wrong_people(reach: Reach, groups: Iterable[GroupOfPlan]) -> list[Finding]:
    counted = Counter(person for group in groups for person in group.person_ids)
    return [
        Finding(
            "twice", n_("Request {reference} is in two groups."), {"reference": _name(reach, p)}
        )
        for p, count in counted.items()
        if count > 1
    ]


def _name(reach: Reach, person: UUID) -> str:
    return reach.person[person].reference if person in reach.person else str(person)


def _wrong_group(reach: Reach, group: GroupOfPlan) -> list[Finding]:
    rules, site = reach.rules, reach.site.get(group.site_code)
    no, size = group.no, len(group.person_ids)
    if site is None:
        return [Finding("site", n_("Group {group} meets nowhere that is known."), {"group": no})]
    found = []
    if size < rules.group_min:
        found.append(
            Finding(
                "size-min",
                n_("Group {group} has {size} people; it needs {least}."),
                {"group": no, "size": size, "least": rules.group_min},
            )
        )
    if size > (most := reach.seats(site)):
        found.append(
            Finding(
                "size-max",
                n_("Group {group} has {size} people; at {site} it may have {most}."),
                {"group": no, "size": size, "site": site.code, "most": most},
            )
        )
    if not reach.speaks(site, group.language):
        found.append(
            Finding(
                "site-language",
                n_("Group {group} meets at {site}, which is for other languages."),
                {"group": no, "site": site.code},
            )
        )
    if group.start_on not in rules.starts_on:
        found.append(
            Finding(
                "start",
                n_("Group {group} starts on {start}, which is no day on which groups start."),
                {"group": no, "start": group.start_on.isoformat()},
            )
        )
    people = [reach.person[p] for p in group.person_ids if p in reach.person]
    bands = Counter(person.risk_band for person in people)
    for band, most in rules.band_max.items():
        if bands[band] > most:
            found.append(
                Finding(
                    "band",
                    n_("Group {group} has {count} people of band {band}; it may have {most}."),
                    {"group": no, "count": bands[band], "band": band, "most": most},
                )
            )
    if (most_care := rules.childcare_max) is not None:
        care = sum(person.needs_childcare for person in people)
        if care > most_care:
            found.append(
                Finding(
                    "childcare",
                    n_("Group {group} has {count} people who need childcare; it may have {most}."),
                    {"group": no, "count": care, "most": most_care},
                )
            )
    return found + _wrong_members(reach, group)


def _wrong_members(reach: Reach, group: GroupOfPlan) -> list[Finding]:
    found, site = [], reach.site[group.site_code]
    for person_id in group.person_ids:
        person = reach.person.get(person_id)
        if person is None:
            found.append(
                Finding(
                    "gone",
                    n_("Group {group} has someone whose request no longer waits."),
                    {"group": group.no},
                )
            )
            continue
        said = {"group": group.no, "reference": person.reference}
        if person.language != group.language:
            found.append(
                Finding(
                    "language",
                    n_("Request {reference} is for another language than group {group}."),
                    said,
                )
            )
        if person.earliest_start_on > group.start_on:
            found.append(
                Finding(
                    "too-early",
                    n_("Group {group} starts before {reference} can, {days} days too early."),
                    {**said, "days": (person.earliest_start_on - group.start_on).days},
                )
            )
        found += _wrong_way(reach, group, person_id)
        if person.needs_access and not site.is_accessible:
            found.append(
                Finding(
                    "access",
                    n_("{reference} needs an accessible place; that of group {group} is not."),
                    said,
                )
            )
        if (
            person.needs_childcare
            and reach.rules.childcare_max is not None
            and not site.has_childcare
        ):
            found.append(
                Finding(
                    "no-childcare",
                    n_("Request {reference} needs childcare, which group {group} has not."),
                    said,
                )
            )
    return found


def _wrong_way(reach: Reach, group: GroupOfPlan, person_id: UUID) -> list[Finding]:
    person, site = reach.person[person_id], reach.site[group.site_code]
    minutes, most = reach.minutes(person, site), reach.rules.travel_minutes_max
    said = {"group": group.no, "reference": person.reference}
    if minutes is None:
        return [Finding("no-way", n_("No way is known for {reference} to group {group}."), said)]
    if most is not None and minutes > most:
        return [
            Finding(
                "travel",
                n_("{reference} would travel {minutes} minutes to group {group}, {over} too many."),
                {**said, "minutes": minutes, "over": minutes - most},
            )
        ]
    return []


def _wrong_together(reach: Reach, groups: Sequence[GroupOfPlan]) -> list[Finding]:
    rules, found = reach.rules, []
    days = sorted({group.start_on for group in groups})
    for site in reach.facts.sites:
        if site.rooms_count is None:
            continue
        at_once = max(
            (
                sum(
                    g.site_code == site.code and g.start_on <= day < rules.ends_on(g.start_on)
                    for g in groups
                )
                for day in days
            ),
            default=0,
        )
        if at_once > site.rooms_count:
            found.append(
                Finding(
                    "room",
                    n_("{count} groups meet at {site} at the same time; it has room for {most}."),
                    {"count": at_once, "site": site.code, "most": site.rooms_count},
                )
            )
    if (short := staff_short(reach, groups)) > 0:
        found.append(
            Finding("staff", n_("{count} facilitators more are needed at once."), {"count": short})
        )
    if rules.is_full_first:
        small = Counter(
            (g.site_code, g.language)
            for g in groups
            if not g.is_fixed and len(g.person_ids) < reach.seats(reach.site[g.site_code])
        )
        found += [
            Finding(
                "full-first",
                n_("{count} groups at {site} are not full; one may be."),
                {"count": count, "site": site},
            )
            for (site, _), count in small.items()
            if count > 1
        ]
    return found + _over_budget(reach, groups)


def _over_budget(reach: Reach, groups: Sequence[GroupOfPlan]) -> list[Finding]:
    if (budget := reach.rules.budget_amount) is None:
        return []
    spent = figures(reach.facts, groups, reach).cost_amount
    if spent <= budget:
        return []
    return [
        Finding(
            "budget",
            n_("The plan costs {cost}; the budget is {budget}, {over} less."),
            {"cost": spent, "budget": budget, "over": spent - budget},
        )
    ]


def staff_short(reach: Reach, groups: Sequence[GroupOfPlan]) -> int:
    """Return how many facilitators are missing on the worst day: 0 if each group can be led.

    Staff that can do less are asked first, each group by its county and language.
    """
    if reach.facts.staff is None:
        return 0
    worst = 0
    for day in sorted({group.start_on for group in groups}):
        need = Counter(
            (reach.site[g.site_code].county, g.language)
            for g in groups
            if g.start_on <= day < reach.rules.ends_on(g.start_on)
        )
        worst = max(
            worst,
            _short(reach, {key: n * reach.rules.facilitators_count for key, n in need.items()}),
        )
    return worst


def _short(reach: Reach, need: dict[tuple[str, str], int]) -> int:
    """Return what a largest flow from staff to needs leaves unmet, one unit at a time."""
    left = {n: staff.facilitators_count for n, staff in enumerate(reach.facts.staff or [])}
    given: dict[tuple[tuple[str, str], int], int] = Counter()
    short = 0
    for key, count in need.items():
        for _ in range(count):
            if not _give(reach, key, left, given, set()):
                short += 1
    return short


def _give(
    reach: Reach,
    key: tuple[str, str],
    left: dict[int, int],
    given: dict[tuple[tuple[str, str], int], int],
    seen: set[int],
) -> bool:
    """Find one facilitator for a need, moving others where that helps."""
    for number in reach.staff_of.get(key, []):
        if number in seen:
            continue
        seen.add(number)
        if left[number] > 0:
            left[number] -= 1
            given[key, number] += 1
            return True
        for (other, by), count in list(given.items()):
            if by == number and count and other != key and _give(reach, other, left, given, seen):
                given[other, number] -= 1
                given[key, number] += 1
                return True
    return False
