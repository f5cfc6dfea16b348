"""Who is asking: a session cookie on pages, a bearer token on the API, never the other way."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from procure.identity import queries, service
from procure.kernel.actors import ANONYMOUS
from procure.settings import settings
from procure.web.clock import is_demo, provide_now

HOST_COOKIE = "__Host-procure"  # bound to the host and to TLS by its name
PLAIN_COOKIE = "procure"  # loopback without TLS, where a browser takes no __Host- cookie
HOST_DEVICE, PLAIN_DEVICE = "__Host-procure-device", "procure-device"  # of an earlier sign-in
BEARER = "Bearer "


def is_secure() -> bool:
    """Tell whether people reach this installation by TLS, so that cookies may ask for it."""
    return settings().public_url.startswith("https:")


def cookie_name() -> str:
    """Return the session cookie's name for the address this installation is reached at."""
    return HOST_COOKIE if is_secure() else PLAIN_COOKIE


def device_cookie_name() -> str:
    """Return the name of the cookie by which a browser is known from an earlier sign-in."""
    return HOST_DEVICE if is_secure() else PLAIN_DEVICE


class SessionMiddleware(AbstractAuthenticationMiddleware):
    """Gives each request its actor, with the rights of this very moment."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """Return the actor, or ANONYMOUS; the guards decide what that may."""
        if connection.url.path.startswith("/api/"):
            header = connection.headers.get("authorization", "")
            if header.startswith(BEARER):
                actor = await queries.actor_of_token(header.removeprefix(BEARER).strip())
                return AuthenticationResult(user=actor or ANONYMOUS, auth=None)
            return AuthenticationResult(user=ANONYMOUS, auth=None)
        if connection.url.path.startswith("/static/"):
            return AuthenticationResult(user=ANONYMOUS, auth=None)
        if await is_demo():
            connection.scope["state"]["shown_now"] = await provide_now()  # every page says so
        token = connection.cookies.get(cookie_name())
        if not token:
            return AuthenticationResult(user=ANONYMOUS, auth=None)
        actor = await queries.actor_of_session(token)
        if actor is None:
            return AuthenticationResult(user=ANONYMOUS, auth=None)
        await service.touch(token)
        connection.scope["state"]["session_token"] = token
        return AuthenticationResult(user=actor, auth=None)
