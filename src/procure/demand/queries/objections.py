"""Reading objections with the time their answers took, and who looked at a request."""

from datetime import datetime
from statistics import median_low
from uuid import UUID

from procure.db import fetch_as
from procure.demand.schemas import ObjectionList, ObjectionView, ReadView
from procure.kernel.actors import Actor

_OBJECTION = """
    SELECT o.id, o.request AS request_id, r.reference, o.kind, o.wanted_band, o.reason, o.made_at,
           o.made_by, o.state, o.is_upheld, o.reply, o.answered_at,
           (extract(epoch FROM coalesce(o.answered_at, $2) - o.made_at) / 86400)::int AS days_count
      FROM objection o JOIN request r ON r.id = o.request
     WHERE r.buyer = $1
"""


async def list_objections(actor: Actor, *, now: datetime) -> ObjectionList:
    """List the objections of the actor's organisation, open ones first, the oldest on top."""
    rows = await fetch_as(
        ObjectionView,
        f"{_OBJECTION} ORDER BY o.state = 'answered',"
        " CASE WHEN o.state = 'open' THEN o.made_at END, o.answered_at DESC LIMIT 500",
        actor.org_id,
        now,
    )
    days = [row.days_count for row in rows if row.answered_at is not None]
    return ObjectionList(list(rows), len(days), median_low(days) if days else None)


async def objections_of(actor: Actor, request_id: UUID, *, now: datetime) -> list[ObjectionView]:
    """List the objections about one request, the oldest first."""
    return await fetch_as(
        ObjectionView,
        f"{_OBJECTION} AND o.request = $3 ORDER BY o.id",
        actor.org_id,
        now,
        request_id,
    )


async def reads_of(actor: Actor, request_id: UUID) -> list[ReadView]:
    """List who looked at a request of the actor's organisation, the latest first."""
    return await fetch_as(
        ReadView,
        """
        SELECT l.read_at, p.name AS read_by_name, l.reason
          FROM request_read l JOIN request r ON r.id = l.request JOIN person p ON p.id = l.read_by
         WHERE r.buyer = $1 AND r.id = $2 ORDER BY l.id DESC LIMIT 200
        """,
        actor.org_id,
        request_id,
    )
