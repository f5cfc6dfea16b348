"""What a receipt says: which sealed bytes arrived when, and where the chain of events stood."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class Verdict(StrEnum):
    """On which side of the deadline a bid arrived."""

    ON_TIME = "on-time"
    LATE = "late"


class SealedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sealed of a bid besides its content: a file.

    Without names, because a name can say what is sealed; they are inside, with the hash of each
    file as it was sent.
    """

    kind: str  # "file"
    id: str  # of the file
    sha256: str  # of the ciphertext
    size_bytes: int


class ReceiptFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the installation vouches for."""

    tender_id: UUID
    tender_reference: str
    lot_id: UUID
    lot_code: str
    bid_id: UUID
    version: int
    provider_org_id: UUID
    ciphertext_sha256: str
    size_bytes: int  # of the ciphertext
    parts: Sequence[SealedPart]
    received_at: str  # UTC, always six decimals
    deadline_at: str  # UTC, always six decimals
    verdict: Verdict
    key_id: str
    # The chain of events as it stood after this bid's own event: which makes its bidder a witness.
    # A hash and no number, because two receipts would tell how many bids arrived between them.
    chain_sha256: str


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed receipt; the signature is over the canonical JSON of `receipt`."""

    receipt: ReceiptFacts
    signature: str  # Ed25519, lower-case hex


def instant_text(instant: datetime) -> str:
    """Write an instant in UTC to the microsecond, always in the same form.

    >>> instant_text(datetime(2024, 2, 8, 7, 59, 59, tzinfo=UTC))
    '2024-02-08T07:59:59.000000Z'
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def late(received_at: str, deadline_at: str) -> Finding:
    """Say that a bid is late; it is refused for that, and nothing of it is lost."""
    return Finding(
        "late",
        n_(
            "Your bid arrived at {received}, at or after the deadline {deadline}. It is kept "
            "sealed as evidence and is never opened."
        ),
        {"received": received_at, "deadline": deadline_at},
        "Directive 2014/24/EU Annex IV",
    )
