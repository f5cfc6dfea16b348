"""Reading outcomes: they are the buyer's and the provider's of the contract, and nobody else's.

A caseworker sees those of participants of own requests.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.catalogue.rules import Names
from procure.db import fetch_as
from procure.delivery.queries import sees_own_only
from procure.documents import queries as documents
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.outcomes.rules import (
    Definition,
    EvidenceFacts,
    OutcomeFact,
    Statement,
    Verdict,
    Verification,
    verdict,
)
from procure.outcomes.schemas import EvidenceView, OutcomeView, Reportable, said
from procure.outcomes.states import OUTCOME, OutcomeState, Source
from procure.parameters import dated

EMPLOYMENT_REGISTER = "employment-register"

_OUTCOME = """
    SELECT o.id, g.id AS group_id, g.code AS group_code, c.id AS contract_id, c.buyer AS buyer_id,
           c.provider_org AS provider_id, n.name AS provider_name, p.id AS participant_id,
           p.request AS request_id, p.client_ref, d.code AS definition,
           d.version AS definition_version, d.name_en, d.name_et, d.name_ru, d.family,
           d.claim_window_days, d.sustain_days, d.payment_factor, d.is_payable,
           d.evidence_sources, o.outcome_on, o.reported_at, o.state, o.state_reason
      FROM outcome o
      JOIN outcome_definition d ON d.id = o.definition
      JOIN participant p ON p.id = o.participant
      JOIN request r ON r.id = p.request
      JOIN service_group g ON g.id = p."group"
      JOIN contract c ON c.id = g.contract
      JOIN organisation n ON n.id = c.provider_org
"""
_READABLE = """$1 IN (c.buyer, c.provider_org)
    AND (NOT $2 OR r.recorded_by = $3 OR p.referred_by = $3)"""
_ORDER = "ORDER BY g.code, p.client_ref, o.outcome_on, d.code"


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    group_id: UUID
    group_code: str
    contract_id: UUID
    buyer_id: UUID
    provider_id: UUID
    provider_name: str
    participant_id: UUID
    request_id: UUID
    client_ref: str
    definition: str
    definition_version: int
    name_en: str
    name_et: str
    name_ru: str
    family: str
    claim_window_days: int
    sustain_days: int
    payment_factor: Decimal
    is_payable: bool
    evidence_sources: list[str]
    outcome_on: date
    reported_at: datetime
    state: OutcomeState
    state_reason: str | None

    @property
    def asks_register(self) -> bool:
        return EMPLOYMENT_REGISTER in self.evidence_sources


class _Evidence(msgspec.Struct, frozen=True):
    id: UUID
    outcome_id: UUID
    source: Source
    supports: bool
    facts: str
    note: str
    received_at: datetime
    recorded_by: str | None
    file_sha256: str | None
    file_name: str | None

    @property
    def reason_facts(self) -> EvidenceFacts:
        return read_canonical(self.facts, EvidenceFacts)


def _reader(actor: Actor) -> tuple[UUID, bool, UUID]:
    return actor.org_id, sees_own_only(actor), actor.id


def verification_on(day: date) -> Verification:
    """Return the buyer's numbers that hold on `day`."""
    return msgspec.convert(dated("outcomes/verification").on(day), Verification)


async def _evidence(outcome_ids: Sequence[UUID]) -> dict[UUID, list[_Evidence]]:
    rows = await fetch_as(
        _Evidence,
        """SELECT e.id, e.outcome AS outcome_id, e.source, e.supports, e.facts, e.note,
                  e.received_at, p.name AS recorded_by, e.file AS file_sha256, e.file_name
             FROM evidence e LEFT JOIN person p ON p.id = e.recorded_by
            WHERE e.outcome = ANY($1) ORDER BY e.id""",
        list(outcome_ids),
    )
    found: dict[UUID, list[_Evidence]] = {outcome_id: [] for outcome_id in outcome_ids}
    for row in rows:
        found[row.outcome_id].append(row)
    return found


def _still_said(row: _Row, decides: Verdict) -> Finding:
    """Say why the outcome stands where it does: a report that was taken back says so itself."""
    if row.state == OutcomeState.WITHDRAWN and row.state_reason:
        return read_canonical(row.state_reason, Finding)
    return decides.reason


def _verdict(evidence: Sequence[_Evidence]) -> Verdict:
    return verdict(
        [Statement(e.source, e.supports, e.received_at, e.reason_facts.reason) for e in evidence]
    )


def _view(actor: Actor, row: _Row, evidence: Sequence[_Evidence]) -> OutcomeView:
    decides = _verdict(evidence)
    names = Names(en=row.name_en, et=row.name_et, ru=row.name_ru)
    same = {
        name: getattr(row, name)
        for name in OutcomeView.__struct_fields__
        if name in _Row.__struct_fields__
    }
    return OutcomeView(
        **same,
        asks_register=row.asks_register,
        definition_name=names,
        source=decides.source,
        reason=said(_still_said(row, decides)),
        evidence=[
            EvidenceView(
                e.id,
                e.source,
                e.supports,
                said(e.reason_facts.reason),
                e.note,
                e.received_at,
                e.recorded_by,
                e.file_name,
                e.file_sha256,
            )
            for e in evidence
        ],
        may_verify=row.state != OutcomeState.WITHDRAWN
        and actor.may(Permission.OUTCOME_VERIFY, for_org=row.buyer_id),
        may=_may(actor, row),
    )


def _may(actor: Actor, row: _Row) -> list[str]:
    if not actor.may(Permission.OUTCOME_REPORT, for_org=row.provider_id):
        return []
    may_withdraw = "withdraw" in OUTCOME.actions(row.state)
    may_attach = row.state != OutcomeState.WITHDRAWN
    return ["attach"] * may_attach + ["withdraw"] * may_withdraw


async def _views(actor: Actor, rows: Sequence[_Row]) -> list[OutcomeView]:
    evidence = await _evidence([row.id for row in rows])
    return [_view(actor, row, evidence[row.id]) for row in rows]


async def read_outcome(actor: Actor, outcome_id: UUID) -> OutcomeView:
    """Load one outcome; NotFound also for one that is not the actor's organisation's."""
    rows = await fetch_as(
        _Row, f"{_OUTCOME} WHERE {_READABLE} AND o.id = $4", *_reader(actor), outcome_id
    )
    if not rows:
        raise NotFound(n_("There is no outcome {id}."), {"id": str(outcome_id)})
    return (await _views(actor, rows))[0]


async def list_outcomes(
    actor: Actor,
    *,
    group_id: UUID | None = None,
    participant_id: UUID | None = None,
    state: str = "",
) -> list[OutcomeView]:
    """List the outcomes of the actor's organisation; of one group, person and state if given."""
    rows = await fetch_as(
        _Row,
        f"""{_OUTCOME} WHERE {_READABLE} AND ($4::uuid IS NULL OR g.id = $4)
            AND ($5 = '' OR o.state = $5) AND ($6::uuid IS NULL OR p.id = $6) {_ORDER}""",
        *_reader(actor),
        group_id,
        state,
        participant_id,
    )
    return await _views(actor, rows)


async def outcomes_of_group(group_id: UUID) -> list[OutcomeFact]:
    """List a group's outcomes as payment reads them, without those taken back; for services."""
    rows = await fetch_as(
        _Row, f"{_OUTCOME} WHERE g.id = $1 AND o.state <> 'withdrawn' {_ORDER}", group_id
    )
    evidence = await _evidence([row.id for row in rows])
    found = []
    for row in rows:
        decides = _verdict(evidence[row.id])
        found.append(
            OutcomeFact(
                outcome_id=row.id,
                participant_id=row.participant_id,
                client_ref=row.client_ref,
                definition=row.definition,
                family=row.family,
                payment_factor=row.payment_factor,
                is_payable=row.is_payable,
                asks_register=row.asks_register,
                outcome_on=row.outcome_on,
                state=row.state,
                source=decides.source,
                reason=decides.reason,
            )
        )
    return found


class AskedOutcome(msgspec.Struct, frozen=True):
    """One outcome that the employment register may know of."""

    outcome_id: UUID
    client_ref: str
    definition: Definition
    outcome_on: date


async def to_ask(group_id: UUID) -> list[AskedOutcome]:
    """List a group's outcomes that the employment register knows, in order of id; for services."""
    rows = await fetch_as(
        _Row, f"{_OUTCOME} WHERE g.id = $1 AND o.state <> 'withdrawn' ORDER BY o.id", group_id
    )
    return [
        AskedOutcome(
            row.id,
            row.client_ref,
            Definition(
                code=row.definition,
                family=row.family,
                claim_window_days=row.claim_window_days,
                sustain_days=row.sustain_days,
                payment_factor=row.payment_factor,
                is_payable=row.is_payable,
                asks_register=True,
            ),
            row.outcome_on,
        )
        for row in rows
        if row.asks_register
    ]


async def verdict_of(outcome_id: UUID) -> Verdict:
    """Decide an outcome by the evidence there is now; asks no actor, for services."""
    return _verdict((await _evidence([outcome_id]))[outcome_id])


async def read_attachment(
    actor: Actor, outcome_id: UUID, evidence_id: UUID
) -> tuple[str, bytes, str]:
    """Return name, bytes and type of what is attached to evidence; NotFound if there is nothing."""
    outcome = await read_outcome(actor, outcome_id)
    for item in outcome.evidence:
        if item.id == evidence_id and item.file_sha256 and item.file_name:
            content, media_type = await documents.read_file(item.file_sha256)
            return item.file_name, content, media_type
    raise NotFound(n_("There is no such file."))


class _Group(msgspec.Struct, frozen=True):
    group_id: UUID


async def group_of_outcome(outcome_id: UUID) -> UUID:
    """Return the group of an outcome; asks no actor, for services."""
    rows = await fetch_as(
        _Group,
        """SELECT p."group" AS group_id FROM outcome o JOIN participant p ON p.id = o.participant
            WHERE o.id = $1""",
        outcome_id,
    )
    if not rows:
        raise NotFound(n_("There is no outcome {id}."), {"id": str(outcome_id)})
    return rows[0].group_id


async def reportable(actor: Actor) -> list[Reportable]:
    """List the participants for whom the actor may report, by group and reference."""
    if not actor.may(Permission.OUTCOME_REPORT):
        return []
    return await fetch_as(
        Reportable,
        """SELECT g.id AS group_id, g.code AS group_code, p.client_ref, p.joins_on
             FROM participant p JOIN service_group g ON g.id = p."group"
             JOIN contract c ON c.id = g.contract
            WHERE c.provider_org = $1 AND g.state <> 'planned' ORDER BY g.code, p.client_ref""",
        actor.org_id,
    )
