"""The plan as a mixed-integer programme without symmetry.

People who are alike (home, language, needs, band, month from which they can start) are one kind,
and groups that are alike (site, language, start) one cell: whole numbers say how many groups each
cell has, and how many of each kind come to it. A model with one variable a group and person has as
many equal solutions as there are orders of the groups, and a solver looks at all of them.
Coefficients are whole; the budget is counted in whole euros, rounded up.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import msgspec

from procure.demand.rules.grouping.facts import FixedGroup, Person, PlanFacts, Site
from procure.demand.rules.grouping.reach import Reach


class Row(msgspec.Struct, frozen=True):
    """One condition: lower ≤ Σ factor × column ≤ upper; a missing bound does not hold."""

    rule: str
    subject: str
    lower: int | None
    upper: int | None
    columns: list[int]
    factors: list[int]


class Programme(msgspec.Struct):
    """Columns with bounds, conditions, and what is to be made small."""

    costs: list[int]
    lowers: list[int]
    uppers: list[int | None]
    whole: list[bool]
    rows: list[Row]

    def add(self, *, lower: int = 0, upper: int | None = None, whole: bool = False) -> int:
        """Add a column and return its number."""
        self.costs.append(0)
        self.lowers.append(lower)
        self.uppers.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1


class Answer(msgspec.Struct, frozen=True):
    """What a solver says: values to the nearest whole number, and a bound that no solution beats.

    Without values there is no solution (`is_infeasible`), or none was found in the time.
    """

    values: list[int] | None
    bound: int
    is_best: bool = False
    is_infeasible: bool = False


# Solve in at most so many seconds, from these values if they are given.
Solve = Callable[[Programme, int, Sequence[int] | None], Answer]


class Kind(msgspec.Struct, frozen=True):
    """People whom the plan cannot tell apart, those who have waited longest first."""

    people: list[Person]
    first_start: int  # the number of the first start by which they are ready

    @property
    def one(self) -> Person:
        """Any of them, for what they have in common."""
        return self.people[0]


class Cell(msgspec.Struct, frozen=True):
    """Groups of one site, language and start; or one group that a person decided."""

    site: Site
    language: str
    start_on: date
    groups: int  # its column: how many
    partial: int | None  # its column: how many below the largest size
    comes: dict[int, int]  # kind: the column of how many of it come
    fixed: FixedGroup | None = None


class GroupModel(msgspec.Struct, frozen=True):
    """The programme with what its columns mean."""

    programme: Programme
    kinds: list[Kind]
    cells: list[Cell]


def kinds_of(reach: Reach, people: Iterable[Person]) -> list[Kind]:
    """Sort people into kinds; who cannot start by the last start is in none."""
    rules = reach.rules
    found: dict[tuple[object, ...], list[Person]] = defaultdict(list)
    for person in people:
        ready = [n for n, day in enumerate(rules.starts_on) if person.earliest_start_on <= day]
        if not ready:
            continue
        key = (
            person.place,
            person.county,
            person.language,
            person.risk_band if person.risk_band in rules.band_max else "",
            person.needs_transport,
            person.needs_childcare and rules.childcare_max is not None,
            person.needs_access,
            ready[0],
            reach.months_waited(person),
        )
        found[key].append(person)
    return [
        Kind(
            sorted(members, key=lambda p: (p.earliest_start_on, p.created_on, p.reference)),
            next(n for n, day in enumerate(rules.starts_on) if members[0].earliest_start_on <= day),
        )
        for _, members in sorted(found.items(), key=lambda item: repr(item[0]))
    ]


def build(facts: PlanFacts, reach: Reach) -> GroupModel:
    """Write the facts as a programme; its costs are still nothing."""
    decided = {person for group in facts.fixed for person in group.person_ids}
    decided |= set(facts.held_out)
    kinds = kinds_of(reach, (p for p in facts.people if p.id not in decided))
    programme = Programme([], [], [], [], [])
    cells = [_fixed_cell(programme, reach, kinds, group) for group in facts.fixed]
    cells += _free_cells(programme, reach, kinds)
    for cell in cells:
        programme.rows += _cell_rows(reach, kinds, cell)
    comes: dict[int, list[int]] = defaultdict(list)
    for cell in cells:
        for kind, column in cell.comes.items():
            comes[kind].append(column)
    for number, columns in comes.items():
        most = len(kinds[number].people)
        programme.rows.append(Row("people", str(number), None, most, columns, [1] * len(columns)))
    programme.rows += _full_first_rows(cells)
    programme.rows += _room_rows(reach, cells)
    programme.rows += _staff_rows(programme, reach, cells)
    programme.rows += _budget_rows(reach, kinds, cells)
    if (least := facts.rules.serve_at_least_count) is not None:
        placed = sum(len(group.person_ids) for group in facts.fixed)
        columns = come_columns(cells)
        programme.rows.append(Row("served", "", least - placed, None, columns, [1] * len(columns)))
    return GroupModel(programme, kinds, cells)


def come_columns(cells: Iterable[Cell]) -> list[int]:
    """List the columns that count people who get a place."""
    return [column for cell in cells for column in cell.comes.values()]


def _kinds_for(
    reach: Reach, kinds: Sequence[Kind], site: Site, language: str, start: int
) -> list[int]:
    return [
        number
        for number, kind in enumerate(kinds)
        if kind.one.language == language
        and kind.first_start <= start
        and reach.fits(kind.one, site)
    ]


def _fixed_cell(
    programme: Programme, reach: Reach, kinds: Sequence[Kind], group: FixedGroup
) -> Cell:
    site = reach.site[group.site_code]
    ready = [
        n for n, kind in enumerate(kinds) if kind.people[-1].earliest_start_on <= group.start_on
    ]
    column = programme.add(lower=1, upper=1, whole=True)
    comes = {
        number: programme.add(upper=len(kinds[number].people))
        for number in ready
        if group.is_open
        and kinds[number].one.language == group.language
        and reach.fits(kinds[number].one, site)
    }
    return Cell(site, group.language, group.start_on, column, None, comes, group)


def _free_cells(programme: Programme, reach: Reach, kinds: Sequence[Kind]) -> list[Cell]:
    """Make a cell wherever enough people could meet."""
    rules, found = reach.rules, []
    languages = sorted({kind.one.language for kind in kinds})
    for site in reach.facts.sites:
        if reach.seats(site) < rules.group_min:
            continue
        for language in languages:
            if not reach.speaks(site, language):
                continue
            if reach.facts.staff is not None and (site.county, language) not in reach.staff_of:
                continue
            for start, day in enumerate(rules.starts_on):
                able = _kinds_for(reach, kinds, site, language, start)
                people = sum(len(kinds[number].people) for number in able)
                if people < rules.group_min:
                    continue
                most = people // rules.group_min
                if site.rooms_count is not None:
                    most = min(most, site.rooms_count)
                groups = programme.add(upper=most, whole=True)
                partial = programme.add(upper=1, whole=True) if rules.is_full_first else None
                comes = {n: programme.add(upper=len(kinds[n].people)) for n in able}
                found.append(Cell(site, language, day, groups, partial, comes))
    return found


def _cell_rows(reach: Reach, kinds: Sequence[Kind], cell: Cell) -> list[Row]:
    """Bound the size of the groups of a cell, and who may be in them."""
    rules, fixed = reach.rules, cell.fixed
    members = [reach.person[person] for person in fixed.person_ids] if fixed else []
    subject = f"{fixed.no}" if fixed else f"{cell.site.code} {cell.language} {cell.start_on}"
    here, columns = len(members), list(cell.comes.values())
    ones, most = [1] * len(columns), reach.seats(cell.site)

    def bounded(
        rule: str, lower: int | None, upper: int | None, pairs: list[tuple[int, int]]
    ) -> Row:
        return Row(rule, subject, lower, upper, [c for c, _ in pairs], [f for _, f in pairs])

    comes = list(zip(columns, ones, strict=True))
    least = [(cell.groups, -rules.group_min)]
    if cell.partial is not None:
        least = [(cell.groups, -most), (cell.partial, most - rules.group_min)]
    rows = [
        bounded("size-min", -here, None, [*comes, *least]),
        bounded("size-max", None, -here, [*comes, (cell.groups, -most)]),
    ]
    for band, upper in rules.band_max.items():
        of = [(c, 1) for n, c in cell.comes.items() if kinds[n].one.risk_band == band]
        there = sum(person.risk_band == band for person in members)
        if of or there > upper:
            rows.append(bounded("band", None, -there, [*of, (cell.groups, -upper)]))
    if rules.childcare_max is not None:
        of = [(c, 1) for n, c in cell.comes.items() if kinds[n].one.needs_childcare]
        there = sum(person.needs_childcare for person in members)
        if of or there > rules.childcare_max:
            pairs = [*of, (cell.groups, -rules.childcare_max)]
            rows.append(bounded("childcare", None, -there, pairs))
    return rows


def _full_first_rows(cells: Sequence[Cell]) -> list[Row]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for cell in cells:
        if cell.partial is not None:
            found[cell.site.code, cell.language].append(cell.partial)
    return [
        Row("full-first", f"{site} {language}", None, 1, columns, [1] * len(columns))
        for (site, language), columns in found.items()
        if len(columns) > 1
    ]


def _days(cells: Sequence[Cell]) -> list[date]:
    """List the days on which something starts: what overlaps does so on one of them."""
    return sorted({cell.start_on for cell in cells})


def _room_rows(reach: Reach, cells: Sequence[Cell]) -> list[Row]:
    rows = []
    by_site: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_site[cell.site.code].append(cell)
    for code, here in by_site.items():
        rooms = reach.site[code].rooms_count
        if rooms is None:
            continue
        for day in _days(here):
            columns = [
                c.groups for c in here if c.start_on <= day < reach.rules.ends_on(c.start_on)
            ]
            rows.append(Row("room", code, None, rooms, columns, [1] * len(columns)))
    return rows


def _staff_rows(programme: Programme, reach: Reach, cells: Sequence[Cell]) -> list[Row]:
    """Ask that each group has its facilitators, and nobody leads two groups at a time."""
    if reach.facts.staff is None:
        return []
    rows, leads = [], defaultdict(list)
    by_need: dict[tuple[str, str, date], list[Cell]] = defaultdict(list)
    for cell in cells:
        by_need[cell.site.county, cell.language, cell.start_on].append(cell)
    for (county, language, day), needing in by_need.items():
        columns = [cell.groups for cell in needing]
        factors = [-reach.rules.facilitators_count] * len(columns)
        for number in reach.staff_of.get((county, language), []):
            column = programme.add(upper=reach.facts.staff[number].facilitators_count)
            leads[number].append((day, column))
            columns.append(column)
            factors.append(1)
        rows.append(Row("led", f"{county} {language}", 0, None, columns, factors))
    for number, led in leads.items():
        staff = reach.facts.staff[number]
        for day in sorted({start for start, _ in led}):
            at_once = [c for start, c in led if start <= day < reach.rules.ends_on(start)]
            rows.append(
                Row(
                    "staff",
                    staff.code,
                    None,
                    staff.facilitators_count,
                    at_once,
                    [1] * len(at_once),
                )
            )
    return rows


def _budget_rows(reach: Reach, kinds: Sequence[Kind], cells: Sequence[Cell]) -> list[Row]:
    if (budget := reach.rules.budget_amount) is None:
        return []
    columns, factors, spent = [], [], 0
    for cell in cells:
        columns.append(cell.groups)
        factors.append(math.ceil(reach.group_amount(cell.site)))
        for number, column in cell.comes.items():
            columns.append(column)
            factors.append(math.ceil(reach.person_amount(kinds[number].one, cell.site)))
        for person in cell.fixed.person_ids if cell.fixed else []:
            spent += math.ceil(reach.person_amount(reach.person[person], cell.site))
    return [Row("budget", "", None, math.floor(budget) - spent, columns, factors)]


# What one unit of giving way counts, so that the least of it is found: a person, a room, an euro.
PRICES = {
    "size-min": 1_000,
    "size-max": 1_000,
    "band": 1_000,
    "childcare": 1_000,
    "room": 5_000,
    "staff": 5_000,
    "led": 5_000,
    "served": 20_000,
    "budget": 1,
}


def elastic(programme: Programme) -> tuple[Programme, dict[int, Row]]:
    """Let every rule give way at a price, and say which row each new column is of."""
    found = Programme(
        [0] * len(programme.costs),
        list(programme.lowers),
        list(programme.uppers),
        list(programme.whole),
        [],
    )
    gives: dict[int, Row] = {}
    for row in programme.rows:
        if row.rule not in PRICES:
            found.rows.append(row)
            continue
        column = found.add()
        found.costs[column] = PRICES[row.rule]
        gives[column] = row
        sign = 1 if row.lower is not None else -1
        found.rows.append(
            msgspec.structs.replace(
                row, columns=[*row.columns, column], factors=[*row.factors, sign]
            )
        )
    return found, gives
