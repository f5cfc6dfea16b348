"""The thread: every link of the chain, back and forward, and where it ends for whom."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from procure.desk.queries.thread import thread
from procure.desk.schemas import Thread
from procure.kernel.actors import Actor, Role
from procure.kernel.errors import NotFound
from procure.payments import queries as payments
from tests.builders.awards import an_awarded_lot
from tests.builders.identity import an_actor, set_clock
from tests.builders.payments import Money, a_paying_group
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)


def kinds(found: Thread) -> list[str]:
    return [step.kind for stage in found.stages for step in stage.steps]


async def a_line() -> tuple[Money, UUID]:
    money = await a_paying_group()
    claim_id = await money.claim_and_post(NOW)
    claim = await payments.read_claim(money.finance[0], claim_id)
    return money, claim.lines[0].id


async def an_auditor(money: Money) -> Actor:
    return await an_actor(Role.AUDITOR, org=money.buyer_id)


async def test_a_payment_line_leads_back_to_the_request() -> None:
    money, line_id = await a_line()
    found = await thread(await an_auditor(money), "claim-line", line_id)
    assert found.direction == "back"
    told = kinds(found)
    chain = ["claim-line", "claim", "participant", "group", "clause", "contract", "award", "bid"]
    places = [told.index(kind) for kind in chain]
    assert places == sorted(places), told
    assert "request" in told
    assert all(step.url for stage in found.stages for step in stage.steps if step.kind == "claim")


async def test_the_request_leads_forward_to_the_money() -> None:
    money, line_id = await a_line()
    auditor = await an_auditor(money)
    back = await thread(auditor, "claim-line", line_id)
    request = next(s for stage in back.stages for s in stage.steps if s.kind == "request")
    forward = await thread(auditor, "request", request.id)
    assert forward.direction == "forward"
    told = kinds(forward)
    assert told.index("request") < told.index("group") < told.index("claim-line")
    assert line_id in {step.id for stage in forward.stages for step in stage.steps}


async def test_a_provider_is_told_its_own_stretch() -> None:
    money, line_id = await a_line()
    told = kinds(await thread(money.provider, "claim-line", line_id))
    assert "bid" in told
    assert "request" not in told
    assert "basis" not in told


async def test_a_stranger_is_told_nothing() -> None:
    _, line_id = await a_line()
    for stranger in (
        await an_actor(Role.AUDITOR),
        await an_actor(Role.PROVIDER_MANAGER, kind="provider"),
    ):
        with pytest.raises(NotFound):
            await thread(stranger, "claim-line", line_id)


async def test_a_step_that_the_reader_may_not_open_has_no_link() -> None:
    money, line_id = await a_line()
    finance = money.finance[0]
    found = await thread(finance, "claim-line", line_id)
    links = {step.kind: step.url for stage in found.stages for step in stage.steps}
    assert links["claim"]
    assert links["bid"] is None


async def test_an_unknown_start_says_where_threads_start() -> None:
    auditor = await an_actor(Role.AUDITOR)
    with pytest.raises(NotFound, match="Threads start at a claim line"):
        await thread(auditor, "invoice", uuid4())
    with pytest.raises(NotFound):
        await thread(auditor, "claim-line", uuid4())


async def test_page_and_api_tell_the_same() -> None:
    money, line_id = await a_line()
    auditor = await an_auditor(money)
    await set_clock(NOW)
    async with client_as(auditor) as client:
        shown = await client.get(f"/thread/claim-line/{line_id}")
        told = await client.get(f"/api/v1/thread/claim-line/{line_id}")
    assert shown.status_code == told.status_code == 200
    for stage in told.json()["stages"]:
        for step in stage["steps"]:
            if step["url"]:
                assert f'href="{step["url"]}"' in shown.text
    async with client_as(await an_actor(Role.CASEWORKER)) as client:
        assert (await client.get(f"/thread/claim-line/{line_id}")).status_code == 404


async def test_every_link_of_a_thread_can_be_opened_by_its_reader() -> None:
    money, line_id = await a_line()
    await set_clock(NOW)
    contract_id = (await payments.list_claims(money.provider))[0].contract_id
    for reader in (money.provider, await an_auditor(money), money.finance[0]):
        async with client_as(reader) as client:
            for start in (f"claim-line/{line_id}", f"contract/{contract_id}"):
                told = (await client.get(f"/thread/{start}?format=json")).json()
                urls = {step["url"] for stage in told["stages"] for step in stage["steps"]}
                if reader.is_provider:  # the builder awards without a letter to the winner
                    urls = {url for url in urls if url and "/awards/" not in url}
                for url in sorted(urls - {None}):
                    opened = await client.get(url.partition("#")[0])
                    assert opened.status_code == 200, (reader.roles, url)


async def test_a_providers_bid_leads_to_its_receipt_and_nothing_is_told_in_codes() -> None:
    money, line_id = await a_line()
    found = await thread(money.provider, "claim-line", line_id)
    steps = {step.kind: step for stage in found.stages for step in stage.steps}
    assert steps["bid"].url == f"/bids/{steps['bid'].id}"
    assert "/participants/" in (steps["participant"].url or "")
    auditor = await an_auditor(money)
    async with client_as(auditor) as client:
        shown = (await client.get(f"/thread/claim-line/{line_id}")).text
        for code in ("EE-45", "TOOHARJUTUS", "EMP_"):
            assert code not in shown
        assert "From this line of a claim back" in shown
        assert f"/thread/claim-line/{line_id}?format=json" in shown


async def test_no_thread_is_offered_to_whom_it_is_closed() -> None:
    awarded = await an_awarded_lot()
    loser, winner = awarded.lot.bidders[3].actor, awarded.lot.bidders[1].actor
    for reader, is_open in ((loser, False), (winner, True), (awarded.lot.coordinator, True)):
        async with client_as(reader) as client:
            shown = (await client.get(f"/awards/{awarded.id}")).text
            assert (f"/thread/award/{awarded.id}" in shown) is is_open
            if is_open:
                told = await client.get(f"/thread/award/{awarded.id}")
                assert "From this award back" in told.text
