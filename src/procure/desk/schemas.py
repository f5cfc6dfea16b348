"""What the desk shows: threads, history, first screens."""

from collections.abc import Mapping, Sequence
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

    kind: str
    text: str
    actor_name: str | None
    happened_at: datetime
    subject_id: UUID
    sha256: str
    subject: str = ""  # what the subject is called
    url: str | None = None  # where it is shown


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
    machine: str = ""  # whose state it is, where another life has the same word
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


class PublicContractLine(msgspec.Struct, frozen=True, kw_only=True):
    """A signed contract, as everyone may know it. `paid_amount` is what was released to be paid."""

    id: UUID
    kind: str
    number: str
    title: str
    state: str
    buyer_name: str
    provider_name: str
    provider_code: str
    tender_id: UUID
    reference: str
    service_code: str
    lot_id: UUID
    lot_code: str
    counties: Sequence[str]
    starts_on: date
    ends_until: date
    ceiling_amount: Decimal
    currency: str
    paid_amount: Decimal
    signed_on: date | None


class YearPaid(msgspec.Struct, frozen=True):
    """What was paid in a year."""

    year: int
    paid_amount: Decimal


class OutcomeCount(msgspec.Struct, frozen=True):
    """People with a verified outcome of a family; None where the number is too small to tell."""

    family: str
    people_count: int | None


class PublicContract(PublicContractLine, frozen=True, kw_only=True):
    """A contract with its terms, what was paid, and what came of it; counts under ten are None."""

    award_id: UUID | None
    parent_id: UUID | None
    parent_number: str | None
    unit: str
    unit_price: Decimal
    scheme_code: str
    scheme_version: int
    promised_rates: Mapping[str, Decimal]
    places_count: int
    days_count: int
    years: Sequence[YearPaid]
    call_offs: Sequence[PublicContractLine]
    participants_count: int | None
    with_outcome_count: int | None
    outcomes: Sequence[OutcomeCount]


class SpendingCell(msgspec.Struct, frozen=True, kw_only=True):
    """What one provider was paid for one service in one county and year."""

    year: int
    buyer_name: str
    provider_code: str
    provider_name: str
    service_code: str
    county: str
    paid_amount: Decimal
    contract_ids: Sequence[UUID]

    def code(self, dimension: str) -> str:
        """Return the cell's place in one dimension."""
        return {
            "provider": self.provider_code,
            "service": self.service_code,
            "county": self.county,
            "year": str(self.year),
        }[dimension]


class SpendingRow(msgspec.Struct, frozen=True):
    """What was paid for one value of a dimension."""

    code: str
    name: str
    paid_amount: Decimal
    contracts_count: int


class SpendingView(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid, summed by one dimension, and what can be chosen of the others."""

    by: str
    rows: Sequence[SpendingRow]
    total_amount: Decimal
    largest_amount: Decimal
    providers: Sequence[tuple[str, str]]
    services: Sequence[str]
    counties: Sequence[str]
    years: Sequence[str]
