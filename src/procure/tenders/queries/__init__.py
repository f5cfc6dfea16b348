"""Reading tenders: notices are everyone's, drafts their buyer's, call-offs the invited's."""

from procure.tenders.queries.drafts import draft_context, draft_of, propose_draft
from procure.tenders.queries.facts import (
    KeyholderFacts,
    keyholders,
    lot_facts,
    rule_set_on,
    tender_facts,
    tender_of_lot,
    visible_tender,
)
from procure.tenders.queries.views import list_tenders, read_tender

__all__ = [
    "KeyholderFacts",
    "draft_context",
    "draft_of",
    "keyholders",
    "list_tenders",
    "lot_facts",
    "propose_draft",
    "read_tender",
    "rule_set_on",
    "tender_facts",
    "tender_of_lot",
    "visible_tender",
]
