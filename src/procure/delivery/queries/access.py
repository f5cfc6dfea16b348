"""Who sees which group and which people in it."""

from datetime import date
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.delivery.queries.facts import no_group
from procure.delivery.schemas import (
    GroupLine,
)
from procure.kernel.actors import Actor, Permission, Role

GROUPS = """
    SELECT g.id, g.code, g.state, g.contract AS contract_id, c.number AS contract_number,
           c.buyer AS buyer_id, c.provider_org AS provider_id, o.name AS provider_name,
           g.venue AS venue_id, v.place, v.county, g.language, g.starts_on, g.ends_until,
           g.places_count,
           (SELECT count(*) FROM participant p
             WHERE p."group" = g.id AND p.stays_until > least($2::date, g.ends_until - 1))
             AS people_count,
           d.days_count, d.days_marked_count, d.next_day,
           d.due_day
      FROM service_group g JOIN contract c ON c.id = g.contract
      JOIN organisation o ON o.id = c.provider_org JOIN venue v ON v.id = g.venue
      CROSS JOIN LATERAL (
           SELECT count(*) AS days_count, count(*) FILTER (WHERE m.marked) AS days_marked_count,
                  min(t.held_on) FILTER (WHERE NOT m.marked) AS next_day,
                  min(t.held_on) FILTER (WHERE NOT m.marked AND t.held_on <= $2::date) AS due_day
             FROM training_day t
             CROSS JOIN LATERAL (SELECT EXISTS (
                  SELECT FROM attendance a WHERE a.day = t.id) AS marked) m
            WHERE t."group" = g.id) d
     WHERE $1 IN (c.buyer, c.provider_org)
"""


class GroupRow(msgspec.Struct):
    """A group with what a list says of it."""

    id: UUID
    code: str
    state: str
    contract_id: UUID
    contract_number: str
    buyer_id: UUID
    provider_id: UUID
    provider_name: str
    venue_id: UUID
    place: str
    county: str
    language: str
    starts_on: date
    ends_until: date
    places_count: int
    people_count: int
    days_count: int
    days_marked_count: int
    next_day: date | None
    due_day: date | None


def sees_own_only(actor: Actor) -> bool:
    """Tell whether the actor sees only the participants of own requests: a caseworker, no more."""
    return actor.is_buyer and actor.roles <= {Role.CASEWORKER}


def line_of(row: GroupRow) -> GroupLine:
    """Say a group as a line of a list."""
    return GroupLine(**{name: getattr(row, name) for name in GroupLine.__struct_fields__})


async def visible_group(actor: Actor, group_id: UUID, today: date) -> GroupRow:
    """Load a group that the actor may see; NotFound otherwise."""
    rows = await fetch_as(GroupRow, f"{GROUPS} AND g.id = $3", actor.org_id, today, group_id)
    if not rows:
        raise no_group(group_id)
    return rows[0]


def may_record_leaving(actor: Actor, buyer_id: UUID, provider_id: UUID) -> bool:
    """Tell whether the actor may say that a participant leaves: who refers, or who marks."""
    return actor.may(Permission.PARTICIPANT_REFER, for_org=buyer_id) or actor.may(
        Permission.ATTENDANCE_ENTER, for_org=provider_id
    )


def may_confirm_plans(actor: Actor, buyer_id: UUID) -> bool:
    """Tell whether the actor may confirm a plan for the buyer: who refers, or who verifies."""
    return actor.may(Permission.PARTICIPANT_REFER, for_org=buyer_id) or actor.may(
        Permission.OUTCOME_VERIFY, for_org=buyer_id
    )


class _Id(msgspec.Struct):
    id: UUID


async def seen_participants(actor: Actor, group_id: UUID) -> frozenset[UUID]:
    """Return the participants of a group that the actor may see; the group itself is visible."""
    rows = await fetch_as(
        _Id,
        """SELECT p.id FROM participant p JOIN request r ON r.id = p.request
            WHERE p."group" = $1 AND (NOT $2 OR r.recorded_by = $3 OR p.referred_by = $3)""",
        group_id,
        sees_own_only(actor),
        actor.id,
    )
    return frozenset(row.id for row in rows)
