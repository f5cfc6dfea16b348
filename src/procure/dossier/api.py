"""Dossiers over HTTP."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from procure.dossier import queries, service
from procure.dossier.ports import SealingKey
from procure.dossier.schemas import DossierList, DossierView, MakeDossier
from procure.kernel.actors import Actor, Permission
from procure.web.downloads import attachment

ZIP = "application/zip"


class DossierApi(Controller):
    """A procedure and its contracts as one file that can be checked without this system."""

    path = "/api/v1/dossiers"
    tags = ("Dossiers",)

    @post("/", operation_id="makeDossier", permission=Permission.DOSSIER_EXPORT)
    async def make(
        self,
        data: JSONBody[MakeDossier],
        actor: NamedDependency[Actor],
        signer: NamedDependency[SealingKey],
        now: NamedDependency[datetime],
    ) -> DossierView:
        """Make the dossier of a procedure; with nothing done since the last one, it is that one."""
        dossier_id = await service.make_dossier(actor, data.tender_id, signer, now=now)
        return await queries.read_dossier(actor, dossier_id)

    @get("/", operation_id="listDossiers", permission=Permission.DOSSIER_EXPORT)
    async def list_dossiers(
        self, actor: NamedDependency[Actor], tender_id: FromQuery[UUID | None] = None
    ) -> DossierList:
        """List the dossiers that were made, newest first."""
        return DossierList(items=await queries.read_dossiers(actor, tender_id))

    @get("/{dossier_id:uuid}", operation_id="readDossier", permission=Permission.DOSSIER_EXPORT)
    async def read(self, dossier_id: FromPath[UUID], actor: NamedDependency[Actor]) -> DossierView:
        """Read what is known of one dossier."""
        return await queries.read_dossier(actor, dossier_id)

    @get(
        "/{dossier_id:uuid}/content",
        operation_id="readDossierContent",
        permission=Permission.DOSSIER_EXPORT,
        media_type=ZIP,
    )
    async def content(
        self, dossier_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Read the file; `procure verify FILE` checks it without database or network."""
        view, content = await queries.read_content(actor, dossier_id)
        return attachment(content, ZIP, f"Dossier {view.tender_reference} {view.chain_seq}")


CONTROLLERS: list[type[Controller]] = [DossierApi]
