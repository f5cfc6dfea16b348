"""Providers, facilitators and venues for tests, made by the services as people make them."""

import itertools
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from procure.kernel.actors import Actor, Role
from procure.kernel.codes import is_registry_code
from procure.providers import service
from procure.providers.rules import FacilitatorDraft, ProviderDraft, VenueDraft
from procure.providers.schemas import Confirmation
from tests.builders.identity import NOW, an_actor

_codes = (code for n in itertools.count(1) if is_registry_code(code := f"{1997_0000 + n:08d}"))
_numbers = itertools.count(1)
COOLING = 3  # days


def an_iban(number: int) -> str:
    """Make an account of a bank code (99) that is not in use, with right check digits."""
    account = f"99{number:014d}"
    check = 98 - int(f"{account}141400") % 97  # E and E as 14 and 14, then 00
    return f"EE{check:02d}{account}"


def a_provider_draft(**overrides: Any) -> ProviderDraft:
    """Describe a company that nothing stands against."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "registry_code": next(_codes),
        "name": f"Teenusepakkuja {number} OÜ",
        "legal_form": "OU",
        "kind": "for-profit",
        "seat_county": "EE-45",
        "languages": ["et", "ru"],
        "vat_number": None,
        "iban": an_iban(number),
        "email": f"info@pakkuja{number}.example",
        "is_mission_driven": False,
    }
    return ProviderDraft(**{**values, **overrides})


async def a_provider(
    coordinator: Actor | None = None, *, now: datetime = NOW, **overrides: Any
) -> UUID:
    """Register a provider, by a new coordinator unless one is given; return its organisation."""
    actor = coordinator or await an_actor(Role.COORDINATOR)
    return await service.register_provider(actor, a_provider_draft(**overrides), now)


async def a_manager(org: UUID | None = None) -> Actor:
    """Make a provider's manager, of a new provider unless one is given."""
    return await an_actor(Role.PROVIDER_MANAGER, org=org or await a_provider(), kind="provider")


async def a_changed_account(
    manager: Actor, iban: str, now: datetime = NOW, *, second: Actor | None = None
) -> None:
    """Change where a provider is paid, as two of its managers do."""
    second = second or await a_manager(manager.org_id)
    await service.change_account(manager, manager.org_id, iban, now)
    await service.confirm_account(
        second, manager.org_id, Confirmation(iban), now, cooling_days=COOLING
    )


def a_facilitator_draft(**overrides: Any) -> FacilitatorDraft:
    """Describe a facilitator."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"F{number:03d}",
        "display_name": f"Juhendaja {number}",
        "education": "kõrgharidus (EKR 6)",
        "profession": "sotsiaaltöö",
        "groups_led_count": 8,
        "years_count": 5,
        "languages": ["et", "ru"],
    }
    return FacilitatorDraft(**{**values, **overrides})


async def a_facilitator(
    manager: Actor | None = None, *, now: datetime = NOW, **overrides: Any
) -> UUID:
    """Record a facilitator, of a new provider unless its manager is given."""
    actor = manager or await a_manager()
    return await service.record_facilitator(actor, a_facilitator_draft(**overrides), now)


def a_venue_draft(**overrides: Any) -> VenueDraft:
    """Describe a venue in Jõhvi."""
    values: dict[str, Any] = {
        "code": f"V{next(_numbers):03d}",
        "county": "EE-45",
        "place": "Jõhvi",
        "kind": "community-house",
        "owner": "municipality",
        "seats_count": 14,
        "is_accessible": True,
        "has_public_transport": True,
        "rent_amount": Decimal("0.00"),
    }
    return VenueDraft(**{**values, **overrides})


async def a_venue(
    coordinator: Actor | None = None, *, now: datetime = NOW, **overrides: Any
) -> UUID:
    """Record a venue, by a new coordinator unless one is given."""
    actor = coordinator or await an_actor(Role.COORDINATOR)
    return await service.record_venue(actor, a_venue_draft(**overrides), now)
