"""Contracts: the only writer of its tables. Drafts from awards, calls off, signs, starts, ends.

Every function takes its locks, frameworks before call-offs, before it records its first event,
because an event holds the head of the chain until the transaction ends.
"""

from procure.contracts.service.calling_off import call_mini_competition
from procure.contracts.service.clock import end_due, start_due
from procure.contracts.service.drafting import draft_from_award
from procure.contracts.service.signing import sign
from procure.contracts.service.spending import hold_contract, record_spending

__all__ = [
    "call_mini_competition",
    "draft_from_award",
    "end_due",
    "hold_contract",
    "record_spending",
    "sign",
    "start_due",
]
