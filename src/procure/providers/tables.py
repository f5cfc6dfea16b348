"""Tables of providers; only providers.service writes them."""

from piccolo.columns import (
    UUID,
    Array,
    Boolean,
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
from procure.identity.tables import Organisation
from procure.providers.states import ProviderState


class Provider(Table, db=DB, tablename="provider"):
    """An organisation that delivers services; one row per organisation."""

    id = UUID(primary_key=True, default=AppUUID7())
    org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    legal_form = Varchar(length=10, default=None, null=False)
    kind = Varchar(length=20, default=None, null=False)
    seat_county = Varchar(length=5, default=None, null=False)
    languages = Array(base_column=Varchar(length=2), default=list, null=False)
    vat_number = Varchar(length=20, default=None, null=True)
    iban = Varchar(length=34, default=None, null=False)
    iban_changed_at = Timestamptz(default=None, null=False)
    iban_changed_by = UUID(default=None, null=True)  # R9: may not approve payment to it
    iban_confirmed_by = UUID(default=None, null=True)  # null: as it was registered
    new_iban = Varchar(length=34, default=None, null=True)  # waits for a second person
    new_iban_at = Timestamptz(default=None, null=True)
    new_iban_by = UUID(default=None, null=True)
    email = Varchar(length=254, default=None, null=False)
    is_mission_driven = Boolean(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    state_reason = Text(default=None, null=True)
    registered_at = Timestamptz(default=None, null=False)
    registered_by = UUID(default=None, null=True)  # null: the system, when a demo is made

    known_state = is_one_of("state", ProviderState)
    provider_org_uq = Unique(["org"])
    provider_iban_uq = Unique(["iban"])  # one account, one payee
    provider_new_iban_uq = Unique(["new_iban"])
    new_iban_is_compact = Check("new_iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'")
    new_iban_is_whole = Check("num_nulls(new_iban, new_iban_at, new_iban_by) IN (0, 3)")
    iban_is_compact = Check("iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'")
    suspended_says_why = Check("(state = 'suspended') = (state_reason IS NOT NULL)")


class Facilitator(Table, db=DB, tablename="facilitator"):
    """A person who leads groups, with the record that award criteria may score (RHS 85)."""

    id = UUID(primary_key=True, default=AppUUID7())
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    code = Varchar(length=20, default=None, null=False)
    display_name = Varchar(length=100, default=None, null=False)
    education = Varchar(length=200, default=None, null=False)
    profession = Varchar(length=200, default=None, null=False)
    groups_led_count = Integer(default=None, null=False)
    years_count = Integer(default=None, null=False)  # with the target group
    languages = Array(base_column=Varchar(length=2), default=list, null=False)
    recorded_at = Timestamptz(default=None, null=False)

    facilitator_code_uq = Unique(["provider_org", "code"])
    counts_are_counts = Check("groups_led_count >= 0 AND years_count >= 0")


class Venue(Table, db=DB, tablename="venue"):
    """A place where a group can meet."""

    id = UUID(primary_key=True, default=AppUUID7())
    code = Varchar(length=20, default=None, null=False)
    county = Varchar(length=5, default=None, null=False)
    place = Varchar(length=100, default=None, null=False)
    kind = Varchar(length=40, default=None, null=False)
    owner = Varchar(length=40, default=None, null=False)
    seats_count = Integer(default=None, null=False)
    is_accessible = Boolean(default=None, null=False)
    has_public_transport = Boolean(default=None, null=False)
    rent_amount = Numeric(digits=None, default=None, null=False)  # a month, EUR

    venue_code_uq = Unique(["code"])
    rent_is_money = is_money("rent_amount")
    has_seats = Check("seats_count > 0")
