"""Payments over HTTP: claims, the ledger, payment runs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from procure.kernel.actors import Actor, Permission
from procure.payments import queries, service
from procure.payments.ports import PaymentFileWriter
from procure.payments.schemas import (
    AttestClaim,
    ClaimList,
    ClaimView,
    DraftClaim,
    ExpectationList,
    LedgerView,
    Objection,
    OwedList,
    PrepareRun,
    ReleaseRun,
    RunList,
    RunView,
)
from procure.web.downloads import attachment


class GroupClaimApi(Controller):
    """The claims of one group."""

    path = "/api/v1/groups"
    tags = ("Payments",)

    @post(
        "/{group_id:uuid}/claims",
        operation_id="draftClaim",
        permission=Permission.CLAIM_DRAFT,
    )
    async def draft(
        self,
        group_id: FromPath[UUID],
        data: JSONBody[DraftClaim],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ClaimView:
        """Draft what the group's provider is owed by the facts known now, less what is posted.

        An open draft is computed again and keeps its id; 422 if everything owed is posted, 409
        while the last claim is accepted and not posted yet.
        """
        claim_id = await service.draft_claim(actor, group_id, data.reason, now=now)
        assert claim_id is not None  # noqa: S101 - only the system is told that there is nothing
        return await queries.read_claim(actor, claim_id)

    @get(
        "/{group_id:uuid}/claims",
        operation_id="listGroupClaims",
        permission=Permission.CLAIM_READ,
    )
    async def list_of_group(
        self, group_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> ClaimList:
        """List the claims of one group."""
        return ClaimList(await queries.list_claims(actor, group_id=group_id))


class ClaimApi(Controller):
    """Claims: drafted by the system, accepted by the provider, attested by two of the buyer."""

    path = "/api/v1/claims"
    tags = ("Payments",)

    @get("/", operation_id="listClaims", permission=Permission.CLAIM_READ)
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        group_id: FromQuery[UUID | None] = None,
    ) -> ClaimList:
        """List the claims of your organisation: those that wait first, then the newest."""
        return ClaimList(await queries.list_claims(actor, state=in_state, group_id=group_id))

    @get("/expected", operation_id="readExpectations", permission=Permission.CLAIM_READ)
    async def expected(self, actor: NamedDependency[Actor]) -> ExpectationList:
        """Tell for each group what is owed by now, posted and paid, and why not more."""
        return ExpectationList(await queries.expectations(actor))

    @get("/{claim_id:uuid}", operation_id="readClaim", permission=Permission.CLAIM_READ)
    async def read(self, claim_id: FromPath[UUID], actor: NamedDependency[Actor]) -> ClaimView:
        """Read one claim with its lines and how each was reckoned."""
        return await queries.read_claim(actor, claim_id)

    @post(
        "/{claim_id:uuid}/accept",
        operation_id="acceptClaim",
        permission=Permission.CLAIM_ACCEPT,
        status_code=HTTP_200_OK,
    )
    async def accept(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ClaimView:
        """Accept a drafted claim for its provider; from then on it does not change."""
        await service.accept(actor, claim_id, now=now)
        return await queries.read_claim(actor, claim_id)

    @post(
        "/{claim_id:uuid}/dispute",
        operation_id="disputeClaim",
        permission=Permission.CLAIM_ACCEPT,
        status_code=HTTP_200_OK,
    )
    async def dispute(
        self,
        claim_id: FromPath[UUID],
        data: JSONBody[Objection],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ClaimView:
        """Say what is not right with a drafted claim or some of its lines; the buyer answers."""
        await service.dispute(actor, claim_id, data.reason, data.line_keys, now=now)
        return await queries.read_claim(actor, claim_id)

    @post(
        "/{claim_id:uuid}/dispute-withdrawal",
        operation_id="withdrawDispute",
        permission=Permission.CLAIM_ACCEPT,
        status_code=HTTP_200_OK,
    )
    async def take_dispute_back(
        self,
        claim_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ClaimView:
        """Take your dispute back; the claim stands as it was drafted. 409 if there is none."""
        await service.take_dispute_back(actor, claim_id, now=now)
        return await queries.read_claim(actor, claim_id)

    @post(
        "/{claim_id:uuid}/attest",
        operation_id="attestClaim",
        permission=Permission.CLAIM_ATTEST,
        status_code=HTTP_200_OK,
    )
    async def attest(
        self,
        claim_id: FromPath[UUID],
        data: JSONBody[AttestClaim],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ClaimView:
        """Vouch for an accepted claim by its `content_sha256`; the second person posts it.

        422 with every reason: the same person twice, who drafted or accepted it, changed content,
        over the ceiling.
        """
        await service.attest(actor, claim_id, data.content_sha256, now=now)
        return await queries.read_claim(actor, claim_id)

    @post(
        "/{claim_id:uuid}/return",
        operation_id="returnClaim",
        permission=Permission.CLAIM_ATTEST,
        status_code=HTTP_200_OK,
    )
    async def send_back(
        self,
        claim_id: FromPath[UUID],
        data: JSONBody[Objection],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ClaimView:
        """Send an accepted claim back, so that it is computed again."""
        await service.return_claim(actor, claim_id, data.reason, now=now)
        return await queries.read_claim(actor, claim_id)


class LedgerApi(Controller):
    """The double-entry ledger of your organisation."""

    path = "/api/v1/ledger"
    tags = ("Payments",)

    @get("/", operation_id="readLedger", permission=Permission.LEDGER_READ)
    async def read(self, actor: NamedDependency[Actor]) -> LedgerView:
        """Read the balances, which sum to zero, and the newest transactions with their entries."""
        return await queries.read_ledger(actor)


class RunApi(Controller):
    """Payment runs: one file for the bank each, made once, released by two people."""

    path = "/api/v1/payment-runs"
    tags = ("Payments",)

    @get("/", operation_id="listPaymentRuns", permission=Permission.RUN_READ)
    async def list_all(self, actor: NamedDependency[Actor]) -> RunList:
        """List the payment runs of your organisation, the newest first."""
        return RunList(await queries.list_runs(actor))

    @get("/owed", operation_id="readOwed", permission=Permission.RUN_READ)
    async def owed(self, actor: NamedDependency[Actor], now: NamedDependency[datetime]) -> OwedList:
        """List what is owed and in no file yet, and what keeps it back."""
        return OwedList(await queries.owed_now(actor, now))

    @post("/", operation_id="preparePaymentRun", permission=Permission.RUN_PREPARE)
    async def prepare(
        self,
        data: JSONBody[PrepareRun],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        payment_file: NamedDependency[PaymentFileWriter],
    ) -> RunView:
        """Put everything that is owed and may be paid into one pain.001 file.

        An account that was changed lately is left out and stays owed; 422 if nothing is left.
        """
        run_id = await service.prepare_run(actor, payment_file, data.pay_on, now=now)
        return await queries.read_run(actor, run_id)

    @get("/{run_id:uuid}", operation_id="readPaymentRun", permission=Permission.RUN_READ)
    async def read(self, run_id: FromPath[UUID], actor: NamedDependency[Actor]) -> RunView:
        """Read one payment run: its payments, the hash of its file, who released it."""
        return await queries.read_run(actor, run_id)

    @get("/{run_id:uuid}/file", operation_id="readPaymentFile", permission=Permission.RUN_READ)
    async def file(self, run_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Response[bytes]:
        """Download the payment file: the same bytes every time."""
        run, content, media_type = await queries.read_run_file(actor, run_id)
        return attachment(content, media_type, run.message_id)

    @post(
        "/{run_id:uuid}/release",
        operation_id="releasePaymentRun",
        permission=Permission.RUN_RELEASE,
        status_code=HTTP_200_OK,
    )
    async def release(
        self,
        run_id: FromPath[UUID],
        data: JSONBody[ReleaseRun],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RunView:
        """Confirm the file by its SHA-256; the second person's word releases it and pays."""
        await service.release_run(actor, run_id, data.file_sha256, now=now)
        return await queries.read_run(actor, run_id)

    @post(
        "/{run_id:uuid}/cancel",
        operation_id="cancelPaymentRun",
        permission=Permission.RUN_PREPARE,
        status_code=HTTP_200_OK,
    )
    async def cancel(
        self,
        run_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RunView:
        """Cancel a file before its second release; what it would have paid is owed again."""
        await service.cancel_run(actor, run_id, now=now)
        return await queries.read_run(actor, run_id)


CONTROLLERS: list[type[Controller]] = [GroupClaimApi, ClaimApi, LedgerApi, RunApi]
