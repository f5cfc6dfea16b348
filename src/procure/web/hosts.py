"""Which names this installation answers to, whatever else a request calls it (W-13)."""

from collections.abc import Iterable
from functools import cache
from urllib.parse import urlsplit

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from procure.settings import settings
from procure.web.problems import Problem

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DETAIL = (
    "This address is not one of this installation. If it should be, set PROCURE_PUBLIC_URL to it."
)


class HostMiddleware:
    """Around the whole application, so that pages which are not there do not answer either."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on for our own host; 400 for any other, for none, and for two."""
        if scope["type"] != ScopeType.HTTP or _is_ours(scope["headers"]):
            await self.app(scope, receive, send)
            return
        body = msgspec.json.encode(
            Problem(title="The request cannot be read", status=400, detail=DETAIL)
        )
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _is_ours(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    named = [value for name, value in headers if name.lower() == b"host"]
    return len(named) == 1 and host_of(named[0].decode("latin-1")) in allowed()


def host_of(authority: str) -> str:
    """Return the name in a Host header, in lower case and without the port; "" if there is none.

    >>> host_of("Procure.example:8443"), host_of("[::1]:8000"), host_of("a@procure.example")
    ('procure.example', '::1', '')
    """
    if "@" in authority or "/" in authority or any(c.isspace() for c in authority):
        return ""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # a port that is none is no port
        return parts.hostname or ""
    except ValueError:
        return ""


@cache
def allowed() -> frozenset[str]:
    """Return the names that are answered: the public address's, and this machine's own."""
    return LOOPBACK | {host_of(urlsplit(settings().public_url).netloc)}
