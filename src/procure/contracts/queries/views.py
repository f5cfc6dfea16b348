"""Contracts as their two parties see them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.contracts.queries.facts import clauses_of_contract, no_contract, signatures_of
from procure.contracts.rules import Terms
from procure.contracts.schemas import (
    ContractLine,
    ContractView,
    MoneyView,
    SignatureView,
)
from procure.contracts.states import CONTRACT, ContractKind, ContractState
from procure.db import fetch_as
from procure.documents.queries import read_paper
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import read_canonical
from procure.kernel.time import after_days

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
        raise no_contract(contract_id)
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
        signing_from_on=after_days(rest.last_blocked_on, 1) if rest.last_blocked_on else None,
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
