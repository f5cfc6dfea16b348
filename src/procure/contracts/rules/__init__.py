"""Terms as data, clauses with their source, the document that is signed, ceilings.

Pure: each fact is an argument. Amounts are cents in the contract's currency, without VAT.
Source: RHS §§ 29, 30, 83, 120, 121, 123.
"""

from procure.contracts.rules.clauses import (
    ClauseBasis,
    Criterion,
    DocumentClause,
    Library,
    LibraryClause,
    Promise,
    Words,
    clauses_of,
)
from procure.contracts.rules.documents import Document, Origin, Party, document_hash
from procure.contracts.rules.paying import payment_terms
from procure.contracts.rules.signing import (
    CallOffFacts,
    Side,
    SignedSide,
    SignFacts,
    call_off_findings,
    sign_findings,
)
from procure.contracts.rules.terms import Pots, Room, Terms, full_value, pots

__all__ = [
    "CallOffFacts",
    "ClauseBasis",
    "Criterion",
    "Document",
    "DocumentClause",
    "Library",
    "LibraryClause",
    "Origin",
    "Party",
    "Pots",
    "Promise",
    "Room",
    "Side",
    "SignFacts",
    "SignedSide",
    "Terms",
    "Words",
    "call_off_findings",
    "clauses_of",
    "document_hash",
    "full_value",
    "payment_terms",
    "pots",
    "sign_findings",
]
