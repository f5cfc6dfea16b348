"""Contracts over HTTP: who may, what is answered, what is refused and how."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from procure.contracts import service
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


async def test_contracts_of_an_award_are_drafted_read_and_signed() -> None:
    award = await an_award()
    await set_clock(AT)
    async with client_as(award.contract_manager) as buyer:
        drafted = await buyer.send_json(f"/api/v1/awards/{award.id}/contracts")
        assert drafted.status_code == 201
        first, second = drafted.json()["items"]
        assert (first["number"], first["kind"], first["state"]) == (
            "RL-2024-L03-1",
            "framework",
            "drafted",
        )
        assert first["money"]["ceiling_amount"] == "253440.00"
        assert first["terms"]["unit_price"] == "21.50"
        assert (await buyer.send_json(f"/api/v1/awards/{award.id}/contracts")).status_code == 409

        inside = await buyer.send_json(
            f"/api/v1/contracts/{first['id']}/sign", {"document_sha256": first["document_sha256"]}
        )
        assert inside.status_code == 422
        assert inside.headers["content-type"].startswith("application/problem+json")
        assert "standstill" in inside.text

        await set_clock(SIGNED_AT)
        signed = await buyer.send_json(
            f"/api/v1/contracts/{first['id']}/sign", {"document_sha256": first["document_sha256"]}
        )
        assert signed.status_code == 200
        assert [s["side"] for s in signed.json()["signatures"]] == ["buyer"]
    async with client_as(award.partners[0].manager) as provider:
        own = (await provider.get("/api/v1/contracts")).json()["items"]
        assert [line["number"] for line in own] == ["RL-2024-L03-1"]
        signed = await provider.send_json(
            f"/api/v1/contracts/{first['id']}/sign", {"document_sha256": first["document_sha256"]}
        )
        assert signed.json()["state"] == "signed"
        assert (await provider.get(f"/api/v1/contracts/{second['id']}")).status_code == 404


async def test_who_may_not_sign_or_read() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    for role, status in ((Role.CASEWORKER, 403), (Role.AUDITOR, 200)):
        async with client_as(await an_actor(role, org=award.buyer_id)) as reader:
            assert (await reader.get(f"/api/v1/contracts/{contract_id}")).status_code == status
            answer = await reader.send_json(
                f"/api/v1/contracts/{contract_id}/sign", {"document_sha256": "0" * 64}
            )
            assert answer.status_code == 403
    async with client_as(None) as nobody:
        assert (await nobody.get("/api/v1/contracts")).status_code == 401


async def test_a_mini_competition_is_called_from_a_framework() -> None:
    framework = await a_framework()
    award = framework.award
    await set_clock(CALLED_OFF_AT)
    officers = [await an_officer(award.buyer_id, now=CALLED_OFF_AT) for _ in range(3)]
    draft = {
        "groups_count": 1,
        "places_count": 12,
        "days_count": 60,
        "contract_starts_on": "2025-09-01",
        "contract_until": "2025-12-20",
        "deadline_at": "2025-07-10T07:00:00Z",
        "keyholder_ids": [str(officer.actor.id) for officer in officers],
        "unit_price": "22.00",
        "title": "A group in Jõhvi, in Russian",
    }
    async with client_as(award.coordinator) as buyer:
        read = await buyer.get(f"/api/v1/frameworks/{award.lot_id}")
        assert [p["number"] for p in read.json()["partners"]] == ["RL-2024-L03-1", "RL-2024-L03-2"]
        path = f"/api/v1/frameworks/{award.lot_id}/mini-competitions"
        called = await buyer.send_json(path, draft)
        assert called.status_code == 201
        tender = called.json()
        assert (tender["state"], tender["parent_lot_id"]) == ("draft", str(award.lot_id))
        assert tender["value"]["amount"] == "15840.00"
        over = await buyer.send_json(path, {**draft, "groups_count": 17})
        assert over.status_code == 422
        unknown = await buyer.send_json(path, {**draft, "colour": "red"})
        assert unknown.status_code == 400


async def test_a_call_off_leads_back_to_bid_and_framework() -> None:
    made = await a_contract()
    async with client_as(made.contract_manager) as buyer:
        found = (await buyer.get(f"/api/v1/contracts/{made.contract_id}")).json()
        assert found["parent_number"] == "RL-2024-L03-1"
        by_code = {clause["code"]: clause for clause in found["clauses"]}
        assert by_code["PRICE"]["source_id"] == str(made.award.bid_ids[0])
        assert by_code["ATTENDANCE"]["id"] == found["terms"]["clause_ids"]["ATTENDANCE"]
        running = await buyer.get("/api/v1/contracts", params={"state": "running"})
        assert len(running.json()["items"]) == 3
        kinds = await buyer.get("/api/v1/contracts", params={"kind": "call-off"})
        assert [UUID(line["id"]) for line in kinds.json()["items"]] == [made.contract_id]
    assert date(2025, 9, 1) < datetime(2025, 9, 2, tzinfo=UTC).date()
