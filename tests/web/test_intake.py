"""What a stranger may send: every oddity gets an answer with a reason, and none is a fault."""

import asyncio
from typing import Any

import msgspec
import pytest

from procure.db import connection
from procure.kernel.actors import Role
from tests.builders.identity import an_actor
from tests.builders.tenders import a_draft, a_drafted_tender
from tests.client import Client, application, client_as

pytestmark = pytest.mark.usefixtures("db")

DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        pytest.param("GET", "/services?day=%00", {}, 400, id="a NUL in the query"),
        pytest.param("GET", "/static/%00", {}, 400, id="a NUL in a file's name"),
        pytest.param("GET", "/static/" + "a" * 5000, {}, 400, id="a name longer than a disk keeps"),
        pytest.param("GET", "/", {"headers": {"cookie": "a@b=1"}}, 200, id="another's cookie"),
        pytest.param("GET", "/sign-in?next=//[", {}, 200, id="a way back that is no address"),
        pytest.param(
            "POST",
            "/sign-in",
            {"headers": {"origin": "http://[::1"}, "data": {"email": "a"}},
            403,
            id="an origin that is no address",
        ),
        pytest.param(
            "POST",
            "/sign-in",
            {"data": {"email": "a\0b@people.example", "password": "x"}},
            422,
            id="a NUL in a form",
        ),
        pytest.param(
            "POST",
            "/api/v1/tokens",
            {"content": DEEP, "headers": {"content-type": "application/json"}},
            422,
            id="brackets without end",
        ),
    ],
)
async def test_oddities_are_answered(
    method: str, path: str, more: dict[str, Any], status: int
) -> None:
    async with client_as(None) as client:
        answer = await client.request(method, path, **more)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"contract_starts_on": "9999-12-31"}, "contract_starts_on", id="a far day"),
        pytest.param({"deadline_at": "9999-12-31T23:59:59Z"}, "deadline_at", id="a far instant"),
        pytest.param({"deadline_at": "0001-01-01T00:00:00+14:00"}, "deadline_at", id="before time"),
        pytest.param({"title": "a\0b"}, None, id="a character that no column keeps"),
    ],
)
async def test_values_out_of_reach_are_refused(change: dict[str, Any], field: str | None) -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    await a_drafted_tender(coordinator)
    body = {**msgspec.to_builtins(a_draft()), **change}
    async with client_as(coordinator) as client:
        answer = await client.send_json("/api/v1/tenders", body)
    assert answer.status_code == 422, answer.text
    if field:
        assert field in {found.get("field") for found in answer.json()["findings"]}


async def test_a_form_token_in_another_alphabet_is_refused_and_no_fault() -> None:
    async with client_as(await an_actor(Role.OFFICER)) as client:
        answer = await client.post("/opening-key", data={"_csrf": "é"})
    assert answer.status_code == 403


async def send_raw(client: Client, path: str, messages: list[dict[str, Any]]) -> list[Any]:
    """Send ASGI messages as a server would hand them over; return what was answered."""
    answered: list[Any] = []
    todo = iter(messages)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/json"),
            (b"authorization", client.headers["authorization"].encode()),
            (b"idempotency-key", b"a-key-of-a-broken-call"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return next(todo, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        answered.append(message)

    await asyncio.wait_for(application()(scope, receive, send), 20)  # type: ignore[arg-type]
    return answered


async def test_half_a_request_is_none() -> None:
    caseworker = await an_actor(Role.CASEWORKER)
    whole_json = b'{"name": "for a script"}'
    async with client_as(caseworker) as client:
        async with connection() as c:
            before = await c.fetchval("SELECT count(*) FROM idempotency_key")
        answered = await send_raw(
            client,
            "/api/v1/requests",
            [{"type": "http.request", "body": whole_json, "more_body": True}],
        )
        async with connection() as c:
            after = await c.fetchval("SELECT count(*) FROM idempotency_key")
    assert answered == []
    assert after == before, "a call that broke off took its key"


async def test_a_body_is_read_no_further_than_its_limit() -> None:
    caseworker = await an_actor(Role.CASEWORKER)
    chunk = {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}
    async with client_as(caseworker) as client:
        taken = [dict(chunk) for _ in range(64)]
        answered = await send_raw(client, "/api/v1/requests", taken)
    assert answered[0]["status"] == 413
