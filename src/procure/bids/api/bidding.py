"""Submitting bids, one's own bids, and the opening."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_422_UNPROCESSABLE_ENTITY

from procure.bids import queries, service
from procure.bids.ports import Signer, Vault
from procure.bids.rules import BidDraft, Receipt, Verdict, late
from procure.bids.schemas import (
    BidBody,
    BidCheck,
    BidsView,
    DraftBody,
    DraftView,
    LateProblem,
    OpeningView,
    OwnBid,
    OwnBids,
    Packages,
    PackageView,
    ShareBody,
)
from procure.bids.service import Arrived
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.tenders.ports import Sealer
from procure.web.downloads import attachment
from procure.web.languages import tell, translate
from procure.web.problems import finding_facts

TAGS = ("Bids",)
LATE = ResponseSpec(
    LateProblem, description="Refused: with what is wrong, or late, with a signed receipt of that"
)


def draft_of(tender_id: UUID, body: BidBody) -> BidDraft:
    """Make what the service takes of what a program sends."""
    return BidDraft(
        tender_id=tender_id,
        lot_id=body.lot_id,
        unit_price=body.unit_price,
        answers=body.answers,
        facilitator_ids=body.facilitator_ids,
        promised_rates=body.promised_rates,
        remarks=body.remarks,
        file_ids=body.file_ids,
        consortium=body.consortium,
        subcontractors=body.subcontractors,
        price_lines=body.price_lines,
    )


def answer(receipt: Receipt) -> Response[bytes]:
    """Answer with the receipt; what is late is refused, and the receipt proves it."""
    if receipt.receipt.verdict == Verdict.ON_TIME:
        return Response(
            canonical(receipt).encode(),
            status_code=HTTP_201_CREATED,
            media_type="application/json",
        )
    finding = late(receipt.receipt.received_at, receipt.receipt.deadline_at)
    problem = LateProblem(
        title=translate(n_("Late")),
        status=HTTP_422_UNPROCESSABLE_ENTITY,
        detail=tell(finding),
        findings=[finding_facts(finding)],
        receipt=receipt,
    )
    return Response(
        canonical(problem).encode(),  # in which the receipt stands as it is checked
        status_code=HTTP_422_UNPROCESSABLE_ENTITY,
        media_type="application/problem+json",
    )


class TenderBidApi(Controller):
    """The bids of one tender, and their opening."""

    path = "/api/v1/tenders/{tender_id:uuid}"
    tags = TAGS

    @post(
        "/bids",
        operation_id="submitBid",
        permission=Permission.BID_SUBMIT,
        stamps_arrival=True,
        responses={HTTP_422_UNPROCESSABLE_ENTITY: LATE},
    )
    async def submit(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[BidBody],
        actor: NamedDependency[Actor],
        *,
        sealer: NamedDependency[Sealer],
        signer: NamedDependency[Signer],
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
        arrived: NamedDependency[Arrived | None],
    ) -> Response[bytes]:
        """Submit a bid for one lot, content and all, and get a signed receipt.

        It is on time if its last byte was here before the deadline by the database's clock,
        whatever happens to it afterwards. A later bid for the same lot replaces the earlier one.
        The bid is encrypted before it is stored, and nobody reads it, its bidder included, until
        enough keyholders open it. 422 names every fault, and then nothing is kept but the arrival.
        A late bid is refused with code `late` and a signed receipt that says so; it is kept sealed
        as evidence and never opened.
        """
        draft = draft_of(tender_id, data)
        receipt = await service.submit_bid(
            actor, draft, sealer=sealer, signer=signer, vault=vault, now=now, arrived=arrived
        )
        return answer(receipt)

    @post("/bid-packages", operation_id="prepareBid", permission=Permission.BID_SUBMIT)
    async def prepare(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[BidBody],
        actor: NamedDependency[Actor],
        *,
        sealer: NamedDependency[Sealer],
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> PackageView:
        """Check and encrypt a bid beforehand. This is no bid yet: submit it before the deadline.

        422 names every fault. What is prepared can be read by nobody, and submitting it is one
        small request without a body.
        """
        draft = draft_of(tender_id, data)
        return await service.prepare_bid(actor, draft, sealer=sealer, vault=vault, at=now)

    @post(
        "/bid-checks",
        operation_id="checkBid",
        permission=Permission.BID_SUBMIT,
        status_code=HTTP_200_OK,
        idempotent=True,
    )
    async def check(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[BidBody],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> BidCheck:
        """Check a bid without keeping anything of it; no idempotency key is needed."""
        draft = draft_of(tender_id, data)
        return BidCheck(await service.check_bid(actor, draft, vault=vault, at=now))

    @put("/bid-draft", operation_id="saveBidDraft", permission=Permission.BID_SUBMIT)
    async def save_draft(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[DraftBody],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> DraftBody:
        """Keep what is typed so far, locked, in place of what was kept before. It is no bid."""
        await service.save_draft(actor, tender_id, data.fields, vault=vault, now=now)
        return data

    @get("/bid-draft", operation_id="readBidDraft", permission=Permission.BID_SUBMIT)
    async def read_draft(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
    ) -> DraftView:
        """Read what the caller's organisation typed and has not submitted; 404 if nothing."""
        found = await queries.read_draft(actor, tender_id, vault)
        if found is None:
            raise NotFound(n_("There is no draft."))
        return found

    @get("/bid-packages", operation_id="listPreparedBids", permission=Permission.BID_SUBMIT)
    async def packages(self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Packages:
        """List what the caller has prepared and not submitted, newest first."""
        return Packages(await queries.unsent(actor, tender_id))

    @post(
        "/bid-packages/{package_id:uuid}/submit",
        operation_id="submitPreparedBid",
        permission=Permission.BID_SUBMIT,
        stamps_arrival=True,
        idempotent=True,
        responses={HTTP_422_UNPROCESSABLE_ENTITY: LATE},
    )
    async def submit_prepared(
        self,
        tender_id: FromPath[UUID],
        package_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        *,
        signer: NamedDependency[Signer],
        arrived: NamedDependency[Arrived | None],
    ) -> Response[bytes]:
        """Submit what was prepared and get a signed receipt; no body, no idempotency key.

        To repeat it is safe: the answer is the same receipt. If an earlier try arrived and failed
        by a fault of ours, its instant counts. Late: as for a bid that is submitted whole.
        """
        receipt = await service.submit_prepared(
            actor, tender_id, package_id, signer=signer, arrived=arrived
        )
        return answer(receipt)

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
