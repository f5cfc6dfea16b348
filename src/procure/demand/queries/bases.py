"""Reading bases: what an analysis said, and where its requests stand now."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.demand.rules.groups import (
    DemandFacts,
    DemandPlan,
    Reason,
)
from procure.demand.schemas import (
    BasisLine,
    BasisRequestView,
    BasisView,
)
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical, sha256_hex
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_


class _Basis(msgspec.Struct):
    id: UUID
    name: str
    service_code: str
    made_at: datetime
    made_by: UUID
    facts: str
    result: str
    planned_count: int
    tendered_count: int


# A basis has gone to tender when one of its requests in a group has.
_BASIS = """
    SELECT b.id, b.name, b.service_code, b.made_at, b.made_by, b.facts, b.result,
           now.planned_count, now.tendered_count
      FROM basis b
      CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE r.state = 'planned') AS planned_count,
                  count(*) FILTER (WHERE r.state IN ('tendered', 'placed')) AS tendered_count
             FROM basis_request br JOIN request r ON r.id = br.request
            WHERE br.basis = b.id AND br.verdict = 'grouped') now
     WHERE b.buyer = $1
"""


async def list_bases(actor: Actor) -> list[BasisLine]:
    """List the bases of the actor's organisation, newest first."""
    rows = await fetch_as(_Basis, f"{_BASIS} ORDER BY b.id DESC LIMIT 200", actor.org_id)
    return [
        BasisLine(
            id=row.id,
            name=row.name,
            service_code=row.service_code,
            made_at=row.made_at,
            totals=read_canonical(row.result, DemandPlan).totals,
            planned_count=row.planned_count,
            is_tendered=row.tendered_count > 0,
        )
        for row in rows
    ]


async def read_basis(actor: Actor, basis_id: UUID) -> BasisView:
    """Load one basis; NotFound also for another organisation's."""
    rows = await fetch_as(_Basis, f"{_BASIS} AND b.id = $2", actor.org_id, basis_id)
    if not rows:
        raise NotFound(n_("There is no basis {id}."), {"id": str(basis_id)})
    row = rows[0]
    facts = read_canonical(row.facts, DemandFacts)
    result = read_canonical(row.result, DemandPlan)
    return BasisView(
        id=row.id,
        name=row.name,
        service_code=row.service_code,
        made_at=row.made_at,
        made_by=row.made_by,
        group_min=facts.group_min,
        group_max=facts.group_max,
        county=facts.county,
        created_from_on=facts.created_from_on,
        created_until=facts.created_until,
        planned_count=row.planned_count,
        is_tendered=row.tendered_count > 0,
        facts_sha256=sha256_hex(row.facts),
        totals=result.totals,
        areas=result.areas,
        groups=result.groups,
        counties=result.counties,
        unmet=result.unmet,
        requests=await requests_of_basis(row.id),
    )


async def requests_of_basis(basis_id: UUID) -> list[BasisRequestView]:
    """List the requests of a basis in the order of its plan; no actor: for services."""

    class Row(msgspec.Struct):
        id: UUID
        reference: str
        client_ref: str
        county: str
        language: str
        risk_band: str
        area_code: str | None
        verdict: str
        group_no: int | None
        state: str
        reason: str

    rows = await fetch_as(
        Row,
        """
        SELECT r.id, r.reference, r.client_ref, r.county, r.language, r.risk_band,
               br.area_code, br.verdict, br.group_no, r.state, br.reason
          FROM basis_request br JOIN request r ON r.id = br.request
         WHERE br.basis = $1 ORDER BY br.id
        """,
        basis_id,
    )
    return [
        BasisRequestView(
            id=row.id,
            reference=row.reference,
            client_ref=row.client_ref,
            county=row.county,
            language=row.language,
            risk_band=row.risk_band,
            area_code=row.area_code,
            verdict=row.verdict,
            group_no=row.group_no,
            state=row.state,
            why=read_canonical(row.reason, Reason),
        )
        for row in rows
    ]


async def facts_of_basis(basis_id: UUID) -> tuple[DemandFacts, DemandPlan]:
    """Load what a basis rests on and what it said; no actor: for services and the dossier."""

    class Row(msgspec.Struct):
        facts: str
        result: str

    rows = await fetch_as(Row, "SELECT facts, result FROM basis WHERE id = $1", basis_id)
    if not rows:
        raise NotFound(n_("There is no basis {id}."), {"id": str(basis_id)})
    return (
        read_canonical(rows[0].facts, DemandFacts),
        read_canonical(rows[0].result, DemandPlan),
    )
