"""One suite for the employment register, whether it is asked in the process or over HTTP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from procure.adapters.employment_register import (
    LARGEST_ANSWER,
    FixtureEmploymentRegister,
    HttpEmploymentRegister,
)
from procure.adapters.register_twin import twin
from procure.outcomes.ports import EmploymentRegister, RegisterUnavailable
from procure.outcomes.rules import SpellQuestion

ALWAYS = (date(2020, 1, 1), date(2030, 1, 1))

SPELLS = """
spells:
  - {client_ref: CL-90009, employer_code: "19998030", starts_on: 2026-01-19, ends_on: 2026-02-27,
     end_ground: by agreement, rate: "0.50", isco08: "9112"}
  - {client_ref: CL-90009, employer_code: "19998018", starts_on: 2025-12-29, ends_on: null,
     end_ground: null, rate: 0.5, isco08: "9412"}
  - {client_ref: CL-90001, employer_code: "19998024", starts_on: 2026-02-01, ends_on: null,
     end_ground: null, rate: 1, isco08: "5223"}
  - {client_ref: CL-90004, employer_code: "19998018", starts_on: 2025-10-13, ends_on: 2025-12-22,
     end_ground: end of a fixed-term contract, rate: 1.00, isco08: "9112"}
"""


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[str]:
    """Serve on a free port of this machine while the test runs."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("register") / "spells.yaml"
    path.write_text(SPELLS)
    return path


@pytest.fixture(scope="module")
def twin_url(file: Path) -> Iterator[str]:
    with served(twin(file=file)) as url:
        yield url


@pytest.fixture(params=["in the process", "over HTTP"])
def register(request: pytest.FixtureRequest, twin_url: str, file: Path) -> EmploymentRegister:
    if request.param == "over HTTP":
        return HttpEmploymentRegister(twin_url)
    return FixtureEmploymentRegister(file)


async def test_a_job_that_ended(register: EmploymentRegister) -> None:
    (spell,) = await register.spells([SpellQuestion("CL-90004", *ALWAYS)])
    assert (spell.client_ref, spell.starts_on, spell.ends_on) == (
        "CL-90004",
        date(2025, 10, 13),
        date(2025, 12, 22),
    )
    assert (spell.rate, spell.isco08, spell.end_ground) == (
        Decimal("1.00"),
        "9112",
        "end of a fixed-term contract",
    )


async def test_many_people_in_one_question(register: EmploymentRegister) -> None:
    refs = ["CL-90009", "CL-90001", "CL-90009-no", "CL-90002"]
    found = await register.spells([SpellQuestion(ref, *ALWAYS) for ref in refs])
    assert [(s.client_ref, s.starts_on) for s in found] == [
        ("CL-90001", date(2026, 2, 1)),
        ("CL-90009", date(2025, 12, 29)),
        ("CL-90009", date(2026, 1, 19)),
    ]
    assert [(s.ends_on, s.rate) for s in found[:2]] == [(None, Decimal(1)), (None, Decimal("0.5"))]


@pytest.mark.parametrize(
    ("from_on", "until_on", "count"),
    [
        pytest.param(date(2025, 10, 1), date(2025, 10, 13), 0, id="the day before it begins"),
        pytest.param(date(2025, 10, 1), date(2025, 10, 14), 1, id="its first day"),
        pytest.param(date(2025, 12, 22), date(2026, 1, 1), 1, id="its last day"),
        pytest.param(date(2025, 12, 23), date(2026, 1, 1), 0, id="the day after"),
    ],
)
async def test_only_spells_that_touch_the_days(
    register: EmploymentRegister, from_on: date, until_on: date, count: int
) -> None:
    assert len(await register.spells([SpellQuestion("CL-90004", from_on, until_on)])) == count


async def test_no_question_no_answer(register: EmploymentRegister) -> None:
    assert await register.spells([]) == []


# What only the network can do wrong --------------------------------------------


def answering(status: int, body: bytes) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


QUESTION = [SpellQuestion("CL-90004", *ALWAYS)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(500, b"{}", id="a fault of the register"),
        pytest.param(302, b"", id="a redirection"),
        pytest.param(200, b"<html>maintenance</html>", id="something that is not JSON"),
        pytest.param(200, b'{"spells": [{"client_ref": "CL-90004"}]}', id="half a spell"),
        pytest.param(
            200, b'{"spells": []' + b" " * LARGEST_ANSWER + b"}", id="an answer without an end"
        ),
    ],
)
async def test_what_cannot_be_read_is_no_answer(status: int, body: bytes) -> None:
    with (
        served(answering(status, body)) as url,
        pytest.raises(RegisterUnavailable, match="Nothing was changed"),
    ):
        await HttpEmploymentRegister(url).spells(QUESTION)


async def test_a_register_that_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RegisterUnavailable, match="does not answer"):
        await HttpEmploymentRegister(f"http://127.0.0.1:{port}").spells(QUESTION)


async def test_no_register_set_up() -> None:
    with pytest.raises(RegisterUnavailable, match="PROCURE_EMPLOYMENT_REGISTER_URL"):
        await HttpEmploymentRegister(None).spells(QUESTION)


async def test_an_answer_about_others_is_left_out() -> None:
    body = (
        b'{"spells": [{"client_ref": "CL-1", "employer_code": "19998018", "starts_on":'
        b' "2025-10-13", "ends_on": null, "end_ground": null, "rate": "1", "isco08": "9112"}]}'
    )
    with served(answering(200, body)) as url:
        assert await HttpEmploymentRegister(url).spells(QUESTION) == []


# The twin itself ---------------------------------------------------------------


async def test_the_twin_refuses_what_it_does_not_understand(twin_url: str) -> None:
    async with httpx.AsyncClient(base_url=twin_url, trust_env=False) as client:
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/spells")).status_code == 404
        assert (await client.post("/people", json={})).status_code == 404
        assert (await client.post("/spells", content=b"")).status_code == 413
        wrong = await client.post("/spells", json={"questions": [{"client_ref": "CL-1"}]})
        assert wrong.status_code == 400
        assert "from_on" in wrong.json()["fault"]


async def test_the_twin_of_the_demonstration_knows_of_the_job_that_ended() -> None:
    with served(twin()) as url:
        (spell,) = await HttpEmploymentRegister(url).spells(QUESTION)
    assert ((spell.ends_on or date.max) - spell.starts_on).days + 1 == 71
