"""Delivery over HTTP: who may, what is answered, what is refused and how."""

from datetime import timedelta

import pytest

from procure.kernel.actors import Role
from tests.builders.contracts import a_contract
from tests.builders.delivery import (
    DAYS,
    OVER_AT,
    PLANNED_AT,
    a_client_request,
    a_group,
    a_planned_group,
    a_venue,
    evening,
    the_group,
)
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_a_group_is_planned_filled_started_and_marked() -> None:
    call_off = await a_contract()
    venue = await a_venue(call_off.framework.award.coordinator)
    facilitator = await an_actor(Role.FACILITATOR, org=call_off.partner.id, kind="provider")
    caseworker = await an_actor(Role.CASEWORKER, org=call_off.buyer_id)
    request_id = await a_client_request(caseworker, client_ref="CL-1")
    await set_clock(PLANNED_AT)
    async with client_as(call_off.contract_manager) as manager:
        planned = await manager.send_json(
            "/api/v1/groups",
            {
                "contract_id": str(call_off.contract_id),
                "code": "G-2025-07",
                "venue_id": str(venue),
                "places_count": 12,
                "days": [day.isoformat() for day in DAYS],
                "facilitator_ids": [str(who) for who in call_off.partner.facilitator_ids],
            },
        )
        assert planned.status_code == 201
        group = planned.json()
        assert (group["code"], group["state"], len(group["days"])) == ("G-2025-07", "planned", 60)
        path = f"/api/v1/groups/{group['id']}"
        async with client_as(caseworker) as referring:
            referred = await referring.send_json(
                f"{path}/participants",
                {"request_id": str(request_id), "joins_on": DAYS[0].isoformat()},
            )
            assert referred.status_code == 201
            who = referred.json()
            assert (who["client_ref"], who["risk_band"], who["state"]) == ("CL-1", "B", "referred")
        await set_clock(evening(DAYS[0]))
        started = await manager.send_json(f"{path}/start")
        assert (started.status_code, started.json()["state"]) == (200, "running")
    async with client_as(facilitator) as leading:
        sheet = (await leading.get(f"{path}/attendance/2025-09-01")).json()
        assert [row["client_ref"] for row in sheet["rows"]] == ["CL-1"]
        marks = {"marks": [{"participant_id": who["id"], "mark": "present"}]}
        entered = await leading.send_json(f"{path}/attendance/2025-09-01", marks)
        assert entered.status_code == 200
        assert entered.json()["rows"][0]["mark"]["mark"] == "present"
        missing = await leading.send_json(f"{path}/attendance/2025-09-02", {"marks": []})
        assert missing.status_code == 422
        assert "still to come" in missing.text
        plan = {"kind": "individual", "agreed_on": "2025-09-01", "goal": "Work near home."}
        planned = await leading.send_json(f"{path}/participants/{who['id']}/plans", plan)
        assert planned.status_code == 201
        assert planned.json()["is_individual_plan_in_time"] is True
        employer = await leading.send_json(
            f"{path}/employers",
            {
                "name": "Demo Puit OÜ",
                "registry_code": "19998018",
                "county": "EE-45",
                "sector": "woodworking",
            },
        )
        assert employer.status_code == 201
        visit = await leading.send_json(
            f"{path}/visits",
            {
                "employer_id": employer.json()["id"],
                "visited_on": "2025-09-01",
                "vacancies_count": 4,
                "participant_ids": [who["id"]],
                "relevant_ids": [who["id"]],
                "result": "Invited to an interview.",
            },
        )
        assert visit.status_code == 201
        assert visit.json()["is_repeat"] is False
        left = await leading.send_json(
            f"{path}/participants/{who['id']}/leave",
            {"leaves_until": "2025-09-02", "reason": "JOB"},
        )
        assert (left.status_code, left.json()["state"]) == (200, "left")


async def test_attendance_is_imported_from_a_file_with_every_fault_by_its_row() -> None:
    group, _ = await a_group()
    await set_clock(evening(DAYS[1]))
    path = f"/api/v1/groups/{group.id}"
    async with client_as(group.facilitator) as leading:
        refs = [p["client_ref"] for p in (await leading.get(path)).json()["participants"]]
        rows = [f"2025-09-01,{ref},present" for ref in refs]
        bad = "\n".join(["day,client_ref,mark", *rows, "2025-09-05,CL-x,here"])

        async def send(text: str, key: str) -> object:
            return await leading.post(
                f"{path}/attendance/import",
                files={"file": ("marks.csv", text.encode(), "text/csv")},
                headers={"Idempotency-Key": key},
            )

        refused = await send(bad, "import-bad-1")
        assert refused.status_code == 422  # type: ignore[attr-defined]
        assert '"row":4' in refused.text.replace(" ", "")  # type: ignore[attr-defined]
        good = await send("\n".join(["day,client_ref,mark", *rows]), "import-good-1")
        assert good.json() == {"rows_count": 2, "new_count": 2, "changed_count": 0}  # type: ignore[attr-defined]
        attendance = (await leading.get(f"{path}/attendance")).json()
        late = {row["marks"]["2025-09-01"]["late_days_count"] for row in attendance["rows"]}
        assert late == {1}


async def test_what_was_delivered_is_read_by_who_pays_and_who_is_paid() -> None:
    group, _ = await the_group()
    await set_clock(OVER_AT)
    path = f"/api/v1/groups/{group.id}/delivery"
    finance = await an_actor(Role.FINANCE, org=group.buyer_id)
    async with client_as(finance) as reader:
        found = (await reader.get(path)).json()
        assert sum(p["payable_days_count"] for p in found["participants"]) == 573
    for actor, status in (
        (group.facilitator, 200),
        (await an_actor(Role.CASEWORKER, org=group.buyer_id), 403),
        (group.call_off.framework.award.partners[1].manager, 404),
        (await an_actor(Role.FINANCE), 404),
    ):
        async with client_as(actor) as reader:
            assert (await reader.get(path)).status_code == status


async def test_a_provider_sees_own_groups_alone() -> None:
    group, ids = await a_group()
    other = group.call_off.framework.award.partners[1].manager
    await set_clock(evening(DAYS[0]))
    async with client_as(other) as stranger:
        assert (await stranger.get("/api/v1/groups")).json() == {"items": []}
        for path in ("", "/attendance", "/attendance/2025-09-01"):
            answer = await stranger.get(f"/api/v1/groups/{group.id}{path}")
            assert answer.status_code == 404
            assert "CL-8" not in answer.text
        marks = {"marks": [{"participant_id": str(ids[0]), "mark": "present"}]}
        answer = await stranger.send_json(f"/api/v1/groups/{group.id}/attendance/2025-09-01", marks)
        assert answer.status_code == 404


async def test_a_participant_is_changed_through_its_own_group_alone() -> None:
    group, _ = await a_group()
    framework = group.call_off.framework
    second, (other, _) = await a_group(call_off=await a_contract(framework=framework))
    await set_clock(evening(DAYS[1]))
    async with client_as(group.facilitator) as leading:
        answer = await leading.send_json(
            f"/api/v1/groups/{group.id}/participants/{other}/leave",
            {"leaves_until": "2025-09-02", "reason": "JOB"},
        )
        assert answer.status_code == 404
    assert second.id != group.id


async def test_employers_are_the_buyers() -> None:
    group = await a_planned_group()
    draft = {
        "code": "E07",
        "name": "Demo Ladu OÜ",
        "registry_code": "19998047",
        "county": "EE-37",
        "sector": "logistics",
    }
    async with client_as(group.consultant) as buyer:
        made = await buyer.send_json("/api/v1/employers", draft)
        assert (made.status_code, made.json()["code"]) == (201, "E07")
        assert (await buyer.send_json("/api/v1/employers", draft)).status_code == 422
    async with client_as(group.facilitator) as leading:
        found = await leading.get("/api/v1/employers", params={"group_id": str(group.id)})
        assert [employer["code"] for employer in found.json()["items"]] == ["E07"]
        assert (await leading.get("/api/v1/employers")).json() == {"items": []}


async def test_a_late_plan_is_confirmed_and_withdrawn_over_http() -> None:
    group, (one, _) = await a_group()
    await set_clock(evening(DAYS[0] + timedelta(days=15)))
    path = f"/api/v1/groups/{group.id}"
    async with client_as(group.facilitator) as leading:
        plan = {"kind": "exit", "agreed_on": "2025-09-01", "goal": "Work near home."}
        made = (await leading.send_json(f"{path}/participants/{one}/plans", plan)).json()
        assert (made["has_exit_plan"], made["waiting_plans"]) == (False, ["exit"])
        (late,) = made["plans"]
        assert (late["late_days_count"], late["counts"], late["may"]) == (15, False, ["withdraw"])
        confirm = f"{path}/plans/{late['id']}/confirm"
        own = await leading.send_json(confirm, {"reason": "It was so."})
        assert own.status_code == 403
    async with client_as(group.contract_manager) as buyer:
        confirmed = await buyer.send_json(confirm, {"reason": "We sat together."})
        assert (confirmed.status_code, confirmed.json()["has_exit_plan"]) == (200, True)
        elsewhere = f"{path}/plans/{group.id}/withdraw"
        assert (await buyer.send_json(elsewhere, {"reason": "No such."})).status_code == 404
        gone = await buyer.send_json(f"{path}/plans/{late['id']}/withdraw", {"reason": "Wrong."})
        assert gone.json()["has_exit_plan"] is False


async def test_a_correction_in_a_completed_group_needs_its_reason_over_http() -> None:
    group, ids = await the_group()
    await set_clock(OVER_AT)
    path = f"/api/v1/groups/{group.id}/attendance/2025-12-18"
    marks = [{"participant_id": str(ids["CL-90001"]), "mark": "excused"}]
    async with client_as(group.facilitator) as leading:
        bare = await leading.send_json(path, {"marks": marks})
        assert (bare.status_code, bare.json()["findings"][0]["field"]) == (422, "reason")
        good = await leading.send_json(path, {"marks": marks, "reason": "The list says so."})
        row = next(r for r in good.json()["rows"] if r["client_ref"] == "CL-90001")
        assert (row["mark"]["was"], row["mark"]["reason"]) == ("absent", "The list says so.")
        late = {"employer_id": str(group.id), "visited_on": "2025-12-01", "vacancies_count": 1}
        visit = {**late, "participant_ids": [], "relevant_ids": [], "result": "Late."}
        refused = await leading.send_json(f"/api/v1/groups/{group.id}/visits", visit)
        assert "group-ended" in refused.text
