"""Drafting a claim, and what its provider says to it."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.contracts import service as contracts
from procure.contracts.rules import Terms
from procure.db import transaction, uuid7
from procure.delivery import queries as delivery
from procure.documents import service as documents
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.payments import queries
from procure.payments.rules import (
    ClaimContent,
    Difference,
    Entitlement,
    GroupFacts,
    changes,
    content_lines,
    differences,
    dispute_findings,
    entitlements,
)
from procure.payments.service.parts import (
    ACCEPT,
    ANSWER,
    ATTEST,
    _held_claim,
    due_on,
    paper_facts,
    periods,
)
from procure.payments.states import CLAIM, ClaimState, RemarkKind
from procure.payments.tables import Claim, ClaimLine, ClaimRemark
from procure.tasks import service as tasks

ZERO = Decimal("0.00")

log = logging.getLogger(__name__)


class Drafted(msgspec.Struct, frozen=True):
    """What drafting came to: the content that people will accept and attest."""

    content: ClaimContent
    content_sha256: str
    facts_sha256: str
    reason: str


class Computed(msgspec.Struct, frozen=True):
    """What is owed by the facts known now, and what would have to be posted."""

    terms: Terms
    facts: GroupFacts
    owed: Entitlement
    lines: list[Difference]


class Withdrawn(msgspec.Struct, frozen=True):
    """Why a draft was withdrawn: all that is owed is posted."""

    entitled_amount: Decimal
    facts_sha256: str


class Answer(msgspec.Struct, frozen=True):
    """What a party said to a claim's content."""

    content_sha256: str
    total_amount: Decimal
    text: str = ""


async def draft_claim(
    actor: Actor | None, group_id: UUID, reason: str = "", *, now: datetime
) -> UUID | None:
    """Draft what a group's provider is entitled to now, less what is posted; return the claim.

    The group's open draft is computed again, and left as it is where nothing changed; it is
    withdrawn where nothing is owed any more. Returns None where the system finds nothing to post.
    Holds the contract, so that no fact changes between reading and writing.
    Raises NotFound, Forbidden, Conflict (accepted, so frozen), Refused (nothing to post).
    """
    group = await delivery.group_facts(group_id)
    if actor is not None:
        if actor.org_id not in (group.buyer_id, group.provider_id):
            raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
        if not actor.may(Permission.CLAIM_DRAFT, for_org=group.buyer_id):
            raise Forbidden(n_("The buyer's system drafts claims; the provider accepts them."))
    async with transaction():
        terms = await contracts.hold_contract(group.contract_id)
        open_id = await queries.open_claim_of(group_id)
        claim = await _held_claim(open_id) if open_id else None
        if claim is not None and "redraft" not in CLAIM.actions(claim.state):
            raise Conflict(
                n_(
                    "Claim {number} is {state}: it is posted or returned before another is drafted."
                ),
                {"number": claim.number, "state": claim.state},
            )
        answers = claim is not None and claim.state == ClaimState.DISPUTED and actor is not None
        if answers and not reason.strip():
            raise Refused([Finding("no-answer", n_("Answer what was said first."), field="reason")])
        facts = await queries.facts_of_group(group_id)
        owed = entitlements(terms, facts)
        lines = differences(owed, await queries.posted_of_group(group_id), terms.clause_ids)
        computed = Computed(terms, facts, owed, lines)
        if answers and claim is not None and actor is not None:
            await _answer(actor, claim, reason, terms, now)
        if lines:
            why = "" if answers else reason.strip()
            return await _write(claim, computed, why, actor=actor, now=now)
        if claim is not None:
            return await _withdraw(claim, computed, actor=actor, now=now)
    if actor is None:
        return None
    raise Refused(
        [
            Finding(
                "nothing-to-post",
                n_("Everything that is owed for group {code} is posted: {amount} €."),
                {"code": group.code, "amount": str(owed.total_amount)},
            )
        ]
    )


async def draft_due(now: datetime) -> int:
    """Draft claims where something is owed for a completed group, or changed after posting.

    A job by the clock; safe to repeat. A group whose claim waits for people is left alone.
    """
    done = 0
    for group_id in await queries.groups_to_draft():
        try:
            done += await draft_claim(None, group_id, now=now) is not None
        except Conflict as meanwhile:
            log.info("group %s: %s", group_id, meanwhile)
    return done


async def _answer(actor: Actor, claim: Claim, text: str, terms: Terms, now: datetime) -> None:
    """Keep the buyer's answer to a dispute, before the claim is computed again."""
    await keep_remark(actor, claim, RemarkKind.ANSWER, text, now)
    await audit.record(
        "claim:answered",
        _id(claim),
        actor,
        org_id=terms.buyer_id,
        now=now,
        facts=Answer(claim.content_sha256, claim.total_amount, text.strip()),
    )


async def _write(
    claim: Claim | None, computed: Computed, reason: str, *, actor: Actor | None, now: datetime
) -> UUID:
    """Write the claim and its lines anew, unless it says the same already."""
    terms, facts, lines = computed.terms, computed.facts, computed.lines
    stored_facts = canonical(facts)
    if claim is not None and claim.state == ClaimState.DRAFTED and claim.facts == stored_facts:
        return _id(claim)
    last = await queries.last_posted(facts.group_id)
    claim_id = _id(claim) if claim else uuid7()
    content = ClaimContent(
        claim_id=claim_id,
        contract_id=terms.contract_id,
        group_id=facts.group_id,
        provider_id=terms.provider_id,
        number=claim.number if claim else await queries.next_number(terms.contract_id),
        currency=terms.currency,
        known_until_at=now.astimezone(UTC),
        total_amount=sum((line.line_amount for line in lines), ZERO),
        lines=content_lines(lines),
    )
    columns: dict[str, Any] = {
        "reason": reason or (claim.reason if claim else ""),
        "changes": canonical(changes(last.group_facts, facts) if last else []),
        "known_until_at": now,
        "total_amount": content.total_amount,
        "facts": stored_facts,
        "result": canonical(computed.owed),
        "content_sha256": sha256_hex(canonical(content)),
        "drafted_at": now,
        "drafted_by": actor.id if actor else None,
        "dispute": None,
    }
    if claim is None:
        row = Claim(
            id=claim_id,
            contract=terms.contract_id,
            group=facts.group_id,
            number=content.number,
            state=ClaimState.DRAFTED,
            **columns,
        )
        await row.save()
    else:
        await ClaimLine.delete().where(ClaimLine.claim == claim_id)
        claim.state = CLAIM.after(claim.state, "redraft")
        for name, value in columns.items():
            setattr(claim, name, value)
        await claim.save()
    await ClaimLine.insert(
        *(
            ClaimLine(
                claim=claim_id,
                position=position,
                key=line.key,
                kind=line.kind,
                participant=line.participant_id,
                outcome=line.outcome_id,
                clause=line.clause_id,
                entitled_amount=line.entitled_amount,
                posted_amount=line.posted_amount,
                line_amount=line.line_amount,
                trace=canonical(line.trace),
            )
            for position, line in enumerate(lines, start=1)
        )
    )
    await tasks.finish(ANSWER, claim_id, now=now)
    row = claim if claim is not None else row
    await _ask_to_accept(row, terms, content.total_amount, facts.group_code, now)
    drafted = Drafted(
        content, columns["content_sha256"], sha256_hex(stored_facts), columns["reason"]
    )
    kind = "claim:redrafted" if claim else "claim:drafted"
    await audit.record(kind, claim_id, actor, org_id=terms.buyer_id, now=now, facts=drafted)
    return claim_id


async def _ask_to_accept(
    claim: Claim, terms: Terms, amount: Decimal, group_code: str, now: datetime
) -> None:
    """Leave the provider a task: accept the claim, or say what is not right."""
    await tasks.create(
        ACCEPT,
        _id(claim),
        org_id=terms.provider_id,
        role=Role.PROVIDER_MANAGER,
        text=n_("Accept or dispute claim {number} of group {code}: {amount} €."),
        values={"number": claim.number, "code": group_code, "amount": str(amount)},
        link=f"/claims/{claim.id}",
        clause="",
        due_on=due_on(legal_day(now), periods(legal_day(now)).accept_days),
        now=now,
    )


async def _withdraw(
    claim: Claim, computed: Computed, *, actor: Actor | None, now: datetime
) -> UUID:
    """Withdraw a draft that would post nothing."""
    claim.state = CLAIM.after(claim.state, "withdraw")
    await claim.save([Claim.state])
    for kind in (ACCEPT, ANSWER):
        await tasks.drop(kind, _id(claim), now=now)
    await audit.record(
        "claim:withdrawn",
        _id(claim),
        actor,
        org_id=computed.terms.buyer_id,
        now=now,
        facts=Withdrawn(computed.owed.total_amount, sha256_hex(canonical(computed.facts))),
    )
    return _id(claim)


def _id(claim: Claim) -> UUID:
    return UUID(bytes=claim.id.bytes)


async def accept(actor: Actor, claim_id: UUID, *, now: datetime) -> None:
    """Accept a drafted claim of the actor's own organisation; from then on it is frozen.

    Raises NotFound, Forbidden, Conflict (not a draft any more).
    """
    async with transaction():
        terms = await contracts.hold_contract(await queries.contract_of_claim(claim_id))
        claim = await _held_claim(claim_id)
        _must_be_providers(actor, terms, claim_id)
        claim.state = CLAIM.after(claim.state, "accept")
        claim.accepted_at, claim.accepted_by = now, actor.id
        await claim.save([Claim.state, Claim.accepted_at, Claim.accepted_by])
        facts = await paper_facts(actor, claim_id)
        await tasks.finish(ACCEPT, claim_id, now=now)
        for role in (Role.FINANCE, Role.CONTRACT_MANAGER):
            await tasks.create(
                ATTEST,
                claim_id,
                org_id=terms.buyer_id,
                role=role,
                text=n_("Attest claim {number} of {provider}: {amount} €."),
                values={
                    "number": claim.number,
                    "provider": facts.provider_name,
                    "amount": str(claim.total_amount),
                },
                link=f"/claims/{claim_id}",
                clause="",
                due_on=due_on(legal_day(now), periods(legal_day(now)).attest_days),
                now=now,
                excused_ids={claim.drafted_by} - {None},
            )
        await documents.order_paper(
            kind="acceptance-act",
            template="payments/papers/acceptance_act.html",
            title=f"{terms.number} / {claim.number}, {facts.group_code}",
            subject_id=claim_id,
            buyer_id=terms.buyer_id,
            reader_org_id=terms.provider_id,
            facts=facts,
            now=now,
        )
        await audit.record(
            "claim:accepted",
            claim_id,
            actor,
            org_id=terms.buyer_id,
            now=now,
            facts=Answer(claim.content_sha256, claim.total_amount),
        )


async def dispute(
    actor: Actor, claim_id: UUID, reason: str, line_keys: Sequence[str] = (), *, now: datetime
) -> None:
    """Say that a drafted claim, or some of its lines, is not right; the buyer answers.

    Raises NotFound, Forbidden, Conflict (not a draft any more), Refused (no words, no such line).
    """
    async with transaction():
        terms = await contracts.hold_contract(await queries.contract_of_claim(claim_id))
        claim = await _held_claim(claim_id)
        _must_be_providers(actor, terms, claim_id)
        state = CLAIM.after(claim.state, "dispute")
        known = {line.key for line in (await queries.content_of_claim(claim_id)).lines}
        if found := dispute_findings(reason, line_keys, known):
            raise Refused(found)
        claim.state, claim.dispute = state, reason.strip()
        await claim.save([Claim.state, Claim.dispute])
        await keep_remark(actor, claim, RemarkKind.DISPUTE, reason, now, line_keys=line_keys)
        await tasks.finish(ACCEPT, claim_id, now=now)
        await ask_for_an_answer(claim, terms, now)
        await audit.record(
            "claim:disputed",
            claim_id,
            actor,
            org_id=terms.buyer_id,
            now=now,
            facts=Answer(claim.content_sha256, claim.total_amount, reason.strip()),
        )


async def take_dispute_back(actor: Actor, claim_id: UUID, *, now: datetime) -> None:
    """Take the provider's own dispute back: the claim stands as it was drafted.

    Raises NotFound, Forbidden, Conflict (not disputed, or sent back by the buyer).
    """
    async with transaction():
        terms = await contracts.hold_contract(await queries.contract_of_claim(claim_id))
        claim = await _held_claim(claim_id)
        _must_be_providers(actor, terms, claim_id)
        claim.state = CLAIM.after(claim.state, "undispute")
        remarks = await queries.remarks_of(claim_id)
        if not remarks or remarks[-1].kind != RemarkKind.DISPUTE:
            raise Conflict(n_("The buyer sent this claim back; there is no dispute to take back."))
        claim.dispute = None
        await claim.save([Claim.state, Claim.dispute])
        await keep_remark(actor, claim, RemarkKind.UNDISPUTE, "", now)
        await tasks.drop(ANSWER, claim_id, now=now)
        await _ask_to_accept(claim, terms, claim.total_amount, await _group_code(claim), now)
        await audit.record(
            "claim:undisputed",
            claim_id,
            actor,
            org_id=terms.buyer_id,
            now=now,
            facts=Answer(claim.content_sha256, claim.total_amount),
        )


async def keep_remark(
    actor: Actor,
    claim: Claim,
    kind: RemarkKind,
    text: str,
    now: datetime,
    *,
    line_keys: Sequence[str] = (),
) -> None:
    """Keep what a party said of a claim as it stands; it is never edited."""
    await ClaimRemark(
        claim=claim.id,
        kind=kind,
        person=actor.id,
        text=text.strip(),
        line_keys=list(line_keys),
        total_amount=claim.total_amount,
        content_sha256=claim.content_sha256,
        said_at=now,
    ).save()


async def _group_code(claim: Claim) -> str:
    return (await delivery.group_facts(claim.group)).code


async def ask_for_an_answer(claim: Claim, terms: Terms, now: datetime) -> None:
    """Leave the contract manager a task: look at the facts and draft the claim again."""
    await tasks.create(
        ANSWER,
        _id(claim),
        org_id=terms.buyer_id,
        role=Role.CONTRACT_MANAGER,
        text=n_("Claim {number} is disputed: look at its facts and draft it again."),
        values={"number": claim.number},
        link=f"/claims/{claim.id}",
        clause="",
        due_on=due_on(legal_day(now), periods(legal_day(now)).accept_days),
        now=now,
    )


def _must_be_providers(actor: Actor, terms: Terms, claim_id: UUID) -> None:
    if actor.org_id not in (terms.buyer_id, terms.provider_id):
        raise NotFound(n_("There is no claim {id}."), {"id": str(claim_id)})
    if not actor.may(Permission.CLAIM_ACCEPT, for_org=terms.provider_id):
        raise Forbidden(n_("The provider of the group accepts or disputes its claims."))
