"""Reading tenders: notices are everyone's, drafts their buyer's, call-offs the invited's."""

from procure.tenders.queries.drafts import draft_context, draft_of, propose_draft
from procure.tenders.queries.facts import (
    KeyholderFacts,
    keyholders,
    lot_facts,
    published_rule,
    rule_set_on,
    tender_facts,
    tender_of_lot,
    visible_tender,
)
from procure.tenders.queries.trials import propose_trial, triable_tender, try_scoring
from procure.tenders.queries.views import list_tenders, read_scoring_rule, read_tender

__all__ = [
    "KeyholderFacts",
    "draft_context",
    "draft_of",
    "keyholders",
    "list_tenders",
    "lot_facts",
    "propose_draft",
    "propose_trial",
    "published_rule",
    "read_scoring_rule",
    "read_tender",
    "rule_set_on",
    "tender_facts",
    "tender_of_lot",
    "triable_tender",
    "try_scoring",
    "visible_tender",
]
