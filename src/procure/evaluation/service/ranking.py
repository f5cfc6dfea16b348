"""Ranking a lot: a new version each time, with the facts it rests on; and lots that were drawn."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.db import transaction, uuid7
from procure.evaluation import queries, rules
from procure.evaluation.rules.record import Drawn, Ranked
from procure.evaluation.service.held import (
    DECIDE_DAYS,
    SHORTEST_TEXT,
    NewTask,
    hold_lot,
    hold_panel,
    make_task,
    require_opened,
    too_short,
)
from procure.evaluation.tables import Drawing, Evaluation
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical
from procure.kernel.errors import Conflict, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tasks import service as tasks
from procure.tenders import service as tenders
from procure.tenders.queries import published_rule


async def rank(actor: Actor, lot_id: UUID, *, now: datetime) -> UUID:
    """Rank the bids of a lot by its criteria; a new ranking is a new version and keeps the old.

    Holds the tender and the panel. Raises NotFound, Forbidden, Conflict (the lot is decided, or
    bids are not opened), Refused with everything that is still waited for.
    """
    async with transaction():
        head = await hold_lot(actor, lot_id, Permission.EVALUATION_RANK)
        require_opened(head)
        panel = queries.member_facts(await hold_panel(lot_id))
        facts = await queries.facts_now(lot_id)
        asked = await queries.open_questions(lot_id)
        stored = await published_rule(head.tender_id)
        if found := [
            *rules.ranking_findings(facts, panel, asked),
            *rules.rule_findings(facts, stored),
        ]:
            raise Refused(found)
        ranking = rules.rank(facts)
        latest = await queries.latest_ranking(lot_id)
        evaluation_id, version = uuid7(), latest.version + 1 if latest else 1
        await Evaluation(
            id=evaluation_id,
            lot=lot_id,
            version=version,
            made_at=now,
            made_by=actor.id,
            facts=canonical(facts),
            result=canonical(ranking),
        ).save()
        await tenders.mark_evaluated(head.tender_id, now=now)
        await tasks.finish("panel:rank", lot_id, now=now)
        task = NewTask(
            kind="lot:decide",
            role=Role.COORDINATOR,
            text=n_("Decide the award: lot {lot} of {reference}."),
            days=DECIDE_DAYS,
            link=f"/lots/{lot_id}/award",
        )
        await make_task(head, task, now)
        await audit.record(
            "lot:ranked",
            lot_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Ranked(evaluation_id, version, facts, ranking),
        )
    return evaluation_id


async def draw_lots(
    actor: Actor, lot_id: UUID, bid_ids: Sequence[UUID], minutes: str, *, now: datetime
) -> UUID:
    """Record the order in which lots were drawn between equal bids, and rank anew by it.

    The drawing itself is done by hand in front of witnesses. Raises NotFound, Forbidden, Conflict
    (no ranking, or no tie in it), Refused: not exactly the equal bids, or no minutes.
    """
    async with transaction():
        head = await hold_lot(actor, lot_id, Permission.EVALUATION_RANK)
        require_opened(head)
        latest = await queries.latest_ranking(lot_id)
        tied = [bid for group in latest.ranking.undecided for bid in group] if latest else []
        if not tied:
            raise Conflict(n_("No bids of this lot are equal; there is nothing to draw."))
        found = []
        if sorted(bid_ids) != sorted(tied):
            text = n_("Name each of the equal bids once, the first one drawn first.")
            found.append(Finding("drawn", text, field="bid_ids"))
        if len(minutes.strip()) < SHORTEST_TEXT:
            found.append(too_short("minutes"))
        if found:
            raise Refused(found)
        await Drawing(
            lot=lot_id,
            bids=list(bid_ids),
            minutes=minutes.strip(),
            drawn_at=now,
            recorded_by=actor.id,
        ).save()
        await audit.record(
            "lot:drawn",
            lot_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Drawn(lot_id, tuple(bid_ids), minutes.strip()),
        )
        return await rank(actor, lot_id, now=now)
