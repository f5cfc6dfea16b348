"""Tasks: the only writer of its table, called by each stage inside its own transaction."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import fetch_as, transaction, uuid7
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tasks.states import TASK, TaskState, is_by_hand
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
    excused_ids: Collection[UUID] = (),
) -> UUID:
    """Make a duty for a role of an organisation, or for one person in that role.

    Who is excused holds the role and may not do it: it is not shown to them.

    Called again while it is open it is the same task, with the newer text, link and last day: a
    job by the clock may say the same thing every minute, and a moved deadline moves the task.
    """
    rows = await fetch_as(
        _Id,
        """INSERT INTO task (id, org_id, role, person_id, kind, subject_id, text, "values",
                link, clause, created_at, due_on, state, excused_ids)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13)
            ON CONFLICT (kind, subject_id, org_id, role, person_id) WHERE state = 'open'
            DO UPDATE SET text = excluded.text, "values" = excluded."values",
                link = excluded.link, clause = excluded.clause, due_on = excluded.due_on,
                excused_ids = excluded.excused_ids
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
        sorted(excused_ids),
    )
    return rows[0].id


async def excuse(kind: str, subject_id: UUID, person_id: UUID) -> int:
    """Take an open duty off the list of a person who has done their part of it."""
    async with transaction():
        found = (
            await Task.objects()
            .where(Task.kind == kind, Task.subject_id == subject_id, Task.state == TaskState.OPEN)
            .order_by(Task.id)
            .lock_rows()
        )
        for task in found:
            if person_id not in task.excused_ids:
                task.excused_ids = [*task.excused_ids, person_id]
                await task.save([Task.excused_ids])
    return len(found)


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


async def report_done(actor: Actor, task_id: UUID, note: str, *, now: datetime) -> None:
    """Close a duty that the actor did outside the program, saying how.

    Raises NotFound (not the actor's), Conflict (no longer open, or closed by the system itself),
    Refused (no note).
    """
    if len(note.strip()) < 3:
        raise Refused([Finding("note", n_("Say how it was done: a reference."), field="note")])
    async with transaction():
        task = await Task.objects().where(Task.id == task_id).first().lock_rows()
        mine = (
            task is not None
            and task.org_id == actor.org_id
            and task.role in actor.roles
            and task.person_id in {None, actor.id}
        )
        if task is None or not mine:
            raise NotFound(n_("There is no task {id}."), {"id": task_id})
        if not is_by_hand(task.kind):
            raise Conflict(n_("The system closes this task by itself when it sees it done."))
        done = TASK.after(task.state, "finish")
        await task.update_self({Task.state: done, Task.closed_at: now})
        await audit.record(
            "task:finished",
            task.subject_id,
            actor,
            org_id=task.org_id,
            now=now,
            facts={"task_id": task.id, "kind": task.kind, "note": note.strip()},
        )
