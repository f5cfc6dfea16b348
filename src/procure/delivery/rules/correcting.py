"""Late corrections of attendance: which changes need a reason, and what they change.

Pure. A completed group has been counted, its sheet signed and its days claimed; so whatever changes
in it needs a reason, as does a mark that is changed long after its day.
Source: THP § 13(1); parameter `delivery/entry_windows` for "long".
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from procure.delivery.rules.plans import late_days, reason_findings
from procure.delivery.states import GroupState, Mark
from procure.kernel.findings import Finding


class MarkChange(msgspec.Struct, frozen=True):
    """One mark that would be another than before; `was` is None for a new one."""

    participant_id: UUID
    client_ref: str
    held_on: date
    was: str | None
    mark: str


class DaysChange(msgspec.Struct, frozen=True):
    """What changes make of one participant's payable days."""

    participant_id: UUID
    client_ref: str
    before_count: int
    after_count: int


def changes(
    given: Mapping[tuple[UUID, date], str],
    before: Mapping[tuple[UUID, date], str],
    names: Mapping[UUID, str],
) -> list[MarkChange]:
    """List the marks that are new or other than before, by day and client."""
    return sorted(
        (
            MarkChange(who, names[who], day, before.get((who, day)), mark)
            for (who, day), mark in given.items()
            if before.get((who, day)) != mark
        ),
        key=lambda change: (change.held_on, change.client_ref),
    )


def corrections(
    changed: Sequence[MarkChange], *, group_state: str, today: date, mark_days: int
) -> list[MarkChange]:
    """List the changes that need a reason.

    In a completed group all of them; before that those that replace a mark later than `mark_days`
    after its day. A first mark that is late is late, and no correction.
    """
    return [
        change
        for change in changed
        if group_state == GroupState.COMPLETED
        or (change.was is not None and late_days(change.held_on, today) > mark_days)
    ]


def correction_findings(needing: Sequence[MarkChange], reason: str) -> list[Finding]:
    """List why the changes cannot be entered as they are: a reason is missing."""
    return reason_findings(reason, "reason") if needing else []


def days_changed(changed: Sequence[MarkChange], payable: Mapping[UUID, int]) -> list[DaysChange]:
    """Count the payable days of each participant concerned, before and after; by client."""
    found = []
    for who in {change.participant_id for change in changed}:
        own = [change for change in changed if change.participant_id == who]
        more = sum(
            _is_paid(change.mark) - (change.was is not None and _is_paid(change.was))
            for change in own
        )
        found.append(DaysChange(who, own[0].client_ref, payable[who], payable[who] + more))
    return sorted(found, key=lambda change: change.client_ref)


def _is_paid(mark: str) -> bool:
    return mark != Mark.ABSENT
