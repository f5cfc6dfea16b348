"""Payments over HTTP: the whole way of one small claim, and what is refused on it."""

from datetime import UTC, datetime

import pytest

from procure.adapters.pain001 import check
from procure.kernel.actors import Role
from procure.kernel.canonical import sha256_hex
from tests.builders.identity import an_actor, set_clock
from tests.builders.payments import a_paying_group
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)


async def test_a_claim_goes_all_the_way_to_the_bank_file() -> None:
    money = await a_paying_group()
    await set_clock(NOW)
    one, two, three, four = money.finance
    drafts = f"/api/v1/groups/{money.group.id}/claims"
    async with client_as(money.group.contract_manager) as api:
        made = await api.send_json(drafts, {"reason": "First two days"}, key="draft-claim-1")
        again = await api.send_json(drafts, {"reason": "First two days"}, key="draft-claim-1")
        assert (made.status_code, made.json()) == (201, again.json())
        claim = made.json()
        assert (claim["state"], claim["total_amount"], claim["reason"]) == (
            "drafted",
            "237.60",
            "First two days",
        )
        line = claim["lines"][0]
        assert (line["kind"], line["line_amount"], line["clause_number"]) == (
            "attendance",
            "26.40",
            line["clause_number"],
        )
        assert "2 × 13.20 € = 26.40 €" in line["trace"]["message"]
    path = f"/api/v1/claims/{claim['id']}"
    async with client_as(money.provider) as api:
        assert (await api.send_json(drafts, {})).status_code == 403
        expected = (await api.get("/api/v1/claims/expected")).json()["items"]
        assert (expected[0]["entitled_amount"], expected[0]["posted_amount"]) == ("237.60", "0.00")
        accepted = await api.send_json(f"{path}/accept")
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
        assert (await api.send_json(f"{path}/accept")).status_code == 409
        assert (await api.get("/api/v1/ledger")).status_code == 403
    seen = {"content_sha256": claim["content_sha256"]}
    async with client_as(one) as api:
        wrong = await api.send_json(f"{path}/attest", {"content_sha256": "0" * 64})
        assert [f["code"] for f in wrong.json()["findings"]] == ["content-changed"]
        assert (await api.send_json(f"{path}/attest", seen)).json()["state"] == "attested"
        twice = await api.send_json(f"{path}/attest", seen)
        assert (twice.status_code, twice.json()["findings"][0]["code"]) == (422, "same-person")
    async with client_as(two) as api:
        assert (await api.send_json(f"{path}/attest", seen)).json()["state"] == "posted"
        ledger = (await api.get("/api/v1/ledger")).json()
        assert (ledger["total_amount"], len(ledger["transactions"][0]["entries"])) == ("0.00", 4)
        assert (await api.get("/api/v1/payment-runs/owed")).json()["items"][0][
            "owed_amount"
        ] == "237.60"
        run = await api.send_json("/api/v1/payment-runs", {"pay_on": "2026-04-08"})
        assert (run.status_code, run.json()["total_amount"]) == (201, "237.60")
        past = await api.send_json("/api/v1/payment-runs", {"pay_on": "2026-04-01"})
        assert past.json()["findings"][0]["field"] == "pay_on"
    runs = f"/api/v1/payment-runs/{run.json()['id']}"
    for who, state in ((three, "prepared"), (four, "released")):
        async with client_as(who) as api:
            file = await api.get(f"{runs}/file")
            check(file.content)
            assert file.headers["content-disposition"].startswith("attachment")
            hashed = {"file_sha256": sha256_hex(file.content)}
            released = await api.send_json(f"{runs}/release", hashed)
            assert (released.status_code, released.json()["state"]) == (200, state)
    async with client_as(await an_actor(Role.AUDITOR, org=money.buyer_id)) as api:
        assert (await api.get(path)).json()["state"] == "paid"
        assert (await api.get("/api/v1/claims?state=paid")).json()["items"][0]["id"] == claim["id"]
        assert (await api.send_json(f"{path}/attest", seen)).status_code == 403
        assert (await api.get(runs)).json()["second_released_by"] == four.name
    async with client_as(await an_actor(Role.FINANCE)) as api:
        for there in (path, runs, f"{runs}/file"):
            assert (await api.get(there)).status_code == 404


async def test_dispute_return_and_cancel() -> None:
    money = await a_paying_group()
    await set_clock(NOW)
    claim_id = await money.draft(NOW)
    path = f"/api/v1/claims/{claim_id}"
    async with client_as(money.provider) as api:
        empty = await api.send_json(f"{path}/dispute", {"reason": ""})
        assert (empty.status_code, empty.json()["findings"][0]["field"]) == (422, "reason")
        disputed = await api.send_json(f"{path}/dispute", {"reason": "A day is missing."})
        assert (disputed.json()["state"], disputed.json()["dispute"]) == (
            "disputed",
            "A day is missing.",
        )
    await money.draft(NOW)
    await money.accept(claim_id, NOW)
    async with client_as(money.finance[0]) as api:
        back = await api.send_json(f"{path}/return", {"reason": "Ask the register first."})
        assert back.json()["state"] == "disputed"
    await money.draft(NOW)
    await money.post(claim_id, NOW)
    run_id = await money.prepare(NOW)
    async with client_as(money.finance[3]) as api:
        cancelled = await api.send_json(f"/api/v1/payment-runs/{run_id}/cancel")
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
        assert (await api.send_json(f"/api/v1/payment-runs/{run_id}/cancel")).status_code == 409
        assert len((await api.get("/api/v1/payment-runs")).json()["items"]) == 1
