"""Who may look at a lot's evaluation, and how far its panel has come."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.evaluation.rules import MemberFacts
from procure.evaluation.schemas import LotHead, MemberView
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden, NotFound
from procure.kernel.texts import n_
from procure.tenders.states import TenderState

HEAD = """
    SELECT l.id AS lot_id, l.code AS lot_code, l.title AS lot_title, l.state AS lot_state,
           t.id AS tender_id, t.reference, t.title AS tender_title, t.state AS tender_state,
           t.buyer AS buyer_id, t.currency
      FROM lot l JOIN tender t ON t.id = l.tender
"""

_MEMBERS = """
    SELECT m.id, m.person AS person_id, p.name, m.appointed_at, m.declared_at, m.has_conflict,
           m.declaration, m.locked_at, m.released_at, m.released_reason
      FROM panel_member m JOIN person p ON p.id = m.person
     WHERE m.lot = $1 ORDER BY m.id
"""

OPENED = (TenderState.OPENED, TenderState.EVALUATED, TenderState.CONCLUDED)


def no_lot(lot_id: UUID) -> NotFound:
    """Say that there is no such lot, or none for this actor; the two look the same."""
    return NotFound(n_("There is no lot {id} to evaluate."), {"id": str(lot_id)})


async def head(lot_id: UUID) -> LotHead:
    """Load which lot of which tender; asks nobody's permission. Raises NotFound."""
    rows = await fetch_as(LotHead, f"{HEAD} WHERE l.id = $1", lot_id)
    if not rows:
        raise no_lot(lot_id)
    return rows[0]


async def members(lot_id: UUID) -> list[MemberView]:
    """List everyone ever put on a lot's panel, in the order of appointment."""
    return await fetch_as(MemberView, _MEMBERS, lot_id)


def scoring(panel: Sequence[MemberView]) -> list[MemberView]:
    """Return those of a panel who score: neither in conflict nor released."""
    return [m for m in panel if not m.has_conflict and m.released_at is None]


def has_handed_in(panel: Sequence[MemberView]) -> bool:
    """Tell whether everyone who scores has handed in."""
    left = scoring(panel)
    return bool(left) and all(member.locked_at is not None for member in left)


def member_facts(panel: Sequence[MemberView]) -> list[MemberFacts]:
    """Give the rules what they ask of a panel."""
    return [
        MemberFacts(
            name=member.name,
            has_declared=member.declared_at is not None,
            has_conflict=bool(member.has_conflict),
            has_locked=member.locked_at is not None,
        )
        for member in panel
        if member.released_at is None
    ]


async def admitted(actor: Actor, lot_id: UUID) -> tuple[LotHead, list[MemberView]]:
    """Load a lot and its panel for someone of the buyer who may look at its evaluation.

    Raises NotFound for another organisation, for who declared a conflict, and for an evaluator who
    is not on the panel.
    """
    found, panel = await head(lot_id), await members(lot_id)
    own = own_member(actor, panel)
    is_conflicted = any(m.person_id == actor.id and m.has_conflict for m in panel)
    is_assigned = own is not None and own.released_at is None
    if (
        not actor.may(Permission.EVALUATION_READ, for_org=found.buyer_id)
        or is_conflicted
        or not (is_assigned or sees_whole_lots(actor))
        or found.tender_state == TenderState.DRAFT
    ):
        raise no_lot(lot_id)
    return found, panel


def own_member(actor: Actor, panel: Sequence[MemberView]) -> MemberView | None:
    """Return the actor's own place on a panel."""
    return next((member for member in panel if member.person_id == actor.id), None)


def sees_whole_lots(actor: Actor) -> bool:
    """Tell whether the actor follows evaluations without being assigned: awards are theirs to read.

    An evaluator as such is not: that role sees assigned lots alone.
    """
    return actor.may(Permission.AWARD_READ)


async def lot_for(actor: Actor, lot_id: UUID) -> LotHead:
    """Load a lot whose evaluation the actor may read: prices, order, decisions.

    Raises NotFound as `admitted` does, and Forbidden to an evaluator who has not declared or is
    still scoring: a price seen is a price scored.
    """
    found, panel = await admitted(actor, lot_id)
    own = own_member(actor, panel)
    if own is not None and own.released_at is None:
        if own.declared_at is None:
            raise Forbidden(n_("First declare whether you have a conflict of interest."))
        if not has_handed_in(panel):
            raise Forbidden(n_("Prices and order are shown once everyone has handed in."))
    return found


class _Lot(msgspec.Struct):
    id: UUID


async def lots_without_panel(tender_id: UUID) -> list[UUID]:
    """List the open lots of a tender that have bids and nobody on their panel who may score."""
    rows = await fetch_as(
        _Lot,
        """SELECT l.id FROM lot l WHERE l.tender = $1 AND l.state = 'open'
              AND EXISTS (SELECT FROM bid b WHERE b.lot = l.id AND b.state = 'opened')
              AND NOT EXISTS (SELECT FROM panel_member m WHERE m.lot = l.id
                              AND m.released_at IS NULL AND m.has_conflict IS NOT TRUE)""",
        tender_id,
    )
    return [row.id for row in rows]
