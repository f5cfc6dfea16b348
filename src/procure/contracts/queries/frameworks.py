"""Frameworks of a lot: the partners, and what of the ceiling they share is left."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.bids.rules import BidContent
from procure.contracts.rules import Room
from procure.contracts.schemas import (
    FrameworkPartner,
    FrameworkView,
    MoneyView,
)
from procure.db import fetch_as
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.tenders.queries import lot_facts, tender_facts


class _Promised(msgspec.Struct):
    bid_id: UUID
    content: str
    lot_id: UUID


class FrameworkPromise(msgspec.Struct, frozen=True):
    """What a framework's bid promised, and the lot it was for."""

    lot_id: UUID
    bid_id: UUID
    content: BidContent


async def framework_promise(contract_id: UUID) -> FrameworkPromise | None:
    """Return the bid a framework was awarded on; None if it has none."""
    rows = await fetch_as(
        _Promised,
        """SELECT b.id AS bid_id, b.content, c.lot AS lot_id
             FROM contract c JOIN award_supplier s ON s.id = c.award_supplier
             JOIN bid b ON b.id = s.bid WHERE c.id = $1""",
        contract_id,
    )
    if not rows:
        return None
    row = rows[0]
    return FrameworkPromise(row.lot_id, row.bid_id, read_canonical(row.content, BidContent))


class FrameworkFacts(msgspec.Struct, frozen=True):
    """A framework as a call-off sees it."""

    id: UUID
    number: str
    provider_id: UUID
    state: str
    starts_on: date
    ends_until: date
    ceiling_amount: Decimal


async def frameworks_of_lot(lot_id: UUID, *, held: bool = False) -> list[FrameworkFacts]:
    """List the frameworks of a lot in order of id; `held` locks them all, in that order."""
    return await fetch_as(
        FrameworkFacts,
        f"""SELECT id, number, provider_org AS provider_id, state, starts_on, ends_until,
                   ceiling_amount
              FROM contract WHERE lot = $1 AND kind = 'framework' ORDER BY id
              {"FOR UPDATE" if held else ""}""",  # noqa: S608 - our own text
        lot_id,
    )


class _Sums(msgspec.Struct):
    committed: Decimal
    spent: Decimal


async def room_of_lot(lot_id: UUID, ceiling_amount: Decimal) -> Room:
    """Return how much of a framework lot's ceiling its call-offs have used."""
    rows = await fetch_as(
        _Sums,
        """SELECT coalesce(sum(k.ceiling_amount), 0) AS committed,
                  coalesce(sum(k.spent_amount), 0) AS spent
             FROM contract k JOIN contract f ON f.id = k.parent WHERE f.lot = $1""",
        lot_id,
    )
    return Room(ceiling_amount, rows[0].committed, rows[0].spent)


async def read_framework(actor: Actor, lot_id: UUID) -> FrameworkView:
    """Load a lot with its framework partners; NotFound for a lot of another buyer."""
    lot = await lot_facts(lot_id)
    if lot.buyer_id != actor.org_id:
        raise NotFound(n_("There is no such framework."))
    tender = await tender_facts(lot.tender_id)
    partners = await fetch_as(
        FrameworkPartner,
        """SELECT c.id AS contract_id, c.number, c.provider_org AS provider_id,
                  o.name AS provider_name, (c.terms::json ->> 'unit_price')::numeric AS unit_price
             FROM contract c JOIN organisation o ON o.id = c.provider_org
            WHERE c.lot = $1 AND c.kind = 'framework' AND c.state = 'running' ORDER BY c.number""",
        lot_id,
    )
    frameworks = await frameworks_of_lot(lot_id)
    room = await room_of_lot(lot_id, lot.value_amount)
    return FrameworkView(
        lot_id=lot_id,
        lot_code=lot.code,
        lot_title=lot.title,
        tender_id=tender.id,
        tender_title=tender.title,
        buyer_id=lot.buyer_id,
        starts_on=min((f.starts_on for f in frameworks), default=None),
        ends_until=max((f.ends_until for f in frameworks), default=None),
        unit_price=lot.unit_price,
        places_count=lot.places_count,
        days_count=lot.days_count,
        partners=partners,
        money=MoneyView(
            ceiling_amount=room.ceiling_amount,
            committed_amount=room.committed_amount,
            own_committed_amount=room.committed_amount,
            spent_amount=room.spent_amount,
            left_amount=room.left_amount,
            currency=tender.currency,
        ),
    )
