"""Submitting, replacing and withdrawing bids: stamped first, sealed at once (R1, R7)."""

from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.bids import queries
from procure.bids.ports import Signer, Vault
from procure.bids.rules import BidDraft, Receipt, instant_text
from procure.bids.service import arriving
from procure.bids.service.arriving import Arrived
from procure.bids.service.preparing import prepare_bid, require_bidder
from procure.bids.service.registering import EndedEvent, Submission, submit_package
from procure.bids.states import BID
from procure.bids.tables import Bid
from procure.db import connection, transaction
from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders.ports import Sealer
from procure.tenders.rules import is_on_time


async def submit_bid(
    actor: Actor,
    draft: BidDraft,
    *,
    sealer: Sealer,
    signer: Signer,
    vault: Vault | None = None,
    now: datetime,  # noqa: ARG001 - the arrival's instant is what counts
    arrived: Arrived | None = None,
) -> Receipt:
    """Prepare a bid and submit it at once; an earlier one for the lot is replaced.

    The first statement stamps the arrival with the database's clock and commits it, so that
    nothing after it (checks, locks, encryption) can make the bid late; over HTTP that is done
    before this is called. A late bid is sealed and kept, never opened, and its receipt says so.

    Raises NotFound, Forbidden, Refused (every finding), Conflict (opened or ended meanwhile).
    """
    require_bidder(actor)
    arrived = arrived or await _noted(actor, draft.tender_id)
    async with _refusing(arrived):
        package = await prepare_bid(actor, draft, sealer=sealer, vault=vault, at=arrived.at)
        return await submit_package(Submission(actor, package.id, arrived, signer))


async def submit_prepared(
    actor: Actor,
    tender_id: UUID,
    package_id: UUID,
    *,
    signer: Signer,
    arrived: Arrived | None = None,
) -> Receipt:
    """Submit what was prepared; again, it returns the same receipt.

    Raises NotFound, Forbidden, Conflict, Refused; see `submit_package`.
    """
    require_bidder(actor)
    arrived = arrived or await _noted(actor, tender_id, package_id)
    async with _refusing(arrived):
        receipt = await submit_package(Submission(actor, package_id, arrived, signer))
    if receipt.receipt.received_at != instant_text(arrived.at):
        await arriving.refuse(arrived.id, "repeated")  # an earlier arrival is what counts
    return receipt


class _refusing:
    """Notes a refusal with the arrival, outside of the transaction that is gone by then."""

    def __init__(self, arrived: Arrived) -> None:
        self.arrived = arrived

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ProcureError):
            await arriving.refuse(self.arrived.id, refusal_code(error))


def refusal_code(error: ProcureError) -> str:
    """Name a refusal in a word, as the arrival keeps it."""
    if isinstance(error, Refused):
        return error.findings[0].code
    return type(error).__name__.lower()


async def _noted(actor: Actor, tender_id: UUID, package_id: UUID | None = None) -> Arrived:
    arrived = await arriving.note_now(tender_id, actor, package_id)
    if arrived is None:
        raise NotFound(n_("There is no tender {id}."), {"id": str(tender_id)})
    return arrived


async def withdraw_bid(actor: Actor, bid_id: UUID, *, now: datetime) -> None:
    """Withdraw one's live bid before the deadline; it is never opened, and another may follow.

    Raises NotFound, Forbidden, Conflict (not live any more), Refused (the deadline is over).
    """
    require_bidder(actor)
    asked_at = await queries.database_now()
    bid = await queries.read_bid(actor, bid_id)
    async with transaction():
        async with connection() as c:
            await c.execute("SELECT hold_bidder($1, $2)", bid.tender_id, actor.org_id)
        bid = await queries.read_bid(actor, bid_id)
        state = BID.after(bid.state, "withdraw")
        if not is_on_time(asked_at, bid.deadline_at):
            raise Refused(
                [
                    Finding(
                        "deadline",
                        n_("A bid can be withdrawn until the deadline, and that is over."),
                        clause="Directive 2014/24/EU Annex IV",
                    )
                ]
            )
        await Bid.update({Bid.state: state}).where(Bid.id == bid_id)
        await audit.record(
            "bid:withdrawn",
            bid_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts=EndedEvent(bid.tender_id, bid.lot_id, bid.version),
        )
