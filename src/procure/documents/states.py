"""The life of a paper, and the events of documents."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class PaperState(StrEnum):
    """Where a paper stands."""

    QUEUED = "queued"
    PRINTED = "printed"
    FAILED = "failed"


PAPER = Machine(
    {
        (PaperState.QUEUED, "print"): PaperState.PRINTED,
        (PaperState.QUEUED, "fail"): PaperState.FAILED,
        (PaperState.FAILED, "retry"): PaperState.QUEUED,
    }
)

EVENTS = {
    "paper:ordered": n_("A document was ordered."),
    "paper:printed": n_("A document was printed."),
    "paper:failed": n_("A document could not be printed."),
    "paper:retried": n_("A document that could not be printed was ordered again."),
}
