"""What waits to be done in delivery: groups to plan, people to refer, months to complete.

For the clock; asks no actor.
"""

from datetime import date
from uuid import UUID

import msgspec

from procure.db import fetch_as

OPEN_REQUEST = "('recorded', 'planned', 'tendered')"


class _Basis(msgspec.Struct):
    id: UUID | None


async def basis_of_contract(contract_id: UUID) -> UUID | None:
    """Return the analysis of demand that a contract was bought from, its framework's if its own
    tender names none; None where there is none.
    """
    rows = await fetch_as(
        _Basis,
        """SELECT coalesce(t.basis, f.basis) AS id
             FROM contract c JOIN lot l ON l.id = c.lot JOIN tender t ON t.id = l.tender
             LEFT JOIN lot p ON p.id = t.parent_lot_id LEFT JOIN tender f ON f.id = p.tender
            WHERE c.id = $1""",
        contract_id,
    )
    return rows[0].id if rows else None


class ContractToPlan(msgspec.Struct, frozen=True):
    """A contract under which a group is still to be planned."""

    id: UUID
    buyer_id: UUID
    number: str
    starts_on: date
    signed_on: date


async def contracts_to_plan(today: date) -> list[ContractToPlan]:
    """List the contracts with fewer groups than they are for, and no task that says so."""
    return await fetch_as(
        ContractToPlan,
        """SELECT c.id, c.buyer AS buyer_id, c.number, c.starts_on,
                  (c.signed_at AT TIME ZONE 'Europe/Tallinn')::date AS signed_on
             FROM contract c
            WHERE c.kind <> 'framework' AND c.state IN ('signed', 'running') AND c.ends_until > $1
              AND (SELECT count(*) FROM service_group g WHERE g.contract = c.id)
                  < (c.terms::jsonb ->> 'groups_count')::int
              AND NOT EXISTS (SELECT FROM task t WHERE t.kind = 'group:plan'
                              AND t.subject_id = c.id AND t.state = 'open')
            ORDER BY c.id""",
        today,
    )


class _Id(msgspec.Struct):
    id: UUID


async def plans_no_longer_due(today: date) -> list[UUID]:
    """List the contracts that have an open task to plan a group although they have ended."""
    rows = await fetch_as(
        _Id,
        """SELECT c.id FROM task t JOIN contract c ON c.id = t.subject_id
            WHERE t.kind = 'group:plan' AND t.state = 'open'
              AND (c.state NOT IN ('signed', 'running') OR c.ends_until <= $1)""",
        today,
    )
    return [row.id for row in rows]


class Referrer(msgspec.Struct, frozen=True):
    """Somebody whose clients wait for a place in a group."""

    group_id: UUID
    buyer_id: UUID
    code: str
    starts_on: date
    person_id: UUID | None  # None: recorded by no caseworker, so the consultants refer
    waiting_count: int


async def referrers(today: date, group_id: UUID | None = None) -> list[Referrer]:
    """List whose clients wait for a free place in a group that somebody may still join.

    The clients are those of the group's basis in its language and in a county of its lot. Whether
    it is too late to join is for the caller to say: the service knows.
    """
    return await fetch_as(
        Referrer,
        f"""SELECT g.id AS group_id, c.buyer AS buyer_id, g.code, g.starts_on, w.person_id,
                   count(*) AS waiting_count
              FROM service_group g JOIN contract c ON c.id = g.contract
              JOIN lot l ON l.id = c.lot JOIN tender t ON t.id = l.tender
              LEFT JOIN lot p ON p.id = t.parent_lot_id LEFT JOIN tender f ON f.id = p.tender
              JOIN basis_request b ON b.basis = coalesce(t.basis, f.basis)
                                  AND b.verdict = 'grouped'
              JOIN request r ON r.id = b.request AND r.buyer = c.buyer
                            AND r.state IN {OPEN_REQUEST} AND r.language = g.language
                            AND r.county = ANY(l.counties)
              CROSS JOIN LATERAL (SELECT (
                   SELECT m.person FROM membership m
                    WHERE m.person = r.recorded_by AND m.org = c.buyer AND m.role = 'caseworker'
                      AND m.from_on <= $1 AND (m.until_on IS NULL OR m.until_on > $1) LIMIT 1)
                   AS person_id) w
             WHERE g.state <> 'completed' AND ($2::uuid IS NULL OR g.id = $2)
               AND (SELECT count(*) FROM participant x WHERE x."group" = g.id
                     AND x.stays_until > greatest($1::date, g.starts_on)) < g.places_count
             GROUP BY g.id, c.buyer, g.code, g.starts_on, w.person_id
             ORDER BY g.id, w.person_id""",  # noqa: S608 - our own text
        today,
        group_id,
    )


class OpenReferral(msgspec.Struct, frozen=True):
    """An open task to refer people to a group."""

    group_id: UUID
    person_id: UUID | None


async def open_referrals(group_id: UUID | None = None) -> list[OpenReferral]:
    """List the open tasks to refer people, of all groups or of one."""
    return await fetch_as(
        OpenReferral,
        """SELECT subject_id AS group_id, person_id FROM task
            WHERE kind = 'group:refer' AND state = 'open'
              AND ($1::uuid IS NULL OR subject_id = $1) ORDER BY id""",
        group_id,
    )


class MonthToComplete(msgspec.Struct, frozen=True):
    """A month that has begun, in which somebody's attendance is still missing."""

    contract_id: UUID
    provider_id: UUID
    number: str
    group_id: UUID  # the first of the groups concerned
    groups_count: int
    first_on: date  # first training day of the month
    last_on: date


async def months_to_complete(today: date) -> list[MonthToComplete]:
    """List the months whose first training day has come and which lack marks, without a task."""
    return await fetch_as(
        MonthToComplete,
        """SELECT c.id AS contract_id, c.provider_org AS provider_id, c.number,
                  (array_agg(g.id ORDER BY g.code))[1] AS group_id,
                  count(DISTINCT g.id) AS groups_count,
                  min(d.held_on) AS first_on, max(d.held_on) AS last_on
             FROM training_day d JOIN service_group g ON g.id = d."group"
             JOIN contract c ON c.id = g.contract
            WHERE g.state = 'running'
            GROUP BY c.id, date_trunc('month', d.held_on)
           HAVING min(d.held_on) <= $1
              AND bool_or(EXISTS (
                  SELECT FROM participant p WHERE p."group" = g.id AND d.held_on >= p.joins_on
                     AND d.held_on < p.stays_until AND NOT EXISTS (
                         SELECT FROM attendance a WHERE a.day = d.id AND a.participant = p.id)))
              AND NOT EXISTS (SELECT FROM task t WHERE t.subject_id = c.id AND t.state = 'open'
                    AND t.kind = 'attendance-report:' || to_char(min(d.held_on), 'YYYY-MM'))
            ORDER BY c.id, min(d.held_on)""",
        today,
    )
