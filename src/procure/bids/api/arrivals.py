"""The instant of arrival, taken when the last byte is here and before anything else (R1, R7).

Around everything that asks who it is: a slow sign-in, a busy database or a long queue makes no bid
late. A handler asks for it by `stamps_arrival=True`; it finds the arrival in the request's state.
"""

import asyncio
import time
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from procure.bids import service
from procure.bids.service import Arrived, Seen

LARGEST_BODY = 12_000_000
STATE = "bid_arrival"
REFUSED = range(400, 500)
CREDENTIALS = (b"authorization", b"cookie")
MOST_IN_WORK = 32

_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class ArrivalMiddleware:
    """Reads the whole request, stamps its arrival, and hands it on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stamp a submission; anything else goes through untouched."""
        handler: Any = scope.get("route_handler")
        if (
            scope["type"] != ScopeType.HTTP
            or handler is None
            or not handler.opt.get("stamps_arrival")
            or not any(name in CREDENTIALS for name, _ in scope["headers"])
        ):
            await self.app(scope, receive, send)
            return
        messages, seen = await _read(scope, receive)
        arrived = await service.note(seen) if seen else None
        scope["state"][STATE] = arrived
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        async with _gate():
            await self.app(scope, _replay(messages, receive), watch)
        if arrived and status in REFUSED:  # also by who is not signed in, or may not
            await service.refuse(arrived.id, f"http-{status}")


def _gate() -> asyncio.Semaphore:
    """Let few go on at a time, so that stamping those who come now is never behind their work."""
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST_IN_WORK))


async def _read(scope: Scope, receive: Receive) -> tuple[list[Any], Seen | None]:
    """Read until the last byte; nothing is seen of what is cut off or too large."""
    messages: list[Any] = []
    size, first = 0, _turn_began()
    now = first
    while True:
        message: Any = await receive()
        if message.get("body") or message.get("more_body"):
            now = _turn_began()  # otherwise the last byte was that of the headers
        messages.append(message)
        if message["type"] != "http.request":
            return messages, None
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            return messages, None
        if not message.get("more_body", False):
            break
    found = scope.get("path_params", {})
    return messages, Seen(
        tender_id=UUID(str(found["tender_id"])),
        package_id=UUID(str(found["package_id"])) if "package_id" in found else None,
        first_byte=first,
        last_byte=now,
        size_bytes=size,
    )


def _turn_began() -> float:
    """Return the instant at which the event loop began the turn in which this runs.

    Whatever runs in a turn was here when it began; who is at the end of a long one is not later for
    that. uvloop's own time is just that, in whole milliseconds, the part of one cut off.
    """
    return min(time.monotonic(), asyncio.get_running_loop().time() + 0.001)


def _replay(messages: list[Any], receive: Receive) -> Receive:
    left = iter(messages)

    async def again() -> Any:  # noqa: ANN401 - an ASGI message
        for message in left:
            return message
        return await receive()

    return again


def provide_arrived(request: Request[Any, Any, Any]) -> Arrived | None:
    """Give handlers the arrival that was stamped for their request."""
    found = request.scope["state"].get(STATE)
    return found if isinstance(found, Arrived) else None
