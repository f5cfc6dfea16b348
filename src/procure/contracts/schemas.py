"""What contracts look like over HTTP. Names follow OCDS where it has one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.contracts.rules import Terms
from procure.documents.schemas import PaperView


class MoneyView(msgspec.Struct, frozen=True):
    """What a contract may cost, what of it is committed, spent and left.

    A framework's ceiling is shared by all partners of its lot, so its committed and left amounts
    count the call-offs of all of them; `own_committed_amount` those of this one. Of a call-off
    the whole ceiling is committed, and `left_amount` is what has not been spent.
    """

    ceiling_amount: Decimal
    committed_amount: Decimal
    own_committed_amount: Decimal
    spent_amount: Decimal
    left_amount: Decimal
    currency: str


class ContractLine(msgspec.Struct, frozen=True, kw_only=True):
    """A contract in a list."""

    id: UUID
    kind: str
    number: str
    title: str
    state: str
    buyer_id: UUID
    buyer_name: str
    provider_id: UUID
    provider_name: str
    lot_id: UUID
    lot_code: str
    parent_id: UUID | None
    starts_on: date
    ends_until: date
    money: MoneyView
    signed_at: datetime | None


class ContractList(msgspec.Struct, frozen=True):
    """Contracts, the newest first."""

    items: list[ContractLine]


class ClauseView(msgspec.Struct, frozen=True):
    """A clause and what it rests on; `source_kind` and `source_id` lead to it in the thread."""

    id: UUID
    number: str
    code: str
    title: str
    text: str
    title_et: str
    text_et: str
    params: Mapping[str, Any]
    source_kind: str
    source_id: UUID | None
    source: str
    provenance: str


class SignatureView(msgspec.Struct, frozen=True):
    """One side's signature."""

    side: str
    organisation: str
    person_id: UUID
    person_name: str
    document_sha256: str
    signed_at: datetime


class ContractView(msgspec.Struct, frozen=True, kw_only=True):
    """A contract with its terms, clauses, signatures and what is called off from it."""

    id: UUID
    kind: str
    number: str
    title: str
    state: str
    buyer_id: UUID
    buyer_name: str
    provider_id: UUID
    provider_name: str
    tender_id: UUID
    tender_reference: str
    lot_id: UUID
    lot_code: str
    award_id: UUID | None
    bid_id: UUID | None
    last_blocked_on: date | None  # last day of the award's standstill
    signing_from_on: date | None  # the day after it
    parent_id: UUID | None
    parent_number: str | None
    starts_on: date
    ends_until: date
    money: MoneyView
    terms: Terms
    document_sha256: str  # what a signature is given under
    clauses: Sequence[ClauseView]
    signatures: Sequence[SignatureView]
    call_offs: Sequence[ContractLine]
    paper: PaperView | None
    drafted_at: datetime
    signed_at: datetime | None
    side: str | None  # which side the reader is on
    actions: Sequence[str]  # what the reader may do to it now: sign
    may: Sequence[str]  # what else the reader may begin here: call-off


class DraftedContracts(msgspec.Struct, frozen=True):
    """What was drafted from an award, in the order of rank."""

    items: list[ContractView]


class SignatureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature under the document that was read, named by its hash."""

    document_sha256: str


class MiniCompetitionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call-off to be competed for among the partners of a framework lot, by price alone.

    Without a price the lot's estimate is the estimate. `contract_until` is exclusive.
    """

    groups_count: int
    places_count: int  # per group
    days_count: int  # training days per group
    contract_starts_on: date
    contract_until: date
    deadline_at: datetime
    keyholder_ids: Sequence[UUID]
    opening_quorum_count: int = 2
    basis_id: UUID | None = None
    unit_price: Decimal | None = None
    title: str | None = None
    description: str | None = None
    reference: str | None = None


class FrameworkPartner(msgspec.Struct, frozen=True):
    """A provider that holds a running framework of a lot."""

    contract_id: UUID
    number: str
    provider_id: UUID
    provider_name: str
    unit_price: Decimal


class FrameworkView(msgspec.Struct, frozen=True, kw_only=True):
    """A lot under frameworks: its partners, and what is left to call off."""

    lot_id: UUID
    lot_code: str
    lot_title: str
    tender_id: UUID
    tender_title: str
    buyer_id: UUID
    starts_on: date | None
    ends_until: date | None
    unit_price: Decimal  # the estimate
    places_count: int
    days_count: int
    partners: Sequence[FrameworkPartner]
    money: MoneyView


class AwardLine(msgspec.Struct, frozen=True, kw_only=True):
    """An award that no contract was drafted from yet."""

    id: UUID
    tender_id: UUID
    tender_title: str
    lot_code: str
    lot_title: str
    winners: str
    decided_at: datetime
    last_blocked_on: date | None
