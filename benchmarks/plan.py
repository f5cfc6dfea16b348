"""A group plan of 5,000 open requests in 15 counties: how near its bounds, and how far from greedy.

`python -m benchmarks.plan [seconds] [requests] [threads]`. Prints the gaps and greedy ÷ plan.
"""

import sys
import time
from collections import Counter
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.adapters.highs import HighsOptimiser
from procure.demand.rules.grouping.checking import broken
from procure.demand.rules.grouping.facts import (
    Person,
    PlanFacts,
    PlanRules,
    Site,
    Staff,
    Trip,
)
from procure.demand.rules.grouping.making import make_plan
from procure.demo.requests import made_up
from procure.parameters import reference

UNTIL = date(2026, 11, 1)
STARTS = [date(2026, 12, 1), *(date(2027, month, 1) for month in range(1, 7))]


def people(count: int, seed: int = 1) -> list[Person]:
    """Make up so many people who wait, all suitable, the last to have asked."""
    places = {bureau["code"]: bureau["name"]["et"] for bureau in reference("bureaus")}
    rows = [
        row
        for row in made_up(years=2, seed=seed, until=UNTIL, scale=count / 4500)
        if row["suitability"] == "suitable"
    ][-count:]
    return [
        Person(
            id=UUID(int=number),
            reference=str(row["reference"]),
            place=places[str(row["bureau"])],
            county=str(row["county"]),
            language=str(row["language"]),
            risk_band=str(row["risk_band"]),
            created_on=date.fromisoformat(str(row["created_on"])),
            earliest_start_on=date.fromisoformat(str(row["earliest_start_on"])),
            needs_transport=bool(row["needs_transport"]),
            needs_childcare=bool(row["needs_childcare"]),
        )
        for number, row in enumerate(rows, start=1)
    ]


def trips() -> list[Trip]:
    """Read the place table."""
    found = []
    for item in reference("travel"):
        start, _, end = item["code"].partition(">")
        found.append(Trip(start, end, item["km"], item["car_minutes"], item["bus_minutes"]))
    return found


def scenario(count: int, seed: int = 1) -> PlanFacts:
    """Make facts in which rooms, facilitators and money are each a little short."""
    asking = people(count, seed)
    by_place = Counter(person.place for person in asking)
    by_need = Counter((person.county, person.language) for person in asking)
    sites = []
    for number, place in enumerate(reference("places")):
        # A room gives two groups in the half year; nine in ten of those who need one find it.
        rooms = round(by_place[place["code"]] / 12 / 2 * 0.9) + (number % 3 == 0)
        if rooms:
            sites.append(
                Site(
                    code=f"S{number:02d}",
                    place=place["code"],
                    county=place["county"],
                    seats_count=(12, 14, 11, 16)[number % 4],
                    is_accessible=number % 5 != 4,
                    has_childcare=number % 2 == 0,
                    rooms_count=rooms,
                    month_amount=Decimal(100 + 50 * (number % 5)),
                )
            )
    staff = [
        Staff(f"{county} {language}", [language], [county], max(2, round(n / 12 / 2 * 2 * 0.95)))
        for (county, language), n in sorted(by_need.items())
        if n >= 4
    ]
    staff.append(Staff("anywhere", ["et", "ru"], sorted({p.county for p in asking}), 8))
    rules = PlanRules(
        group_min=8,
        group_max=12,
        starts_on=STARTS,
        weeks_count=15,
        travel_minutes_max=60,
        band_max={"C": 5},
        childcare_max=3,
        budget_amount=Decimal(round(count * 0.85)) * 1400,
        person_amount=Decimal("1320.00"),
        km_amount=Decimal("0.10"),
        travel_day_amount_max=Decimal("26.00"),
        days_count=60,
    )
    return PlanFacts("TOOHARJUTUS-LAADNE", asking, sites, trips(), rules, staff)


def main() -> None:
    """Plan, check the plan, and print what it is worth."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    facts = scenario(count)
    started = time.perf_counter()
    plan = make_plan(facts, HighsOptimiser(threads=threads), seconds=seconds)
    took = time.perf_counter() - started
    assert not broken(facts, plan.groups), broken(facts, plan.groups)[:5]
    greedy, found = plan.greedy, plan.figures
    print(f"{count} open requests, {len(facts.sites)} meeting places, 15 counties: {took:.1f} s")
    print(f"greedy: {msgspec.to_builtins(greedy)}")
    print(f"plan:   {msgspec.to_builtins(found)}")
    print(f"people served: at most {plan.served_bound}; gap {plan.served_gap_permille / 10:.1f} %")
    gap = plan.points_gap_permille / 10
    print(f"no place, waiting, travel: gap {gap:.1f} % of {found.points_count}")
    print(
        f"greedy / plan: people {greedy.served_count / found.served_count:.3f}, "
        f"points {greedy.points_count / found.points_count:.3f}"
    )
    print("why not:", dict(Counter(p.why.code for p in plan.placings if p.group_no is None)))


if __name__ == "__main__":
    main()
