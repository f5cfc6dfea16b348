"""Reading tenders: notices are everyone's, drafts their buyer's, call-offs the invited's."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import codes, dated, holidays, reference
from procure.tenders.ports import SealedShare
from procure.tenders.rules import (
    CalendarFacts,
    CriterionDraft,
    CriterionFacts,
    CriterionParams,
    DraftContext,
    LotDraft,
    LotFacts,
    ParentLot,
    RuleSet,
    ServiceFact,
    TenderDraft,
    TenderFacts,
    legal_calendar,
    periods_ahead,
    procedure_needed,
    time_left,
)
from procure.tenders.schemas import (
    ContractPeriod,
    CriterionView,
    KeyholderView,
    LotView,
    PartyView,
    TenderPeriod,
    TenderSummary,
    TenderView,
    Value,
)
from procure.tenders.states import TENDER, CriterionKind, LotState, PriceFormula, TenderState

# One statement a tender: its parts come as JSON, numbers as text so that nothing is rounded.
_TENDER = """
    SELECT t.id, t.buyer AS buyer_id, o.name AS buyer_name, o.registry_code AS buyer_code,
           t.reference, t.title, t.description, t.procedure, t.service_code, t.cpv, t.technique,
           t.basis AS basis_id, t.parent_lot_id, t.started_on, t.contract_starts_on,
           t.contract_until, t.payment_scheme, t.max_suppliers_count, t.is_price_fixed,
           t.deadline_at, t.opening_quorum_count, t.recipient, t.published_at, t.state,
           t.state_ground, t.currency, t.paper_id,
           (SELECT coalesce(json_agg(json_build_object('id', l.id, 'code', l.code, 'title', l.title,
                'counties', l.counties, 'language', l.language, 'unit', l.unit,
                'groups_count', l.groups_count, 'places_count', l.places_count,
                'days_count', l.days_count, 'unit_price', l.unit_price::text,
                'value_amount', l.value_amount::text, 'state', l.state, 'ground', l.ground)
                ORDER BY l.position), '[]') FROM lot l WHERE l.tender = t.id)::text AS lots,
           (SELECT coalesce(json_agg(json_build_object('id', c.id, 'code', c.code,
                'position', c.position, 'kind', c.kind, 'name', c.name, 'weight', c.weight::text,
                'formula', c.formula, 'scale_max', c.scale_max::text,
                'minimum', c.minimum::text, 'params', c.params::json)
                ORDER BY c.position), '[]') FROM criterion c WHERE c.tender = t.id)::text
                AS criteria,
           (SELECT coalesce(json_agg(json_build_object('person_id', k.person, 'name', p.name)
                ORDER BY k.position), '[]')
              FROM keyholder k JOIN person p ON p.id = k.person WHERE k.tender = t.id)::text
                AS keyholders,
           (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name,
                'registry_code', g.registry_code) ORDER BY g.name, g.id), '[]')
              FROM invitation i JOIN organisation g ON g.id = i.provider_org
             WHERE i.tender = t.id)::text AS invited
      FROM tender t JOIN organisation o ON o.id = t.buyer
"""
# $1 the actor's organisation, $2 whether it reads as a buyer.
_READABLE = """
    ((t.buyer = $1 AND $2) OR (t.published_at IS NOT NULL
     AND (NOT EXISTS (SELECT FROM invitation i WHERE i.tender = t.id)
          OR EXISTS (SELECT FROM invitation i WHERE i.tender = t.id AND i.provider_org = $1))))
"""


class _Lot(msgspec.Struct):
    id: UUID
    code: str
    title: str
    counties: list[str]
    language: str
    unit: str
    groups_count: int
    places_count: int
    days_count: int
    unit_price: Decimal
    value_amount: Decimal
    state: LotState
    ground: str | None


class _Criterion(msgspec.Struct):
    id: UUID
    code: str
    position: int
    kind: CriterionKind
    name: str
    weight: Decimal
    formula: PriceFormula | None
    scale_max: Decimal | None
    minimum: Decimal | None
    params: CriterionParams


class _Tender(msgspec.Struct):
    id: UUID
    buyer_id: UUID
    buyer_name: str
    buyer_code: str
    reference: str
    title: str
    description: str
    procedure: str
    service_code: str
    cpv: str
    technique: str
    basis_id: UUID | None
    parent_lot_id: UUID | None
    started_on: date
    contract_starts_on: date
    contract_until: date
    payment_scheme: str
    max_suppliers_count: int
    is_price_fixed: bool
    deadline_at: datetime
    opening_quorum_count: int
    recipient: str | None
    published_at: datetime | None
    state: TenderState
    state_ground: str | None
    currency: str
    paper_id: UUID | None
    lots: str
    criteria: str
    keyholders: str
    invited: str


@lru_cache(maxsize=64)
def rule_set_on(day: date) -> RuleSet:
    """Return the rule set of procedures that start on `day`, with its procedures and CPV kinds.

    Raises NoValue (422) for a day before the first rule set.
    """
    return msgspec.convert(
        {
            **dated("tenders/rule_sets").on(day),
            "procedures": dated("tenders/procedures").on(day),
            "cpv_kinds": {item["code"]: item["kind"] for item in reference("cpv")},
        },
        RuleSet,
    )


def _reader(actor: Actor) -> tuple[UUID, bool]:
    return actor.org_id, actor.is_buyer and actor.may(Permission.TENDER_READ)


def _missing(tender_id: UUID) -> NotFound:
    return NotFound(n_("There is no tender {id}."), {"id": str(tender_id)})


def _facts(row: _Tender) -> TenderFacts:
    lots = msgspec.json.decode(row.lots, type=list[_Lot])
    criteria = msgspec.json.decode(row.criteria, type=list[_Criterion])
    return TenderFacts(
        **{
            name: getattr(row, name)
            for name in TenderFacts.__struct_fields__
            if name not in {"rule_set", "lots", "criteria", "keyholder_ids", "invited_ids"}
        },
        rule_set=rule_set_on(row.started_on),
        lots=[
            LotFacts(
                tender_id=row.id,
                buyer_id=row.buyer_id,
                tender_reference=row.reference,
                **msgspec.structs.asdict(lot),
            )
            for lot in lots
        ],
        criteria=[CriterionFacts(**msgspec.structs.asdict(criterion)) for criterion in criteria],
        keyholder_ids=[
            holder.person_id
            for holder in msgspec.json.decode(row.keyholders, type=list[KeyholderView])
        ],
        invited_ids=[party.id for party in msgspec.json.decode(row.invited, type=list[PartyView])],
    )


async def tender_facts(tender_id: UUID) -> TenderFacts:
    """Load a tender with its parts, for services; asks nobody's permission. Raises NotFound."""
    rows = await fetch_as(_Tender, f"{_TENDER} WHERE t.id = $1", tender_id)
    if not rows:
        raise _missing(tender_id)
    return _facts(rows[0])


async def visible_tender(actor: Actor, tender_id: UUID) -> TenderFacts:
    """Load a tender that the actor may see; NotFound otherwise."""
    rows = await fetch_as(
        _Tender, f"{_TENDER} WHERE {_READABLE} AND t.id = $3", *_reader(actor), tender_id
    )
    if not rows:
        raise _missing(tender_id)
    return _facts(rows[0])


async def tender_of_lot(lot_id: UUID) -> UUID:
    """Return the tender that a lot belongs to. Raises NotFound."""
    async with connection() as c:
        found = await c.fetchval("SELECT tender FROM lot WHERE id = $1", lot_id)
    if found is None:
        raise NotFound(n_("There is no lot {id}."), {"id": str(lot_id)})
    return UUID(bytes=found.bytes)


async def lot_facts(lot_id: UUID) -> LotFacts:
    """Load one lot, for services; asks nobody's permission. Raises NotFound."""
    tender = await tender_facts(await tender_of_lot(lot_id))
    return next(lot for lot in tender.lots if lot.id == lot_id)


class KeyholderFacts(msgspec.Struct, frozen=True):
    """A keyholder with the sealed share; for the opening alone."""

    person_id: UUID
    name: str
    share: SealedShare


async def keyholders(tender_id: UUID) -> list[KeyholderFacts]:
    """List the keyholders of a published tender in their order, for the opening's service."""

    class Row(msgspec.Struct):
        person_id: UUID
        name: str
        sealed_share: str
        share_sha256: str

    rows = await fetch_as(
        Row,
        """SELECT k.person AS person_id, p.name, k.sealed_share, k.share_sha256
             FROM keyholder k JOIN person p ON p.id = k.person
            WHERE k.tender = $1 AND k.sealed_share IS NOT NULL ORDER BY k.position""",
        tender_id,
    )
    return [
        KeyholderFacts(row.person_id, row.name, SealedShare(row.sealed_share, row.share_sha256))
        for row in rows
    ]


# --- For people -------------------------------------------------------------

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
        _Tender, f"{_TENDER} WHERE {_READABLE} AND t.id = $3", *_reader(actor), tender_id
    )
    if not rows:
        raise _missing(tender_id)
    return _view(actor, rows[0])


def _view(actor: Actor, row: _Tender) -> TenderView:
    facts = _facts(row)
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
        parent_lot_id=row.parent_lot_id,
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
        paper_id=row.paper_id if is_ours else None,
        actions=_actions(actor, row),
    )


def _actions(actor: Actor, row: _Tender) -> list[str]:
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
         WHERE {_READABLE} AND (NOT $4 OR t.buyer = $1)
         ORDER BY t.state = 'published' AND t.deadline_at > $3 DESC, t.state = 'draft' DESC,
                  CASE WHEN t.state = 'published' AND t.deadline_at > $3 THEN t.deadline_at END,
                  t.deadline_at DESC, t.id DESC
         LIMIT $5
        """,  # noqa: S608 - our own text
        *_reader(actor),
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


# --- For drafts -------------------------------------------------------------


def draft_of(facts: TenderFacts) -> TenderDraft:
    """Return a tender as the draft that it was made from."""
    return TenderDraft(
        title=facts.title,
        description=facts.description,
        procedure=facts.procedure,
        service_code=facts.service_code,
        technique=facts.technique,
        contract_starts_on=facts.contract_starts_on,
        contract_until=facts.contract_until,
        payment_scheme=facts.payment_scheme,
        max_suppliers_count=facts.max_suppliers_count,
        deadline_at=facts.deadline_at,
        opening_quorum_count=facts.opening_quorum_count,
        lots=[
            LotDraft(
                lot.code,
                lot.title,
                lot.counties,
                lot.language,
                lot.groups_count,
                lot.places_count,
                lot.days_count,
                lot.unit_price,
            )
            for lot in facts.lots
        ],
        criteria=[
            CriterionDraft(
                criterion.code,
                criterion.kind,
                criterion.name,
                criterion.weight,
                criterion.formula,
                criterion.scale_max,
                criterion.minimum,
                criterion.params.floor_price,
                criterion.params.ceiling_price,
                criterion.params.table,
            )
            for criterion in facts.criteria
        ],
        keyholder_ids=facts.keyholder_ids,
        basis_id=facts.basis_id,
        parent_lot_id=facts.parent_lot_id,
        invited_ids=facts.invited_ids,
        is_price_fixed=facts.is_price_fixed,
        reference=facts.reference,
    )


async def draft_context(draft: TenderDraft, buyer_id: UUID, *, today: date) -> DraftContext:
    """Gather what the findings of a draft rest on, as it is on `today`."""
    services = await fetch_as(
        ServiceFact,
        """SELECT code, cpv, unit, valid_from, valid_until FROM service
            WHERE code = $1 AND valid_from <= $2 AND (valid_until IS NULL OR valid_until > $2)""",
        draft.service_code,
        draft.contract_starts_on,
    )
    parents = await fetch_as(
        ParentLot,
        """SELECT l.id AS lot_id, l.state AS lot_state, t.technique, t.contract_starts_on,
                  t.contract_until
             FROM lot l JOIN tender t ON t.id = l.tender WHERE l.id = $1 AND t.buyer = $2""",
        draft.parent_lot_id,
        buyer_id,
    )
    async with connection() as c:
        schemes = await c.fetch(
            "SELECT DISTINCT code FROM payment_scheme WHERE code = $1", draft.payment_scheme
        )
        people = await c.fetch(
            "SELECT id FROM person WHERE is_active AND id = ANY($1) ORDER BY id",
            list(draft.keyholder_ids),
        )
        providers = await c.fetch(
            "SELECT org FROM provider WHERE state = 'admitted' AND org = ANY($1) ORDER BY org",
            list(draft.invited_ids),
        )
    return DraftContext(
        started_on=today,
        rule_set=rule_set_on(today),
        service=services[0] if services else None,
        parent=parents[0] if parents else None,
        counties=sorted(codes("counties")),
        languages=sorted(codes("languages")),
        schemes=[row["code"] for row in schemes],
        people=[row["id"] for row in people],
        providers=[row["org"] for row in providers],
    )


async def last_price(buyer_id: UUID, service_code: str) -> Decimal | None:
    """Return the price that the buyer's newest published tender of a service was estimated at."""
    async with connection() as c:
        found = await c.fetchval(
            """SELECT l.unit_price FROM lot l JOIN tender t ON t.id = l.tender
                WHERE t.buyer = $1 AND t.service_code = $2 AND t.published_at IS NOT NULL
                ORDER BY t.published_at DESC, l.position LIMIT 1""",
            buyer_id,
            service_code,
        )
    return Decimal(found) if found is not None else None
