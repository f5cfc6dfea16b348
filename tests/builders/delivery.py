"""Groups, people in them, and the group G-2025-07 whose counts are known, for tests."""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.db import DB, connection
from procure.delivery import service
from procure.delivery.schemas import (
    EmployerDraft,
    GroupDraft,
    LeaveDraft,
    MarkDraft,
    PlanDraft,
    ReferralDraft,
    VisitDraft,
)
from procure.delivery.states import ExitReason, Mark, PlanKind
from procure.kernel.actors import Actor, Role
from procure.kernel.codes import is_registry_code
from procure.kernel.time import at
from procure.providers import service as providers
from procure.providers.rules import VenueDraft
from tests.builders.contracts import CallOff, a_contract
from tests.builders.demand import a_request
from tests.builders.identity import an_actor

PLANNED_AT = datetime(2025, 8, 18, 8, tzinfo=UTC)
_venues = itertools.count(1)
_clients = itertools.count(1)
_employers = (c for n in itertools.count(1) if is_registry_code(c := f"{1999_8000 + n:08d}"))


def timetable(count: int = 60) -> list[date]:
    """Monday to Thursday from 1.9.2025, the week of 20.10. free; sixty days end on 18.12.2025."""
    days = (date(2025, 9, 1) + timedelta(days=n) for n in itertools.count())
    good = (day for day in days if day.weekday() < 4 and day.isocalendar().week != 43)
    return list(itertools.islice(good, count))


DAYS = timetable()
OVER_AT = at(date(2025, 12, 19), 9).astimezone(UTC)


class Group(msgspec.Struct, frozen=True):
    """A group with everyone who has a part in it."""

    id: UUID
    call_off: CallOff
    days: tuple[date, ...]
    consultant: Actor
    facilitator: Actor

    @property
    def buyer_id(self) -> UUID:
        """The organisation that buys."""
        return self.call_off.buyer_id

    @property
    def contract_manager(self) -> Actor:
        """Who manages the contract for the buyer."""
        return self.call_off.contract_manager

    @property
    def provider(self) -> Actor:
        """Who manages the provider."""
        return self.call_off.partner.manager


def evening(day: date) -> datetime:
    """Give the instant at which a day's marks are entered."""
    return at(day, 17).astimezone(UTC)


async def a_venue(coordinator: Actor, *, seats: int = 14, county: str = "EE-45") -> UUID:
    """Record a venue."""
    return await providers.record_venue(
        coordinator,
        VenueDraft(
            code=f"V{next(_venues):03}",
            county=county,
            place="Jõhvi",
            kind="community-house",
            owner="municipality",
            seats_count=seats,
            is_accessible=True,
            has_public_transport=True,
            rent_amount=Decimal("0.00"),
        ),
        PLANNED_AT,
    )


async def a_planned_group(*, call_off: CallOff | None = None, **overrides: Any) -> Group:
    """Plan a group under a call-off: on all of its days, with both of its facilitators."""
    days_count = overrides.pop("days_count", 60)
    call_off = call_off or await a_contract(days=days_count)
    coordinator = call_off.framework.award.coordinator
    consultant = await an_actor(Role.CONSULTANT, org=call_off.buyer_id)
    draft: dict[str, Any] = {
        "contract_id": call_off.contract_id,
        "venue_id": overrides.pop("venue_id", None) or await a_venue(coordinator),
        "places_count": 12,
        "days": timetable(days_count),
        "facilitator_ids": call_off.partner.facilitator_ids,
        **overrides,
    }
    group_id = await service.plan_group(consultant, GroupDraft(**draft), now=PLANNED_AT)
    return Group(
        group_id,
        call_off,
        tuple(draft["days"]),
        consultant,
        await an_actor(Role.FACILITATOR, org=call_off.partner.id, kind="provider"),
    )


async def a_client_request(actor: Actor, **overrides: Any) -> UUID:
    """Record a request of somebody in the group's county, in its language."""
    return await a_request(
        actor,
        now=PLANNED_AT,
        **{
            "client_ref": f"CL-8{next(_clients):04}",
            "created_on": date(2025, 8, 1),
            "earliest_start_on": date(2025, 9, 1),
            "county": "EE-45",
            "bureau": "B-45-1",
            "caseworker_ref": "CW-45-1",
            "language": "ru",
            "service_code": "TOOHARJUTUS",
            "acknowledge_duplicate": True,  # tests put one client into several groups
            **overrides,
        },
    )


async def basis_of(group: Group) -> None:
    """Say that the group was bought for every request there is, as its tender's basis."""
    async with connection() as c:
        basis_id = await c.fetchval(
            """INSERT INTO basis (id, buyer, name, service_code, made_at, made_by, facts, result)
               VALUES (gen_random_uuid(), $1, 'All', 'TOOHARJUTUS', now(), $1, '{}', '{}')
               RETURNING id""",
            group.buyer_id,
        )
        await c.execute(
            """INSERT INTO basis_request (id, basis, request, verdict, group_no, reason)
               SELECT gen_random_uuid(), $1, id, 'grouped', 1, $3 FROM request WHERE buyer = $2""",
            basis_id,
            group.buyer_id,
            '{"code": "grouped", "text": "In it.", "values": {}, "message": "In it."}',
        )
    # Afterwards, which only a builder may: a published tender keeps its basis.
    owner = await DB.connect_as_owner()
    try:
        async with owner.transaction():
            await owner.execute("SET LOCAL session_replication_role = replica")
            await owner.execute(
                """UPDATE tender SET basis = $1 WHERE id = (
                     SELECT l.tender FROM lot l JOIN contract c ON c.lot = l.id WHERE c.id = $2)""",
                basis_id,
                group.call_off.contract_id,
            )
    finally:
        await owner.close()


async def a_participant(
    group: Group,
    *,
    joins_on: date | None = None,
    actor: Actor | None = None,
    replaces_id: UUID | None = None,
    now: datetime = PLANNED_AT,
    **request: Any,
) -> UUID:
    """Refer somebody to a group, from its first day on unless another is given."""
    actor = actor or group.consultant
    request_id = await a_client_request(actor, **request)
    draft = ReferralDraft(request_id, joins_on or group.days[0], replaces_id)
    return await service.refer(actor, group.id, draft, now=now)


async def a_group(*, people: int = 2, **overrides: Any) -> tuple[Group, list[UUID]]:
    """Make a running group with people in it from its first day on."""
    group = await a_planned_group(**overrides)
    ids = [await a_participant(group) for _ in range(people)]
    await service.start_group(group.consultant, group.id, now=evening(group.days[0]))
    return group, ids


async def mark(group: Group, day: date, marks: dict[UUID, Mark], **more: Any) -> None:
    """Enter marks of a day as its facilitator does, that evening unless another time is given."""
    drafts = [MarkDraft(participant_id, value) for participant_id, value in marks.items()]
    await service.enter_attendance(
        more.get("actor", group.facilitator),
        group.id,
        day,
        drafts,
        reason=more.get("reason", ""),
        now=more.get("now", evening(day)),
    )


async def an_employer(coordinator: Actor, **overrides: Any) -> UUID:
    """Record an employer of the buyer."""
    draft = {
        "name": "Demo Puit OÜ",
        "registry_code": next(_employers),
        "county": "EE-45",
        "sector": "woodworking",
        **overrides,
    }
    return await service.record_employer(coordinator, EmployerDraft(**draft), now=PLANNED_AT)


# Reference, band, days present, excused, vacated by a success, milestones.
G_2025_07: list[tuple[str, str, int, int, int, str]] = [
    ("CL-90001", "A", 52, 2, 0, "M1 M2 M3"),
    ("CL-90002", "B", 55, 1, 0, "M1 M2 M3"),
    ("CL-90003", "C", 41, 8, 0, "M1 M3"),
    ("CL-90004", "B", 24, 0, 10, "M1"),
    ("CL-90005", "C", 49, 4, 0, "M1 M2 M3"),
    ("CL-90006", "B", 58, 0, 0, "M1 M2 M3"),
    ("CL-90007", "C", 12, 3, 0, "M1"),
    ("CL-90008", "B", 57, 2, 0, "M1 M2 M3"),
    ("CL-90009", "A", 60, 0, 0, "M1 M2 M3"),
    ("CL-90010", "C", 38, 10, 0, "M1 M3"),
    ("CL-90011", "B", 5, 0, 0, ""),
    ("CL-90012", "B", 50, 3, 0, "M1 M3"),
    ("CL-90013", "C", 28, 1, 0, "M1 M2 M3"),
]
LEAVES = {  # number of the first day away, and why
    "CL-90004": (25, ExitReason.JOB),
    "CL-90007": (16, ExitReason.NEEDS_OTHER_SUPPORT),
    "CL-90011": (6, ExitReason.NO_SHOW),
}
JOINS = {"CL-90013": 31}  # number of the day of joining; takes the place of CL-90011
VISITS: list[tuple[date, int, tuple[int, ...], tuple[int, ...], int]] = [
    (date(2025, 11, 25), 1, (1, 6, 9, 13), (6, 9, 13), 4),
    (date(2025, 11, 27), 2, (2, 3, 5, 10), (2, 5), 3),
    (date(2025, 12, 2), 3, (1, 8, 12), (1, 8), 6),
    (date(2025, 12, 9), 1, (3, 8, 10, 12), (), 0),
]


def marks_of(ref: str, present: int, excused: int, vacated: int) -> dict[date, Mark]:
    """Spread the days of one participant of G-2025-07: what is neither is an absence."""
    first = JOINS.get(ref, 1) - 1
    until = LEAVES[ref][0] - 1 if ref in LEAVES else len(DAYS)
    kinds = [Mark.PRESENT] * present + [Mark.EXCUSED] * excused
    own = DAYS[first:until]
    kinds += [Mark.ABSENT] * (len(own) - len(kinds))
    marks = dict(zip(own, kinds, strict=True))
    return {**marks, **dict.fromkeys(DAYS[until : until + vacated], Mark.SUCCESS_VACANCY)}


async def the_group(*, completed: bool = True) -> tuple[Group, dict[str, UUID]]:
    """Play G-2025-07 through: thirteen people, sixty days, plans, four visits."""
    group = await a_planned_group(code="G-2025-07")
    ids: dict[str, UUID] = {}
    for ref, band, *_ in G_2025_07:
        if ref not in JOINS:
            ids[ref] = await a_participant(group, client_ref=ref, risk_band=band)
    await service.start_group(group.consultant, group.id, now=evening(DAYS[0]))
    marks = {ref: marks_of(ref, *rest[:3]) for ref, _, *rest in G_2025_07}
    for number, day in enumerate(DAYS, start=1):
        for ref, (first_away, reason) in LEAVES.items():
            if number == first_away:
                draft = LeaveDraft(day, reason)
                await service.leave(group.facilitator, ids[ref], draft, now=evening(day))
        for ref, joins in JOINS.items():
            if number == joins:
                ids[ref] = await a_participant(
                    group,
                    client_ref=ref,
                    risk_band="C",
                    joins_on=day,
                    replaces_id=ids["CL-90011"],
                    now=evening(day),
                )
        given = {ids[ref]: days[day] for ref, days in marks.items() if day in days}
        await mark(group, day, given)
    for ref, _, _, _, _, milestones in G_2025_07:
        own = DAYS[JOINS.get(ref, 1) - 1 :]
        for code, kind, day in (
            ("M1", PlanKind.INDIVIDUAL, own[7]),
            ("M3", PlanKind.EXIT, DAYS[-2]),
        ):
            if code in milestones.split():
                plan = PlanDraft(kind, day, "Work in a workshop near home.")
                await service.record_plan(group.facilitator, ids[ref], plan, now=evening(day))
    coordinator = group.call_off.framework.award.coordinator
    employers = {n: await an_employer(coordinator, name=f"Employer {n}") for n in (1, 2, 3)}
    for day, employer, there, relevant, vacancies in VISITS:
        await service.record_visit(
            group.facilitator,
            group.id,
            VisitDraft(
                employers[employer],
                day,
                vacancies,
                [ids[f"CL-900{n:02}"] for n in there],
                [ids[f"CL-900{n:02}"] for n in relevant],
                "Two were invited to an interview.",
            ),
            now=OVER_AT,
        )
    if completed:
        await service.complete_group(group.contract_manager, group.id, now=OVER_AT)
    return group, ids
