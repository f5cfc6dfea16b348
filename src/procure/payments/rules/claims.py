"""Claims: the difference to what was posted, what changed since, and who may attest.

Pure: each fact is an argument. Amounts are whole cents; a negative line is a correction.
Source: promises R9 (four eyes, by natural person), P-5, P-7, P-8, P-13.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.payments.rules.facts import GroupFacts, ParticipantFacts
from procure.payments.rules.lines import Entitlement, money
from procure.payments.rules.reasons import milestone_missed
from procure.payments.states import LineKind

ZERO = Decimal("0.00")


class Posted(msgspec.Struct, frozen=True):
    """What earlier claims of a group posted for one obligation."""

    key: str
    kind: LineKind
    amount: Decimal
    clause_id: UUID | None
    participant_id: UUID | None
    outcome_id: UUID | None


class Difference(msgspec.Struct, frozen=True):
    """One line of a claim: entitled less posted."""

    key: str
    kind: LineKind
    entitled_amount: Decimal
    posted_amount: Decimal
    line_amount: Decimal
    trace: Finding
    clause_id: UUID | None
    participant_id: UUID | None
    outcome_id: UUID | None


def differences(
    entitlement: Entitlement, posted: Mapping[str, Posted], clauses: Mapping[str, UUID]
) -> list[Difference]:
    """List what must be posted so that what is posted equals what is owed.

    One line per obligation whose amount differs, in the order of the entitlement; obligations that
    are owed no more come last, negative, with the reason why. Nothing differs: no line.
    """
    found = []
    for line in entitlement.lines:
        before = posted[line.key].amount if line.key in posted else ZERO
        if line.amount != before:
            found.append(
                Difference(
                    line.key,
                    line.kind,
                    line.amount,
                    before,
                    line.amount - before,
                    line.trace,
                    clauses.get(line.clause),
                    line.participant_id,
                    line.outcome_id,
                )
            )
    owed = {line.key for line in entitlement.lines}
    reasons = {withheld.key: withheld.reason for withheld in entitlement.withheld}
    for key in sorted(posted):
        gone = posted[key]
        if key in owed or not gone.amount:
            continue
        found.append(
            Difference(
                key,
                gone.kind,
                ZERO,
                gone.amount,
                -gone.amount,
                reasons.get(
                    key,
                    Finding(
                        "no-longer-owed",
                        n_("{amount} € was posted before and is owed no more."),
                        {"amount": money(gone.amount)},
                    ),
                ),
                gone.clause_id,
                gone.participant_id,
                gone.outcome_id,
            )
        )
    return found


def changes(before: GroupFacts, after: GroupFacts) -> list[Finding]:
    """Name every fact on which money depends that is not what it was at the last claim."""
    found = []
    earlier = {person.client_ref: person for person in before.participants}
    for person in sorted(after.participants, key=lambda p: p.client_ref):
        was = earlier.pop(person.client_ref, None)
        if was is None:
            found.append(
                Finding(
                    "joined",
                    n_("{client_ref} was not in the group before."),
                    {"client_ref": person.client_ref},
                )
            )
            continue
        found += _days_changed(was, person)
        found += _milestones_changed(was, person)
        found += _outcomes_changed(was, person)
    found += [
        Finding("gone", n_("{client_ref} is in the group no more."), {"client_ref": client_ref})
        for client_ref in sorted(earlier)
    ]
    return found


def _days_changed(was: ParticipantFacts, person: ParticipantFacts) -> list[Finding]:
    days = [(p.present_days, p.excused_days, p.absent_days, p.vacated_days) for p in (was, person)]
    if days[0] == days[1]:
        return []
    return [
        Finding(
            "attendance-changed",
            n_(
                "Attendance of {client_ref} (present, excused, absent, vacated): was {before}, "
                "is {after}."
            ),
            {
                "client_ref": person.client_ref,
                "before": " / ".join(str(n) for n in days[0]),
                "after": " / ".join(str(n) for n in days[1]),
            },
        )
    ]


def _milestones_changed(was: ParticipantFacts, person: ParticipantFacts) -> list[Finding]:
    found = []
    for code in ("M1", "M2", "M3"):
        reached = milestone_missed(code, person) is None
        if reached != (milestone_missed(code, was) is None):
            found.append(
                Finding(
                    "milestone-changed",
                    n_("{milestone} of {client_ref} is reached now.")
                    if reached
                    else n_("{milestone} of {client_ref} does not count any more."),
                    {"milestone": code, "client_ref": person.client_ref},
                )
            )
    return found


def _outcomes_changed(was: ParticipantFacts, person: ParticipantFacts) -> list[Finding]:
    found = []
    earlier = {outcome.definition: outcome for outcome in was.outcomes}
    for outcome in sorted(person.outcomes, key=lambda o: o.definition):
        old = earlier.get(outcome.definition)
        if old is None:
            found.append(
                Finding(
                    "outcome-new",
                    n_("{definition} of {client_ref} was reported."),
                    {"definition": outcome.definition, "client_ref": person.client_ref},
                )
            )
        elif old.state != outcome.state:
            found.append(
                Finding(
                    "outcome-changed",
                    n_("{definition} of {client_ref} was {before} and is {after}:"),
                    {
                        "definition": outcome.definition,
                        "client_ref": person.client_ref,
                        "before": str(old.state),
                        "after": str(outcome.state),
                    },
                )
            )
            found.append(outcome.reason)
    return found


class ContentLine(msgspec.Struct, frozen=True):
    """One line as it is attested."""

    key: str
    kind: str
    participant_id: UUID | None
    outcome_id: UUID | None
    clause_id: UUID | None
    entitled_amount: Decimal
    posted_amount: Decimal
    line_amount: Decimal


class ClaimContent(msgspec.Struct, frozen=True):
    """What an attestation signs: change anything of it, and the signature is for something else."""

    claim_id: UUID
    contract_id: UUID
    group_id: UUID
    provider_id: UUID
    number: int
    currency: str
    known_until_at: datetime
    total_amount: Decimal
    lines: tuple[ContentLine, ...]


class AttestFacts(msgspec.Struct, frozen=True):
    """What decides whether a person may attest a claim; stored with the attestation."""

    person_id: UUID
    drafted_by: UUID | None  # None: the system
    accepted_by: UUID | None
    attested_by: tuple[UUID, ...]
    stored_sha256: str  # of the claim when it was drafted
    actual_sha256: str  # of the claim as it is now
    seen_sha256: str  # what the person attests
    claim_amount: Decimal
    posted_amount: Decimal  # under this contract, this claim excluded
    ceiling_amount: Decimal


def attest_findings(facts: AttestFacts) -> list[Finding]:
    """List every reason why this person may not attest this claim."""
    found = []
    if facts.person_id == facts.drafted_by:
        found.append(
            Finding("drafter", n_("Who drafted a claim may not attest it."), {}, "four eyes")
        )
    if facts.person_id == facts.accepted_by:
        found.append(
            Finding("accepter", n_("Who accepted a claim may not attest it."), {}, "four eyes")
        )
    if facts.person_id in facts.attested_by:
        found.append(
            Finding(
                "same-person",
                n_("You have attested this claim already; the second person must be another."),
                {},
                "four eyes",
            )
        )
    if not facts.stored_sha256 == facts.actual_sha256 == facts.seen_sha256:
        found.append(
            Finding(
                "content-changed",
                n_("The claim is not what you saw: its hash is {actual}. Load it and read again."),
                {"actual": facts.actual_sha256},
                field="content_sha256",
            )
        )
    found += ceiling_findings(facts.claim_amount, facts.posted_amount, facts.ceiling_amount)
    return found


def ceiling_findings(claim: Decimal, posted: Decimal, ceiling: Decimal) -> list[Finding]:
    """Say that the claim would go over the contract's ceiling; the last cent may be spent.

    >>> ceiling_findings(Decimal("10.00"), Decimal("90.00"), Decimal("100.00"))
    []
    """
    if posted + claim <= ceiling:
        return []
    return [
        Finding(
            "over-ceiling",
            n_("The contract has {left} € left of {ceiling} €; this claim asks for {claim} €."),
            {"left": money(ceiling - posted), "ceiling": money(ceiling), "claim": money(claim)},
            "ceiling",
        )
    ]


def dispute_findings(
    text: str, line_keys: Sequence[str] = (), known: Collection[str] = ()
) -> list[Finding]:
    """Ask for words, and for lines that the claim has: a dispute without a reason helps nobody."""
    found = []
    if not text.strip():
        found.append(Finding("no-reason", n_("Say what is not right."), field="reason"))
    if any(key not in known for key in line_keys):
        found.append(Finding("no-line", n_("Choose lines that the claim has."), field="line_keys"))
    return found


def content_lines(lines: Sequence[Difference]) -> tuple[ContentLine, ...]:
    """Reduce lines to what is attested, in order of key."""
    return tuple(
        ContentLine(
            line.key,
            str(line.kind),
            line.participant_id,
            line.outcome_id,
            line.clause_id,
            line.entitled_amount,
            line.posted_amount,
            line.line_amount,
        )
        for line in sorted(lines, key=lambda line: line.key)
    )
