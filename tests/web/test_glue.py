"""The glue every page and call goes through: guards, forms, idempotency, problems, headers."""

import asyncio
import hashlib
from typing import Any

import msgspec
import pytest

from procure.db import connection
from procure.identity.sessions import PLAIN_COOKIE
from procure.kernel.actors import Role
from procure.web.guards import CSRF_FIELD, csrf_token
from procure.web.languages import COOKIE
from tests.builders.identity import PASSWORD, a_person, an_actor, count
from tests.builders.providers import a_venue_draft
from tests.client import application, client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_a_planted_cookie_is_not_kept_through_sign_in() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    async with client_as(None) as browser:
        browser.cookies.set(PLAIN_COOKIE, "attackerchosen0000")
        answer = await browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        token = answer.cookies[PLAIN_COOKIE]
    assert answer.status_code == 303
    assert token != "attackerchosen0000"
    async with client_as(None) as attacker:
        attacker.cookies.set(PLAIN_COOKIE, "attackerchosen0000")
        page = await attacker.get("/history")
    assert page.status_code == 303, "the planted value must sign nobody in"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param(None, 403, id="no form token"),
        pytest.param(csrf_token("another session"), 403, id="the token of another session"),
    ],
)
async def test_a_form_without_its_own_token_is_refused(token: str | None, status: int) -> None:
    actor = await an_actor(Role.OFFICER)
    async with client_as(actor) as browser:
        answer = await browser.post("/opening-key", data={CSRF_FIELD: token} if token else {})
    assert answer.status_code == status
    assert await count("opening_key") == 0


async def test_a_form_of_our_own_page_is_taken() -> None:
    async with client_as(await an_actor(Role.OFFICER)) as browser:
        answer = await browser.send_form("/opening-key", {})
    assert answer.status_code == 200
    assert "AGE-SECRET-KEY-" in answer.text


async def test_a_form_from_another_site_is_refused_even_with_the_token() -> None:
    async with client_as(await an_actor(Role.OFFICER)) as browser:
        answer = await browser.send_form(
            "/opening-key", {}, headers={"origin": "https://evil.example"}
        )
    assert answer.status_code == 403


async def test_the_api_takes_no_cookie() -> None:
    async with client_as(await an_actor(Role.OFFICER)) as browser:
        del browser.headers["authorization"]
        answer = await browser.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def a_body(code: str = "V001") -> dict[str, Any]:
    """Describe a venue, as a program sends it."""
    body: dict[str, Any] = msgspec.to_builtins(a_venue_draft(code=code))
    return body


class TestIdempotency:
    async def test_a_retry_gets_the_first_answer_and_nothing_happens_twice(self) -> None:
        coordinator = await an_actor(Role.COORDINATOR)
        async with client_as(coordinator) as program:
            body = a_body()
            first = await program.send_json("/api/v1/venues", body, key="key-00000001")
            second = await program.send_json("/api/v1/venues", body, key="key-00000001")
        assert first.status_code == second.status_code == 201
        assert first.content == second.content
        assert second.headers["idempotency-replayed"] == "true"
        assert await count("venue") == 1

    async def test_a_post_without_a_key_is_refused(self) -> None:
        coordinator = await an_actor(Role.COORDINATOR)
        async with client_as(coordinator) as program:
            answer = await program.post("/api/v1/venues", json=a_body())
        assert answer.status_code == 400
        assert await count("venue") == 0

    async def test_a_key_is_good_for_one_request_only(self) -> None:
        coordinator = await an_actor(Role.COORDINATOR)
        async with client_as(coordinator) as program:
            await program.send_json("/api/v1/venues", a_body(), key="key-00000001")
            other = await program.send_json("/api/v1/venues", a_body("V002"), key="key-00000001")
        assert other.status_code == 422
        assert await count("venue") == 1

    async def test_another_persons_key_is_another_key(self) -> None:
        for n in range(2):
            coordinator = await an_actor(Role.COORDINATOR)
            async with client_as(coordinator) as program:
                answer = await program.send_json(
                    "/api/v1/venues",
                    a_body(f"V{n}"),
                    key="key-00000001",
                )
            assert answer.status_code == 201

    async def test_fifty_at_once_have_one_effect(self) -> None:
        coordinator = await an_actor(Role.COORDINATOR)
        body = a_body()
        async with client_as(coordinator) as program:
            answers = await asyncio.gather(
                *(program.send_json("/api/v1/venues", body, key="key-00000001") for _ in range(50))
            )
        assert await count("venue") == 1
        assert {answer.status_code for answer in answers} <= {201, 409}

    async def test_a_refused_request_may_be_repeated_with_its_key(self) -> None:
        async with client_as(await an_actor(Role.CASEWORKER)) as program:
            answer = await program.send_json("/api/v1/opening-keys", key="key-00000001")
        assert answer.status_code == 403
        assert await count("idempotency_key") == 0

    async def test_an_answer_with_a_secret_is_kept_nowhere(self) -> None:
        async with client_as(await an_actor(Role.OFFICER)) as program:
            first = await program.send_json("/api/v1/opening-keys", key="key-00000001")
            again = await program.send_json("/api/v1/opening-keys", key="key-00000001")
        assert (first.status_code, again.status_code) == (201, 409)
        async with connection() as c:
            kept = await c.fetchval(
                "SELECT k::text || encode(k.body, 'escape') FROM idempotency_key k"
            )
        assert "AGE-SECRET-KEY" in first.text
        assert "AGE-SECRET-KEY" not in kept
        assert await count("opening_key") == 1


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing-here", "/api/v1/me", "/tenders"])
async def test_every_answer_carries_the_headers(path: str) -> None:
    async with client_as(None) as browser:
        answer = await browser.get(path)
    for name in (
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "strict-transport-security",
    ):
        assert name in answer.headers, (path, name)
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_an_unknown_page_is_a_page_and_an_unknown_call_is_a_problem() -> None:
    async with client_as(None) as browser:
        page, call = await browser.get("/nothing"), await browser.get("/api/v1/nothing")
    assert (page.status_code, call.status_code) == (404, 404)
    assert "<h1" in page.text
    assert call.json()["status"] == 404


async def test_every_page_of_a_demo_says_so() -> None:
    async with client_as(None) as browser:
        page = await browser.get("/sign-in")
    assert "This is a demonstration" in page.text


@pytest.mark.parametrize(
    ("header", "word"),
    [
        pytest.param("et-EE,et;q=0.9", 'lang="et"', id="Estonian"),
        pytest.param("ru", 'lang="ru"', id="Russian"),
        pytest.param("de", 'lang="en"', id="an unknown language falls back to English"),
    ],
)
async def test_the_browsers_language_is_spoken(header: str, word: str) -> None:
    async with client_as(None) as browser:
        page = await browser.get("/sign-in", headers={"accept-language": header})
    assert word in page.text


def test_the_openapi_document_is_whole() -> None:
    document = application().openapi_schema.to_schema()
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert operations
    for path, method, operation in operations:
        assert path.startswith("/api/v1/"), path
        assert operation.get("operationId"), (path, method)
        assert operation.get("description") or operation.get("summary"), (path, method)


async def test_a_kept_key_does_not_betray_what_was_sent() -> None:
    async with client_as(await an_actor(Role.OFFICER)) as program:
        await program.send_json("/api/v1/opening-keys", {"price": "21.50"}, key="key-00000001")
    async with connection() as c:
        kept = await c.fetchval("SELECT fingerprint FROM idempotency_key")
    guess = b'POST /api/v1/opening-keys?\n{"price":"21.50"}'
    assert kept != hashlib.sha256(guess).hexdigest()


async def test_an_address_that_leads_nowhere_is_told_to_whoever_asks() -> None:
    actor = await an_actor(Role.COORDINATOR)
    async with client_as(actor) as browser:
        page = await browser.get("/nowhere/at-all")
        api = await browser.get("/api/v1/nowhere")
        browser.cookies.set(COOKIE, "et")
        estonian = await browser.get("/nowhere/at-all")
    assert page.status_code == api.status_code == 404
    assert actor.name in page.text
    assert "There is nothing at this address." in page.text
    assert api.headers["content-type"] == "application/problem+json"
    assert 'lang="et"' in estonian.text
