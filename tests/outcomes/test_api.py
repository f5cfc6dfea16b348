"""Outcomes over HTTP."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from procure.db import connection
from procure.kernel.actors import Role
from tests.builders.delivery import Group, a_group
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)


async def a_small_group() -> tuple[Group, str]:
    group, (participant_id,) = await a_group(people=1, days_count=12)
    async with connection() as c:
        ref = await c.fetchval("SELECT client_ref FROM participant WHERE id = $1", participant_id)
    await set_clock(NOW)
    return group, str(ref)


async def test_report_and_evidence() -> None:
    group, ref = await a_small_group()
    path = f"/api/v1/groups/{group.id}/outcomes"
    body = {"client_ref": ref, "definition": "EMP_START", "outcome_on": "2025-10-13", "note": "x"}
    async with client_as(group.provider) as api:
        made = await api.send_json(path, body)
        assert made.status_code == 201
        outcome = made.json()
        assert (outcome["state"], outcome["source"], outcome["payment_factor"]) == (
            "claimed",
            "provider",
            "0.4",
        )
        assert outcome["reason"]["message"] == "The provider reports it since 2025-10-13."
        twice = await api.send_json(path, body)
        assert (twice.status_code, [f["code"] for f in twice.json()["findings"]]) == (
            422,
            ["twice"],
        )
        wrong = await api.send_json(path, {**body, "outcome_on": "tomorrow", "colour": "red"})
        assert wrong.status_code == 400
        assert (
            await api.send_json(f"/api/v1/outcomes/{outcome['id']}/evidence", {})
        ).status_code == 403
    async with client_as(group.contract_manager) as api:
        said = await api.send_json(
            f"/api/v1/outcomes/{outcome['id']}/evidence",
            {"source": "caseworker", "supports": True, "note": "Spoke to both."},
        )
        assert (said.status_code, said.json()["state"], said.json()["source"]) == (
            201,
            "verified",
            "caseworker",
        )
        listed = (await api.get(path)).json()["items"]
        assert [item["id"] for item in listed] == [outcome["id"]]
        assert (await api.get("/api/v1/outcomes?state=claimed")).json() == {"items": []}
    async with client_as(await an_actor(Role.CONTRACT_MANAGER)) as api:
        assert (await api.get(f"/api/v1/outcomes/{outcome['id']}")).status_code == 404
        assert (await api.get(path)).json() == {"items": []}


async def test_a_register_that_is_not_there_answers_503_and_changes_nothing() -> None:
    group, ref = await a_small_group()
    body = {"client_ref": ref, "definition": "EMP_START", "outcome_on": str(date(2025, 10, 13))}
    async with client_as(group.provider) as api:
        await api.send_json(f"/api/v1/groups/{group.id}/outcomes", body)
    async with client_as(group.contract_manager) as api:
        answer = await api.send_json(f"/api/v1/groups/{group.id}/register-check")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "PROCURE_EMPLOYMENT_REGISTER_URL" in answer.json()["detail"]
        (outcome,) = (await api.get("/api/v1/outcomes")).json()["items"]
        assert (outcome["state"], len(outcome["evidence"])) == ("claimed", 1)
        missing = await api.send_json(f"/api/v1/groups/{uuid4()}/register-check")
        assert missing.status_code == 404
