"""What an evaluator reads: assigned lots, who bids, answers and own scores."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.bids import queries as bids
from procure.db import fetch_as
from procure.evaluation.queries.facts import facts_now
from procure.evaluation.queries.sight import (
    HEAD,
    OPENED,
    admitted,
    has_handed_in,
    no_lot,
    own_member,
    sees_whole_lots,
)
from procure.evaluation.rules import ScoreEntry
from procure.evaluation.schemas import LotHead, LotLine, ScoredBid, ScoringView, TendererView
from procure.kernel.actors import Actor
from procure.tenders.states import CriterionKind, LotState


class _Tenderer(msgspec.Struct, frozen=True):
    id: UUID
    registry_code: str


async def tenderers(lot_id: UUID) -> list[TendererView]:
    """List who bids for a lot, numbered in the order of the opening; asks nobody's permission."""
    opened = await bids.opened_bids(lot_id)
    rows = await fetch_as(
        _Tenderer,
        "SELECT id, registry_code FROM organisation WHERE id = ANY($1)",
        [bid.provider_org_id for bid in opened],
    )
    codes = {row.id: row.registry_code for row in rows}
    return [
        TendererView(number, bid.id, bid.provider_name, codes.get(bid.provider_org_id, ""))
        for number, bid in enumerate(opened, 1)
    ]


async def read_scoring(actor: Actor, lot_id: UUID) -> ScoringView:
    """Load an evaluator's own work on a lot; NotFound for who is not on its panel."""
    found, panel = await admitted(actor, lot_id)
    own = own_member(actor, panel)
    if own is None or own.released_at is not None:
        raise no_lot(lot_id)
    who = await tenderers(lot_id)
    if own.declared_at is None:
        return ScoringView(lot=found, member=own, tenderers=who)
    facts = await facts_now(lot_id)
    out = {bid.id: bid.excluded for bid in facts.bids}
    scores = await own_scores(own.id)
    scored = [c for c in facts.criteria if c.kind == CriterionKind.QUALITY]
    given = {(score.bid_id, score.criterion) for score in scores}
    return ScoringView(
        lot=found,
        member=own,
        tenderers=who,
        criteria=scored,
        bids=[
            ScoredBid(
                number=number,
                bid_id=bid.id,
                provider_name=bid.provider_name,
                answers=bid.content.answers,
                remarks=bid.content.remarks,
                excluded=out[bid.id],
            )
            for number, bid in enumerate(await bids.opened_bids(lot_id), 1)
        ],
        scores=scores,
        missing_count=sum(
            (bid.id, c.code) not in given for bid in facts.bids if not bid.excluded for c in scored
        ),
        is_complete=has_handed_in(panel),
    )


async def own_scores(member_id: UUID) -> list[ScoreEntry]:
    """List what one evaluator has given so far; asks nobody's permission."""
    return await fetch_as(
        ScoreEntry,
        """SELECT s.bid AS bid_id, c.code AS criterion, s.points, s.reason
             FROM score s JOIN criterion c ON c.id = s.criterion
            WHERE s.member = $1 ORDER BY c.position, s.bid""",
        member_id,
    )


class _Line(LotHead, frozen=True, kw_only=True):
    declared_at: datetime | None
    locked_at: datetime | None
    is_member: bool
    is_ranked: bool
    needs_panel: bool
    bids_count: int
    members_count: int
    locked_count: int


async def lots_to_evaluate(actor: Actor) -> list[LotLine]:
    """List an evaluator's assigned lots, or for who follows evaluations the buyer's opened ones.

    Lots in which the actor declared a conflict are in no list. How many bid is shown once opened.
    """
    rows = await fetch_as(
        _Line,
        f"""
        SELECT h.*, m.declared_at, m.locked_at, m.id IS NOT NULL AS is_member,
               EXISTS (SELECT FROM evaluation e WHERE e.lot = h.lot_id) AS is_ranked,
               EXISTS (SELECT FROM criterion c WHERE c.tender = h.tender_id
                   AND c.kind = 'quality') AS needs_panel,
               (SELECT count(*) FROM bid b WHERE b.lot = h.lot_id AND b.state = 'opened')
                   AS bids_count,
               (SELECT count(*) FROM panel_member x WHERE x.lot = h.lot_id
                   AND x.released_at IS NULL AND x.has_conflict IS NOT true) AS members_count,
               (SELECT count(*) FROM panel_member x WHERE x.lot = h.lot_id
                   AND x.locked_at IS NOT NULL) AS locked_count
          FROM ({HEAD}) h
          LEFT JOIN panel_member m
            ON m.lot = h.lot_id AND m.person = $1 AND m.released_at IS NULL
         WHERE h.buyer_id = $2 AND m.has_conflict IS NOT true
           AND h.tender_state NOT IN ('draft', 'cancelled')
           AND (m.id IS NOT NULL OR ($3 AND h.tender_state IN ('opened', 'evaluated', 'concluded')))
         ORDER BY h.lot_state <> 'open', h.reference DESC, h.lot_code
        """,  # noqa: S608 - our own text
        actor.id,
        actor.org_id,
        sees_whole_lots(actor),
    )
    return [
        LotLine(
            lot=LotHead(**{n: getattr(row, n) for n in LotHead.__struct_fields__}),
            task=_task(row),
            bids_count=row.bids_count,
            members_count=row.members_count,
            locked_count=row.locked_count,
        )
        for row in rows
    ]


def _task(row: _Line) -> str:
    if row.lot_state != LotState.OPEN:
        return "over"
    if row.tender_state not in OPENED:
        return "not-opened"
    if row.is_member and row.declared_at is None:
        return "declare"
    if row.is_member and row.locked_at is None:
        return "score"
    if row.bids_count == 0:
        return "no-bids"
    if row.is_ranked:
        return "ranked"
    if row.needs_panel and row.members_count == 0:
        return "appoint"
    return "wait" if row.needs_panel and row.locked_count < row.members_count else "rank"
