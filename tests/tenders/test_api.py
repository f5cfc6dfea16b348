"""Tenders over HTTP: what a program sends, and what it is told."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from procure.kernel.actors import Role
from procure.scoring.reading import read_rule
from tests.builders.catalogue import a_catalogue
from tests.builders.demand import a_basis
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import (
    DRAFTED_AT,
    a_draft,
    a_drafted_tender,
    a_published_tender,
    an_officer,
)
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


def as_json(**overrides: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(a_draft(**overrides)))
    return found


async def test_a_coordinator_drafts_publishes_and_cancels() -> None:
    await a_catalogue()
    await set_clock(DRAFTED_AT)
    coordinator = await an_actor(Role.COORDINATOR)
    officers = [await an_officer(coordinator.org_id) for _ in range(3)]
    body = as_json(keyholder_ids=[officer.actor.id for officer in officers])

    async with client_as(coordinator) as client:
        checked = await client.send_json("/api/v1/tenders/check", body)
        assert checked.status_code == 200
        assert checked.json()["findings"] == []
        assert checked.json()["need"]["procedure"] == "social"

        made = await client.send_json("/api/v1/tenders", body)
        assert made.status_code == 201
        tender = made.json()
        assert tender["state"] == "draft"
        assert tender["status"] == "planning"
        assert tender["value"] == {"amount": "396000.00", "currency": "EUR"}
        assert tender["lots"][0]["value"]["amount"] == "253440.00"
        assert set(tender["actions"]) == {"publish", "cancel", "redraft"}

        path = f"/api/v1/tenders/{tender['id']}"
        body["title"] = "Another title"
        replaced = await client.put(path, json=body)
        assert replaced.status_code == 200
        assert replaced.json()["title"] == "Another title"

        assert (await client.get(f"{path}/scoring-rule")).status_code == 404
        published = await client.send_json(f"{path}/publish")
        assert published.status_code == 200
        assert published.json()["status"] == "active"
        assert published.json()["recipient"].startswith("age1")
        assert [date["code"] for date in published.json()["calendar"]][-1] == "contract"

        rule = await client.get(f"{path}/scoring-rule")
        assert (rule.status_code, rule.headers["content-type"]) == (200, "application/json")
        assert read_rule(rule.content).price == "price"
        again = await client.send_json(f"{path}/publish")
        assert again.status_code == 409
        cancelled = await client.send_json(
            f"{path}/cancel", {"ground": "chan-need", "text": "The service was abolished."}
        )
        assert cancelled.json()["state"] == "cancelled"


async def test_every_fault_is_told_with_its_field() -> None:
    await a_catalogue()
    await set_clock(DRAFTED_AT)
    coordinator = await an_actor(Role.COORDINATOR)
    body = as_json(title="")
    body["criteria"][0]["weight"] = "39"
    body["lots"][0]["unit_price"] = "22.001"
    async with client_as(coordinator) as client:
        answer = await client.send_json("/api/v1/tenders", body)
    assert answer.status_code == 422
    fields = {finding["field"] for finding in answer.json()["findings"]}
    assert {"title", "criteria", "lots.0.unit_price", "keyholder_ids"} <= fields


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"deadline_at": "soon"}, id="no instant"),
        pytest.param({"surprise": 1}, id="an unknown field"),
        pytest.param({"lots": [{"code": "L01"}]}, id="half a lot"),
        pytest.param({"criteria": "none"}, id="no list"),
    ],
)
async def test_a_body_that_does_not_fit_is_400(change: dict[str, Any]) -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    async with client_as(coordinator) as client:
        answer = await client.send_json("/api/v1/tenders", {**as_json(), **change})
    assert answer.status_code == 400


async def test_everyone_reads_what_is_published_and_nobody_elses_draft() -> None:
    draft, published = await a_drafted_tender(), await a_published_tender()
    async with client_as(None) as client:
        items = (await client.get("/api/v1/tenders")).json()["items"]
        assert [item["id"] for item in items] == [str(published.id)]
        seen = (await client.get(f"/api/v1/tenders/{published.id}")).json()
        assert (seen["keyholders"], seen["actions"]) == ([], [])
        assert (await client.get(f"/api/v1/tenders/{draft.id}")).status_code == 404
        assert (await client.send_json(f"/api/v1/tenders/{draft.id}/publish")).status_code == 401

    async with client_as(await an_actor(Role.EVALUATOR, org=draft.buyer_id)) as client:
        assert (await client.get(f"/api/v1/tenders/{draft.id}")).status_code == 200
        assert (await client.send_json(f"/api/v1/tenders/{draft.id}/publish")).status_code == 403
        mine = (await client.get("/api/v1/tenders?mine=true")).json()["items"]
        assert [item["id"] for item in mine] == [str(draft.id)]


async def test_a_draft_is_proposed_from_a_basis() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    await an_officer(coordinator.org_id)
    consultant = await an_actor(Role.CONSULTANT, org=coordinator.org_id)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    await set_clock(now)
    basis_id = await a_basis(consultant)
    async with client_as(coordinator) as client:
        answer = await client.get(f"/api/v1/tenders/proposals/{basis_id}?waves=4")
        draft = answer.json()
        assert answer.status_code == 200, draft
        assert [
            (lot["code"], lot["groups_count"], lot["places_count"]) for lot in draft["lots"]
        ] == [("L05", 4, 12)]
        assert draft["service_code"] == "TOOHARJUTUS-LAADNE"
        assert sum(float(c["weight"]) for c in draft["criteria"]) == 100
        draft |= {"title": "Groups in Tartu", "description": "For those who wait."}
        officers = [str((await an_officer(coordinator.org_id)).actor.id) for _ in range(2)]
        made = await client.send_json("/api/v1/tenders", {**draft, "keyholder_ids": officers})
        assert made.status_code == 201, made.json()
        assert made.json()["basis_id"] == str(basis_id)
        other = await an_actor(Role.COORDINATOR)
    async with client_as(other) as client:
        assert (await client.get(f"/api/v1/tenders/proposals/{basis_id}")).status_code == 404
