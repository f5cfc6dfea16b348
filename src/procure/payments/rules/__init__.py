"""What is owed, who may attest and what changed since, to whom money may go now.

Pure: each fact is an argument. Amounts are in the contract's currency, in whole cents.
"""

from procure.payments.rules.claims import (
    AttestFacts,
    ClaimContent,
    ContentLine,
    Difference,
    Posted,
    attest_findings,
    ceiling_findings,
    changes,
    content_lines,
    differences,
    dispute_findings,
)
from procure.payments.rules.entitlement import (
    day_rate,
    entitlements,
    payable_days,
    terms_of_payment,
)
from procure.payments.rules.facts import GroupFacts, ParticipantFacts
from procure.payments.rules.lines import Entitlement, Line, Withheld
from procure.payments.rules.reasons import may_come, milestone_missed
from procure.payments.rules.runs import (
    BuyerAccount,
    Payee,
    PaymentOrder,
    ReleaseFacts,
    Transfer,
    end_to_end_id,
    execution_findings,
    message_id,
    payee_findings,
    release_findings,
    remittance,
)
from procure.payments.rules.telling import engine_key, facts_of, history
from procure.payments.rules.wording import outcome_key

__all__ = [
    "AttestFacts",
    "BuyerAccount",
    "ClaimContent",
    "ContentLine",
    "Difference",
    "Entitlement",
    "GroupFacts",
    "Line",
    "ParticipantFacts",
    "Payee",
    "PaymentOrder",
    "Posted",
    "ReleaseFacts",
    "Transfer",
    "Withheld",
    "attest_findings",
    "ceiling_findings",
    "changes",
    "content_lines",
    "day_rate",
    "differences",
    "dispute_findings",
    "end_to_end_id",
    "engine_key",
    "entitlements",
    "execution_findings",
    "facts_of",
    "history",
    "may_come",
    "message_id",
    "milestone_missed",
    "outcome_key",
    "payable_days",
    "payee_findings",
    "release_findings",
    "remittance",
    "terms_of_payment",
]
