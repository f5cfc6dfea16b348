"""Tenders over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.kernel.actors import Actor, Permission
from procure.tenders import queries, service
from procure.tenders.ports import Sealer
from procure.tenders.rules import TenderDraft
from procure.tenders.rules.trials import Simulation, Trial
from procure.tenders.schemas import Cancellation, DraftCheck, TenderList, TenderView


class TenderApi(Controller):
    """Procedures, from draft to their end."""

    path = "/api/v1/tenders"
    tags = ("Tenders",)

    @get("/", operation_id="listTenders", permission=Permission.NONE)
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        *,
        mine: FromQuery[bool] = False,
    ) -> TenderList:
        """List tenders: open ones first, the next deadline first. Needs no sign-in.

        Everyone sees what was published; a buyer also its own drafts; an invited provider also the
        call-offs it may bid for. `mine` leaves only those of the caller's organisation.
        """
        return TenderList(await queries.list_tenders(actor, now=now, mine=mine))

    @get("/{tender_id:uuid}", operation_id="readTender", permission=Permission.NONE)
    async def read(self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]) -> TenderView:
        """Read one tender: lots, criteria, legal calendar, and what the caller may do with it.

        A bid is on time if it arrives before `tender_period.ends_at`, to the microsecond.
        """
        return await queries.read_tender(actor, tender_id)

    @get(
        "/{tender_id:uuid}/scoring-rule",
        operation_id="readScoringRule",
        permission=Permission.NONE,
        media_type="application/json",
    )
    async def scoring_rule(
        self, tender_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Read the rule by which bids are scored: `rule` of the format procure-scoring/1.

        Put bids beside it, and `procure score FILE` computes the evaluation without this system.
        """
        rule = await queries.read_scoring_rule(actor, tender_id)
        return Response(rule.encode(), media_type="application/json")

    @post(
        "/check",
        operation_id="checkTender",
        permission=Permission.TENDER_DRAFT,
        status_code=HTTP_200_OK,
        idempotent=True,
    )
    async def check(
        self,
        data: JSONBody[TenderDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> DraftCheck:
        """Say what stands in the way of a draft, with field and clause; keeps nothing."""
        return await service.check_draft(actor, data, now=now)

    @get(
        "/proposals/{basis_id:uuid}",
        operation_id="proposeTender",
        permission=Permission.TENDER_DRAFT,
    )
    async def propose(
        self,
        basis_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        waves: FromQuery[int] = 1,
    ) -> TenderDraft:
        """Propose a draft from a basis of demand: a lot for each area that has groups.

        `waves` is how many times the same number of groups will be needed while the contract runs.
        The proposal is nowhere kept; send it, changed as you like, to `createTender`.
        """
        return await queries.propose_draft(
            actor, basis_id, waves=waves, language=actor.language, now=now
        )

    @get("/{tender_id:uuid}/trial", operation_id="proposeTrial", permission=Permission.TENDER_DRAFT)
    async def trial(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        lot: FromQuery[str] = "",
    ) -> Trial:
        """Invent three bids around the estimate of a lot (by its code), to try the scoring on."""
        return await queries.propose_trial(actor, tender_id, lot)

    @post(
        "/{tender_id:uuid}/simulate",
        operation_id="simulateScoring",
        permission=Permission.TENDER_DRAFT,
        status_code=HTTP_200_OK,
        idempotent=True,
    )
    async def simulate(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[Trial],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Simulation:
        """Try the draft's formula and weights on invented bids; keeps nothing.

        Says points and places, who wins at every weight of price from 0 to 100, whether leaving
        out one bid changes who is first, what a price of 0 does and what a bid alone gets.
        """
        return await queries.try_scoring(actor, tender_id, data, now=now)

    @post("/", operation_id="createTender", permission=Permission.TENDER_DRAFT)
    async def create(
        self,
        data: JSONBody[TenderDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> TenderView:
        """Draft a tender; 422 with every reason against it: weights, lots, deadlines, quorum."""
        tender_id = await service.draft_tender(actor, data, now=now)
        return await queries.read_tender(actor, tender_id)

    @put("/{tender_id:uuid}", operation_id="replaceTender", permission=Permission.TENDER_DRAFT)
    async def replace(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[TenderDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> TenderView:
        """Replace a draft as a whole; 409 once it is published."""
        await service.redraft_tender(actor, tender_id, data, now=now)
        return await queries.read_tender(actor, tender_id)

    @post(
        "/{tender_id:uuid}/publish",
        operation_id="publishTender",
        permission=Permission.TENDER_PUBLISH,
        status_code=HTTP_200_OK,
    )
    async def publish(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        sealer: NamedDependency[Sealer],
        now: NamedDependency[datetime],
    ) -> TenderView:
        """Publish a draft under the rules of today.

        Makes the key that bids are sealed to, in shares for the keyholders; 422 names each who has
        made no opening key. From here on nothing of the tender changes.
        """
        await service.publish(actor, tender_id, sealer=sealer, now=now)
        return await queries.read_tender(actor, tender_id)

    @post(
        "/{tender_id:uuid}/cancel",
        operation_id="cancelTender",
        permission=Permission.TENDER_CANCEL,
        status_code=HTTP_200_OK,
    )
    async def cancel(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[Cancellation],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> TenderView:
        """Cancel a tender on a ground of the documents or the law; sealed bids stay sealed."""
        await service.cancel(actor, tender_id, data, now=now)
        return await queries.read_tender(actor, tender_id)


CONTROLLERS: list[type[Controller]] = [TenderApi]
