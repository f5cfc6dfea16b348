"""Attestation by two people of the buyer, and the posting that the second one brings about."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.contracts import queries as contract_facts
from procure.contracts import service as contracts
from procure.contracts.rules import Terms
from procure.db import transaction, uuid7
from procure.documents import service as documents
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Forbidden, NotFound, Refused
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.payments import queries
from procure.payments.rules import AttestFacts, ClaimContent, attest_findings, dispute_findings
from procure.payments.service.claiming import Answer, ask_for_an_answer, keep_remark
from procure.payments.service.parts import (
    ATTEST,
    PREPARE,
    _held_claim,
    paper_facts,
    payment_due_on,
)
from procure.payments.states import CLAIM, Account, ClaimState, RemarkKind
from procure.payments.tables import Attestation, Claim, ClaimLine, Entry, LedgerTransaction
from procure.tasks import service as tasks


class Posting(msgspec.Struct, frozen=True):
    """What was posted, and on which two vouchings."""

    attested: AttestFacts
    content: ClaimContent
    transaction_id: UUID


async def attest(actor: Actor, claim_id: UUID, content_sha256: str, *, now: datetime) -> None:
    """Vouch for the content of an accepted claim; the second person's vouching posts it.

    `content_sha256` is what the person read. Holds the contract, so that two claims cannot spend
    the last of its ceiling.
    Raises NotFound, Forbidden, Conflict (not accepted, or posted already), Refused (every reason).
    """
    async with transaction():
        terms = await contracts.hold_contract(await queries.contract_of_claim(claim_id))
        claim = await _held_claim(claim_id)
        _must_be_buyers(actor, terms, claim_id)
        state = CLAIM.after(claim.state, "attest")
        content = await queries.content_of_claim(claim_id)
        earlier = await queries.attestations_of(claim_id, claim.content_sha256)
        standing = await contract_facts.standing(terms.contract_id)
        facts = AttestFacts(
            person_id=actor.id,
            drafted_by=claim.drafted_by,
            accepted_by=claim.accepted_by,
            attested_by=tuple(one.person_id for one in earlier),
            stored_sha256=claim.content_sha256,
            actual_sha256=sha256_hex(canonical(content)),
            seen_sha256=content_sha256.strip().lower(),
            claim_amount=claim.total_amount,
            posted_amount=standing.spent_amount,
            ceiling_amount=standing.ceiling_amount,
        )
        if found := attest_findings(facts):
            raise Refused(found)
        await Attestation(
            claim=claim_id,
            person=actor.id,
            position=len(earlier) + 1,
            content_sha256=facts.actual_sha256,
            attested_at=now,
        ).save()
        claim.state = state
        await claim.save([Claim.state])
        await tasks.excuse(ATTEST, claim_id, actor.id)
        if state == ClaimState.POSTED:
            await _post(actor, claim, terms, Posting(facts, content, uuid7()), now)
        else:
            await audit.record(
                "claim:attested", claim_id, actor, org_id=terms.buyer_id, now=now, facts=facts
            )


async def _post(actor: Actor, claim: Claim, terms: Terms, posting: Posting, now: datetime) -> None:
    """Write the claim into the ledger: each line a cost, and owed to the provider."""
    lines = (
        await ClaimLine.select(ClaimLine.id, ClaimLine.line_amount)
        .where(ClaimLine.claim == claim.id)
        .order_by(ClaimLine.position)
    )
    await LedgerTransaction(
        id=posting.transaction_id,
        buyer=terms.buyer_id,
        claim=claim.id,
        run_id=None,
        currency=terms.currency,
        reason=f"Claim {claim.number} of contract {terms.number}",
        entries_count=2 * len(lines),
        posted_at=now,
    ).save()
    await Entry.insert(
        *(
            Entry(
                transaction=posting.transaction_id,
                account=account,
                contract=terms.contract_id,
                provider_org=terms.provider_id,
                claim_line=line["id"],
                entry_amount=sign * line["line_amount"],
            )
            for line in lines
            for account, sign in ((Account.SERVICE_COST, 1), (Account.PROVIDER_PAYABLE, -1))
        )
    )
    await contracts.record_spending(terms.contract_id, claim.total_amount)
    paper = await paper_facts(actor, claim.id)
    await tasks.finish(ATTEST, claim.id, now=now)
    if claim.total_amount > 0:
        await tasks.create(
            PREPARE,
            claim.id,
            org_id=terms.buyer_id,
            role=Role.FINANCE,
            text=n_("Pay claim {number} of {provider}: {amount} €."),
            values={
                "number": claim.number,
                "provider": paper.provider_name,
                "amount": str(claim.total_amount),
            },
            link="/payment-runs",
            clause="VÕS § 82¹",
            due_on=payment_due_on(legal_day(now)),
            now=now,
        )
    await documents.order_paper(
        kind="claim-statement",
        template="payments/papers/claim_statement.html",
        title=f"{terms.number} / {claim.number}, {paper.group_code}",
        subject_id=claim.id,
        buyer_id=terms.buyer_id,
        reader_org_id=terms.provider_id,
        facts=paper,
        now=now,
    )
    await audit.record(
        "claim:posted", claim.id, actor, org_id=terms.buyer_id, now=now, facts=posting
    )


async def return_claim(actor: Actor, claim_id: UUID, reason: str, *, now: datetime) -> None:
    """Send an accepted claim back, so that it is computed again; what was attested falls away.

    Raises NotFound, Forbidden, Conflict (not accepted, or posted already), Refused (no words).
    """
    async with transaction():
        terms = await contracts.hold_contract(await queries.contract_of_claim(claim_id))
        claim = await _held_claim(claim_id)
        _must_be_buyers(actor, terms, claim_id)
        state = CLAIM.after(claim.state, "return")
        if found := dispute_findings(reason):
            raise Refused(found)
        claim.state, claim.dispute = state, reason.strip()
        claim.accepted_at = claim.accepted_by = None
        await claim.save([Claim.state, Claim.dispute, Claim.accepted_at, Claim.accepted_by])
        await keep_remark(actor, claim, RemarkKind.RETURN, reason, now)
        await tasks.drop(ATTEST, claim_id, now=now)
        await ask_for_an_answer(claim, terms, now)
        await audit.record(
            "claim:returned",
            claim_id,
            actor,
            org_id=terms.buyer_id,
            now=now,
            facts=Answer(claim.content_sha256, claim.total_amount, reason.strip()),
        )


def _must_be_buyers(actor: Actor, terms: Terms, claim_id: UUID) -> None:
    if actor.org_id not in (terms.buyer_id, terms.provider_id):
        raise NotFound(n_("There is no claim {id}."), {"id": str(claim_id)})
    if not actor.may(Permission.CLAIM_ATTEST, for_org=terms.buyer_id):
        raise Forbidden(n_("Two people of the buyer attest a claim."))
