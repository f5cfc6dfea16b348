"""Who scores: appointment, declaration on conflicts of interest, release."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.db import transaction
from procure.evaluation import queries
from procure.evaluation.rules import needs_panel
from procure.evaluation.rules.record import Appointed, Declared, Released
from procure.evaluation.schemas import LotHead, MemberView
from procure.evaluation.service.held import (
    DECLARE_DAYS,
    SCORE_DAYS,
    SHORTEST_TEXT,
    NewTask,
    hold_lot,
    hold_own_place,
    hold_panel,
    make_task,
    tell_who_ranks,
    too_short,
)
from procure.evaluation.tables import PanelMember, Score
from procure.identity import queries as identity
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tasks import service as tasks
from procure.tenders.states import TenderState

_BEFORE_DECISION = (
    TenderState.PUBLISHED,
    TenderState.CLOSED,
    TenderState.OPENED,
    TenderState.EVALUATED,
)


async def appoint(actor: Actor, lot_id: UUID, person_ids: Sequence[UUID], *, now: datetime) -> None:
    """Put evaluators of the buyer on a lot's panel; who is on it already stays.

    Raises NotFound, Forbidden, Conflict (the lot is decided), Refused: nobody named, not an
    evaluator of this buyer, in conflict, released, the panel has handed in, or none is needed.
    """
    async with transaction():
        head = await hold_lot(actor, lot_id, Permission.PANEL_APPOINT)
        if head.tender_state not in _BEFORE_DECISION:
            raise Conflict(n_("A panel is appointed from publication to decision."))
        panel = await hold_panel(lot_id)
        if found := await _objections(head, panel, person_ids):
            raise Refused(found)
        known = {member.person_id for member in panel}
        fresh = [person_id for person_id in dict.fromkeys(person_ids) if person_id not in known]
        for person_id in fresh:
            await PanelMember(lot=lot_id, person=person_id, appointed_at=now).save()
            task = NewTask(
                kind="panel:declare",
                role=Role.EVALUATOR,
                text=n_("Declare on conflicts of interest: lot {lot} of {reference}."),
                days=DECLARE_DAYS,
                person_id=person_id,
            )
            await make_task(head, task, now)
        await tasks.finish("panel:replace", lot_id, now=now)
        if not await queries.lots_without_panel(head.tender_id):
            await tasks.finish("tender:evaluate", head.tender_id, now=now)
        if fresh:
            await audit.record(
                "panel:appointed",
                lot_id,
                actor,
                org_id=head.buyer_id,
                now=now,
                facts=Appointed(lot_id, tuple(fresh)),
            )


async def _objections(
    head: LotHead, panel: Sequence[MemberView], person_ids: Sequence[UUID]
) -> list[Finding]:
    evaluators = {p.id for p in await identity.people_with_role(head.buyer_id, Role.EVALUATOR)}
    gone = {m.person_id for m in panel if m.has_conflict or m.released_at is not None}
    criteria = (await queries.facts_now(head.lot_id)).criteria
    found = []
    if not needs_panel(criteria):
        text = n_("Nobody has to score this lot: no criterion asks for it.")
        found.append(Finding("no-panel-needed", text))
    if not person_ids:
        found.append(Finding("nobody", n_("Choose at least one."), field="person_ids"))
    if any(person_id not in evaluators for person_id in person_ids):
        text = n_("Choose people of your organisation who hold the role of evaluator.")
        found.append(Finding("not-an-evaluator", text, field="person_ids"))
    if gone & set(person_ids):
        text = n_("Who declared a conflict or was released does not come back.")
        found.append(Finding("gone", text, field="person_ids"))
    if queries.has_handed_in(panel):
        text = n_("Everyone has handed in and scores are open, so nobody could score alone now.")
        found.append(Finding("handed-in", text, {}, "RHS 117"))
    return found


async def release(
    actor: Actor, lot_id: UUID, person_id: UUID, reason: str, *, now: datetime
) -> None:
    """Release an evaluator who cannot score, before handing in; what was typed is dropped.

    Raises NotFound, Forbidden, Conflict (has handed in, or is gone already), Refused (no reason).
    """
    async with transaction():
        head = await hold_lot(actor, lot_id, Permission.PANEL_APPOINT)
        panel = await hold_panel(lot_id)
        member = next((m for m in panel if m.person_id == person_id), None)
        if member is None:
            raise NotFound(n_("This person is not on the panel."))
        if member.locked_at is not None or member.released_at is not None:
            raise Conflict(n_("Only who has not handed in yet can be released."))
        if len(reason.strip()) < SHORTEST_TEXT:
            raise Refused([too_short("reason")])
        await Score.delete().where(Score.member == member.id)
        await PanelMember.update(
            {PanelMember.released_at: now, PanelMember.released_reason: reason.strip()}
        ).where(PanelMember.id == member.id)
        for kind in ("panel:declare", "panel:score"):
            await tasks.drop(kind, lot_id, now=now, person_id=person_id)
        await tell_who_ranks(head, now)
        await audit.record(
            "panel:released",
            lot_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Released(lot_id, person_id, reason.strip()),
        )


async def declare(
    actor: Actor, lot_id: UUID, *, has_conflict: bool, text: str, now: datetime
) -> None:
    """Declare whether the actor has a conflict of interest in a lot; a conflict closes all of it.

    Who declared none may still declare one until handing in; what was typed is then dropped.
    Raises NotFound, Conflict (declared already, handed in, bids not opened), Refused (a conflict
    without words).
    """
    async with transaction():
        head, own = await hold_own_place(actor, lot_id)
        if head.tender_state not in queries.OPENED:
            raise Conflict(n_("Declare once the bids are opened and it is known who bids."))
        if own.locked_at is not None or (own.declared_at is not None and not has_conflict):
            raise Conflict(n_("You have declared already."))
        if has_conflict and len(text.strip()) < SHORTEST_TEXT:
            raise Refused([too_short("text")])
        dropped = 0
        if has_conflict:
            dropped = len(await queries.own_scores(own.id))
            await Score.delete().where(Score.member == own.id)
        await PanelMember.update(
            {
                PanelMember.declared_at: now,
                PanelMember.has_conflict: has_conflict,
                PanelMember.declaration: text.strip(),
            }
        ).where(PanelMember.id == own.id)
        await _tasks_of_declaration(head, actor.id, now, has_conflict=has_conflict)
        await audit.record(
            "panel:declared",
            lot_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Declared(lot_id, actor.id, has_conflict, dropped),
        )


async def _tasks_of_declaration(
    head: LotHead, person_id: UUID, now: datetime, *, has_conflict: bool
) -> None:
    await tasks.finish("panel:declare", head.lot_id, now=now, person_id=person_id)
    if has_conflict:
        await tasks.drop("panel:score", head.lot_id, now=now, person_id=person_id)
        task = NewTask(
            kind="panel:replace",
            role=Role.COORDINATOR,
            text=n_("An evaluator has a conflict of interest: lot {lot} of {reference}."),
            days=DECLARE_DAYS,
        )
        await make_task(head, task, now)
        await tell_who_ranks(head, now)
    else:
        task = NewTask(
            kind="panel:score",
            role=Role.EVALUATOR,
            text=n_("Score the bids: lot {lot} of {reference}."),
            days=SCORE_DAYS,
            person_id=person_id,
        )
        await make_task(head, task, now)
