"""Tables of payments; only payments.service writes them."""

from piccolo.columns import (
    UUID,
    Array,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.contracts.tables import Clause, Contract
from procure.db import DB, AppUUID7, is_money, is_one_of, is_sha256
from procure.delivery.tables import Participant, ServiceGroup
from procure.identity.tables import Organisation, Person
from procure.outcomes.tables import Outcome
from procure.payments.states import Account, ClaimState, LineKind, RemarkKind, RunState


class PaymentRun(Table, db=DB, tablename="payment_run"):
    """A payment file: made once, its bytes kept by hash, released by two people."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    message_id = Varchar(length=35, default=None, null=False)
    pay_on = Date(default=None, null=False)
    currency = Varchar(length=3, default=None, null=False)
    total_amount = Numeric(digits=None, default=None, null=False)
    file_sha256 = Varchar(length=64, default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    prepared_at = Timestamptz(default=None, null=False)
    prepared_by = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    first_released_by = UUID(default=None, null=True)
    second_released_by = UUID(default=None, null=True)
    released_at = Timestamptz(default=None, null=True)

    known_state = is_one_of("state", RunState)
    payment_run_message_uq = Unique(["message_id"])
    total_is_money = is_money("total_amount")
    file_is_hash = is_sha256("file_sha256")
    preparer_never_releases = Check(
        "(first_released_by IS NULL OR first_released_by <> prepared_by)"
        " AND (second_released_by IS NULL OR second_released_by <> prepared_by)"
    )
    second_follows_first = Check("second_released_by IS NULL OR first_released_by IS NOT NULL")
    two_different_people = Check(
        "first_released_by IS NULL OR second_released_by IS NULL"
        " OR first_released_by <> second_released_by"
    )
    released_by_two = Check(
        "(state = 'released') = (second_released_by IS NOT NULL AND first_released_by IS NOT NULL)"
    )


class Payment(Table, db=DB, tablename="payment"):
    """One credit transfer of a run: what the ledger owed one provider under one contract."""

    id = UUID(primary_key=True, default=AppUUID7())
    run = ForeignKey(PaymentRun, on_delete=OnDelete.restrict, default=None, null=False)
    contract = ForeignKey(Contract, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    iban = Varchar(length=34, default=None, null=False)
    payment_amount = Numeric(digits=None, default=None, null=False)
    end_to_end_id = Varchar(length=35, default=None, null=False)
    remittance = Varchar(length=140, default=None, null=False)

    payment_end_to_end_uq = Unique(["end_to_end_id"])
    payment_once_a_run_uq = Unique(["run", "contract"])
    amount_is_money = is_money("payment_amount")
    amount_is_positive = Check("payment_amount > 0")


class Claim(Table, db=DB, tablename="claim"):
    """What a group's provider is entitled to now, less what was posted; drafted by the system."""

    id = UUID(primary_key=True, default=AppUUID7())
    contract = ForeignKey(Contract, on_delete=OnDelete.restrict, default=None, null=False)
    group = ForeignKey(ServiceGroup, on_delete=OnDelete.restrict, default=None, null=False)
    number = Integer(default=None, null=False)  # per contract, gapless
    reason = Text(default=None, null=False)  # why it was drafted, in words
    changes = Text(default=None, null=False)  # canonical JSON: what differs from the last claim
    known_until_at = Timestamptz(default=None, null=False)  # facts known at this instant
    total_amount = Numeric(digits=None, default=None, null=False)  # negative: a correction
    facts = Text(default=None, null=False)  # canonical JSON of payments.rules.GroupFacts
    result = Text(default=None, null=False)  # canonical JSON of payments.rules.Entitlement
    content_sha256 = Varchar(length=64, default=None, null=False)  # of what is attested
    state = Varchar(length=10, default=None, null=False)
    drafted_at = Timestamptz(default=None, null=False)
    drafted_by = UUID(default=None, null=True)
    accepted_at = Timestamptz(default=None, null=True)
    accepted_by = UUID(default=None, null=True)
    dispute = Text(default=None, null=True)  # the provider's or the buyer's words
    payment = ForeignKey(Payment, on_delete=OnDelete.restrict, default=None, null=True)

    known_state = is_one_of("state", ClaimState)
    accepted_by_somebody = Check(
        "(state IN ('accepted', 'attested', 'posted', 'paid')) = (accepted_at IS NOT NULL)"
        " AND (accepted_at IS NULL) = (accepted_by IS NULL)"
    )
    paid_by_a_payment = Check("state <> 'paid' OR payment IS NOT NULL")
    claim_number_uq = Unique(["contract", "number"])
    total_is_cents = Check("abs(total_amount) < 1000000000000 AND scale(total_amount) <= 2")
    content_is_hash = is_sha256("content_sha256")


class ClaimLine(Table, db=DB, tablename="claim_line"):
    """One line of a claim: what for, for whom, under which clause, and how it was reckoned."""

    id = UUID(primary_key=True, default=AppUUID7())
    claim = ForeignKey(Claim, on_delete=OnDelete.restrict, default=None, null=False)
    position = Integer(default=None, null=False)
    key = Varchar(length=120, default=None, null=False)  # the obligation, stable over recomputation
    kind = Varchar(length=10, default=None, null=False)
    participant = ForeignKey(Participant, on_delete=OnDelete.restrict, default=None, null=True)
    outcome = ForeignKey(Outcome, on_delete=OnDelete.restrict, default=None, null=True)
    clause = ForeignKey(Clause, on_delete=OnDelete.restrict, default=None, null=True)
    entitled_amount = Numeric(digits=None, default=None, null=False)
    posted_amount = Numeric(digits=None, default=None, null=False)  # by earlier claims
    line_amount = Numeric(digits=None, default=None, null=False)  # entitled - posted
    trace = Text(default=None, null=False)  # in words and numbers

    known_kind = is_one_of("kind", LineKind)
    claim_line_key_uq = Unique(["claim", "key"])
    is_the_difference = Check("line_amount = entitled_amount - posted_amount")
    line_is_cents = Check("scale(line_amount) <= 2 AND abs(line_amount) < 1000000000000")


class ClaimRemark(Table, db=DB, tablename="claim_remark"):
    """What a party said to a claim as it then stood: a dispute, its answer, a return; kept."""

    id = UUID(primary_key=True, default=AppUUID7())
    claim = ForeignKey(Claim, on_delete=OnDelete.restrict, default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    text = Text(default=None, null=False)
    line_keys = Array(base_column=Varchar(length=120), default=list, null=False)  # none: all of it
    total_amount = Numeric(digits=None, default=None, null=False)
    content_sha256 = Varchar(length=64, default=None, null=False)
    said_at = Timestamptz(default=None, null=False)

    known_kind = is_one_of("kind", RemarkKind)
    content_is_hash = is_sha256("content_sha256")


class Attestation(Table, db=DB, tablename="attestation"):
    """One person of the buyer vouches for the content of a claim."""

    id = UUID(primary_key=True, default=AppUUID7())
    claim = ForeignKey(Claim, on_delete=OnDelete.restrict, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    position = Integer(default=None, null=False)  # 1 or 2
    content_sha256 = Varchar(length=64, default=None, null=False)
    attested_at = Timestamptz(default=None, null=False)

    # With the hash, because a claim that was returned and drafted anew is attested anew.
    attestation_person_uq = Unique(["claim", "content_sha256", "person"])
    attestation_position_uq = Unique(["claim", "content_sha256", "position"])
    two_at_most = Check("position IN (1, 2)")
    content_is_hash = is_sha256("content_sha256")


class LedgerTransaction(Table, db=DB, tablename="ledger_transaction"):
    """A balanced set of entries; append-only."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    claim = ForeignKey(Claim, on_delete=OnDelete.restrict, default=None, null=True)
    run_id = UUID(default=None, null=True)
    currency = Varchar(length=3, default=None, null=False)
    reason = Text(default=None, null=False)
    entries_count = Integer(default=None, null=False)  # so that none can be added afterwards
    posted_at = Timestamptz(default=None, null=False)

    ledger_transaction_claim_uq = Unique(["claim"])
    has_one_cause = Check("(claim IS NULL) <> (run_id IS NULL)")


class Entry(Table, db=DB, tablename="entry"):
    """One side of a transaction: debit positive, credit negative; append-only."""

    id = UUID(primary_key=True, default=AppUUID7())
    transaction = ForeignKey(
        LedgerTransaction, on_delete=OnDelete.restrict, default=None, null=False
    )
    account = Varchar(length=20, default=None, null=False)
    contract = ForeignKey(Contract, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    claim_line = ForeignKey(ClaimLine, on_delete=OnDelete.restrict, default=None, null=True)
    entry_amount = Numeric(digits=None, default=None, null=False)

    known_account = is_one_of("account", Account)
    amount_is_cents = Check(
        "entry_amount <> 0 AND scale(entry_amount) <= 2 AND abs(entry_amount) < 1000000000000"
    )
