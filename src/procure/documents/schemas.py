"""What pages and programs see of a paper."""

from datetime import datetime
from uuid import UUID

import msgspec


class PaperView(msgspec.Struct, frozen=True, kw_only=True):
    """A document, and whether it can be read yet."""

    id: UUID
    kind: str
    title: str
    state: str
    file_sha256: str | None
    size_bytes: int | None
    language: str
    subject_id: UUID
    buyer_id: UUID
    reader_name: str | None
    ordered_at: datetime
    printed_at: datetime | None
    failure: str | None
    url: str  # of the page, which is the file once that is printed
    content_url: str  # of the file, for programs


class PaperList(msgspec.Struct, frozen=True):
    """Documents about one thing, newest first."""

    items: list[PaperView]


class StoredFile(msgspec.Struct, frozen=True):
    """A file as it was read back, its hash checked."""

    sha256: str
    media_type: str
    content: bytes
