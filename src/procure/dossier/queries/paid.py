"""What each claim was computed from, as files of the payment engine, so that anyone does it again.

For a group: the contract's payment terms, and every fact with the instant it became known; for a
claim: the lines that were owed by what was known when it was drafted.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.contracts.rules import Terms
from procure.dossier.rules import Part, instant_text
from procure.entitlement import engine
from procure.entitlement.facts import Fact, FactsFile
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import Refused
from procure.payments.rules import GroupFacts, history, terms_of_payment

log = logging.getLogger(__name__)

JSON = "application/json"
Row = Mapping[str, Any]


class Computed(msgspec.Struct, frozen=True):
    """One line as it was owed."""

    key: str
    amount: Decimal


class ComputedFile(msgspec.Struct, frozen=True):
    """What was owed at an instant: `procure pay TERMS FACTS --known-at … --check` compares it."""

    format: str
    format_version: int
    known_at: str
    total: Decimal
    lines: list[Computed]


def paid(contracts: Sequence[Row], claims: Sequence[Row]) -> list[Part]:
    """Write the files of every group with claims; what cannot be read is left out and missed."""
    terms = {row["id"]: row for row in contracts}
    groups: dict[UUID, list[Row]] = {}
    for claim in sorted(claims, key=lambda row: int(row["number"])):
        groups.setdefault(claim["group"], []).append(claim)
    parts: list[Part] = []
    for group_id, of_group in groups.items():
        try:
            parts += _group(group_id, terms[of_group[0]["contract"]], of_group)
        except (msgspec.DecodeError, msgspec.ValidationError, Refused) as error:
            log.error("left out of a dossier: claims of group %s: %s", group_id, error)
    return parts


def _group(group_id: UUID, contract: Row, claims: Sequence[Row]) -> list[Part]:
    terms = read_canonical(str(contract["terms"]), Terms)
    told: list[tuple[datetime, GroupFacts]] = [
        (claim["known_until_at"], read_canonical(str(claim["facts"]), GroupFacts))
        for claim in claims
    ]
    code = told[-1][1].group_code
    everyone = [person for _, group in told for person in group.participants]
    agreed = terms_of_payment(
        terms, msgspec.structs.replace(told[-1][1], participants=tuple(everyone))
    )
    facts = history(told, terms.starts_on)
    source = f"claims of group {code}, contract {contract['number']}"
    file = FactsFile(
        format="procure-payment-facts", format_version=1, facts=facts, source=source
    )  # fmt: skip
    stem = f"payments/{group_id}"
    parts = [
        Part(f"{stem}-terms.json", _pretty(agreed), f"Payment terms of group {code}", JSON),
        Part(f"{stem}-facts.json", _pretty(file), f"Facts of group {code}", JSON),
    ]
    program = engine.Program(agreed)
    for claim in claims:
        title = f"What was owed for group {code} at claim {claim['number']}"
        content = _pretty(_computed(program, facts, claim["known_until_at"]))
        parts.append(Part(f"payments/{claim['id']}-lines.json", content, title, JSON))
    return parts


def _computed(program: engine.Program, facts: list[Fact], known_at: datetime) -> ComputedFile:
    found = engine.entitlements(program, facts, known_at=known_at)
    lines = [Computed(line.key, line.amount) for line in found.lines]
    return ComputedFile("procure-entitlement", 1, instant_text(known_at), found.total, lines)


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
