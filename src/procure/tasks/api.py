"""Tasks over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.kernel.actors import Actor, Permission
from procure.tasks import queries, service
from procure.tasks.schemas import TaskDone, TaskList


class TaskApi(Controller):
    """What you have to do, with the last day of each."""

    path = "/api/v1/tasks"
    tags = ("Tasks",)

    @get("/", operation_id="listTasks", permission=Permission.TASK_READ)
    async def list_open(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> TaskList:
        """List what is open for you, by your roles and by name; the overdue come first.

        `text` has names in braces that `values` fill in; `link` is the page where it is done.
        """
        return TaskList(await queries.open_tasks(actor, now))

    @post(
        "/{task_id:uuid}/done",
        operation_id="reportTaskDone",
        permission=Permission.TASK_READ,
        status_code=HTTP_200_OK,
    )
    async def done(
        self,
        task_id: FromPath[UUID],
        data: JSONBody[TaskDone],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> TaskList:
        """Report a duty as done that is done outside the program; the rest is returned."""
        await service.report_done(actor, task_id, data.note, now=now)
        return TaskList(await queries.open_tasks(actor, now))


CONTROLLERS: list[type[Controller]] = [TaskApi]
