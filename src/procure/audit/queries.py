"""Reading the history: an actor reads the events of the own organisation."""

from collections.abc import Sequence
from uuid import UUID

from procure.audit.schemas import EventView
from procure.db import fetch_as
from procure.kernel.actors import Actor

SELECT = """
    SELECT e.kind, e.subject_id, e.actor_id, p.name AS actor_name, e.happened_at, e.facts,
           e.sha256
      FROM event e LEFT JOIN person p ON p.id = e.actor_id
"""
# What comes before the event with the hash $2, if there is one of organisation $1. Places in the
# chain are hashes for readers and not numbers, because a difference of numbers would tell how much
# others did meanwhile: how many bids arrived (promise T-8).
BEFORE = """
    ($2::text IS NULL OR e.seq < (SELECT seq FROM event WHERE sha256 = $2 AND org_id = $1))
"""


async def history(actor: Actor, subject_ids: Sequence[UUID], limit: int = 200) -> list[EventView]:
    """List the newest events of these subjects that belong to the actor's organisation."""
    return await fetch_as(
        EventView,
        SELECT + " WHERE e.subject_id = ANY($1) AND e.org_id = $2 ORDER BY e.seq DESC LIMIT $3",
        list(subject_ids),
        actor.org_id,
        limit,
    )
