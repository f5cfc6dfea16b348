"""What a contract is drafted from: the award, its winning bids, the standard clauses."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from uuid import UUID

import msgspec

from procure.awards.states import AwardState
from procure.bids.rules import BidContent
from procure.contracts.rules import Library, Promise
from procure.contracts.schemas import (
    AwardLine,
)
from procure.db import fetch_as
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import folder, read_yaml


class SupplierToContract(msgspec.Struct, frozen=True):
    """A winning bid that a contract is drafted from."""

    award_supplier_id: UUID
    bid_id: UUID
    provider_id: UUID
    provider_name: str
    registry_code: str
    rank: int
    content: BidContent


class AwardToContract(msgspec.Struct, frozen=True):
    """What drafting needs to know of an award."""

    id: UUID
    lot_id: UUID
    state: AwardState
    decided_at: datetime
    last_blocked_on: date | None
    suppliers: Sequence[SupplierToContract]


class _Award(msgspec.Struct):
    id: UUID
    lot_id: UUID
    state: AwardState
    decided_at: datetime
    last_blocked_on: date | None


class _Supplier(msgspec.Struct):
    award_supplier_id: UUID
    bid_id: UUID
    provider_id: UUID
    provider_name: str
    registry_code: str
    rank: int
    content: str


async def award_to_contract(award_id: UUID) -> AwardToContract:
    """Return an award with its winning bids, in the order of rank; for services."""
    awards = await fetch_as(
        _Award,
        """SELECT id, lot AS lot_id, state, decided_at, last_blocked_on FROM award
            WHERE id = $1""",
        award_id,
    )
    if not awards:
        raise NotFound(n_("There is no award {id}."), {"id": str(award_id)})
    rows = await fetch_as(
        _Supplier,
        """SELECT s.id AS award_supplier_id, s.bid AS bid_id, s.provider_org AS provider_id,
                  o.name AS provider_name, o.registry_code, s.rank, b.content
             FROM award_supplier s JOIN bid b ON b.id = s.bid
             JOIN organisation o ON o.id = s.provider_org
            WHERE s.award = $1 ORDER BY s.rank, s.id""",
        award_id,
    )
    suppliers = [
        SupplierToContract(
            **{
                **msgspec.structs.asdict(row),
                "content": read_canonical(row.content, BidContent),
            }
        )
        for row in rows
    ]
    return AwardToContract(**msgspec.structs.asdict(awards[0]), suppliers=suppliers)


async def awards_to_contract(actor: Actor) -> list[AwardLine]:
    """List the buyer's awards that no contract was drafted from, the oldest first."""
    return await fetch_as(
        AwardLine,
        """SELECT a.id, t.id AS tender_id, t.title AS tender_title, l.code AS lot_code,
                  l.title AS lot_title, a.decided_at, a.last_blocked_on,
                  (SELECT string_agg(o.name, ', ' ORDER BY s.rank) FROM award_supplier s
                     JOIN organisation o ON o.id = s.provider_org WHERE s.award = a.id) AS winners
             FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
            WHERE t.buyer = $1 AND a.state <> 'annulled'
              AND NOT EXISTS (SELECT FROM contract c JOIN award_supplier s
                                ON s.id = c.award_supplier WHERE s.award = a.id)
            ORDER BY a.decided_at""",
        actor.org_id,
    )


@cache
def library() -> Library:
    """Return the standard clauses of fixtures/contracts/clauses.yaml."""
    return msgspec.convert(read_yaml(folder() / "contracts" / "clauses.yaml"), Library)


def promise_of(bid_id: UUID, content: BidContent, names: dict[UUID, str]) -> Promise:
    """Say what a bid promised; `names` are those of the facilitators it names."""
    return Promise(
        bid_id=bid_id,
        unit_price=content.unit_price,
        answers=content.answers,
        facilitators=[names.get(ref.id, ref.code) for ref in content.facilitators],
        promised_rates=content.promised_rates,
    )
