"""What is told about providers, their people and venues."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec


class ProviderView(msgspec.Struct, frozen=True):
    """A provider; `org_id` is its organisation, the id that every other stage uses."""

    org_id: UUID
    registry_code: str
    name: str
    legal_form: str
    kind: str
    seat_county: str
    languages: Sequence[str]
    vat_number: str | None
    iban: str
    iban_changed_at: datetime
    iban_changed_by: UUID | None  # this person may not approve payment to the account
    iban_changed_by_name: str | None
    email: str
    is_mission_driven: bool
    state: str
    state_reason: str | None
    registered_at: datetime
    facilitators_count: int
    iban_confirmed_by_name: str | None = None
    new_iban: str | None = None  # named, and not confirmed by a second person yet
    new_iban_at: datetime | None = None
    new_iban_by: UUID | None = None
    new_iban_by_name: str | None = None
    actions: Sequence[str] = ()

    @property
    def is_admitted(self) -> bool:
        """Whether it may bid."""
        return self.state == "admitted"


class ProviderList(msgspec.Struct, frozen=True):
    """Providers by name."""

    items: list[ProviderView]


class FacilitatorView(msgspec.Struct, frozen=True):
    """A facilitator with the record that award criteria may score."""

    id: UUID
    provider_org_id: UUID
    code: str
    display_name: str
    education: str
    profession: str
    groups_led_count: int
    years_count: int
    languages: Sequence[str]


class FacilitatorList(msgspec.Struct, frozen=True):
    """Facilitators by code."""

    items: list[FacilitatorView]


class VenueView(msgspec.Struct, frozen=True):
    """A place where a group can meet."""

    id: UUID
    code: str
    county: str
    place: str
    kind: str
    owner: str
    seats_count: int
    is_accessible: bool
    has_public_transport: bool
    rent_amount: Decimal


class VenueList(msgspec.Struct, frozen=True):
    """Venues by county and place."""

    items: list[VenueView]


class OwnOrganisation(msgspec.Struct, frozen=True):
    """A provider as it sees itself."""

    provider: ProviderView
    facilitators: list[FacilitatorView]


class AccountDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account that payments are to go to, once a second person has confirmed it."""

    iban: str


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which account is confirmed; a buyer's finance officer says how it was checked elsewhere."""

    iban: str
    note: str = ""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: str
