"""Awards: the only writer of its tables. One function, one transaction, one event."""

from procure.awards.service.deciding import annul, conclude_without_award, decide, finish_due

__all__ = ["annul", "conclude_without_award", "decide", "finish_due"]
