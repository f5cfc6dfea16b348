"""The history in words: one organisation's events, newest first, page by page."""

import pytest

from procure.desk.queries.history import newest, sentences
from procure.kernel.actors import Role
from tests.builders.demand import a_request
from tests.builders.identity import NOW, an_actor, set_clock
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
