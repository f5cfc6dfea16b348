"""Tables of tenders; only tenders.service writes them."""

from piccolo.columns import (
    UUID,
    Array,
    Boolean,
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

from procure.db import DB, AppUUID7, is_money, is_one_of
from procure.demand.tables import Basis
from procure.identity.tables import Organisation, Person
from procure.tenders.states import CriterionKind, LotState, PriceFormula, TenderState


class Tender(Table, db=DB, tablename="tender"):
    """A procedure under the rule set of its start date; one row holds the deadline (R8)."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    reference = Varchar(length=30, default=None, null=False)
    title = Varchar(length=200, default=None, null=False)
    description = Text(default=None, null=False)
    procedure = Varchar(length=30, default=None, null=False)  # code in parameters/tenders
    rule_set = Varchar(length=30, default=None, null=False)
    service_code = Varchar(length=40, default=None, null=False)
    cpv = Varchar(length=8, default=None, null=False)
    technique = Varchar(length=10, default=None, null=False)  # eForms framework-agreement
    basis = ForeignKey(Basis, on_delete=OnDelete.restrict, default=None, null=True)
    parent_lot_id = UUID(default=None, null=True)  # a mini-competition's framework lot
    started_on = Date(default=None, null=False)
    contract_starts_on = Date(default=None, null=False)
    contract_until = Date(default=None, null=False)  # exclusive
    payment_scheme = Varchar(length=40, default=None, null=False)
    max_suppliers_count = Integer(default=None, null=False)  # per lot
    is_price_fixed = Boolean(default=None, null=False)  # RHS 85(7): then only quality is scored
    deadline_at = Timestamptz(default=None, null=False)
    opening_quorum_count = Integer(default=None, null=False)  # k of the keyholders
    recipient = Varchar(length=80, default=None, null=True)  # age public key, from publication on
    published_at = Timestamptz(default=None, null=True)
    state = Varchar(length=10, default=None, null=False)
    state_ground = Text(default=None, null=True)
    drafted_by = UUID(default=None, null=False)
    currency = Varchar(length=3, default=None, null=False)
    paper_id = UUID(default=None, null=True)  # the notice, from publication on
    scoring_rule = Text(default=None, null=True)  # procure-scoring/1, from publication on

    known_state = is_one_of("state", TenderState)
    tender_reference_uq = Unique(["buyer", "reference"])
    quorum_is_two_or_more = Check("opening_quorum_count >= 2")
    published_has_a_key = Check(
        "state IN ('draft', 'cancelled') OR (recipient IS NOT NULL AND published_at IS NOT NULL)"
    )
    contract_has_days = Check("contract_until > contract_starts_on")
    cancelled_says_why = Check("state <> 'cancelled' OR state_ground IS NOT NULL")


class Lot(Table, db=DB, tablename="lot"):
    """A part of a tender that is bid for, scored and awarded by itself."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    position = Integer(default=None, null=False)
    code = Varchar(length=20, default=None, null=False)
    title = Varchar(length=200, default=None, null=False)
    counties = Array(base_column=Varchar(length=5), default=list, null=False)
    language = Varchar(length=2, default=None, null=False)
    unit = Varchar(length=40, default=None, null=False)
    groups_count = Integer(default=None, null=False)
    places_count = Integer(default=None, null=False)  # per group
    days_count = Integer(default=None, null=False)  # training days per group
    unit_price = Numeric(digits=None, default=None, null=False)  # estimated
    value_amount = Numeric(digits=None, default=None, null=False)  # estimated, excl. VAT
    state = Varchar(length=15, default=None, null=False)
    ground = Varchar(length=20, default=None, null=True)  # eForms non-award-justification

    known_state = is_one_of("state", LotState)
    value_is_money = is_money("value_amount")
    lot_code_uq = Unique(["tender", "code"])
    failed_says_why = Check("(state IN ('unsuccessful', 'cancelled')) = (ground IS NOT NULL)")


class Criterion(Table, db=DB, tablename="criterion"):
    """An award criterion of a tender, the same for each of its lots."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    code = Varchar(length=20, default=None, null=False)
    position = Integer(default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    weight = Numeric(digits=None, default=None, null=False)  # points; all of a tender sum to 100
    formula = Varchar(length=20, default=None, null=True)  # price criteria only
    scale_max = Numeric(digits=None, default=None, null=True)
    minimum = Numeric(digits=None, default=None, null=True)  # of the mean, inclusive
    params = Text(default=None, null=False)  # canonical JSON: floor and ceiling, objective table

    known_kind = is_one_of("kind", CriterionKind)
    known_formula = Check(
        "formula IS NULL OR formula IN ("
        + ", ".join(f"'{formula}'" for formula in PriceFormula)
        + ")"
    )
    price_has_a_formula = Check("(kind = 'price') = (formula IS NOT NULL)")
    weight_is_positive = Check("weight > 0 AND weight <= 100")
    criterion_code_uq = Unique(["tender", "code"])


class Keyholder(Table, db=DB, tablename="keyholder"):
    """A person who holds one share of a tender's key, encrypted to that person."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    position = Integer(default=None, null=False)
    sealed_share = Text(default=None, null=True)  # base64 of age ciphertext, from publication on
    share_sha256 = Varchar(length=64, default=None, null=True)  # of the share's words

    keyholder_uq = Unique(["tender", "person"])
    share_is_whole = Check("(sealed_share IS NULL) = (share_sha256 IS NULL)")


class Invitation(Table, db=DB, tablename="invitation"):
    """A provider that may bid in a mini-competition; an open tender has none."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)

    invitation_uq = Unique(["tender", "provider_org"])
