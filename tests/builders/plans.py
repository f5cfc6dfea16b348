"""Facts of group plans for tests: a few people, two places an hour apart, and room for groups."""

from datetime import date
from typing import Any
from uuid import UUID

from procure.adapters.highs import HighsOptimiser
from procure.demand.rules.grouping.facts import (
    GroupPlan,
    Person,
    PlanFacts,
    PlanRules,
    Site,
    Trip,
)
from procure.demand.rules.grouping.making import make_plan

START = date(2027, 1, 4)
LATER = date(2027, 2, 1)
TRIPS = [
    Trip("Tartu", "Jõgeva", 50, 46, 75),
    Trip("Tartu", "Valga", 88, 81, None),
    Trip("Jõgeva", "Valga", 138, 127, None),
]
COUNTIES = {"Tartu": "EE-79", "Jõgeva": "EE-50", "Valga": "EE-81"}


def a_person(number: int, **overrides: Any) -> Person:
    """Describe someone in Tartu who can start in the new year."""
    values: dict[str, Any] = {
        "id": UUID(int=number),
        "reference": f"R-{number:04d}",
        "place": "Tartu",
        "language": "et",
        "risk_band": "B",
        "created_on": date(2026, 11, 2),
        "earliest_start_on": date(2026, 12, 1),
        "needs_transport": False,
        "needs_childcare": False,
        **overrides,
    }
    values.setdefault("county", COUNTIES.get(values["place"], "EE-79"))
    return Person(**values)


def a_site(code: str = "T", **overrides: Any) -> Site:
    """Describe a place in Tartu with one room of sixteen seats."""
    values: dict[str, Any] = {"code": code, "place": "Tartu", "seats_count": 16, **overrides}
    values.setdefault("county", COUNTIES[values["place"]])
    return Site(**values)


def plan_rules(**overrides: Any) -> PlanRules:
    """Ask for groups of 4 to 6, within an hour."""
    values: dict[str, Any] = {
        "group_min": 4,
        "group_max": 6,
        "starts_on": [START, LATER],
        "weeks_count": 15,
        "travel_minutes_max": 60,
        **overrides,
    }
    return PlanRules(**values)


def plan_facts(people: list[Person], **overrides: Any) -> PlanFacts:
    """Put facts together; `rules` may be a Struct or overrides of the usual ones."""
    rules = overrides.pop("rules", {})
    values: dict[str, Any] = {
        "service_code": "TOOHARJUTUS-LAADNE",
        "people": people,
        "sites": [a_site()],
        "trips": TRIPS,
        "rules": rules if isinstance(rules, PlanRules) else plan_rules(**rules),
        **overrides,
    }
    return PlanFacts(**values)


def planned(facts: PlanFacts, *, seconds: int = 5) -> GroupPlan:
    """Plan with HiGHS, on one core, so that the answer is the same each time."""
    return make_plan(facts, HighsOptimiser(threads=1), seconds=seconds)
