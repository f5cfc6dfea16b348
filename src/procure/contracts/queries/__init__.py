"""Reading contracts: each is its two parties', and nobody else's."""

from procure.contracts.queries.drafts import (
    AwardToContract,
    SupplierToContract,
    award_to_contract,
    awards_to_contract,
    library,
    promise_of,
)
from procure.contracts.queries.facts import (
    ContractStanding,
    clauses_of_contract,
    contracts_of_award,
    document_of,
    due,
    signatures_of,
    standing,
    terms_of,
)
from procure.contracts.queries.frameworks import (
    FrameworkFacts,
    FrameworkPromise,
    framework_promise,
    frameworks_of_lot,
    read_framework,
    room_of_lot,
)
from procure.contracts.queries.views import list_contracts, read_contract

__all__ = [
    "AwardToContract",
    "ContractStanding",
    "FrameworkFacts",
    "FrameworkPromise",
    "SupplierToContract",
    "award_to_contract",
    "awards_to_contract",
    "clauses_of_contract",
    "contracts_of_award",
    "document_of",
    "due",
    "framework_promise",
    "frameworks_of_lot",
    "library",
    "list_contracts",
    "promise_of",
    "read_contract",
    "read_framework",
    "room_of_lot",
    "signatures_of",
    "standing",
    "terms_of",
]
