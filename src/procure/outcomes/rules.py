"""What counts as an outcome: may it be reported, what does a register say, which source decides.

Pure: every fact is an argument. Units: days are calendar days, the first and the last included.
Source: published outcome definitions (catalogue); domain 7.1 for the rank of the sources.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.outcomes.states import OutcomeState, Source

DAY = timedelta(days=1)
BY_HAND = (Source.CASE_SYSTEM, Source.CASEWORKER, Source.CERTIFICATE)  # what a person records


class Definition(msgspec.Struct, frozen=True):
    """What of a published outcome definition these rules read."""

    code: str
    family: str
    claim_window_days: int  # after exit, the last day included
    sustain_days: int
    payment_factor: Decimal
    is_payable: bool
    asks_register: bool  # the employment register is among its sources


class Verification(msgspec.Struct, frozen=True):
    """The buyer's numbers: parameter `outcomes/verification`."""

    start_tolerance_days: int  # how near to the reported day a spell must begin to be that job
    verify_days: int  # in which the buyer looks at a report


class SpellQuestion(msgspec.Struct, frozen=True):
    """What a register is asked of one person: every spell that touches these days."""

    client_ref: str
    from_on: date
    until_on: date  # exclusive


class Spell(msgspec.Struct, frozen=True):
    """One employment as the register has it."""

    client_ref: str
    employer_code: str
    starts_on: date
    ends_on: date | None  # the last day of work; None while it runs
    end_ground: str | None
    rate: Decimal  # of full working time
    isco08: str


class Statement(msgspec.Struct, frozen=True):
    """What one source said of an outcome, and when."""

    source: Source
    supports: bool
    received_at: datetime
    reason: Finding


class EvidenceFacts(msgspec.Struct, frozen=True):
    """What one piece of evidence rests on; stored with it, so that it can be read again."""

    reason: Finding
    question: SpellQuestion | None = None
    spells: tuple[Spell, ...] = ()
    asked_on: date | None = None


class Verdict(msgspec.Struct, frozen=True):
    """Where an outcome stands by its statements: the highest source decides, its newest word."""

    state: OutcomeState
    source: Source
    reason: Finding


class Answer(msgspec.Struct, frozen=True):
    """What a register's spells say of a definition; None while it is too early to tell."""

    supports: bool | None
    finding: Finding


class ReportFacts(msgspec.Struct, frozen=True):
    """What decides whether an outcome may be reported; stored with the report."""

    client_ref: str
    definition: Definition
    outcome_on: date
    reported_on: date
    joins_on: date
    exit_on: date | None  # the last day in the group; None while the person is in it
    is_reported_already: bool


class OutcomeFact(msgspec.Struct, frozen=True):
    """One outcome as payment reads it."""

    outcome_id: UUID
    participant_id: UUID
    client_ref: str
    definition: str
    family: str
    payment_factor: Decimal
    is_payable: bool
    asks_register: bool
    outcome_on: date
    state: OutcomeState
    source: Source  # the one that decides so far
    reason: Finding


def evidence_findings(source: str, note: str) -> list[Finding]:
    """List why this cannot be recorded by a person; empty if it can."""
    found = []
    if source not in BY_HAND:
        found.append(
            Finding(
                "source",
                n_("A person records {allowed}; registers are asked, and providers report."),
                {"allowed": ", ".join(BY_HAND)},
                field="source",
            )
        )
    if not note.strip():
        found.append(Finding("no-note", n_("Say what was seen or heard, and when."), field="note"))
    return found


LARGEST_FILE = 5_000_000  # bytes
FILE_TYPES = {  # by what the file begins with, whatever its name says
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def media_type_of(content: bytes) -> str | None:
    """Return what a file is by its first bytes; None for what is not taken.

    >>> media_type_of(b"%PDF-1.7"), media_type_of(b"<html>")
    ('application/pdf', None)
    """
    found = (name for start, name in FILE_TYPES.items() if content.startswith(start))
    return next(found, None)


def attachment_findings(note: str, content: bytes | None) -> list[Finding]:
    """List why the provider's words and file cannot be added; empty if they can."""
    found = []
    if not note.strip():
        found.append(Finding("no-note", n_("Say what was seen or heard, and when."), field="note"))
    if content is not None and len(content) > LARGEST_FILE:
        found.append(
            Finding(
                "too-large",
                n_("The file is larger than {most} MB."),
                {"most": LARGEST_FILE // 1_000_000},
                field="file",
            )
        )
    elif content is not None and media_type_of(content) is None:
        found.append(Finding("file-type", n_("The file must be a PDF or a picture."), field="file"))
    return found


def last_day_to_report(facts: ReportFacts) -> date | None:
    """Return the last day on which a payable outcome can be reported; None while in the group."""
    if facts.exit_on is None:
        return None
    return facts.exit_on + timedelta(days=facts.definition.claim_window_days)


def report_findings(facts: ReportFacts) -> list[Finding]:
    """List every reason why the outcome cannot be reported; empty if it can."""
    found = []
    if facts.is_reported_already:
        found.append(
            Finding(
                "twice",
                n_("{definition} is already reported for {client_ref}; it counts once."),
                {"definition": facts.definition.code, "client_ref": facts.client_ref},
                field="definition",
            )
        )
    if facts.outcome_on < facts.joins_on:
        found.append(
            Finding(
                "before-join",
                n_("{client_ref} joined the group on {joins_on}; an outcome cannot be earlier."),
                {"client_ref": facts.client_ref, "joins_on": facts.joins_on},
                field="outcome_on",
            )
        )
    if facts.outcome_on > facts.reported_on:
        found.append(
            Finding(
                "future",
                n_("{outcome_on} is still to come; report the outcome when it is there."),
                {"outcome_on": facts.outcome_on},
                field="outcome_on",
            )
        )
    sustained_on = facts.outcome_on + timedelta(days=facts.definition.sustain_days)
    if facts.outcome_on <= facts.reported_on < sustained_on:
        found.append(
            Finding(
                "not-yet-sustained",
                n_("{days} days are needed and are over on {until_on}; report it from then on."),
                {"days": facts.definition.sustain_days, "until_on": sustained_on},
                facts.definition.code,
                field="outcome_on",
            )
        )
    last = last_day_to_report(facts)
    # The window closes a claim for money; what is not paid can be told at any time.
    if facts.definition.is_payable and last is not None and facts.reported_on > last:
        found.append(
            Finding(
                "late",
                n_("The last day to report {definition} for {client_ref} was {last}."),
                {
                    "definition": facts.definition.code,
                    "client_ref": facts.client_ref,
                    "last": last,
                },
                facts.definition.code,
                field="outcome_on",
            )
        )
    return found


def question_for(
    client_ref: str, outcomes: Iterable[tuple[Definition, date]], verification: Verification
) -> SpellQuestion:
    """Make the one question that covers all outcomes of a person."""
    slack = timedelta(days=verification.start_tolerance_days)
    spans = [
        (outcome_on - slack, outcome_on + slack + timedelta(days=definition.sustain_days) + DAY)
        for definition, outcome_on in outcomes
    ]
    return SpellQuestion(
        client_ref, min(start for start, _ in spans), max(until for _, until in spans)
    )


def register_answer(
    definition: Definition,
    outcome_on: date,
    spells: Sequence[Spell],
    *,
    asked_on: date,
    verification: Verification,
) -> Answer:
    """Read one person's spells against a definition.

    The job reported is one that begins within the tolerance of `outcome_on`. What must last is
    the union of overlapping and adjoining spells; a day without work ends it. A spell that runs
    counts to `asked_on`, so that what the register cannot know yet is neither proof nor
    contradiction.
    """
    slack = timedelta(days=verification.start_tolerance_days)
    begun = sorted(s.starts_on for s in spells if abs(s.starts_on - outcome_on) <= slack)
    if not begun:
        return Answer(
            supports=False,
            finding=Finding(
                "no-job",
                n_("The register shows no job that began within {days} days of {outcome_on}."),
                {"days": verification.start_tolerance_days, "outcome_on": outcome_on},
                definition.code,
            ),
        )
    if not definition.sustain_days:
        return Answer(
            supports=True,
            finding=Finding(
                "job-found",
                n_("The register shows a job that began on {starts_on}."),
                {"starts_on": begun[0]},
                definition.code,
            ),
        )
    begins_on = max(outcome_on, begun[0])
    until = unbroken_until(spells, begins_on, asked_on=asked_on)
    days, needed = (until - begins_on).days, definition.sustain_days
    values = {"days": min(days, needed), "needed": needed, "begins_on": begins_on}
    if days >= needed:
        return Answer(
            supports=True,
            finding=Finding(
                "sustained",
                n_("The register shows work on {days} of {needed} days from {begins_on}."),
                values,
                definition.code,
            ),
        )
    if until > asked_on:
        return Answer(
            supports=None,
            finding=Finding(
                "too-early",
                n_("The job has lasted {days} of {needed} days so far; ask again later."),
                values,
                definition.code,
            ),
        )
    return Answer(
        supports=False,
        finding=Finding(
            "ended-early",
            n_("The job ended after {days} of {needed} days, on {ended_on}."),
            {**values, "ended_on": until - DAY},
            definition.code,
        ),
    )


def unbroken_until(spells: Sequence[Spell], begins_on: date, *, asked_on: date) -> date:
    """Return the first day without work from `begins_on` on, or the day after `asked_on`.

    >>> one = Spell("CL-1", "19990011", date(2026, 1, 1), date(2026, 1, 10), "end", Decimal(1), "9")
    >>> two = msgspec.structs.replace(one, starts_on=date(2026, 1, 11), ends_on=None)
    >>> unbroken_until([two, one], date(2026, 1, 1), asked_on=date(2026, 2, 1))
    datetime.date(2026, 2, 2)
    """
    known_until = asked_on + DAY
    reach = begins_on
    for spell in sorted(spells, key=lambda s: s.starts_on):
        if spell.starts_on > reach:
            break
        ends = known_until if spell.ends_on is None else spell.ends_on + DAY
        reach = max(reach, min(ends, known_until))
    return reach


def verdict(statements: Sequence[Statement]) -> Verdict:
    """Decide by the highest-ranked source, and of its statements by the newest.

    The provider's own word opens an outcome and never verifies it. There is at least one
    statement, since a report is one.
    """
    rank = list(Source)
    best = min(rank.index(statement.source) for statement in statements)
    of_best = [s for s in statements if rank.index(s.source) == best]
    # Of two at one instant the later in the list: `max` alone would take the first.
    decides = max(enumerate(of_best), key=lambda numbered: (numbered[1].received_at, numbered[0]))[
        1
    ]
    if not decides.supports:
        state = OutcomeState.REJECTED
    elif decides.source is Source.PROVIDER:
        state = OutcomeState.CLAIMED
    else:
        state = OutcomeState.VERIFIED
    return Verdict(state, decides.source, decides.reason)
