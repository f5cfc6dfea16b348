"""Errors as answers: RFC 9457 problem details for programs, a page for people."""

import logging
from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    NotAuthorizedException,
    ValidationException,
)
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_303_SEE_OTHER,
    HTTP_400_BAD_REQUEST,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from procure.db import DatabaseBusy
from procure.kernel.errors import ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web import languages

log = logging.getLogger("procure")

GONE = "client disconnected prematurely"  # how the framework says that a body broke off

TITLES = {
    400: n_("The request cannot be read"),
    401: n_("Sign in first"),
    403: n_("Not allowed"),
    404: n_("Not found"),
    405: n_("Not possible here"),
    409: n_("Not possible now"),
    413: n_("Too large"),
    422: n_("Something stands in the way"),
    429: n_("Too many requests"),
    500: n_("Something went wrong on our side"),
    503: n_("Busy, try again in a moment"),
}


class Problem(msgspec.Struct, omit_defaults=True, kw_only=True):
    """RFC 9457 problem details; `findings` holds every reason, with the field or row it is of."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    findings: list[dict[str, Any]] = []


def finding_facts(finding: Finding) -> dict[str, Any]:
    """Return what a program reads of a finding."""
    facts: dict[str, Any] = {"code": finding.code, "message": languages.tell(finding)}
    for name in ("clause", "field", "row"):
        if value := getattr(finding, name):
            facts[name] = value
    return facts


def answer(
    request: Request[Any, Any, Any], status: int, detail: str, findings: list[Finding]
) -> Response[Any]:
    """Say a problem in the form this caller reads."""
    title = languages.translate(TITLES.get(status, TITLES[500]))
    headers = {"Retry-After": "5"} if status == HTTP_503_SERVICE_UNAVAILABLE else {}
    if request.url.path.startswith("/api/"):
        problem = Problem(
            title=title,
            status=status,
            detail=detail,
            findings=[finding_facts(finding) for finding in findings],
        )
        return Response(
            msgspec.json.encode(problem),
            status_code=status,
            media_type="application/problem+json",
            headers=headers,
        )
    return Template(
        "web/problem.html",
        context={"title": title, "status": status, "detail": detail, "findings": findings},
        status_code=status,
        headers=headers,
    )


def on_expected(request: Request[Any, Any, Any], error: ProcureError) -> Response[Any]:
    """Answer one of our four refusals."""
    findings = error.findings if isinstance(error, Refused) else []
    return answer(request, error.status, languages.tell(error), findings)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework refuses: no such route, not signed in, a body that does not fit."""
    if error.detail == GONE:
        return answer(request, HTTP_400_BAD_REQUEST, languages.translate(n_("It broke off.")), [])
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return on_unexpected(request, error)
    if isinstance(error, NotAuthorizedException) and not request.url.path.startswith("/api/"):
        return Redirect(f"/sign-in?next={request.url.path}", status_code=HTTP_303_SEE_OTHER)
    detail, findings = languages.translate(error.detail), []
    if isinstance(error, ValidationException):
        findings = [
            Finding(
                "invalid",
                "{message}",
                {"message": str(item.get("message", item))},
                field=str(item.get("key", "")),
            )
            if isinstance(item, dict)
            else Finding("invalid", "{message}", {"message": str(item)})
            for item in (error.extra or [])
        ]
    return answer(request, error.status_code, detail, findings)


def on_violation(request: Request[Any, Any, Any], error: asyncpg.PostgresError) -> Response[Any]:
    """Answer what only the database saw: someone was faster, or an invariant held the line."""
    if isinstance(error, asyncpg.UniqueViolationError | asyncpg.ExclusionViolationError):
        log.warning("refused by %s", error.constraint_name)
        return answer(
            request,
            HTTP_409_CONFLICT,
            languages.translate(
                n_("This is here already, or was changed meanwhile. Load the page again.")
            ),
            [],
        )
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        log.warning("refused by %s: %s", error.constraint_name, error)
        return answer(
            request,
            HTTP_422_UNPROCESSABLE_ENTITY,
            languages.translate(n_("The database refuses this: {rule}.")).format(
                rule=error.constraint_name or error.args[0]
            ),
            [],
        )
    if isinstance(error, asyncpg.DataError):
        return on_unusable(request, error)
    if isinstance(error, asyncpg.SerializationError | asyncpg.DeadlockDetectedError):
        return on_busy(request, error)
    return on_unexpected(request, error)


def on_unusable(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a value that no column, calendar or number holds, of which nobody thought by name.

    Nothing was changed: the transaction it happened in is undone.
    """
    log.warning("%s %r: a value cannot be used", request.method, request.url.path, exc_info=error)
    return answer(
        request,
        HTTP_422_UNPROCESSABLE_ENTITY,
        languages.translate(
            n_(
                "A value cannot be used: a number or a date is out of reach, a text is too long or "
                "holds a character that cannot be kept. Nothing was changed."
            )
        ),
        [],
    )


def on_busy(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer when every connection is in use: later, not never."""
    log.warning("busy: %s", type(error).__name__)
    return answer(
        request,
        HTTP_503_SERVICE_UNAVAILABLE,
        languages.translate(n_("Nothing was lost. Try again in a few seconds.")),
        [],
    )


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a defect without telling its insides, and log it with them."""
    log.error("%s %r failed", request.method, request.url.path, exc_info=error)
    return answer(
        request,
        HTTP_500_INTERNAL_SERVER_ERROR,
        languages.translate(n_("Nothing was changed. The fault was logged.")),
        [],
    )


HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    ProcureError: on_expected,
    HTTPException: on_http,
    asyncpg.PostgresError: on_violation,
    DatabaseBusy: on_busy,
    ArithmeticError: on_unusable,
    RecursionError: on_unusable,
    Exception: on_unexpected,
}
