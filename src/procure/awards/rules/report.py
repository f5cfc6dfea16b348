"""The evaluation report and decision: everything an auditor asks of one lot, on one paper.

Pure. Source: RHS 111 and 117 (the written report of a procedure).
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.awards.rules.facts import DecisionFacts
from procure.evaluation.rules import Deficit, LotFacts, LowPrice, Sensitivity


class PanelLine(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluator, with what was declared."""

    name: str
    declared_at: datetime | None
    has_conflict: bool | None
    declaration: str | None
    locked_at: datetime | None
    released_reason: str | None


class QuestionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A question about a price, whole."""

    provider_name: str
    flag: LowPrice  # as the price stood when it was asked about
    question: str
    asked_at: datetime
    due_on: date
    answer: str | None
    answered_at: datetime | None
    state: str
    reason: str | None


class ReportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the report is printed from."""

    reference: str
    tender_title: str
    lot_title: str
    decided_by: str
    lot: LotFacts
    decision: DecisionFacts
    rule_set_name: Mapping[str, str]  # by language
    procedure_name: Mapping[str, str]
    panel: tuple[PanelLine, ...]
    low_prices: tuple[LowPrice, ...]
    questions: tuple[QuestionLine, ...]
    sensitivity: tuple[Sensitivity, ...]
    deficits: tuple[Deficit, ...]
    names: Mapping[UUID, str]  # by bid
    codes: Mapping[UUID, str]  # registry codes, by bid
    best_price: Decimal | None
