"""Bids over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.bids import queries, service
from procure.bids.ports import Signer
from procure.bids.rules import BidDraft, Receipt
from procure.bids.schemas import BidBody, BidsView, OpeningView, OwnBid, OwnBids, ShareBody
from procure.kernel.actors import Actor, Permission
from procure.tenders.ports import Sealer
from procure.web.downloads import attachment

TAGS = ("Bids",)


class TenderBidApi(Controller):
    """The bids of one tender, and their opening."""

    path = "/api/v1/tenders/{tender_id:uuid}"
    tags = TAGS

    @post("/bids", operation_id="submitBid", permission=Permission.BID_SUBMIT)
    async def submit(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[BidBody],
        actor: NamedDependency[Actor],
        *,
        sealer: NamedDependency[Sealer],
        signer: NamedDependency[Signer],
        now: NamedDependency[datetime],
    ) -> Receipt:
        """Submit a bid for one lot and get a signed receipt.

        It is on time if its last byte was here before the deadline by the database's clock,
        whatever happens to it afterwards; `receipt.verdict` says so. A later bid for the same lot
        replaces the earlier one. The bid is encrypted before it is stored, and nobody reads it,
        its bidder included, until enough keyholders open it. A late bid is kept and never opened.
        422 names every fault; what is refused is not kept.
        """
        draft = BidDraft(
            tender_id=tender_id,
            lot_id=data.lot_id,
            unit_price=data.unit_price,
            answers=data.answers,
            facilitator_ids=data.facilitator_ids,
            promised_rates=data.promised_rates,
            remarks=data.remarks,
        )
        return await service.submit_bid(actor, draft, sealer=sealer, signer=signer, now=now)

    @get("/bids", operation_id="listBids", permission=Permission.NONE)
    async def bids(self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]) -> BidsView:
        """Read the bids of a tender, as far as the caller may see them (RHS § 113).

        Before the opening: only one's own, and for everyone else not even how many there are.
        After it: names and registry codes for everyone, prices and numbers for the tenderers, all
        of it and the minutes for the buyer.
        """
        return await queries.read_bids(actor, tender_id)

    @get("/opening", operation_id="readOpening", permission=Permission.OPENING_READ)
    async def opening(
        self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> OpeningView:
        """Read how far the opening has come, and its minutes once it is done."""
        return await queries.read_opening(actor, tender_id)

    @post(
        "/opening",
        operation_id="giveShare",
        permission=Permission.OPENING_SHARE,
        status_code=HTTP_200_OK,
    )
    async def give_share(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[ShareBody],
        actor: NamedDependency[Actor],
        *,
        sealer: NamedDependency[Sealer],
        signer: NamedDependency[Signer],
        now: NamedDependency[datetime],
    ) -> OpeningView:
        """Give the caller's share; the one that completes the quorum opens the bids.

        422 before the deadline, which is recorded, and for a key or words that are not the
        caller's; 409 while submissions that were in time are still being processed.
        """
        await service.give_share(
            actor, tender_id, data.share, sealer=sealer, signer=signer, now=now
        )
        return await queries.read_opening(actor, tender_id)


class BidApi(Controller):
    """A bidder's own bids."""

    path = "/api/v1/bids"
    tags = TAGS

    @get("/", operation_id="listOwnBids", permission=Permission.BID_SUBMIT)
    async def own(self, actor: NamedDependency[Actor]) -> OwnBids:
        """List the caller's own bids of all tenders, newest first."""
        return OwnBids(await queries.own_bids(actor))

    @get("/{bid_id:uuid}", operation_id="readBid", permission=Permission.BID_READ)
    async def read(self, bid_id: FromPath[UUID], actor: NamedDependency[Actor]) -> OwnBid:
        """Read one's own bid: its state, instant and hash; its content once it was opened."""
        return await queries.read_bid(actor, bid_id)

    @post(
        "/{bid_id:uuid}/withdraw",
        operation_id="withdrawBid",
        permission=Permission.BID_SUBMIT,
        status_code=HTTP_200_OK,
    )
    async def withdraw(
        self,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> OwnBid:
        """Withdraw one's live bid before the deadline; it is never opened."""
        await service.withdraw_bid(actor, bid_id, now=now)
        return await queries.read_bid(actor, bid_id)

    @get("/{bid_id:uuid}/receipt", operation_id="readReceipt", permission=Permission.BID_READ)
    async def receipt(
        self, bid_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Download the signed receipt, byte for byte as `procure verify-receipt` checks it."""
        text = await queries.read_receipt(actor, bid_id)
        return attachment(text.encode(), "application/json", f"receipt {bid_id}")

    @get("/{bid_id:uuid}/sealed", operation_id="readSealed", permission=Permission.BID_READ)
    async def sealed(
        self, bid_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Download one's own bid as it lies here, encrypted: the file that the receipt is for."""
        content = await queries.read_sealed(actor, bid_id)
        return attachment(content, "application/octet-stream", f"sealed bid {bid_id}")

    @get(
        "/receipt-key",
        operation_id="readReceiptKey",
        permission=Permission.NONE,
    )
    async def key(self, signer: NamedDependency[Signer]) -> Response[bytes]:
        """Download the public key that receipts are checked with."""
        return attachment(signer.public_pem(), "text/plain", "public key of receipts")


CONTROLLERS: list[type[Controller]] = [TenderBidApi, BidApi]
