"""Who may, and which row: what every service of tenders begins with."""

from uuid import UUID

from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden, NotFound
from procure.kernel.texts import n_
from procure.tenders import queries
from procure.tenders.rules import (
    TenderFacts,
)
from procure.tenders.tables import Tender


def require(actor: Actor, permission: Permission, org_id: UUID) -> None:
    """Raise Forbidden unless the actor may do this for the organisation that buys."""
    if not actor.may(permission, for_org=org_id):
        raise Forbidden(n_("Only the authority that buys may do this, in the role for it."))


async def ours(actor: Actor, tender_id: UUID, permission: Permission) -> TenderFacts:
    """Load a tender that the actor may see and do this to."""
    facts = await queries.visible_tender(actor, tender_id)
    require(actor, permission, facts.buyer_id)
    return facts


async def _hold(tender_id: UUID) -> Tender:
    """Lock one tender's row; not against those who only point to it."""
    tender: Tender | None = (
        await Tender.objects().where(Tender.id == tender_id).first().lock_rows("NO KEY UPDATE")
    )
    if tender is None:
        raise NotFound(n_("There is no tender {id}."), {"id": str(tender_id)})
    return tender
