"""Delivery: the only writer of its tables. Groups, people, attendance, plans, visits, duties.

Every function locks its contract or group before it records its first event, because an event
holds the head of the chain until the transaction ends.
"""

from procure.delivery.service.attendance import enter_attendance, import_attendance
from procure.delivery.service.duties import ask_due
from procure.delivery.service.groups import complete_group, plan_group, start_group
from procure.delivery.service.people import leave, refer
from procure.delivery.service.plans import confirm_plan, record_plan, withdraw_plan
from procure.delivery.service.visits import record_employer, record_visit

__all__ = [
    "ask_due",
    "complete_group",
    "confirm_plan",
    "enter_attendance",
    "import_attendance",
    "leave",
    "plan_group",
    "record_employer",
    "record_plan",
    "record_visit",
    "refer",
    "start_group",
    "withdraw_plan",
]
