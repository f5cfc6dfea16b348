"""Group plans as decisions: asked for, made, moved by hand, made again, kept for a tender."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from procure.adapters.highs import HighsOptimiser
from procure.db.engine import AppConnection
from procure.demand import queries, service
from procure.demand.rules.grouping.keeping import areas_of, as_demand_plan, gone, not_asked
from procure.demand.rules.grouping.moving import Move, MoveKind
from procure.demand.schemas import MoveDraft, PlanDraft, PlanView
from procure.demand.states import Suitability
from procure.kernel.actors import Actor, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from tests.builders.demand import SERVICE, a_request
from tests.builders.identity import NOW, an_actor
from tests.client import client_as

START = date(2027, 1, 4)


def a_plan_draft(**overrides: Any) -> PlanDraft:
    values: dict[str, Any] = {
        "name": "Spring",
        "service_code": SERVICE,
        "first_start_on": START,
        "seconds_count": 5,
        **overrides,
    }
    return PlanDraft(**values)


async def a_made_plan(actor: Actor, *, requests: int = 9, **overrides: Any) -> PlanView:
    for _ in range(requests):
        await a_request(actor)
    plan_id = await service.ask_plan(actor, a_plan_draft(**overrides), NOW)
    await service.make_asked(plan_id, HighsOptimiser(threads=1), NOW)
    return await queries.read_plan(actor, plan_id)


async def test_a_plan_waits_until_its_job_has_made_it(consultant: Actor) -> None:
    for _ in range(8):
        await a_request(consultant)
    plan_id = await service.ask_plan(consultant, a_plan_draft(), NOW)
    asked = await queries.read_plan(consultant, plan_id)
    assert (asked.state, asked.groups) == ("asked", [])
    await service.make_asked(plan_id, HighsOptimiser(threads=1), NOW)
    await service.make_asked(plan_id, HighsOptimiser(threads=1), NOW)  # a job may run twice
    made = await queries.read_plan(consultant, plan_id)
    assert (made.state, made.quality) == ("drafted", "best")
    assert made.figures
    assert made.figures.served_count == 8
    assert made.figures.cost_amount == Decimal("10560.00")  # 8 places of 60 days at 22.00
    [group] = made.groups
    assert (group.site.place, group.group.start_on, group.findings) == ("Tartu", START, [])
    [line] = await queries.list_plans(consultant)
    assert line.figures == made.figures


async def test_a_solver_that_breaks_leaves_a_plan_that_says_so(consultant: Actor) -> None:
    await a_request(consultant)
    plan_id = await service.ask_plan(consultant, a_plan_draft(), NOW)

    def broken(*_: object) -> Any:
        raise ZeroDivisionError("no luck")

    await service.make_asked(plan_id, broken, NOW)
    failed = await queries.read_plan(consultant, plan_id)
    assert (failed.state, failed.failure) == ("failed", "ZeroDivisionError: no luck")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first_start_on": date(2026, 11, 1)}, "first_start_on"),
        ({"starts_count": 0}, "starts_count"),
        ({"name": " "}, "name"),
        ({"budget_amount": Decimal(-1)}, "budget_amount"),
        ({"facilitators": {"et": -1}}, "facilitators"),
        ({"service_code": "NOTHING"}, "service_code"),
        ({}, "service_code"),  # nobody waits
    ],
)
async def test_limits_that_make_no_sense_are_refused(
    consultant: Actor, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        await service.ask_plan(consultant, a_plan_draft(**change), NOW)
    assert {finding.field for finding in refusal.value.findings} == {field}


async def test_who_may_not_and_who_may_not_see(consultant: Actor, caseworker: Actor) -> None:
    plan = await a_made_plan(consultant)
    stranger = await an_actor(Role.CONSULTANT)
    with pytest.raises(Forbidden):
        await service.ask_plan(caseworker, a_plan_draft(), NOW)
    with pytest.raises(NotFound):
        await queries.read_plan(stranger, plan.id)
    for act in (service.plan_again, service.keep_plan, service.withdraw_plan):
        with pytest.raises(NotFound):
            await act(stranger, plan.id, NOW)
        with pytest.raises(Forbidden):
            await act(caseworker, plan.id, NOW)
    with pytest.raises(NotFound):
        await service.move_in_plan(stranger, plan.id, a_move(plan), NOW)


def a_move(plan: PlanView, reason: str = "", **overrides: Any) -> MoveDraft:
    """Take the first person of the first group out, unless told otherwise."""
    values: dict[str, Any] = {
        "kind": MoveKind.PERSON,
        "person_id": plan.groups[0].people[0].id,
        **overrides,
    }
    return MoveDraft(Move(**values), plan.moves_count, reason)


async def test_a_move_is_kept_with_what_it_cost(consultant: Actor) -> None:
    plan = await a_made_plan(consultant)
    preview = await service.preview_move(consultant, plan.id, a_move(plan))
    await service.move_in_plan(consultant, plan.id, a_move(plan), NOW)
    now = await queries.read_plan(consultant, plan.id)
    assert now.figures == preview.after
    assert (now.moves_count, len(now.waiting)) == (1, 1)
    [move] = now.moves
    assert move.after.points_count > move.before.points_count
    assert now.solved == plan.figures  # what the solver said stays


async def test_a_move_that_breaks_a_rule_needs_a_reason(consultant: Actor) -> None:
    plan = await a_made_plan(consultant, requests=8)
    with pytest.raises(Refused) as refusal:
        await service.move_in_plan(consultant, plan.id, a_move(plan), NOW)
    assert [finding.code for finding in refusal.value.findings] == ["size-min", "reason"]
    await service.move_in_plan(consultant, plan.id, a_move(plan, "Found work."), NOW)
    now = await queries.read_plan(consultant, plan.id)
    assert [finding.code for finding in now.groups[0].findings] == ["size-min"]


async def test_two_who_move_at_once_do_not_overwrite_each_other(consultant: Actor) -> None:
    plan = await a_made_plan(consultant)
    await service.move_in_plan(consultant, plan.id, a_move(plan), NOW)
    with pytest.raises(Conflict):
        await service.move_in_plan(consultant, plan.id, a_move(plan), NOW)


async def test_planning_again_keeps_what_hands_decided(consultant: Actor) -> None:
    plan = await a_made_plan(consultant)
    out = plan.groups[0].people[0].id
    await service.move_in_plan(consultant, plan.id, a_move(plan), NOW)
    later = a_move(
        await queries.read_plan(consultant, plan.id),
        kind=MoveKind.GROUP,
        person_id=None,
        group_no=plan.groups[0].group.no,
        start_on=plan.rules.starts_on[1],
    )
    await service.move_in_plan(consultant, plan.id, later, NOW)
    await a_request(consultant)
    again_id = await service.plan_again(consultant, plan.id, NOW)
    await service.make_asked(again_id, HighsOptimiser(threads=1), NOW)
    again = await queries.read_plan(consultant, again_id)
    [group] = again.groups
    assert (group.group.start_on, len(group.people)) == (plan.rules.starts_on[1], 9)
    assert [person.id for person in again.waiting] == [out]
    assert again.waiting[0].placing.why.code == "held-out"


async def test_a_plan_that_is_kept_is_a_basis(consultant: Actor) -> None:
    await a_request(consultant, suitability=Suitability.MUNICIPALITY)
    plan = await a_made_plan(consultant)
    late = await a_request(consultant)
    basis_id = await service.keep_plan(consultant, plan.id, NOW)
    basis = await queries.read_basis(consultant, basis_id)
    totals = basis.totals
    assert (totals.grouped_count, totals.waiting_count, totals.referred_count) == (9, 1, 1)
    assert [(group.area_code, group.size_count) for group in basis.groups] == [("L05", 9)]
    states = {request.id: request.state for request in basis.requests}
    assert sorted(states.values()) == ["planned"] * 9 + ["recorded", "referred-out"]
    assert states[late] == "recorded"
    now = await queries.read_plan(consultant, plan.id)
    assert (now.state, now.basis_id) == ("final", basis_id)
    with pytest.raises(Conflict):
        await service.keep_plan(consultant, plan.id, NOW)
    demand, _ = await queries.facts_of_basis(basis_id)
    assert demand.plan_id == plan.id


async def test_a_plan_of_people_who_are_gone_is_not_kept(consultant: Actor) -> None:
    plan = await a_made_plan(consultant)
    person = plan.groups[0].people[0]
    await service.refuse_request(consultant, person.id, "Moved abroad.", NOW)
    with pytest.raises(Refused, match=person.reference):
        await service.keep_plan(consultant, plan.id, NOW)


async def test_a_plan_without_groups_is_not_kept_and_can_be_set_aside(consultant: Actor) -> None:
    plan = await a_made_plan(consultant, requests=2)
    with pytest.raises(Refused):
        await service.keep_plan(consultant, plan.id, NOW)
    await service.withdraw_plan(consultant, plan.id, NOW)
    assert (await queries.read_plan(consultant, plan.id)).state == "withdrawn"


async def test_a_county_and_language_without_a_lot_gets_one(consultant: Actor) -> None:
    for _ in range(8):
        await a_request(consultant, language="ru")
    plan = await a_made_plan(consultant, requests=0)
    basis_id = await service.keep_plan(consultant, plan.id, NOW)
    basis = await queries.read_basis(consultant, basis_id)
    assert [(a.code, a.groups_count) for a in basis.areas] == [("EE-79-ru", 1)]
    demand, kept = await queries.facts_of_basis(basis_id)
    facts, groups = await queries.plan_parts(consultant, plan.id)
    assert as_demand_plan(demand, facts, groups) == kept  # the decision can be taken again
    assert areas_of(facts, groups, demand.areas) == demand.areas
    assert gone(facts, groups, set()) == sorted(p.reference for p in facts.people)
    assert not_asked().code == "not-asked"


async def test_facilitators_and_budget_of_the_draft_limit_the_plan(consultant: Actor) -> None:
    plan = await a_made_plan(consultant, facilitators={"et": 1})
    assert plan.figures
    assert plan.figures.served_count == 0
    assert {p.placing.why.code for p in plan.waiting} == {"staff"}
    with pytest.raises(NotFound):
        await queries.read_plan(consultant, uuid4())


async def test_what_a_plan_rests_on_cannot_be_changed(
    consultant: Actor, owner: AppConnection
) -> None:
    plan = await a_made_plan(consultant)
    with pytest.raises(Exception, match="never changed"):
        await owner.execute("UPDATE group_plan SET facts = '{}' WHERE id = $1", plan.id)
    assert UUID(str(plan.id))


# --- Over HTTP --------------------------------------------------------------


async def test_a_plan_over_the_api(consultant: Actor) -> None:
    for _ in range(9):
        await a_request(consultant)
    async with client_as(consultant) as client:
        asked = await client.send_json(
            "/api/v1/group-plans",
            {"name": "Spring", "service_code": SERVICE, "first_start_on": "2027-01-04"},
        )
        assert (asked.status_code, asked.json()["state"]) == (201, "asked")
        url = f"/api/v1/group-plans/{asked.json()['id']}"
        await service.make_asked(UUID(asked.json()["id"]), HighsOptimiser(threads=1), NOW)
        plan = (await client.get(url)).json()
        person = plan["groups"][0]["people"][0]["id"]
        options = (await client.get(f"{url}/options?person_id={person}")).json()["items"]
        assert [option["move"]["group_no"] for option in options] == [None]
        move = {"move": options[0]["move"], "moves_count": 0}
        preview = (await client.send_json(f"{url}/preview", move)).json()
        moved = (await client.send_json(f"{url}/move", move)).json()
        assert moved["figures"] == preview["after"]
        assert (await client.send_json(f"{url}/move", move)).status_code == 409
        again = await client.send_json(f"{url}/again")
        assert again.json()["follows"] == plan["id"]
        assert (await client.send_json(f"{url}/keep")).json()["totals"]["grouped_count"] == 8
        assert len((await client.get("/api/v1/group-plans")).json()["items"]) == 2
        withdrawn = await client.send_json(f"/api/v1/group-plans/{again.json()['id']}/withdraw")
        assert withdrawn.json()["state"] == "withdrawn"


async def test_the_planner_in_a_browser(consultant: Actor) -> None:
    for _ in range(9):
        await a_request(consultant)
    form = {
        "name": "Spring",
        "service_code": SERVICE,
        "first_start_on": "2027-01-04",
        "starts_count": "2",
        "weeks_between_count": "4",
        "seconds_count": "5",
    }
    async with client_as(consultant) as client:
        assert "No plan was made yet" in (await client.get("/demand/plans")).text
        wrong = await client.send_form("/demand/plans", {**form, "starts_count": "x"})
        assert wrong.status_code == 422
        url = (await client.send_form("/demand/plans", form)).headers["location"]
        assert "data-reload-seconds" in (await client.get(url)).text
        await service.make_asked(UUID(url.rpartition("/")[2]), HighsOptimiser(threads=1), NOW)
        shown = (await client.get(url)).text
        assert "no plan of these facts is better" in shown
        plan = await queries.read_plan(consultant, UUID(url.rpartition("/")[2]))
        person = plan.groups[0].people[0].id
        moves = (await client.get(f"{url}/move?person={person}")).text
        assert "Out of all groups" in moves
        assert "Break it up" in (await client.get(f"{url}/move?group=1")).text
        out = {"kind": "person", "person_id": str(person), "moves_count": "0"}
        assert (await client.send_form(f"{url}/move", out)).status_code == 303
        stale = await client.send_form(f"{url}/move", out)
        assert (stale.status_code, "Look again" in stale.text) == (422, True)
        fix = {"kind": "fix", "group_no": "1", "moves_count": "1"}
        assert (await client.send_form(f"{url}/move", fix)).status_code == 303
        bad = await client.send_form(f"{url}/move", {**out, "person_id": "x", "moves_count": "2"})
        assert bad.status_code == 422
        new = {**out, "kind": "new", "site_code": "ROOM-79", "start_on": "2027-02-01"}
        refused = await client.send_form(f"{url}/move", {**new, "moves_count": "2"})
        assert (refused.status_code, "say why it is right" in refused.text) == (422, True)
        again = await client.send_form(f"{url}/again", {})
        kept = await client.send_form(f"{url}/keep", {})
        assert (await client.get(kept.headers["location"])).status_code == 200
        conflict = await client.send_form(f"{url}/keep", {})
        assert conflict.status_code == 422
        gone = await client.send_form(f"{again.headers['location']}/withdraw", {})
        assert gone.headers["location"] == "/demand/plans"
        assert "Final" in (await client.get("/demand/plans")).text
