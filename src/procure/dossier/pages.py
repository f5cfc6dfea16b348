"""Where an auditor makes and takes dossiers."""

import asyncio
from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.dossier import queries, service
from procure.dossier.ports import SealingKey
from procure.kernel.actors import Actor, Permission
from procure.web.downloads import attachment, disposition
from procure.web.templates import page, see_other

ZIP = "application/zip"


class DossierPages(Controller):
    """Procedures and their dossiers."""

    path = "/dossiers"
    include_in_schema = False

    @get("/", permission=Permission.DOSSIER_EXPORT)
    async def index(self, actor: NamedDependency[Actor]) -> Template:
        """List the procedures, and what was made of each."""
        return page("dossier/dossiers.html", procedures=await queries.read_procedures(actor))

    @post("/of/{tender_id:uuid}", permission=Permission.DOSSIER_EXPORT)
    async def make(
        self,
        tender_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        signer: NamedDependency[SealingKey],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """Make a dossier of one procedure."""
        dossier_id = await service.make_dossier(actor, tender_id, signer, now=now)
        return see_other(f"/dossiers/{dossier_id}")

    @get("/verify.py", permission=Permission.DOSSIER_EXPORT)
    async def checker(self) -> Response[bytes]:
        """Give the program that checks a dossier, as this software's source has it."""
        return _named(await asyncio.to_thread(service.CHECKER.read_bytes), "verify.py")

    @get("/public-key", permission=Permission.DOSSIER_EXPORT)
    async def public_key(self, signer: NamedDependency[SealingKey]) -> Response[bytes]:
        """Give the public key by which receipts and the seals of dossiers are checked."""
        return _named(signer.public_pem(), f"{signer.key_id}.pem")

    @get("/{dossier_id:uuid}", permission=Permission.DOSSIER_EXPORT)
    async def show(self, dossier_id: FromPath[UUID], actor: NamedDependency[Actor]) -> Template:
        """Show one dossier: what to download, and how to check it."""
        return page("dossier/dossier.html", dossier=await queries.read_dossier(actor, dossier_id))

    @get("/{dossier_id:uuid}/content", permission=Permission.DOSSIER_EXPORT)
    async def content(
        self, dossier_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Response[bytes]:
        """Give the file."""
        view, content = await queries.read_content(actor, dossier_id)
        return attachment(content, ZIP, f"Dossier {view.tender_reference} {view.chain_seq}")


def _named(content: bytes, name: str) -> Response[bytes]:
    """Give a text to save under a name whose ending says more than its type does."""
    answer = attachment(content, "text/plain", name)
    answer.headers["Content-Disposition"] = disposition(name)
    return answer


CONTROLLERS: list[type[Controller]] = [DossierPages]
