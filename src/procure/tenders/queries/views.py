"""Tenders as people see them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import holidays
from procure.tenders.queries.facts import (
    READABLE,
    TENDER_ROW,
    TenderRow,
    facts_of,
    missing,
    published_rule,
    reader,
)
from procure.tenders.rules import (
    CalendarFacts,
    CriterionFacts,
    LotFacts,
    legal_calendar,
    periods_ahead,
    procedure_needed,
    time_left,
)
from procure.tenders.schemas import (
    Came,
    ContractPeriod,
    CriterionView,
    KeyholderView,
    LotView,
    ParentLot,
    PartyView,
    TenderPeriod,
    TenderSummary,
    TenderView,
    Value,
)
from procure.tenders.states import TENDER, LotState, TenderState

_STATUS = {
    TenderState.DRAFT: "planning",
    TenderState.PUBLISHED: "active",
    TenderState.CLOSED: "active",
    TenderState.OPENED: "active",
    TenderState.EVALUATED: "active",
    TenderState.CONCLUDED: "complete",
    TenderState.CANCELLED: "cancelled",
}
_LOT_STATUS = {
    LotState.OPEN: "active",
    LotState.AWARDED: "complete",
    LotState.UNSUCCESSFUL: "unsuccessful",
    LotState.CANCELLED: "cancelled",
}
_ACTION_PERMISSION = {
    "publish": Permission.TENDER_PUBLISH,
    "cancel": Permission.TENDER_CANCEL,
}


def _status(state: TenderState, lots: Sequence[LotState]) -> str:
    """Say a state in OCDS's words; a tender none of whose lots was awarded is unsuccessful."""
    if state == TenderState.CONCLUDED and LotState.AWARDED not in lots:
        return "unsuccessful"
    return _STATUS[state]


async def read_tender(actor: Actor, tender_id: UUID) -> TenderView:
    """Load one tender for display; NotFound also for one that the actor may not see."""
    rows = await fetch_as(
        TenderRow, f"{TENDER_ROW} WHERE {READABLE} AND t.id = $3", *reader(actor), tender_id
    )
    if not rows:
        raise missing(tender_id)
    row = rows[0]
    parents = await fetch_as(
        ParentLot,
        """SELECT t.id AS tender_id, t.reference, l.code AS lot_code, l.title AS lot_title
             FROM lot l JOIN tender t ON t.id = l.tender WHERE l.id = $1""",
        row.parent_lot_id,
    )
    bases = await fetch_as(_Name, "SELECT name FROM basis WHERE id = $1", row.basis_id)
    return _view(
        actor,
        row,
        parent=parents[0] if parents else None,
        basis_name=bases[0].name if bases and actor.org_id == row.buyer_id else "",
        came=await _came(row),
    )


async def read_scoring_rule(actor: Actor, tender_id: UUID) -> str:
    """Return the rule by which a tender's bids are scored; NotFound before it is published."""
    await read_tender(actor, tender_id)
    rule = await published_rule(tender_id)
    if rule is None:
        raise NotFound(n_("The scoring rule is stored when the tender is published."))
    return rule


class _Name(msgspec.Struct):
    name: str


class _Event(msgspec.Struct):
    kind: str
    happened_at: datetime
    subject_id: UUID


# What everyone may know of a tender's life, in the order in which it happens.
_CAME = {
    "tender:published": n_("The tender was published"),
    "tender:closed": n_("The deadline for tenders passed"),
    "bids:opened": n_("The bids were opened"),
    "lot:awarded": n_("Lot {lot} was awarded"),
    "lot:failed": n_("Lot {lot} ended without award"),
    "lot:reopened": n_("The award of lot {lot} was annulled"),
    "tender:concluded": n_("The tender was concluded"),
    "tender:reopened": n_("The tender was taken up again"),
    "tender:cancelled": n_("The tender was cancelled"),
}


async def _came(row: TenderRow) -> list[Came]:
    lots = {lot.id: lot.code for lot in facts_of(row).lots}
    events = await fetch_as(
        _Event,
        """SELECT kind, happened_at, subject_id FROM event
            WHERE subject_id = ANY($1) AND kind = ANY($2) ORDER BY seq""",
        [row.id, *lots],
        list(_CAME),
    )
    return [
        Came(event.happened_at, _CAME[event.kind], {"lot": lots.get(event.subject_id, "")})
        for event in events
    ]


def _view(
    actor: Actor, row: TenderRow, *, parent: ParentLot | None, basis_name: str, came: list[Came]
) -> TenderView:
    facts = facts_of(row)
    rules = facts.rule_set
    procedure = rules.procedure(row.procedure)
    is_ours = actor.org_id == row.buyer_id and actor.may(Permission.TENDER_READ)
    invited = msgspec.json.decode(row.invited, type=list[PartyView])
    need = procedure_needed(row.cpv, [lot.value_amount for lot in facts.lots], rules)
    return TenderView(
        id=row.id,
        reference=row.reference,
        title=row.title,
        description=row.description,
        status=_status(row.state, [lot.state for lot in facts.lots]),
        state=row.state,
        state_ground=row.state_ground,
        buyer=PartyView(row.buyer_id, row.buyer_name, row.buyer_code),
        procurement_method="limited" if invited else "open",
        procurement_method_details=row.procedure,
        procedure_name=procedure.name if procedure else {},
        rule_set=rules.code,
        rule_set_name=rules.name,
        service_code=row.service_code,
        classification=row.cpv,
        technique=row.technique,
        basis_id=row.basis_id if is_ours else None,
        basis_name=basis_name,
        parent_lot_id=row.parent_lot_id,
        parent=parent,
        started_on=row.started_on,
        tender_period=TenderPeriod(row.published_at, row.deadline_at),
        contract_period=ContractPeriod(row.contract_starts_on, row.contract_until),
        payment_scheme=row.payment_scheme,
        max_suppliers_count=row.max_suppliers_count,
        is_price_fixed=row.is_price_fixed,
        value=Value(need.total_amount, row.currency),
        need=need,
        opening_quorum_count=row.opening_quorum_count,
        keyholders=(
            msgspec.json.decode(row.keyholders, type=list[KeyholderView]) if is_ours else []
        ),
        invited=invited if is_ours else [party for party in invited if party.id == actor.org_id],
        recipient=row.recipient,
        published_at=row.published_at,
        lots=[_lot_view(lot, row.currency) for lot in facts.lots],
        award_criteria=[_criterion_view(criterion) for criterion in facts.criteria],
        calendar=legal_calendar(
            CalendarFacts(row.procedure, row.started_on, row.deadline_at, row.contract_starts_on),
            rules,
            holidays(),
        ),
        periods_ahead=periods_ahead(row.procedure, rules),
        came=came,
        paper_id=row.paper_id if is_ours else None,
        actions=_actions(actor, row),
    )


def _actions(actor: Actor, row: TenderRow) -> list[str]:
    found = [
        action
        for action in TENDER.actions(row.state)
        if action in _ACTION_PERMISSION
        and actor.may(_ACTION_PERMISSION[action], for_org=row.buyer_id)
    ]
    if row.state == TenderState.DRAFT and actor.may(Permission.TENDER_DRAFT, for_org=row.buyer_id):
        found.append("redraft")
    return found


def _lot_view(lot: LotFacts, currency: str) -> LotView:
    return LotView(
        id=lot.id,
        code=lot.code,
        title=lot.title,
        status=_LOT_STATUS[lot.state],
        state=lot.state,
        ground=lot.ground,
        counties=lot.counties,
        language=lot.language,
        unit=lot.unit,
        groups_count=lot.groups_count,
        places_count=lot.places_count,
        days_count=lot.days_count,
        unit_price=lot.unit_price,
        value=Value(lot.value_amount, currency),
    )


def _criterion_view(criterion: CriterionFacts) -> CriterionView:
    return CriterionView(
        id=criterion.id,
        code=criterion.code,
        kind=criterion.kind,
        name=criterion.name,
        weight=criterion.weight,
        formula=criterion.formula,
        scale_max=criterion.scale_max,
        minimum=criterion.minimum,
        floor_price=criterion.params.floor_price,
        ceiling_price=criterion.params.ceiling_price,
        table=criterion.params.table,
    )


class _Line(msgspec.Struct):
    id: UUID
    reference: str
    title: str
    buyer_id: UUID
    buyer_name: str
    state: TenderState
    procedure: str
    deadline_at: datetime
    currency: str
    lot_states: list[LotState]
    counties: list[str]
    value_amount: Decimal


async def list_tenders(
    actor: Actor, *, now: datetime, limit: int = 200, mine: bool = False
) -> list[TenderSummary]:
    """List what the actor may see: open ones first, the next deadline first; with `mine` only own.

    Drafts of the actor's organisation stand between the open ones and what is over.
    """
    rows = await fetch_as(
        _Line,
        f"""
        SELECT t.id, t.reference, t.title, t.buyer AS buyer_id, o.name AS buyer_name, t.state,
               t.procedure, t.deadline_at, t.currency, l.states AS lot_states,
               l.counties, l.value_amount
          FROM tender t JOIN organisation o ON o.id = t.buyer
          JOIN LATERAL (
               SELECT array_agg(lot.state ORDER BY lot.position) AS states,
                      sum(lot.value_amount) AS value_amount,
                      (SELECT array_agg(DISTINCT county ORDER BY county)
                         FROM lot x, unnest(x.counties) AS county WHERE x.tender = t.id) AS counties
                 FROM lot WHERE lot.tender = t.id) l ON true
         WHERE {READABLE} AND (NOT $4 OR t.buyer = $1)
         ORDER BY t.state = 'published' AND t.deadline_at > $3 DESC, t.state = 'draft' DESC,
                  CASE WHEN t.state = 'published' AND t.deadline_at > $3 THEN t.deadline_at END,
                  t.deadline_at DESC, t.id DESC
         LIMIT $5
        """,  # noqa: S608 - our own text
        *reader(actor),
        now,
        mine,
        limit,
    )
    return [
        TenderSummary(
            id=row.id,
            reference=row.reference,
            title=row.title,
            buyer_id=row.buyer_id,
            buyer_name=row.buyer_name,
            status=_status(row.state, row.lot_states),
            state=row.state,
            procurement_method_details=row.procedure,
            deadline_at=row.deadline_at,
            lots_count=len(row.lot_states),
            counties=row.counties,
            value=Value(row.value_amount, row.currency),
            is_open=row.state == TenderState.PUBLISHED and now < row.deadline_at,
            left=time_left(now, row.deadline_at),
        )
        for row in rows
    ]
