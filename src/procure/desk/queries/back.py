"""The thread back: from a payment line or an award to the bid's promise and the request."""

from uuid import UUID

import msgspec

from procure.desk.queries.steps import (
    Row,
    basis_steps,
    contract_step,
    criterion_steps,
    group_step,
    outcome_steps,
    participant_step,
    payment_steps,
    request_step,
    rows_of,
    traced,
)
from procure.desk.schemas import Stage, Step
from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import names
from procure.web.languages import language, share


async def from_line(actor: Actor, line_id: UUID) -> list[Stage]:
    """Go back from a claim line to the request and the bid; NotFound if it is not to be seen."""
    found = await rows_of(
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
        Stage(n_("Payment"), await payment_steps([line["contract"]], line["drafted_at"])),
        Stage(
            n_("Claim"),
            [
                Step(
                    "claim-line",
                    line["id"],
                    *traced(line["trace"]),
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
        stages.append(Stage(n_("Outcome"), await outcome_steps("o.id = $1", line["outcome"])))
    participants = await _participants(line)
    if participants:
        stages.append(Stage(n_("Delivery"), participants))
    stages += await _contract_back(actor, line["contract"], line["clause"])
    if actor.is_buyer:
        stages.append(Stage(n_("Requests"), await _requests_of_line(actor, line)))
    return [stage for stage in stages if stage.steps]


async def _participants(line: Row) -> list[Step]:
    steps = [
        participant_step(row)
        for row in await rows_of(
            """
            SELECT p.*, (SELECT count(*) FROM attendance a WHERE a.participant = p.id
                          AND a.mark = 'present') AS present
              FROM participant p WHERE p.id = $1
            """,
            line["participant"],
        )
    ]
    return steps + [
        group_step(row)
        for row in await rows_of(
            """
            SELECT g.*, v.place FROM service_group g JOIN venue v ON v.id = g.venue WHERE g.id = $1
            """,
            line["group"],
        )
    ]


async def _requests_of_line(actor: Actor, line: Row) -> list[Step]:
    """Return the participant's request, or those of the whole group for a line of the group."""
    return [
        request_step(row)
        for row in await rows_of(
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


async def from_contract(actor: Actor, contract_id: UUID) -> list[Stage]:
    """Tell of a contract: what was paid and claimed under it, its groups, and where it came from.

    NotFound if it is not to be seen.
    """
    rows = await rows_of(
        "SELECT * FROM contract WHERE id = $1 AND (buyer = $2 OR provider_org = $2)",
        contract_id,
        actor.org_id,
    )
    if not rows:
        raise NotFound(n_("There is no contract {id}."), {"id": contract_id})
    claims = [
        Step(
            "claim",
            row["id"],
            n_("Claim {number} under {contract}"),
            {"number": row["number"], "contract": rows[0]["number"]},
            at=row["drafted_at"],
            url=f"/claims/{row['id']}",
            state=row["state"],
            amount=row["total_amount"],
        )
        for row in await rows_of(
            "SELECT * FROM claim WHERE contract = $1 ORDER BY number", contract_id
        )
    ]
    groups = [
        group_step(row)
        for row in await rows_of(
            """SELECT g.*, v.place FROM service_group g JOIN venue v ON v.id = g.venue
                WHERE g.contract = $1 ORDER BY g.starts_on""",
            contract_id,
        )
    ]
    stages = [
        Stage(n_("Payment"), await payment_steps([contract_id], rows[0]["drafted_at"])),
        Stage(n_("Claim"), claims),
        Stage(n_("Delivery"), groups),
        *await _contract_back(actor, contract_id, None),
    ]
    return [stage for stage in stages if stage.steps]


async def from_award(actor: Actor, award_id: UUID) -> list[Stage]:
    """Go back from an award to the demand; NotFound if it is not to be seen."""
    suppliers = await rows_of(
        """
        SELECT s.id FROM award_supplier s JOIN award a ON a.id = s.award
          JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
         WHERE a.id = $1 AND (t.buyer = $2 OR s.provider_org = $2) ORDER BY s.rank
        """,
        award_id,
        actor.org_id,
    )
    if not suppliers:
        raise NotFound(n_("There is no award {id}."), {"id": award_id})
    stages = [await _award_back(actor, supplier["id"]) for supplier in suppliers]
    first = stages[0]
    for others in stages[1:]:  # one tender, several winners: their awards and bids side by side
        for mine, other in zip(first, others, strict=False):
            if mine.name in {"Award", "Bid"}:
                mine.steps.extend(other.steps)
    return first


async def _contract_back(actor: Actor, contract_id: UUID, clause_id: UUID | None) -> list[Stage]:
    """Walk from a contract to its award, bid, criteria and tender; then the same for its parent."""
    rows = await rows_of("SELECT * FROM contract WHERE id = $1", contract_id)
    if not rows:
        return []
    contract = rows[0]
    steps = [contract_step(contract)]
    if clause_id:
        steps[:0] = [
            Step(
                "clause",
                row["id"],
                n_("Clause {number}: {title}"),
                {
                    "number": row["number"],
                    "title": row["title_et"] if language() == "et" else row["title"],
                },
                url=f"/contracts/{contract_id}#clause-{row['id']}",
            )
            for row in await rows_of("SELECT * FROM clause WHERE id = $1", clause_id)
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


async def _award_back(actor: Actor, supplier_id: UUID | None) -> list[Stage]:
    rows = await rows_of(
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
    families = names("outcome_families", language())
    promises = ", ".join(
        f"{families.get(family, family)} {share(rate)}"
        for family, rate in sorted(content.get("promised_rates", {}).items())
    )
    tender_url = f"/tenders/{row['tender_id']}"
    bid = Step(
        "bid",
        row["bid_id"],
        n_("{provider}, version {version}: {price_amount} per unit; promised: {promises}"),
        {
            "provider": row["provider"],
            "version": row["version"],
            "price_amount": content.get("unit_price", "–"),
            "promises": promises or "–",
        },
        at=row["received_at"],
        url=f"{tender_url}/bids" if actor.is_buyer else f"/bids/{row['bid_id']}",
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
        Stage(n_("Tender"), [*await criterion_steps(row["tender_id"], tender_url), tender]),
    ]
    if row["basis"] and actor.is_buyer:
        stages.append(Stage(n_("Demand"), await basis_steps(row["basis"])))
    return stages
