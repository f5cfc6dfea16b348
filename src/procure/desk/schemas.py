"""What the desk shows: threads, history, first screens."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One link of a thread; `text` is a source text whose braces `values` fill in."""

    kind: str  # claim-line, claim, payment, outcome, participant, group, contract, clause, …
    id: UUID
    text: str
    values: Mapping[str, Any] = {}
    at: datetime | None = None
    on: date | None = None
    url: str | None = None
    state: str | None = None
    amount: Decimal | None = None


class Stage(msgspec.Struct, frozen=True):
    """The steps of one stage of the flow."""

    name: str  # a source text
    steps: list[Step]


class Thread(msgspec.Struct, frozen=True):
    """A chain of stages from one thing to where it came from, or to what came of it."""

    kind: str
    id: UUID
    direction: str  # "back" to the request, or "forward" to the payment
    stages: list[Stage]


class HistoryItem(msgspec.Struct, frozen=True):
    """One event in words."""

    seq: int
    kind: str
    text: str
    actor_name: str | None
    happened_at: datetime
    subject_id: UUID
    sha256: str


class Tile(msgspec.Struct, frozen=True):
    """A number on a first screen, with what it is and where it leads."""

    text: str
    number: str
    url: str
    look: str = ""  # "", "warn" or "stop"


class Row(msgspec.Struct, frozen=True):
    """A line of a list on a first screen."""

    title: str
    url: str
    state: str | None = None
    note: str = ""  # a source text
    values: Mapping[str, Any] = {}
    at: datetime | None = None
    on: date | None = None
    share: Decimal | None = None  # drawn as a bar


class Panel(msgspec.Struct, frozen=True):
    """A list on a first screen; `empty` says what to do when there is nothing."""

    title: str
    rows: list[Row]
    empty: str
    url: str | None = None
    url_text: str | None = None
