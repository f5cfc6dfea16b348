"""Signatures: each side once, under one hash, and not inside a standstill (RHS §§ 120-121)."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.awards.queries import award_facts
from procure.awards.rules import signing_findings
from procure.contracts import queries
from procure.contracts.rules import Side, SignedSide, SignFacts, sign_findings
from procure.contracts.service.parts import NOTICE_DAYS, _held, order_contract_paper
from procure.contracts.states import CONTRACT, ContractKind, ContractState
from procure.contracts.tables import Contract, Signature
from procure.db import transaction
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import after_days, legal_day
from procure.tasks import service as tasks


class SignRefused(msgspec.Struct, frozen=True):
    """Facts of the event that a signature was refused."""

    facts: SignFacts
    findings: list[Finding]


class ContractSigned(msgspec.Struct, frozen=True):
    """Facts of the event that both sides have signed."""

    number: str
    document_sha256: str
    signed: list[SignedSide]


async def sign(
    actor: Actor, contract_id: UUID, document_sha256: str, *, now: datetime
) -> ContractState:
    """Sign a contract for the actor's side, under the hash of the document that was read.

    The second signature makes it signed. Inside the award's standstill it is refused (RHS 120),
    and what was refused is recorded although the signature is not.
    Raises NotFound, Forbidden, Conflict (not drafted any more), Refused (every finding).
    """
    side = await _side_of(actor, contract_id)
    if not actor.may(Permission.CONTRACT_SIGN, for_org=actor.org_id):
        raise Forbidden(n_("Only a contract manager, a coordinator or a provider's manager signs."))
    refused: SignFacts | None = None
    try:
        async with transaction():
            contract = await _held(contract_id)
            CONTRACT.after(contract.state, "sign")
            facts = SignFacts(
                contract_id=contract_id,
                number=contract.number,
                side=side,
                person_id=actor.id,
                given_sha256=document_sha256,
                document_sha256=contract.document_sha256,
                today=legal_day(now),
                ends_until=contract.ends_until,
                signed=[
                    SignedSide(signature.side, signature.person_id)
                    for signature in await queries.signatures_of(contract_id)
                ],
            )
            found = [*await _standstill(contract_id, facts.today), *sign_findings(facts)]
            if found:
                refused = facts
                raise Refused(found)
            return await _sign(actor, contract, facts, now)
    except Refused as refusal:
        if refused is not None:
            await _record_refusal(actor, contract_id, refused, refusal.findings, now)
        raise


async def _sign(actor: Actor, contract: Contract, facts: SignFacts, now: datetime) -> ContractState:
    await Signature(
        contract=contract.id,
        side=facts.side,
        person=actor.id,
        document_sha256=facts.document_sha256,
        signed_at=now,
    ).save()
    is_whole = len(facts.signed) == 1
    if is_whole:
        contract.state = CONTRACT.after(contract.state, "sign")
        contract.signed_at = now
        await contract.save([Contract.state, Contract.signed_at])
        await order_contract_paper(contract, await queries.signatures_of(contract.id), now)
        await _duties_of_signed(contract, now)
    await tasks.finish(f"contract:sign-{facts.side}", contract.id, now=now)
    await audit.record(
        "contract:signed-by-side",
        contract.id,
        actor,
        org_id=contract.buyer,
        now=now,
        facts=facts,
    )
    if is_whole:
        await audit.record(
            "contract:signed",
            contract.id,
            actor,
            org_id=contract.buyer,
            now=now,
            facts=ContractSigned(
                contract.number,
                contract.document_sha256,
                [*facts.signed, SignedSide(facts.side, actor.id)],
            ),
        )
    return ContractState(contract.state)


async def _record_refusal(
    actor: Actor, contract_id: UUID, facts: SignFacts, findings: list[Finding], now: datetime
) -> None:
    terms = await queries.terms_of(contract_id)
    async with transaction():
        await audit.record(
            "contract:sign-refused",
            contract_id,
            actor,
            org_id=terms.buyer_id,
            now=now,
            facts=SignRefused(facts, findings),
        )


async def _standstill(contract_id: UUID, today: date) -> list[Finding]:
    document = await queries.document_of(contract_id)
    return signing_findings(await award_facts(document.origin.award_id), today)


async def _side_of(actor: Actor, contract_id: UUID) -> Side:
    terms = await queries.terms_of(contract_id)
    if actor.org_id == terms.buyer_id:
        return "buyer"
    if actor.org_id == terms.provider_id:
        return "provider"
    raise NotFound(n_("There is no contract {id}."), {"id": str(contract_id)})


async def _duties_of_signed(contract: Contract, now: datetime) -> None:
    if contract.kind == ContractKind.CALL_OFF:
        return  # its data go with the framework's yearly data
    await tasks.create(
        "contract:award-notice",
        contract.id,
        org_id=contract.buyer,
        role=Role.COORDINATOR,
        text=n_("Send the notice of contract {number} to the procurement register."),
        values={"number": contract.number},
        link=f"/contracts/{contract.id}",
        clause="RHS § 83(1)",
        due_on=after_days(legal_day(now), NOTICE_DAYS),
        now=now,
    )
