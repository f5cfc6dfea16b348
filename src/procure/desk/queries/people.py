"""An administrator's panels: who is here in which role, who is expected, whose role ends."""

from procure.desk.queries.panels import Screen, number_of
from procure.desk.queries.steps import rows_of
from procure.desk.schemas import Panel, Row, Tile
from procure.kernel.actors import Actor
from procure.kernel.texts import n_

LISTED = 12


async def people(actor: Actor) -> Screen:
    """Put together what an administrator looks after, of the own organisation alone."""
    open_accounts = await number_of(
        """SELECT count(DISTINCT m.person) FROM membership m JOIN person p ON p.id = m.person
            WHERE m.org = $1 AND p.is_active AND m.from_on <= current_date
              AND (m.until_on IS NULL OR m.until_on > current_date)""",
        actor.org_id,
    )
    expected = await _expected(actor)
    absent = await _never_here(actor)
    tiles = [
        Tile(n_("People with an account in this organisation"), str(open_accounts), "/people"),
        Tile(n_("Invitations that nobody has accepted yet"), str(len(expected.rows)), "/people"),
        Tile(n_("People who have not signed in yet"), str(len(absent.rows)), "/people"),
    ]
    return tiles, [await _by_role(actor), expected, absent, await _ends(actor)]


async def _by_role(actor: Actor) -> Panel:
    rows = await rows_of(
        """SELECT m.role, count(DISTINCT p.id) AS people,
                  string_agg(DISTINCT p.name, ', ' ORDER BY p.name) AS names
             FROM membership m JOIN person p ON p.id = m.person
            WHERE m.org = $1 AND p.is_active AND m.from_on <= current_date
              AND (m.until_on IS NULL OR m.until_on > current_date)
            GROUP BY m.role ORDER BY m.role""",
        actor.org_id,
    )
    return Panel(
        n_("Accounts by role"),
        [
            Row(
                title=row["role"],
                url="/people",
                note=n_("{number}: {names}"),
                values={"number": row["people"], "names": row["names"][:200]},
            )
            for row in rows
        ],
        n_("Nobody holds a role. Invite people under People."),
    )


async def _expected(actor: Actor) -> Panel:
    rows = await rows_of(
        """SELECT i.name, i.email, i.expires_at, o.name AS organisation
             FROM account_link i JOIN organisation o ON o.id = i.org
            WHERE (i.org = $1 OR i.invited_org = $1) AND i.used_at IS NULL AND i.ended_at IS NULL
              AND i.roles <> '{}' AND i.expires_at > clock_timestamp() - interval '30 days'
            ORDER BY i.expires_at""",
        actor.org_id,
    )
    return Panel(
        n_("Invited, and not here yet"),
        [
            Row(
                title=row["name"],
                url="/people#waiting",
                note=n_("{email}, {organisation}; the link is good until"),
                values={"email": row["email"], "organisation": row["organisation"]},
                at=row["expires_at"],
            )
            for row in rows
        ],
        n_("Every invitation was accepted or withdrawn."),
    )


async def _never_here(actor: Actor) -> Panel:
    rows = await rows_of(
        """SELECT p.id, p.name, p.email, min(m.from_on) AS since
             FROM person p JOIN membership m ON m.person = p.id
            WHERE m.org = $1 AND p.is_active AND (m.until_on IS NULL OR m.until_on > current_date)
              AND NOT EXISTS (SELECT FROM session s WHERE s.person = p.id)
              AND NOT EXISTS (SELECT FROM api_token t WHERE t.person = p.id)
            GROUP BY p.id ORDER BY since, p.name""",
        actor.org_id,
    )
    return Panel(
        n_("Have an account and have not signed in"),
        [
            Row(
                title=row["name"],
                url=f"/people/{row['id']}",
                note=n_("{email}, since"),
                values={"email": row["email"]},
                on=row["since"],
            )
            for row in rows
        ],
        n_("Everybody has signed in."),
    )


async def _ends(actor: Actor) -> Panel:
    rows = await rows_of(
        """SELECT p.id, p.name, m.role, m.until_on
             FROM membership m JOIN person p ON p.id = m.person
            WHERE m.org = $1 AND m.until_on > current_date - 30
            ORDER BY m.until_on DESC, p.name LIMIT $2""",
        actor.org_id,
        LISTED,
    )
    return Panel(
        n_("Roles that have ended lately, or will"),
        [
            Row(
                title=row["name"],
                url=f"/people/{row['id']}",
                note="{role}",
                values={"role": row["role"]},
                on=row["until_on"],
            )
            for row in rows
        ],
        n_("No role ends, and none has ended in the last 30 days."),
    )
