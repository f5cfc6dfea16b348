"""The history in words: one organisation's events, newest first, page by page."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from procure.db import connection
from procure.desk.queries import history
from procure.desk.queries.history import KINDS, RECORDING, newest, sentences
from procure.kernel.actors import Role
from procure.tenders import queries as tenders
from tests.builders.demand import a_request
from tests.builders.identity import NOW, an_actor, set_clock
from tests.builders.payments import a_paying_group
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
    assert [item.sha256 for item in recorded] == await hashes("request:recorded", auditor.org_id)
    assert {item.actor_name for item in recorded} == {caseworker.name}
    assert {item.text for item in recorded} == {sentences()["request:recorded"]}
    older = await newest(auditor, recorded[0].sha256)
    assert recorded[0] not in older
    assert recorded[1:] == [item for item in older if item.kind == "request:recorded"]


async def test_another_organisations_event_is_no_place_to_begin_from() -> None:
    ours, theirs = await an_actor(Role.CASEWORKER), await an_actor(Role.CASEWORKER)
    await a_request(ours)
    await a_request(theirs)
    auditor = await an_actor(Role.AUDITOR, org=ours.org_id)
    [place, *_] = await hashes("request:recorded", theirs.org_id)
    assert await newest(auditor, place) == []
    assert await newest(auditor, "0" * 64) == []


async def test_history_does_not_tell_how_many_events_others_made() -> None:
    caseworker = await an_actor(Role.CASEWORKER)
    await a_request(caseworker)
    await set_clock(NOW)
    async with client_as(await an_actor(Role.AUDITOR, org=caseworker.org_id)) as client:
        api = (await client.get("/api/v1/history")).json()["items"][0]
    assert not [name for name, value in api.items() if isinstance(value, int)]


async def hashes(kind: str, org_id: object) -> list[str]:
    """Return the hashes of an organisation's events of a kind, newest first."""
    async with connection() as c:
        rows = await c.fetch(
            "SELECT sha256 FROM event WHERE kind = $1 AND org_id = $2 ORDER BY seq DESC",
            kind,
            org_id,
        )
    return [row["sha256"] for row in rows]


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


async def test_a_subject_is_linked_for_those_who_may_open_it() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(datetime(2026, 4, 7, 9, tzinfo=UTC))
    links = {}
    for role in (Role.AUDITOR, Role.COORDINATOR):
        items = await newest(await an_actor(role, org=money.buyer_id), None)
        [item] = [item for item in items if item.kind == "claim:drafted"]
        assert item.subject
        links[role] = item.url
    assert links == {Role.AUDITOR: f"/claims/{claim_id}", Role.COORDINATOR: None}


def test_every_page_of_a_subject_has_its_permission() -> None:
    pages = set(re.findall(r"(?<!\|\| )'/([a-z-]+)/' \|\|", Path(history.__file__).read_text()))
    assert len(pages) > 8
    assert pages == set(history.OPENS)
