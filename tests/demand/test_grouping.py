"""Group plans: what they keep to, what they are never worse than, and what they say."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procure.adapters.highs import HighsOptimiser
from procure.demand.rules.grouping.checking import broken, figures, staff_short
from procure.demand.rules.grouping.facts import (
    FixedGroup,
    GroupOfPlan,
    GroupPlan,
    Person,
    PlanFacts,
    PlanRules,
    Quality,
    Site,
    Staff,
)
from procure.demand.rules.grouping.greedy import first_come
from procure.demand.rules.grouping.making import broken_more, dealt, make_plan
from procure.demand.rules.grouping.model import Answer, Cell, build, come_columns, elastic, kinds_of
from procure.demand.rules.grouping.moving import (
    Move,
    MoveKind,
    fixed_of,
    group_moves,
    moved,
    person_moves,
)
from procure.demand.rules.grouping.reach import Reach
from procure.demand.rules.grouping.reasons import placings
from procure.kernel.canonical import canonical, read_canonical
from procure.kernel.errors import Refused
from tests.builders.plans import LATER, START, a_person, a_site, plan_facts, plan_rules, planned
from tests.demand.test_groups import example, shared  # noqa: F401 - a fixture


def whys(plan: GroupPlan) -> Counter[str]:
    return Counter(placing.why.code for placing in plan.placings)


def people(count: int, first: int = 1, **overrides: Any) -> list[Person]:
    return [a_person(number, **overrides) for number in range(first, first + count)]


# --- What is served ---------------------------------------------------------


def test_one_too_few_make_no_group_and_the_reason_says_how_many_are_missing() -> None:
    assert planned(plan_facts(people(4))).figures.served_count == 4
    plan = planned(plan_facts(people(3)))
    assert plan.figures.served_count == 0
    assert plan.placings[0].why.values == {"waiting": 3, "least": 4, "missing": 1}


def test_people_who_overfill_one_group_make_two_smaller_ones() -> None:
    """First come first served would fill one group of six and leave three waiting."""
    plan = planned(plan_facts(people(9), sites=[a_site(rooms_count=2)]))
    assert sorted(len(group.person_ids) for group in plan.groups) == [4, 5]
    assert (plan.greedy.served_count, plan.figures.served_count) == (6, 9)


def test_full_first_leaves_the_rest_waiting() -> None:
    facts = plan_facts(people(9), sites=[a_site(rooms_count=2)], rules={"is_full_first": True})
    plan = planned(facts)
    assert (plan.figures.served_count, plan.quality) == (6, Quality.BEST)


@pytest.mark.parametrize(
    ("most", "served"),
    [pytest.param(46, 4, id="a way as long as the limit"), pytest.param(45, 0, id="a minute more")],
)
def test_travel_within_the_limit(most: int, served: int) -> None:
    facts = plan_facts(people(4, place="Jõgeva"), rules={"travel_minutes_max": most})
    plan = planned(facts)
    assert plan.figures.served_count == served
    assert whys(plan) == Counter({"placed" if served else "too-far": 4})


def test_who_needs_transport_goes_by_bus_or_not_at_all() -> None:
    facts = plan_facts(
        [*people(4), *people(2, 10, place="Jõgeva", needs_transport=True)],
        rules={"travel_minutes_max": 75},
    )
    assert planned(facts).figures.served_count == 6
    without_bus = msgspec.structs.replace(facts, sites=[a_site(has_public_transport=False)])
    plan = planned(without_bus)
    assert plan.figures.served_count == 4
    assert whys(plan)["no-way"] == 2


def test_a_room_is_used_by_one_group_at_a_time() -> None:
    facts = plan_facts(people(8), rules={"group_max": 4})
    plan = planned(facts)
    assert plan.figures.served_count == 4
    assert whys(plan)["room"] == 4
    short = msgspec.structs.replace(facts, rules=plan_rules(group_max=4, weeks_count=4))
    assert planned(short).figures.served_count == 8


def test_seats_limit_a_group_below_its_largest_size() -> None:
    facts = plan_facts(people(6), sites=[a_site(seats_count=5)])
    assert [len(group.person_ids) for group in planned(facts).groups] == [5]


def test_each_band_has_its_limit() -> None:
    facts = plan_facts([*people(4, risk_band="C"), *people(2, 10)], rules={"band_max": {"C": 2}})
    plan = planned(facts)
    [group] = plan.groups
    assert len(group.person_ids) == 4


def test_people_of_a_limited_band_are_spread_where_first_come_would_crowd_them_out() -> None:
    asking = [*people(5, risk_band="C"), *people(4, 10)]
    facts = plan_facts(asking, sites=[a_site(rooms_count=2)], rules={"band_max": {"C": 2}})
    plan = planned(facts)
    assert (plan.greedy.served_count, plan.figures.served_count) == (6, 8)
    assert whys(plan)["mix"] == 1


def test_a_solver_without_an_answer_leaves_first_come_first_served() -> None:
    facts = plan_facts(people(9), sites=[a_site(rooms_count=2)])
    plan = make_plan(facts, lambda *_: Answer(None, -(10**9)), seconds=1)
    assert plan.figures == plan.greedy
    assert (plan.figures.served_count, plan.quality) == (6, Quality.BOUNDED)


def test_childcare_is_asked_only_where_a_limit_is_set() -> None:
    needing = plan_facts(people(4, needs_childcare=True))
    assert planned(needing).figures.served_count == 4
    limited = msgspec.structs.replace(needing, rules=plan_rules(childcare_max=4))
    assert whys(planned(limited)) == Counter({"no-childcare": 4})
    there = msgspec.structs.replace(limited, sites=[a_site(has_childcare=True)])
    assert planned(there).figures.served_count == 4


def test_facilitators_limit_how_many_groups_meet_at_once() -> None:
    facts = plan_facts(
        people(8),
        sites=[a_site(rooms_count=3)],
        rules={"group_max": 4},
        staff=[Staff("tartu", ["et"], ["EE-79"], 2)],
    )
    plan = planned(facts)
    assert (plan.figures.groups_count, plan.quality) == (1, Quality.BEST)
    assert whys(plan)["staff"] == 4
    assert whys(planned(msgspec.structs.replace(facts, staff=[])))["no-staff"] == 8


@pytest.mark.parametrize(
    ("budget", "served"),
    [
        pytest.param("4000.00", 4, id="the last euro may be spent"),
        pytest.param("3999.99", 0, id="a cent less is too little"),
    ],
)
def test_the_budget_holds(budget: str, served: int) -> None:
    rules = {"person_amount": Decimal("1000.00"), "budget_amount": Decimal(budget)}
    plan = planned(plan_facts(people(5), rules=rules))
    assert plan.figures.served_count == served
    assert whys(plan)["budget"] == 5 - served


def test_nobody_starts_before_they_can() -> None:
    late = people(4, earliest_start_on=START + timedelta(days=1))
    [group] = planned(plan_facts(late)).groups
    assert group.start_on == LATER
    [never] = [
        placing
        for placing in planned(
            plan_facts([*people(4), a_person(9, earliest_start_on=LATER + timedelta(days=3))])
        ).placings
        if placing.group_no is None
    ]
    assert (never.why.code, never.why.values["days"]) == ("window", 3)


def test_languages_do_not_mix() -> None:
    plan = planned(plan_facts([*people(3), *people(3, 10, language="ru")]))
    assert plan.figures.served_count == 0


def test_a_nearer_place_is_taken_when_nobody_loses_by_it() -> None:
    facts = plan_facts(
        [*people(4), *people(4, 10, place="Jõgeva")],
        sites=[a_site(), a_site("J", place="Jõgeva")],
    )
    assert planned(facts).figures.travel_minutes == 0


# --- Decisions that are kept ------------------------------------------------


def a_fixed(count: int, **overrides: Any) -> FixedGroup:
    values: dict[str, Any] = {
        "no": 7,
        "site_code": "T",
        "language": "et",
        "start_on": LATER,
        "person_ids": [UUID(int=number) for number in range(1, count + 1)],
        **overrides,
    }
    return FixedGroup(**values)


def test_a_fixed_group_stays_and_is_filled_up() -> None:
    plan = planned(plan_facts(people(6), fixed=[a_fixed(2)]))
    [group] = plan.groups
    assert (group.no, group.start_on, len(group.person_ids)) == (7, LATER, 6)
    assert group.person_ids[:2] == [UUID(int=1), UUID(int=2)]
    assert whys(plan) == Counter({"fixed": 6})


def test_a_closed_group_takes_nobody_in() -> None:
    plan = planned(plan_facts(people(6), fixed=[a_fixed(4, is_open=False)]))
    assert plan.figures.served_count == 4


def test_who_is_held_out_waits() -> None:
    plan = planned(plan_facts(people(5), held_out=[UUID(int=5)]))
    assert plan.figures.served_count == 4
    assert whys(plan)["held-out"] == 1


@pytest.mark.parametrize(
    ("change", "rules", "rule", "by"),
    [
        pytest.param({"fixed": [a_fixed(2)]}, {}, "size-min", 2, id="two people are missing"),
        pytest.param(
            {"fixed": [a_fixed(3)]},
            {"person_amount": Decimal(100), "budget_amount": Decimal(250)},
            "budget",
            50,
            id="fifty euros are missing",
        ),
        pytest.param(
            {"fixed": [a_fixed(3), a_fixed(0, no=8, start_on=START)]},
            {"group_min": 0},
            "room",
            1,
            id="a room is missing",
        ),
        pytest.param({}, {"serve_at_least_count": 5}, "served", 2, id="the target is too high"),
    ],
)
def test_an_infeasible_plan_says_what_to_relax(
    change: dict[str, Any], rules: dict[str, Any], rule: str, by: int
) -> None:
    facts = plan_facts(people(3), rules={"group_min": 3, **rules}, **change)
    if rule == "size-min":
        facts = plan_facts(people(2), **change)
    plan = planned(facts)
    assert plan.quality == Quality.INFEASIBLE
    assert [(r.rule, r.by_count) for r in plan.relaxations] == [(rule, by)]


# --- Moves by hand ----------------------------------------------------------


def test_a_move_tells_what_it_costs_and_breaks() -> None:
    facts = plan_facts(
        [*people(4), *people(5, 10, place="Jõgeva")],
        sites=[a_site(), a_site("J", place="Jõgeva")],
    )
    plan = planned(facts)
    [tartu] = [group for group in plan.groups if group.site_code == "T"]
    mover = UUID(int=10)
    found = moved(facts, plan.groups, Move(MoveKind.PERSON, mover, tartu.no))
    assert found.after.travel_minutes - found.before.travel_minutes == 46
    assert found.findings == []
    gone = moved(facts, plan.groups, Move(MoveKind.PERSON, UUID(int=1)))
    assert gone.after.served_count == 8
    assert [finding.code for finding in gone.findings] == ["size-min"]
    assert fixed_of(found.groups)[0].person_ids[-1] == mover


def test_what_a_hand_can_do_with_a_group() -> None:
    facts = plan_facts(people(4))
    groups = planned(facts).groups
    later = moved(facts, groups, Move(MoveKind.GROUP, group_no=1, start_on=LATER))
    assert later.after.waiting_days - later.before.waiting_days == 4 * (LATER - START).days
    assert moved(facts, groups, Move(MoveKind.BREAK_UP, group_no=1)).after.served_count == 0
    fixed = moved(facts, groups, Move(MoveKind.FIX, group_no=1)).groups
    freed = moved(facts, fixed, Move(MoveKind.FREE, group_no=1)).groups
    assert (len(fixed_of(fixed)), len(fixed_of(freed))) == (1, 0)
    new = moved(facts, groups, Move(MoveKind.NEW, UUID(int=4), None, "T", LATER))
    assert [len(group.person_ids) for group in new.groups] == [3, 1]


def test_the_moves_that_are_shown_begin_with_the_best() -> None:
    facts = plan_facts(
        [*people(4), *people(5, 10, place="Jõgeva")],
        sites=[a_site(), a_site("J", place="Jõgeva")],
    )
    groups = planned(facts).groups
    own = next(group.no for group in groups if group.site_code == "J")
    other = next(group.no for group in groups if group.site_code == "T")
    moves = person_moves(facts, groups, UUID(int=10), most=5)
    assert [move.group_no for move in moves] == [other, None]
    two = [
        GroupOfPlan(1, "T", "et", LATER, [UUID(int=1)]),
        GroupOfPlan(2, "T", "et", START, [UUID(int=2)]),
    ]
    nearest = person_moves(facts, two, UUID(int=10), most=5)
    assert [move.group_no for move in nearest] == [2, 1]  # the earlier start has fewer points
    first, *_, last = group_moves(facts, groups, own, most=5)
    assert (first.site_code, first.start_on, last.kind) == ("J", LATER, MoveKind.BREAK_UP)
    with pytest.raises(Refused):
        person_moves(facts, groups, UUID(int=99), most=5)
    with pytest.raises(Refused):
        group_moves(facts, groups, 99, most=5)


@pytest.mark.parametrize(
    "move",
    [
        Move(MoveKind.PERSON, UUID(int=99), 1),
        Move(MoveKind.PERSON, UUID(int=1), 9),
        Move(MoveKind.GROUP, group_no=1, site_code="X"),
        Move(MoveKind.GROUP, group_no=1, start_on=date(2027, 1, 5)),
        Move(MoveKind.NEW, UUID(int=1)),
    ],
)
def test_what_is_not_there_cannot_be_moved(move: Move) -> None:
    facts = plan_facts(people(4))
    with pytest.raises(Refused):
        moved(facts, planned(facts).groups, move)


# --- Properties -------------------------------------------------------------

any_person = st.builds(
    a_person,
    st.integers(1, 10**6),
    place=st.sampled_from(["Tartu", "Jõgeva", "Valga"]),
    language=st.sampled_from(["et", "et", "ru"]),
    risk_band=st.sampled_from("ABC"),
    earliest_start_on=st.sampled_from([date(2026, 10, 1), date(2027, 1, 20), date(2027, 3, 1)]),
    needs_transport=st.booleans(),
    needs_childcare=st.booleans(),
    needs_access=st.sampled_from([False, False, True]),
)
any_site = st.builds(
    a_site,
    st.sampled_from(["A", "B", "C"]),
    place=st.sampled_from(["Tartu", "Jõgeva", "Valga"]),
    seats_count=st.integers(3, 8),
    rooms_count=st.sampled_from([1, 2, None]),
    is_accessible=st.booleans(),
    has_childcare=st.booleans(),
    month_amount=st.sampled_from([Decimal(0), Decimal("99.50")]),
)
any_facts = st.builds(
    plan_facts,
    st.lists(any_person, max_size=40, unique_by=lambda person: person.id),
    sites=st.lists(any_site, min_size=1, max_size=3, unique_by=lambda site: site.code),
    staff=st.sampled_from([None, [Staff("S", ["et", "ru"], ["EE-79", "EE-50"], 3)]]),
    rules=st.fixed_dictionaries(
        {
            "group_min": st.integers(2, 4),
            "is_full_first": st.booleans(),
            "band_max": st.sampled_from([{}, {"C": 2}]),
            "childcare_max": st.sampled_from([None, 1, 2]),
            "person_amount": st.just(Decimal("100.00")),
            "budget_amount": st.sampled_from([None, Decimal(700), Decimal(2000)]),
            "weeks_count": st.sampled_from([3, 15]),
        }
    ),
)


@settings(max_examples=60)
@given(any_facts)
def test_a_plan_keeps_every_rule_and_is_never_worse_than_first_come(facts: PlanFacts) -> None:
    plan = planned(facts)
    assert broken(facts, plan.groups) == []
    assert broken(facts, first_come(facts)) == []
    assert plan.figures == figures(facts, plan.groups)
    assert plan.figures.points_count <= plan.greedy.points_count
    assert plan.points_bound <= plan.figures.points_count
    assert plan.figures.served_count <= plan.served_bound
    assert [p.person_id for p in plan.placings] == [p.id for p in facts.people]
    assert plan.quality == Quality.BEST


@settings(max_examples=30)
@given(any_facts, st.data())
def test_planning_again_keeps_what_a_hand_has_fixed(facts: PlanFacts, data: Any) -> None:
    plan = planned(facts)
    if not plan.groups:
        return
    chosen = data.draw(st.sampled_from(plan.groups))
    fixed = moved(facts, plan.groups, Move(MoveKind.FIX, group_no=chosen.no)).groups
    again = planned(msgspec.structs.replace(facts, fixed=fixed_of(fixed)))
    [kept] = [group for group in again.groups if group.no == chosen.no]
    assert set(chosen.person_ids) <= set(kept.person_ids)
    assert (kept.site_code, kept.start_on) == (chosen.site_code, chosen.start_on)
    assert again.figures.points_count <= plan.figures.points_count


# --- Parts ------------------------------------------------------------------


def test_alike_people_are_one_kind() -> None:
    facts = plan_facts([*people(5), a_person(9, needs_transport=True)])
    reach = Reach(facts)
    assert [len(kind.people) for kind in kinds_of(reach, facts.people)] == [5, 1]
    model = build(facts, reach)
    assert len(come_columns(model.cells)) == 2 * 2  # two kinds, two starts
    _, gives = elastic(model.programme)
    assert {row.rule for row in gives.values()} == {"size-min", "size-max", "room"}


def test_cards_are_dealt_evenly_by_band_and_need() -> None:
    facts = plan_facts([], rules={"childcare_max": 1})
    asking = [a_person(n, risk_band="ABC"[n % 3], needs_childcare=n in {0, 3}) for n in range(12)]
    cell = Cell(a_site(), "et", START, 0, None, {})
    groups = dealt(asking, 2, Reach(facts), cell)
    assert [Counter(p.risk_band for p in group) for group in groups] == [Counter("AABBCC")] * 2
    assert [sum(p.needs_childcare for p in group) for group in groups] == [1, 1]


def test_facilitators_are_exchanged_where_that_helps() -> None:
    facts = plan_facts(
        people(1),
        sites=[a_site(), a_site("J", place="Jõgeva")],
        staff=[
            Staff("both", ["et"], ["EE-79", "EE-50"], 2),
            Staff("tartu", ["et"], ["EE-79"], 2),
        ],
    )
    groups = [GroupOfPlan(1, "T", "et", START, []), GroupOfPlan(2, "J", "et", START, [])]
    assert staff_short(Reach(facts), groups) == 0
    assert staff_short(Reach(facts), [*groups, GroupOfPlan(3, "J", "et", START, [])]) == 2


def test_a_plan_is_checked_again_from_its_kept_facts() -> None:
    facts = plan_facts(people(9), sites=[a_site(rooms_count=2)])
    plan = planned(facts)
    kept = read_canonical(canonical(facts), PlanFacts)
    read = read_canonical(canonical(plan), GroupPlan)
    assert read == plan
    assert figures(kept, read.groups) == plan.figures
    assert placings(Reach(kept), read.groups) == plan.placings
    assert not broken_more(kept, Reach(kept), read.groups)


def test_the_solver_says_when_there_is_no_solution() -> None:
    facts = plan_facts(people(3), rules={"serve_at_least_count": 5})
    model = build(facts, Reach(facts))
    assert HighsOptimiser()(model.programme, 5).is_infeasible


# --- The worked example -----------------------------------------------------


def the_example(example: dict[str, Any], sites: list[Site]) -> GroupPlan:  # noqa: F811
    asking = [
        a_person(
            number,
            reference=request["id"],
            place=request["bureau"],
            county=request["county"],
            language=request["language"],
            risk_band=request["risk_band"],
            created_on=date.fromisoformat(request["created"]),
            earliest_start_on=date.fromisoformat(request["earliest_start"]),
        )
        for number, request in enumerate(example["caseworker_requests"], start=1)
        if request["suitability"] == "suitable"
    ]
    rules = PlanRules(
        group_min=example["demand"]["min"],
        group_max=example["demand"]["max"],
        starts_on=[date(2027, 1, 4)],
        weeks_count=15,
        is_full_first=True,
    )
    return planned(PlanFacts("TOOHARJUTUS-LAADNE", asking, sites, [], rules))


def anywhere(code: str, counties: list[str], languages: list[str]) -> Site:
    return a_site(
        code, county=counties[0], counties=counties, languages=languages, rooms_count=None
    )


def test_the_example_by_lot_is_one_setting_of_the_plan(example: dict[str, Any]) -> None:  # noqa: F811
    plan = the_example(
        example,
        [anywhere(lot["id"], lot["counties"], [lot["language"]]) for lot in example["lots"]],
    )
    figures_ = plan.figures
    assert (figures_.groups_count, figures_.people_count - figures_.served_count) == (6, 35)
    assert plan.quality == Quality.BEST


def test_the_example_by_county_is_another(example: dict[str, Any]) -> None:  # noqa: F811
    counties = sorted({request["county"] for request in example["caseworker_requests"]})
    plan = the_example(example, [anywhere(county, [county], []) for county in counties])
    assert plan.figures.groups_count == 5
