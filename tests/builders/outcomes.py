"""Spells, definitions and outcomes for tests."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from procure.db import uuid7
from procure.kernel.findings import Finding
from procure.outcomes.rules import Definition, Matching, OutcomeFact, ReportFacts, Spell
from procure.outcomes.states import OutcomeState, Source

REPORTED_AT = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
MATCHING = Matching(start_tolerance_days=7)


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
