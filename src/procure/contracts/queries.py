"""Reading contracts: each is its two parties', and nobody else's."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

import msgspec

from procure.awards.states import AwardState
from procure.bids.rules import BidContent
from procure.contracts.rules import Document, Library, Promise, Room, Terms
from procure.contracts.schemas import (
    AwardLine,
    ClauseView,
    ContractLine,
    ContractView,
    FrameworkPartner,
    FrameworkView,
    MoneyView,
    SignatureView,
)
from procure.contracts.states import CONTRACT, ContractKind, ContractState
from procure.db import fetch_as
from procure.documents.queries import read_paper
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import folder, read_yaml
from procure.tenders.queries import lot_facts, tender_facts

# A framework's row counts what the call-offs of all partners of its lot commit and have spent.
_LINE = """
    SELECT c.id, c.kind, c.number, c.title, c.state, c.buyer AS buyer_id, b.name AS buyer_name,
           c.provider_org AS provider_id, p.name AS provider_name, c.lot AS lot_id,
           l.code AS lot_code, c.parent AS parent_id, c.starts_on, c.ends_until, c.signed_at,
           c.ceiling_amount, c.currency, c.spent_amount AS own_spent,
           coalesce(m.committed, 0) AS lot_committed, coalesce(m.spent, 0) AS lot_spent,
           coalesce(m.own, 0) AS own_committed
      FROM contract c
      JOIN organisation b ON b.id = c.buyer
      JOIN organisation p ON p.id = c.provider_org
      JOIN lot l ON l.id = c.lot
      LEFT JOIN LATERAL (
           SELECT sum(k.ceiling_amount) AS committed, sum(k.spent_amount) AS spent,
                  sum(k.ceiling_amount) FILTER (WHERE k.parent = c.id) AS own
             FROM contract k JOIN contract f ON f.id = k.parent
            WHERE c.kind = 'framework' AND f.lot = c.lot) m ON true
"""
_READABLE = "$1 IN (c.buyer, c.provider_org)"


class _Line(msgspec.Struct):
    id: UUID
    kind: str
    number: str
    title: str
    state: str
    buyer_id: UUID
    buyer_name: str
    provider_id: UUID
    provider_name: str
    lot_id: UUID
    lot_code: str
    parent_id: UUID | None
    starts_on: date
    ends_until: date
    signed_at: datetime | None
    ceiling_amount: Decimal
    currency: str
    own_spent: Decimal
    lot_committed: Decimal
    lot_spent: Decimal
    own_committed: Decimal

    def money(self) -> MoneyView:
        is_framework = self.kind == ContractKind.FRAMEWORK
        committed = self.lot_committed if is_framework else self.ceiling_amount
        return MoneyView(
            ceiling_amount=self.ceiling_amount,
            committed_amount=committed,
            own_committed_amount=self.own_committed if is_framework else committed,
            spent_amount=self.lot_spent if is_framework else self.own_spent,
            left_amount=self.ceiling_amount - (committed if is_framework else self.own_spent),
            currency=self.currency,
        )

    def view(self) -> ContractLine:
        return ContractLine(
            **{
                name: getattr(self, name)
                for name in ContractLine.__struct_fields__
                if name != "money"
            },
            money=self.money(),
        )


async def list_contracts(actor: Actor, *, state: str = "", kind: str = "") -> list[ContractLine]:
    """List the contracts that the actor's organisation is a party to, the newest first."""
    rows = await fetch_as(
        _Line,
        f"""{_LINE} WHERE {_READABLE} AND ($2 = '' OR c.state = $2) AND ($3 = '' OR c.kind = $3)
            ORDER BY c.starts_on DESC, c.number""",
        actor.org_id,
        state,
        kind,
    )
    return [row.view() for row in rows]


class _Rest(msgspec.Struct):
    terms: str
    document_sha256: str
    drafted_at: datetime
    paper_id: UUID | None
    parent_number: str | None
    tender_id: UUID
    tender_reference: str
    award_id: UUID | None
    bid_id: UUID | None
    last_blocked_on: date | None


async def read_contract(actor: Actor, contract_id: UUID) -> ContractView:
    """Load one contract; NotFound also for one that the actor's organisation is no party to."""
    rows = await fetch_as(
        _Line, f"{_LINE} WHERE {_READABLE} AND c.id = $2", actor.org_id, contract_id
    )
    if not rows:
        raise _missing(contract_id)
    line = rows[0]
    rest = (
        await fetch_as(
            _Rest,
            """
            SELECT c.terms, c.document_sha256, c.drafted_at, c.paper_id, f.number AS parent_number,
                   l.tender AS tender_id, t.reference AS tender_reference, s.award AS award_id,
                   s.bid AS bid_id, a.last_blocked_on
              FROM contract c JOIN lot l ON l.id = c.lot JOIN tender t ON t.id = l.tender
              LEFT JOIN contract f ON f.id = c.parent
              LEFT JOIN award_supplier s ON s.id = c.award_supplier
              LEFT JOIN award a ON a.id = s.award
             WHERE c.id = $1
            """,
            contract_id,
        )
    )[0]
    signatures = await signatures_of(contract_id)
    side = "buyer" if actor.org_id == line.buyer_id else "provider"
    return ContractView(
        **{
            name: getattr(line, name)
            for name in ContractLine.__struct_fields__
            if name in ContractView.__struct_fields__ and name != "money"
        },
        money=line.money(),
        tender_id=rest.tender_id,
        tender_reference=rest.tender_reference,
        award_id=rest.award_id,
        bid_id=rest.bid_id,
        last_blocked_on=rest.last_blocked_on,
        parent_number=rest.parent_number,
        terms=read_canonical(rest.terms, Terms),
        document_sha256=rest.document_sha256,
        clauses=await clauses_of_contract(contract_id),
        signatures=signatures,
        call_offs=await _call_offs(actor, contract_id),
        paper=await read_paper(actor, rest.paper_id) if rest.paper_id else None,
        drafted_at=rest.drafted_at,
        side=side,
        actions=_actions(actor, line, side, signatures),
        may=["call-off"] if _may_call_off(actor, line, side) else [],
    )


def _actions(
    actor: Actor, line: _Line, side: str, signatures: Sequence[SignatureView]
) -> list[str]:
    if not actor.may(Permission.CONTRACT_SIGN) or side in [signed.side for signed in signatures]:
        return []
    return [action for action in CONTRACT.actions(line.state) if action == "sign"]


def _may_call_off(actor: Actor, line: _Line, side: str) -> bool:
    return (
        line.kind == ContractKind.FRAMEWORK
        and line.state == ContractState.RUNNING
        and side == "buyer"
        and actor.may(Permission.TENDER_DRAFT)
    )


async def _call_offs(actor: Actor, contract_id: UUID) -> list[ContractLine]:
    rows = await fetch_as(
        _Line,
        f"{_LINE} WHERE {_READABLE} AND c.parent = $2 ORDER BY c.starts_on, c.number",
        actor.org_id,
        contract_id,
    )
    return [row.view() for row in rows]


class _Clause(msgspec.Struct):
    id: UUID
    number: str
    code: str
    title: str
    text: str
    title_et: str
    text_et: str
    params: str
    source_kind: str
    source_id: UUID | None
    source: str
    provenance: str


async def clauses_of_contract(contract_id: UUID) -> list[ClauseView]:
    """List the clauses of a contract in order; for services and papers."""
    rows = await fetch_as(
        _Clause,
        """SELECT id, number, code, title, text, title_et, text_et, params, source_kind, source_id,
                  source, provenance
             FROM clause WHERE contract = $1 ORDER BY position""",
        contract_id,
    )
    return [
        ClauseView(**{**msgspec.structs.asdict(row), "params": msgspec.json.decode(row.params)})
        for row in rows
    ]


async def signatures_of(contract_id: UUID) -> list[SignatureView]:
    """List the signatures under a contract, the earliest first; for services and papers."""
    return await fetch_as(
        SignatureView,
        """SELECT s.side, o.name AS organisation, s.person AS person_id, p.name AS person_name,
                  s.document_sha256, s.signed_at
             FROM signature s JOIN person p ON p.id = s.person JOIN contract c ON c.id = s.contract
             JOIN organisation o ON o.id = CASE s.side WHEN 'buyer' THEN c.buyer
                                                       ELSE c.provider_org END
            WHERE s.contract = $1 ORDER BY s.signed_at""",
        contract_id,
    )


class _Text(msgspec.Struct):
    text: str


async def terms_of(contract_id: UUID) -> Terms:
    """Return the terms of a contract; asks no actor, for services."""
    rows = await fetch_as(_Text, "SELECT terms AS text FROM contract WHERE id = $1", contract_id)
    if not rows:
        raise _missing(contract_id)
    return read_canonical(rows[0].text, Terms)


async def document_of(contract_id: UUID) -> Document:
    """Return the document that is or will be signed; asks no actor, for services."""
    rows = await fetch_as(_Text, "SELECT document AS text FROM contract WHERE id = $1", contract_id)
    if not rows:
        raise _missing(contract_id)
    return read_canonical(rows[0].text, Document)


class ContractStanding(msgspec.Struct, frozen=True):
    """Where a contract stands now, beside its terms, which never change."""

    id: UUID
    kind: str
    number: str
    state: str
    starts_on: date
    ends_until: date
    ceiling_amount: Decimal
    spent_amount: Decimal


async def standing(contract_id: UUID) -> ContractStanding:
    """Return where a contract stands; asks no actor, for services."""
    rows = await fetch_as(
        ContractStanding,
        """SELECT id, kind, number, state, starts_on, ends_until, ceiling_amount, spent_amount
             FROM contract WHERE id = $1""",
        contract_id,
    )
    if not rows:
        raise _missing(contract_id)
    return rows[0]


class _Id(msgspec.Struct):
    id: UUID


async def contracts_of_award(award_id: UUID) -> list[UUID]:
    """List the contracts drafted from an award, in the order of rank; for services."""
    rows = await fetch_as(
        _Id,
        """SELECT c.id FROM contract c JOIN award_supplier s ON s.id = c.award_supplier
            WHERE s.award = $1 ORDER BY s.rank""",
        award_id,
    )
    return [row.id for row in rows]


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


class _Due(msgspec.Struct):
    id: UUID


async def due(state: ContractState, today: date) -> list[UUID]:
    """List the contracts in `state` whose next move by the clock has come."""
    column = "starts_on" if state == ContractState.SIGNED else "ends_until"
    rows = await fetch_as(
        _Due,
        f"SELECT id FROM contract WHERE state = $1 AND {column} <= $2 ORDER BY parent NULLS FIRST, id",  # noqa: S608, E501
        str(state),
        today,
    )
    return [row.id for row in rows]


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


def _missing(contract_id: UUID) -> NotFound:
    return NotFound(n_("There is no contract {id}."), {"id": str(contract_id)})
