"""Requests and their analyses over HTTP, as JSON."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from procure.demand import queries, service
from procure.demand.rules.files import MOST_BYTES
from procure.demand.schemas import (
    Answer,
    BasisDraft,
    BasisList,
    BasisView,
    DemandView,
    ImportAnswer,
    ImportReport,
    ObjectionDraft,
    ObjectionList,
    ObjectionView,
    ReadList,
    Refusal,
    RequestDraft,
    RequestFilter,
    RequestPart,
    RequestView,
)
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.web.problems import finding_facts

LARGEST_BODY = MOST_BYTES + 1_000_000  # the file, and what a form wraps around it


@dataclass
class SentFile:
    """A file of requests: CSV, XLSX or JSON, up to 5 MB and 50 000 rows."""

    file: UploadFile
    take_good: bool = False


class RequestApi(Controller):
    """Caseworkers' requests."""

    path = "/api/v1/requests"
    tags = ("Demand",)

    @get("/", operation_id="listRequests", permission=Permission.REQUEST_READ)
    async def list_all(  # noqa: PLR0917 - each a filter of the address
        self,
        actor: NamedDependency[Actor],
        mine: FromQuery[bool] = False,  # noqa: FBT002
        county: FromQuery[str] = "",
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        service_code: FromQuery[str] = "",
        before: FromQuery[UUID | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> RequestPart:
        """List the requests of your organisation, newest first.

        `mine` asks for those you recorded. `next_before`, given as `before`, asks for the rest.
        """
        wanted = RequestFilter(mine, county, in_state, service_code, before, limit)
        return await queries.list_requests(actor, wanted)

    @post("/", operation_id="recordRequest", permission=Permission.REQUEST_RECORD)
    async def record(
        self,
        data: JSONBody[RequestDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RequestView:
        """Record one request; 422 with everything that is wrong with it.

        Without `reference` it gets one, without `created_on` it was made today. `client_ref` is the
        case system's reference; a personal identification code is refused. A client who waits for
        the same service already is 422 naming the earlier request, unless `acknowledge_duplicate`.
        """
        return await queries.read_request(actor, await service.record_request(actor, data, now))

    @get("/{request_id:uuid}", operation_id="readRequest", permission=Permission.REQUEST_READ)
    async def read(
        self,
        request_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RequestView:
        """Read one request: where it stands, why, and in `life` what happened to it.

        That you looked is noted; `/reads` says who else did.
        """
        return await service.read_for(actor, request_id, now)

    @get(
        "/{request_id:uuid}/reads",
        operation_id="listRequestReads",
        permission=Permission.REQUEST_READ,
    )
    async def reads(self, request_id: FromPath[UUID], actor: NamedDependency[Actor]) -> ReadList:
        """Say who looked at a request, when and why, the latest first."""
        return ReadList(await queries.reads_of(actor, request_id))

    @get("/objections", operation_id="listObjections", permission=Permission.REQUEST_READ)
    async def objections(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> ObjectionList:
        """List objections, open ones first, with the median time of their answers."""
        return await queries.list_objections(actor, now=now)

    @post(
        "/{request_id:uuid}/objections",
        operation_id="objectToRequest",
        permission=Permission.REQUEST_RECORD,
    )
    async def object_to(
        self,
        request_id: FromPath[UUID],
        data: JSONBody[ObjectionDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ObjectionView:
        """Object to what became of a request, or with `wanted_band` appeal its risk band."""
        objection_id = await service.object_to(actor, request_id, data, now)
        found = await queries.objections_of(actor, request_id, now=now)
        return next(view for view in found if view.id == objection_id)

    @post(
        "/objections/{objection_id:uuid}/answer",
        operation_id="answerObjection",
        permission=Permission.DEMAND_ANALYSE,
        status_code=HTTP_200_OK,
    )
    async def answer(
        self,
        objection_id: FromPath[UUID],
        data: JSONBody[Answer],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ObjectionView:
        """Answer an objection; an appeal that is upheld changes the band of the request."""
        await service.answer_objection(actor, objection_id, data, now)
        found = await queries.list_objections(actor, now=now)
        return next(view for view in found.items if view.id == objection_id)

    @post(
        "/{request_id:uuid}/refuse",
        operation_id="refuseRequest",
        permission=Permission.DEMAND_ANALYSE,
        status_code=HTTP_200_OK,
    )
    async def refuse(
        self,
        request_id: FromPath[UUID],
        data: JSONBody[Refusal],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> RequestView:
        """Refuse a request with a reason; 409 if it has a place or was decided already."""
        await service.refuse_request(
            actor, request_id, data.reason, now, acknowledge_tender=data.acknowledge_tender
        )
        return await queries.read_request(actor, request_id)

    @post(
        "/import",
        operation_id="importRequests",
        permission=Permission.REQUEST_IMPORT,
        request_max_body_size=LARGEST_BODY,
    )
    async def import_file(
        self,
        data: MultipartBody[SentFile],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> ImportAnswer:
        """Record the requests of a CSV, XLSX or JSON file.

        If a row is wrong nothing is recorded, and 422 names every wrong row with number, field and
        reason; the heading of a table is row 1, the first object of JSON too. With `take_good` the
        good rows are recorded and the answer holds the wrong ones. A file sent again is 422:
        its references are recorded already.
        """
        content = await data.file.read(MOST_BYTES + 1)
        report = await service.import_requests(
            actor, content, data.file.filename, take_good=data.take_good, now=now
        )
        if report.taken_count == 0:
            raise Refused([nothing_taken(report), *report.findings])
        return ImportAnswer(
            file_name=report.file_name,
            file_sha256=report.file_sha256,
            kind=report.kind,
            rows_count=report.rows_count,
            taken_count=report.taken_count,
            wrong_count=report.wrong_count,
            findings=[finding_facts(finding) for finding in report.findings],
        )


def nothing_taken(report: ImportReport) -> Finding:
    """Say that a file was left where it is."""
    return Finding(
        "nothing-taken",
        n_("Nothing was recorded: of {rows} rows {wrong} are wrong."),
        {"rows": report.rows_count, "wrong": report.wrong_count},
        field="file",
    )


class DemandApi(Controller):
    """Demand as it is now, and the analyses that tenders are made from."""

    path = "/api/v1"
    tags = ("Demand",)

    @get("/demand", operation_id="readDemand", permission=Permission.DEMAND_READ)
    async def now_recorded(
        self,
        service_code: FromQuery[str],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> DemandView:
        """Analyse what is recorded for a service now, and keep nothing.

        422 if the service is unknown, has ended or is not given in groups.
        """
        return await queries.read_demand(actor, service_code, today=legal_day(now))

    @get("/bases", operation_id="listBases", permission=Permission.DEMAND_READ)
    async def list_bases(self, actor: NamedDependency[Actor]) -> BasisList:
        """List the analyses that your organisation kept, newest first."""
        return BasisList(await queries.list_bases(actor))

    @post("/bases", operation_id="makeBasis", permission=Permission.DEMAND_ANALYSE)
    async def make_basis(
        self,
        data: JSONBody[BasisDraft],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> BasisView:
        """Analyse the recorded requests of a service and keep it as the basis of a tender.

        Requests in a group become planned, those for the municipality are referred out, the others
        wait for the next analysis. 422 if there is nothing to analyse.
        """
        return await queries.read_basis(actor, await service.make_basis(actor, data, now))

    @get("/bases/{basis_id:uuid}", operation_id="readBasis", permission=Permission.DEMAND_READ)
    async def read_basis(
        self, basis_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> BasisView:
        """Read an analysis as it was made, and where its requests stand now."""
        return await queries.read_basis(actor, basis_id)

    @post(
        "/bases/{basis_id:uuid}/give-back",
        operation_id="giveBackBasis",
        permission=Permission.DEMAND_ANALYSE,
        status_code=HTTP_200_OK,
    )
    async def give_back(
        self,
        basis_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> BasisView:
        """Set an analysis aside: requests that no tender has taken count anew in the next one."""
        await service.give_back(actor, basis_id, now)
        return await queries.read_basis(actor, basis_id)
