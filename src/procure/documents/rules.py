"""What a printer is given, and what of a paper is the same on every print.

Pure: the facts of a paper decide its bytes, so that printing again gives the same file.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.kernel.canonical import sha256_hex

PRINT_JOB = "print-paper"  # the entrypoint in the job queue; its payload is the paper's id


class PaperOrder(msgspec.Struct, frozen=True):
    """Everything that a paper is printed from."""

    id: UUID
    kind: str
    template: str
    title: str
    language: str
    buyer_name: str
    reader_name: str | None
    facts: str  # canonical JSON
    ordered_at: datetime
    copy_of: str | None = None  # the language of the paper of record, if this is a copy to read

    @property
    def printed_for(self) -> str:
        """The organisation that the paper is addressed to."""
        return self.reader_name or self.buyer_name

    @property
    def facts_sha256(self) -> str:
        """The hash in the paper's foot, of the facts embedded in it."""
        return sha256_hex(self.facts)

    @property
    def identifier(self) -> bytes:
        """The sixteen bytes by which the PDF names itself."""
        return bytes.fromhex(sha256_hex(f"{self.id}\n{self.template}\n{self.facts}"))[:16]


class PaperOrdered(msgspec.Struct, frozen=True):
    """Facts of the event that a paper was ordered."""

    kind: str
    template: str
    language: str
    about_id: UUID
    facts_sha256: str


class PaperPrinted(msgspec.Struct, frozen=True):
    """Facts of the event that a paper was printed."""

    kind: str
    about_id: UUID
    facts_sha256: str
    file_sha256: str
    size_bytes: int


class PaperFailed(msgspec.Struct, frozen=True):
    """Facts of the event that a paper could not be printed, or was ordered again after that."""

    kind: str
    about_id: UUID
    failure: str
