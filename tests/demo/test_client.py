"""A program of the demo: keys with every POST, and any unexpected answer as a sentence."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from procure.demo.errors import DemoFailed
from procure.demo.story.client import Program

PROBLEM = {
    "title": "Something stands in the way",
    "status": 422,
    "detail": "2 things stand in the way",
    "findings": [
        {"code": "county", "message": "There is no county EE-99.", "field": "county", "row": 3},
        {"code": "weights", "message": "They add up to 101.", "clause": "RHS § 85"},
    ],
}
SAID = "row 3: county: There is no county EE-99.; They add up to 101. (RHS § 85)"


class Server:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.status, self.body = 200, {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/tokens"):
            return httpx.Response(201, json={"token": "secret"})
        self.asked.append(request)
        return httpx.Response(self.status, json=self.body)

    status: int
    body: dict[str, Any]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def program(server: Server) -> Iterator[Program]:
    with httpx.Client(transport=httpx.MockTransport(server.answer), base_url="http://demo") as http:
        yield Program(http, name="Mari", email="mari@fond.example", password="x")


def test_every_post_has_a_token_and_a_key_of_its_own(server: Server, program: Program) -> None:
    program.post("/tenders", {"title": "T"})
    program.post("/tenders", {"title": "T"})

    keys = [request.headers["idempotency-key"] for request in server.asked]
    assert len(set(keys)) == 2
    assert {request.headers["authorization"] for request in server.asked} == {"Bearer secret"}


def test_a_refusal_that_nobody_expected_ends_the_demo_with_every_reason(
    server: Server, program: Program
) -> None:
    server.status, server.body = 422, PROBLEM

    with pytest.raises(DemoFailed) as failure:
        program.post("/tenders", {})

    assert str(failure.value) == (f"POST /api/v1/tenders by mari@fond.example gave 422: {SAID}")


def test_an_expected_refusal_is_told_with_rows_fields_and_clauses(
    server: Server, program: Program
) -> None:
    server.status, server.body = 422, PROBLEM

    assert str(program.refused("/tenders", {})) == SAID


def test_what_should_have_been_refused_and_was_not_ends_the_demo(
    server: Server, program: Program
) -> None:
    with pytest.raises(DemoFailed, match="gave 200 instead of the expected 422"):
        program.refused("/contracts/1/sign", {})


def test_a_server_that_is_gone_is_a_sentence() -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with (
        httpx.Client(transport=httpx.MockTransport(gone), base_url="http://demo") as http,
        pytest.raises(DemoFailed, match="got no answer: ConnectError"),
    ):
        Program(http, name="", email="mari@fond.example", password="x").get("/me")
