"""What the history shows of an event."""

from datetime import datetime
from uuid import UUID

import msgspec


class EventView(msgspec.Struct, frozen=True):
    """One event for people and programs; `sha256` is its place in the chain."""

    kind: str
    subject_id: UUID
    actor_id: UUID | None
    actor_name: str | None
    happened_at: datetime
    facts: str
    sha256: str


class ChainHead(msgspec.Struct, frozen=True):
    """The newest event of the chain."""

    seq: int
    sha256: str
