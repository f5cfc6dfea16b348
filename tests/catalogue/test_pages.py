"""The catalogue for people."""

from datetime import UTC, datetime

import pytest

from procure.kernel.actors import Role
from procure.web.languages import COOKIE
from tests.builders.catalogue import a_catalogue
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")
TODAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


async def test_the_list_shows_what_is_offered_today_and_leads_to_the_rest() -> None:
    await a_catalogue()
    await set_clock(TODAY)
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        today = (await client.get("/services")).text
        every = (await client.get("/services?ended=true")).text

    assert 'href="/services/TOOHARJUTUS-LAADNE"' in today
    assert 'href="/services/TOOHARJUTUS">' not in today
    assert "(3)" in today
    assert 'href="/services/TOOHARJUTUS">' in every
    assert "1 Jan 2026" in every


async def test_an_ended_service_says_so_and_links_to_what_follows() -> None:
    await a_catalogue()
    await set_clock(TODAY)
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        text = (await client.get("/services/TOOHARJUTUS")).text

    assert "This service ended on 1 Jan 2026" in text
    assert 'href="/services/TOETATUD_TOOLERAKENDAMINE"' in text
    assert "sonumitooja.ee: 360 h = 60 days" in text
    assert "Largest group" in text
    assert "active learning and practical tasks" in text


async def test_before_its_end_nothing_is_said_of_an_end() -> None:
    await a_catalogue()
    await set_clock(datetime(2025, 12, 31, 9, tzinfo=UTC))
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        text = (await client.get("/services/TOOHARJUTUS")).text

    assert "This service ended" not in text


async def test_every_service_has_its_page() -> None:
    report = await a_catalogue()
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        for code in report.added[:12]:
            answer = await client.get(f"/services/{code}")
            assert answer.status_code == 200, code
            assert "<h1" in answer.text


async def test_outcomes_and_payment_are_explained() -> None:
    await a_catalogue()
    await set_clock(TODAY)
    async with client_as(await an_actor(Role.PROVIDER_MANAGER, kind="provider")) as client:
        text = (await client.get("/outcome-definitions")).text

    assert "EMP_SUST_90" in text
    assert "Employment register" in text
    assert "not paid" in text
    assert "Payment scheme HYBRID-60-20-20, version 1" in text
    assert "Relevant visit to an employer" in text


async def test_an_empty_catalogue_says_what_to_do() -> None:
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        assert "loaded by the administrator" in (await client.get("/services")).text


async def test_a_service_that_nobody_knows_is_a_page_not_found() -> None:
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        answer = await client.get("/services/NOTHING")

    assert answer.status_code == 404
    assert "There is no service NOTHING" in answer.text


async def test_names_are_in_the_language_of_the_reader() -> None:
    await a_catalogue()
    await set_clock(TODAY)
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        client.cookies.set(COOKIE, "et")
        text = (await client.get("/services/TOOHARJUTUS-LAADNE")).text

    assert "Tööharjutuse-laadne grupiteenus" in text
