"""Contracts over HTTP, as JSON."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from procure.contracts import queries, service
from procure.contracts.schemas import (
    ContractList,
    ContractView,
    DraftedContracts,
    FrameworkView,
    MiniCompetitionDraft,
    SignatureDraft,
)
from procure.kernel.actors import Actor, Permission
from procure.tenders.queries import read_tender
from procure.tenders.schemas import TenderView


class ContractApi(Controller):
    """Frameworks and call-offs."""

    path = "/api/v1/contracts"
    tags = ("Contracts",)

    @get("/", operation_id="listContracts", permission=Permission.CONTRACT_READ)
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        kind: FromQuery[str] = "",
    ) -> ContractList:
        """List the contracts that your organisation is a party to, the newest first.

        `state` is drafted, signed, running or ended; `kind` framework, call-off or direct. `money`
        says what of the ceiling is committed, spent and left; a framework's ceiling is shared by
        all partners of its lot.
        """
        return ContractList(await queries.list_contracts(actor, state=in_state, kind=kind))

    @get("/{contract_id:uuid}", operation_id="readContract", permission=Permission.CONTRACT_READ)
    async def read(
        self, contract_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> ContractView:
        """Read one contract: terms, clauses with what they rest on, signatures, call-offs.

        `document_sha256` is the hash of the document that a signature is given under.
        """
        return await queries.read_contract(actor, contract_id)

    @post(
        "/{contract_id:uuid}/sign",
        operation_id="signContract",
        permission=Permission.CONTRACT_SIGN,
        status_code=HTTP_200_OK,
    )
    async def sign(
        self,
        contract_id: FromPath[UUID],
        data: JSONBody[SignatureDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ContractView:
        """Sign for your side, under the hash of the document you have read.

        The second side's signature makes the contract signed. 422 inside the award's standstill
        (RHS 120), for another document, and where your side has signed; 409 once it is signed.
        """
        await service.sign(actor, contract_id, data.document_sha256, now=now)
        return await queries.read_contract(actor, contract_id)


class AwardContractsApi(Controller):
    """Contracts that come of an award."""

    path = "/api/v1/awards"
    tags = ("Contracts",)

    @post(
        "/{award_id:uuid}/contracts",
        operation_id="draftContracts",
        permission=Permission.CONTRACT_DRAFT,
    )
    async def draft(
        self,
        award_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> DraftedContracts:
        """Draft a contract with every supplier of an award, in the order of rank.

        A framework each, or for a mini-competition a call-off under the winner's framework. 409 if
        they are drafted already, 422 over the framework's ceiling (RHS 30).
        """
        ids = await service.draft_from_award(actor, award_id, now=now)
        return DraftedContracts([await queries.read_contract(actor, found) for found in ids])


class FrameworkApi(Controller):
    """Lots under frameworks, and calling off from them."""

    path = "/api/v1/frameworks"
    tags = ("Contracts",)

    @get("/{lot_id:uuid}", operation_id="readFramework", permission=Permission.CONTRACT_READ)
    async def read(self, lot_id: FromPath[UUID], actor: NamedDependency[Actor]) -> FrameworkView:
        """Read a lot of yours with its running partners and what is left to call off."""
        return await queries.read_framework(actor, lot_id)

    @post(
        "/{lot_id:uuid}/mini-competitions",
        operation_id="callMiniCompetition",
        permission=Permission.TENDER_DRAFT,
    )
    async def call(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[MiniCompetitionDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> TenderView:
        """Draft a mini-competition among the partners of a framework lot, by price alone.

        The answer is the drafted tender; publish it to invite them. 422 over the ceiling (RHS 30).
        """
        tender_id = await service.call_mini_competition(actor, lot_id, data, now=now)
        return await read_tender(actor, tender_id)


CONTROLLERS: list[type[Controller]] = [ContractApi, AwardContractsApi, FrameworkApi]
