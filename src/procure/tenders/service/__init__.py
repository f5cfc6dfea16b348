"""Tenders: the only writer of its tables. One function, one transaction, one event."""

from procure.tenders.service.drafting import check_draft, draft_tender, redraft_tender
from procure.tenders.service.life import (
    award_lot,
    cancel,
    close,
    close_due,
    fail_lot,
    hold_tender,
    mark_evaluated,
    mark_opened,
    reopen_lot,
)
from procure.tenders.service.publishing import publish

__all__ = [
    "award_lot",
    "cancel",
    "check_draft",
    "close",
    "close_due",
    "draft_tender",
    "fail_lot",
    "hold_tender",
    "mark_evaluated",
    "mark_opened",
    "publish",
    "redraft_tender",
    "reopen_lot",
]
