"""Idempotency keys: a program's retry gets the first answer, and nothing happens twice.

After the IETF draft "The Idempotency-Key HTTP Header Field" (draft 07): no key 400, the same key
for another request 422, the first still running 409. Keys belong to a person. The rows are a
comfort of retries; that nothing happens twice is held by the tables' own constraints.
"""

import hashlib
import hmac
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from procure.db import connection
from procure.kernel.actors import Actor
from procure.web.problems import Problem
from procure.web.secret import secret

HEADER = b"idempotency-key"
LEASE_SECONDS = 60
LARGEST_BODY = 12_000_000  # where a handler says nothing
KEPT = {200, 201, 202, 409, 422}


# What a retry is told where the answer itself held a secret, which is kept nowhere.
NOT_KEPT: list[Any] = [
    {
        "type": "http.response.start",
        "status": 409,
        "headers": [(b"content-type", b"application/problem+json")],
    },
    {
        "type": "http.response.body",
        "body": msgspec.json.encode(
            Problem(
                title="Not possible now",
                status=409,
                detail="This was done. Its answer held a secret, which was shown once.",
            )
        ),
    },
]


class IdempotencyMiddleware:
    """Around every POST of the API that changes something."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the kept row, or run the request and keep its answer."""
        handler: Any = scope.get("route_handler")
        user = scope.get("user")
        if (
            scope["type"] != ScopeType.HTTP
            or scope.get("method") != "POST"
            or not scope["path"].startswith("/api/")
            or handler is None
            or handler.opt.get("idempotent")
            or not isinstance(user, Actor)
            or user.is_anonymous
        ):
            await self.app(scope, receive, send)
            return
        key = dict(scope["headers"]).get(HEADER, b"").decode("latin-1").strip()
        if not 8 <= len(key) <= 200:
            await _problem(
                send, 400, "Send an Idempotency-Key header of 8 to 200 characters with each POST."
            )
            return
        limit = handler.resolve_request_max_body_size() or LARGEST_BODY
        body = await _whole(receive, limit)
        if body is None:
            return  # it broke off, and half a request is none
        if len(body) > limit:
            await _problem(send, 413, f"At most {limit} bytes are read here.")
            return
        # Keyed, because a body may be a bid: its price could be guessed from a bare hash.
        fingerprint = hmac.new(
            secret(),
            f"POST {scope['path']}?{scope['query_string'].decode('latin-1')}\n".encode() + body,
            hashlib.sha256,
        ).hexdigest()
        kept = await _begin(user, key, fingerprint)
        if kept is not None:
            await _replay(send, kept, fingerprint)
            return
        await self._run(scope, _again(body), send, user, key)

    async def _run(self, scope: Scope, receive: Receive, send: Send, user: Actor, key: str) -> None:
        messages: list[Any] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, keep)
        except BaseException:
            await _forget(user, key)
            raise
        handler: Any = scope.get("route_handler")
        done = any(200 <= message.get("status", 0) < 300 for message in messages)
        await _finish(
            user, key, NOT_KEPT if done and handler.opt.get("secret_answer") else messages
        )
        for message in messages:
            await send(message)


async def _whole(receive: Receive, limit: int) -> bytes | None:
    """Read the body up to a little over `limit`; None if the sender went before its end."""
    chunks: list[bytes] = []
    more, size = True, 0
    while more and size <= limit:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _again(body: bytes) -> Receive:
    """Hand a body on that was read already."""
    sent = False

    async def receive() -> Any:  # noqa: ANN401 - an ASGI message
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _begin(user: Actor, key: str, fingerprint: str) -> dict[str, Any] | None:
    """Take the key, or return the row that holds it. A row left by a crash is taken over."""
    async with connection() as c:
        taken = await c.fetchval(
            """
            INSERT INTO idempotency_key (actor_id, key, fingerprint) VALUES ($1, $2, $3)
            ON CONFLICT (actor_id, key) DO UPDATE SET started_at = clock_timestamp()
               WHERE idempotency_key.status IS NULL
                 AND idempotency_key.fingerprint = excluded.fingerprint
                 AND idempotency_key.started_at
                     < clock_timestamp() - make_interval(secs => $4)
            RETURNING true
            """,
            user.id,
            key,
            fingerprint,
            LEASE_SECONDS,
        )
        if taken:
            return None
        row = await c.fetchrow(
            "SELECT fingerprint, status, media_type, body FROM idempotency_key "
            "WHERE actor_id = $1 AND key = $2",
            user.id,
            key,
        )
    return dict(row) if row else {"fingerprint": fingerprint, "status": None}


async def _finish(user: Actor, key: str, messages: list[Message]) -> None:
    status, media_type, body = 500, "", b""
    for message in messages:
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.lower(): value for name, value in message["headers"]}
            media_type = headers.get(b"content-type", b"").decode("latin-1")
        elif message["type"] == "http.response.body":
            body += message["body"]
    if status not in KEPT:
        await _forget(user, key)
        return
    async with connection() as c:
        await c.execute(
            "UPDATE idempotency_key SET status = $3, media_type = $4, body = $5 "
            "WHERE actor_id = $1 AND key = $2",
            user.id,
            key,
            status,
            media_type,
            body,
        )


async def _forget(user: Actor, key: str) -> None:
    async with connection() as c:
        await c.execute(
            "DELETE FROM idempotency_key WHERE actor_id = $1 AND key = $2 AND status IS NULL",
            user.id,
            key,
        )


async def _replay(send: Send, kept: dict[str, Any], fingerprint: str) -> None:
    if kept["fingerprint"] != fingerprint:
        await _problem(send, 422, "This Idempotency-Key was used for another request.")
    elif kept["status"] is None:
        await _problem(send, 409, "The first request with this Idempotency-Key still runs.")
    else:
        await _send(send, kept["status"], kept["media_type"], kept["body"], replayed=True)


async def _problem(send: Send, status: int, detail: str) -> None:
    titles = {
        400: "The request cannot be read",
        409: "Not possible now",
        413: "Too large",
        422: "Key used before",
    }
    body = msgspec.json.encode(Problem(title=titles[status], status=status, detail=detail))
    await _send(send, status, "application/problem+json", body, replayed=False)


async def _send(send: Send, status: int, media_type: str, body: bytes, *, replayed: bool) -> None:
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    if replayed:
        headers.append((b"idempotency-replayed", b"true"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
