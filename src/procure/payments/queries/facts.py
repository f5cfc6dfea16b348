"""What claims are computed from; asks no actor, for services and for the other queries."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.delivery import queries as delivery
from procure.delivery.rules import GroupDelivery, ParticipantDelivery
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.outcomes import queries as outcomes
from procure.outcomes.rules import OutcomeFact
from procure.payments.rules import (
    GroupFacts,
    ParticipantFacts,
    Posted,
)


async def facts_of_group(group_id: UUID) -> GroupFacts:
    """Gather everything known of a group that money depends on; asks no actor, for services."""
    group = await delivery.group_delivery(group_id)
    days = await delivery.training_days(group_id)
    by_person: dict[UUID, list[OutcomeFact]] = {}
    for outcome in await outcomes.outcomes_of_group(group_id):
        by_person.setdefault(outcome.participant_id, []).append(outcome)
    return group_facts(group, sum(1 for day in days if day.marks_count), by_person)


def group_facts(
    group: GroupDelivery, entered_days_count: int, outcomes_of: Mapping[UUID, Sequence[OutcomeFact]]
) -> GroupFacts:
    """Put together what delivery and outcomes know."""
    return GroupFacts(
        group_id=group.group_id,
        group_code=group.code,
        entered_days_count=entered_days_count,
        participants=tuple(
            _person(person, outcomes_of.get(person.participant_id, ()))
            for person in sorted(group.participants, key=lambda p: p.client_ref)
        ),
    )


def _person(person: ParticipantDelivery, found: Sequence[OutcomeFact]) -> ParticipantFacts:
    return ParticipantFacts(
        participant_id=person.participant_id,
        client_ref=person.client_ref,
        risk_band=person.risk_band,
        joins_on=person.joins_on,
        present_days=person.present_count,
        excused_days=person.excused_count,
        absent_days=person.absent_count,
        vacated_days=person.success_vacancy_count,
        individual_plan_on=person.individual_plan_on,
        is_individual_plan_in_time=person.is_individual_plan_in_time,
        relevant_visit_on=person.relevant_visit_on,
        exit_plan_on=person.exit_plan_on,
        outcomes=tuple(found),
    )


async def posted_of_group(group_id: UUID) -> dict[str, Posted]:
    """Sum what posted claims of a group posted, by obligation; for services."""
    rows = await fetch_as(
        Posted,
        """SELECT l.key, (array_agg(l.kind))[1] AS kind, sum(l.line_amount) AS amount,
                  (array_agg(l.clause ORDER BY c.number DESC))[1] AS clause_id,
                  (array_agg(l.participant))[1] AS participant_id,
                  (array_agg(l.outcome ORDER BY c.number DESC))[1] AS outcome_id
             FROM claim_line l JOIN claim c ON c.id = l.claim
            WHERE c."group" = $1 AND c.state IN ('posted', 'paid') GROUP BY l.key""",
        group_id,
    )
    return {row.key: row for row in rows}


class LastClaim(msgspec.Struct, frozen=True):
    """The newest posted claim of a group: what was known then."""

    id: UUID
    number: int
    facts: str

    @property
    def group_facts(self) -> GroupFacts:
        """The facts it was computed from."""
        return read_canonical(self.facts, GroupFacts)


async def last_posted(group_id: UUID) -> LastClaim | None:
    """Return the newest posted claim of a group; for services."""
    rows = await fetch_as(
        LastClaim,
        """SELECT id, number, facts FROM claim WHERE "group" = $1 AND state IN ('posted', 'paid')
            ORDER BY number DESC LIMIT 1""",
        group_id,
    )
    return rows[0] if rows else None


class _Id(msgspec.Struct, frozen=True):
    id: UUID


class _Number(msgspec.Struct, frozen=True):
    number: int


async def open_claim_of(group_id: UUID) -> UUID | None:
    """Return the claim of a group that is not posted yet; for services."""
    rows = await fetch_as(
        _Id,
        """SELECT id FROM claim WHERE "group" = $1
            AND state NOT IN ('posted', 'paid', 'withdrawn')""",
        group_id,
    )
    return rows[0].id if rows else None


async def next_number(contract_id: UUID) -> int:
    """Return the number of a contract's next claim; the caller holds the contract."""
    rows = await fetch_as(
        _Number,
        "SELECT coalesce(max(number), 0) + 1 AS number FROM claim WHERE contract = $1",
        contract_id,
    )
    return rows[0].number


async def contract_of_claim(claim_id: UUID) -> UUID:
    """Return a claim's contract; asks no actor, for services."""
    rows = await fetch_as(_Id, "SELECT contract AS id FROM claim WHERE id = $1", claim_id)
    if not rows:
        raise no_claim(claim_id)
    return rows[0].id


async def groups_to_draft() -> list[UUID]:
    """List the groups that may owe something: completed ones, and those with a posted claim."""
    rows = await fetch_as(
        _Id,
        """SELECT g.id FROM service_group g
            WHERE (g.state = 'completed' OR EXISTS (
                   SELECT FROM claim c WHERE c."group" = g.id AND c.state IN ('posted', 'paid')))
              AND NOT EXISTS (SELECT FROM claim c WHERE c."group" = g.id
                              AND c.state IN ('disputed', 'accepted', 'attested'))
            ORDER BY g.contract, g.code""",
    )
    return [row.id for row in rows]


def no_claim(claim_id: UUID) -> NotFound:
    """Say that a claim is not there, or not the asker's."""
    return NotFound(n_("There is no claim {id}."), {"id": str(claim_id)})
