"""Tenders as services know them: frozen facts, asked without an actor where they say so."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import dated, reference
from procure.tenders.ports import SealedShare
from procure.tenders.rules import (
    CriterionFacts,
    CriterionParams,
    LotFacts,
    RuleSet,
    TenderFacts,
)
from procure.tenders.schemas import (
    KeyholderView,
    PartyView,
)
from procure.tenders.states import CriterionKind, LotState, PriceFormula, TenderState

# One statement a tender: its parts come as JSON, numbers as text so that nothing is rounded.
TENDER_ROW = """
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
# $1 the actor's organisation, $2 whether it reads as a buyer. What only the invited could bid for
# is everyone's once a lot of it is awarded, as its award notice is.
READABLE = """
    ((t.buyer = $1 AND $2) OR (t.published_at IS NOT NULL
     AND (NOT EXISTS (SELECT FROM invitation i WHERE i.tender = t.id)
          OR EXISTS (SELECT FROM invitation i WHERE i.tender = t.id AND i.provider_org = $1)
          OR EXISTS (SELECT FROM lot w WHERE w.tender = t.id AND w.state = 'awarded'))))
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


class TenderRow(msgspec.Struct):
    """One tender as `TENDER_ROW` reads it; its parts are JSON text."""

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


def reader(actor: Actor) -> tuple[UUID, bool]:
    """Return what `READABLE` asks for: whose reader the actor is, and whether as a buyer."""
    return actor.org_id, actor.is_buyer and actor.may(Permission.TENDER_READ)


def missing(tender_id: UUID) -> NotFound:
    """Say that there is no such tender, in the same words as for one that is hidden."""
    return NotFound(n_("There is no tender {id}."), {"id": str(tender_id)})


def facts_of(row: TenderRow) -> TenderFacts:
    """Make the facts of a row, with the rule set of its day."""
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
    rows = await fetch_as(TenderRow, f"{TENDER_ROW} WHERE t.id = $1", tender_id)
    if not rows:
        raise missing(tender_id)
    return facts_of(rows[0])


async def visible_tender(actor: Actor, tender_id: UUID) -> TenderFacts:
    """Load a tender that the actor may see; NotFound otherwise."""
    rows = await fetch_as(
        TenderRow, f"{TENDER_ROW} WHERE {READABLE} AND t.id = $3", *reader(actor), tender_id
    )
    if not rows:
        raise missing(tender_id)
    return facts_of(rows[0])


async def tender_of_lot(lot_id: UUID) -> UUID:
    """Return the tender that a lot belongs to. Raises NotFound."""
    async with connection() as c:
        found = await c.fetchval("SELECT tender FROM lot WHERE id = $1", lot_id)
    if found is None:
        raise NotFound(n_("There is no lot {id}."), {"id": str(lot_id)})
    return UUID(bytes=found.bytes)


async def published_rule(tender_id: UUID) -> str | None:
    """Return the scoring rule that was published with a tender; asks nobody's permission."""
    async with connection() as c:
        found = await c.fetchval("SELECT scoring_rule FROM tender WHERE id = $1", tender_id)
    return None if found is None else str(found)


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
