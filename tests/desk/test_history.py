"""The history in words: one organisation's events, newest first, page by page."""

import csv
import io

import pytest

from procure.desk.queries.history import KINDS, RECORDING, newest, sentences
from procure.kernel.actors import Role
from procure.tenders import queries as tenders
from tests.builders.demand import a_request
from tests.builders.identity import NOW, an_actor, set_clock
from tests.builders.tenders import a_published_tender
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_the_newest_comes_first_and_only_ones_own() -> None:
    caseworker = await an_actor(Role.CASEWORKER)
    for _ in range(3):
        await a_request(caseworker)
    await a_request(await an_actor(Role.CASEWORKER))
    auditor = await an_actor(Role.AUDITOR, org=caseworker.org_id)
    items = await newest(auditor, None)
    recorded = [item for item in items if item.kind == "request:recorded"]
    assert len(recorded) == 3
    assert [item.seq for item in items] == sorted((item.seq for item in items), reverse=True)
    assert {item.actor_name for item in recorded} == {caseworker.name}
    assert {item.text for item in recorded} == {sentences()["request:recorded"]}
    older = await newest(auditor, recorded[0].seq)
    assert recorded[0].seq not in {item.seq for item in older}
    assert recorded[1].seq in {item.seq for item in older}


async def test_the_page_is_for_those_who_may_read_it() -> None:
    caseworker = await an_actor(Role.CASEWORKER)
    await a_request(caseworker)
    await set_clock(NOW)
    async with client_as(await an_actor(Role.AUDITOR, org=caseworker.org_id)) as client:
        page = await client.get("/history")
        api = await client.get("/api/v1/history")
    assert page.status_code == 200
    assert caseworker.name in page.text
    assert api.json()["items"][0]["kind"]
    async with client_as(caseworker) as client:
        assert (await client.get("/history")).status_code == 403


async def test_the_history_is_filtered_searched_and_says_of_what() -> None:
    tender = await a_published_tender()
    auditor = await an_actor(Role.AUDITOR, org=tender.coordinator.org_id)
    reference = (await tenders.tender_facts(tender.id)).reference
    async with client_as(auditor) as client:
        page = (await client.get("/history")).text
        assert f'<a class="govuk-link" href="/tenders/{tender.id}">{reference}</a>' in page
        assert tender.coordinator.name in page
        only = (await client.get("/history?kind=tenders")).text
        assert "A tender was published." in only
        assert "opening key" not in only
        for query, is_there in (
            (f"person={tender.coordinator.id}", True),
            (f"person={auditor.id}", False),
            ("search=was+published", True),
            (f"search={tender.id}", True),
            ("search=nothing+like+it", False),
            ("last=2024-01-07", False),
            ("first=2024-01-08&last=2024-01-08", True),
            ("first=nonsense", True),
        ):
            shown = (await client.get(f"/history?{query}")).text
            assert ("A tender was published." in shown) is is_there, query
        file = await client.get("/history.csv?kind=tenders")
    rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert {row["subject"] for row in rows} == {reference}
    assert {row["kind"] for row in rows} == {"tender:drafted", "tender:published"}


def test_every_kind_of_event_can_be_chosen() -> None:
    assert set(KINDS) == set(RECORDING)
