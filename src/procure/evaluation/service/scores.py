"""Scores: one evaluator's own until handed in, and nobody's to change afterwards."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.evaluation import queries
from procure.evaluation.rules import CriterionFacts, ScoreEntry, score_findings
from procure.evaluation.rules.record import Locked
from procure.evaluation.schemas import MemberView
from procure.evaluation.service.held import hold_own_place, tell_who_ranks
from procure.evaluation.tables import PanelMember
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.texts import n_
from procure.tasks import service as tasks


async def save_scores(
    actor: Actor, lot_id: UUID, scores: Sequence[ScoreEntry], *, now: datetime
) -> None:
    """Keep some of the actor's scores, in place of earlier ones; they are nobody else's to read.

    Raises NotFound, Forbidden (not declared), Conflict (handed in), Refused with every finding.
    """
    async with transaction():
        _, member = await hold_own_place(actor, lot_id)
        await _write_scores(actor, lot_id, member, scores, now)


async def hand_in_scores(
    actor: Actor, lot_id: UUID, scores: Sequence[ScoreEntry], *, now: datetime
) -> None:
    """Keep these scores, if any, and hand in all of the actor's: nothing changes them afterwards.

    Holds the panel, so that who comes last is known. Raises as `save_scores`, and Refused while a
    bid is not scored on every criterion.
    """
    async with transaction():
        head, member = await hold_own_place(actor, lot_id)
        criteria, bid_ids = await _write_scores(actor, lot_id, member, scores, now)
        given = await queries.own_scores(member.id)
        counted = [entry for entry in given if entry.bid_id in bid_ids]
        if found := score_findings(criteria, bid_ids, counted, whole=True):
            raise Refused(found)
        await PanelMember.update({PanelMember.locked_at: now}).where(PanelMember.id == member.id)
        await tasks.finish("panel:score", lot_id, now=now, person_id=actor.id)
        await tell_who_ranks(head, now)
        await audit.record(
            "score:locked",
            lot_id,
            actor,
            org_id=head.buyer_id,
            now=now,
            facts=Locked(lot_id, actor.id, len(given), sha256_hex(canonical(given))),
        )


async def _write_scores(
    actor: Actor,
    lot_id: UUID,
    member: MemberView,
    scores: Sequence[ScoreEntry],
    now: datetime,
) -> tuple[tuple[CriterionFacts, ...], list[UUID]]:
    """Check and write scores; return the criteria, and the bids that have to be scored."""
    if not actor.may(Permission.EVALUATION_SCORE):
        raise Forbidden(n_("Only an evaluator scores."))
    if member.declared_at is None:
        raise Forbidden(n_("First declare whether you have a conflict of interest."))
    if member.locked_at is not None:
        raise Conflict(n_("You have handed in your scores; they do not change any more."))
    facts = await queries.facts_now(lot_id)
    bid_ids = [bid.id for bid in facts.bids if not bid.excluded]
    if found := score_findings(facts.criteria, bid_ids, scores, whole=False):
        raise Refused(found)
    ids = {criterion.code: criterion.id for criterion in facts.criteria}
    async with connection() as c:
        for entry in scores:
            await c.execute(
                """INSERT INTO score (id, member, bid, criterion, points, reason, given_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (member, bid, criterion) DO UPDATE
                   SET points = excluded.points, reason = excluded.reason,
                       given_at = excluded.given_at""",
                uuid7(),
                member.id,
                entry.bid_id,
                ids[entry.criterion],
                entry.points,
                entry.reason.strip(),
                now,
            )
    return facts.criteria, bid_ids
