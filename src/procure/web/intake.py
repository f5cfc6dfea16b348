"""What no route can answer sensibly is refused before a route is asked."""

from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import ASGIApp, Receive, Scope, Send

from procure.kernel.texts import n_

LONGEST_PATH = 2_000
LONGEST_STEP = 255  # of a file's name; an id or a code is shorter


class IntakeMiddleware:
    """Refuses addresses that hold a NUL or are longer than any of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with a sensible address. Raises ClientException (400)."""
        if scope["type"] == ScopeType.HTTP and not is_sensible(
            scope["path"], scope["query_string"]
        ):
            raise ClientException(n_("This address cannot be read."))
        await self.app(scope, receive, send)


def is_sensible(path: str, query: bytes) -> bool:
    """Tell whether an address can be looked up.

    >>> is_sensible("/claims", b"page=2"), is_sensible("/x\\0", b""), is_sensible("/x", b"q=%00")
    (True, False, False)
    >>> is_sensible("/static/" + "a" * 256, b"")
    False
    """
    return (
        "\0" not in path
        and b"\0" not in unquote_to_bytes(query)
        and len(path) <= LONGEST_PATH
        and all(len(step.encode()) <= LONGEST_STEP for step in path.split("/"))
    )
