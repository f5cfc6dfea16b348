"""What services of this and later stages read of contracts; they ask no actor."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.contracts.rules import Document, Terms
from procure.contracts.schemas import (
    ClauseView,
    SignatureView,
)
from procure.contracts.states import ContractState
from procure.db import fetch_as
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_


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
            WHERE s.contract = $1 ORDER BY s.signed_at, s.id""",
        contract_id,
    )


class _Text(msgspec.Struct):
    text: str


async def terms_of(contract_id: UUID) -> Terms:
    """Return the terms of a contract; asks no actor, for services."""
    rows = await fetch_as(_Text, "SELECT terms AS text FROM contract WHERE id = $1", contract_id)
    if not rows:
        raise no_contract(contract_id)
    return read_canonical(rows[0].text, Terms)


async def document_of(contract_id: UUID) -> Document:
    """Return the document that is or will be signed; asks no actor, for services."""
    rows = await fetch_as(_Text, "SELECT document AS text FROM contract WHERE id = $1", contract_id)
    if not rows:
        raise no_contract(contract_id)
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
        raise no_contract(contract_id)
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


def no_contract(contract_id: UUID) -> NotFound:
    """Make the answer to who asks for a contract that is none, or not theirs."""
    return NotFound(n_("There is no contract {id}."), {"id": str(contract_id)})
