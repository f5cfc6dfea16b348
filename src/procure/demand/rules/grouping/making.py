"""A plan made: the most people with the least waiting and travel, and a reason for each of them."""

import math
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from procure.demand.rules.grouping.checking import broken, figures
from procure.demand.rules.grouping.facts import (
    FixedGroup,
    GroupOfPlan,
    GroupPlan,
    Person,
    PlanFacts,
    Quality,
    Relaxation,
)
from procure.demand.rules.grouping.greedy import first_come
from procure.demand.rules.grouping.model import (
    Cell,
    GroupModel,
    Programme,
    Row,
    Solve,
    build,
    come_columns,
    elastic,
)
from procure.demand.rules.grouping.reach import Reach
from procure.demand.rules.grouping.reasons import placings
from procure.demand.rules.groups import Reason, because
from procure.kernel.texts import n_

# Hundredths of the time given: which groups, then who goes where; the rest is for asking how many
# people could have a place at all.
GROUPS, PEOPLE = 65, 15


def make_plan(facts: PlanFacts, solve: Solve, *, seconds: int) -> GroupPlan:
    """Plan the groups within so many seconds; never worse than first come first served."""
    reach = Reach(facts)
    start = first_come(facts, reach)
    model = build(facts, reach)
    model.programme.costs = _point_costs(model, reach)
    greedy = figures(facts, start, reach)
    answer = solve(model.programme, _part(seconds, GROUPS), _values(model, reach, start))
    if answer.is_infeasible:
        return _infeasible(facts, reach, model, solve, seconds)
    groups = _assigned(model, reach, solve, _part(seconds, PEOPLE), answer.values)
    found = figures(facts, groups, reach)
    is_worse = found.points_count > greedy.points_count or broken_more(facts, reach, groups)
    if is_worse and not broken_more(facts, reach, start):
        groups, found = start, greedy
    points = min(_points_unplaced(reach) + answer.bound, found.points_count)
    most = max(_most(model, solve, _part(seconds, 100 - GROUPS - PEOPLE), answer.values), 0)
    return GroupPlan(
        quality=Quality.BEST if found.points_count == points else Quality.BOUNDED,
        groups=groups,
        placings=placings(reach, groups),
        figures=found,
        served_bound=max(most, found.served_count),
        points_bound=points,
        greedy=greedy,
    )


def _part(seconds: int, hundredths: int) -> int:
    return max(seconds * hundredths // 100, 1)


def broken_more(facts: PlanFacts, reach: Reach, groups: Sequence[GroupOfPlan]) -> bool:
    """Tell whether a plan breaks a rule that the fixed decisions did not break already."""
    own = [group for group in groups if not group.is_fixed]
    before = [
        GroupOfPlan(f.no, f.site_code, f.language, f.start_on, f.person_ids, is_fixed=True)
        for f in facts.fixed
    ]
    allowed = {finding.message for finding in broken(facts, before, reach)}
    found = broken(facts, [*before, *own] if not before else groups, reach)
    return any(finding.message not in allowed for finding in found)


def _most(model: GroupModel, solve: Solve, seconds: int, start: Sequence[int] | None) -> int:
    """Ask how many people could get a place, whatever their waiting and travel; a bound."""
    programme = model.programme
    costs = [0] * len(programme.costs)
    for column in come_columns(model.cells):
        costs[column] = -1
    answer = solve(msgspec.structs.replace(programme, costs=costs), seconds, start)
    fixed = sum(cell.fixed is not None and len(cell.fixed.person_ids) for cell in model.cells)
    return fixed - answer.bound


def _point_costs(model: GroupModel, reach: Reach) -> list[int]:
    """Give each column its points, less what its person would count without a place."""
    costs = [0] * len(model.programme.costs)
    for cell in model.cells:
        for number, column in cell.comes.items():
            people = model.kinds[number].people
            points = sum(
                reach.points(person, cell.site, cell.start_on) - reach.unserved_points(person)
                for person in people
            )
            costs[column] = points // len(people)
    return costs


def _points_unplaced(reach: Reach) -> int:
    """Return what counts before anybody is placed: the fixed ones, and all others unserved."""
    facts = reach.facts
    fixed = [
        GroupOfPlan(f.no, f.site_code, f.language, f.start_on, f.person_ids) for f in facts.fixed
    ]
    return figures(facts, fixed, reach).points_count


def _assigned(
    model: GroupModel,
    reach: Reach,
    solve: Solve,
    seconds: int,
    values: Sequence[int] | None,
) -> list[GroupOfPlan]:
    """Say who goes where in the groups that are formed: whole people, as many as possible."""
    if values is None:
        return [
            GroupOfPlan(f.no, f.site_code, f.language, f.start_on, f.person_ids, is_fixed=True)
            for f in reach.facts.fixed
        ]
    programme = model.programme
    counted = Programme(
        programme.costs,
        list(programme.lowers),
        list(programme.uppers),
        list(programme.whole),
        programme.rows,
    )
    for column in come_columns(model.cells):
        counted.whole[column] = True
    for cell in model.cells:
        for decided in (cell.groups, cell.partial):
            if decided is not None:
                counted.lowers[decided] = counted.uppers[decided] = values[decided]
        if not values[cell.groups]:
            for column in cell.comes.values():
                counted.uppers[column] = 0
    answer = solve(counted, seconds, values)
    return _groups(model, reach, answer.values or values)


def _groups(model: GroupModel, reach: Reach, values: Sequence[int]) -> list[GroupOfPlan]:
    """Deal the people of each cell to its groups."""
    left = [list(kind.people) for kind in model.kinds]
    found: list[GroupOfPlan] = []
    number = max((fixed.no for fixed in reach.facts.fixed), default=0)
    for cell in model.cells:
        people: list[Person] = []
        for kind, column in cell.comes.items():
            count = min(values[column], len(left[kind]))
            people += left[kind][:count]
            del left[kind][:count]
        if cell.fixed is not None:
            found.append(_filled(cell.fixed, people))
            continue
        if not (count := values[cell.groups]):
            continue
        for members in dealt(people, count, reach, cell):
            number += 1
            found.append(
                GroupOfPlan(
                    number, cell.site.code, cell.language, cell.start_on, [p.id for p in members]
                )
            )
    order = sorted(found, key=lambda g: (not g.is_fixed, g.no))
    return [group for group in order if group.is_fixed or group.person_ids]


def _filled(fixed: FixedGroup, people: Sequence[Person]) -> GroupOfPlan:
    return GroupOfPlan(
        fixed.no,
        fixed.site_code,
        fixed.language,
        fixed.start_on,
        [*fixed.person_ids, *(person.id for person in people)],
        is_fixed=True,
    )


def dealt(people: Sequence[Person], count: int, reach: Reach, cell: Cell) -> list[list[Person]]:
    """Deal people to `count` groups like cards, so that bands and needs are spread evenly.

    Where small groups are the exception, all but the last are filled first.
    """
    rules, most = reach.rules, reach.seats(cell.site)
    order = sorted(people, key=lambda p: (p.risk_band, p.needs_childcare, p.reference))
    if rules.is_full_first:
        ends = [order[n * most : (n + 1) * most] for n in range(count)]
        return [members for members in ends if members]
    groups: list[list[Person]] = [[] for _ in range(count)]
    for number, person in enumerate(order):
        groups[number % count].append(person)
    if rules.childcare_max is not None:
        _spread_childcare(groups, rules.childcare_max)
    return groups


def _spread_childcare(groups: list[list[Person]], most: int) -> None:
    """Exchange people of one band until no group has more who need childcare than it may."""

    def needing(members: Sequence[Person]) -> list[Person]:
        return [person for person in members if person.needs_childcare]

    for group in groups:
        for person in needing(group)[most:]:
            for other in groups:
                if len(needing(other)) >= most:
                    continue
                for swap in other:
                    if not swap.needs_childcare and swap.risk_band == person.risk_band:
                        group[group.index(person)], other[other.index(swap)] = swap, person
                        break
                else:
                    continue
                break


def _values(model: GroupModel, reach: Reach, groups: Sequence[GroupOfPlan]) -> list[int] | None:
    """Say what the columns are in a plan that somebody else made, as a start for the solver."""
    kind_of = {p.id: n for n, kind in enumerate(model.kinds) for p in kind.people}
    cells = {(c.site.code, c.language, c.start_on): c for c in model.cells if c.fixed is None}
    values = [0] * len(model.programme.costs)
    for column, lower in enumerate(model.programme.lowers):
        values[column] = lower
    used: dict[int, int] = defaultdict(int)
    for group in groups:
        if group.is_fixed:
            continue
        cell = cells.get((group.site_code, group.language, group.start_on))
        if cell is None:
            return None
        used[cell.groups] += 1
        if cell.partial is not None and len(group.person_ids) < reach.seats(cell.site):
            used[cell.partial] += 1
        for person in group.person_ids:
            used[cell.comes[kind_of[person]]] += 1
    for column, value in used.items():
        values[column] = value
    # Which facilitator leads which group is left to the solver, which repairs what is missing.
    return None if reach.facts.staff is not None else values


def _infeasible(
    facts: PlanFacts, reach: Reach, model: GroupModel, solve: Solve, seconds: int
) -> GroupPlan:
    """Say which rules would have to give way, and by how much, for the fixed decisions to hold."""
    programme, gives = elastic(model.programme)
    answer = solve(programme, max(seconds // 2, 1), None)
    values = answer.values or [0] * len(programme.costs)
    fixed = [
        GroupOfPlan(f.no, f.site_code, f.language, f.start_on, f.person_ids, is_fixed=True)
        for f in facts.fixed
    ]
    found = figures(facts, fixed, reach)
    return GroupPlan(
        quality=Quality.INFEASIBLE,
        groups=fixed,
        placings=placings(reach, fixed),
        figures=found,
        served_bound=found.served_count,
        points_bound=found.points_count,
        greedy=found,
        relaxations=[
            Relaxation(row.rule, row.subject, values[column], _why(row, values[column]))
            for column, row in gives.items()
            if values[column] > 0
        ],
    )


def _why(row: Row, count: int) -> Reason:
    words = {
        "size-min": n_("Group {subject}: {count} people more, or a smallest size that much lower."),
        "size-max": n_("Group {subject}: {count} people less, or that many seats more."),
        "band": n_("Group {subject}: {count} people of one band less, or a higher limit."),
        "childcare": n_("Group {subject}: {count} places of childcare more."),
        "room": n_("Meeting place {subject}: {count} rooms more at the same time."),
        "staff": n_("Facilitators {subject}: {count} more at the same time."),
        "led": n_("Groups in {subject}: {count} facilitators more at the same time."),
        "served": n_("A target of {count} people less."),
        "budget": n_("{count} euros more in the budget."),
    }
    return because(row.rule, words[row.rule], subject=row.subject, count=math.ceil(count))
