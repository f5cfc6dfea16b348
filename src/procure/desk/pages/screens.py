"""The first screen, the thread, the history."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from procure.demand.rules.files import csv_text
from procure.desk.queries import history as histories
from procure.desk.queries import panels as public
from procure.desk.queries import screens
from procure.desk.queries import thread as threads
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.tasks import queries as tasks
from procure.tasks import service as task_service
from procure.web.downloads import attachment
from procure.web.forms import Form
from procure.web.languages import translate
from procure.web.templates import page, see_other

MOST_EXPORTED = 20_000  # events in one file
EXPORTED = ("happened_at", "kind", "what", "subject", "subject_id", "person", "sha256")


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
        self,
        kind: FromPath[str],
        subject_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        as_what: Annotated[str, QueryParameter(name="format")] = "",
    ) -> Template | Response[bytes]:
        """Show a thread, or give it to a program that has the reader's session (`format=json`)."""
        found = await threads.thread(actor, kind, subject_id)
        if as_what == "json":
            return Response(msgspec.json.encode(found), media_type=MediaType.JSON)
        return page("desk/thread.html", thread=found)

    @get("/history", permission=Permission.AUDIT_READ)
    async def history(
        self,
        actor: NamedDependency[Actor],
        *,
        before: FromQuery[str | None] = None,
        kind: FromQuery[str] = "",
        person: FromQuery[str] = "",
        first: FromQuery[str] = "",
        last: FromQuery[str] = "",
        search: FromQuery[str] = "",
    ) -> Template:
        """Show what happened in the actor's organisation, as far as the filter lets through."""
        wanted = histories.Wanted.read(kind, person, first, last, search)
        return page(
            "desk/history.html",
            items=await histories.newest(actor, before, wanted),
            wanted=wanted,
            query=urlencode({k: v for k, v in wanted.as_query().items() if v}),
            people=await histories.people(actor),
            kinds=histories.KINDS,
        )

    @get("/history.csv", permission=Permission.AUDIT_READ)
    async def history_file(
        self,
        actor: NamedDependency[Actor],
        *,
        kind: FromQuery[str] = "",
        person: FromQuery[str] = "",
        first: FromQuery[str] = "",
        last: FromQuery[str] = "",
        search: FromQuery[str] = "",
    ) -> Response[bytes]:
        """Download what the filter lets through, at most `MOST_EXPORTED` events."""
        wanted = histories.Wanted.read(kind, person, first, last, search)
        items = await histories.newest(actor, None, wanted, limit=MOST_EXPORTED)
        rows = [
            {
                "happened_at": item.happened_at.isoformat(),
                "kind": item.kind,
                "what": translate(item.text),
                "subject": item.subject,
                "subject_id": item.subject_id,
                "person": item.actor_name or "",
                "sha256": item.sha256,
            }
            for item in items
        ]
        return attachment(csv_text(EXPORTED, rows).encode("utf-8-sig"), "text/csv", "history")
