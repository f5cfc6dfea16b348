"""What a tender, a lot and a criterion are to the stages after: frozen values, no rows."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.tenders.rules.drafts import CriterionParams
from procure.tenders.rules.law import RuleSet
from procure.tenders.states import CriterionKind, LotState, PriceFormula, TenderState


class LotFacts(msgspec.Struct, frozen=True):
    """A lot, with the tender it belongs to."""

    id: UUID
    tender_id: UUID
    buyer_id: UUID
    tender_reference: str
    code: str
    title: str
    counties: Sequence[str]
    language: str
    unit: str
    groups_count: int
    places_count: int  # per group
    days_count: int  # units per place
    unit_price: Decimal  # estimated; the fixed price where the tender fixes it
    value_amount: Decimal
    state: LotState
    ground: str | None


class CriterionFacts(msgspec.Struct, frozen=True):
    """An award criterion; `params` holds what its kind or formula needs besides."""

    id: UUID
    code: str
    position: int
    kind: CriterionKind
    name: str
    weight: Decimal
    formula: PriceFormula | None
    scale_max: Decimal | None
    minimum: Decimal | None  # of the evaluators' mean, inclusive
    params: CriterionParams


class TenderFacts(msgspec.Struct, frozen=True):
    """A tender with its lots (by code), criteria (by position) and the rule set it runs under."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    reference: str
    title: str
    description: str
    procedure: str
    rule_set: RuleSet
    service_code: str
    cpv: str
    technique: str
    basis_id: UUID | None
    parent_lot_id: UUID | None
    started_on: date
    contract_starts_on: date
    contract_until: date  # exclusive
    payment_scheme: str
    max_suppliers_count: int  # per lot
    is_price_fixed: bool
    deadline_at: datetime
    opening_quorum_count: int
    recipient: str | None
    published_at: datetime | None
    state: TenderState
    currency: str
    lots: Sequence[LotFacts]
    criteria: Sequence[CriterionFacts]
    keyholder_ids: Sequence[UUID]
    invited_ids: Sequence[UUID]

    def lot(self, lot_id: UUID) -> LotFacts | None:
        """Find a lot of this tender."""
        return next((lot for lot in self.lots if lot.id == lot_id), None)


def is_on_time(received_at: datetime, deadline_at: datetime) -> bool:
    """Tell whether a bid is on time: it is, up to and without the very instant of the deadline.

    Source: promises R2; "10:00" ends at 10:00:00.000 (VK Südbayern 3194.Z3-3_01-21-20).
    """
    return received_at < deadline_at
