"""Tables of contracts; only contracts.service writes them."""

from typing import Any

from piccolo.columns import (
    UUID,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.reference import LazyTableReference
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.awards.tables import AwardSupplier
from procure.contracts.states import ContractKind, ContractState
from procure.db import DB, AppUUID7, is_money, is_one_of, is_sha256
from procure.identity.tables import Organisation, Person
from procure.tenders.tables import Lot


class Contract(Table, db=DB, tablename="contract"):
    """An agreement of a buyer and a provider; its terms are data."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    award_supplier = ForeignKey(AwardSupplier, on_delete=OnDelete.restrict, default=None, null=True)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    parent: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Contract", module_path="procure.contracts.tables"),
        on_delete=OnDelete.restrict,
        default=None,
        null=True,
    )
    kind = Varchar(length=10, default=None, null=False)
    number = Varchar(length=30, default=None, null=False)
    title = Varchar(length=200, default=None, null=False)
    starts_on = Date(default=None, null=False)
    ends_until = Date(default=None, null=False)  # exclusive
    ceiling_amount = Numeric(digits=None, default=None, null=False)
    currency = Varchar(length=3, default=None, null=False)
    terms = Text(default=None, null=False)  # canonical JSON of contracts.rules.Terms
    document = Text(default=None, null=False)  # canonical JSON of contracts.rules.Document
    state = Varchar(length=10, default=None, null=False)
    drafted_at = Timestamptz(default=None, null=False)
    drafted_by = UUID(default=None, null=False)
    document_sha256 = Varchar(length=64, default=None, null=False)  # of `document`, which is signed
    spent_amount = Numeric(digits=None, default=None, null=False)  # posted by payments, net
    paper_id = UUID(default=None, null=True)
    signed_at = Timestamptz(default=None, null=True)

    known_kind = is_one_of("kind", ContractKind)
    known_state = is_one_of("state", ContractState)
    ceiling_is_money = is_money("ceiling_amount")
    spent_is_money = is_money("spent_amount")
    spent_within_ceiling = Check("spent_amount <= ceiling_amount")
    document_is_hash = is_sha256("document_sha256")
    document_has_its_hash = Check(
        "document_sha256 = encode(sha256(convert_to(document, 'UTF8')), 'hex')"
    )
    contract_number_uq = Unique(["buyer", "number"])
    contract_award_supplier_uq = Unique(["award_supplier"])
    has_days = Check("ends_until > starts_on")
    signed_has_an_instant = Check("(state = 'drafted') = (signed_at IS NULL)")
    call_off_has_a_parent = Check("(kind = 'call-off') = (parent IS NOT NULL)")


class Clause(Table, db=DB, tablename="clause"):
    """One clause of a contract, with what it came from: criterion, bid, scheme or library."""

    id = UUID(primary_key=True, default=AppUUID7())
    contract = ForeignKey(Contract, on_delete=OnDelete.restrict, default=None, null=False)
    number = Varchar(length=10, default=None, null=False)
    position = Integer(default=None, null=False)
    code = Varchar(length=30, default=None, null=False)
    title = Varchar(length=200, default=None, null=False)
    text = Text(default=None, null=False)
    title_et = Varchar(length=200, default=None, null=False)
    text_et = Text(default=None, null=False)  # prevails over `text`
    params = Text(default=None, null=False)  # canonical JSON: the numbers in the text
    source_kind = Varchar(length=10, default=None, null=False)  # bid, criterion, scheme, library
    source_id = UUID(default=None, null=True)
    source = Varchar(length=200, default=None, null=False)  # what it rests on, in words
    provenance = Varchar(length=10, default=None, null=False)

    clause_number_uq = Unique(["contract", "number"])
    clause_code_uq = Unique(["contract", "code"])
    known_source = Check("source_kind IN ('bid', 'criterion', 'scheme', 'library')")
    known_provenance = Check("provenance IN ('sourced', 'derived', 'assumed')")


class Signature(Table, db=DB, tablename="signature"):
    """One side's signature under the hash of the document."""

    id = UUID(primary_key=True, default=AppUUID7())
    contract = ForeignKey(Contract, on_delete=OnDelete.restrict, default=None, null=False)
    side = Varchar(length=10, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    document_sha256 = Varchar(length=64, default=None, null=False)
    signed_at = Timestamptz(default=None, null=False)

    known_side = Check("side IN ('buyer', 'provider')")
    signature_side_uq = Unique(["contract", "side"])
    signature_person_uq = Unique(["contract", "person"])  # nobody signs for both sides
    document_is_hash = is_sha256("document_sha256")
