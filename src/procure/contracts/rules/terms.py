"""The terms of a contract as data, and what they come to.

Pure. Amounts are in the contract's currency, without VAT, in cents; prices per participant and
training day. A period ends before its `_until`.
Source: payment scheme of the tender; RHS § 29 for the value of a framework.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.catalogue.rules import SchemeTerms
from procure.entitlement.terms import Terms as PaymentTerms
from procure.kernel.money import rounded


class Terms(msgspec.Struct, frozen=True):
    """What later stages need to know of a contract; stored with it and under its signatures."""

    contract_id: UUID
    kind: str
    number: str
    buyer_id: UUID
    provider_id: UUID  # the organisation
    lot_id: UUID  # of its own tender
    parent_id: UUID | None  # the framework that a call-off is under
    service_code: str
    unit: str
    language: str
    counties: tuple[str, ...]
    unit_price: Decimal
    groups_count: int
    places_count: int  # per group
    days_count: int  # training days per group
    full_value_amount: Decimal  # of one group: unit price × days × places
    ceiling_amount: Decimal
    currency: str
    starts_on: date
    ends_until: date
    scheme: SchemeTerms
    clause_ids: Mapping[str, UUID]  # by code: ATTENDANCE, MILESTONE, OUTCOME, GUARANTEE, CAP, …
    promised_rates: Mapping[str, Decimal] = {}  # the bid's, by outcome family: the yardstick
    payment: PaymentTerms | None = None  # the scheme as data that anyone can compute with


def full_value(unit_price: Decimal, days_count: int, places_count: int) -> Decimal:
    """Return what a group costs if every place is paid on every day.

    >>> full_value(Decimal("22.00"), 60, 12)
    Decimal('15840.00')
    """
    return rounded(unit_price * days_count * places_count)


class Pots(msgspec.Struct, frozen=True):
    """What one group's full value divides into."""

    attendance_price: Decimal  # for one participant's payable day
    attendance_amount: Decimal
    guarantee_days_count: int  # participant days that are paid at least
    milestone_amounts: Mapping[str, Decimal]  # for one participant
    milestone_amount: Decimal
    outcome_base_amount: Decimal  # for one participant, before band and kind
    outcome_amount: Decimal
    outcome_cap_amount: Decimal


def pots(terms: Terms) -> Pots:
    """Divide a group's full value by the payment scheme."""
    scheme, full, places = terms.scheme, terms.full_value_amount, terms.places_count
    milestones = full * scheme.milestone_share
    outcomes = full * scheme.outcome_share
    return Pots(
        attendance_price=rounded(terms.unit_price * scheme.attendance_share),
        attendance_amount=rounded(full * scheme.attendance_share),
        guarantee_days_count=int(
            rounded(places * terms.days_count * scheme.guarantee_share, Decimal(1))
        ),
        milestone_amounts={
            code: rounded(milestones / places * share) for code, share in scheme.milestones.items()
        },
        milestone_amount=rounded(milestones),
        outcome_base_amount=rounded(outcomes / places),
        outcome_amount=rounded(outcomes),
        outcome_cap_amount=rounded(outcomes * scheme.outcome_cap_share),
    )


class Room(msgspec.Struct, frozen=True):
    """How much of a framework's ceiling is used; all partners of its lot share that ceiling."""

    ceiling_amount: Decimal
    committed_amount: Decimal  # by call-offs of all partners of the lot
    spent_amount: Decimal  # posted under those call-offs

    @property
    def left_amount(self) -> Decimal:
        """What may still be called off."""
        return self.ceiling_amount - self.committed_amount
