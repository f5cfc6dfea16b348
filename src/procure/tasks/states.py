"""The life of a task."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


TASK = Machine(
    {
        (TaskState.OPEN, "finish"): TaskState.DONE,
        (TaskState.OPEN, "drop"): TaskState.DROPPED,
    }
)

# Duties that are done outside the program, so that a person says when they were; the system closes
# all others by itself when it sees them done.
BY_HAND = ("contract:",)
BY_ITSELF = ("contract:sign-",)  # signing closes it

EVENTS = {"task:finished": n_("A duty was reported as done.")}


def is_by_hand(kind: str) -> bool:
    """Tell whether a duty of this kind is closed by the person who did it.

    >>> is_by_hand("contract:award-notice"), is_by_hand("tender:open")
    (True, False)
    >>> is_by_hand("contract:sign-buyer")
    False
    """
    return kind.startswith(BY_HAND) and not kind.startswith(BY_ITSELF)
