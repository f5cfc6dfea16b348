"""The first screen, the thread, the history."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.desk.queries import history as histories
from procure.desk.queries import panels as public
from procure.desk.queries import screens
from procure.desk.queries import thread as threads
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.tasks import queries as tasks
from procure.tasks import service as task_service
from procure.web.forms import Form
from procure.web.templates import page, see_other


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

    @post("/tasks/{task_id:uuid}/done", permission=Permission.TASK_READ)
    async def done(
        self,
        task_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Report a duty as done, or show the desk again with what is missing."""
        try:
            await task_service.report_done(actor, task_id, form.value("note"), now=now)
        except Refused as refusal:
            tiles, panels = await screens.screen(actor, now)
            return page(
                "desk/first.html",
                findings=refusal.findings,
                form=form,
                tasks=await tasks.open_tasks(actor, now),
                tiles=tiles,
                panels=panels,
            )
        return see_other("/")

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
