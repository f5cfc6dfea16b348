"""Reading the dossiers that were made; an organisation reads its own."""

from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.documents import queries as documents
from procure.dossier.schemas import DossierView, ProcedureView
from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_

DOSSIER = """
    SELECT d.id, d.tender AS tender_id, t.reference AS tender_reference, t.title AS tender_title,
           d.made_at, p.name AS made_by_name, d.file AS file_sha256, f.size_bytes, d.chain_seq,
           d.chain_sha256, '/api/v1/dossiers/' || d.id || '/content' AS content_url
      FROM dossier d JOIN tender t ON t.id = d.tender JOIN person p ON p.id = d.made_by
                     JOIN file f ON f.sha256 = d.file
     WHERE d.buyer = $1
"""


async def find_tender(actor: Actor, tender_id: UUID) -> UUID:
    """Return the tender's id if the actor's organisation is its buyer; NotFound otherwise."""
    async with connection() as c:
        found = await c.fetchval(
            "SELECT id FROM tender WHERE id = $1 AND buyer = $2", tender_id, actor.org_id
        )
    if found is None:
        raise NotFound(n_("There is no tender {id}."), {"id": str(tender_id)})
    return tender_id


async def read_dossier(actor: Actor, dossier_id: UUID) -> DossierView:
    """Read what is known of one dossier; NotFound also for another organisation's."""
    found = await fetch_as(DossierView, DOSSIER + " AND d.id = $2", actor.org_id, dossier_id)
    if not found:
        raise NotFound(n_("There is no dossier {id}."), {"id": str(dossier_id)})
    return found[0]


async def read_dossiers(actor: Actor, tender_id: UUID | None = None) -> list[DossierView]:
    """List the dossiers that the actor's organisation made, of one procedure if it is named."""
    return await fetch_as(
        DossierView,
        DOSSIER + " AND ($2::uuid IS NULL OR d.tender = $2) ORDER BY d.id DESC LIMIT 500",
        actor.org_id,
        tender_id,
    )


async def read_content(actor: Actor, dossier_id: UUID) -> tuple[DossierView, bytes]:
    """Read a dossier's file."""
    view = await read_dossier(actor, dossier_id)
    content, _ = await documents.read_file(view.file_sha256)
    return view, content


async def read_procedures(actor: Actor) -> list[ProcedureView]:
    """List the procedures of the actor's organisation that left the draft, newest first.

    Mini-competitions are listed too; the dossier of their framework holds them as well.
    """
    procedures = await fetch_as(
        ProcedureView,
        "SELECT id AS tender_id, reference, title, state, published_at FROM tender"
        " WHERE buyer = $1 AND published_at IS NOT NULL ORDER BY published_at DESC LIMIT 500",
        actor.org_id,
    )
    made: dict[UUID, list[DossierView]] = {}
    for dossier in await read_dossiers(actor):
        made.setdefault(dossier.tender_id, []).append(dossier)
    return [
        msgspec.structs.replace(procedure, dossiers=made.get(procedure.tender_id, []))
        for procedure in procedures
    ]
