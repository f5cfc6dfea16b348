"""Outcomes over HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from procure.kernel.actors import Actor, Permission
from procure.outcomes import queries, service
from procure.outcomes.ports import EmploymentRegister
from procure.outcomes.rules import LARGEST_FILE
from procure.outcomes.schemas import (
    CheckReport,
    EvidenceDraft,
    OutcomeDraft,
    OutcomeList,
    OutcomeView,
    WithdrawalDraft,
)


@dataclass
class Attachment:
    """What the provider adds: words, and a PDF or a picture up to 5 MB."""

    note: str
    file: UploadFile | None = None


class OutcomeApi(Controller):
    """What came of each participant, and what proves it."""

    path = "/api/v1"
    tags = ("Outcomes",)

    @get("/outcomes", operation_id="listOutcomes", permission=Permission.OUTCOME_READ)
    async def list_all(
        self,
        actor: NamedDependency[Actor],
        group_id: FromQuery[UUID | None] = None,
        participant_id: FromQuery[UUID | None] = None,
        in_state: Annotated[str, QueryParameter(name="state")] = "",
    ) -> OutcomeList:
        """List the outcomes of your organisation.

        `state` is claimed, verified, rejected or withdrawn.
        """
        found = await queries.list_outcomes(
            actor, group_id=group_id, participant_id=participant_id, state=in_state
        )
        return OutcomeList(found)

    @get(
        "/groups/{group_id:uuid}/outcomes",
        operation_id="listGroupOutcomes",
        permission=Permission.OUTCOME_READ,
    )
    async def list_of_group(
        self, group_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> OutcomeList:
        """List the outcomes of one group, by client."""
        return OutcomeList(await queries.list_outcomes(actor, group_id=group_id))

    @post(
        "/groups/{group_id:uuid}/outcomes",
        operation_id="reportOutcome",
        permission=Permission.OUTCOME_REPORT,
    )
    async def report(
        self,
        group_id: FromPath[UUID],
        data: JSONBody[OutcomeDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> OutcomeView:
        """Report an outcome of a participant of your group; 422 with every reason why not."""
        outcome_id = await service.report(actor, group_id, data, now=now)
        return await queries.read_outcome(actor, outcome_id)

    @get(
        "/outcomes/{outcome_id:uuid}",
        operation_id="readOutcome",
        permission=Permission.OUTCOME_READ,
    )
    async def read(self, outcome_id: FromPath[UUID], actor: NamedDependency[Actor]) -> OutcomeView:
        """Read one outcome with its evidence, oldest first."""
        return await queries.read_outcome(actor, outcome_id)

    @post(
        "/outcomes/{outcome_id:uuid}/evidence",
        operation_id="addEvidence",
        permission=Permission.OUTCOME_VERIFY,
    )
    async def add_evidence(
        self,
        outcome_id: FromPath[UUID],
        data: JSONBody[EvidenceDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> OutcomeView:
        """Record what a caseworker, the case system or a certificate says.

        The highest source decides: register, case system, caseworker, certificate, provider.
        """
        await service.add_evidence(actor, outcome_id, data, now=now)
        return await queries.read_outcome(actor, outcome_id)

    @post(
        "/outcomes/{outcome_id:uuid}/attachments",
        operation_id="attachToOutcome",
        permission=Permission.OUTCOME_REPORT,
        request_max_body_size=LARGEST_FILE + 1_000_000,
    )
    async def attach(
        self,
        outcome_id: FromPath[UUID],
        data: MultipartBody[Attachment],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> OutcomeView:
        """Add your words, and a file if you have one, to a report of your own group.

        It stays your word: whether it proves the outcome is for the buyer to say.
        """
        file = None
        if data.file is not None:
            file = (data.file.filename, await data.file.read(LARGEST_FILE + 1))
        await service.attach(actor, outcome_id, data.note, file, now=now)
        return await queries.read_outcome(actor, outcome_id)

    @post(
        "/outcomes/{outcome_id:uuid}/withdraw",
        operation_id="withdrawOutcome",
        permission=Permission.OUTCOME_REPORT,
        status_code=HTTP_200_OK,
    )
    async def withdraw(
        self,
        outcome_id: FromPath[UUID],
        data: JSONBody[WithdrawalDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> OutcomeView:
        """Take back a report that nobody else has spoken to yet; it may be reported anew."""
        await service.withdraw(actor, outcome_id, data.reason, now=now)
        return await queries.read_outcome(actor, outcome_id)

    @post(
        "/groups/{group_id:uuid}/register-check",
        operation_id="checkRegister",
        permission=Permission.OUTCOME_VERIFY,
        status_code=HTTP_200_OK,
    )
    async def check_register(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        employment_register: NamedDependency[EmploymentRegister],
    ) -> CheckReport:
        """Ask the employment register about a group's outcomes.

        503 if it does not answer: then nothing was changed, and a task says to ask again.
        """
        return await service.check_registers(actor, employment_register, group_id, now=now)


CONTROLLERS: list[type[Controller]] = [OutcomeApi]
