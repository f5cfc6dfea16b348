"""What the functions of this service share."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import dated
from procure.payments import queries
from procure.payments.schemas import ClaimView
from procure.payments.tables import Claim

ACCEPT = "claim:accept"  # kinds of tasks
ANSWER = "claim:answer"
ATTEST = "claim:attest"
PREPARE = "run:prepare"
RELEASE = "run:release"


class Periods(msgspec.Struct, frozen=True):
    """The days in which people act: parameter `payments/claim_periods`."""

    accept_days: int
    attest_days: int
    release_days: int


def periods(day: date) -> Periods:
    """Return the periods that hold on `day`."""
    return msgspec.convert(dated("payments/claim_periods").on(day), Periods)


def due_on(day: date, days: int) -> date:
    """Return the last day of a period that starts on the day after `day`."""
    return day + timedelta(days=days)


def payment_due_on(day: date) -> date:
    """Return the last day on which what is posted on `day` must be paid."""
    found: int = dated("payments/payment_term").on(day)
    return due_on(day, found)


async def _held_claim(claim_id: UUID) -> Claim:
    """Lock one claim's row; its contract is held already."""
    found: Claim | None = await Claim.objects().where(Claim.id == claim_id).first().lock_rows()
    if found is None:
        raise NotFound(n_("There is no claim {id}."), {"id": str(claim_id)})
    return found


class PaperLine(msgspec.Struct, frozen=True):
    """One line as it is printed; `text` and `values` say how it was reckoned."""

    key: str
    kind: str
    client_ref: str
    clause: str
    text: str
    values: dict[str, Any]
    entitled_amount: Decimal
    posted_amount: Decimal
    line_amount: Decimal


class PaperWithheld(msgspec.Struct, frozen=True):
    """What is not owed as it is printed, and why."""

    key: str
    kind: str
    client_ref: str
    amount: Decimal
    text: str
    values: dict[str, Any]
    may_come: bool


class ClaimPaper(msgspec.Struct, frozen=True, kw_only=True):
    """What the acceptance act and the statement are printed from."""

    reference: str
    contract_number: str
    group_code: str
    provider_name: str
    claim_number: int
    currency: str
    known_until_at: Any
    content_sha256: str
    attendance_amount: Decimal
    milestone_amount: Decimal
    outcome_amount: Decimal
    entitled_amount: Decimal
    posted_before_amount: Decimal
    total_amount: Decimal
    counted_days: Decimal
    guaranteed_days: Decimal
    accepted_by: str
    accepted_at: Any
    attested: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    lines: list[PaperLine]
    withheld: list[PaperWithheld]


async def paper_facts(actor: Actor, claim_id: UUID) -> ClaimPaper:
    """Gather what is printed of a claim, as it is in the running transaction."""
    claim: ClaimView = await queries.read_claim(actor, claim_id)
    return ClaimPaper(
        reference=f"{claim.contract_number} / {claim.number}",
        contract_number=claim.contract_number,
        group_code=claim.group_code,
        provider_name=claim.provider_name,
        claim_number=claim.number,
        currency=claim.currency,
        known_until_at=claim.known_until_at,
        content_sha256=claim.content_sha256,
        attendance_amount=claim.attendance_amount,
        milestone_amount=claim.milestone_amount,
        outcome_amount=claim.outcome_amount,
        entitled_amount=claim.entitled_amount,
        posted_before_amount=claim.posted_before_amount,
        total_amount=claim.total_amount,
        counted_days=claim.counted_days,
        guaranteed_days=claim.guaranteed_days,
        accepted_by=claim.accepted_by or "",
        accepted_at=claim.accepted_at,
        attested=[{"name": a.person_name, "at": a.attested_at} for a in claim.attestations],
        changes=[{"text": c.text, "values": dict(c.values)} for c in claim.changes],
        lines=[
            PaperLine(
                line.key,
                line.kind,
                line.client_ref or "",
                line.clause_number or "",
                line.trace.text,
                dict(line.trace.values),
                line.entitled_amount,
                line.posted_amount,
                line.line_amount,
            )
            for line in claim.lines
        ],
        withheld=[
            PaperWithheld(
                item.key,
                item.kind,
                item.client_ref or "",
                item.amount,
                item.reason.text,
                dict(item.reason.values),
                item.may_come,
            )
            for item in claim.withheld
        ],
    )
