"""Employers that groups may visit."""

from uuid import UUID

from procure.db import fetch_as
from procure.delivery.queries.facts import group_facts, no_group
from procure.delivery.schemas import (
    EmployerView,
)
from procure.kernel.actors import Actor


async def employers_of(buyer_id: UUID) -> list[EmployerView]:
    """List the employers that a buyer's groups may visit, by name; for services and forms."""
    return await fetch_as(
        EmployerView,
        """SELECT id, code, name, registry_code, county, sector FROM employer WHERE buyer = $1
            ORDER BY name, code""",
        buyer_id,
    )


async def list_employers(actor: Actor, group_id: UUID | None = None) -> list[EmployerView]:
    """List the employers of the actor's own organisation, or of the buyer of a group of theirs."""
    if group_id is None:
        return await employers_of(actor.org_id)
    facts = await group_facts(group_id)
    if actor.org_id not in (facts.buyer_id, facts.provider_id):
        raise no_group(group_id)
    return await employers_of(facts.buyer_id)
