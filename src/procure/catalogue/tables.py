"""Tables of catalogue; only catalogue.service writes them."""

from piccolo.columns import UUID, Array, Boolean, Date, Integer, Numeric, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.db import DB, AppUUID7


class Service(Table, db=DB, tablename="service"):
    """A service as it is from a day until (exclusive) another, with what may follow it."""

    id = UUID(primary_key=True, default=AppUUID7())
    code = Varchar(length=40, default=None, null=False)
    name_et = Varchar(length=200, default=None, null=False)
    name_en = Varchar(length=200, default=None, null=False)
    name_ru = Varchar(length=200, default=None, null=False)
    legal_basis = Varchar(length=200, default=None, null=False)
    valid_from = Date(default=None, null=False)
    valid_until = Date(default=None, null=True)
    channel = Varchar(length=40, default=None, null=False)
    cpv = Varchar(length=8, default=None, null=False)
    unit = Varchar(length=40, default=None, null=False)
    params = Text(default=None, null=False)  # canonical JSON: sizes, days, hours, phases, rate caps
    successors = Array(base_column=Varchar(length=40), default=list, null=False)

    service_version_uq = Unique(["code", "valid_from"])
    ends_after_it_starts = Check("valid_until IS NULL OR valid_until > valid_from")


class OutcomeDefinition(Table, db=DB, tablename="outcome_definition"):
    """One published version of what counts as an outcome, and what proves it."""

    id = UUID(primary_key=True, default=AppUUID7())
    code = Varchar(length=30, default=None, null=False)
    version = Integer(default=None, null=False)
    name_et = Varchar(length=200, default=None, null=False)
    name_en = Varchar(length=200, default=None, null=False)
    name_ru = Varchar(length=200, default=None, null=False)
    family = Varchar(length=30, default=None, null=False)
    claim_window_days = Integer(default=None, null=False)  # after exit, the last day included
    sustain_days = Integer(default=None, null=False)
    evidence_sources = Array(base_column=Varchar(length=40), default=list, null=False)  # best first
    payment_factor = Numeric(digits=None, default=None, null=False)
    is_payable = Boolean(default=None, null=False)
    valid_from = Date(default=None, null=False)

    outcome_definition_version_uq = Unique(["code", "version"])
    factor_is_a_share = Check("payment_factor >= 0 AND payment_factor <= 1")


class PaymentScheme(Table, db=DB, tablename="payment_scheme"):
    """One version of how a service is paid: shares, milestones, guarantee, outcome multipliers."""

    id = UUID(primary_key=True, default=AppUUID7())
    code = Varchar(length=40, default=None, null=False)
    version = Integer(default=None, null=False)
    name_et = Varchar(length=200, default=None, null=False)
    name_en = Varchar(length=200, default=None, null=False)
    name_ru = Varchar(length=200, default=None, null=False)
    terms = Text(default=None, null=False)  # canonical JSON of catalogue.rules.SchemeTerms
    valid_from = Date(default=None, null=False)

    payment_scheme_version_uq = Unique(["code", "version"])
