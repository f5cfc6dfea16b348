"""The first screen, the thread, the history."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from procure.desk.queries import history as histories
from procure.desk.queries import panels as public
from procure.desk.queries import screens
from procure.desk.queries import thread as threads
from procure.kernel.actors import Actor, Permission
from procure.tasks import queries as tasks
from procure.web.templates import page


class DeskPages(Controller):
    """Where everyone begins."""

    include_in_schema = False

    @get("/", permission=Permission.NONE)
    async def first(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Template:
        """Show what the actor must know at once; the public sees what is public."""
        if actor.is_anonymous:
            tiles, panels = await public.public_screen(now)
            return page("desk/first.html", tasks=[], tiles=tiles, panels=panels)
        tiles, panels = await screens.screen(actor, now)
        open_tasks = await tasks.open_tasks(actor, now) if actor.may(Permission.TASK_READ) else []
        return page("desk/first.html", tasks=open_tasks, tiles=tiles, panels=panels)

    @get("/thread/{kind:str}/{subject_id:uuid}", permission=Permission.THREAD_READ)
    async def thread(
        self, kind: FromPath[str], subject_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Template:
        """Show the thread of a claim line or of a request."""
        return page("desk/thread.html", thread=await threads.thread(actor, kind, subject_id))

    @get("/history", permission=Permission.AUDIT_READ)
    async def history(
        self, actor: NamedDependency[Actor], before: FromQuery[int | None] = None
    ) -> Template:
        """Show what happened last in the actor's organisation."""
        return page("desk/history.html", items=await histories.newest(actor, before))


CONTROLLERS: list[type[Controller]] = [DeskPages]
