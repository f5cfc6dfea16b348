"""What outcomes look like over HTTP and in forms."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.catalogue.rules import Names
from procure.kernel.findings import Finding

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Said(msgspec.Struct, frozen=True):
    """A reason: `message` in English, and what it is made of, for other languages."""

    code: str
    message: str
    text: str
    values: Mapping[str, Any]
    clause: str


def said(finding: Finding) -> Said:
    """Make a finding readable by programs, and its days days again, as pages write them.

    >>> said(Finding("x", "On {on}.", {"on": "2025-12-22"})).values
    {'on': datetime.date(2025, 12, 22)}
    """
    values = {name: _day_again(value) for name, value in finding.values.items()}
    return Said(finding.code, finding.message, finding.text, values, finding.clause)


def _day_again(value: object) -> object:
    if isinstance(value, str) and DAY.fullmatch(value):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    return value


class OutcomeDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider's report: who, under which published definition, since which day."""

    client_ref: str
    definition: str
    outcome_on: date
    note: str = ""


class EvidenceDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody saw or heard: `case-system`, `caseworker` or `certificate`."""

    source: str
    supports: bool
    note: str


class WithdrawalDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a provider takes a report back."""

    reason: str


class EvidenceView(msgspec.Struct, frozen=True):
    """What one source said."""

    id: UUID
    source: str
    supports: bool
    reason: Said
    note: str
    received_at: datetime
    recorded_by: str | None  # the person's name; none: a register answered
    file_name: str | None = None  # what is attached
    file_sha256: str | None = None


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome, where it stands and why."""

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
    definition_name: Names
    family: str
    payment_factor: Decimal
    is_payable: bool
    asks_register: bool
    outcome_on: date
    reported_at: datetime
    state: str
    source: str  # the one that decides so far
    reason: Said
    evidence: Sequence[EvidenceView]  # oldest first
    may_verify: bool  # the reader may add evidence and ask the register
    may: Sequence[str]  # what else the reader may do now: attach, withdraw


class OutcomeList(msgspec.Struct, frozen=True):
    """Outcomes, by group and client."""

    items: list[OutcomeView]


class Reportable(msgspec.Struct, frozen=True):
    """A participant for whom the actor may report."""

    group_id: UUID
    group_code: str
    client_ref: str
    joins_on: date


class CheckedOutcome(msgspec.Struct, frozen=True):
    """What the register said of one outcome; `supports` is null while it is too early to tell."""

    outcome_id: UUID
    client_ref: str
    definition: str
    supports: bool | None
    reason: Said
    state_before: str
    state: str


class CheckReport(msgspec.Struct, frozen=True):
    """What became of asking the employment register about a group's outcomes."""

    group_id: UUID
    asked_at: datetime
    asked_count: int  # persons
    items: list[CheckedOutcome]
