"""What is known of a group that money depends on; stored with each claim."""

from datetime import date
from uuid import UUID

import msgspec

from procure.outcomes.rules import OutcomeFact


class ParticipantFacts(msgspec.Struct, frozen=True):
    """One person's days by mark, plans, first relevant visit and outcomes."""

    participant_id: UUID
    client_ref: str
    risk_band: str
    joins_on: date
    present_days: int
    excused_days: int
    absent_days: int
    vacated_days: int  # the place stood empty after a success
    individual_plan_on: date | None
    is_individual_plan_in_time: bool  # by the person's own 10th training day (delivery)
    relevant_visit_on: date | None
    exit_plan_on: date | None
    outcomes: tuple[OutcomeFact, ...]


class GroupFacts(msgspec.Struct, frozen=True):
    """Everything known of a group that money depends on; stored with the claim."""

    group_id: UUID
    group_code: str
    entered_days_count: int  # training days whose attendance is entered
    participants: tuple[ParticipantFacts, ...]
