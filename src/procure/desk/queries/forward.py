"""The thread forward: from a request or an analysis to what came of it."""

from datetime import datetime
from uuid import UUID

from procure.desk.queries.steps import (
    Row,
    basis_steps,
    contract_step,
    group_step,
    line_step,
    outcome_steps,
    participant_step,
    payment_steps,
    request_step,
    rows_of,
    tender_step,
)
from procure.desk.schemas import Stage, Step
from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_


async def from_request(actor: Actor, request_id: UUID) -> list[Stage]:
    """Go forward from a request to its payments; NotFound if it is not to be seen."""
    rows = await rows_of(
        "SELECT * FROM request WHERE id = $1 AND buyer = $2", request_id, actor.org_id
    )
    if not rows:
        raise NotFound(n_("There is no request {id}."), {"id": request_id})
    request = rows[0]
    stages = [Stage(n_("Request"), [request_step(request)])]
    stages.append(Stage(n_("Demand"), await _verdicts(request_id)))
    stages.append(Stage(n_("Tender"), await _tenders_of_request(request_id)))
    participants = await rows_of(
        """
        SELECT p.*, (SELECT count(*) FROM attendance a WHERE a.participant = p.id
                      AND a.mark = 'present') AS present
          FROM participant p WHERE p.request = $1
        """,
        request_id,
    )
    for row in participants:
        stages += await _forward_from_participant(row)
    return [stage for stage in stages if stage.steps]


async def _verdicts(request_id: UUID) -> list[Step]:
    return [
        Step(
            "basis",
            row["basis"],
            n_("{name}: {area}"),
            {"name": row["name"], "area": row["area_code"]},
            at=row["made_at"],
            url=f"/demand/{row['basis']}",
            state=row["verdict"],
        )
        for row in await rows_of(
            """
            SELECT r.*, b.name, b.made_at FROM basis_request r JOIN basis b ON b.id = r.basis
             WHERE r.request = $1 ORDER BY b.made_at
            """,
            request_id,
        )
    ]


async def _tenders_of_request(request_id: UUID) -> list[Step]:
    return [
        tender_step(row)
        for row in await rows_of(
            """
            SELECT DISTINCT t.* FROM tender t JOIN basis_request r ON r.basis = t.basis
             WHERE r.request = $1 AND r.verdict = 'grouped' AND t.published_at IS NOT NULL
             ORDER BY t.published_at
            """,
            request_id,
        )
    ]


async def _forward_from_participant(row: Row) -> list[Stage]:
    groups = await rows_of(
        """
        SELECT g.*, v.place FROM service_group g JOIN venue v ON v.id = g.venue WHERE g.id = $1
        """,
        row["group"],
    )
    contracts = await rows_of(
        "SELECT * FROM contract WHERE id = ANY($1)", [group["contract"] for group in groups]
    )
    lines = await rows_of(
        """
        SELECT l.*, c.number, c.state AS claim_state, c.drafted_at FROM claim_line l
          JOIN claim c ON c.id = l.claim WHERE l.participant = $1 ORDER BY c.number, l.position
        """,
        row["id"],
    )
    first: datetime | None = min((line["drafted_at"] for line in lines), default=None)
    return [
        Stage(n_("Contract"), [contract_step(contract) for contract in contracts]),
        Stage(n_("Delivery"), [*map(group_step, groups), participant_step(row)]),
        Stage(n_("Outcome"), await outcome_steps("o.participant = $1", row["id"])),
        Stage(n_("Claim"), [line_step(line) for line in lines]),
        Stage(
            n_("Payment"),
            await payment_steps([contract["id"] for contract in contracts], first)
            if isinstance(first, datetime)
            else [],
        ),
    ]


async def from_basis(actor: Actor, basis_id: UUID) -> list[Stage]:
    """Go forward from an analysis to its groups; NotFound if it is not to be seen."""
    owned = await rows_of(
        "SELECT id FROM basis WHERE id = $1 AND buyer = $2", basis_id, actor.org_id
    )
    if not owned:
        raise NotFound(n_("There is no analysis {id}."), {"id": basis_id})
    tenders = await rows_of(
        "SELECT * FROM tender WHERE basis = $1 AND buyer = $2 ORDER BY started_on",
        basis_id,
        actor.org_id,
    )
    contracts = await rows_of(
        """
        SELECT k.* FROM contract k JOIN lot l ON l.id = k.lot WHERE l.tender = ANY($1)
         ORDER BY k.drafted_at
        """,
        [tender["id"] for tender in tenders],
    )
    groups = await rows_of(
        """
        SELECT g.*, v.place FROM service_group g JOIN venue v ON v.id = g.venue
         WHERE g.contract = ANY($1) ORDER BY g.starts_on
        """,
        [contract["id"] for contract in contracts],
    )
    stages = [
        Stage(n_("Demand"), await basis_steps(basis_id)),
        Stage(n_("Tender"), [tender_step(tender) for tender in tenders]),
        Stage(n_("Contract"), [contract_step(contract) for contract in contracts]),
        Stage(n_("Delivery"), [group_step(group) for group in groups]),
    ]
    return [stage for stage in stages if stage.steps]
