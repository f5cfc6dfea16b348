"""Tables of tasks; only tasks.service writes them."""

from piccolo.columns import UUID, Array, Date, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from procure.db import DB, AppUUID7, is_one_of
from procure.kernel.actors import Role
from procure.tasks.states import TaskState


class Task(Table, db=DB, tablename="task"):
    """One duty for a role of an organisation (or one person), due on a legal day."""

    id = UUID(primary_key=True, default=AppUUID7())
    org_id = UUID(default=None, null=False)
    role = Varchar(length=20, default=None, null=False)
    person_id = UUID(default=None, null=True)
    kind = Varchar(length=40, default=None, null=False)
    subject_id = UUID(default=None, null=False)
    text = Text(default=None, null=False)  # a source text marked with n_
    values = Text(default=None, null=False)  # canonical JSON of what fills its braces
    link = Varchar(length=200, default=None, null=False)
    clause = Varchar(length=60, default=None, null=False)
    created_at = Timestamptz(default=None, null=False)
    due_on = Date(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    closed_at = Timestamptz(default=None, null=True)
    # Who holds the role and yet may not do it, or has done their part.
    excused_ids = Array(base_column=UUID(), default=list, null=False)

    known_state = is_one_of("state", TaskState)
    known_role = is_one_of("role", Role)
    # Once while it is open, for each person where persons are named: sql/25_tasks.sql.
    closed_unless_open = Check("(state = 'open') = (closed_at IS NULL)")
