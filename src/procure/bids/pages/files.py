"""Files of a bid on pages: in one go without scripts, in pieces with them (web/static/bids.js)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, head, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from procure.bids import queries, service
from procure.bids.pages.bidding import bid_page, said
from procure.bids.ports import FileCheck, Vault
from procure.bids.rules import LARGEST_FILE
from procure.bids.schemas import FileView, StartedFile
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, Refused
from procure.tenders.ports import Sealer
from procure.web.downloads import attachment
from procure.web.forms import Form
from procure.web.templates import see_other


def offsets(file: FileView) -> dict[str, str]:
    """Say how far an upload has come."""
    return {"Upload-Offset": str(file.offset_bytes), "Cache-Control": "no-store"}


class TenderFilePages(Controller):
    """One's own files for one tender."""

    path = "/tenders/{tender_id:uuid}/bid/files"
    include_in_schema = False

    @post("/", permission=Permission.BID_SUBMIT)
    async def upload(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        check: NamedDependency[FileCheck],
        sealer: NamedDependency[Sealer],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Upload a file in one go, or show why it was not taken."""
        try:
            file = await form.file("file", maximum_bytes=LARGEST_FILE)
            form.check()
            if file is not None:
                await service.upload_whole(
                    actor, tender_id, file.name, file.content,
                    vault=vault, check=check, sealer=sealer, now=now,
                )  # fmt: skip
        except (Refused, Conflict) as error:
            return await bid_page(actor, tender_id, vault=vault, findings=said(error))
        return see_other(f"/tenders/{tender_id}/bid#files")

    @post("/start", permission=Permission.BID_SUBMIT, status_code=HTTP_201_CREATED)
    async def start(
        self,
        tender_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> StartedFile:
        """Begin an upload in pieces."""
        name, length = form.text("name"), form.integer("length_bytes")
        form.check()
        return await service.start_file(actor, tender_id, name, length, vault=vault, now=now)


class FilePages(Controller):
    """One upload, and files of opened bids."""

    include_in_schema = False

    @head("/bid-files/{file_id:uuid}", permission=Permission.BID_SUBMIT)
    async def offset(
        self,
        file_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
    ) -> Response[None]:
        """Say how much of a file is here."""
        file = await queries.read_file(actor, file_id, vault)
        return Response(None, headers=offsets(file), status_code=HTTP_200_OK)

    @patch(
        "/bid-files/{file_id:uuid}",
        permission=Permission.BID_SUBMIT,
        status_code=HTTP_204_NO_CONTENT,
    )
    async def add(
        self,
        file_id: FromPath[UUID],
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        *,
        upload_offset: Annotated[int, HeaderParameter(name="Upload-Offset")],
        upload_key: Annotated[str, HeaderParameter(name="Upload-Key")],
        vault: NamedDependency[Vault],
        check: NamedDependency[FileCheck],
        sealer: NamedDependency[Sealer],
    ) -> Response[None]:
        """Take the next bytes."""
        file = await service.add_piece(
            actor, file_id, upload_offset, await request.body(), upload_key,
            vault=vault, check=check, sealer=sealer,
        )  # fmt: skip
        return Response(None, headers=offsets(file), status_code=HTTP_204_NO_CONTENT)

    @delete("/bid-files/{file_id:uuid}", permission=Permission.BID_SUBMIT)
    async def forget(self, file_id: FromPath[UUID], actor: NamedDependency[Actor]) -> None:
        """Forget an upload that cannot go on."""
        await service.remove_file(actor, file_id)

    @post("/bid-files/{file_id:uuid}/remove", permission=Permission.BID_SUBMIT)
    async def remove(
        self,
        file_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
    ) -> Redirect:
        """Remove a file from what may be sent."""
        file = await queries.read_file(actor, file_id, vault)
        await service.remove_file(actor, file_id)
        return see_other(f"/tenders/{file.tender_id}/bid#files")

    @get("/bids/{bid_id:uuid}/files/{file_id:uuid}", permission=Permission.BID_READ)
    async def read(
        self, bid_id: FromPath[UUID], file_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Download a file of an opened bid."""
        file = await queries.readable_file(actor, bid_id, file_id)
        content = await queries.opened_file(file)
        return attachment(content, file.media_type, file.name.rpartition(".")[0] or file.name)
