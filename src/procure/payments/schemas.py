"""What payments look like over HTTP and in forms. Amounts are strings with two decimals."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.documents.schemas import PaperView
from procure.outcomes.schemas import Said


class DraftClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a claim is drafted now, in words."""

    reason: str = ""


class Objection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not right with a claim; `line_keys` name the lines it is about, none means all."""

    reason: str
    line_keys: Sequence[str] = ()


class AttestClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which content the person vouches for: `content_sha256` of the claim they read."""

    content_sha256: str


class PrepareRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The day on which the bank is to pay."""

    pay_on: date


class ReleaseRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hash that the person read off the file they were given."""

    file_sha256: str


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a claim: what for, for whom, under which clause, and how it was reckoned."""

    id: UUID
    position: int
    key: str
    kind: str
    client_ref: str | None
    participant_id: UUID | None
    outcome_id: UUID | None
    clause_id: UUID | None
    clause_number: str | None
    clause_title: str | None
    entitled_amount: Decimal
    posted_amount: Decimal
    line_amount: Decimal
    trace: Said


class WithheldView(msgspec.Struct, frozen=True):
    """What is not owed, what it would bring, and why not."""

    key: str
    kind: str
    client_ref: str | None
    amount: Decimal
    reason: Said
    may_come: bool  # not yet: what is missing can still be done or proven


class AttestationView(msgspec.Struct, frozen=True):
    """Who vouched for the claim's content."""

    position: int
    person_id: UUID
    person_name: str
    content_sha256: str
    attested_at: datetime


class RemarkView(msgspec.Struct, frozen=True, kw_only=True):
    """What a party said to the claim as it then stood."""

    kind: str  # dispute, undispute (the provider's); answer, return (the buyer's)
    person_name: str
    text: str
    line_keys: Sequence[str]  # none: the whole claim
    total_amount: Decimal
    said_at: datetime


class ClaimNumber(msgspec.Struct, frozen=True):
    """Another claim of the same contract."""

    id: UUID
    number: int


class ClaimPayment(msgspec.Struct, frozen=True, kw_only=True):
    """The transfer that a claim is in: one sum for what was owed under the contract."""

    id: UUID
    run_id: UUID
    state: str  # of its payment file: prepared, released
    end_to_end_id: str
    payment_amount: Decimal
    pay_on: date
    released_at: datetime | None
    with_claims: Sequence[ClaimNumber]  # that came in the same sum


class ClaimLineItem(msgspec.Struct, frozen=True, kw_only=True):
    """A claim in a list."""

    id: UUID
    number: int
    contract_id: UUID
    contract_number: str
    group_id: UUID
    group_code: str
    buyer_id: UUID
    provider_id: UUID
    provider_name: str
    state: str
    total_amount: Decimal
    currency: str
    drafted_at: datetime


class ClaimList(msgspec.Struct, frozen=True):
    """Claims, the newest first."""

    items: list[ClaimLineItem]


class ClaimView(ClaimLineItem, frozen=True, kw_only=True):
    """A claim: its lines, what they rest on, who accepted and who attested."""

    reason: str
    changes: Sequence[Said]  # facts that are not what they were at the last claim
    known_until_at: datetime
    content_sha256: str
    attendance_amount: Decimal  # owed in all, whatever was posted before
    milestone_amount: Decimal
    outcome_amount: Decimal
    entitled_amount: Decimal
    posted_before_amount: Decimal
    counted_days: Decimal
    guaranteed_days: Decimal
    lines: Sequence[LineView]
    withheld: Sequence[WithheldView]
    accepted_at: datetime | None
    accepted_by: str | None
    dispute: str | None
    remarks: Sequence[RemarkView]  # everything that was said of it, the first first
    due_on: date | None  # by when whoever it waits for acts
    payment: ClaimPayment | None
    attestations: Sequence[AttestationView]
    payment_id: UUID | None
    run_id: UUID | None
    paid_on: date | None
    ceiling_amount: Decimal
    spent_amount: Decimal
    differs: Sequence[Said]  # what is not now as the claim has it; for the buyer
    unchecked: Sequence[Said]  # outcomes that no register has confirmed; for the buyer
    papers: Sequence[PaperView]
    actions: Sequence[str]  # what this reader may do now


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What a group would bring by the facts known now, and why not more."""

    group_id: UUID
    group_code: str
    contract_id: UUID
    contract_number: str
    currency: str
    entitled_amount: Decimal
    posted_amount: Decimal
    paid_amount: Decimal
    open_claim_id: UUID | None
    withheld_amount: Decimal  # not owed, now and later
    may_come_amount: Decimal  # not owed yet
    unpaid_amount: Decimal  # earned, and not released for payment
    withheld: Sequence[WithheldView]


class ExpectationList(msgspec.Struct, frozen=True):
    """What each group would bring by now, the newest group first."""

    items: list[Expectation]


class EntryView(msgspec.Struct, frozen=True):
    """One side of a ledger transaction: debit positive, credit negative."""

    account: str
    contract_number: str
    provider_name: str
    entry_amount: Decimal
    key: str | None


class TransactionView(msgspec.Struct, frozen=True):
    """A balanced set of entries."""

    id: UUID
    reason: str
    posted_at: datetime
    currency: str
    claim_id: UUID | None
    claim_number: int | None
    run_id: UUID | None
    entries: Sequence[EntryView]


class Balance(msgspec.Struct, frozen=True):
    """What an account holds."""

    account: str
    balance_amount: Decimal


class LedgerView(msgspec.Struct, frozen=True):
    """The buyer's ledger; the balances sum to zero."""

    balances: Sequence[Balance]
    total_amount: Decimal
    transactions: Sequence[TransactionView]


class PaymentView(msgspec.Struct, frozen=True):
    """One credit transfer."""

    id: UUID
    contract_id: UUID
    contract_number: str
    provider_id: UUID
    provider_name: str
    iban: str
    payment_amount: Decimal
    end_to_end_id: str
    remittance: str
    claim_ids: Sequence[UUID]


class RunItem(msgspec.Struct, frozen=True, kw_only=True):
    """A payment run in a list."""

    id: UUID
    message_id: str
    pay_on: date
    total_amount: Decimal
    currency: str
    state: str
    prepared_at: datetime
    prepared_by: str
    released_at: datetime | None


class RunList(msgspec.Struct, frozen=True):
    """Payment runs, the newest first."""

    items: list[RunItem]


class RunView(RunItem, frozen=True, kw_only=True):
    """A payment run: its file, its payments and who released it."""

    buyer_id: UUID
    file_sha256: str
    first_released_by: str | None
    second_released_by: str | None
    payments: Sequence[PaymentView]
    actions: Sequence[str]


class Owed(msgspec.Struct, frozen=True):
    """What is owed under one contract and not in a file yet, and what keeps it back."""

    contract_id: UUID
    contract_number: str
    provider_name: str
    owed_amount: Decimal
    currency: str
    kept_back: Sequence[Said]


class OwedList(msgspec.Struct, frozen=True):
    """What is owed and in no file yet, by contract."""

    items: list[Owed]
