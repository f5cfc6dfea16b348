"""Group plans: asked for, made by a job, moved by hand, made again, kept as a basis."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import fetch_as, transaction, uuid7
from procure.db.jobs import enqueue
from procure.demand import queries
from procure.demand.rules.grouping.facts import GroupOfPlan, GroupPlan, PlanFacts
from procure.demand.rules.grouping.keeping import areas_of, as_demand_plan, gone
from procure.demand.rules.grouping.making import make_plan
from procure.demand.rules.grouping.model import Solve
from procure.demand.rules.grouping.moving import Moved, MoveKind, fixed_of, moved
from procure.demand.schemas import BasisDraft, MoveDraft, PlanDraft
from procure.demand.service.analysing import LONGEST_NAME, keep_basis
from procure.demand.service.held import require
from procure.demand.states import PLAN, PlanState
from procure.demand.tables import GroupPlan as GroupPlanRow
from procure.demand.tables import PlanMove
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical, read_canonical, sha256_hex
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

PLAN_JOB = "make-group-plan"
MOST_STARTS = 12
MOST_WEEKS = 26
MOST_SECONDS = 300
LONGEST_REASON = 500

log = logging.getLogger(__name__)


class _Held(msgspec.Struct):
    id: UUID
    buyer: UUID
    name: str
    service_code: str
    state: str
    asked_at: datetime
    seconds_count: int
    draft: str
    facts: str
    groups: str | None
    held_out: list[UUID]
    moves_count: int


_HELD = """
    SELECT id, buyer, name, service_code, state, asked_at, seconds_count, draft, facts, groups,
           held_out, moves_count
      FROM group_plan WHERE id = $1 AND ($2::uuid IS NULL OR buyer = $2)
"""


async def _hold(plan_id: UUID, buyer_id: UUID | None, *, lock: bool = True) -> _Held:
    rows = await fetch_as(_Held, _HELD + (" FOR UPDATE" if lock else ""), plan_id, buyer_id)
    if not rows:
        raise NotFound(n_("There is no group plan {id}."), {"id": str(plan_id)})
    return rows[0]


async def ask_plan(actor: Actor, draft: PlanDraft, now: datetime) -> UUID:
    """Ask for a plan of everybody who waits; a job makes it.

    Raises Forbidden, Refused (limits that make no sense, nobody waits, a service without groups).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    _check(draft, now)
    facts = await queries.plan_facts(actor, draft, today=legal_day(now))
    return await _ask(actor, draft, facts, now)


async def plan_again(actor: Actor, plan_id: UUID, now: datetime) -> UUID:
    """Ask for the plan anew: everybody who waits now, and what hands have decided is kept.

    Raises NotFound, Forbidden, Refused as `ask_plan`.
    """
    require(actor, Permission.DEMAND_ANALYSE)
    plan = await _hold(plan_id, actor.org_id, lock=False)
    draft = read_canonical(plan.draft, PlanDraft)
    _check(draft, now)
    groups = read_canonical(plan.groups, list[GroupOfPlan]) if plan.groups else []
    facts = await queries.plan_facts(actor, draft, today=legal_day(now))
    waiting = {person.id for person in facts.people}
    fixed = [
        msgspec.structs.replace(group, person_ids=[p for p in group.person_ids if p in waiting])
        for group in fixed_of(groups)
    ]
    facts = msgspec.structs.replace(
        facts, fixed=fixed, held_out=[p for p in plan.held_out if p in waiting]
    )
    return await _ask(actor, draft, facts, now, follows=plan_id)


async def _ask(
    actor: Actor, draft: PlanDraft, facts: PlanFacts, now: datetime, *, follows: UUID | None = None
) -> UUID:
    if not facts.people:
        raise Refused(
            [
                Finding(
                    "nothing",
                    n_("No suitable request of {service} waits; there is nothing to plan."),
                    {"service": draft.service_code},
                    field="service_code",
                )
            ]
        )
    plan_id, text = uuid7(), canonical(facts)
    async with transaction():
        await GroupPlanRow(
            id=plan_id,
            buyer=actor.org_id,
            name=draft.name.strip(),
            service_code=draft.service_code,
            state=PlanState.ASKED,
            asked_at=now,
            asked_by=actor.id,
            seconds_count=draft.seconds_count,
            draft=canonical(draft),
            facts=text,
            held_out=facts.held_out,
            follows=follows,
        ).save()
        await enqueue(PLAN_JOB, str(plan_id))
        await audit.record(
            "plan:asked",
            plan_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={
                "name": draft.name.strip(),
                "service_code": draft.service_code,
                "people_count": len(facts.people),
                "fixed_count": len(facts.fixed),
                "facts_sha256": sha256_hex(text),
            },
        )
    return plan_id


def _check(draft: PlanDraft, now: datetime) -> None:
    """Refuse limits that make no sense, all at once."""
    findings: list[Finding] = []

    def within(field: str, value: int | None, least: int, most: int) -> None:
        if value is not None and not least <= value <= most:
            findings.append(
                Finding(
                    "range",
                    n_("From {least} to {most}."),
                    {"least": least, "most": most},
                    field=field,
                )
            )

    within("starts_count", draft.starts_count, 1, MOST_STARTS)
    within("weeks_between_count", draft.weeks_between_count, 1, MOST_WEEKS)
    within("seconds_count", draft.seconds_count, 1, MOST_SECONDS)
    within("travel_minutes_max", draft.travel_minutes_max, 0, 240)
    within("band_c_max", draft.band_c_max, 0, 100)
    within("childcare_max", draft.childcare_max, 0, 100)
    within("provider_rooms_count", draft.provider_rooms_count, 0, 1000)
    within("serve_at_least_count", draft.serve_at_least_count, 0, 100_000)
    for count in (draft.facilitators or {}).values():
        within("facilitators", count, 0, 10_000)
    if draft.budget_amount is not None and not 0 <= draft.budget_amount < 10**12:
        findings.append(Finding("amount", n_("An amount is not negative."), field="budget_amount"))
    if not 1 <= len(draft.name.strip()) <= LONGEST_NAME:
        findings.append(
            Finding(
                "name",
                n_("A name has 1 to {most} characters."),
                {"most": LONGEST_NAME},
                field="name",
            )
        )
    if draft.first_start_on <= legal_day(now):
        findings.append(
            Finding("past", n_("The first start is after today."), field="first_start_on")
        )
    if findings:
        raise Refused(findings)


async def make_asked(plan_id: UUID, solve: Solve, now: datetime) -> None:
    """Make a plan that was asked for: the job. Safe to repeat; a plan that is made stays.

    No transaction is open while the solver works, which is in a thread of its own.
    """
    plan = await _hold(plan_id, None, lock=False)
    if plan.state != PlanState.ASKED:
        return
    facts = read_canonical(plan.facts, PlanFacts)
    failure, made = None, None
    try:
        made = await asyncio.to_thread(make_plan, facts, solve, seconds=plan.seconds_count)
    except Exception as error:
        log.exception("group plan %s failed", plan_id)
        failure = f"{type(error).__name__}: {error}"[:500]
    async with transaction():
        plan = await _hold(plan_id, None)
        if plan.state != PlanState.ASKED:
            return  # another worker was faster, or somebody withdrew it
        if made is None:
            await _write(plan_id, state=PLAN.after(plan.state, "fail"), failure=failure)
            await audit.record(
                "plan:failed", plan_id, None, org_id=plan.buyer, now=now, facts={"why": failure}
            )
            return
        await _keep_solved(plan, made, now)


async def _keep_solved(plan: _Held, made: GroupPlan, now: datetime) -> None:
    solved = canonical(made)
    await _write(
        plan.id,
        state=PLAN.after(plan.state, "make"),
        solved=solved,
        groups=canonical(made.groups),
        made_at=now,
    )
    await audit.record(
        "plan:made",
        plan.id,
        None,
        org_id=plan.buyer,
        now=now,
        facts={
            "quality": made.quality,
            "figures": made.figures,
            "greedy": made.greedy,
            "served_bound": made.served_bound,
            "points_bound": made.points_bound,
            "solved_sha256": sha256_hex(solved),
        },
    )


async def _write(plan_id: UUID, **values: object) -> None:
    columns: Mapping[str, object] = values
    await GroupPlanRow.update(
        {getattr(GroupPlanRow, name): value for name, value in columns.items()}
    ).where(GroupPlanRow.id == plan_id)


async def preview_move(actor: Actor, plan_id: UUID, draft: MoveDraft) -> Moved:
    """Say what a move would cost and break, and change nothing. Raises NotFound, Refused."""
    require(actor, Permission.DEMAND_READ)
    facts, groups = await queries.plan_parts(actor, plan_id)
    return await asyncio.to_thread(moved, facts, groups, draft.move)


async def move_in_plan(actor: Actor, plan_id: UUID, draft: MoveDraft, now: datetime) -> None:
    """Do one move by hand; a move that breaks a rule needs a reason.

    Holds the plan. Raises NotFound, Forbidden, Conflict (not drafted, or moved since it was
    seen), Refused (no such person, group or place; the rules it breaks, without a reason).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    reason = " ".join(draft.reason.split())[:LONGEST_REASON]
    async with transaction():
        plan = await _hold(plan_id, actor.org_id)
        state = PLAN.after(plan.state, "move")
        if plan.moves_count != draft.moves_count:
            raise Conflict(n_("Somebody has moved this plan since you saw it. Look again."))
        groups = read_canonical(plan.groups or "[]", list[GroupOfPlan])
        found = moved(read_canonical(plan.facts, PlanFacts), groups, draft.move)
        if found.findings and not reason:
            raise Refused(
                [
                    *found.findings,
                    Finding(
                        "reason",
                        n_("This move breaks a rule of the plan: say why it is right."),
                        field="reason",
                    ),
                ]
            )
        number = plan.moves_count + 1
        await _write(
            plan_id,
            state=state,
            groups=canonical(found.groups),
            moves_count=number,
            held_out=_held_out(plan.held_out, draft),
        )
        await PlanMove(
            id=uuid7(),
            plan=plan_id,
            number=number,
            moved_at=now,
            moved_by=actor.id,
            move=canonical(draft.move),
            reason=reason,
            before=canonical(found.before),
            after=canonical(found.after),
            broken=canonical([finding.message for finding in found.findings]),
        ).save()
        await audit.record(
            "plan:moved",
            plan_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={
                "number": number,
                "move": draft.move,
                "points": [found.before.points_count, found.after.points_count],
                "served": [found.before.served_count, found.after.served_count],
                "broken": [finding.code for finding in found.findings],
            },
        )


def _held_out(before: list[UUID], draft: MoveDraft) -> list[UUID]:
    """Remember who was taken out by hand, so that planning again leaves them out."""
    person = draft.move.person_id
    if draft.move.kind not in {MoveKind.PERSON, MoveKind.NEW} or person is None:
        return before
    others = [p for p in before if p != person]
    is_out = draft.move.kind == MoveKind.PERSON and draft.move.group_no is None
    return [*others, person] if is_out else others


async def withdraw_plan(actor: Actor, plan_id: UUID, now: datetime) -> None:
    """Set a plan aside. Raises NotFound, Forbidden, Conflict (kept as a basis already)."""
    require(actor, Permission.DEMAND_ANALYSE)
    async with transaction():
        plan = await _hold(plan_id, actor.org_id)
        await _write(plan_id, state=PLAN.after(plan.state, "withdraw"))
        await audit.record(
            "plan:withdrawn",
            plan_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"name": plan.name},
        )


async def keep_plan(actor: Actor, plan_id: UUID, now: datetime) -> UUID:
    """Keep a plan as the basis of a tender, and return the basis.

    Requests in its groups become planned. Holds the plan, then the requests. Raises NotFound,
    Forbidden, Conflict (not drafted), Refused (no group, or a request that no longer waits).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    async with transaction():
        plan = await _hold(plan_id, actor.org_id)
        state = PLAN.after(plan.state, "keep")
        draft, facts = read_canonical(plan.draft, PlanDraft), read_canonical(plan.facts, PlanFacts)
        groups = read_canonical(plan.groups or "[]", list[GroupOfPlan])
        demand = await queries.demand_facts(
            actor,
            BasisDraft(plan.name, plan.service_code, county=draft.county),
            today=legal_day(now),
            held=True,
        )
        if not groups:
            raise Refused([Finding("no-groups", n_("This plan has no group to tender."))])
        waiting = {request.id for request in demand.requests}
        if left := gone(facts, groups, waiting):
            raise Refused(
                [
                    Finding(
                        "gone",
                        n_("No longer waiting: {references}. Plan again, or take them out."),
                        {"references": ", ".join(left[:20])},
                    )
                ]
            )
        demand = msgspec.structs.replace(
            demand, plan_id=plan_id, areas=areas_of(facts, groups, demand.areas)
        )
        result = as_demand_plan(demand, facts, groups)
        basis_id = await keep_basis(actor, plan.name, demand, result, now)
        await _write(plan_id, state=state, basis=basis_id)
        await audit.record(
            "plan:kept",
            plan_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"basis_id": basis_id, "groups_sha256": sha256_hex(canonical(groups))},
        )
    return basis_id
