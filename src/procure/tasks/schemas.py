"""What is told about tasks."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.tasks.states import is_by_hand


class TaskView(msgspec.Struct, frozen=True):
    """One duty as its owner sees it; `text` with `values` in its braces says what is to be done."""

    id: UUID
    kind: str
    subject_id: UUID
    role: str
    person_id: UUID | None  # none: whoever holds the role
    text: str
    values: Mapping[str, Any]
    link: str  # the page where it is done
    clause: str
    due_on: date  # the last day
    is_overdue: bool
    created_at: datetime
    state: str
    closed_at: datetime | None

    @property
    def is_by_hand(self) -> bool:
        """Whether a person reports this duty as done; the system closes the others."""
        return is_by_hand(self.kind)

    @property
    def message(self) -> str:
        """The text in English with its values filled in."""
        return self.text.format(**self.values) if self.values else self.text


class TaskList(msgspec.Struct, frozen=True):
    """Tasks, the overdue first."""

    items: list[TaskView]


class TaskDone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a duty was done outside: the register's reference, the letter's date."""

    note: str
