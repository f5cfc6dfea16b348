"""Tables of identity; only identity.service writes them."""

from piccolo.columns import (
    UUID,
    Array,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.db import DB, AppUUID7, is_one_of, is_sha256
from procure.identity.states import OrganisationKind
from procure.kernel.actors import Role


class Installation(Table, db=DB, tablename="installation"):
    """One row: what kind of database this is, and the clock if it is a demo's."""

    id = Integer(primary_key=True, default=1)
    is_demo = Boolean(default=None, null=False)
    created_at = Timestamptz(default=None, null=False)
    clock_at = Timestamptz(default=None, null=True)  # what the demo's clock was set to …
    clock_set_at = Timestamptz(default=None, null=True)  # … at this real instant

    one_row = Check("id = 1")
    only_a_demo_moves_its_clock = Check("is_demo OR clock_at IS NULL")
    clock_is_whole = Check("(clock_at IS NULL) = (clock_set_at IS NULL)")


class Organisation(Table, db=DB, tablename="organisation"):
    """A contracting authority or a provider, by its registry code."""

    id = UUID(primary_key=True, default=AppUUID7())
    kind = Varchar(length=10, default=None, null=False)
    registry_code = Varchar(length=8, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    created_at = Timestamptz(default=None, null=False)

    known_kind = is_one_of("kind", OrganisationKind)
    organisation_registry_code_uq = Unique(["registry_code"])


class Person(Table, db=DB, tablename="person"):
    """A natural person with one sign-in; roles are memberships.

    `natural_key` is a keyed hash of the personal code: unique, so that two accounts are two people
    wherever four eyes are asked for. None for invented people and for accounts older than it.
    """

    id = UUID(primary_key=True, default=AppUUID7())
    email = Varchar(length=254, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    natural_key = Varchar(length=64, default=None, null=True)
    password_hash = Text(default=None, null=False)
    password_at = Timestamptz(default=None, null=True)  # when it was last chosen anew
    language = Varchar(length=2, default=None, null=False)
    is_active = Boolean(default=None, null=False)
    created_at = Timestamptz(default=None, null=False)

    person_email_uq = Unique(["email"])
    person_natural_key_uq = Unique(["natural_key"])
    natural_key_is_hash = is_sha256("natural_key")
    email_is_lower = Check("email = lower(email)")


class Membership(Table, db=DB, tablename="membership"):
    """A person holds a role in an organisation from a day until (exclusive) another."""

    id = UUID(primary_key=True, default=AppUUID7())
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    role = Varchar(length=20, default=None, null=False)
    from_on = Date(default=None, null=False)
    until_on = Date(default=None, null=True)

    known_role = is_one_of("role", Role)
    membership_uq = Unique(["person", "org", "role", "from_on"])
    ends_after_it_starts = Check("until_on IS NULL OR until_on >= from_on")


class Session(Table, db=DB, tablename="session"):
    """A signed-in browser; the cookie's token is stored as its hash alone."""

    id = UUID(primary_key=True, default=AppUUID7())
    token_sha256 = Varchar(length=64, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    created_at = Timestamptz(default=None, null=False)
    seen_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    ended_at = Timestamptz(default=None, null=True)

    session_token_uq = Unique(["token_sha256"])
    token_is_hash = is_sha256("token_sha256")


class ApiToken(Table, db=DB, tablename="api_token"):
    """A program's key to the API, for one person in one organisation; stored as its hash."""

    id = UUID(primary_key=True, default=AppUUID7())
    token_sha256 = Varchar(length=64, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    name = Varchar(length=100, default=None, null=False)
    scope = Array(base_column=Varchar(length=40), default=None, null=True)  # None: all rights
    created_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    ended_at = Timestamptz(default=None, null=True)

    api_token_uq = Unique(["token_sha256"])
    token_is_hash = is_sha256("token_sha256")


class AccountLink(Table, db=DB, tablename="account_link"):
    """A link good for one use: to a first password, or to a new one; stored as its hash."""

    id = UUID(primary_key=True, default=AppUUID7())
    secret_sha256 = Varchar(length=64, default=None, null=False)
    org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    email = Varchar(length=254, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    language = Varchar(length=2, default=None, null=False)
    roles = Array(base_column=Varchar(length=20), default=list, null=False)  # empty: a reset
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=True)
    invited_by = UUID(default=None, null=True)  # None: the operator, at the machine
    invited_org = UUID(default=None, null=True)
    made_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=False)
    used_at = Timestamptz(default=None, null=True)
    ended_at = Timestamptz(default=None, null=True)

    account_link_secret_uq = Unique(["secret_sha256"])
    secret_is_hash = is_sha256("secret_sha256")
    used_or_ended = Check("used_at IS NULL OR ended_at IS NULL")
    whose_it_became = Check("used_at IS NULL OR person IS NOT NULL")


class OpeningKey(Table, db=DB, tablename="opening_key"):
    """The public half of a person's age key; shares of tender keys are encrypted to it."""

    id = UUID(primary_key=True, default=AppUUID7())
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    recipient = Varchar(length=80, default=None, null=False)
    created_at = Timestamptz(default=None, null=False)
    retired_at = Timestamptz(default=None, null=True)

    is_age_recipient = Check("recipient LIKE 'age1%'")


class LoginFailure(Table, db=DB, tablename="login_failure"):
    """Failed sign-ins by account and source, so that guessing slows down on every worker."""

    id = UUID(primary_key=True, default=AppUUID7())
    bucket = Varchar(length=300, default=None, null=False)
    failed_at = Timestamptz(default=None, null=False)
