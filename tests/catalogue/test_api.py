"""The catalogue for programs."""

from datetime import UTC, datetime

import pytest

from procure.kernel.actors import Role
from tests.builders.catalogue import a_catalogue
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_services_of_a_day_are_listed_with_their_dates() -> None:
    await a_catalogue()
    async with client_as(await an_actor(Role.CASEWORKER)) as client:
        every = (await client.get("/api/v1/services")).json()["items"]
        then = (await client.get("/api/v1/services?day=2025-12-31")).json()["items"]

    assert len(every) == 12
    assert {"TOOHARJUTUS", "TOOKLUBI"} <= {item["code"] for item in then}
    assert "TOOHARJUTUS-LAADNE" not in {item["code"] for item in then}
    (practice,) = (item for item in then if item["code"] == "TOOHARJUTUS")
    assert practice["valid_until"] == "2026-01-01"
    assert practice["sizes"]["group_size_max"] == 12
    assert practice["params"]["training_days_count"]["source"].startswith("sonumitooja")


async def test_a_service_that_ended_is_refused_with_its_successors() -> None:
    await a_catalogue()
    await set_clock(datetime(2026, 11, 24, 9, tzinfo=UTC))
    async with client_as(await an_actor(Role.CASEWORKER)) as client:
        today = await client.get("/api/v1/services/TOOHARJUTUS")
        then = await client.get("/api/v1/services/TOOHARJUTUS?day=2025-12-31")
        unknown = await client.get("/api/v1/services/NOTHING")

    assert today.status_code == 422
    (finding,) = today.json()["findings"]
    assert (finding["code"], finding["field"]) == ("service-ended", "service_code")
    assert "TOOHARJUTUS-LAADNE" in finding["message"]
    assert then.json()["name"]["et"] == "Tööharjutus"
    assert unknown.status_code == 404


async def test_definitions_and_schemes_carry_their_numbers_as_text() -> None:
    await a_catalogue()
    async with client_as(await an_actor(Role.AUDITOR)) as client:
        definitions = (await client.get("/api/v1/outcome-definitions?day=2026-01-01")).json()
        schemes = (await client.get("/api/v1/payment-schemes?day=2026-01-01")).json()
        before = (await client.get("/api/v1/payment-schemes?day=2023-12-31")).json()

    factors = {item["code"]: item["payment_factor"] for item in definitions["items"]}
    assert factors["EMP_SUST_90"] == "0.6"
    terms = {item["code"]: item["terms"] for item in schemes["items"]}
    assert terms["HYBRID-60-20-20"]["milestones"] == {"M1": "0.4", "M2": "0.3", "M3": "0.3"}
    assert before["items"] == []


@pytest.mark.parametrize(
    "path",
    ["/services", "/services/TOOHARJUTUS", "/outcome-definitions", "/payment-schemes"],
)
async def test_who_may_not_read_the_catalogue_is_refused(path: str) -> None:
    async with client_as(await an_actor(Role.OFFICER)) as officer:
        assert (await officer.get(f"/api/v1{path}")).status_code == 403
    async with client_as(None) as nobody:
        assert (await nobody.get(f"/api/v1{path}")).status_code == 401


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "20260101x"])
async def test_a_day_that_is_none_is_said_so(day: str) -> None:
    async with client_as(await an_actor(Role.CASEWORKER)) as client:
        answer = await client.get(f"/api/v1/services?day={day}")

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
