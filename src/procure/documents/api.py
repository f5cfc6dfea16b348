"""Documents over HTTP."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.status_codes import HTTP_200_OK

from procure.documents import queries, service
from procure.documents.schemas import PaperList, PaperView
from procure.kernel.actors import Actor, Permission
from procure.web.downloads import attachment
from procure.web.templates import term


class PaperApi(Controller):
    """Letters, minutes, reports and contracts as accessible PDF, printed by a job."""

    path = "/api/v1/papers"
    tags = ("Documents",)

    @get("/", operation_id="listPapers", permission=Permission.PAPER_READ)
    async def list_papers(
        self, subject_id: FromQuery[UUID], actor: NamedDependency[Actor]
    ) -> PaperList:
        """List the documents about one thing (an award, a contract …), newest first."""
        return PaperList(items=await queries.read_papers(actor, [subject_id]))

    @get("/{paper_id:uuid}", operation_id="readPaper", permission=Permission.PAPER_READ)
    async def read(self, paper_id: FromPath[UUID], actor: NamedDependency[Actor]) -> PaperView:
        """Read what is known of a document; `state` is `printed` once its content can be read."""
        return await queries.read_paper(actor, paper_id)

    @get(
        "/{paper_id:uuid}/content",
        operation_id="readPaperContent",
        permission=Permission.PAPER_READ,
        media_type="application/pdf",
    )
    async def content(
        self, paper_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Read the PDF, with the facts it was printed from inside; 409 while it is printed."""
        view, content = await queries.read_content(actor, paper_id)
        return attachment(content, "application/pdf", f"{term(view.kind)} {view.title}")

    @post(
        "/{paper_id:uuid}/retry",
        operation_id="retryPaper",
        permission=Permission.PAPER_READ,
        status_code=HTTP_200_OK,
    )
    async def retry(
        self,
        paper_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> PaperView:
        """Order a document again that could not be printed; 409 if it has not failed."""
        await service.retry_paper(actor, paper_id, now=now)
        return await queries.read_paper(actor, paper_id)


CONTROLLERS: list[type[Controller]] = [PaperApi]
