"""The thread and the history over HTTP, as JSON."""

from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from procure.desk.queries import history as histories
from procure.desk.queries import thread as threads
from procure.desk.schemas import HistoryItem, Thread
from procure.kernel.actors import Actor, Permission


class History(msgspec.Struct, frozen=True):
    """Events in words, newest first."""

    items: list[HistoryItem]


class DeskApi(Controller):
    """Reading across the stages."""

    path = "/api/v1"
    tags = ("Desk",)

    @get(
        "/thread/{kind:str}/{subject_id:uuid}",
        operation_id="readThread",
        permission=Permission.THREAD_READ,
    )
    async def thread(
        self, kind: FromPath[str], subject_id: FromPath[UUID], actor: NamedDependency[Actor]
    ) -> Thread:
        """Follow a `claim-line` or an `award` back, a `request` or a `basis` forward."""
        return await threads.thread(actor, kind, subject_id)

    @get("/history", operation_id="readHistory", permission=Permission.AUDIT_READ)
    async def history(
        self, actor: NamedDependency[Actor], before: FromQuery[str | None] = None
    ) -> History:
        """Read the newest events of the caller's organisation, before that with hash `before`."""
        return History(await histories.newest(actor, before))


CONTROLLERS: list[type[Controller]] = [DeskApi]
