"""Providers for people: what one can do next is on the page, and what was typed comes back."""

import re
from typing import Any

import pytest

from procure.kernel.actors import Role
from procure.providers import queries
from tests.builders.identity import an_actor
from tests.builders.providers import (
    a_facilitator,
    a_manager,
    a_provider,
    a_provider_draft,
    a_venue,
    an_iban,
)
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


def typed(**change: Any) -> dict[str, Any]:
    draft = a_provider_draft()
    return {
        "registry_code": draft.registry_code,
        "name": "Kirdesild Nõustamine OÜ",
        "legal_form": "OU",
        "kind": "for-profit",
        "seat_county": "EE-45",
        "languages": ["et", "ru"],
        "iban": draft.iban,
        "email": "info@pakkuja.example",
        "vat_number": "",
    } | change


async def test_a_coordinator_registers_a_provider_by_the_form() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        assert "Register the first" in (await client.get("/providers")).text
        sent = await client.send_form("/providers", typed())
        shown = (await client.get(sent.headers["location"])).text
        listed = (await client.get("/providers?search=kirde")).text

    assert sent.status_code == 303
    assert "Kirdesild Nõustamine OÜ" in shown
    assert "Estonian, Russian" in shown
    assert "Ida-Viru county" in listed


async def test_a_form_comes_back_with_what_was_typed_and_each_reason_at_its_field() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        answer = await client.send_form(
            "/providers", typed(registry_code="19990012", iban="EE00", languages="ru")
        )

    text = answer.text
    assert answer.status_code == 422
    assert 'value="19990012"' in text
    assert 'value="Kirdesild Nõustamine OÜ"' in text
    assert 'id="field-registry_code-error"' in text
    assert 'href="#field-iban"' in text
    assert re.search(r'<option value="EE-45" selected', text)
    assert re.search(r'value="ru" checked', text)
    assert not re.search(r'value="et" checked', text)


async def test_an_empty_form_says_what_is_missing() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        answer = await client.send_form("/providers", {})

    assert answer.status_code == 422
    assert answer.text.count("Fill this in.") >= 4


async def test_the_languages_of_the_pages_are_still_offered() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        text = (await client.get("/providers/new")).text

    assert 'name="language" value="et"' in text


async def test_suspending_asks_for_a_reason_and_offers_admission_afterwards() -> None:
    org_id = await a_provider()
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        without = await client.send_form(f"/providers/{org_id}/suspend", {"reason": " "})
        await client.send_form(f"/providers/{org_id}/suspend", {"reason": "Tax debt."})
        suspended = (await client.get(f"/providers/{org_id}")).text
        await client.send_form(f"/providers/{org_id}/admit", {})
        admitted = (await client.get(f"/providers/{org_id}")).text

    assert without.status_code == 422
    assert "Suspended: Tax debt." in suspended
    assert "Admit again" in suspended
    assert "Admit again" not in admitted


async def test_who_may_only_read_is_offered_nothing_to_do() -> None:
    org_id = await a_provider()
    async with client_as(await an_actor(Role.AUDITOR)) as client:
        shown = (await client.get(f"/providers/{org_id}")).text
        listed = (await client.get("/providers")).text
        form = await client.get("/providers/new")
        venues = (await client.get("/venues")).text

    assert "Suspend" not in shown
    assert "/providers/new" not in listed
    assert form.status_code == 403
    assert "Record a venue" not in venues


async def test_a_manager_sees_the_own_record_and_changes_the_account() -> None:
    manager = await a_manager()
    async with client_as(manager) as client:
        wrong = await client.send_form("/my-organisation/account", {"iban": "EE12 3"})
        changed = await client.send_form("/my-organisation/account", {"iban": an_iban(99)})
        text = (await client.get("/my-organisation")).text

    assert wrong.status_code == 422
    assert 'value="EE12 3"' in wrong.text
    assert changed.status_code == 303
    assert an_iban(99) in text
    assert f"by {manager.name}; until a second person confirms it" in text
    assert "A bid needs at least one" in text


async def test_the_second_manager_confirms_the_account_on_the_own_page() -> None:
    manager = await a_manager()
    second = await a_manager(manager.org_id)
    async with client_as(manager) as client:
        await client.send_form("/my-organisation/account", {"iban": an_iban(98)})
        assert "Confirm this account" not in (await client.get("/my-organisation")).text
    async with client_as(second) as client:
        assert "Confirm this account" in (await client.get("/my-organisation")).text
        done = await client.send_form(
            "/my-organisation/account/confirm", {"confirmed_iban": an_iban(98)}
        )
        text = (await client.get("/my-organisation")).text
    assert done.status_code == 303
    assert f"named by {manager.name}, confirmed by {second.name}" in text


async def test_a_finance_officer_confirms_on_the_providers_page_and_reads_why_not() -> None:
    manager, finance = await a_manager(), await an_actor(Role.FINANCE)
    async with client_as(manager) as client:
        await client.send_form("/my-organisation/account", {"iban": an_iban(97)})
    path = f"/providers/{manager.org_id}"
    async with client_as(finance) as client:
        assert an_iban(97) in (await client.get(path)).text
        early = await client.send_form(
            f"{path}/account/confirm", {"confirmed_iban": an_iban(97), "note": "called"}
        )
    assert early.status_code == 422
    assert "You can confirm this account from" in early.text


async def test_a_facilitator_is_recorded_and_changed_by_the_form() -> None:
    manager = await a_manager()
    fields = {
        "code": "F03",
        "display_name": "Marko L.",
        "education": "kõrgharidus (EKR 7)",
        "profession": "psühholoogia",
        "groups_led_count": "11",
        "years_count": "8",
        "languages": ["et", "ru"],
    }
    async with client_as(manager) as client:
        assert (await client.get("/my-organisation/facilitators/new")).status_code == 200
        wrong = await client.send_form(
            "/my-organisation/facilitators", fields | {"groups_led_count": "many"}
        )
        made = await client.send_form("/my-organisation/facilitators", fields)
        (facilitator,) = await queries.facilitators_of(manager.org_id)
        path = f"/my-organisation/facilitators/{facilitator.id}"
        form = (await client.get(path)).text
        changed = await client.send_form(path, fields | {"groups_led_count": "12"})
        text = (await client.get("/my-organisation")).text

    assert wrong.status_code == 422
    assert "many is not a whole number" in wrong.text
    assert (made.status_code, changed.status_code) == (303, 303)
    assert 'value="Marko L."' in form
    assert re.search(r'value="ru" checked', form)
    assert f'href="{path}"' in text
    assert '<td class="app-table__number">12</td>' in text


async def test_anothers_facilitator_has_no_form_here() -> None:
    facilitator_id = await a_facilitator()
    async with client_as(await a_manager()) as client:
        shown = await client.get(f"/my-organisation/facilitators/{facilitator_id}")
        sent = await client.send_form(f"/my-organisation/facilitators/{facilitator_id}", {})

    assert (shown.status_code, sent.status_code) == (404, 404)


async def test_a_venue_is_recorded_by_the_form() -> None:
    await a_venue(code="V01", place="Narva")
    fields = {
        "code": "V02",
        "county": "EE-45",
        "place": "Jõhvi",
        "kind": "community-house",
        "owner": "municipality",
        "seats_count": "14",
        "rent_amount": "120,50",
        "is_accessible": "1",
    }
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        twice = await client.send_form("/venues", fields | {"code": "V01"})
        made = await client.send_form("/venues", fields)
        text = (await client.get("/venues")).text

    assert twice.status_code == 422
    assert "V01 is here already" in twice.text
    assert 'value="Jõhvi"' in twice.text
    assert made.status_code == 303
    assert "€120.50" in text
    assert "Community house" in text


async def test_a_form_without_its_token_is_refused() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        answer = await client.post("/providers", data=typed())

    assert answer.status_code == 403
