"""Awards after the decision: whole for the buyer, own letters for a tenderer, a notice for all."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.awards.queries.facts import award_row, no_award, suppliers_of
from procure.awards.rules import EndLetterFacts, LetterFacts
from procure.awards.schemas import (
    AwardNotice,
    AwardSummary,
    AwardView,
    LetterView,
    NoticeCriterion,
    NoticeSupplier,
    PublicAward,
)
from procure.awards.states import AWARD, AwardState
from procure.db import fetch_as
from procure.documents import queries as documents
from procure.documents.schemas import PaperView
from procure.evaluation import queries as evaluation
from procure.evaluation.rules import CriterionFacts
from procure.evaluation.schemas import RankingView
from procure.identity import queries as identity
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

_STATUS = {
    AwardState.STANDSTILL: "active",
    AwardState.FINAL: "active",
    AwardState.ANNULLED: "cancelled",
}


class _Letter(msgspec.Struct, frozen=True):
    id: UUID
    award_id: UUID | None
    lot_id: UUID
    bid_id: UUID
    provider_org_id: UUID
    provider_name: str
    kind: str
    sent_at: datetime
    facts: str
    paper_id: UUID | None


class _Notice(msgspec.Struct, frozen=True):
    award_id: UUID
    reference: str
    title: str
    buyer_name: str
    lot_id: UUID
    lot_code: str
    lot_title: str
    tender_id: UUID
    state: AwardState
    decided_at: datetime
    tenders_count: int
    unit: str
    currency: str
    estimated_amount: Decimal
    last_blocked_on: date | None
    is_tender_public: bool
    criteria: str


async def read_award(actor: Actor, award_id: UUID) -> AwardView:
    """Load an award: whole for its buyer, with the own letters alone for a tenderer.

    Raises NotFound for anyone else, and for who declared a conflict of interest in its lot.
    """
    row = await award_row(award_id)
    if not actor.may(Permission.AWARD_READ):
        raise no_award(award_id)
    is_ours = actor.org_id == row.buyer_id
    sent = await letters_of(actor, award_id)
    if is_ours:
        head = await evaluation.lot_for(actor, row.lot_id)
    elif sent:
        head = await evaluation.head(row.lot_id)
    else:
        raise no_award(award_id)
    names = await identity.person_names([row.decided_by]) if is_ours else {}
    papers = {p.id: p for p in await documents.read_papers(actor, [award_id])}
    ranking: RankingView | None = None
    criteria: tuple[CriterionFacts, ...] = ()
    if is_ours:
        found = await evaluation.ranking_by_id(row.evaluation_id)
        criteria = found.facts.criteria
        ranking = evaluation.ranking_view(found, await evaluation.facts_now(row.lot_id))
    return AwardView(
        id=row.id,
        lot=head,
        status=_STATUS[row.state],
        state=row.state,
        evaluation_id=row.evaluation_id,
        evaluation_version=row.evaluation_version,
        decided_at=row.decided_at,
        decided_by=names.get(row.decided_by, ""),
        reasons=row.reasons,
        last_blocked_on=row.last_blocked_on,
        signing_from_on=row.last_blocked_on + timedelta(days=1) if row.last_blocked_on else None,
        annulled_reason=row.annulled_reason,
        suppliers=await suppliers_of(award_id),
        letters=sent,
        paper=papers.get(row.paper_id) if row.paper_id else None,
        ranking=ranking,
        criteria=criteria,
        actions=[
            action
            for action in AWARD.actions(row.state)
            if action == "annul" and actor.may(Permission.AWARD_DECIDE, for_org=row.buyer_id)
        ],
    )


async def letters_of(actor: Actor, award_id: UUID) -> list[LetterView]:
    """List the letters of an award that the actor's organisation sent or was sent, by rank."""
    rows = await fetch_as(
        _Letter,
        f"""{_LETTERS} WHERE x.award = $1 AND ($2 = t.buyer OR $2 = x.provider_org)
            ORDER BY s.rank NULLS LAST, x.id""",
        award_id,
        actor.org_id,
    )
    return await _letters(actor, rows)


_LETTERS = """
    SELECT x.id, x.award AS award_id, x.lot AS lot_id, x.bid AS bid_id,
           x.provider_org AS provider_org_id, o.name AS provider_name, x.kind, x.sent_at, x.facts,
           x.paper_id
      FROM letter x JOIN organisation o ON o.id = x.provider_org
      JOIN lot l ON l.id = x.lot JOIN tender t ON t.id = l.tender
      LEFT JOIN award_supplier s ON s.award = x.award AND s.bid = x.bid
"""


async def own_letters(actor: Actor) -> list[LetterView]:
    """List the letters to the actor's organisation, newest first."""
    rows = await fetch_as(
        _Letter,
        f"{_LETTERS} WHERE x.provider_org = $1 ORDER BY x.id DESC LIMIT 200",
        actor.org_id,
    )
    return await _letters(actor, rows)


async def _letters(actor: Actor, rows: Sequence[_Letter]) -> list[LetterView]:
    subjects = {row.award_id or row.lot_id for row in rows}
    papers: dict[UUID, PaperView] = {
        paper.id: paper for paper in await documents.read_papers(actor, sorted(subjects))
    }
    return [
        LetterView(
            id=row.id,
            award_id=row.award_id,
            lot_id=row.lot_id,
            bid_id=row.bid_id,
            provider_org_id=row.provider_org_id,
            provider_name=row.provider_name,
            kind=row.kind,
            sent_at=row.sent_at,
            facts=None if _is_end(row) else msgspec.json.decode(row.facts, type=LetterFacts),
            end=msgspec.json.decode(row.facts, type=EndLetterFacts) if _is_end(row) else None,
            paper=papers.get(row.paper_id) if row.paper_id else None,
        )
        for row in rows
    ]


def _is_end(row: _Letter) -> bool:
    return row.kind in ("no-award", "annulled")


class _Summary(msgspec.Struct, frozen=True):
    id: UUID
    lot_id: UUID
    state: str
    decided_at: datetime
    last_blocked_on: date | None
    winners: str


async def list_awards(actor: Actor) -> list[AwardSummary]:
    """List the awards of the actor's organisation, newest first; none of lots in conflict."""
    if not actor.is_buyer or not actor.may(Permission.AWARD_READ):
        raise Forbidden(n_("Only the authority that buys may list its awards."))
    rows = await fetch_as(
        _Summary,
        """SELECT a.id, a.lot AS lot_id, a.state, a.decided_at, a.last_blocked_on,
                  string_agg(o.name, ', ' ORDER BY s.rank) AS winners
             FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
             JOIN award_supplier s ON s.award = a.id JOIN organisation o ON o.id = s.provider_org
            WHERE t.buyer = $1 AND NOT has_conflict($2, a.lot)
            GROUP BY a.id ORDER BY a.decided_at DESC LIMIT 200""",
        actor.org_id,
        actor.id,
    )
    return [
        AwardSummary(
            id=row.id,
            lot=await evaluation.head(row.lot_id),
            state=row.state,
            decided_at=row.decided_at,
            last_blocked_on=row.last_blocked_on,
            winners=row.winners,
        )
        for row in rows
    ]


async def read_notice(award_id: UUID) -> AwardNotice:
    """Load what everyone may know of an award; nothing of those who did not win."""
    rows = await fetch_as(
        _Notice,
        """SELECT a.id AS award_id, t.reference, t.title, o.name AS buyer_name, l.id AS lot_id,
                  l.code AS lot_code, l.title AS lot_title, t.id AS tender_id, a.state,
                  a.decided_at, l.unit, t.currency, l.value_amount AS estimated_amount,
                  a.last_blocked_on,
                  (SELECT count(*) FROM bid b WHERE b.lot = l.id AND b.state = 'opened')
                      AS tenders_count,
                  (NOT EXISTS (SELECT FROM invitation i WHERE i.tender = t.id)
                   OR EXISTS (SELECT FROM lot w WHERE w.tender = t.id AND w.state = 'awarded'))
                      AS is_tender_public,
                  (SELECT coalesce(json_agg(json_build_object('code', c.code, 'name', c.name,
                       'weight', c.weight::text) ORDER BY c.position), '[]')
                     FROM criterion c WHERE c.tender = t.id)::text AS criteria
             FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
             JOIN organisation o ON o.id = t.buyer WHERE a.id = $1""",
        award_id,
    )
    if not rows:
        raise no_award(award_id)
    row = rows[0]
    return AwardNotice(
        status=_STATUS[row.state],
        decided_on=legal_day(row.decided_at),
        criteria=msgspec.json.decode(row.criteria, type=list[NoticeCriterion]),
        suppliers=[
            NoticeSupplier(s.provider_name, s.registry_code, s.rank, s.unit_price, s.total)
            for s in await suppliers_of(award_id)
        ],
        **{
            n: getattr(row, n)
            for n in AwardNotice.__struct_fields__
            if n not in {"status", "decided_on", "suppliers", "criteria"}
        },
    )


class _Public(msgspec.Struct, frozen=True):
    award_id: UUID
    reference: str
    title: str
    lot_code: str
    lot_title: str
    buyer_name: str
    state: str
    decided_at: datetime
    currency: str
    tenders_count: int
    suppliers: str


async def list_notices() -> list[PublicAward]:
    """List what everyone may know of the awards, the newest first; annulled ones say so."""
    rows = await fetch_as(
        _Public,
        """SELECT a.id AS award_id, t.reference, t.title, l.code AS lot_code, l.title AS lot_title,
                  o.name AS buyer_name, a.state, a.decided_at, t.currency,
                  (SELECT count(*) FROM bid b WHERE b.lot = l.id AND b.state = 'opened')
                      AS tenders_count,
                  (SELECT coalesce(json_agg(json_build_object('name', p.name,
                       'registry_code', p.registry_code, 'rank', s.rank,
                       'unit_price', (b.content::jsonb) ->> 'unit_price', 'total', s.total::text)
                       ORDER BY s.rank, s.id), '[]')
                     FROM award_supplier s JOIN bid b ON b.id = s.bid
                     JOIN organisation p ON p.id = s.provider_org WHERE s.award = a.id)::text
                      AS suppliers
             FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
             JOIN organisation o ON o.id = t.buyer
            ORDER BY a.decided_at DESC, a.id DESC LIMIT 500""",
    )
    return [
        PublicAward(
            suppliers=msgspec.json.decode(row.suppliers, type=list[NoticeSupplier]),
            **{n: getattr(row, n) for n in PublicAward.__struct_fields__ if n != "suppliers"},
        )
        for row in rows
    ]
