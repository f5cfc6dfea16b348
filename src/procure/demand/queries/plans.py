"""Reading group plans: what they rest on, how they stand now, and what hands did to them."""

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.catalogue import queries as catalogue
from procure.db import fetch_as
from procure.demand.queries.demand import demand_facts
from procure.demand.rules.grouping.checking import broken, figures
from procure.demand.rules.grouping.facts import (
    Figures,
    GroupOfPlan,
    GroupPlan,
    Person,
    PlanFacts,
    PlanRules,
    Site,
    Staff,
    Trip,
)
from procure.demand.rules.grouping.moving import Move, group_moves, moved, person_moves
from procure.demand.rules.grouping.reach import Reach
from procure.demand.rules.grouping.reasons import placings
from procure.demand.schemas import (
    BasisDraft,
    MoveOption,
    MoveView,
    PlanDraft,
    PlanGroupView,
    PlanLine,
    PlanPerson,
    PlanView,
)
from procure.demand.states import PLAN
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical, sha256_hex
from procure.kernel.errors import NotFound
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.parameters import dated, reference
from procure.providers import queries as providers

MOST_OPTIONS = 12  # moves that are worked out and shown at once
OWN_ROOMS = "ROOM"  # what a provider's rooms in a county's centre are called, with its code


async def plan_facts(actor: Actor, draft: PlanDraft, *, today: date) -> PlanFacts:
    """Gather what a plan rests on: who waits, where groups can meet, and the rules."""
    demand = await demand_facts(
        actor, BasisDraft("", draft.service_code, county=draft.county), today=today, held=False
    )
    homes = {row.id: row.place for row in await _homes(actor, draft.service_code)}
    people = [
        Person(
            id=request.id,
            reference=request.reference,
            place=homes.get(request.id, ""),
            county=request.county,
            language=request.language,
            risk_band=request.risk_band,
            created_on=request.created_on,
            earliest_start_on=request.earliest_start_on,
            needs_transport=request.needs_transport,
            needs_childcare=request.needs_childcare,
        )
        for request in demand.requests
        if request.suitability == "suitable"
    ]
    languages = sorted({person.language for person in people})
    counties = sorted(item["code"] for item in reference("counties"))
    return PlanFacts(
        service_code=draft.service_code,
        people=people,
        sites=await _sites(draft, demand.group_max),
        trips=trips(),
        rules=await _rules(draft, demand.group_min, demand.group_max, today),
        staff=None
        if draft.facilitators is None
        else [
            Staff(language, [language], counties, draft.facilitators.get(language, 0))
            for language in languages
        ],
    )


class _Home(msgspec.Struct):
    id: UUID
    place: str


async def _homes(actor: Actor, service_code: str) -> list[_Home]:
    """Return the place of each waiting request: that of its bureau."""

    class Row(msgspec.Struct):
        id: UUID
        bureau: str

    rows = await fetch_as(
        Row,
        "SELECT id, bureau FROM request WHERE buyer = $1 AND service_code = $2"
        " AND state = 'recorded'",
        actor.org_id,
        service_code,
    )
    place = {item["code"]: item["name"]["et"] for item in reference("bureaus")}
    return [_Home(row.id, place.get(row.bureau, "")) for row in rows]


async def _sites(draft: PlanDraft, seats: int) -> list[Site]:
    """List the known venues, and the rooms that providers are expected to bring."""
    found = [
        Site(
            code=venue.code,
            place=venue.place,
            county=venue.county,
            seats_count=venue.seats_count,
            is_accessible=venue.is_accessible,
            has_public_transport=venue.has_public_transport,
            has_childcare=True,
            month_amount=venue.rent_amount,
        )
        for venue in await providers.venues()
    ]
    if draft.provider_rooms_count != 0:
        found += [
            Site(
                code=f"{OWN_ROOMS}-{county['code'][3:]}",
                place=county["centre"],
                county=county["code"],
                seats_count=seats,
                has_childcare=True,
                rooms_count=draft.provider_rooms_count,
            )
            for county in reference("counties")
        ]
    return [site for site in found if draft.county in {None, site.county}]


def trips() -> list[Trip]:
    """Read the place table."""
    found = []
    for item in reference("travel"):
        start, _, end = item["code"].partition(">")
        found.append(Trip(start, end, item["km"], item["car_minutes"], item["bus_minutes"]))
    return found


async def _rules(draft: PlanDraft, least: int, most: int, today: date) -> PlanRules:
    service = await catalogue.service_on(draft.service_code, today)
    sizes = service.sizes
    days = sizes.training_days_count if sizes else 1
    weekly = sizes.days_per_week_count if sizes else 1
    prices = {found.terms.unit: found.terms for found in await catalogue.schemes_on(today)}
    price = prices[service.unit].unit_price if service.unit in prices else Decimal(0)
    pay = dated("demand/travel_pay").on(today)
    return PlanRules(
        group_min=least,
        group_max=most,
        starts_on=[
            draft.first_start_on + timedelta(weeks=n * draft.weeks_between_count)
            for n in range(draft.starts_count)
        ],
        weeks_count=-(-days // max(weekly, 1)),
        travel_minutes_max=draft.travel_minutes_max,
        facilitators_count=sizes.facilitators_count if sizes else 1,
        band_max={} if draft.band_c_max is None else {"C": draft.band_c_max},
        childcare_max=draft.childcare_max,
        budget_amount=draft.budget_amount,
        person_amount=price * days,
        km_amount=pay["km_amount"],
        travel_day_amount_max=pay["day_amount_max"],
        days_count=days,
        is_full_first=draft.is_full_first,
        serve_at_least_count=draft.serve_at_least_count,
    )


class _Row(msgspec.Struct):
    id: UUID
    name: str
    service_code: str
    state: str
    asked_at: datetime
    seconds_count: int
    draft: str
    facts: str
    solved: str | None
    made_at: datetime | None
    failure: str | None
    groups: str | None
    moves_count: int
    follows: UUID | None
    basis: UUID | None


_PLAN = """
    SELECT id, name, service_code, state, asked_at, seconds_count, draft, facts, solved, made_at,
           failure, groups, moves_count, follows, basis
      FROM group_plan
"""


async def list_plans(actor: Actor) -> list[PlanLine]:
    """List the plans of the actor's organisation, newest first."""

    class Line(msgspec.Struct):
        id: UUID
        name: str
        service_code: str
        state: str
        asked_at: datetime
        after: str | None
        solved: str | None

    rows = await fetch_as(
        Line,
        """
        SELECT p.id, p.name, p.service_code, p.state, p.asked_at, m.after,
               (p.solved::jsonb -> 'figures')::text AS solved
          FROM group_plan p
          LEFT JOIN plan_move m ON m.plan = p.id AND m.number = p.moves_count
         WHERE p.buyer = $1 ORDER BY p.id DESC LIMIT 100
        """,
        actor.org_id,
    )
    return [
        PlanLine(
            row.id,
            row.name,
            row.service_code,
            row.state,
            row.asked_at,
            read_canonical(known, Figures) if (known := row.after or row.solved) else None,
        )
        for row in rows
    ]


async def read_plan(actor: Actor, plan_id: UUID) -> PlanView:
    """Load one plan as it stands now; NotFound also for another organisation's."""
    rows = await fetch_as(_Row, f"{_PLAN} WHERE buyer = $1 AND id = $2", actor.org_id, plan_id)
    if not rows:
        raise NotFound(n_("There is no group plan {id}."), {"id": str(plan_id)})
    row = rows[0]
    facts = read_canonical(row.facts, PlanFacts)
    solved = read_canonical(row.solved, GroupPlan) if row.solved else None
    groups = read_canonical(row.groups, list[GroupOfPlan]) if row.groups else []
    reach = Reach(facts)
    people = _people(reach, groups) if solved else {}
    found = broken(facts, groups, reach) if solved else []
    return PlanView(
        id=row.id,
        name=row.name,
        service_code=row.service_code,
        state=row.state,
        asked_at=row.asked_at,
        made_at=row.made_at,
        seconds_count=row.seconds_count,
        rules=facts.rules,
        draft=read_canonical(row.draft, PlanDraft),
        quality=solved.quality if solved else None,
        figures=figures(facts, groups, reach) if solved else None,
        solved=solved.figures if solved else None,
        greedy=solved.greedy if solved else None,
        served_bound=solved.served_bound if solved else None,
        points_bound=solved.points_bound if solved else None,
        served_gap_permille=solved.served_gap_permille if solved else None,
        points_gap_permille=solved.points_gap_permille if solved else None,
        groups=[_group(reach, group, people, found) for group in groups],
        waiting=[person for person in people.values() if person.placing.group_no is None],
        sites=facts.sites,
        findings=[finding for finding in found if "group" not in finding.values],
        relaxations=solved.relaxations if solved else [],
        moves=await _moves(row.id),
        moves_count=row.moves_count,
        follows=row.follows,
        basis_id=row.basis,
        failure=row.failure,
        facts_sha256=sha256_hex(row.facts),
        actions=PLAN.actions(row.state),
    )


def _people(reach: Reach, groups: list[GroupOfPlan]) -> dict[UUID, PlanPerson]:
    found = {}
    for person, placing in zip(reach.facts.people, placings(reach, groups), strict=True):
        found[person.id] = PlanPerson(
            id=person.id,
            reference=person.reference,
            place=person.place,
            county=person.county,
            language=person.language,
            risk_band=person.risk_band,
            needs_transport=person.needs_transport,
            needs_childcare=person.needs_childcare,
            placing=placing,
        )
    return found


def _group(
    reach: Reach, group: GroupOfPlan, people: dict[UUID, PlanPerson], found: list[Finding]
) -> PlanGroupView:
    return PlanGroupView(
        group=group,
        site=reach.site[group.site_code],
        people=[people[person] for person in group.person_ids],
        findings=[finding for finding in found if finding.values.get("group") == group.no],
    )


async def _moves(plan_id: UUID) -> list[MoveView]:
    class Row(msgspec.Struct):
        number: int
        moved_at: datetime
        moved_by_name: str
        move: str
        reason: str
        before: str
        after: str
        broken: str

    rows = await fetch_as(
        Row,
        """
        SELECT m.number, m.moved_at, p.name AS moved_by_name, m.move, m.reason, m.before, m.after,
               m.broken
          FROM plan_move m JOIN person p ON p.id = m.moved_by
         WHERE m.plan = $1 ORDER BY m.number DESC
        """,
        plan_id,
    )
    return [
        MoveView(
            number=row.number,
            moved_at=row.moved_at,
            moved_by_name=row.moved_by_name,
            move=read_canonical(row.move, Move),
            reason=row.reason,
            before=read_canonical(row.before, Figures),
            after=read_canonical(row.after, Figures),
            findings=read_canonical(row.broken, list[str]),
        )
        for row in rows
    ]


async def plan_parts(actor: Actor, plan_id: UUID) -> tuple[PlanFacts, list[GroupOfPlan]]:
    """Load what a plan rests on and its groups as they are; NotFound as in `read_plan`."""
    rows = await fetch_as(_Row, f"{_PLAN} WHERE buyer = $1 AND id = $2", actor.org_id, plan_id)
    if not rows:
        raise NotFound(n_("There is no group plan {id}."), {"id": str(plan_id)})
    groups = read_canonical(rows[0].groups, list[GroupOfPlan]) if rows[0].groups else []
    return read_canonical(rows[0].facts, PlanFacts), groups


async def move_options(
    actor: Actor, plan_id: UUID, *, person_id: UUID | None = None, group_no: int | None = None
) -> list[MoveOption]:
    """Say what each sensible move of a person or a group would cost and break, the best first."""
    facts, groups = await plan_parts(actor, plan_id)

    def options() -> list[MoveOption]:
        moves = (
            person_moves(facts, groups, person_id, most=MOST_OPTIONS)
            if person_id is not None
            else group_moves(facts, groups, group_no or 0, most=MOST_OPTIONS)
        )
        at = {group.no: group for group in groups}
        site = {site.code: site for site in facts.sites}
        found = []
        for move in moves:
            result = moved(facts, groups, move)
            group = at.get(move.group_no or 0)
            code = move.site_code or (group.site_code if group else None)
            found.append(
                MoveOption(
                    move=move,
                    site=site[code] if code else None,
                    start_on=move.start_on or (group.start_on if group else None),
                    size_count=len(group.person_ids) if group else 0,
                    before=result.before,
                    after=result.after,
                    findings=result.findings,
                )
            )
        return found

    return await asyncio.to_thread(options)
