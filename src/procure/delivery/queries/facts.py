"""What services of this and later stages read of groups and people; they ask no actor."""

from datetime import date
from uuid import UUID

import msgspec

from procure.catalogue import queries as catalogue
from procure.contracts import queries as contracts
from procure.contracts.rules import Terms
from procure.db import fetch_as
from procure.delivery.rules import EntryWindows, PlanStanding, Stay
from procure.delivery.schemas import (
    DayView,
)
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import dated

M1 = "M1"  # the payment scheme's milestone of the individual plan

LAST_JOINING_PHASE = "replacements_allowed_until_phase"  # of the service's params


def entry_windows(day: date) -> EntryWindows:
    """Return how long after its day a record speaks for itself, by the rule that holds on `day`."""
    return msgspec.convert(dated("delivery/entry_windows").on(day), EntryWindows)


class GroupFacts(msgspec.Struct, frozen=True):
    """A group as services see it."""

    id: UUID
    code: str
    state: str
    contract_id: UUID
    buyer_id: UUID
    provider_id: UUID
    venue_id: UUID
    language: str
    starts_on: date
    ends_until: date
    places_count: int


async def group_facts(group_id: UUID, *, held: bool = False) -> GroupFacts:
    """Return a group; asks no actor, for services. `held` locks it until the transaction ends."""
    rows = await fetch_as(
        GroupFacts,
        f"""SELECT g.id, g.code, g.state, g.contract AS contract_id, c.buyer AS buyer_id,
                   c.provider_org AS provider_id, g.venue AS venue_id, g.language, g.starts_on,
                   g.ends_until, g.places_count
              FROM service_group g JOIN contract c ON c.id = g.contract WHERE g.id = $1
              {"FOR UPDATE OF g" if held else ""}""",  # noqa: S608 - our own text
        group_id,
    )
    if not rows:
        raise no_group(group_id)
    return rows[0]


class StayRow(Stay, frozen=True, kw_only=True):
    """A stay as it is stored."""

    state: str
    replaces_id: UUID | None

    def plain(self) -> Stay:
        """Return the stay as the rules have it, to be stored with what they decided."""
        return Stay(**{name: getattr(self, name) for name in Stay.__struct_fields__})


async def stays_of(group_id: UUID) -> list[StayRow]:
    """List the stays of a group, the earliest first; for services."""
    return await fetch_as(
        StayRow,
        """SELECT p.id AS participant_id, p.client_ref, p.joins_on, p.stays_until, p.exit_reason,
                  p.leaves_until, r.joins_on AS replaced_on, p.state, p.replaces_id
             FROM participant p LEFT JOIN participant r ON r.replaces_id = p.id
            WHERE p."group" = $1 ORDER BY p.joins_on, p.client_ref""",
        group_id,
    )


class ParticipantRef(msgspec.Struct, frozen=True):
    """A participant as later stages see one."""

    id: UUID
    group_id: UUID
    contract_id: UUID
    buyer_id: UUID
    provider_id: UUID
    request_id: UUID
    client_ref: str
    risk_band: str
    state: str
    joins_on: date
    stays_until: date  # exclusive
    leaves_until: date | None
    exit_reason: str | None


async def participant_of(participant_id: UUID) -> ParticipantRef:
    """Return a participant; asks no actor, for services."""
    rows = await fetch_as(
        ParticipantRef,
        """SELECT p.id, p."group" AS group_id, g.contract AS contract_id, c.buyer AS buyer_id,
                  c.provider_org AS provider_id, p.request AS request_id, p.client_ref,
                  p.risk_band, p.state, p.joins_on, p.stays_until, p.leaves_until, p.exit_reason
             FROM participant p JOIN service_group g ON g.id = p."group"
             JOIN contract c ON c.id = g.contract WHERE p.id = $1""",
        participant_id,
    )
    if not rows:
        raise NotFound(n_("There is no such participant."))
    return rows[0]


class PlanRef(msgspec.Struct, frozen=True):
    """A recorded plan as services see it."""

    id: UUID
    participant_id: UUID
    kind: str
    needs_confirmation: bool
    is_confirmed: bool
    is_withdrawn: bool

    @property
    def standing(self) -> PlanStanding:
        """Where it stands, for the rules."""
        return PlanStanding(self.needs_confirmation, self.is_confirmed, self.is_withdrawn)


async def plan_of(plan_id: UUID) -> PlanRef:
    """Return a plan; asks no actor, for services."""
    rows = await fetch_as(
        PlanRef,
        """SELECT id, participant AS participant_id, kind, needs_confirmation,
                  confirmed_at IS NOT NULL AS is_confirmed, withdrawn_at IS NOT NULL AS is_withdrawn
             FROM plan WHERE id = $1""",
        plan_id,
    )
    if not rows:
        raise NotFound(n_("There is no such plan."))
    return rows[0]


class _Id(msgspec.Struct):
    id: UUID


class DayRow(DayView, frozen=True):
    """A training day as it is stored."""


async def training_days(group_id: UUID) -> list[DayRow]:
    """List the training days of a group in order; for services."""
    return await fetch_as(
        DayRow,
        """SELECT d.id, d.held_on, d.number, d.phase, count(a.id) AS marks_count,
                  coalesce(max((a.entered_at AT TIME ZONE 'Europe/Tallinn')::date - d.held_on), 0)
                  AS late_days_count
             FROM training_day d LEFT JOIN attendance a ON a.day = d.id
            WHERE d."group" = $1 GROUP BY d.id ORDER BY d.held_on""",
        group_id,
    )


async def last_joining_day(group_id: UUID) -> date | None:
    """Return the last training day on which somebody may join; None where nothing says so."""
    facts = await group_facts(group_id)
    phase = await last_joining_phase(await contracts.terms_of(facts.contract_id))
    days = [day for day in await training_days(group_id) if phase is None or day.phase <= phase]
    return days[-1].held_on if days else None


async def last_joining_phase(terms: Terms) -> int | None:
    """Return the last phase of the service in which somebody may still join."""
    service = await catalogue.service_on(terms.service_code, terms.starts_on)
    param = service.params.get(LAST_JOINING_PHASE)
    return int(param.value) if param else None


async def groups_of_contract(contract_id: UUID) -> list[UUID]:
    """List the groups of a contract by code; asks no actor, for services."""
    rows = await fetch_as(
        _Id, "SELECT id FROM service_group WHERE contract = $1 ORDER BY code", contract_id
    )
    return [row.id for row in rows]


async def vacancy_limit(contract_id: UUID) -> int:
    """Return for how many training days a place emptied by a success is paid; for services."""
    return (await contracts.terms_of(contract_id)).scheme.success_vacancy_days


async def is_in_another_group(
    buyer_id: UUID, client_ref: str, period: tuple[date, date], group_id: UUID
) -> bool:
    """Tell whether a client of a buyer is in another group during a half-open period."""
    rows = await fetch_as(
        _Id,
        """SELECT id FROM participant WHERE buyer = $1 AND client_ref = $2 AND "group" <> $5
             AND daterange(joins_on, stays_until) && daterange($3, $4) LIMIT 1""",
        buyer_id,
        client_ref,
        *period,
        group_id,
    )
    return bool(rows)


def no_group(group_id: UUID) -> NotFound:
    """Make the answer to who asks for a group that is none, or not theirs."""
    return NotFound(n_("There is no group {id}."), {"id": str(group_id)})
