"""Drafts of contracts: one for each supplier of an award, with every clause and its source."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.awards.states import AwardState
from procure.catalogue import queries as catalogue
from procure.contracts import queries
from procure.contracts.queries import AwardToContract, FrameworkFacts, SupplierToContract
from procure.contracts.rules import (
    CallOffFacts,
    ClauseBasis,
    Criterion,
    Document,
    Origin,
    Party,
    Terms,
    call_off_findings,
    clauses_of,
    document_hash,
    full_value,
    payment_terms,
    pots,
)
from procure.contracts.service.parts import order_contract_paper
from procure.contracts.states import ContractKind, ContractState
from procure.contracts.tables import Clause, Contract
from procure.db import connection, transaction, uuid7
from procure.identity.queries import organisation
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import after_days, legal_day
from procure.providers.queries import facilitators_of
from procure.tasks import service as tasks
from procure.tenders import queries as tenders
from procure.tenders.rules import TenderFacts


class ContractDrafted(msgspec.Struct, frozen=True):
    """Facts of the event that a contract was drafted."""

    number: str
    kind: str
    award_id: UUID
    bid_id: UUID
    provider_id: UUID
    ceiling_amount: Decimal
    document_sha256: str
    call_off: CallOffFacts | None


async def draft_from_award(actor: Actor, award_id: UUID, *, now: datetime) -> list[UUID]:
    """Draft a contract with every supplier of an award, in the order of rank.

    A framework each where the tender makes one, a call-off under the supplier's framework for a
    mini-competition, otherwise a contract of its own. Holds the frameworks of the lot that is
    called off from, so that two call-offs cannot both take the last of the ceiling.
    Raises NotFound, Forbidden, Conflict (annulled, drafted already), Refused (ceiling, RHS 30).
    """
    award = await queries.award_to_contract(award_id)
    tender = await tenders.tender_facts(await tenders.tender_of_lot(award.lot_id))
    if tender.buyer_id != actor.org_id:
        raise NotFound(n_("There is no award {id}."), {"id": str(award_id)})
    if not actor.may(Permission.CONTRACT_DRAFT, for_org=tender.buyer_id):
        raise Forbidden(n_("Only the buyer's contract manager or coordinator drafts contracts."))
    if award.state == AwardState.ANNULLED:
        raise Conflict(n_("This award was annulled, so no contract comes of it."))
    async with transaction():
        frameworks: list[FrameworkFacts] = []
        if tender.parent_lot_id is not None:
            frameworks = await queries.frameworks_of_lot(tender.parent_lot_id, held=True)
        await _hold_numbers(tender.buyer_id)
        if await queries.contracts_of_award(award_id):
            raise Conflict(n_("The contracts of this award are drafted already."))
        drafted = [
            await _draft(actor, award, tender, supplier=supplier, frameworks=frameworks, now=now)
            for supplier in award.suppliers
        ]
        for contract, facts in drafted:
            await order_contract_paper(contract, [], now)
            await _ask_to_sign(contract, award, now)
            await audit.record(
                "contract:drafted", contract.id, actor, org_id=contract.buyer, now=now, facts=facts
            )
    return [contract.id for contract, _ in drafted]


async def _draft(
    actor: Actor,
    award: AwardToContract,
    tender: TenderFacts,
    *,
    supplier: SupplierToContract,
    frameworks: Sequence[FrameworkFacts],
    now: datetime,
) -> tuple[Contract, ContractDrafted]:
    lot = tender.lot(award.lot_id)
    assert lot is not None  # noqa: S101 - the tender was found by this lot
    kind = _kind_of(tender)
    parent, call_off = None, None
    price = supplier.content.unit_price
    value = full_value(price, lot.days_count, lot.places_count)
    ceiling = lot.value_amount if kind == ContractKind.FRAMEWORK else value * lot.groups_count
    if kind == ContractKind.CALL_OFF:
        parent = next((f for f in frameworks if f.provider_id == supplier.provider_id), None)
        if parent is None or tender.parent_lot_id is None:
            raise Refused(
                [
                    Finding(
                        "no-framework",
                        n_("{provider} is no party to the framework."),
                        {"provider": supplier.provider_name},
                        "RHS § 30",
                    )
                ]
            )
        call_off = CallOffFacts(
            framework_number=parent.number,
            framework_state=parent.state,
            framework_starts_on=parent.starts_on,
            framework_ends_until=parent.ends_until,
            room=await queries.room_of_lot(tender.parent_lot_id, parent.ceiling_amount),
            value_amount=ceiling,
            starts_on=tender.contract_starts_on,
        )
        if found := call_off_findings(call_off):
            raise Refused(found)
    scheme = await catalogue.scheme(tender.payment_scheme, tender.started_on)
    terms = Terms(
        contract_id=uuid7(),
        kind=kind,
        number=await _next_number(kind, tender.buyer_id, lot.code, now),
        buyer_id=tender.buyer_id,
        provider_id=supplier.provider_id,
        lot_id=lot.id,
        parent_id=parent.id if parent else None,
        service_code=tender.service_code,
        unit=lot.unit,
        language=lot.language,
        counties=tuple(lot.counties),
        unit_price=price,
        groups_count=lot.groups_count,
        places_count=lot.places_count,
        days_count=lot.days_count,
        full_value_amount=value,
        ceiling_amount=ceiling,
        currency=tender.currency,
        starts_on=tender.contract_starts_on,
        ends_until=tender.contract_until,
        scheme=scheme.terms,
        clause_ids={},
    )
    terms = msgspec.structs.replace(terms, payment=payment_terms(terms, await _families()))
    basis = await _clause_basis(terms, scheme.id, tender, supplier, parent)
    promised = basis.promise.promised_rates or (
        basis.inherited.promised_rates if basis.inherited else {}
    )
    clauses = clauses_of(basis, queries.library())
    ids = {clause.code: uuid7() for clause in clauses}
    terms = msgspec.structs.replace(terms, clause_ids=ids, promised_rates=promised)
    buyer = await organisation(tender.buyer_id)
    document = Document(
        contract_id=terms.contract_id,
        number=terms.number,
        title=f"{tender.title}, {lot.code}"[:200],
        buyer=Party(buyer.id, buyer.name, buyer.registry_code),
        provider=Party(supplier.provider_id, supplier.provider_name, supplier.registry_code),
        origin=Origin(
            tender_id=tender.id,
            tender_reference=tender.reference,
            tender_title=tender.title,
            lot_id=lot.id,
            lot_code=lot.code,
            lot_title=lot.title,
            award_id=award.id,
            decided_at=award.decided_at,
            bid_id=supplier.bid_id,
            rank=supplier.rank,
            framework_id=parent.id if parent else None,
            framework_number=parent.number if parent else None,
        ),
        terms=terms,
        clauses=clauses,
        precedence=queries.library().precedence,
    )
    contract = Contract(
        id=terms.contract_id,
        buyer=terms.buyer_id,
        provider_org=terms.provider_id,
        award_supplier=supplier.award_supplier_id,
        lot=lot.id,
        parent=terms.parent_id,
        kind=kind,
        number=terms.number,
        title=document.title,
        starts_on=terms.starts_on,
        ends_until=terms.ends_until,
        ceiling_amount=ceiling,
        currency=terms.currency,
        terms=canonical(terms),
        document=canonical(document),
        document_sha256=document_hash(document),
        spent_amount=Decimal(0),
        state=ContractState.DRAFTED,
        drafted_at=now,
        drafted_by=actor.id,
    )
    await contract.save()
    await Clause.insert(
        *(
            Clause(
                id=ids[clause.code],
                contract=contract.id,
                position=position,
                params=canonical(clause.params),
                **{
                    name: getattr(clause, name)
                    for name in clause.__struct_fields__
                    if name != "params"
                },
            )
            for position, clause in enumerate(clauses, start=1)
        )
    )
    return contract, ContractDrafted(
        number=terms.number,
        kind=kind,
        award_id=award.id,
        bid_id=supplier.bid_id,
        provider_id=terms.provider_id,
        ceiling_amount=ceiling,
        document_sha256=contract.document_sha256,
        call_off=call_off,
    )


def _kind_of(tender: TenderFacts) -> ContractKind:
    if tender.parent_lot_id is not None:
        return ContractKind.CALL_OFF
    return ContractKind.DIRECT if tender.technique == "none" else ContractKind.FRAMEWORK


async def _families() -> list[str]:
    """List the families of outcomes that are paid for, in any version of their definitions."""
    found = await catalogue.definitions()
    return sorted({one.family for one in found if one.is_payable and one.payment_factor})


async def _clause_basis(
    terms: Terms,
    scheme_id: UUID,
    tender: TenderFacts,
    supplier: SupplierToContract,
    parent: FrameworkFacts | None,
) -> ClauseBasis:
    names = {
        facilitator.id: f"{facilitator.display_name} ({facilitator.code})"
        for facilitator in await facilitators_of(supplier.provider_id)
    }
    promised = await queries.framework_promise(parent.id) if parent else None
    return ClauseBasis(
        terms=terms,
        pots=pots(terms),
        promise=queries.promise_of(supplier.bid_id, supplier.content, names),
        criteria=_criteria(tender),
        scheme_id=scheme_id,
        inherited=queries.promise_of(promised.bid_id, promised.content, names)
        if promised
        else None,
        inherited_criteria=_criteria(
            await tenders.tender_facts(await tenders.tender_of_lot(promised.lot_id))
        )
        if promised
        else (),
    )


def _criteria(tender: TenderFacts) -> list[Criterion]:
    return [
        Criterion(criterion.id, criterion.code, criterion.kind, criterion.name)
        for criterion in tender.criteria
    ]


async def _hold_numbers(buyer_id: UUID) -> None:
    """Let one transaction at a time number a buyer's contracts."""
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('contract-number ' || $1, 0))",
            str(buyer_id),
        )


async def _next_number(kind: ContractKind, buyer_id: UUID, lot_code: str, now: datetime) -> str:
    """Return the next number: RL-2024-L03-1 for a framework of a lot, K-2025-01 for others."""
    year = legal_day(now).year
    stem = f"RL-{year}-{lot_code}-" if kind == ContractKind.FRAMEWORK else f"K-{year}-"
    async with connection() as c:
        last = await c.fetchval(
            "SELECT max(substr(number, length($2) + 1)::int) FROM contract "
            "WHERE buyer = $1 AND starts_with(number, $2) "
            "AND substr(number, length($2) + 1) ~ '^[0-9]{1,6}$'",
            buyer_id,
            stem,
        )
    number = (last or 0) + 1
    return f"{stem}{number}" if kind == ContractKind.FRAMEWORK else f"{stem}{number:02}"


async def _ask_to_sign(contract: Contract, award: AwardToContract, now: datetime) -> None:
    for side, org_id, role in (
        ("buyer", contract.buyer, Role.CONTRACT_MANAGER),
        ("provider", contract.provider_org, Role.PROVIDER_MANAGER),
    ):
        await tasks.create(
            f"contract:sign-{side}",
            contract.id,
            org_id=org_id,
            role=role,
            text=n_("Sign contract {number}; before {first} it would be void.")
            if award.last_blocked_on
            else n_("Sign contract {number}."),
            values={
                "number": contract.number,
                **(
                    {"first": after_days(award.last_blocked_on, 1)} if award.last_blocked_on else {}
                ),
            },
            link=f"/contracts/{contract.id}",
            clause="RHS § 120",
            due_on=max(contract.starts_on, legal_day(now)),
            now=now,
        )
