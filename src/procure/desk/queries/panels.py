"""Panels that several first screens share."""

from datetime import datetime, timedelta
from decimal import Decimal

from procure.contracts import queries as contract_queries
from procure.contracts.states import ContractState
from procure.db import connection
from procure.desk.queries.steps import rows_of
from procure.desk.schemas import Panel, Row, Tile
from procure.kernel.actors import Actor
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

Screen = tuple[list[Tile], list[Panel]]


async def number_of(sql: str, *args: object) -> int:
    """Read one number; none counts as 0."""
    async with connection() as c:
        return int(await c.fetchval(sql, *args) or 0)


async def groups(actor: Actor, now: datetime) -> Panel:
    """List the groups of the actor's organisation, with the last week's attendance."""
    week = legal_day(now) - timedelta(days=7)
    rows = await rows_of(
        """
        SELECT g.id, g.code, g.state, g.starts_on, v.place,
               count(a.*) FILTER (WHERE a.mark = 'present') AS present, count(a.*) AS marked
          FROM service_group g JOIN contract k ON k.id = g.contract JOIN venue v ON v.id = g.venue
          LEFT JOIN training_day d ON d."group" = g.id AND d.held_on > $2 AND d.held_on <= $3
          LEFT JOIN attendance a ON a.day = d.id
         WHERE k.buyer = $1 OR k.provider_org = $1
         GROUP BY g.id, g.code, g.state, g.starts_on, v.place
         ORDER BY g.state = 'completed', g.starts_on DESC LIMIT 10
        """,
        actor.org_id,
        week,
        legal_day(now),
    )
    return Panel(
        n_("Groups"),
        [
            Row(
                title=f"{row['code']} · {row['place']}",
                url=f"/groups/{row['id']}",
                state=row["state"],
                note=n_("{present} of {marked} places present in the last seven days")
                if row["marked"]
                else "",
                values={"present": row["present"], "marked": row["marked"]},
                on=row["starts_on"],
                share=Decimal(row["present"]) / row["marked"] if row["marked"] else None,
            )
            for row in rows
        ],
        n_("No group is planned. Groups are planned under a signed call-off."),
        "/groups",
        n_("All groups"),
    )


async def contracts(actor: Actor) -> Panel:
    """List the contracts of the actor's organisation, with what is spent."""
    lines = sorted(
        await contract_queries.list_contracts(actor),
        key=lambda line: line.state == ContractState.ENDED,
    )[:10]
    return Panel(
        n_("Contracts"),
        [
            Row(
                title=f"{line.number} {line.title}",
                url=f"/contracts/{line.id}",
                state=line.state,
                note=n_("{provider}: spent {spent_amount} of {ceiling_amount}"),
                values={
                    "provider": line.provider_name,
                    "spent_amount": line.money.spent_amount,
                    "ceiling_amount": line.money.ceiling_amount,
                },
                share=line.money.spent_amount / line.money.ceiling_amount
                if line.money.ceiling_amount
                else None,
            )
            for line in lines
        ],
        n_("There is no contract yet. Contracts are drafted from an award."),
        "/contracts",
        n_("All contracts"),
    )


async def claims(actor: Actor) -> Panel:
    """List the claims of the actor's organisation, those that wait first."""
    rows = await rows_of(
        """
        SELECT c.*, k.number AS contract_number, g.code
          FROM claim c JOIN contract k ON k.id = c.contract JOIN service_group g ON g.id = c."group"
         WHERE k.buyer = $1 OR k.provider_org = $1
         ORDER BY c.state IN ('posted', 'paid'), c.drafted_at DESC LIMIT 10
        """,
        actor.org_id,
    )
    return Panel(
        n_("Claims"),
        [
            Row(
                title=f"{row['contract_number']} · {row['code']} · {row['number']}",
                url=f"/claims/{row['id']}",
                state=row["state"],
                machine="claim",
                note=n_("{total_amount}: {reason}") if row["reason"] else "{total_amount}",
                values={"total_amount": row["total_amount"], "reason": row["reason"]},
                at=row["drafted_at"],
            )
            for row in rows
        ],
        n_("There is no claim. The system drafts one from attendance, plans and outcomes."),
        "/claims",
        n_("All claims"),
    )


async def results(actor: Actor) -> Panel:
    """List the newest letters that tell the actor's organisation what came of its bids."""
    rows = await rows_of(
        """
        SELECT x.award, x.kind, x.sent_at, t.reference, l.code, l.title FROM letter x
          JOIN lot l ON l.id = x.lot JOIN tender t ON t.id = l.tender
         WHERE x.provider_org = $1 ORDER BY x.sent_at DESC, x.id DESC LIMIT 5
        """,
        actor.org_id,
    )
    words = {"winner": ("won", "result"), "annulled": ("annulled", ""), "no-award": ("ended", "")}
    return Panel(
        n_("Results of my bids"),
        [
            Row(
                title=f"{row['reference']} {row['code']} {row['title']}",
                url=f"/awards/{row['award']}" if row["award"] else "/awards",
                state=words.get(row["kind"], ("lost", "result"))[0],
                machine=words.get(row["kind"], ("lost", "result"))[1],
                at=row["sent_at"],
            )
            for row in rows
        ],
        n_("No result yet. Once a lot that you bid for is decided, it is here."),
        "/awards",
        n_("All results"),
    )


async def public_screen(now: datetime) -> Screen:
    """Show everyone what is open, what was awarded, and what was contracted."""
    open_tenders = [
        Row(
            title=f"{row['reference']} {row['title']}",
            url=f"/tenders/{row['id']}",
            state=row["state"],
            machine="tender",
            note=n_("Tenders are received until {deadline}."),
            values={"deadline": row["deadline_at"]},
        )
        for row in await rows_of(
            "SELECT * FROM tender WHERE state = 'published' AND deadline_at > $1 "
            "ORDER BY deadline_at LIMIT 20",
            now,
        )
    ]
    awards = [
        Row(
            title=f"{row['reference']} {row['code']} {row['title']}",
            url=f"/awards/{row['id']}/notice",
            state=row["state"],
            note="{suppliers}",
            values={"suppliers": row["suppliers"]},
            at=row["decided_at"],
        )
        for row in await rows_of(
            """
            SELECT a.id, t.reference, l.code, l.title, a.state, a.decided_at,
                   string_agg(o.name, ', ' ORDER BY s.rank) AS suppliers
              FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
              JOIN award_supplier s ON s.award = a.id JOIN organisation o ON o.id = s.provider_org
             WHERE a.state <> 'annulled'
             GROUP BY a.id, t.reference, l.code, l.title
             ORDER BY a.decided_at DESC LIMIT 10
            """
        )
    ]
    return [], [
        Panel(
            n_("Open tenders"),
            open_tenders,
            n_("No tender is open at the moment."),
            "/tenders",
            n_("All tenders"),
        ),
        Panel(n_("Latest awards"), awards, n_("Nothing has been awarded yet.")),
    ]
