"""Tenders for tests, made by the services as people make them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.adapters.age_seal import AgeSealer
from procure.identity import service as identity
from procure.kernel.actors import Actor, Role
from procure.kernel.time import at
from procure.tenders import service
from procure.tenders.rules import CriterionDraft, LotDraft, TableRow, TenderDraft
from procure.tenders.states import CriterionKind, PriceFormula
from tests.builders.catalogue import a_catalogue
from tests.builders.identity import an_actor, set_clock

DRAFTED_AT = datetime(2024, 1, 8, 9, tzinfo=UTC)
DEADLINE_AT = at(date(2024, 2, 8), 10).astimezone(UTC)
SEALER = AgeSealer()

L03 = LotDraft("L03", "Ida-Viru, Russian", ["EE-45"], "ru", 16, 12, 60, Decimal("22.00"))
L05 = LotDraft("L05", "Tartu, Jõgeva", ["EE-79", "EE-50"], "et", 9, 12, 60, Decimal("22.00"))

K1 = CriterionDraft(
    "K1",
    CriterionKind.PRICE,
    "Price per participant training day",
    Decimal(40),
    PriceFormula.LOWEST_RATIO,
)
K2 = CriterionDraft(
    "K2",
    CriterionKind.QUALITY,
    "Method for phases 1 and 2",
    Decimal(25),
    scale_max=Decimal(5),
    minimum=Decimal(3),
)
K3 = CriterionDraft(
    "K3",
    CriterionKind.QUALITY,
    "Plan of employer visits",
    Decimal(20),
    scale_max=Decimal(5),
    minimum=Decimal(2),
)
K4 = CriterionDraft(
    "K4",
    CriterionKind.OBJECTIVE,
    "Experience of named facilitators",
    Decimal(15),
    scale_max=Decimal(5),
    table=[
        TableRow(Decimal(least), Decimal(score))
        for least, score in ((0, 0), (1, 1), (3, 2), (6, 3), (9, 4), (12, 5))
    ],
)


def a_draft(**overrides: Any) -> TenderDraft:
    """Describe the framework of 2024 with two of its lots: good as it is on 8 January 2024."""
    values: dict[str, Any] = {
        "title": "Work practice (framework agreement)",
        "description": "Groups for people who have been out of work for long.",
        "procedure": "social",
        "service_code": "TOOHARJUTUS",
        "technique": "fa-w-rc",
        "contract_starts_on": date(2024, 4, 1),
        "contract_until": date(2026, 4, 1),
        "payment_scheme": "HYBRID-60-20-20",
        "max_suppliers_count": 3,
        "deadline_at": DEADLINE_AT,
        "opening_quorum_count": 2,
        "lots": [L03, L05],
        "criteria": [K1, K2, K3, K4],
        "keyholder_ids": [UUID(int=1), UUID(int=2), UUID(int=3)],
    }
    return TenderDraft(**{**values, **overrides})


class Officer(msgspec.Struct, frozen=True):
    """An opening officer, with the secret half of the opening key that only they have."""

    actor: Actor
    identity: str


class Draft(msgspec.Struct, frozen=True):
    """A drafted tender with its people."""

    id: UUID
    coordinator: Actor
    officers: Sequence[Officer]

    @property
    def buyer_id(self) -> UUID:
        """The organisation that buys."""
        return self.coordinator.org_id


async def an_officer(org: UUID, *, now: datetime = DRAFTED_AT) -> Officer:
    """Make an opening officer with an opening key."""
    actor = await an_actor(Role.OFFICER, org=org)
    made = await identity.make_opening_key(actor, SEALER, now=now)
    return Officer(actor, made.identity)


async def a_drafted_tender(
    coordinator: Actor | None = None,
    *,
    holders: int = 3,
    now: datetime = DRAFTED_AT,
    **overrides: Any,
) -> Draft:
    """Draft a tender, by a new coordinator with new officers unless they are given."""
    await a_catalogue()
    await set_clock(now)
    coordinator = coordinator or await an_actor(Role.COORDINATOR)
    officers = [await an_officer(coordinator.org_id, now=now) for _ in range(holders)]
    keyholder_ids = [officer.actor.id for officer in officers]
    draft = a_draft(**{"keyholder_ids": keyholder_ids, **overrides})
    tender_id = await service.draft_tender(coordinator, draft, now=now)
    return Draft(tender_id, coordinator, officers)


async def a_published_tender(
    coordinator: Actor | None = None, *, now: datetime = DRAFTED_AT, **overrides: Any
) -> Draft:
    """Draft and publish a tender; the clock of the database stands at `now` afterwards."""
    tender = await a_drafted_tender(coordinator, now=now, **overrides)
    await service.publish(tender.coordinator, tender.id, sealer=SEALER, now=now)
    return tender
