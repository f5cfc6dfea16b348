"""What tenders look like over HTTP. Names follow OCDS where it has one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.tenders.rules import LegalDate, Need, PeriodAhead, TableRow, TimeLeft


class Value(msgspec.Struct, frozen=True):
    """An amount of money."""

    amount: Decimal
    currency: str


class PartyView(msgspec.Struct, frozen=True):
    """An organisation."""

    id: UUID
    name: str
    registry_code: str


class LotView(msgspec.Struct, frozen=True):
    """A lot; `status` is OCDS's word for `state`."""

    id: UUID
    code: str
    title: str
    status: str
    state: str
    ground: str | None
    counties: Sequence[str]
    language: str
    unit: str
    groups_count: int
    places_count: int
    days_count: int
    unit_price: Decimal
    value: Value


class CriterionView(msgspec.Struct, frozen=True):
    """An award criterion."""

    id: UUID
    code: str
    kind: str
    name: str
    weight: Decimal
    formula: str | None
    scale_max: Decimal | None
    minimum: Decimal | None
    floor_price: Decimal | None
    ceiling_price: Decimal | None
    table: Sequence[TableRow]


class TenderPeriod(msgspec.Struct, frozen=True):
    """When bids may come in: on time means before `ends_at`."""

    starts_at: datetime | None
    ends_at: datetime


class ContractPeriod(msgspec.Struct, frozen=True):
    """The days of the contract, the last one excluded."""

    starts_on: date
    ends_until: date


class KeyholderView(msgspec.Struct, frozen=True):
    """A person who holds a share of the key."""

    person_id: UUID
    name: str


class ParentLot(msgspec.Struct, frozen=True):
    """The lot of a framework that a mini-competition is held in."""

    tender_id: UUID
    reference: str
    lot_code: str
    lot_title: str


class Came(msgspec.Struct, frozen=True):
    """What has happened to a tender; `text` is a source text whose braces `values` fill in."""

    at: datetime
    text: str
    values: Mapping[str, str]


class TenderView(msgspec.Struct, frozen=True, kw_only=True):
    """A tender as the actor may see it."""

    id: UUID
    reference: str
    title: str
    description: str
    status: str
    state: str
    state_ground: str | None
    buyer: PartyView
    procurement_method: str
    procurement_method_details: str
    procedure_name: Mapping[str, str]
    rule_set: str
    rule_set_name: Mapping[str, str]
    service_code: str
    classification: str
    technique: str
    basis_id: UUID | None
    basis_name: str
    parent_lot_id: UUID | None
    parent: ParentLot | None
    started_on: date
    tender_period: TenderPeriod
    contract_period: ContractPeriod
    payment_scheme: str
    max_suppliers_count: int
    is_price_fixed: bool
    value: Value
    need: Need
    opening_quorum_count: int
    keyholders: Sequence[KeyholderView]  # the buyer sees them, others do not
    invited: Sequence[PartyView]  # the buyer sees all, a bidder only itself
    recipient: str | None
    published_at: datetime | None
    lots: Sequence[LotView]
    award_criteria: Sequence[CriterionView]
    calendar: Sequence[LegalDate]
    periods_ahead: Sequence[PeriodAhead]
    came: Sequence[Came]
    paper_id: UUID | None
    actions: Sequence[str]  # open on it for this actor


class TenderSummary(msgspec.Struct, frozen=True):
    """A tender in a list."""

    id: UUID
    reference: str
    title: str
    buyer_id: UUID
    buyer_name: str
    status: str
    state: str
    procurement_method_details: str
    deadline_at: datetime
    lots_count: int
    counties: Sequence[str]
    value: Value
    is_open: bool
    left: TimeLeft


class TenderList(msgspec.Struct, frozen=True):
    """Tenders that the actor may see: open ones first, the next deadline first."""

    items: Sequence[TenderSummary]


class Cancellation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a tender is cancelled."""

    ground: str  # eForms non-award-justification
    text: str


class DraftCheck(msgspec.Struct, frozen=True):
    """What stands in the way of a draft, and what the law asks for its value."""

    findings: Sequence[Finding]
    need: Need | None
