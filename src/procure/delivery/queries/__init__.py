"""Reading delivery: a group is its buyer's and its provider's.

A caseworker sees the groups of the buyer and in them the participants of own requests; everyone
else of the buyer sees all; people of a provider see its own groups alone.
"""

from procure.delivery.queries.access import (
    may_confirm_plans,
    may_record_leaving,
    seen_participants,
    sees_own_only,
)
from procure.delivery.queries.attendance import read_attendance, read_correction, read_day
from procure.delivery.queries.counts import (
    MarkRow,
    group_delivery,
    marks_of,
    participants_of,
    unmarked,
    visits_of,
)
from procure.delivery.queries.duties import basis_of_contract
from procure.delivery.queries.employers import employers_of, list_employers
from procure.delivery.queries.facts import (
    LAST_JOINING_PHASE,
    M1,
    DayRow,
    GroupFacts,
    ParticipantRef,
    PlanRef,
    StayRow,
    entry_windows,
    group_facts,
    groups_of_contract,
    is_in_another_group,
    last_joining_day,
    last_joining_phase,
    participant_of,
    plan_of,
    stays_of,
    training_days,
    vacancy_limit,
)
from procure.delivery.queries.referrals import candidates
from procure.delivery.queries.views import list_groups, read_group

__all__ = [
    "LAST_JOINING_PHASE",
    "M1",
    "DayRow",
    "GroupFacts",
    "MarkRow",
    "ParticipantRef",
    "PlanRef",
    "StayRow",
    "basis_of_contract",
    "candidates",
    "employers_of",
    "entry_windows",
    "group_delivery",
    "group_facts",
    "groups_of_contract",
    "is_in_another_group",
    "last_joining_day",
    "last_joining_phase",
    "list_employers",
    "list_groups",
    "marks_of",
    "may_confirm_plans",
    "may_record_leaving",
    "participant_of",
    "participants_of",
    "plan_of",
    "read_attendance",
    "read_correction",
    "read_day",
    "read_group",
    "seen_participants",
    "sees_own_only",
    "stays_of",
    "training_days",
    "unmarked",
    "vacancy_limit",
    "visits_of",
]
