"""Reading tasks: whose they are is part of each question."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.kernel.actors import Actor
from procure.kernel.time import legal_day
from procure.tasks.schemas import TaskView


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    subject_id: UUID
    role: str
    person_id: UUID | None
    text: str
    values: str
    link: str
    clause: str
    due_on: date
    created_at: datetime
    state: str
    closed_at: datetime | None


_COLUMNS = """id, kind, subject_id, role, person_id, text, "values", link, clause, due_on,
    created_at, state, closed_at"""


def _view(row: _Row, today: date) -> TaskView:
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    fields["values"] = msgspec.json.decode(row.values)
    return TaskView(**fields, is_overdue=row.state == "open" and row.due_on < today)


async def open_tasks(actor: Actor, now: datetime) -> list[TaskView]:
    """List what the actor has to do, soonest first and so the overdue before all.

    A task is the actor's if it belongs to the actor's organisation and one of the actor's roles,
    and names either no person or this one. Who is excused is not asked.
    """
    rows = await fetch_as(
        _Row,
        f"""SELECT {_COLUMNS} FROM task
            WHERE state = 'open' AND org_id = $1 AND role = ANY($2)
              AND (person_id IS NULL OR person_id = $3) AND NOT $3 = ANY(excused_ids)
            ORDER BY due_on, created_at, id""",  # noqa: S608 - a constant
        actor.org_id,
        [str(role) for role in actor.roles],
        actor.id,
    )
    return [_view(row, legal_day(now)) for row in rows]


async def open_tasks_of_organisation(actor: Actor, now: datetime) -> list[TaskView]:
    """List what is open in the actor's organisation, whoever has to do it, soonest first."""
    rows = await fetch_as(
        _Row,
        f"""SELECT {_COLUMNS} FROM task WHERE state = 'open' AND org_id = $1
            ORDER BY due_on, created_at, id""",  # noqa: S608 - a constant
        actor.org_id,
    )
    return [_view(row, legal_day(now)) for row in rows]


async def tasks_of(actor: Actor, subject_id: UUID, now: datetime) -> list[TaskView]:
    """List every task about one thing in the actor's organisation, done and dropped included."""
    rows = await fetch_as(
        _Row,
        f"""SELECT {_COLUMNS} FROM task WHERE subject_id = $1 AND org_id = $2
            ORDER BY created_at, id""",  # noqa: S608 - a constant
        subject_id,
        actor.org_id,
    )
    return [_view(row, legal_day(now)) for row in rows]
