"""What a draft is made of, and what its findings rest on."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.catalogue import queries as catalogue
from procure.db import connection, fetch_as
from procure.demand import queries as demand
from procure.identity import queries as identity
from procure.kernel.actors import Actor, Role
from procure.kernel.time import at, legal_day, next_working_day
from procure.parameters import codes, dated, holidays, names, reference
from procure.tenders.queries.facts import (
    rule_set_on,
)
from procure.tenders.rules import (
    CriterionDraft,
    DraftContext,
    LotDraft,
    ParentLot,
    ServiceFact,
    TableRow,
    TenderDraft,
    TenderFacts,
    lot_value,
    procedure_needed,
)
from procure.tenders.states import CriterionKind, PriceFormula

BID_TIME = timedelta(days=30)
DECISION_TIME = timedelta(days=80)
DEADLINE_HOUR = 10
CONTRACT_YEARS = 2


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
    low_price = dated("evaluation/abnormally_low").on(today)
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
        low_price_share=Decimal(low_price["below_share"]),
        low_price_others=low_price["others_at_least"],
    )


class _Template(msgspec.Struct):
    """A criterion of the reference list that drafts begin with."""

    code: str
    kind: CriterionKind
    name: dict[str, str]
    weight: Decimal
    formula: PriceFormula | None = None
    scale_max: Decimal | None = None
    minimum: Decimal | None = None
    table: Sequence[TableRow] = ()


def standard_criteria(language: str) -> list[CriterionDraft]:
    """Return the criteria that a draft begins with, named in a language."""
    found = msgspec.convert(reference("standard_criteria"), list[_Template])
    return [
        CriterionDraft(
            item.code,
            item.kind,
            item.name.get(language, item.name["en"]),
            item.weight,
            item.formula,
            item.scale_max,
            item.minimum,
            table=item.table,
        )
        for item in found
    ]


async def propose_draft(
    actor: Actor, basis_id: UUID | None, *, waves: int = 1, language: str, now: datetime
) -> TenderDraft:
    """Propose a draft: with a basis a lot for each area that has groups, otherwise one empty lot.

    `waves` multiplies the groups; titles and criteria are in `language`. Dates leave a month for
    bids and two for the decision. Raises NotFound for another's basis, Refused for a service that
    has ended.
    """
    today = legal_day(now)
    rules = rule_set_on(today)
    deadline_on = next_working_day(today + BID_TIME, holidays())
    starts_on = (deadline_on + DECISION_TIME).replace(day=1)
    lots, service_code = [], ""
    unit = "participant_training_day"
    procedure = "social"
    schemes = {found.terms.unit: found for found in await catalogue.schemes_on(starts_on)}
    if basis_id is not None:
        basis = await demand.read_basis(actor, basis_id)
        service = await catalogue.service_on(basis.service_code, starts_on)
        service_code, unit = service.code, service.unit
        titles = names("lot_areas", language)
        lots = [
            LotDraft(
                code=area.code,
                title=titles.get(area.code, area.code),
                counties=area.counties,
                language=area.language,
                groups_count=area.groups_count * max(1, waves),
                places_count=service.sizes.group_size_max if service.sizes else 1,
                days_count=service.sizes.training_days_count if service.sizes else 1,
                unit_price=schemes[unit].terms.unit_price if unit in schemes else Decimal(0),
            )
            for area in basis.areas
            if area.code and area.groups_count
        ]
        need = procedure_needed(service.cpv, [lot_value(lot) for lot in lots], rules)
        procedure = need.procedure or next(
            code for code in ("social", "simplified") if code in need.allowed
        )
    officers = await identity.people_with_role(actor.org_id, Role.OFFICER)
    return TenderDraft(
        title="",
        description="",
        procedure=procedure,
        service_code=service_code,
        technique="fa-w-rc",
        contract_starts_on=starts_on,
        contract_until=starts_on.replace(year=starts_on.year + CONTRACT_YEARS),
        payment_scheme=schemes[unit].code if unit in schemes else "",
        max_suppliers_count=3,
        deadline_at=at(deadline_on, DEADLINE_HOUR).astimezone(UTC),
        opening_quorum_count=max(2, len(officers) // 2 + 1),
        lots=lots,
        criteria=standard_criteria(language),
        keyholder_ids=[officer.id for officer in officers],
        basis_id=basis_id,
    )
