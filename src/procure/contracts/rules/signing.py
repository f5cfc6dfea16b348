"""What stands in the way of a call-off and of a signature.

Pure. What the award says of its standstill comes from `awards.rules`, and is added by the service.
Source: RHS § 30 (call-offs only with the parties, within the framework's value), §§ 120–121.
"""

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from procure.contracts.rules.terms import Room
from procure.contracts.states import ContractState
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

Side = Literal["buyer", "provider"]


class SignedSide(msgspec.Struct, frozen=True):
    """Who signed for which side."""

    side: str
    person_id: UUID


class SignFacts(msgspec.Struct, frozen=True):
    """What a signature rests on; stored with it, and with its refusal."""

    contract_id: UUID
    number: str
    side: Side
    person_id: UUID
    given_sha256: str  # of the document that the person has read
    document_sha256: str
    today: date
    ends_until: date
    signed: list[SignedSide]


def sign_findings(facts: SignFacts) -> list[Finding]:
    """List every reason why this person cannot sign now, beside the award's standstill."""
    found = []
    if facts.given_sha256 != facts.document_sha256:
        found.append(
            Finding(
                "another-document",
                n_("The document has changed since it was read; read {number} again."),
                {"number": facts.number},
                field="document_sha256",
            )
        )
    if any(signed.side == facts.side for signed in facts.signed):
        found.append(Finding("side-signed", n_("Your side has signed already.")))
    elif any(signed.person_id == facts.person_id for signed in facts.signed):
        found.append(
            Finding("both-sides", n_("One person cannot sign for both sides of a contract."))
        )
    if facts.today >= facts.ends_until:
        found.append(
            Finding(
                "over", n_("The contract would have ended on {day}."), {"day": facts.ends_until}
            )
        )
    return found


class CallOffFacts(msgspec.Struct, frozen=True):
    """What a call-off rests on."""

    framework_number: str
    framework_state: str
    framework_starts_on: date
    framework_ends_until: date
    room: Room  # before this call-off
    value_amount: Decimal
    starts_on: date


def call_off_findings(facts: CallOffFacts) -> list[Finding]:
    """List every reason why nothing of this value can be called off from a framework."""
    found = []
    if facts.framework_state != ContractState.RUNNING:
        found.append(
            Finding(
                "framework-not-running",
                n_("The framework {number} is {state}, so nothing can be called off from it."),
                {"number": facts.framework_number, "state": facts.framework_state},
                clause="RHS § 30",
            )
        )
    if not facts.framework_starts_on <= facts.starts_on < facts.framework_ends_until:
        found.append(
            Finding(
                "outside-framework",
                n_("A call-off begins while its framework runs, from {first} until {until}."),
                {"first": facts.framework_starts_on, "until": facts.framework_ends_until},
                clause="RHS § 30",
                field="contract_starts_on",
            )
        )
    if facts.value_amount > facts.room.left_amount:
        found.append(
            Finding(
                "over-ceiling",
                n_("The call-off is worth {value}; of the framework's ceiling {left} is left."),
                {"value": facts.value_amount, "left": facts.room.left_amount},
                clause="RHS § 30",
            )
        )
    return found
