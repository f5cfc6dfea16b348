"""Trying a tender's scoring before publication: read the draft, compute, keep nothing."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import dated
from procure.tenders.queries.drafts import draft_of
from procure.tenders.queries.facts import visible_tender
from procure.tenders.rules import TenderDraft
from procure.tenders.rules.trials import Simulation, Trial, proposed_trial, simulate


async def triable_tender(actor: Actor, tender_id: UUID) -> TenderDraft:
    """Return a tender's draft for those who make it; NotFound, Forbidden for everybody else."""
    facts = await visible_tender(actor, tender_id)
    if not actor.may(Permission.TENDER_DRAFT, for_org=facts.buyer_id):
        raise Forbidden(n_("Only the authority that buys may do this, in the role for it."))
    return draft_of(facts)


async def propose_trial(actor: Actor, tender_id: UUID, lot_code: str = "") -> Trial:
    """Invent three bids around the estimate of one lot; of the first where it is not named."""
    draft = await triable_tender(actor, tender_id)
    lot = next((lot for lot in draft.lots if lot.code == lot_code), draft.lots[0])
    return proposed_trial(draft.criteria, lot.unit_price)


async def try_scoring(actor: Actor, tender_id: UUID, trial: Trial, *, now: datetime) -> Simulation:
    """Score invented bids by the tender's criteria; Refused with what is wrong with the bids."""
    draft = await triable_tender(actor, tender_id)
    low_price = dated("evaluation/abnormally_low").on(legal_day(now))
    return simulate(
        draft.criteria,
        trial,
        low_price_share=Decimal(low_price["below_share"]),
        low_price_others=low_price["others_at_least"],
    )
