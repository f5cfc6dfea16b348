"""Delivery: the only writer of its tables. Groups, people, attendance, plans, visits.

Every function locks its contract or group before it records its first event, because an event
holds the head of the chain until the transaction ends.
"""

from procure.delivery.service.attendance import enter_attendance, import_attendance
from procure.delivery.service.groups import complete_group, plan_group, start_group
from procure.delivery.service.people import leave, record_plan, refer
from procure.delivery.service.visits import record_employer, record_visit

__all__ = [
    "complete_group",
    "enter_attendance",
    "import_attendance",
    "leave",
    "plan_group",
    "record_employer",
    "record_plan",
    "record_visit",
    "refer",
    "start_group",
]
