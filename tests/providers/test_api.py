"""Providers for programs."""

from typing import Any

import msgspec
import pytest

from procure.db import uuid7
from procure.kernel.actors import Role
from tests.builders.identity import an_actor
from tests.builders.providers import (
    a_facilitator,
    a_facilitator_draft,
    a_manager,
    a_provider,
    a_provider_draft,
    a_venue,
    a_venue_draft,
    an_iban,
)
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


def body(draft: msgspec.Struct, **change: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(draft))
    return found | change


async def test_a_coordinator_registers_a_provider_and_reads_it_again() -> None:
    draft = a_provider_draft()
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        made = await client.send_json("/api/v1/providers", body(draft))
        read = await client.get(f"/api/v1/providers/{made.json()['org_id']}")
        listed = await client.get("/api/v1/providers", params={"search": draft.registry_code})

    assert made.status_code == 201
    assert made.json() == read.json() == listed.json()["items"][0]
    assert (read.json()["iban"], read.json()["state"]) == (draft.iban, "admitted")


async def test_every_fault_is_named_with_its_field() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        answer = await client.send_json(
            "/api/v1/providers", body(a_provider_draft(), registry_code="19990012", iban="EE00")
        )

    assert answer.status_code == 422
    findings = {f["field"]: f["message"] for f in answer.json()["findings"]}
    assert findings.keys() == {"registry_code", "iban"}
    assert findings["registry_code"].startswith("19990012 is not a registry code")


async def test_a_field_that_is_not_known_is_refused() -> None:
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        answer = await client.send_json("/api/v1/providers", body(a_provider_draft(), is_rich=True))

    assert answer.status_code == 400


async def test_the_same_key_twice_registers_once() -> None:
    draft = body(a_provider_draft())
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        first = await client.send_json("/api/v1/providers", draft, key="once-and-for-all-1")
        again = await client.send_json("/api/v1/providers", draft, key="once-and-for-all-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["org_id"] == again.json()["org_id"]


async def test_a_suspended_provider_is_admitted_again_and_not_twice() -> None:
    org_id = await a_provider()
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        path = f"/api/v1/providers/{org_id}"
        suspended = await client.send_json(f"{path}/suspend", {"reason": "Tax debt."})
        admitted = await client.send_json(f"{path}/admit")
        again = await client.send_json(f"{path}/admit")

    assert suspended.json()["state_reason"] == "Tax debt."
    assert admitted.json()["state"] == "admitted"
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/providers"),
        ("POST", "/api/v1/providers"),
        ("GET", "/api/v1/providers/{org}"),
        ("GET", "/api/v1/providers/{org}/facilitators"),
        ("POST", "/api/v1/providers/{org}/suspend"),
        ("POST", "/api/v1/providers/{org}/admit"),
        ("POST", "/api/v1/venues"),
    ],
)
async def test_a_provider_cannot_use_the_buyers_side(method: str, path: str) -> None:
    org_id = await a_provider()
    async with client_as(await a_manager()) as client:
        answer = await client.request(
            method,
            path.format(org=org_id),
            json={} if method == "POST" else None,
            headers={"Idempotency-Key": str(uuid7())},
        )

    assert answer.status_code == 403


async def test_a_manager_keeps_the_own_record() -> None:
    manager = await a_manager()
    second = await a_manager(manager.org_id)
    async with client_as(manager) as client:
        made = await client.send_json(
            "/api/v1/my-organisation/facilitators", body(a_facilitator_draft(code="F03"))
        )
        changed = await client.send_json(
            f"/api/v1/my-organisation/facilitators/{made.json()['id']}",
            body(a_facilitator_draft(code="F03", groups_led_count=12)),
        )
        account = await client.send_json(
            "/api/v1/my-organisation/account", {"iban": an_iban(123456)}
        )
    async with client_as(second) as client:
        confirmed = await client.send_json(
            "/api/v1/my-organisation/account/confirm", {"iban": an_iban(123456)}
        )
        own = (await client.get("/api/v1/my-organisation")).json()

    assert account.json()["new_iban"] == an_iban(123456)
    assert confirmed.status_code == 200
    assert (made.status_code, changed.status_code, account.status_code) == (201, 200, 200)
    assert own["provider"]["iban"] == an_iban(123456)
    assert own["provider"]["iban_changed_by"] == str(manager.id)
    assert [(f["code"], f["groups_led_count"]) for f in own["facilitators"]] == [("F03", 12)]


async def test_another_providers_facilitator_is_not_found() -> None:
    facilitator_id = await a_facilitator()
    async with client_as(await a_manager()) as client:
        answer = await client.send_json(
            f"/api/v1/my-organisation/facilitators/{facilitator_id}", body(a_facilitator_draft())
        )

    assert answer.status_code == 404


async def test_who_is_no_provider_yet_is_told_so() -> None:
    async with client_as(await an_actor(Role.PROVIDER_MANAGER, kind="provider")) as client:
        answer = await client.get("/api/v1/my-organisation")

    assert answer.status_code == 404


async def test_a_facilitator_reads_no_account() -> None:
    manager = await a_manager()
    facilitator = await an_actor(Role.FACILITATOR, org=manager.org_id, kind="provider")
    async with client_as(facilitator) as client:
        answer = await client.get("/api/v1/my-organisation")

    assert answer.status_code == 403


async def test_venues_are_read_by_all_who_are_signed_in_and_recorded_by_coordinators() -> None:
    await a_venue(code="V07", county="EE-79", place="Tartu")
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        made = await client.send_json(
            "/api/v1/venues", body(a_venue_draft(code="V02", rent_amount="390.50"))
        )
        wrong = await client.send_json(
            "/api/v1/venues", body(a_venue_draft(), rent_amount="-1", seats_count=0)
        )
    async with client_as(await an_actor(Role.FACILITATOR, kind="provider")) as client:
        listed = (await client.get("/api/v1/venues?county=EE-79")).json()["items"]
    async with client_as(None) as client:
        nobody = await client.get("/api/v1/venues")

    assert (made.status_code, made.json()["rent_amount"]) == (201, "390.50")
    assert {f["field"] for f in wrong.json()["findings"]} == {"rent_amount", "seats_count"}
    assert [venue["code"] for venue in listed] == ["V07"]
    assert nobody.status_code == 401


async def test_facilitators_of_a_provider_are_read_by_a_buyer() -> None:
    manager = await a_manager()
    await a_facilitator(manager, code="F01")
    async with client_as(await an_actor(Role.CONSULTANT)) as client:
        found = await client.get(f"/api/v1/providers/{manager.org_id}/facilitators")
        nothing = await client.get(f"/api/v1/providers/{uuid7()}/facilitators")

    assert [f["code"] for f in found.json()["items"]] == ["F01"]
    assert nothing.status_code == 404


async def test_what_the_business_register_says_otherwise_is_refused() -> None:
    draft = a_provider_draft(registry_code="19990011", name="Somebody Else OÜ")
    right = a_provider_draft(registry_code="19990011", name="Kirdesild Nõustamine OÜ")
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        wrong = await client.send_json("/api/v1/providers", body(draft))
        made = await client.send_json("/api/v1/providers", body(right))

    (finding,) = wrong.json()["findings"]
    assert (finding["field"], finding["code"]) == ("name", "other-name")
    assert "Kirdesild Nõustamine OÜ" in finding["message"]
    assert made.status_code == 201
