"""What every service of evaluation begins with: who may, which rows are held, which task follows.

Locks: the tender first, then the lot's panel as a whole, in order of appointment.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.db import connection
from procure.evaluation import queries
from procure.evaluation.schemas import LotHead, MemberView
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import after_working_days, legal_day
from procure.parameters import holidays
from procure.tasks import service as tasks
from procure.tenders import service as tenders
from procure.tenders.states import LotState, TenderState

SHORTEST_TEXT = 10

# The house's own periods, in working days; no law sets them.
DECLARE_DAYS = 3
SCORE_DAYS = 10
DECIDE_DAYS = 2


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """A duty about a lot."""

    kind: str
    role: Role
    text: str  # marked with n_; {lot} and {reference} are filled in
    days: int  # working days, from today
    link: str = ""  # the lot's evaluation unless said otherwise
    person_id: UUID | None = None


async def hold_lot(actor: Actor, lot_id: UUID, permission: Permission) -> LotHead:
    """Lock the tender of a lot that is not decided yet, for someone of the buyer who may do this.

    Raises NotFound and Forbidden as `lot_for`, Conflict for a lot that is decided.
    """
    before = await queries.lot_for(actor, lot_id)
    await tenders.hold_tender(before.tender_id)
    head = await queries.lot_for(actor, lot_id)
    if not actor.may(permission, for_org=head.buyer_id):
        raise Forbidden(n_("Only the authority that buys may do this, in the role for it."))
    require_undecided(head)
    return head


async def hold_own_place(actor: Actor, lot_id: UUID) -> tuple[LotHead, MemberView]:
    """Lock the panel of a lot that is not decided yet, and return the actor's place on it.

    Raises NotFound for who is not on it, Conflict for a lot that is decided.
    """
    await queries.admitted(actor, lot_id)
    own = queries.own_member(actor, await hold_panel(lot_id))
    head, _ = await queries.admitted(actor, lot_id)
    if own is None or own.released_at is not None:
        raise queries.no_lot(lot_id)
    require_undecided(head)
    return head, own


async def hold_panel(lot_id: UUID) -> list[MemberView]:
    """Lock everyone on a lot's panel, in order of appointment."""
    async with connection() as c:
        await c.execute(
            "SELECT id FROM panel_member WHERE lot = $1 ORDER BY id FOR NO KEY UPDATE", lot_id
        )
    return await queries.members(lot_id)


def require_undecided(head: LotHead) -> None:
    """Raise Conflict for a lot that is awarded or has ended."""
    if head.lot_state != LotState.OPEN:
        raise Conflict(
            n_("Lot {code} is {state}."), {"code": head.lot_code, "state": head.lot_state}
        )


def require_opened(head: LotHead) -> None:
    """Raise Conflict while bids are sealed, and once the tender has ended."""
    if head.tender_state not in (TenderState.OPENED, TenderState.EVALUATED):
        raise Conflict(n_("The bids of {reference} are not opened."), {"reference": head.reference})


def in_days(days: int, now: datetime) -> date:
    """Return the last day of the house's own period."""
    return after_working_days(legal_day(now), days, holidays())


def names(head: LotHead) -> Mapping[str, str]:
    """Return what fills the texts of tasks."""
    return {"lot": head.lot_code, "reference": head.reference}


async def make_task(head: LotHead, task: NewTask, now: datetime) -> None:
    """Make a duty about a lot for the buyer."""
    await tasks.create(
        task.kind,
        head.lot_id,
        org_id=head.buyer_id,
        role=task.role,
        person_id=task.person_id,
        text=task.text,
        values=names(head),
        link=task.link or f"/lots/{head.lot_id}/evaluation",
        clause="RHS § 117",
        due_on=in_days(task.days, now),
        now=now,
    )


async def tell_who_ranks(head: LotHead, now: datetime) -> None:
    """Make the coordinator's task once everyone who scores has handed in."""
    if queries.has_handed_in(await queries.members(head.lot_id)):
        task = NewTask(
            kind="panel:rank",
            role=Role.COORDINATOR,
            text=n_("Every evaluator has handed in: rank lot {lot} of {reference}."),
            days=DECIDE_DAYS,
        )
        await make_task(head, task, now)


def too_short(field: str) -> Finding:
    """Say that a text is too short to tell why."""
    return Finding(
        "too-short",
        n_("Say it in at least {least} characters."),
        {"least": SHORTEST_TEXT},
        "RHS 117",
        field,
    )
