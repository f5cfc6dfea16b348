"""The group whose money is known to the cent, and terms to reckon it by."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from procure.catalogue.rules import SchemeTerms
from procure.catalogue.service import read_files
from procure.contracts.rules import Terms
from procure.kernel.findings import Finding
from procure.outcomes.rules import OutcomeFact
from procure.outcomes.states import OutcomeState, Source
from procure.payments.rules import GroupFacts, ParticipantFacts
from tests.builders.outcomes import an_outcome_fact

# Reference, band, days present, excused, vacated by success, milestones, outcomes; then what each
# part comes to in cents: attendance, milestones, outcomes.
G_2025_07: list[tuple[str, str, int, int, int, str, str, int, int, int]] = [
    ("CL-90001", "A", 52, 2, 0, "M1 M2 M3", "EMP_START EMP_SUST_90", 71280, 26400, 18480),
    ("CL-90002", "B", 55, 1, 0, "M1 M2 M3", "OTHER_SERVICE", 73920, 26400, 10560),
    ("CL-90003", "C", 41, 8, 0, "M1 M3", "DISTANCE", 64680, 18480, 10560),
    ("CL-90004", "B", 24, 0, 10, "M1", "EMP_START EMP_SUST_90", 44880, 10560, 26400),
    ("CL-90005", "C", 49, 4, 0, "M1 M2 M3", "EDU_START", 69960, 26400, 33792),
    ("CL-90006", "B", 58, 0, 0, "M1 M2 M3", "EMP_START", 76560, 26400, 10560),
    ("CL-90007", "C", 12, 3, 0, "M1", "SOCIAL_REFERRAL", 19800, 10560, 6336),
    ("CL-90008", "B", 57, 2, 0, "M1 M2 M3", "OTHER_SERVICE", 77880, 26400, 10560),
    ("CL-90009", "A", 60, 0, 0, "M1 M2 M3", "EMP_START EMP_SUST_90", 79200, 26400, 18480),
    ("CL-90010", "C", 38, 10, 0, "M1 M3", "OTHER_SERVICE", 63360, 18480, 16896),
    ("CL-90011", "B", 5, 0, 0, "", "DROPOUT_UNJUST", 6600, 0, 0),
    ("CL-90012", "B", 50, 3, 0, "M1 M3", "NO_OUTCOME", 69960, 18480, 0),
    ("CL-90013", "C", 28, 1, 0, "M1 M2 M3", "EMP_START", 38280, 26400, 16896),
]
# Definition: family, factor, payable.
DEFINITIONS = {
    entry.code: (entry.family, entry.payment_factor, entry.is_payable)
    for entry in read_files().definitions
}


def the_scheme() -> SchemeTerms:
    """Give the scheme as the catalogue has it."""
    (found,) = [s for s in read_files().schemes if s.code == "HYBRID-60-20-20"]
    return found.full_terms()


def terms(**overrides: Any) -> Terms:
    """Give the terms of the call-off under which the group ran."""
    codes = ("ATTENDANCE", "MILESTONE", "OUTCOME", "GUARANTEE", "CAP")
    values: dict[str, Any] = {
        "contract_id": UUID(int=10),
        "kind": "call-off",
        "number": "CO-2025-01",
        "buyer_id": UUID(int=11),
        "provider_id": UUID(int=12),
        "lot_id": UUID(int=13),
        "parent_id": UUID(int=14),
        "service_code": "TOOHARJUTUS",
        "unit": "participant_training_day",
        "language": "ru",
        "counties": ("EE-45",),
        "unit_price": Decimal("22.00"),
        "groups_count": 1,
        "places_count": 12,
        "days_count": 60,
        "full_value_amount": Decimal("15840.00"),
        "ceiling_amount": Decimal("15840.00"),
        "currency": "EUR",
        "starts_on": date(2025, 9, 1),
        "ends_until": date(2026, 7, 1),
        "scheme": the_scheme(),
        "clause_ids": {code: UUID(int=100 + n) for n, code in enumerate(codes)},
    }
    return Terms(**{**values, **overrides})


def an_outcome(client_ref: str, definition: str, **overrides: Any) -> OutcomeFact:
    """Give a verified outcome under a definition of the catalogue."""
    family, factor, is_payable = DEFINITIONS[definition]
    values: dict[str, Any] = {
        "client_ref": client_ref,
        "family": family,
        "payment_factor": factor,
        "is_payable": is_payable,
    }
    return an_outcome_fact(definition, **{**values, **overrides})


def a_participant(client_ref: str = "CL-1", **overrides: Any) -> ParticipantFacts:
    """Give one participant of band B who was there for ten days."""
    values: dict[str, Any] = {
        "participant_id": UUID(int=int(client_ref[3:])),
        "client_ref": client_ref,
        "risk_band": "B",
        "joins_on": date(2025, 9, 1),
        "present_days": 10,
        "excused_days": 0,
        "absent_days": 0,
        "vacated_days": 0,
        "individual_plan_on": None,
        "is_individual_plan_in_time": False,
        "relevant_visit_on": None,
        "exit_plan_on": None,
        "outcomes": (),
    }
    return ParticipantFacts(**{**values, **overrides})


def the_group() -> GroupFacts:
    """Give the thirteen participants of G-2025-07 as they ended, every outcome verified."""
    return GroupFacts(
        group_id=UUID(int=20),
        group_code="G-2025-07",
        entered_days_count=60,
        participants=tuple(
            a_participant(
                ref,
                risk_band=band,
                present_days=present,
                excused_days=excused,
                vacated_days=vacated,
                individual_plan_on=date(2025, 9, 10) if "M1" in milestones else None,
                is_individual_plan_in_time="M1" in milestones,
                relevant_visit_on=date(2025, 11, 25) if "M2" in milestones else None,
                exit_plan_on=date(2025, 12, 15) if "M3" in milestones else None,
                outcomes=tuple(an_outcome(ref, code) for code in outcomes.split()),
            )
            for ref, band, present, excused, vacated, milestones, outcomes, *_ in G_2025_07
        ),
    )


def rejected(outcome: OutcomeFact) -> OutcomeFact:
    """Give the outcome as it is after the register contradicted it."""
    import msgspec

    return msgspec.structs.replace(
        outcome,
        state=OutcomeState.REJECTED,
        source=Source.REGISTER,
        reason=Finding(
            "ended-early",
            "The job ended after {days} of {needed} days, on {ended_on}.",
            {"days": 71, "needed": 90, "ended_on": date(2025, 12, 22)},
        ),
    )
