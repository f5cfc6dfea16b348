"""What everyone may know of contracts and of the money: parties, terms, sums, nothing of a person.

A contract is public once both sides have signed it. What was paid are the claims whose payment file
was released, on the day on which the bank is to pay.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from procure.catalogue import queries as catalogue
from procure.contracts.rules import Terms
from procure.db import fetch_as
from procure.desk.rules import shown_count, shown_total
from procure.desk.schemas import (
    OutcomeCount,
    PublicContract,
    PublicContractLine,
    SpendingCell,
    SpendingRow,
    SpendingView,
    YearPaid,
)
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import reference

Dimension = Literal["provider", "service", "county", "year"]
ZERO = Decimal("0.00")

# A framework's own row counts what was paid under its call-offs.
_PAID = """
    SELECT coalesce(sum(c.total_amount), 0) FROM claim c JOIN contract m ON m.id = c.contract
     WHERE c.state = 'paid' AND (m.id = k.id OR m.parent = k.id)
"""
_LINE = f"""
    SELECT k.id, k.kind, k.number, k.title, k.state, b.name AS buyer_name,
           p.name AS provider_name, p.registry_code AS provider_code, t.id AS tender_id,
           t.reference, t.service_code, l.id AS lot_id, l.code AS lot_code, l.counties,
           k.starts_on, k.ends_until, k.ceiling_amount, k.currency, ({_PAID}) AS paid_amount,
           (k.signed_at AT TIME ZONE 'Europe/Tallinn')::date AS signed_on
      FROM contract k JOIN organisation b ON b.id = k.buyer
      JOIN organisation p ON p.id = k.provider_org JOIN lot l ON l.id = k.lot
      JOIN tender t ON t.id = l.tender
     WHERE k.state <> 'drafted'
"""  # noqa: S608 - our own text


async def list_contracts(
    *, tender_id: UUID | None = None, provider: str = "", service: str = ""
) -> list[PublicContractLine]:
    """List the signed contracts, the newest first; of one tender, provider or service if named."""
    return await fetch_as(
        PublicContractLine,
        f"""{_LINE} AND ($1::uuid IS NULL OR t.id = $1) AND ($2 = '' OR p.registry_code = $2)
             AND ($3 = '' OR t.service_code = $3)
            ORDER BY k.starts_on DESC, k.number LIMIT 500""",
        tender_id,
        provider,
        service,
    )


class _Rest(msgspec.Struct):
    terms: str
    award_id: UUID | None
    parent_id: UUID | None
    parent_number: str | None


class _People(msgspec.Struct):
    participants: int
    with_outcome: int


class _Family(msgspec.Struct):
    family: str
    people: int


async def read_contract(contract_id: UUID) -> PublicContract:
    """Load what everyone may know of a contract; NotFound while it is not signed."""
    lines = await fetch_as(PublicContractLine, f"{_LINE} AND k.id = $1", contract_id)
    if not lines:
        raise NotFound(n_("There is no contract {id}."), {"id": str(contract_id)})
    (rest,) = await fetch_as(
        _Rest,
        """SELECT k.terms, s.award AS award_id, f.id AS parent_id, f.number AS parent_number
             FROM contract k LEFT JOIN contract f ON f.id = k.parent
             LEFT JOIN award_supplier s ON s.id = k.award_supplier WHERE k.id = $1""",
        contract_id,
    )
    years = await fetch_as(
        YearPaid,
        """SELECT extract(year FROM r.pay_on)::int AS year, sum(c.total_amount) AS paid_amount
             FROM claim c JOIN contract k ON k.id = c.contract JOIN payment y ON y.id = c.payment
             JOIN payment_run r ON r.id = y.run
            WHERE c.state = 'paid' AND (k.id = $1 OR k.parent = $1) GROUP BY 1 ORDER BY 1""",
        contract_id,
    )
    terms = read_canonical(rest.terms, Terms)
    call_offs = await fetch_as(
        PublicContractLine, f"{_LINE} AND k.parent = $1 ORDER BY k.starts_on, k.number", contract_id
    )
    participants, with_outcome, families = await _outcomes(contract_id)
    return PublicContract(
        **{name: getattr(lines[0], name) for name in PublicContractLine.__struct_fields__},
        award_id=rest.award_id,
        parent_id=rest.parent_id,
        parent_number=rest.parent_number,
        unit=terms.unit,
        unit_price=terms.unit_price,
        scheme_code=terms.scheme.code,
        scheme_version=terms.scheme.version,
        promised_rates=terms.promised_rates,
        places_count=terms.places_count,
        days_count=terms.days_count,
        years=years,
        call_offs=call_offs,
        participants_count=participants,
        with_outcome_count=with_outcome,
        outcomes=families,
    )


async def _outcomes(contract_id: UUID) -> tuple[int | None, int | None, list[OutcomeCount]]:
    """Count the people of a contract, and those with a verified outcome, where that may be told."""
    (people,) = await fetch_as(
        _People,
        """SELECT count(DISTINCT p.id) AS participants,
                  count(DISTINCT p.id) FILTER (WHERE d.is_payable) AS with_outcome
             FROM participant p JOIN service_group g ON g.id = p."group"
             JOIN contract k ON k.id = g.contract
             LEFT JOIN outcome o ON o.participant = p.id AND o.state = 'verified'
             LEFT JOIN outcome_definition d ON d.id = o.definition
            WHERE (k.id = $1 OR k.parent = $1) AND p.state <> 'referred'""",
        contract_id,
    )
    found = await fetch_as(
        _Family,
        """SELECT d.family, count(DISTINCT p.id) AS people
             FROM outcome o JOIN outcome_definition d ON d.id = o.definition
             JOIN participant p ON p.id = o.participant JOIN service_group g ON g.id = p."group"
             JOIN contract k ON k.id = g.contract
            WHERE (k.id = $1 OR k.parent = $1) AND o.state = 'verified' AND d.is_payable
            GROUP BY 1""",
        contract_id,
    )
    paid = {view.family for view in await catalogue.definitions() if view.is_payable}
    by_family = {row.family: row.people for row in found}
    return (
        shown_total(people.participants),
        shown_count(people.with_outcome, of=people.participants),
        [
            OutcomeCount(
                item["code"], shown_count(by_family.get(item["code"], 0), of=people.participants)
            )
            for item in reference("outcome_families")
            if item["code"] in paid
        ],
    )


async def spending_cells() -> list[SpendingCell]:
    """List what was paid by year, buyer, provider, service and county: the finest that is told."""
    return await fetch_as(
        SpendingCell,
        """SELECT extract(year FROM r.pay_on)::int AS year, b.name AS buyer_name,
                  p.registry_code AS provider_code, p.name AS provider_name, t.service_code,
                  v.county, sum(c.total_amount) AS paid_amount,
                  array_agg(DISTINCT k.id) AS contract_ids
             FROM claim c JOIN payment y ON y.id = c.payment JOIN payment_run r ON r.id = y.run
             JOIN contract k ON k.id = c.contract JOIN organisation b ON b.id = k.buyer
             JOIN organisation p ON p.id = k.provider_org JOIN lot l ON l.id = k.lot
             JOIN tender t ON t.id = l.tender JOIN service_group g ON g.id = c."group"
             JOIN venue v ON v.id = g.venue
            WHERE c.state = 'paid'
            GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1 DESC, 4, 5, 6""",
    )


async def read_spending(
    by: Dimension, *, provider: str = "", service: str = "", county: str = "", year: str = ""
) -> SpendingView:
    """Sum what was paid by one of the dimensions, of the cells that the others let through."""
    cells = await spending_cells()
    wanted = {"provider": provider, "service": service, "county": county, "year": year}
    kept = [
        cell
        for cell in cells
        if all(code in ("", cell.code(name)) for name, code in wanted.items())
    ]
    sums: dict[str, Decimal] = {}
    names: dict[str, str] = {}
    contracts: dict[str, set[UUID]] = {}
    for cell in kept:
        code = cell.code(by)
        sums[code] = sums.get(code, ZERO) + cell.paid_amount
        names[code] = cell.provider_name if by == "provider" else code
        contracts.setdefault(code, set()).update(cell.contract_ids)
    rows = [
        SpendingRow(code, names[code], amount, len(contracts[code]))
        for code, amount in sums.items()
    ]
    rows.sort(key=lambda row: (row.code,) if by == "year" else (-row.paid_amount, row.name))
    return SpendingView(
        by=by,
        rows=rows,
        total_amount=sum(sums.values(), ZERO),
        largest_amount=max(sums.values(), default=ZERO),
        providers=sorted({(c.provider_code, c.provider_name) for c in cells}, key=_name),
        services=sorted({c.service_code for c in cells}),
        counties=sorted({c.county for c in cells}),
        years=sorted({str(c.year) for c in cells}),
    )


def _name(pair: Sequence[str]) -> str:
    return pair[1]
