"""The rules of tenders: the law by date, the legal calendar, what is wrong with a draft.

Pure: the day, the rule set and the holidays are arguments. Amounts in EUR without VAT.
Source: Riigihangete seadus (RHS) by rule set, see fixtures/parameters/tenders.
"""

from procure.tenders.rules.calendar import (
    CalendarFacts,
    LegalDate,
    PeriodAhead,
    Signing,
    TimeLeft,
    complaint_last_day,
    complaint_on_documents_last_day,
    due_day,
    earliest_deadline,
    earliest_signing,
    last_blocked_day,
    legal_calendar,
    periods_ahead,
    time_left,
)
from procure.tenders.rules.drafts import (
    CriterionDraft,
    CriterionParams,
    DraftContext,
    LotDraft,
    ParentLot,
    ServiceFact,
    TableRow,
    TenderDraft,
    draft_findings,
    draft_rule,
    lot_value,
)
from procure.tenders.rules.facts import CriterionFacts, LotFacts, TenderFacts, is_on_time
from procure.tenders.rules.law import Need, Number, Period, Procedure, RuleSet, procedure_needed

__all__ = [
    "CalendarFacts",
    "CriterionDraft",
    "CriterionFacts",
    "CriterionParams",
    "DraftContext",
    "LegalDate",
    "LotDraft",
    "LotFacts",
    "Need",
    "Number",
    "ParentLot",
    "Period",
    "PeriodAhead",
    "Procedure",
    "RuleSet",
    "ServiceFact",
    "Signing",
    "TableRow",
    "TenderDraft",
    "TenderFacts",
    "TimeLeft",
    "complaint_last_day",
    "complaint_on_documents_last_day",
    "draft_findings",
    "draft_rule",
    "due_day",
    "earliest_deadline",
    "earliest_signing",
    "is_on_time",
    "last_blocked_day",
    "legal_calendar",
    "lot_value",
    "periods_ahead",
    "procedure_needed",
    "time_left",
]
