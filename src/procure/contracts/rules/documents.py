"""The document that both sides sign: everything that holds between them, in one canonical value.

Pure. Its SHA-256 over the canonical JSON is what a signature is given under.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.contracts.rules.clauses import DocumentClause, Words
from procure.contracts.rules.terms import Terms
from procure.kernel.canonical import canonical, sha256_hex


class Party(msgspec.Struct, frozen=True):
    """One side, as it was when the contract was drafted."""

    org_id: UUID
    name: str
    registry_code: str


class Origin(msgspec.Struct, frozen=True):
    """Where a contract comes from."""

    tender_id: UUID
    tender_reference: str
    tender_title: str
    lot_id: UUID
    lot_code: str
    lot_title: str
    award_id: UUID
    decided_at: datetime
    bid_id: UUID
    rank: int
    framework_id: UUID | None
    framework_number: str | None


class Document(msgspec.Struct, frozen=True):
    """A contract as it is signed."""

    contract_id: UUID
    number: str
    title: str
    buyer: Party
    provider: Party
    origin: Origin
    terms: Terms
    clauses: Sequence[DocumentClause]
    precedence: Sequence[Words]  # highest first


def document_hash(document: Document) -> str:
    """Return the SHA-256 that signatures are given under."""
    return sha256_hex(canonical(document))
