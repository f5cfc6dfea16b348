"""Guards: who is let in, and that a form came from our own page."""

import hashlib
import hmac
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from procure.kernel.actors import Actor, Permission
from procure.kernel.texts import n_

SAFE = {"GET", "HEAD", "OPTIONS"}
CSRF_FIELD = "_csrf"
CSRF_HEADER = "x-csrf-token"


async def require_permission(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Admit the actor if they hold the permission that the handler declares.

    A handler that declares none refuses everyone (deny by default).
    """
    wanted = handler.opt.get("permission")
    if wanted == Permission.NONE:
        return
    actor = connection.scope.get("user")
    if not isinstance(actor, Actor) or actor.is_anonymous:
        raise NotAuthorizedException(detail=n_("Sign in to continue."))
    if wanted is None or not actor.may(wanted):
        raise PermissionDeniedException(detail=n_("Your role does not allow this."))
    # Whoever holds a narrow token may not make themselves a wider way in.
    if (
        actor.is_limited
        and wanted == Permission.SIGNED_IN
        and connection.scope.get("method", "GET") not in SAFE
    ):
        raise PermissionDeniedException(detail=n_("This token does not allow this."))


def csrf_token(session_token: str) -> str:
    """Derive the form token from the session's own secret, so that it is good for no other.

    >>> csrf_token("a") == csrf_token("a"), csrf_token("a") == csrf_token("b")
    (True, False)
    """
    return hmac.new(session_token.encode(), b"procure form", hashlib.sha256).hexdigest()


async def require_own_form(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Refuse a changing request of a browser that did not come from one of our pages.

    The API is not asked: it takes bearer tokens alone, which no other site can make a browser send.
    """
    if connection.scope.get("method", "GET") in SAFE or connection.scope["path"].startswith(
        "/api/"
    ):
        return
    if handler.opt.get("no_form"):
        return
    headers = connection.headers
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise PermissionDeniedException(detail=n_("This form was sent from another site."))
    origin = headers.get("origin")
    if origin and _host_of(origin) != headers.get("host"):
        raise PermissionDeniedException(detail=n_("This form was sent from another site."))
    session_token = connection.scope.get("state", {}).get("session_token")
    if session_token is None:
        return  # nobody is signed in: there is nothing to forge but a sign-in from our own site
    sent = headers.get(CSRF_HEADER)
    if sent is None:
        form = await cast("Request[Any, Any, Any]", connection).form()
        sent = form.get(CSRF_FIELD)
    if not isinstance(sent, str) or not hmac.compare_digest(
        sent.encode(), csrf_token(session_token).encode()
    ):
        raise PermissionDeniedException(
            detail=n_(
                "This form is no longer valid. Go back, load the page again and send it anew."
            )
        )


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # http://[::1
        return ""
