"""Outcomes: the only writer of its tables. Every function holds the contract first.

So that no claim is computed between a report and the evidence that follows it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.catalogue import queries as catalogue
from procure.catalogue.schemas import DefinitionView
from procure.contracts import service as contracts
from procure.db import transaction
from procure.delivery import queries as delivery
from procure.delivery.rules import GroupDelivery, ParticipantDelivery
from procure.delivery.states import GroupState
from procure.documents import service as documents
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.outcomes import queries
from procure.outcomes.ports import EmploymentRegister, RegisterUnavailable
from procure.outcomes.queries import AskedOutcome
from procure.outcomes.rules import (
    Definition,
    EvidenceFacts,
    ReportFacts,
    Spell,
    SpellQuestion,
    Verdict,
    Verification,
    attachment_findings,
    evidence_findings,
    media_type_of,
    question_for,
    register_answer,
    report_findings,
)
from procure.outcomes.schemas import (
    CheckedOutcome,
    CheckReport,
    EvidenceDraft,
    OutcomeDraft,
    said,
)
from procure.outcomes.states import OUTCOME, OutcomeState, Source
from procure.outcomes.tables import Evidence, Outcome
from procure.tasks import service as tasks

VERIFY = "outcome:verify"
ASK_REGISTER = "outcome:ask-register"


class RegisterAsked(msgspec.Struct, frozen=True):
    """What asking the register came to; the evidence holds the answers."""

    group_id: UUID
    asked_count: int
    answered_count: int  # outcomes
    is_reached: bool


class Settled(msgspec.Struct, frozen=True):
    """Where an outcome went, and the statement that decided."""

    state_before: str
    verdict: Verdict


class Attached(msgspec.Struct, frozen=True):
    """What the provider added to a report that stands at `state`; its words are left out."""

    state: str
    file_sha256: str | None


class TakenBack(msgspec.Struct, frozen=True):
    """Where a report stood when it was taken back, and why."""

    state_before: str
    reason: str


async def report(actor: Actor, group_id: UUID, draft: OutcomeDraft, *, now: datetime) -> UUID:
    """Report an outcome of a participant of the actor's own group.

    Raises NotFound (no such group, person or definition), Forbidden, Refused (every reason).
    """
    facts = await delivery.group_facts(group_id)
    if actor.org_id not in (facts.buyer_id, facts.provider_id):
        raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
    if not actor.may(Permission.OUTCOME_REPORT, for_org=facts.provider_id):
        raise Forbidden(n_("The provider of the group reports its outcomes."))
    async with transaction():
        terms = await contracts.hold_contract(facts.contract_id)
        group = await delivery.group_delivery(group_id)
        person = _person(group, draft.client_ref)
        definition = await catalogue.definition(draft.definition, terms.starts_on)
        earlier = await Outcome.exists().where(
            Outcome.participant == person.participant_id,
            Outcome.definition == definition.id,
            Outcome.state != OutcomeState.WITHDRAWN.value,
        )
        report_facts = ReportFacts(
            client_ref=person.client_ref,
            definition=definition_facts(definition),
            outcome_on=draft.outcome_on,
            reported_on=legal_day(now),
            joins_on=person.joins_on,
            exit_on=_exit_on(group, person),
            is_reported_already=earlier,
        )
        if found := report_findings(report_facts):
            raise Refused(found)
        reason = Finding(
            "reported",
            n_("The provider reports it since {outcome_on}."),
            {"outcome_on": draft.outcome_on},
            definition.code,
        )
        outcome = Outcome(
            participant=person.participant_id,
            definition=definition.id,
            outcome_on=draft.outcome_on,
            reported_at=now,
            reported_by=actor.id,
            state=OutcomeState.CLAIMED,
            state_reason=canonical(reason),
        )
        await outcome.save()
        await _add(
            outcome.id,
            Source.PROVIDER,
            EvidenceFacts(reason),
            supports=True,
            note=draft.note.strip(),
            now=now,
            actor=actor,
        )
        days = queries.verification_on(legal_day(now)).verify_days
        await tasks.create(
            VERIFY,
            outcome.id,
            org_id=facts.buyer_id,
            role=Role.CONTRACT_MANAGER,
            text=n_("Look at a report of {client_ref}: {kind}."),
            values={"kind": definition.code, "client_ref": person.client_ref},
            link=f"/outcomes/{outcome.id}",
            clause=definition.code,
            due_on=legal_day(now) + timedelta(days=days),
            now=now,
        )
        await audit.record(
            "outcome:reported",
            outcome.id,
            actor,
            org_id=facts.buyer_id,
            now=now,
            facts=report_facts,
        )
    return outcome.id


async def add_evidence(
    actor: Actor, outcome_id: UUID, draft: EvidenceDraft, *, now: datetime
) -> None:
    """Record what a caseworker, the case system or a certificate says, and settle the outcome.

    Raises NotFound, Forbidden, Refused (a source that no person speaks for, no words).
    """
    group = await delivery.group_facts(await queries.group_of_outcome(outcome_id))
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no outcome {id}."), {"id": str(outcome_id)})
    if not actor.may(Permission.OUTCOME_VERIFY, for_org=group.buyer_id):
        raise Forbidden(n_("The buyer records evidence of outcomes."))
    if found := evidence_findings(draft.source, draft.note):
        raise Refused(found)
    async with transaction():
        await contracts.hold_contract(group.contract_id)
        outcome = await _hold_standing(outcome_id)
        reason = Finding(
            f"{draft.source}-says",
            n_("Confirmed by {source}: {note}")
            if draft.supports
            else n_("Contradicted by {source}: {note}"),
            {"source": draft.source, "note": draft.note.strip()},
        )
        await _add(
            outcome_id,
            Source(draft.source),
            EvidenceFacts(reason),
            supports=draft.supports,
            note=draft.note.strip(),
            now=now,
            actor=actor,
        )
        await _settle(outcome, group.buyer_id, actor, now)


async def attach(
    actor: Actor,
    outcome_id: UUID,
    note: str,
    file: tuple[str, bytes] | None = None,
    *,
    now: datetime,
) -> None:
    """Add the provider's words and, if it is given, a file (its name and bytes) to a report.

    It stays the provider's own word, whatever is in the file: the buyer reads it and decides.
    Raises NotFound, Forbidden, Conflict (taken back), Refused (no words, no usable file).
    """
    group = await delivery.group_facts(await queries.group_of_outcome(outcome_id))
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no outcome {id}."), {"id": str(outcome_id)})
    if not actor.may(Permission.OUTCOME_REPORT, for_org=group.provider_id):
        raise Forbidden(n_("The provider of the group adds to its reports."))
    name, content = file or (None, None)
    if found := attachment_findings(note, content):
        raise Refused(found)
    media_type = media_type_of(content) if content is not None else None
    stored = (
        await documents.store_file(content, media_type, now)
        if content is not None and media_type is not None
        else None
    )
    async with transaction():
        await contracts.hold_contract(group.contract_id)
        outcome = await _hold_standing(outcome_id)
        reason = Finding("provider-adds", n_("The provider adds: {note}"), {"note": note.strip()})
        await _add(
            outcome_id,
            Source.PROVIDER,
            EvidenceFacts(reason),
            supports=True,
            note=note.strip(),
            now=now,
            actor=actor,
            file=(stored, (name or "")[:200]) if stored else None,
        )
        await audit.record(
            "outcome:evidence-added",
            outcome_id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=Attached(outcome.state, stored),
        )


async def withdraw(actor: Actor, outcome_id: UUID, reason: str, *, now: datetime) -> None:
    """Take back a report that nobody else has spoken to yet; it may be reported anew.

    Raises NotFound, Forbidden, Conflict (verified, rejected or taken back), Refused (no reason).
    """
    group = await delivery.group_facts(await queries.group_of_outcome(outcome_id))
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no outcome {id}."), {"id": str(outcome_id)})
    if not actor.may(Permission.OUTCOME_REPORT, for_org=group.provider_id):
        raise Forbidden(n_("The provider who reported an outcome takes it back."))
    if not 3 <= len(reason.strip()) <= 500:
        text = n_("Say what was wrong, in 3 to 500 characters.")
        raise Refused([Finding("reason", text, field="reason")])
    async with transaction():
        await contracts.hold_contract(group.contract_id)
        outcome = await _hold(outcome_id)
        before = outcome.state
        outcome.state = OUTCOME.after(before, "withdraw")
        finding = Finding(
            "withdrawn", n_("The provider took it back: {reason}"), {"reason": reason.strip()}
        )
        outcome.state_reason = canonical(finding)
        await outcome.save([Outcome.state, Outcome.state_reason])
        await tasks.drop(VERIFY, outcome_id, now=now)
        await audit.record(
            "outcome:withdrawn",
            outcome_id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=TakenBack(before, reason.strip()),
        )


async def check_registers(
    actor: Actor | None, register: EmploymentRegister, group_id: UUID, *, now: datetime
) -> CheckReport:
    """Ask the employment register about a group's outcomes, once for all of its people.

    Asks before the transaction; the answers are stored as evidence and settle the outcomes. A
    register that gives no answer changes nothing and leaves a task.
    Raises NotFound, Forbidden, Refused (nothing to ask about), RegisterUnavailable.
    """
    group = await delivery.group_facts(group_id)
    if actor is not None:
        if actor.org_id not in (group.buyer_id, group.provider_id):
            raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
        if not actor.may(Permission.OUTCOME_VERIFY, for_org=group.buyer_id):
            raise Forbidden(n_("The buyer asks the registers."))
    asked = await queries.to_ask(group_id)
    if not asked:
        raise Refused(
            [
                Finding(
                    "nothing-to-ask",
                    n_("No outcome of this group is one that the employment register knows."),
                )
            ]
        )
    verification = queries.verification_on(legal_day(now))
    questions = {
        client_ref: question_for(
            client_ref,
            [(row.definition, row.outcome_on) for row in asked if row.client_ref == client_ref],
            verification,
        )
        for client_ref in sorted({row.client_ref for row in asked})
    }
    try:
        spells = await register.spells(list(questions.values()))
    except RegisterUnavailable:
        await _ask_later(actor, group, len(questions), now)
        raise
    async with transaction():
        await contracts.hold_contract(group.contract_id)
        items = [
            await _check(
                row,
                questions[row.client_ref],
                spells,
                verification=verification,
                buyer_id=group.buyer_id,
                actor=actor,
                now=now,
            )
            for row in sorted(asked, key=lambda row: row.outcome_id)
        ]
        await tasks.finish(ASK_REGISTER, group_id, now=now)
        await audit.record(
            "outcome:register-asked",
            group_id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=RegisterAsked(group_id, len(questions), len(items), is_reached=True),
        )
    items.sort(key=lambda item: (item.client_ref, item.definition))
    return CheckReport(group_id, now, len(questions), items)


async def _check(
    row: AskedOutcome,
    question: SpellQuestion,
    spells: Sequence[Spell],
    *,
    verification: Verification,
    buyer_id: UUID,
    actor: Actor | None,
    now: datetime,
) -> CheckedOutcome:
    """Store what the register says of one outcome, and settle it."""
    outcome = await _hold_standing(row.outcome_id)
    before = outcome.state
    own = tuple(spell for spell in spells if spell.client_ref == row.client_ref)
    answer = register_answer(
        row.definition,
        row.outcome_on,
        own,
        asked_on=legal_day(now),
        verification=verification,
    )
    if answer.supports is not None:
        await _add(
            row.outcome_id,
            Source.REGISTER,
            EvidenceFacts(answer.finding, question, own, legal_day(now)),
            supports=answer.supports,
            note="",
            now=now,
            actor=None,
        )
        await _settle(outcome, buyer_id, actor, now)
    return CheckedOutcome(
        row.outcome_id,
        row.client_ref,
        row.definition.code,
        answer.supports,
        said(answer.finding),
        before,
        outcome.state,
    )


async def _ask_later(
    actor: Actor | None, group: delivery.GroupFacts, asked_count: int, now: datetime
) -> None:
    """Leave a task and a trace of a register that gave no answer."""
    async with transaction():
        await tasks.create(
            ASK_REGISTER,
            group.id,
            org_id=group.buyer_id,
            role=Role.CONTRACT_MANAGER,
            text=n_("The employment register did not answer; ask again about group {code}."),
            values={"code": group.code},
            link=f"/outcomes?group_id={group.id}",
            clause="",
            due_on=legal_day(now) + timedelta(days=1),
            now=now,
        )
        await audit.record(
            "outcome:register-asked",
            group.id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=RegisterAsked(group.id, asked_count, 0, is_reached=False),
        )


async def _settle(outcome: Outcome, buyer_id: UUID, actor: Actor | None, now: datetime) -> None:
    """Move a held outcome to where its evidence puts it now; a loss of money makes a task."""
    decides = await queries.verdict_of(outcome.id)
    before = outcome.state
    await tasks.finish(VERIFY, outcome.id, now=now)
    if decides.state != before:
        action = "verify" if decides.state is OutcomeState.VERIFIED else "reject"
        outcome.state = OUTCOME.after(before, action)
    outcome.state_reason = canonical(decides.reason)
    await outcome.save([Outcome.state, Outcome.state_reason])
    facts = Settled(before, decides)
    if decides.state == before:
        kind = "outcome:evidence-added"
    elif decides.state is OutcomeState.VERIFIED:
        kind = "outcome:verified"
    else:
        kind = "outcome:rejected"
    await audit.record(kind, outcome.id, actor, org_id=buyer_id, now=now, facts=facts)


async def _add(
    outcome_id: UUID,
    source: Source,
    facts: EvidenceFacts,
    *,
    supports: bool,
    note: str,
    now: datetime,
    actor: Actor | None,
    file: tuple[str, str] | None = None,  # hash and name
) -> None:
    await Evidence(
        outcome=outcome_id,
        source=source,
        supports=supports,
        facts=canonical(facts),
        note=note,
        received_at=now,
        recorded_by=actor.id if actor else None,
        file=file[0] if file else None,
        file_name=file[1] if file else None,
    ).save()


async def _hold(outcome_id: UUID) -> Outcome:
    """Lock one outcome's row."""
    found: Outcome | None = (
        await Outcome.objects().where(Outcome.id == outcome_id).first().lock_rows()
    )
    if found is None:
        raise NotFound(n_("There is no outcome {id}."), {"id": str(outcome_id)})
    return found


async def _hold_standing(outcome_id: UUID) -> Outcome:
    """Lock an outcome's row; Conflict for a report that was taken back."""
    outcome = await _hold(outcome_id)
    if outcome.state == OutcomeState.WITHDRAWN:
        raise Conflict(n_("This report was taken back by its provider."))
    return outcome


def _person(group: GroupDelivery, client_ref: str) -> ParticipantDelivery:
    for person in group.participants:
        if person.client_ref == client_ref.strip():
            return person
    raise Refused(
        [
            Finding(
                "no-participant",
                n_("{client_ref} is not a participant of group {code}."),
                {"client_ref": client_ref[:40], "code": group.code},
                field="client_ref",
            )
        ]
    )


def _exit_on(group: GroupDelivery, person: ParticipantDelivery) -> date | None:
    """Return the last day of a person in the group; None while it is not over."""
    if person.leaves_until is not None:
        return person.leaves_until - timedelta(days=1)
    if group.state == GroupState.COMPLETED:
        return group.ends_until - timedelta(days=1)
    return None


def definition_facts(view: DefinitionView) -> Definition:
    """Give the rules what they read of a definition."""
    return Definition(
        code=view.code,
        family=view.family,
        claim_window_days=view.claim_window_days,
        sustain_days=view.sustain_days,
        payment_factor=view.payment_factor,
        is_payable=view.is_payable,
        asks_register=queries.EMPLOYMENT_REGISTER in view.evidence_sources,
    )
