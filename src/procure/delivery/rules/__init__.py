"""What a group may be, who holds its places, which marks a day allows, what is counted of it.

Pure: each fact is an argument. Days are dates in the country's zone, periods half-open.
Source: THP § 13(1) attendance; the payment scheme's success vacancy and milestones.
"""

from procure.delivery.rules.attendance import (
    AttendanceRow,
    Day,
    GivenMark,
    expected_on,
    mark_findings,
    marks_findings,
    read_csv,
    row_findings,
)
from procure.delivery.rules.counting import (
    GroupDelivery,
    ParticipantDelivery,
    ParticipantFacts,
    Visited,
    VisitKpis,
    delivery_of,
    own_day,
    visit_kpis,
)
from procure.delivery.rules.places import (
    LeaveFacts,
    ReferralFacts,
    Stay,
    holds_place,
    leave_findings,
    places_held,
    referral_findings,
    vacancy_days,
)
from procure.delivery.rules.planning import (
    GroupPlanFacts,
    PlanFacts,
    VisitFacts,
    group_findings,
    idle_months,
    phase_of,
    plan_findings,
    timetable,
    visit_findings,
)

__all__ = [
    "AttendanceRow",
    "Day",
    "GivenMark",
    "GroupDelivery",
    "GroupPlanFacts",
    "LeaveFacts",
    "ParticipantDelivery",
    "ParticipantFacts",
    "PlanFacts",
    "ReferralFacts",
    "Stay",
    "VisitFacts",
    "VisitKpis",
    "Visited",
    "delivery_of",
    "expected_on",
    "group_findings",
    "holds_place",
    "idle_months",
    "leave_findings",
    "mark_findings",
    "marks_findings",
    "own_day",
    "phase_of",
    "places_held",
    "plan_findings",
    "read_csv",
    "referral_findings",
    "row_findings",
    "timetable",
    "vacancy_days",
    "visit_findings",
    "visit_kpis",
]
