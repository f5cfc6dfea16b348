"""Files of a bid, uploaded beforehand: in pieces by their offset, after tus 1.0 (tus.io)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, head, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from procure.bids import queries, service
from procure.bids.ports import FileCheck, Vault
from procure.bids.rules import LARGEST_FILE, MOST_FILES, MOST_TOGETHER, PIECE_BYTES
from procure.bids.schemas import FileBody, Files, FileView, StartedFile
from procure.kernel.actors import Actor, Permission
from procure.tenders.ports import Sealer
from procure.web.downloads import attachment

TAGS = ("Bids",)


def offsets(file: FileView) -> dict[str, str]:
    """Say how far an upload has come, as tus does."""
    return {
        "Upload-Offset": str(file.offset_bytes),
        "Upload-Length": str(file.length_bytes),
        "Tus-Resumable": "1.0.0",
        "Cache-Control": "no-store",
    }


class TenderFileApi(Controller):
    """One's own files for one tender."""

    path = "/api/v1/tenders/{tender_id:uuid}/bid-files"
    tags = TAGS

    @post("/", operation_id="startFile", permission=Permission.BID_SUBMIT, secret_answer=True)
    async def start(
        self,
        tender_id: FromPath[UUID],
        data: JSONBody[FileBody],
        actor: NamedDependency[Actor],
        *,
        vault: NamedDependency[Vault],
        now: NamedDependency[datetime],
    ) -> StartedFile:
        """Begin to upload a file. Its key comes once and is kept nowhere: send it with each piece.

        Pieces are locked with that key until the file is whole; then it is looked into, encrypted
        to the tender's key, and the pieces are forgotten. 422 for a name or size that is not taken.
        """
        return await service.start_file(
            actor, tender_id, data.name, data.length_bytes, vault=vault, now=now
        )

    @get("/", operation_id="listFiles", permission=Permission.BID_SUBMIT)
    async def own(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
    ) -> Files:
        """List one's own files for a tender, and how large and how many they may be."""
        return Files(
            await queries.own_files(actor, tender_id, vault),
            LARGEST_FILE,
            MOST_FILES,
            MOST_TOGETHER,
            PIECE_BYTES,
        )


class FileApi(Controller):
    """One upload."""

    path = "/api/v1/bid-files/{file_id:uuid}"
    tags = TAGS

    @head("/", operation_id="readFileOffset", permission=Permission.BID_SUBMIT)
    async def offset(
        self,
        file_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
    ) -> Response[None]:
        """Read in Upload-Offset how much of the file is here: go on from there."""
        file = await queries.read_file(actor, file_id, vault)
        return Response(None, headers=offsets(file), status_code=HTTP_200_OK)

    @get("/state", operation_id="readFile", permission=Permission.BID_SUBMIT)
    async def read(
        self,
        file_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        vault: NamedDependency[Vault],
    ) -> FileView:
        """Read what became of one's own upload; the file itself can be read by nobody."""
        return await queries.read_file(actor, file_id, vault)

    @patch(
        "/",
        operation_id="addPiece",
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
        """Send the next bytes (application/offset+octet-stream, at most 12 MB a piece).

        409 if another offset is next: ask for it and go on there. With the last byte the file is
        looked into; 422 says everything for which it is not taken (its type, what is active in it,
        how far it unpacks), and then nothing of it is kept.
        """
        file = await service.add_piece(
            actor,
            file_id,
            upload_offset,
            await request.body(),
            upload_key,
            vault=vault,
            check=check,
            sealer=sealer,
        )
        return Response(None, headers=offsets(file), status_code=HTTP_204_NO_CONTENT)

    @delete("/", operation_id="removeFile", permission=Permission.BID_SUBMIT)
    async def remove(self, file_id: FromPath[UUID], actor: NamedDependency[Actor]) -> None:
        """Remove one's own file. What was prepared or submitted with it keeps it."""
        await service.remove_file(actor, file_id)


class OpenedFileApi(Controller):
    """Files of opened bids."""

    path = "/api/v1/bids/{bid_id:uuid}/files"
    tags = TAGS

    @get("/{file_id:uuid}", operation_id="readOpenedFile", permission=Permission.BID_READ)
    async def read(
        self, bid_id: FromPath[UUID], file_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Download a file of an opened bid: for the authority and for its bidder."""
        file = await queries.readable_file(actor, bid_id, file_id)
        content = await queries.opened_file(file)
        return attachment(content, file.media_type, file.name.rpartition(".")[0] or file.name)
