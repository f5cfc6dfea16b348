"""Bidders, sealed bids and openings for tests, made by the services as people make them."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from stdnum import iban

from procure.adapters.signing import FileSigner
from procure.bids import service
from procure.bids.rules import BidDraft, Receipt
from procure.identity import queries as identity
from procure.kernel.actors import Actor, Role
from procure.providers import service as providers
from procure.providers.rules import FacilitatorDraft, ProviderDraft
from procure.tenders import queries as tenders
from procure.tenders import service as tender_service
from procure.tenders.states import CriterionKind
from tests.builders.identity import NOW, an_actor, an_org, set_clock
from tests.builders.tenders import DEADLINE_AT, SEALER, Draft, a_published_tender

IN_TIME = DEADLINE_AT - timedelta(days=1)
AFTER = DEADLINE_AT + timedelta(minutes=5)

_accounts = itertools.count(1)


def signer() -> FileSigner:
    """Return what signs receipts here: the key that the application uses, too."""
    return FileSigner()


class Bidder(msgspec.Struct, frozen=True):
    """A provider's manager, with the facilitators that the provider may name."""

    actor: Actor
    facilitator_ids: Sequence[UUID]

    @property
    def org_id(self) -> UUID:
        """The provider."""
        return self.actor.org_id


def an_iban() -> str:
    """Make an account that no test has used, of a bank that there is not."""
    number = f"99{next(_accounts):014d}"
    return f"EE{iban.calc_check_digits('EE00' + number)}{number}"


async def a_bidder(
    name: str | None = None, *, groups_led: Sequence[int] = (11, 8), now: datetime = NOW
) -> Bidder:
    """Register a provider with a manager and facilitators who have led so many groups."""
    org = await an_org("provider", name)
    found = await identity.organisation(org)
    coordinator = await an_actor(Role.COORDINATOR)
    actor = await an_actor(Role.PROVIDER_MANAGER, org=org)
    draft = ProviderDraft(
        registry_code=found.registry_code,
        name=found.name,
        legal_form="OU",
        kind="for-profit",
        seat_county="EE-45",
        languages=["et", "ru"],
        iban=an_iban(),
        email=f"bids{found.registry_code}@provider.example",
    )
    assert await providers.register_provider(coordinator, draft, now) == org
    ids = [
        await providers.record_facilitator(
            actor,
            FacilitatorDraft(
                code=f"F{n:02d}",
                display_name=f"Facilitator {n}",
                education="higher",
                profession="social work",
                groups_led_count=count,
                years_count=5,
                languages=["et", "ru"],
            ),
            now,
        )
        for n, count in enumerate(groups_led, 1)
    ]
    return Bidder(actor, ids)


async def a_bid_draft(
    tender_id: UUID, bidder: Bidder, price: str = "21.50", *, lot: int = 0, **overrides: Any
) -> BidDraft:
    """Describe a good bid for a lot of a tender: every question answered."""
    facts = await tenders.tender_facts(tender_id)
    kinds = {criterion.kind for criterion in facts.criteria}
    values: dict[str, Any] = {
        "tender_id": tender_id,
        "lot_id": facts.lots[lot].id,
        "unit_price": Decimal(price),
        "answers": {
            criterion.code: f"How we do it: {criterion.name}."
            for criterion in facts.criteria
            if criterion.kind == CriterionKind.QUALITY
        },
        "facilitator_ids": bidder.facilitator_ids if CriterionKind.OBJECTIVE in kinds else (),
        "promised_rates": {"employment": Decimal("0.45")},
        "remarks": "",
    }
    return BidDraft(**{**values, **overrides})


async def a_bid(
    tender_id: UUID,
    bidder: Bidder | None = None,
    price: str = "21.50",
    *,
    lot: int = 0,
    now: datetime | None = None,
    **overrides: Any,
) -> Receipt:
    """Submit a bid, by a new bidder unless one is given, when the database's clock stands."""
    bidder = bidder or await a_bidder()
    draft = await a_bid_draft(tender_id, bidder, price, lot=lot, **overrides)
    return await service.submit_bid(
        bidder.actor, draft, sealer=SEALER, signer=signer(), now=now or IN_TIME
    )


async def open_tender(tender: Draft, *, now: datetime = AFTER) -> None:
    """Move the clock past the deadline and open the bids with as many shares as are needed."""
    await set_clock(now)
    await tender_service.close_due(now=now)
    quorum = (await tenders.tender_facts(tender.id)).opening_quorum_count
    for officer in tender.officers[:quorum]:
        await service.give_share(
            officer.actor, tender.id, officer.identity, sealer=SEALER, signer=signer(), now=now
        )


class Opened(msgspec.Struct, frozen=True):
    """An opened tender with its people, the bidders in the order of their prices."""

    tender: Draft
    bidders: Sequence[Bidder]
    lot_ids: Sequence[UUID]


async def an_opened_tender(
    prices: Sequence[str] = ("24.80", "21.50", "12.90", "23.10"),
    groups_led: Sequence[Sequence[int]] = ((14, 9), (11, 8), (1, 0), (6, 4)),
    **overrides: Any,
) -> Opened:
    """Publish the framework of 2024, let providers bid for its first lot, and open the bids.

    Its second lot has no bids and so has failed. The clock stands at AFTER.
    """
    tender = await a_published_tender(**overrides)
    await set_clock(IN_TIME)
    bidders = []
    for n, price in enumerate(prices):
        bidders.append(await a_bidder(groups_led=groups_led[n % len(groups_led)]))
        await a_bid(tender.id, bidders[-1], price)
    await open_tender(tender)
    facts = await tenders.tender_facts(tender.id)
    return Opened(tender, bidders, [lot.id for lot in facts.lots])
