"""The thread: from a payment line back to the request and the bid's promise, and forward again.

Each link is a foreign key of the model, so a thread cannot be told wrong. A buyer sees all of it; a
provider sees its own stretch, up to its own bid; both see nothing of another organisation.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.db import connection
from procure.desk.schemas import Stage, Step, Thread
from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_

Row = dict[str, Any]

KINDS = ("claim-line", "request")


async def thread(actor: Actor, kind: str, id_: UUID) -> Thread:
    """Tell the thread of a claim line (back) or of a request (forward).

    NotFound if there is no such thing or it is not the actor's to see.
    """
    if kind == "claim-line":
        return Thread(kind, id_, "back", await _back_from_line(actor, id_))
    if kind == "request":
        return Thread(kind, id_, "forward", await _forward_from_request(actor, id_))
    raise NotFound(
        n_("Threads start at a claim line or at a request, not at {kind}."), {"kind": kind}
    )


async def _rows(sql: str, *args: object) -> list[Row]:
    async with connection() as c:
        return [dict(row) for row in await c.fetch(sql, *args)]


async def _back_from_line(actor: Actor, line_id: UUID) -> list[Stage]:
    found = await _rows(
        """
        SELECT l.*, c.number, c.state AS claim_state, c.total_amount, c.drafted_at, c.contract,
               c."group", k.buyer, k.provider_org, k.number AS contract_number
          FROM claim_line l JOIN claim c ON c.id = l.claim JOIN contract k ON k.id = c.contract
         WHERE l.id = $1 AND (k.buyer = $2 OR k.provider_org = $2)
        """,
        line_id,
        actor.org_id,
    )
    if not found:
        raise NotFound(n_("There is no claim line {id}."), {"id": line_id})
    line = found[0]
    stages = [
        Stage(n_("Payment"), await _payments([line["contract"]], line["drafted_at"])),
        Stage(
            n_("Claim"),
            [
                Step(
                    "claim-line",
                    line["id"],
                    "{trace}",
                    {"trace": line["trace"]},
                    url=f"/claims/{line['claim']}",
                    amount=line["line_amount"],
                ),
                Step(
                    "claim",
                    line["claim"],
                    n_("Claim {number} under {contract}"),
                    {"number": line["number"], "contract": line["contract_number"]},
                    at=line["drafted_at"],
                    url=f"/claims/{line['claim']}",
                    state=line["claim_state"],
                    amount=line["total_amount"],
                ),
            ],
        ),
    ]
    if line["outcome"]:
        stages.append(Stage(n_("Outcome"), await _outcomes("o.id = $1", line["outcome"])))
    participants = await _participants(line)
    if participants:
        stages.append(Stage(n_("Delivery"), participants))
    stages += await _contract_back(actor, line["contract"], line["clause"])
    if actor.is_buyer:
        stages.append(Stage(n_("Requests"), await _requests_of_line(actor, line)))
    return [stage for stage in stages if stage.steps]


async def _payments(contracts: list[UUID], since: datetime) -> list[Step]:
    return [
        Step(
            "payment",
            row["id"],
            n_("{reference} to {iban}"),
            {"reference": row["end_to_end_id"], "iban": row["iban"]},
            on=row["pay_on"],
            url=f"/payment-runs/{row['run']}",
            state=row["state"],
            amount=row["payment_amount"],
        )
        for row in await _rows(
            """
            SELECT p.*, r.pay_on, r.state FROM payment p JOIN payment_run r ON r.id = p.run
             WHERE p.contract = ANY($1) AND r.prepared_at >= $2 ORDER BY r.prepared_at
            """,
            contracts,
            since,
        )
    ]


async def _outcomes(where: str, *args: object) -> list[Step]:
    steps = []
    for row in await _rows(
        f"""
        SELECT o.*, d.code, d.version, d.name_en, p."group" FROM outcome o
          JOIN outcome_definition d ON d.id = o.definition
          JOIN participant p ON p.id = o.participant
         WHERE {where} ORDER BY o.outcome_on
        """,  # noqa: S608 - a constant of this module
        *args,
    ):
        steps.append(
            Step(
                "outcome",
                row["id"],
                n_("{name} (definition {code}, version {version})"),
                {"name": row["name_en"], "code": row["code"], "version": row["version"]},
                on=row["outcome_on"],
                url=f"/groups/{row['group']}",
                state=row["state"],
            )
        )
        steps += [
            Step(
                "evidence",
                said["id"],
                "{source}: {note}",
                {"source": said["source"], "note": said["note"]},
                at=said["received_at"],
            )
            for said in await _rows(
                "SELECT * FROM evidence WHERE outcome = $1 ORDER BY received_at", row["id"]
            )
        ]
    return steps


async def _participants(line: Row) -> list[Step]:
    steps = [
        _participant_step(row)
        for row in await _rows(
            """
            SELECT p.*, (SELECT count(*) FROM attendance a WHERE a.participant = p.id
                          AND a.mark = 'present') AS present
              FROM participant p WHERE p.id = $1
            """,
            line["participant"],
        )
    ]
    return steps + [
        _group_step(row)
        for row in await _rows(
            """
            SELECT g.*, v.place FROM service_group g JOIN venue v ON v.id = g.venue WHERE g.id = $1
            """,
            line["group"],
        )
    ]


def _participant_step(row: Row) -> Step:
    return Step(
        "participant",
        row["id"],
        n_("Participant {client}, risk band {band}, {present} days present"),
        {"client": row["client_ref"], "band": row["risk_band"], "present": row["present"]},
        on=row["joins_on"],
        url=f"/groups/{row['group']}",
        state=row["state"],
    )


def _group_step(row: Row) -> Step:
    return Step(
        "group",
        row["id"],
        n_("Group {code} in {place}"),
        {"code": row["code"], "place": row["place"]},
        on=row["starts_on"],
        url=f"/groups/{row['id']}",
        state=row["state"],
    )


async def _contract_back(actor: Actor, contract_id: UUID, clause_id: UUID | None) -> list[Stage]:
    """Walk from a contract to its award, bid, criteria and tender; then the same for its parent."""
    rows = await _rows("SELECT * FROM contract WHERE id = $1", contract_id)
    if not rows:
        return []
    contract = rows[0]
    steps = [_contract_step(contract)]
    if clause_id:
        steps[:0] = [
            Step(
                "clause",
                row["id"],
                n_("Clause {number}: {title}"),
                {"number": row["number"], "title": row["title"]},
                url=f"/contracts/{contract_id}#clause-{row['number']}",
            )
            for row in await _rows("SELECT * FROM clause WHERE id = $1", clause_id)
        ]
    stages = [Stage(n_("Contract"), steps)]
    stages += await _award_back(actor, contract["award_supplier"])
    if contract["parent"]:
        parent = await _contract_back(actor, contract["parent"], None)
        stages += [msgspec.structs.replace(stage, name=FRAMEWORK[stage.name]) for stage in parent]
    return stages


FRAMEWORK = {
    "Contract": n_("Framework agreement"),
    "Award": n_("Award of the framework"),
    "Bid": n_("Bid for the framework"),
    "Tender": n_("Tender of the framework"),
    "Demand": n_("Demand behind the framework"),
}


def _contract_step(row: Row) -> Step:
    return Step(
        "contract",
        row["id"],
        n_("{number}: {title}"),
        {"number": row["number"], "title": row["title"]},
        at=row["signed_at"] or row["drafted_at"],
        url=f"/contracts/{row['id']}",
        state=row["state"],
        amount=row["ceiling_amount"],
    )


async def _award_back(actor: Actor, supplier_id: UUID | None) -> list[Stage]:
    rows = await _rows(
        """
        SELECT s.rank, s.total, a.id AS award_id, a.decided_at, a.state AS award_state,
               b.id AS bid_id, b.version, b.content, b.received_at, b.state AS bid_state,
               o.name AS provider, t.id AS tender_id, t.reference, t.title, t.rule_set,
               t.published_at, t.state AS tender_state, t.basis, l.id AS lot_id, l.code AS lot_code,
               l.value_amount
          FROM award_supplier s JOIN award a ON a.id = s.award JOIN bid b ON b.id = s.bid
          JOIN organisation o ON o.id = s.provider_org JOIN lot l ON l.id = a.lot
          JOIN tender t ON t.id = l.tender
         WHERE s.id = $1
        """,
        supplier_id,
    )
    if not rows:
        return []
    row = rows[0]
    content = msgspec.json.decode(row["content"]) if row["content"] else {}
    promises = ", ".join(
        f"{family} {Decimal(str(rate)):.0%}"
        for family, rate in sorted(content.get("promised_rates", {}).items())
    )
    tender_url = f"/tenders/{row['tender_id']}"
    bid = Step(
        "bid",
        row["bid_id"],
        n_("{provider}, version {version}: {price} per unit; promised: {promises}"),
        {
            "provider": row["provider"],
            "version": row["version"],
            "price": content.get("unit_price", "–"),
            "promises": promises or "–",
        },
        at=row["received_at"],
        url=f"{tender_url}/bids" if actor.is_buyer else f"{tender_url}/bid",
        state=row["bid_state"],
    )
    award = Step(
        "award",
        row["award_id"],
        n_("Rank {rank} with {total} points in lot {lot}"),
        {"rank": row["rank"], "total": str(row["total"]), "lot": row["lot_code"]},
        at=row["decided_at"],
        url=f"/awards/{row['award_id']}",
        state=row["award_state"],
    )
    tender = Step(
        "tender",
        row["tender_id"],
        n_("{reference}: {title}, rules of {rules}"),
        {"reference": row["reference"], "title": row["title"], "rules": row["rule_set"]},
        at=row["published_at"],
        url=tender_url,
        state=row["tender_state"],
    )
    stages = [
        Stage(n_("Award"), [award]),
        Stage(n_("Bid"), [bid]),
        Stage(n_("Tender"), [*await _criteria(row["tender_id"], tender_url), tender]),
    ]
    if row["basis"] and actor.is_buyer:
        stages.append(Stage(n_("Demand"), await _basis(row["basis"])))
    return stages


async def _criteria(tender_id: UUID, url: str) -> list[Step]:
    return [
        Step(
            "criterion",
            row["id"],
            n_("Criterion {code}: {name}, weight {weight}"),
            {"code": row["code"], "name": row["name"], "weight": f"{row['weight'].normalize():f}"},
            url=f"{url}#criterion-{row['code']}",
        )
        for row in await _rows(
            "SELECT * FROM criterion WHERE tender = $1 ORDER BY position", tender_id
        )
    ]


async def _basis(basis_id: UUID) -> list[Step]:
    return [
        Step(
            "basis",
            row["id"],
            n_("{name}: {requests} requests, {grouped} of them in groups"),
            {"name": row["name"], "requests": row["requests"], "grouped": row["grouped"]},
            at=row["made_at"],
            url=f"/demand/{row['id']}",
        )
        for row in await _rows(
            """
            SELECT b.*, (SELECT count(*) FROM basis_request r WHERE r.basis = b.id) AS requests,
                   (SELECT count(*) FROM basis_request r
                     WHERE r.basis = b.id AND r.verdict = 'grouped') AS grouped
              FROM basis b WHERE b.id = $1
            """,
            basis_id,
        )
    ]


async def _requests_of_line(actor: Actor, line: Row) -> list[Step]:
    """Return the participant's request, or those of the whole group for a line of the group."""
    return [
        _request_step(row)
        for row in await _rows(
            """
            SELECT r.* FROM participant p JOIN request r ON r.id = p.request
             WHERE p."group" = $1 AND ($2::uuid IS NULL OR p.id = $2) AND r.buyer = $3
             ORDER BY r.reference
            """,
            line["group"],
            line["participant"],
            actor.org_id,
        )
    ]


def _request_step(row: Row) -> Step:
    return Step(
        "request",
        row["id"],
        n_("Request {reference} of {caseworker}: {service} in {county}, language {language}"),
        {
            "reference": row["reference"],
            "caseworker": row["caseworker_ref"],
            "service": row["service_code"],
            "county": row["county"],
            "language": row["language"],
        },
        on=row["created_on"],
        url=f"/requests/{row['id']}",
        state=row["state"],
    )


async def _forward_from_request(actor: Actor, request_id: UUID) -> list[Stage]:
    rows = await _rows(
        "SELECT * FROM request WHERE id = $1 AND buyer = $2", request_id, actor.org_id
    )
    if not rows:
        raise NotFound(n_("There is no request {id}."), {"id": request_id})
    request = rows[0]
    stages = [Stage(n_("Request"), [_request_step(request)])]
    stages.append(Stage(n_("Demand"), await _verdicts(request_id)))
    stages.append(Stage(n_("Tender"), await _tenders_of_request(request_id)))
    participants = await _rows(
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
        for row in await _rows(
            """
            SELECT r.*, b.name, b.made_at FROM basis_request r JOIN basis b ON b.id = r.basis
             WHERE r.request = $1 ORDER BY b.made_at
            """,
            request_id,
        )
    ]


async def _tenders_of_request(request_id: UUID) -> list[Step]:
    return [
        Step(
            "tender",
            row["id"],
            n_("{reference}: {title}"),
            {"reference": row["reference"], "title": row["title"]},
            at=row["published_at"],
            url=f"/tenders/{row['id']}",
            state=row["state"],
        )
        for row in await _rows(
            """
            SELECT DISTINCT t.* FROM tender t JOIN basis_request r ON r.basis = t.basis
             WHERE r.request = $1 AND r.verdict = 'grouped' AND t.published_at IS NOT NULL
             ORDER BY t.published_at
            """,
            request_id,
        )
    ]


async def _forward_from_participant(row: Row) -> list[Stage]:
    groups = await _rows(
        """
        SELECT g.*, v.place FROM service_group g JOIN venue v ON v.id = g.venue WHERE g.id = $1
        """,
        row["group"],
    )
    contracts = await _rows(
        "SELECT * FROM contract WHERE id = ANY($1)", [group["contract"] for group in groups]
    )
    lines = await _rows(
        """
        SELECT l.*, c.number, c.state AS claim_state, c.drafted_at FROM claim_line l
          JOIN claim c ON c.id = l.claim WHERE l.participant = $1 ORDER BY c.number, l.position
        """,
        row["id"],
    )
    first: datetime | None = min((line["drafted_at"] for line in lines), default=None)
    return [
        Stage(n_("Contract"), [_contract_step(contract) for contract in contracts]),
        Stage(n_("Delivery"), [*map(_group_step, groups), _participant_step(row)]),
        Stage(n_("Outcome"), await _outcomes("o.participant = $1", row["id"])),
        Stage(n_("Claim"), [_line_step(line) for line in lines]),
        Stage(
            n_("Payment"),
            await _payments([contract["id"] for contract in contracts], first)
            if isinstance(first, datetime)
            else [],
        ),
    ]


def _line_step(line: Row) -> Step:
    return Step(
        "claim-line",
        line["id"],
        n_("Claim {number}: {trace}"),
        {"number": line["number"], "trace": line["trace"]},
        at=line["drafted_at"],
        url=f"/thread/claim-line/{line['id']}",
        state=line["claim_state"],
        amount=line["line_amount"],
    )
