"""The first screen of each role: what it must know at once, in one question a panel."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from procure.bids.states import BidState
from procure.desk.queries.panels import (
    Screen,
    claims,
    contracts,
    groups,
    number_of,
    public_screen,
    results,
)
from procure.desk.queries.people import people
from procure.desk.queries.steps import rows_of
from procure.desk.schemas import Panel, Row, Tile
from procure.kernel.actors import Actor, Role
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import names
from procure.tenders.states import LotState
from procure.web.languages import language


async def screen(actor: Actor, now: datetime) -> Screen:
    """Put together the panels of every role the actor holds, in the order of the flow."""
    tiles: list[Tile] = []
    panels: list[Panel] = []
    seen: set[str] = set()
    for role, of_role in SCREENS.items():
        if role not in actor.roles:
            continue
        more_tiles, more_panels = await of_role(actor, now)
        tiles += [tile for tile in more_tiles if tile.text not in {t.text for t in tiles}]
        panels += [panel for panel in more_panels if panel.title not in seen]
        seen |= {panel.title for panel in more_panels}
    return tiles, panels


async def _caseworker(actor: Actor, _: datetime) -> Screen:
    mine = await rows_of(
        """
        SELECT r.*, v.verdict, p."group", (SELECT count(*) FROM outcome o WHERE o.participant = p.id
               AND o.state <> 'rejected') AS outcomes
          FROM request r LEFT JOIN participant p ON p.request = r.id
          LEFT JOIN LATERAL (SELECT verdict FROM basis_request b JOIN basis ON basis.id = b.basis
                              WHERE b.request = r.id ORDER BY basis.made_at DESC LIMIT 1) v ON true
         WHERE r.buyer = $1 AND r.recorded_by = $2 ORDER BY r.recorded_at DESC, r.reference LIMIT 12
        """,
        actor.org_id,
        actor.id,
    )
    rows = [
        Row(
            title=f"{row['reference']} · {row['client_ref']}",
            url=f"/requests/{row['id']}",
            state=row["state"],
            note="{why}",
            values={"why": row["state_reason"] or ""},
            on=row["created_on"],
        )
        for row in mine
    ]
    waiting = await number_of(
        "SELECT count(*) FROM request WHERE buyer = $1 AND recorded_by = $2 AND state = 'recorded'",
        actor.org_id,
        actor.id,
    )
    return [Tile(n_("My requests that wait"), str(waiting), "/requests?state=recorded")], [
        Panel(
            n_("My requests"),
            rows,
            n_("You have recorded no request yet. It takes a minute."),
            "/requests/new",
            n_("New request"),
        )
    ]


async def _consultant(actor: Actor, now: datetime) -> Screen:
    counties = await rows_of(
        """
        SELECT county, language, count(*) AS n FROM request
         WHERE buyer = $1 AND state = 'recorded' GROUP BY county, language ORDER BY n DESC LIMIT 12
        """,
        actor.org_id,
    )
    most = max((row["n"] for row in counties), default=1)
    demand = Panel(
        n_("Open requests by place and language"),
        [
            Row(
                title=names("counties", language())[row["county"]],
                url=f"/requests?county={row['county']}&state=recorded",
                note=n_("{n} in {language}"),
                values={"n": row["n"], "language": row["language"]},
                share=Decimal(row["n"]) / Decimal(most),
            )
            for row in counties
        ],
        n_("No request waits. Requests come from caseworkers or from a file."),
        "/demand",
        n_("Analyse demand"),
    )
    return [], [demand, await groups(actor, now)]


async def _coordinator(actor: Actor, _: datetime) -> Screen:
    tenders = await rows_of(
        """
        SELECT * FROM tender WHERE buyer = $1
         ORDER BY state IN ('concluded', 'cancelled'), deadline_at DESC LIMIT 10
        """,
        actor.org_id,
    )
    panel = Panel(
        n_("Procedures"),
        [
            Row(
                title=f"{row['reference']} {row['title']}",
                url=f"/tenders/{row['id']}",
                state=row["state"],
                machine="tender",
                note=n_("Deadline {deadline}, rules of {rules}"),
                values={"deadline": row["deadline_at"], "rules": row["rule_set"]},
            )
            for row in tenders
        ],
        n_("There is no procedure yet. Make one from a demand analysis."),
        "/demand",
        n_("Analyse demand"),
    )
    money = await rows_of(
        """
        SELECT coalesce(sum(ceiling_amount) FILTER (WHERE kind <> 'framework'
                        AND state IN ('signed', 'running', 'ended')), 0) AS committed,
               coalesce(sum(ceiling_amount) FILTER (WHERE kind = 'framework'
                        AND state IN ('signed', 'running')), 0) AS room,
               coalesce(sum(spent_amount) FILTER (WHERE kind <> 'framework'), 0) AS spent
          FROM contract WHERE buyer = $1
        """,
        actor.org_id,
    )
    waiting = await number_of(
        "SELECT count(*) FROM request WHERE buyer = $1 AND state = 'recorded'", actor.org_id
    )
    return [
        Tile(n_("Requests that wait"), str(waiting), "/requests?state=recorded"),
        Tile(n_("Committed in call-offs, EUR"), str(money[0]["committed"]), "/contracts"),
        Tile(n_("Spent, EUR"), str(money[0]["spent"]), "/contracts"),
        Tile(n_("Ceilings of running frameworks, EUR"), str(money[0]["room"]), "/contracts"),
    ], [panel, await contracts(actor)]


async def _officer(actor: Actor, _: datetime) -> Screen:
    rows = await rows_of(
        """
        SELECT t.*, (SELECT count(*) FROM opening_share s WHERE s.tender = t.id) AS shares
          FROM tender t JOIN keyholder k ON k.tender = t.id
         WHERE k.person = $1 AND t.state IN ('published', 'closed', 'opened')
         ORDER BY t.state <> 'closed', t.deadline_at LIMIT 10
        """,
        actor.id,
    )
    return [], [
        Panel(
            n_("Tenders whose key I share"),
            [
                Row(
                    title=f"{row['reference']} {row['title']}",
                    url=f"/tenders/{row['id']}/opening",
                    state=row["state"],
                    machine="tender",
                    note=n_("{given} of {needed} shares given; deadline {deadline}"),
                    values={
                        "given": row["shares"],
                        "needed": row["opening_quorum_count"],
                        "deadline": row["deadline_at"],
                    },
                )
                for row in rows
            ],
            n_("You hold no share at the moment. Make your opening key to be able to."),
            "/opening-key",
            n_("My opening key"),
        )
    ]


async def _evaluator(actor: Actor, _: datetime) -> Screen:
    rows = await rows_of(
        """
        SELECT l.id, l.code, l.title, t.reference, m.declared_at, m.has_conflict, m.locked_at
          FROM panel_member m JOIN lot l ON l.id = m.lot JOIN tender t ON t.id = l.tender
         WHERE m.person = $1 ORDER BY m.locked_at IS NOT NULL, m.appointed_at DESC LIMIT 10
        """,
        actor.id,
    )
    notes = {
        (False, False): n_("Declare first whether you have a conflict of interest."),
        (True, False): n_("Your scores are open."),
        (True, True): n_("Your scores are handed in."),
    }
    return [], [
        Panel(
            n_("Lots I evaluate"),
            [
                Row(
                    title=f"{row['reference']} {row['code']} {row['title']}",
                    url=f"/lots/{row['id']}/evaluation",
                    note=n_("You declared a conflict: this lot is closed to you.")
                    if row["has_conflict"]
                    else notes[row["declared_at"] is not None, row["locked_at"] is not None],
                )
                for row in rows
            ],
            n_("No lot is assigned to you. The coordinator appoints the panel of each lot."),
        )
    ]


async def _manager(actor: Actor, now: datetime) -> Screen:
    return [], [await contracts(actor), await groups(actor, now), await claims(actor)]


async def _finance(actor: Actor, _: datetime) -> Screen:
    attest = await number_of(
        """
        SELECT count(*) FROM claim c JOIN contract k ON k.id = c.contract
         WHERE k.buyer = $1 AND c.state IN ('accepted', 'attested')
        """,
        actor.org_id,
    )
    owed = await rows_of(
        """
        SELECT coalesce(-sum(e.entry_amount), 0) AS owed FROM entry e
          JOIN ledger_transaction t ON t.id = e.transaction
         WHERE t.buyer = $1 AND e.account = 'provider-payable'
        """,
        actor.org_id,
    )
    runs = await rows_of(
        "SELECT * FROM payment_run WHERE buyer = $1 ORDER BY prepared_at DESC LIMIT 5", actor.org_id
    )
    return [
        Tile(n_("Claims to attest"), str(attest), "/claims", "warn" if attest else ""),
        Tile(n_("Owed to providers, EUR"), str(owed[0]["owed"]), "/ledger"),
    ], [
        await claims(actor),
        Panel(
            n_("Payment runs"),
            [
                Row(
                    title=row["message_id"],
                    url=f"/payment-runs/{row['id']}",
                    state=row["state"],
                    note="{total_amount}",
                    values={"total_amount": row["total_amount"]},
                    on=row["pay_on"],
                )
                for row in runs
            ],
            n_("No payment run yet. It pays what posted claims owe."),
            "/payment-runs",
            n_("Prepare a payment run"),
        ),
    ]


async def _auditor(actor: Actor, now: datetime) -> Screen:
    events = await number_of("SELECT count(*) FROM event WHERE org_id = $1", actor.org_id)
    _, panels = await _coordinator(actor, now)
    return [
        Tile(n_("Events in the chain of this organisation"), str(events), "/history"),
    ], [
        Panel(
            panel.title,
            panel.rows,
            n_("There is nothing to audit yet."),
            "/dossiers",
            n_("Dossiers"),
        )
        for panel in panels[:1]
    ]


async def _provider(actor: Actor, now: datetime) -> Screen:
    _, (open_tenders, _awards) = await public_screen(now)
    bids = await rows_of(
        """
        SELECT DISTINCT ON (b.lot) b.id, b.state, b.version, b.received_at, l.code, l.title,
               t.reference, l.state AS lot_state, a.id AS award, s.id AS won
          FROM bid b JOIN lot l ON l.id = b.lot JOIN tender t ON t.id = b.tender
          LEFT JOIN award a ON a.lot = l.id AND a.state <> 'annulled'
          LEFT JOIN award_supplier s ON s.award = a.id AND s.provider_org = b.provider_org
         WHERE b.provider_org = $1 ORDER BY b.lot, b.version DESC
        """,
        actor.org_id,
    )
    mine = Panel(
        n_("My bids"),
        [
            Row(
                title=f"{row['reference']} {row['code']} {row['title']}",
                url=_bid_url(row),
                state=_bid_state(row),
                machine="result" if row["award"] else "bid",
                note=n_("Version {version}"),
                values={"version": row["version"]},
                at=row["received_at"],
            )
            for row in sorted(bids, key=lambda row: row["received_at"], reverse=True)
        ],
        n_("You have submitted no bid yet."),
        "/tenders",
        n_("Open tenders"),
    )
    return [], [
        await results(actor),
        open_tenders,
        mine,
        await contracts(actor),
        await groups(actor, now),
        await claims(actor),
    ]


def _bid_state(row: Mapping[str, Any]) -> str:
    """Say how a bid stands: once its lot is decided, what came of it."""
    if row["state"] != BidState.OPENED:
        return str(row["state"])
    if row["award"]:
        return "won" if row["won"] else "lost"
    return str(row["lot_state"] if row["lot_state"] == LotState.UNSUCCESSFUL else row["state"])


def _bid_url(row: Mapping[str, Any]) -> str:
    if row["state"] == BidState.OPENED and row["award"]:
        return f"/awards/{row['award']}"
    return f"/bids/{row['id']}"


async def _facilitator(actor: Actor, now: datetime) -> Screen:
    today = await rows_of(
        """
        SELECT g.id, g.code, v.place, d.held_on, d.number FROM training_day d
          JOIN service_group g ON g.id = d."group" JOIN contract k ON k.id = g.contract
          JOIN venue v ON v.id = g.venue
         WHERE k.provider_org = $1 AND d.held_on <= $2 AND d.held_on > $3
           AND NOT EXISTS (SELECT FROM attendance a WHERE a.day = d.id)
         ORDER BY d.held_on DESC LIMIT 6
        """,
        actor.org_id,
        legal_day(now),
        legal_day(now) - timedelta(days=14),
    )
    return [], [
        Panel(
            n_("Attendance to enter"),
            [
                Row(
                    title=f"{row['code']} · {row['place']}",
                    url=f"/groups/{row['id']}/attendance/{row['held_on']}",
                    note=n_("Training day {number}"),
                    values={"number": row["number"]},
                    on=row["held_on"],
                )
                for row in today
            ],
            n_("The last two weeks are entered."),
            "/groups",
            n_("My groups"),
        ),
        await groups(actor, now),
        await claims(actor),
    ]


async def _admin(actor: Actor, _: datetime) -> Screen:
    return await people(actor)


SCREENS: dict[Role, Callable[[Actor, datetime], Awaitable[Screen]]] = {
    Role.CASEWORKER: _caseworker,
    Role.CONSULTANT: _consultant,
    Role.COORDINATOR: _coordinator,
    Role.OFFICER: _officer,
    Role.EVALUATOR: _evaluator,
    Role.CONTRACT_MANAGER: _manager,
    Role.FINANCE: _finance,
    Role.AUDITOR: _auditor,
    Role.ADMIN: _admin,
    Role.PROVIDER_MANAGER: _provider,
    Role.FACILITATOR: _facilitator,
}
