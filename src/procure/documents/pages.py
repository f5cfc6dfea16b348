"""A document for people: the file itself, or a page that waits for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.documents import queries, service
from procure.documents.ports import Printer
from procure.documents.states import PaperState
from procure.kernel.actors import Actor, Permission
from procure.web.downloads import attachment
from procure.web.languages import language
from procure.web.templates import page, see_other, term

REFRESH_SECONDS = "2"


class PaperPages(Controller):
    """One document."""

    path = "/papers"
    include_in_schema = False

    @get("/{paper_id:uuid}", permission=Permission.PAPER_READ)
    async def show(self, paper_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Response[Any]:
        """Give the file; while it is printed, a page that asks again by itself."""
        paper = await queries.read_paper(actor, paper_id)
        if paper.file_sha256 is not None:
            _, content = await queries.read_content(actor, paper_id)
            return attachment(content, "application/pdf", f"{term(paper.kind)} {paper.title}")
        answer = page("documents/paper.html", paper=paper, is_ours=paper.buyer_id == actor.org_id)
        if paper.state == PaperState.QUEUED:
            # A header, because it works without scripts and under a strict policy.
            answer.headers["Refresh"] = REFRESH_SECONDS
        return answer

    @get("/{paper_id:uuid}/copy", permission=Permission.PAPER_READ)
    async def copy(
        self,
        paper_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        printer: NamedDependency[Printer],
    ) -> Response[Any]:
        """Give a copy to read in the page's language, printed now from the paper's own facts."""
        paper, content = await service.reading_copy(actor, paper_id, language(), printer)
        name = f"{term(paper.kind)} {paper.title} ({language()})"
        return attachment(content, "application/pdf", name)

    @post("/{paper_id:uuid}/retry", permission=Permission.PAPER_READ)
    async def retry(
        self,
        paper_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect | Template:
        """Order a document again that could not be printed."""
        await service.retry_paper(actor, paper_id, now=now)
        return see_other(f"/papers/{paper_id}")


CONTROLLERS: list[type[Controller]] = [PaperPages]
