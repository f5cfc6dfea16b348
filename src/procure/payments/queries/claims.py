"""Reading claims: each is its buyer's and its provider's, and nobody else's."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.contracts import queries as contracts
from procure.db import fetch_as
from procure.documents import queries as documents
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import read_canonical
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.outcomes.schemas import Said, said
from procure.outcomes.states import OutcomeState, Source
from procure.payments.queries.facts import facts_of_group, no_claim, open_claim_of, posted_of_group
from procure.payments.rules import (
    AttestFacts,
    ClaimContent,
    ContentLine,
    Entitlement,
    GroupFacts,
    Withheld,
    attest_findings,
    changes,
    entitlements,
    may_come,
)
from procure.payments.schemas import (
    AttestationView,
    ClaimLineItem,
    ClaimNumber,
    ClaimPayment,
    ClaimView,
    Expectation,
    LineView,
    RemarkView,
    WithheldView,
)
from procure.payments.states import CLAIM, OPEN, ClaimState, RemarkKind

_ITEM = """c.id, c.number, c.contract AS contract_id, k.number AS contract_number,
    c."group" AS group_id, g.code AS group_code, k.buyer AS buyer_id,
    k.provider_org AS provider_id, o.name AS provider_name, c.state, c.total_amount, k.currency,
    c.drafted_at, g.state AS group_state"""
_REST = """c.reason, c.changes, c.known_until_at, c.facts, c.result, c.content_sha256,
    c.drafted_by, c.accepted_at, c.accepted_by, a.name AS accepted_by_name, c.dispute,
    c.payment AS payment_id, r.id AS run_id, r.pay_on, k.ceiling_amount, k.spent_amount"""
_FROM = """claim c JOIN contract k ON k.id = c.contract JOIN service_group g ON g.id = c."group"
    JOIN organisation o ON o.id = k.provider_org
    LEFT JOIN person a ON a.id = c.accepted_by
    LEFT JOIN payment p ON p.id = c.payment LEFT JOIN payment_run r ON r.id = p.run"""
CLAIM_ITEM = f"SELECT {_ITEM} FROM {_FROM}"  # noqa: S608 - our own text
_CLAIM = f"SELECT {_ITEM}, {_REST} FROM {_FROM}"  # noqa: S608 - our own text
_READABLE = "$1 IN (k.buyer, k.provider_org)"


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    number: int
    contract_id: UUID
    contract_number: str
    group_id: UUID
    group_code: str
    buyer_id: UUID
    provider_id: UUID
    provider_name: str
    state: ClaimState
    total_amount: Decimal
    currency: str
    drafted_at: datetime
    group_state: str
    reason: str
    changes: str
    known_until_at: datetime
    facts: str
    result: str
    content_sha256: str
    drafted_by: UUID | None
    accepted_at: datetime | None
    accepted_by: UUID | None
    accepted_by_name: str | None
    dispute: str | None
    payment_id: UUID | None
    run_id: UUID | None
    pay_on: date | None
    ceiling_amount: Decimal
    spent_amount: Decimal


class _Line(msgspec.Struct, frozen=True):
    id: UUID
    position: int
    key: str
    kind: str
    client_ref: str | None
    participant_id: UUID | None
    outcome_id: UUID | None
    clause_id: UUID | None
    clause_number: str | None
    clause_title: str | None
    entitled_amount: Decimal
    posted_amount: Decimal
    line_amount: Decimal
    trace: str


async def list_claims(
    actor: Actor, *, state: str = "", group_id: UUID | None = None, contract_id: UUID | None = None
) -> list[ClaimLineItem]:
    """List the claims of the actor's organisation: those that wait first, then the newest."""
    return await fetch_as(
        ClaimLineItem,
        f"""{CLAIM_ITEM} WHERE {_READABLE} AND ($2 = '' OR c.state = $2)
            AND ($3::uuid IS NULL OR c."group" = $3) AND ($4::uuid IS NULL OR c.contract = $4)
            ORDER BY c.state IN ('posted', 'paid', 'withdrawn'), c.drafted_at DESC, c.id DESC""",
        actor.org_id,
        state,
        group_id,
        contract_id,
    )


async def read_claim(actor: Actor, claim_id: UUID) -> ClaimView:
    """Load one claim; NotFound also for one that is not the actor's organisation's."""
    rows = await fetch_as(_Row, f"{_CLAIM} WHERE {_READABLE} AND c.id = $2", actor.org_id, claim_id)
    if not rows:
        raise no_claim(claim_id)
    row = rows[0]
    result = read_canonical(row.result, Entitlement)
    lines = await _lines(claim_id)
    attested = await attestations_of(claim_id, row.content_sha256)
    facts = read_canonical(row.facts, GroupFacts)
    remarks = await remarks_of(claim_id)
    is_buyers = actor.org_id == row.buyer_id
    is_open = row.state in OPEN
    same: dict[str, Any] = {
        name: getattr(row, name)
        for name in ClaimView.__struct_fields__
        if name in _Row.__struct_fields__ and name not in {"changes", "accepted_by"}
    }
    return ClaimView(
        **same,
        changes=[said(f) for f in read_canonical(row.changes, list[Finding])],
        attendance_amount=result.attendance_amount,
        milestone_amount=result.milestone_amount,
        outcome_amount=result.outcome_amount,
        entitled_amount=result.total_amount,
        posted_before_amount=result.total_amount - row.total_amount,
        counted_days=result.counted_days,
        guaranteed_days=result.guaranteed_days,
        lines=lines,
        withheld=[
            withheld_view(w, facts, is_running=row.group_state == "running")
            for w in result.withheld
        ],
        accepted_by=row.accepted_by_name,
        attestations=attested,
        paid_on=row.pay_on if row.state == ClaimState.PAID else None,
        differs=[said(f) for f in changes(facts, await facts_of_group(row.group_id))]
        if is_buyers and is_open
        else [],
        unchecked=_unchecked(facts, lines) if is_buyers else [],
        papers=await documents.read_papers(actor, [claim_id]),
        remarks=remarks,
        due_on=await _due_on(claim_id),
        payment=await _payment(row),
        actions=_actions(actor, row, attested, remarks),
    )


async def remarks_of(claim_id: UUID) -> list[RemarkView]:
    """List what was said of a claim, the first first; for services and other queries."""
    return await fetch_as(
        RemarkView,
        """SELECT r.kind, p.name AS person_name, r.text, r.line_keys, r.total_amount, r.said_at
             FROM claim_remark r JOIN person p ON p.id = r.person
            WHERE r.claim = $1 ORDER BY r.said_at, r.id""",
        claim_id,
    )


class _Day(msgspec.Struct, frozen=True):
    day: date | None


async def _due_on(claim_id: UUID) -> date | None:
    """Return by when whoever a claim waits for is to act."""
    rows = await fetch_as(
        _Day,
        "SELECT min(due_on) AS day FROM task WHERE subject_id = $1 AND state = 'open'",
        claim_id,
    )
    return rows[0].day


class _Payment(msgspec.Struct, frozen=True):
    id: UUID
    run_id: UUID
    state: str
    end_to_end_id: str
    payment_amount: Decimal
    pay_on: date
    released_at: datetime | None


async def _payment(row: _Row) -> ClaimPayment | None:
    """Tell of the transfer that pays a claim, and which others came in the same sum."""
    rows = await fetch_as(
        _Payment,
        """SELECT p.id, p.run AS run_id, r.state, p.end_to_end_id, p.payment_amount, r.pay_on,
                  r.released_at
             FROM payment p JOIN payment_run r ON r.id = p.run WHERE p.id = $1""",
        row.payment_id,
    )
    if not rows:
        return None
    others = await fetch_as(
        ClaimNumber,
        "SELECT id, number FROM claim WHERE payment = $1 AND id <> $2 ORDER BY number",
        row.payment_id,
        row.id,
    )
    return ClaimPayment(**msgspec.structs.asdict(rows[0]), with_claims=others)


def withheld_view(withheld: Withheld, facts: GroupFacts, *, is_running: bool) -> WithheldView:
    """Show what is not owed, and whether it may still come."""
    return WithheldView(
        withheld.key,
        withheld.kind,
        withheld.client_ref,
        withheld.amount,
        said(withheld.reason),
        may_come(withheld, facts, is_running=is_running),
    )


def _unchecked(facts: GroupFacts, lines: Sequence[LineView]) -> list[Said]:
    """Say which outcomes of a claim the register could tell of and has not."""
    paid = {line.outcome_id for line in lines if line.line_amount > 0}
    return [
        said(
            Finding(
                "not-checked",
                n_("{definition} of {client_ref} rests on {source}; the register was not asked."),
                {
                    "definition": outcome.definition,
                    "client_ref": outcome.client_ref,
                    "source": str(outcome.source),
                },
                outcome.definition,
            )
        )
        for person in facts.participants
        for outcome in person.outcomes
        if outcome.outcome_id in paid
        and outcome.asks_register
        and outcome.state is OutcomeState.VERIFIED
        and outcome.source is not Source.REGISTER
    ]


def _actions(
    actor: Actor,
    row: _Row,
    attested: Sequence[AttestationView],
    remarks: Sequence[RemarkView],
) -> list[str]:
    """List what this reader may do now: the moves of the state that are theirs."""
    theirs = set()
    if actor.may(Permission.CLAIM_ACCEPT, for_org=row.provider_id):
        theirs |= {"accept", "dispute"}
        if remarks and remarks[-1].kind == RemarkKind.DISPUTE:
            theirs |= {"undispute"}
    if actor.may(Permission.CLAIM_DRAFT, for_org=row.buyer_id):
        theirs |= {"redraft"}
    if actor.may(Permission.CLAIM_ATTEST, for_org=row.buyer_id):
        theirs |= {"return"}
        if not attest_findings(_attest_facts(actor, row, attested)):
            theirs |= {"attest"}
    return [action for action in CLAIM.actions(row.state) if action in theirs]


def _attest_facts(actor: Actor, row: _Row, by: Sequence[AttestationView]) -> AttestFacts:
    """Gather what decides whether the actor may attest; that the content is untouched is taken."""
    return AttestFacts(
        person_id=actor.id,
        drafted_by=row.drafted_by,
        accepted_by=row.accepted_by,
        attested_by=tuple(a.person_id for a in by),
        stored_sha256=row.content_sha256,
        actual_sha256=row.content_sha256,
        seen_sha256=row.content_sha256,
        claim_amount=row.total_amount,
        posted_amount=row.spent_amount,
        ceiling_amount=row.ceiling_amount,
    )


async def _lines(claim_id: UUID) -> list[LineView]:
    rows = await fetch_as(
        _Line,
        """SELECT l.id, l.position, l.key, l.kind, p.client_ref, l.participant AS participant_id,
                  l.outcome AS outcome_id, l.clause AS clause_id, s.number AS clause_number,
                  s.title AS clause_title, l.entitled_amount, l.posted_amount, l.line_amount,
                  l.trace
             FROM claim_line l LEFT JOIN participant p ON p.id = l.participant
             LEFT JOIN clause s ON s.id = l.clause
            WHERE l.claim = $1 ORDER BY l.position""",
        claim_id,
    )
    found = []
    for row in rows:
        fields: dict[str, Any] = msgspec.structs.asdict(row)
        fields["trace"] = said(read_canonical(row.trace, Finding))
        found.append(LineView(**fields))
    return found


async def attestations_of(claim_id: UUID, content_sha256: str) -> list[AttestationView]:
    """List who attested a claim's content as it is; earlier contents do not count."""
    return await fetch_as(
        AttestationView,
        """SELECT a.position, a.person AS person_id, p.name AS person_name, a.content_sha256,
                  a.attested_at
             FROM attestation a JOIN person p ON p.id = a.person
            WHERE a.claim = $1 AND a.content_sha256 = $2 ORDER BY a.position""",
        claim_id,
        content_sha256,
    )


async def content_of_claim(claim_id: UUID) -> ClaimContent:
    """Read back what an attestation signs, from the rows as they are; for services."""
    rows = await fetch_as(_Row, f"{_CLAIM} WHERE c.id = $1", claim_id)
    if not rows:
        raise no_claim(claim_id)
    row = rows[0]
    return ClaimContent(
        claim_id=row.id,
        contract_id=row.contract_id,
        group_id=row.group_id,
        provider_id=row.provider_id,
        number=row.number,
        currency=row.currency,
        known_until_at=row.known_until_at,
        total_amount=row.total_amount,
        lines=tuple(
            sorted(
                (
                    ContentLine(
                        line.key,
                        line.kind,
                        line.participant_id,
                        line.outcome_id,
                        line.clause_id,
                        line.entitled_amount,
                        line.posted_amount,
                        line.line_amount,
                    )
                    for line in await _lines(claim_id)
                ),
                key=lambda line: line.key,
            )
        ),
    )


async def expectations(actor: Actor) -> list[Expectation]:
    """Tell a provider, or the buyer, what each running or ended group would bring by now."""
    rows = await fetch_as(
        _Group,
        """SELECT g.id, g.code, g.state, g.contract AS contract_id, k.number AS contract_number,
                  k.currency
             FROM service_group g JOIN contract k ON k.id = g.contract
            WHERE $1 IN (k.buyer, k.provider_org) AND g.state <> 'planned'
            ORDER BY g.starts_on DESC, g.code""",
        actor.org_id,
    )
    return [await _expectation(row) for row in rows]


class _Group(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    state: str
    contract_id: UUID
    contract_number: str
    currency: str


class _Sum(msgspec.Struct, frozen=True):
    amount: Decimal


async def _expectation(row: _Group) -> Expectation:
    terms = await contracts.terms_of(row.contract_id)
    facts = await facts_of_group(row.id)
    owed = entitlements(terms, facts)
    withheld = [withheld_view(w, facts, is_running=row.state == "running") for w in owed.withheld]
    posted = await posted_of_group(row.id)
    paid = await fetch_as(
        _Sum,
        """SELECT coalesce(sum(total_amount), 0) AS amount FROM claim
            WHERE "group" = $1 AND state = 'paid'""",
        row.id,
    )
    return Expectation(
        group_id=row.id,
        group_code=row.code,
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        currency=row.currency,
        entitled_amount=owed.total_amount,
        posted_amount=sum((line.amount for line in posted.values()), Decimal("0.00")),
        paid_amount=paid[0].amount,
        open_claim_id=await open_claim_of(row.id),
        withheld_amount=sum((w.amount for w in withheld if not w.may_come), Decimal("0.00")),
        may_come_amount=sum((w.amount for w in withheld if w.may_come), Decimal("0.00")),
        unpaid_amount=owed.total_amount - paid[0].amount,
        withheld=withheld,
    )
