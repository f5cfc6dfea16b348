"""The group whose money is known to the cent, and terms to reckon it by."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.adapters.pain001 import Pain001Writer
from procure.catalogue.rules import SchemeTerms
from procure.catalogue.service import read_files
from procure.contracts.rules import Terms
from procure.db import DB
from procure.delivery.states import Mark
from procure.kernel.actors import Actor, Role
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day, next_working_day
from procure.outcomes.rules import OutcomeFact
from procure.outcomes.states import OutcomeState, Source
from procure.parameters import holidays
from procure.payments import queries, service
from procure.payments.rules import GroupFacts, ParticipantFacts
from tests.builders.delivery import Group, a_group, mark, the_group
from tests.builders.identity import an_actor
from tests.builders.outcomes import an_outcome_fact, the_outcomes

BUYER_CODE = "74990018"  # whose account fixtures/parameters/payments/buyer_accounts has

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


def the_facts() -> GroupFacts:
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


class Money(msgspec.Struct, frozen=True):
    """A group with everyone who touches its money."""

    group: Group
    finance: tuple[Actor, Actor, Actor, Actor]

    @property
    def buyer_id(self) -> UUID:
        """The organisation that buys."""
        return self.group.buyer_id

    @property
    def provider(self) -> Actor:
        """Who manages the provider."""
        return self.group.provider

    async def draft(self, now: datetime, reason: str = "") -> UUID:
        """Draft the group's claim as the system does."""
        claim_id = await service.draft_claim(None, self.group.id, reason, now=now)
        assert claim_id is not None
        return claim_id

    async def accept(self, claim_id: UUID, now: datetime) -> str:
        """Accept a claim for the provider; return the hash of its content."""
        await service.accept(self.provider, claim_id, now=now)
        return (await queries.read_claim(self.finance[0], claim_id)).content_sha256

    async def post(self, claim_id: UUID, now: datetime) -> None:
        """Accept a claim, and attest it twice."""
        sha256 = await self.accept(claim_id, now)
        for who in self.finance[:2]:
            await service.attest(who, claim_id, sha256, now=now)

    async def claim_and_post(self, now: datetime) -> UUID:
        """Draft, accept, attest twice."""
        claim_id = await self.draft(now)
        await self.post(claim_id, now)
        return claim_id

    async def prepare(self, now: datetime) -> UUID:
        """Prepare a payment run for the next working day."""
        pay_on = next_working_day(legal_day(now) + timedelta(days=1), holidays())
        return await service.prepare_run(self.finance[0], Pain001Writer(), pay_on, now=now)

    async def release(self, run_id: UUID, now: datetime) -> None:
        """Release a run by two people who neither prepared it nor attested what it pays."""
        run = await queries.read_run(self.finance[0], run_id)
        for who in self.finance[2:4]:
            await service.release_run(who, run_id, run.file_sha256, now=now)


async def money_of(group: Group) -> Money:
    """Gather the people around a group's money; its buyer has an account to pay from."""
    await set_registry_code(group.buyer_id, BUYER_CODE)
    people = [await an_actor(Role.FINANCE, org=group.buyer_id) for _ in range(4)]
    return Money(group, (people[0], people[1], people[2], people[3]))


async def set_registry_code(org_id: UUID, code: str) -> None:
    """Give an organisation the registry code that a fixture knows."""
    owner = await DB.connect_as_owner()
    try:
        await owner.execute(
            "UPDATE organisation SET registry_code = $2 WHERE id = $1", org_id, code
        )
    finally:
        await owner.close()


async def a_paying_group(*, days_marked: int = 2, **overrides: Any) -> Money:
    """Make a running group of one person who was there on its first days."""
    group, (participant_id,) = await a_group(people=1, **{"days_count": 12, **overrides})
    for day in group.days[:days_marked]:
        await mark(group, day, {participant_id: Mark.PRESENT})
    return await money_of(group)


async def the_money() -> Money:
    """Play G-2025-07 through to its reported and confirmed outcomes."""
    group, _ = await the_group()
    await the_outcomes(group)
    return await money_of(group)
