"""Reading providers. A buyer sees all of them, a provider itself alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import codes, dated, reference
from procure.providers.rules import Known
from procure.providers.schemas import FacilitatorView, ProviderView, VenueView
from procure.providers.states import PROVIDER


class _Row(msgspec.Struct, frozen=True):
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
    iban_changed_by: UUID | None
    iban_changed_by_name: str | None
    email: str
    is_mission_driven: bool
    state: str
    state_reason: str | None
    registered_at: datetime
    facilitators_count: int
    iban_confirmed_by_name: str | None
    new_iban: str | None
    new_iban_at: datetime | None
    new_iban_by: UUID | None
    new_iban_by_name: str | None


_PROVIDER = """
    SELECT o.id AS org_id, o.registry_code, o.name, v.legal_form, v.kind, v.seat_county,
           v.languages, v.vat_number, v.iban, v.iban_changed_at, v.iban_changed_by,
           p.name AS iban_changed_by_name, v.email, v.is_mission_driven, v.state, v.state_reason,
           v.registered_at,
           (SELECT count(*) FROM facilitator f WHERE f.provider_org = o.id) AS facilitators_count,
           f.name AS iban_confirmed_by_name, v.new_iban, v.new_iban_at, v.new_iban_by,
           n.name AS new_iban_by_name
      FROM provider v JOIN organisation o ON o.id = v.org
      LEFT JOIN person p ON p.id = v.iban_changed_by
      LEFT JOIN person f ON f.id = v.iban_confirmed_by
      LEFT JOIN person n ON n.id = v.new_iban_by
"""
_FACILITATOR = """
    SELECT id, provider_org AS provider_org_id, code, display_name, education, profession,
           groups_led_count, years_count, languages FROM facilitator
"""
_VENUE = """
    SELECT id, code, county, place, kind, owner, seats_count, is_accessible, has_public_transport,
           rent_amount FROM venue
"""


def _view(row: _Row) -> ProviderView:
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    return ProviderView(**fields, actions=PROVIDER.actions(row.state))


def cooling_days(now: datetime) -> int:
    """Return for how many days another account waits (P-11)."""
    found: int = dated("payments/bank_data_cooling").on(legal_day(now))
    return found


def known() -> Known:
    """Gather the code lists that drafts are checked against."""
    return Known(
        counties=codes("counties"),
        languages=codes("languages"),
        provider_kinds=codes("provider_kinds"),
        venue_kinds=codes("venue_kinds"),
        venue_owners=codes("venue_owners"),
        first_digits={form["code"]: form["first_digit"] for form in reference("legal_forms")},
    )


async def provider_of(org_id: UUID) -> ProviderView:
    """Return the provider that an organisation is, for services; NotFound if it is none."""
    rows = await fetch_as(_Row, f"{_PROVIDER} WHERE o.id = $1", org_id)
    if not rows:
        raise NotFound(n_("There is no such provider."))
    return _view(rows[0])


async def read_provider(actor: Actor, org_id: UUID) -> ProviderView:
    """Return a provider to a buyer, or to that provider itself; NotFound to anyone else."""
    sees_all = actor.is_buyer and actor.may(Permission.PROVIDER_READ)
    if not sees_all and actor.org_id != org_id:
        raise NotFound(n_("There is no such provider."))
    return await provider_of(org_id)


async def list_providers(actor: Actor, search: str = "") -> list[ProviderView]:
    """List providers by name, for a buyer; `search` finds parts of a name or a whole code.

    A provider is shown itself alone.
    """
    sees_all = actor.is_buyer and actor.may(Permission.PROVIDER_READ)
    rows = await fetch_as(
        _Row,
        f"""{_PROVIDER}
            WHERE ($1 OR o.id = $2)
              AND ($3 = '' OR strpos(lower(o.name), lower($3)) > 0 OR o.registry_code = $3)
            ORDER BY o.name, o.id""",
        sees_all,
        actor.org_id,
        search.strip(),
    )
    return [_view(row) for row in rows]


async def facilitators_of(org_id: UUID) -> list[FacilitatorView]:
    """List the facilitators of a provider by code, for services and pages that may see them."""
    return await fetch_as(
        FacilitatorView, f"{_FACILITATOR} WHERE provider_org = $1 ORDER BY code", org_id
    )


async def read_facilitator(actor: Actor, facilitator_id: UUID) -> FacilitatorView:
    """Return one facilitator to a buyer or to its own provider; NotFound to anyone else."""
    sees_all = actor.is_buyer and actor.may(Permission.PROVIDER_READ)
    rows = await fetch_as(
        FacilitatorView,
        f"{_FACILITATOR} WHERE id = $1 AND ($2 OR provider_org = $3)",
        facilitator_id,
        sees_all,
        actor.org_id,
    )
    if not rows:
        raise NotFound(n_("There is no such facilitator."))
    return rows[0]


async def venues(county: str | None = None) -> list[VenueView]:
    """List venues by county and place; those of one county if it is named."""
    return await fetch_as(
        VenueView,
        f"{_VENUE} WHERE $1::text IS NULL OR county = $1 ORDER BY county, place, code",
        county,
    )


async def venue(venue_id: UUID) -> VenueView:
    """Return one venue; NotFound if there is none."""
    rows = await fetch_as(VenueView, f"{_VENUE} WHERE id = $1", venue_id)
    if not rows:
        raise NotFound(n_("There is no such venue."))
    return rows[0]
