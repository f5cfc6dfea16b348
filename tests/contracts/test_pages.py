"""What a person can do with contracts, on the pages."""

import pytest

from procure.contracts import queries, service
from procure.kernel.actors import Role
from tests.builders.contracts import (
    AT,
    CALLED_OFF_AT,
    SIGNED_AT,
    a_contract,
    a_framework,
    an_award,
)
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import an_officer
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_an_award_waits_on_the_list_until_its_contracts_are_drafted() -> None:
    award = await an_award()
    await set_clock(AT)
    async with client_as(award.contract_manager) as browser:
        waiting = await browser.get("/contracts")
        assert "Awards without a contract" in waiting.text
        drafted = await browser.send_form(f"/awards/{award.id}/contracts", {})
        assert drafted.status_code == 303
        listed = await browser.get("/contracts")
        assert "Awards without a contract" not in listed.text
        assert "RL-2024-L03-1" in listed.text
        assert "RL-2024-L03-2" in listed.text
        again = await browser.send_form(f"/awards/{award.id}/contracts", {})
        assert again.status_code == 422
        assert "drafted already" in again.text


async def test_a_refused_signature_is_the_same_page_with_the_reason() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.contract_manager, contract_id)
    given = {"document_sha256": view.document_sha256, "has_read": "1"}
    await set_clock(AT)
    async with client_as(award.contract_manager) as browser:
        shown = await browser.get(f"/contracts/{contract_id}")
        assert view.document_sha256 in shown.text
        assert "Standstill to" in shown.text
        refused = await browser.send_form(f"/contracts/{contract_id}/sign", given)
        assert refused.status_code == 422
        assert "stands in the way" in refused.text
        assert "13 Mar 2024" in refused.text
        unread = await browser.send_form(
            f"/contracts/{contract_id}/sign", {"document_sha256": view.document_sha256}
        )
        assert unread.status_code == 422
        assert "Say that you have read the document" in unread.text
        await set_clock(SIGNED_AT)
        assert (await browser.send_form(f"/contracts/{contract_id}/sign", given)).status_code == 303
        signed = await browser.get(f"/contracts/{contract_id}")
        assert award.contract_manager.name in signed.text
        assert 'name="has_read"' not in signed.text, "this side has signed"


async def test_the_other_side_has_its_own_button() -> None:
    award = await an_award()
    (contract_id, other) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    async with client_as(award.partners[0].manager) as browser:
        shown = await browser.get(f"/contracts/{contract_id}")
        assert 'name="has_read"' in shown.text
        assert "Call off by mini-competition" not in shown.text
        assert (await browser.get(f"/contracts/{other}")).status_code == 404


async def test_a_call_off_shows_its_clauses_with_what_they_rest_on() -> None:
    made = await a_contract()
    async with client_as(made.contract_manager) as browser:
        shown = await browser.get(f"/contracts/{made.contract_id}")
        assert "13.20 EUR" in shown.text
        assert "Payment scheme HYBRID-60-20-20, version 1" in shown.text
        assert f"/contracts/{made.framework.contract_ids[0]}" in shown.text
        assert f"/groups?contract_id={made.contract_id}" in shown.text
        assert "Complete the attendance" not in shown.text, "that is the provider's duty"
        framework = await browser.get(f"/contracts/{made.framework.contract_ids[0]}")
        assert "K-2025-01" in framework.text
        assert "€237,600.00" in framework.text
        estonian = await browser.get(f"/contracts/{made.contract_id}", params={"lang": "et"})
        assert estonian.status_code == 200
    async with client_as(made.partner.manager) as provider:
        shown = await provider.get(f"/contracts/{made.contract_id}")
        assert f"/thread/contract/{made.contract_id}" in shown.text


async def test_the_form_of_a_mini_competition_comes_back_with_what_was_typed() -> None:
    framework = await a_framework()
    award = framework.award
    await set_clock(CALLED_OFF_AT)
    officers = [await an_officer(award.buyer_id, now=CALLED_OFF_AT) for _ in range(3)]
    path = f"/frameworks/{award.lot_id}/mini-competition"
    typed = {
        "title": "A group in Jõhvi",
        "groups_count": "17",
        "places_count": "12",
        "days_count": "60",
        "unit_price": "22,00",
        "contract_starts_on": "2025-09-01",
        "contract_until": "2025-12-20",
        "deadline_at": "2025-07-10T10:00",
        "keyholder_ids": [str(officer.actor.id) for officer in officers],
        "opening_quorum_count": "2",
        "basis_id": "",
    }
    async with client_as(award.coordinator) as browser:
        shown = await browser.get(path)
        assert award.partners[0].manager.org_name in shown.text
        over = await browser.send_form(path, typed)
        assert over.status_code == 422
        assert "is left" in over.text
        assert 'value="A group in Jõhvi"' in over.text
        bad = await browser.send_form(path, {**typed, "deadline_at": "soon", "groups_count": "0"})
        assert bad.status_code == 422
        assert "soon is not a date and time" in bad.text
        good = await browser.send_form(path, {**typed, "groups_count": "1"})
        assert good.status_code == 303
        assert good.headers["location"].startswith("/tenders/")
    async with client_as(await an_actor(Role.COORDINATOR)) as stranger:
        assert (await stranger.get(path)).status_code == 404


async def test_a_signature_waits_for_the_standstill_and_then_for_the_other_side() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    path = f"/contracts/{contract_id}"
    await set_clock(AT)
    async with client_as(award.contract_manager) as browser:
        shown = (await browser.get(path)).text
        assert "You can sign from 14 Mar 2024, when the standstill is over." in shown
        assert f'action="{path}/sign"' not in shown
        await set_clock(SIGNED_AT)
        assert f'action="{path}/sign"' in (await browser.get(path)).text
        view = await queries.read_contract(award.contract_manager, contract_id)
        given = {"document_sha256": view.document_sha256, "has_read": "1"}
        assert (await browser.send_form(f"{path}/sign", given)).status_code == 303
        other = award.partners[0].manager.org_name
        assert f"It is signed once {other} signs it, too." in (await browser.get(path)).text


async def test_a_contract_leads_to_its_claims_and_to_where_it_comes_from() -> None:
    call_off = await a_contract()
    async with client_as(call_off.contract_manager) as browser:
        shown = (await browser.get(f"/contracts/{call_off.contract_id}")).text
        for url in (
            f"/claims?contract_id={call_off.contract_id}",
            f"/thread/contract/{call_off.contract_id}",
            f"/contract-register/{call_off.contract_id}",
        ):
            assert f'href="{url}"' in shown
            assert (await browser.get(url)).status_code == 200
        listed = (await browser.get(f"/contracts?provider_id={call_off.buyer_id}")).text
        assert "No contract here." in listed
