"""Payments: the only writer of its tables.

Every function holds the contract, then the claim or the run, and records its event last.
"""

from procure.payments.service.attesting import attest, return_claim
from procure.payments.service.claiming import (
    accept,
    dispute,
    draft_claim,
    draft_due,
    take_dispute_back,
)
from procure.payments.service.running import cancel_run, prepare_run, release_run

__all__ = [
    "accept",
    "attest",
    "cancel_run",
    "dispute",
    "draft_claim",
    "draft_due",
    "prepare_run",
    "release_run",
    "return_claim",
    "take_dispute_back",
]
