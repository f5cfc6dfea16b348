"""Driving the application as its users do: one client a person, over ASGI, without a network."""

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
from litestar import Litestar

from procure.app import create_app
from procure.db import DB
from procure.identity.sessions import PLAIN_COOKIE
from procure.kernel.actors import Actor
from procure.kernel.canonical import sha256_hex
from procure.web.guards import CSRF_FIELD, csrf_token

BASE = "http://127.0.0.1:8000"
_keys = itertools.count(1)


@cache
def application() -> Litestar:
    """Make the application once a process; it uses whatever database the test has opened."""
    return create_app(lifespan=[])


class Client(httpx.AsyncClient):
    """A browser or program of one person; POSTs bring the form token or an idempotency key."""

    session: str | None = None

    async def send_form(self, path: str, data: dict[str, Any], **kwargs: Any) -> httpx.Response:
        """Post a form as one of our pages would."""
        token = {CSRF_FIELD: csrf_token(self.session)} if self.session else {}
        return await self.post(path, data={**token, **data}, **kwargs)

    async def send_json(
        self, path: str, data: Any = None, key: str | None = None
    ) -> httpx.Response:
        """Post JSON with an idempotency key of its own."""
        headers = {"Idempotency-Key": key or f"test-key-{next(_keys):08d}"}
        return await self.post(path, json=data, headers=headers)


@asynccontextmanager
async def client_as(actor: Actor | None) -> AsyncIterator[Client]:
    """Open a client for an actor made by a builder (or nobody): signed in on pages and the API."""
    transport = httpx.ASGITransport(app=application(), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with Client(transport=transport, base_url=BASE) as client:
        if actor is not None:
            token, session = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            async with DB.connection() as c:
                for table, extra, secret in (
                    ("api_token", "name, ", token),
                    ("session", "seen_at, ", session),
                ):
                    value = "'test'" if table == "api_token" else "now()"
                    await c.execute(
                        f"INSERT INTO {table} (id, {extra} token_sha256, person, org, created_at,"
                        f" expires_at) VALUES (gen_random_uuid(), {value}, $1, $2, $3, now(),"
                        " now() + interval '1 day')",
                        sha256_hex(secret),
                        actor.id,
                        actor.org_id,
                    )
            client.headers["authorization"] = f"Bearer {token}"
            client.cookies.set(PLAIN_COOKIE, session)
            client.session = session
        yield client
