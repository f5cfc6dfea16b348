"""Reading payments: claims are both parties', ledger and runs the buyer's alone."""

from procure.payments.queries.claims import (
    attestations_of,
    content_of_claim,
    expectations,
    list_claims,
    read_claim,
    withheld_view,
)
from procure.payments.queries.facts import (
    contract_of_claim,
    facts_of_group,
    group_facts,
    groups_to_draft,
    last_posted,
    next_number,
    open_claim_of,
    posted_of_group,
)
from procure.payments.queries.ledger import read_ledger
from procure.payments.queries.runs import (
    buyer_account,
    cooling_days,
    list_runs,
    next_run_number,
    owed_now,
    payees_of_buyer,
    payees_of_run,
    payments_of,
    read_run,
    read_run_file,
    unpaid_claims,
)

__all__ = [
    "attestations_of",
    "buyer_account",
    "content_of_claim",
    "contract_of_claim",
    "cooling_days",
    "expectations",
    "facts_of_group",
    "group_facts",
    "groups_to_draft",
    "last_posted",
    "list_claims",
    "list_runs",
    "next_number",
    "next_run_number",
    "open_claim_of",
    "owed_now",
    "payees_of_buyer",
    "payees_of_run",
    "payments_of",
    "posted_of_group",
    "read_claim",
    "read_ledger",
    "read_run",
    "read_run_file",
    "unpaid_claims",
    "withheld_view",
]
