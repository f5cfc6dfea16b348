"""Call-offs: a mini-competition among the partners of a framework lot (RHS § 30)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from procure.contracts import queries
from procure.contracts.rules import CallOffFacts, call_off_findings, full_value
from procure.contracts.schemas import MiniCompetitionDraft
from procure.contracts.states import ContractState
from procure.kernel.actors import Actor
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.money import is_usable
from procure.kernel.texts import n_
from procure.tenders import queries as tenders
from procure.tenders.rules import CriterionDraft, LotDraft, TenderDraft
from procure.tenders.service import draft_tender
from procure.tenders.states import CriterionKind, PriceFormula

MINI_COMPETITION = "mini-competition"  # code in parameters/tenders/procedures


async def call_mini_competition(
    actor: Actor, lot_id: UUID, draft: MiniCompetitionDraft, *, now: datetime
) -> UUID:
    """Draft a tender among the partners of a framework lot, by price alone, and return its id.

    Raises NotFound, Forbidden, Refused (nobody to invite, over the ceiling, what tenders find).
    """
    framework = await queries.read_framework(actor, lot_id)
    parent = await tenders.tender_facts(framework.tender_id)
    lot = parent.lot(lot_id)
    assert lot is not None  # noqa: S101 - the framework was found by this lot
    price = draft.unit_price if draft.unit_price is not None else lot.unit_price
    found = [
        *(_nobody_to_invite() if not framework.partners else []),
        *_mini_competition_findings(draft, price),
    ]
    if framework.partners and not found:
        found = call_off_findings(
            CallOffFacts(
                framework_number=framework.partners[0].number,
                framework_state=ContractState.RUNNING,
                framework_starts_on=framework.starts_on or draft.contract_starts_on,
                framework_ends_until=framework.ends_until or draft.contract_until,
                room=await queries.room_of_lot(lot_id, lot.value_amount),
                value_amount=full_value(price, draft.days_count, draft.places_count)
                * draft.groups_count,
                starts_on=draft.contract_starts_on,
            )
        )
    if found:
        raise Refused(found)
    return await draft_tender(
        actor,
        TenderDraft(
            title=draft.title or f"{lot.title}: {MINI_COMPETITION}"[:200],
            description=draft.description or parent.description,
            procedure=MINI_COMPETITION,
            service_code=parent.service_code,
            technique="none",
            contract_starts_on=draft.contract_starts_on,
            contract_until=draft.contract_until,
            payment_scheme=parent.payment_scheme,
            max_suppliers_count=1,
            deadline_at=draft.deadline_at,
            opening_quorum_count=draft.opening_quorum_count,
            lots=[
                LotDraft(
                    code=lot.code,
                    title=lot.title,
                    counties=lot.counties,
                    language=lot.language,
                    groups_count=draft.groups_count,
                    places_count=draft.places_count,
                    days_count=draft.days_count,
                    unit_price=price,
                )
            ],
            criteria=[
                CriterionDraft(
                    code="K1",
                    kind=CriterionKind.PRICE,
                    name=next(
                        (c.name for c in parent.criteria if c.kind == CriterionKind.PRICE), "Price"
                    ),
                    weight=Decimal(100),
                    formula=PriceFormula.LOWEST_RATIO,
                )
            ],
            keyholder_ids=draft.keyholder_ids,
            basis_id=draft.basis_id,
            parent_lot_id=lot_id,
            invited_ids=[partner.provider_id for partner in framework.partners],
            reference=draft.reference,
        ),
        now=now,
    )


def _nobody_to_invite() -> list[Finding]:
    return [
        Finding(
            "no-partners",
            n_("No framework of this lot is running, so there is nobody to invite."),
            clause="RHS § 30",
        )
    ]


def _mini_competition_findings(draft: MiniCompetitionDraft, price: Decimal) -> list[Finding]:
    found = [
        Finding("too-small", n_("At least {least}."), {"least": 1}, field=name)
        for name in ("groups_count", "places_count", "days_count")
        if getattr(draft, name) < 1
    ]
    if not is_usable(price) or price <= 0:
        found.append(Finding("price", n_("The price must be above 0."), field="unit_price"))
    return found
