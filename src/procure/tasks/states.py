"""The life of a task."""

from enum import StrEnum

from procure.kernel.states import Machine


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
