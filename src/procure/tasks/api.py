"""Tasks over HTTP, as JSON."""

from datetime import datetime

from litestar import Controller, get
from litestar.di import NamedDependency

from procure.kernel.actors import Actor, Permission
from procure.tasks import queries
from procure.tasks.schemas import TaskList


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


CONTROLLERS: list[type[Controller]] = [TaskApi]
