"""Spells, definitions and outcomes for tests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from procure.db import uuid7
from procure.kernel.findings import Finding
from procure.kernel.time import at
from procure.outcomes import service
from procure.outcomes.ports import RegisterUnavailable
from procure.outcomes.rules import (
    Definition,
    OutcomeFact,
    ReportFacts,
    Spell,
    SpellQuestion,
    Verification,
)
from procure.outcomes.schemas import EvidenceDraft, OutcomeDraft
from procure.outcomes.states import OutcomeState, Source
from tests.builders.delivery import Group

REPORTED_AT = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
VERIFICATION = Verification(start_tolerance_days=7, verify_days=14)


def a_definition(**overrides: Any) -> Definition:
    """Give the published definition of sustained employment, or another."""
    values: dict[str, Any] = {
        "code": "EMP_SUST_90",
        "family": "employment",
        "claim_window_days": 180,
        "sustain_days": 90,
        "payment_factor": Decimal("0.6"),
        "is_payable": True,
        "asks_register": True,
    }
    return Definition(**{**values, **overrides})


EMP_START = a_definition(
    code="EMP_START", claim_window_days=90, sustain_days=0, payment_factor=Decimal("0.4")
)


def a_spell(starts_on: date, ends_on: date | None = None, **overrides: Any) -> Spell:
    """Give one employment of CL-1."""
    values: dict[str, Any] = {
        "client_ref": "CL-1",
        "employer_code": "19998018",
        "starts_on": starts_on,
        "ends_on": ends_on,
        "end_ground": None if ends_on is None else "by agreement",
        "rate": Decimal("1.00"),
        "isco08": "9112",
    }
    return Spell(**{**values, **overrides})


def report_facts(**overrides: Any) -> ReportFacts:
    """Give a report that nothing stands against."""
    values: dict[str, Any] = {
        "client_ref": "CL-1",
        "definition": a_definition(),
        "outcome_on": date(2025, 10, 13),
        "reported_on": date(2026, 1, 12),
        "joins_on": date(2025, 9, 1),
        "exit_on": date(2025, 10, 12),
        "is_reported_already": False,
    }
    return ReportFacts(**{**values, **overrides})


def an_outcome_fact(definition: str, **overrides: Any) -> OutcomeFact:
    """Give a verified outcome as payment reads it."""
    values: dict[str, Any] = {
        "outcome_id": uuid7(),
        "participant_id": UUID(int=1),
        "client_ref": "CL-1",
        "definition": definition,
        "family": "employment",
        "payment_factor": Decimal("0.4"),
        "is_payable": True,
        "asks_register": False,
        "outcome_on": date(2026, 1, 5),
        "state": OutcomeState.VERIFIED,
        "source": Source.CASEWORKER,
        "reason": Finding("confirmed", "The caseworker confirms it."),
    }
    return OutcomeFact(**{**values, **overrides})


class Register:
    """A register that answers what the test says, or not at all; keeps what it was asked."""

    def __init__(self, *spells: Spell, is_down: bool = False) -> None:
        self.answers, self.is_down = list(spells), is_down
        self.asked: list[list[SpellQuestion]] = []

    async def spells(self, questions: Sequence[SpellQuestion]) -> list[Spell]:
        """Answer, or be down."""
        self.asked.append(list(questions))
        if self.is_down:
            raise RegisterUnavailable("The register does not answer. Nothing was changed.")
        return self.answers


async def report(
    group: Group, client_ref: str, definition: str, outcome_on: date, now: datetime
) -> UUID:
    """Report an outcome as the provider's manager does."""
    draft = OutcomeDraft(client_ref, definition, outcome_on, "As the participant says.")
    return await service.report(group.provider, group.id, draft, now=now)


async def confirm(group: Group, outcome_id: UUID, now: datetime, **overrides: Any) -> None:
    """Confirm an outcome as the contract manager does for a caseworker."""
    values = {"source": "caseworker", "supports": True, "note": "Spoke to both.", **overrides}
    await service.add_evidence(group.contract_manager, outcome_id, EvidenceDraft(**values), now=now)


# Reference, definition, the day it began, the day it is reported: inside every window.
OUTCOMES_2025_07: list[tuple[str, str, date, date]] = [
    ("CL-90001", "EMP_START", date(2025, 12, 22), date(2025, 12, 29)),
    ("CL-90001", "EMP_SUST_90", date(2025, 12, 22), date(2026, 3, 23)),
    ("CL-90002", "OTHER_SERVICE", date(2025, 12, 29), date(2026, 1, 13)),
    ("CL-90003", "DISTANCE", date(2025, 12, 18), date(2025, 12, 22)),
    ("CL-90004", "EMP_START", date(2025, 10, 13), date(2025, 12, 22)),
    ("CL-90004", "EMP_SUST_90", date(2025, 10, 13), date(2026, 1, 12)),
    ("CL-90005", "EDU_START", date(2026, 1, 5), date(2026, 2, 9)),
    ("CL-90006", "EMP_START", date(2026, 1, 12), date(2026, 1, 19)),
    ("CL-90007", "SOCIAL_REFERRAL", date(2025, 9, 26), date(2025, 10, 20)),
    ("CL-90008", "OTHER_SERVICE", date(2025, 12, 29), date(2026, 1, 13)),
    ("CL-90009", "EMP_START", date(2025, 12, 29), date(2026, 1, 5)),
    ("CL-90009", "EMP_SUST_90", date(2025, 12, 29), date(2026, 3, 30)),
    ("CL-90010", "OTHER_SERVICE", date(2026, 1, 2), date(2026, 1, 16)),
    ("CL-90011", "DROPOUT_UNJUST", date(2025, 9, 16), date(2025, 10, 20)),
    ("CL-90012", "NO_OUTCOME", date(2025, 12, 18), date(2026, 4, 2)),
    ("CL-90013", "EMP_START", date(2026, 1, 19), date(2026, 1, 26)),
]


async def the_outcomes(group: Group) -> dict[tuple[str, str], UUID]:
    """Report every outcome of G-2025-07, and confirm what is payable, on the day of the report."""
    found = {}
    for client_ref, definition, outcome_on, reported_on in OUTCOMES_2025_07:
        now = at(reported_on, 12).astimezone(UTC)
        outcome_id = await report(group, client_ref, definition, outcome_on, now)
        found[client_ref, definition] = outcome_id
        await confirm(group, outcome_id, now)
    return found
