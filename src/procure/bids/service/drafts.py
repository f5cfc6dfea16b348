"""What is typed and not submitted: kept locked, for its bidder alone, until the bid is there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from procure.bids import queries
from procure.bids.ports import Vault
from procure.bids.service.preparing import require_bidder
from procure.bids.tables import StoredDraft
from procure.db import connection, transaction, uuid7
from procure.kernel.actors import Actor
from procure.kernel.canonical import canonical
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders import queries as tenders

LARGEST_DRAFT = 400_000


async def save_draft(
    actor: Actor,
    tender_id: UUID,
    fields: Mapping[str, Sequence[str]],
    *,
    vault: Vault,
    now: datetime,
) -> None:
    """Keep what was typed so far, in place of what was kept before. It is no bid.

    Raises NotFound, Forbidden, Refused (too much).
    """
    require_bidder(actor)
    await tenders.visible_tender(actor, tender_id)
    content = canonical(fields).encode()
    if len(content) > LARGEST_DRAFT:
        raise Refused(
            [
                Finding(
                    "too-long",
                    n_("A draft has at most {most} characters; upload what is longer as a file."),
                    {"most": LARGEST_DRAFT},
                )
            ]
        )
    locked = vault.lock(content, queries.draft_about(tender_id, actor.org_id))
    async with connection() as c:
        await c.execute(
            """INSERT INTO bid_draft (id, tender, provider_org, content, saved_by, saved_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (tender, provider_org) DO UPDATE
                   SET content = excluded.content, saved_by = excluded.saved_by,
                       saved_at = excluded.saved_at""",
            uuid7(),
            tender_id,
            actor.org_id,
            locked,
            actor.id,
            now,
        )


async def drop_draft(actor: Actor, tender_id: UUID) -> None:
    """Forget what was typed: it is submitted and sealed, and nobody may read it here any more."""
    require_bidder(actor)
    async with transaction():
        await StoredDraft.delete().where(
            StoredDraft.tender == tender_id, StoredDraft.provider_org == actor.org_id
        )
