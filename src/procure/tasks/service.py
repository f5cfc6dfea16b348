"""Tasks: the only writer of its table, called by each stage inside its own transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.db import fetch_as, transaction, uuid7
from procure.kernel.actors import Role
from procure.kernel.canonical import canonical
from procure.tasks.states import TASK, TaskState
from procure.tasks.tables import Task


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def create(
    kind: str,
    subject_id: UUID,
    *,
    org_id: UUID,
    role: Role,
    text: str,
    link: str,
    clause: str,
    due_on: date,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    person_id: UUID | None = None,
) -> UUID:
    """Make a duty for a role of an organisation, or for one person in that role.

    Called again while it is open it is the same task, with the newer text, link and last day: a
    job by the clock may say the same thing every minute, and a moved deadline moves the task.
    """
    rows = await fetch_as(
        _Id,
        """INSERT INTO task (id, org_id, role, person_id, kind, subject_id, text, "values",
                link, clause, created_at, due_on, state)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open')
            ON CONFLICT (kind, subject_id, org_id, role, person_id) WHERE state = 'open'
            DO UPDATE SET text = excluded.text, "values" = excluded."values",
                link = excluded.link, clause = excluded.clause, due_on = excluded.due_on
            RETURNING id""",
        uuid7(),
        org_id,
        str(role),
        person_id,
        kind,
        subject_id,
        text,
        canonical(dict(values or {})),
        link,
        clause,
        now,
        due_on,
    )
    return rows[0].id


async def finish(
    kind: str, subject_id: UUID, *, now: datetime, person_id: UUID | None = None
) -> int:
    """Close what was done, and tell how many that were; none is no fault.

    With a person only that person's own task: one evaluator's scores do not finish another's.
    """
    return await _close(kind, subject_id, "finish", now=now, person_id=person_id)


async def drop(kind: str, subject_id: UUID, *, now: datetime, person_id: UUID | None = None) -> int:
    """Close what no longer has to be done: the tender was cancelled, the evaluator replaced."""
    return await _close(kind, subject_id, "drop", now=now, person_id=person_id)


async def drop_all_of(subject_id: UUID, *, now: datetime) -> int:
    """Close everything open about a thing that has ended before its time."""
    return await _close(None, subject_id, "drop", now=now, person_id=None)


async def _close(
    kind: str | None, subject_id: UUID, action: str, *, now: datetime, person_id: UUID | None
) -> int:
    # Locked in order of id, so that two who close the same tasks wait and do not embrace.
    async with transaction():
        query = Task.objects().where(Task.subject_id == subject_id, Task.state == TaskState.OPEN)
        if kind is not None:
            query = query.where(Task.kind == kind)
        if person_id is not None:
            query = query.where(Task.person_id == person_id)
        found = await query.order_by(Task.id).lock_rows()
        for task in found:
            task.state, task.closed_at = TASK.after(task.state, action), now
            await task.save([Task.state, Task.closed_at])
    return len(found)
