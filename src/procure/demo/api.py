"""The demo's clock over HTTP."""

from datetime import datetime

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.identity import service as identity
from procure.kernel.actors import Actor, Permission
from procure.web.clock import is_demo, provide_now
from procure.worker import drain, run_due


class Clock(msgspec.Struct, frozen=True):
    """What the clock shows, and whether it can be moved."""

    now: datetime
    is_demo: bool


class MoveClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to move the clock; forward only."""

    to: datetime


class DemoApi(Controller):
    """The clock that deadlines are judged by."""

    path = "/api/v1/clock"
    tags = ("Clock",)

    @get("/", operation_id="readClock", permission=Permission.NONE)
    async def read(self, now: NamedDependency[datetime]) -> Clock:
        """Read the clock; real everywhere but in a demo."""
        return Clock(now=now, is_demo=await is_demo())

    @post(
        "/",
        operation_id="moveClock",
        permission=Permission.CLOCK_MOVE,
        status_code=HTTP_200_OK,
    )
    async def move(
        self,
        data: JSONBody[MoveClock],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Clock:
        """Move a demo's clock forward and do what then is due; 409 where it is not a demo."""
        await identity.move_clock(actor, data.to, now=now)
        shown = await provide_now()
        await run_due(shown)
        await drain()
        return Clock(now=shown, is_demo=True)
