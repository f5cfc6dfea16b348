"""The bidder's form and receipts, the keyholders' opening, what was opened."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.bids import queries, service
from procure.bids.pages.form import bid_from, form_of, readable, typed
from procure.bids.ports import Signer, Vault
from procure.bids.rules import LARGEST_FILE, PIECE_BYTES
from procure.bids.service import Arrived
from procure.documents import queries as documents
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.parameters import names
from procure.tenders import queries as tenders
from procure.tenders.ports import Sealer
from procure.tenders.rules import is_on_time, time_left
from procure.web.downloads import attachment
from procure.web.forms import Form
from procure.web.languages import language
from procure.web.templates import page, see_other

LARGEST_KEY_FILE = 10_000


def said(error: ProcureError) -> list[Finding]:
    """Return what an error says as findings, so that a page can show it on top."""
    if isinstance(error, Refused):
        return error.findings
    return [Finding("conflict", error.text, error.values)]


async def bid_page(
    actor: Actor,
    tender_id: UUID,
    *,
    vault: Vault,
    form: Form | None = None,
    lot: UUID | None = None,
    findings: Sequence[Finding] = (),
    is_checked: bool = False,
) -> Template:
    """Show the form of a bid, what was typed or kept, and whether anything was submitted yet."""
    draft = await queries.read_draft(actor, tender_id, vault)
    if form is None and draft is not None:
        form = form_of(draft.fields)
    tender = await tenders.read_tender(actor, tender_id)
    own = await queries.own_bids(actor, tender_id)
    clock = await queries.database_now()
    chosen = str(lot or "") or (form.value("lot_id") if form else "")
    return page(
        "bids/bid.html",
        tender=tender,
        live=[bid for bid in own if bid.state == "sealed"],
        form=form,
        lot=chosen,
        findings=findings,
        is_checked=is_checked,
        saved_at=draft.saved_at if draft else None,
        files=await queries.own_files(actor, tender_id, vault),
        largest_mb=LARGEST_FILE // 1_000_000,
        piece_bytes=PIECE_BYTES,
        unsent=await queries.unsent(actor, tender_id),
        facilitators=[
            (str(one.id), f"{one.code} {one.display_name} ({one.groups_led_count})")
            for one in await queries.facilitator_choices(actor)
        ],
        families=await queries.outcome_families(),
        clock=clock,
        left=time_left(clock, tender.tender_period.ends_at),
        is_in_time=is_on_time(clock, tender.tender_period.ends_at),
        family_names=names("outcome_families", language()),
    )


async def receipt_page(actor: Actor, bid_id: UUID, findings: Sequence[Finding] = ()) -> Template:
    """Show one bid and its receipt, and what withdrawing it would mean."""
    bid = await queries.read_bid(actor, bid_id)
    return page(
        "bids/receipt.html",
        bid=bid,
        is_late=bid.state == "late",
        receipt=await queries.read_receipt(actor, bid_id),
        findings=findings,
    )


async def opening_page(actor: Actor, tender_id: UUID, findings: Sequence[Finding] = ()) -> Template:
    """Show how far the opening has come; what a keyholder typed is secret and never comes back."""
    opening = await queries.read_opening(actor, tender_id)
    facts = await tenders.tender_facts(tender_id)
    paper = await documents.read_paper(actor, opening.paper_id) if opening.paper_id else None
    return page("bids/opening.html", opening=opening, tender=facts, paper=paper, findings=findings)


class TenderBidPages(Controller):
    """The bids of one tender."""

    path = "/tenders/{tender_id:uuid}"
    include_in_schema = False

    @get("/bid", permission=Permission.BID_SUBMIT)
    async def show_form(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
        lot: FromQuery[UUID | None] = None,
    ) -> Template:
        """Show the form of a bid, with what was typed before."""
        return await bid_page(actor, tender_id, vault=vault, lot=lot)

    @post("/bid/draft", permission=Permission.BID_SUBMIT)
    async def save_draft(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Keep what is typed so far; a script does so by itself while one types."""
        try:
            await service.save_draft(actor, tender_id, typed(form), vault=vault, now=now)
        except Refused as error:
            return await bid_page(actor, tender_id, vault=vault, form=form, findings=said(error))
        return see_other(f"/tenders/{tender_id}/bid")

    @post("/bid/check", permission=Permission.BID_SUBMIT)
    async def check(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> Template:
        """Keep what is typed, and show everything that stands in its way."""
        try:
            await service.save_draft(actor, tender_id, typed(form), vault=vault, now=now)
            draft = readable(form, await tenders.read_tender(actor, tender_id))
            ruled = await service.check_bid(actor, draft, vault=vault, at=now)
        except (Refused, Conflict) as error:
            return await bid_page(actor, tender_id, vault=vault, form=form, findings=said(error))
        unread = {finding.field for finding in form.findings}
        found = [*form.findings, *(one for one in ruled if one.field not in unread)]
        return await bid_page(
            actor, tender_id, vault=vault, form=form, findings=found, is_checked=not found
        )

    @post("/bid", permission=Permission.BID_SUBMIT, stamps_arrival=True)
    async def submit(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        *,
        sealer: NamedDependency[Sealer],
        signer: NamedDependency[Signer],
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
        arrived: NamedDependency[Arrived | None],
    ) -> Template | Redirect:
        """Submit the bid, or show the form again with every fault and everything typed."""
        try:
            draft = bid_from(form, await tenders.read_tender(actor, tender_id))
            done = await service.submit_bid(
                actor, draft, sealer=sealer, signer=signer, vault=vault, now=now, arrived=arrived
            )
        except (Refused, Conflict) as error:
            await service.save_draft(actor, tender_id, typed(form), vault=vault, now=now)
            return await bid_page(actor, tender_id, vault=vault, form=form, findings=said(error))
        await service.drop_draft(actor, tender_id)
        return see_other(f"/bids/{done.receipt.bid_id}")

    @post(
        "/bid-packages/{package_id:uuid}/submit",
        permission=Permission.BID_SUBMIT,
        stamps_arrival=True,
    )
    async def submit_prepared(
        self,
        tender_id: FromPath[UUID],
        package_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        *,
        signer: NamedDependency[Signer],
        vault: NamedDependency[Vault],
        arrived: NamedDependency[Arrived | None],
    ) -> Template | Redirect:
        """Submit what was prepared, or show why it was not taken."""
        try:
            done = await service.submit_prepared(
                actor, tender_id, package_id, signer=signer, arrived=arrived
            )
        except (Refused, Conflict) as error:
            return await bid_page(actor, tender_id, vault=vault, findings=said(error))
        return see_other(f"/bids/{done.receipt.bid_id}")

    @get("/bids", permission=Permission.NONE)
    async def show_bids(self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show the bids as far as the actor may see them."""
        tender = await tenders.read_tender(actor, tender_id)
        bids = await queries.read_bids(actor, tender_id)
        return page(
            "bids/bids.html",
            tender=tender,
            bids=bids,
            shows_numbers=any(bid.unit_price is not None for bid in bids.items),
            is_buyer=bids.minutes is not None,
            family_names=names("outcome_families", language()),
        )

    @get("/opening", permission=Permission.OPENING_READ)
    async def show_opening(
        self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Template:
        """Show the opening."""
        return await opening_page(actor, tender_id)

    @post("/opening", permission=Permission.OPENING_SHARE)
    async def give_share(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        *,
        sealer: NamedDependency[Sealer],
        signer: NamedDependency[Signer],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Give the actor's share, typed or as a file, or show why it was not taken."""
        try:
            typed = form.value("share").strip()
            if not typed:
                file = await form.file("file", maximum_bytes=LARGEST_KEY_FILE)
                form.check()
                typed = file.content.decode(errors="replace") if file else ""
            await service.give_share(actor, tender_id, typed, sealer=sealer, signer=signer, now=now)
        except (Refused, Conflict) as error:
            return await opening_page(actor, tender_id, said(error))
        return see_other(f"/tenders/{tender_id}/opening")


class BidPages(Controller):
    """A bidder's own bids."""

    include_in_schema = False

    @get("/my-bids", permission=Permission.BID_SUBMIT)
    async def show_own(self, actor: NamedDependency[Actor]) -> Template:
        """List the actor's own bids."""
        return page("bids/my_bids.html", bids=await queries.own_bids(actor))

    @get("/bids/{bid_id:uuid}", permission=Permission.BID_READ)
    async def show(self, bid_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one bid with its receipt."""
        return await receipt_page(actor, bid_id)

    @get("/bids/{bid_id:uuid}/receipt", permission=Permission.BID_READ)
    async def receipt(
        self, bid_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Download the signed receipt."""
        text = await queries.read_receipt(actor, bid_id)
        return attachment(text.encode(), "application/json", f"receipt {bid_id}")

    @get("/bids/{bid_id:uuid}/sealed", permission=Permission.BID_READ)
    async def sealed(
        self, bid_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Download the bid as it lies here, encrypted."""
        content = await queries.read_sealed(actor, bid_id)
        return attachment(content, "application/octet-stream", f"sealed bid {bid_id}")

    @post("/bids/{bid_id:uuid}/withdraw", permission=Permission.BID_SUBMIT)
    async def withdraw(
        self,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Withdraw the bid, or show it again with what stands in the way."""
        try:
            await service.withdraw_bid(actor, bid_id, now=now)
        except (Refused, Conflict) as error:
            return await receipt_page(actor, bid_id, said(error))
        return see_other(f"/bids/{bid_id}")
