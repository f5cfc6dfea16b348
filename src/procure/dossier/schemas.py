"""What pages and programs see of dossiers."""

from datetime import datetime
from uuid import UUID

import msgspec


class MakeDossier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which procedure."""

    tender_id: UUID


class DossierView(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier that was made."""

    id: UUID
    tender_id: UUID
    tender_reference: str
    tender_title: str
    made_at: datetime
    made_by_name: str
    file_sha256: str
    size_bytes: int
    chain_seq: int
    chain_sha256: str
    content_url: str


class DossierList(msgspec.Struct, frozen=True):
    """Dossiers, newest first."""

    items: list[DossierView]


class ProcedureView(msgspec.Struct, frozen=True, kw_only=True):
    """A procedure of the buyer, and the dossiers made of it."""

    tender_id: UUID
    reference: str
    title: str
    state: str
    published_at: datetime | None
    dossiers: list[DossierView] = []
