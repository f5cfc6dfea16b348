"""Awards as programs drive them, over HTTP."""

import pytest

from procure.kernel.actors import Role
from tests.builders.awards import DECIDED_AT, REASONS, an_awarded_lot
from tests.builders.evaluation import a_ranked_lot, reject_price
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_a_lot_is_decided_and_its_tenderers_read_their_letters() -> None:
    lot = await a_ranked_lot()
    await reject_price(lot)
    await set_clock(DECIDED_AT)
    path = f"/api/v1/lots/{lot.lot_id}/award"
    body = {"evaluation_version": 2, "winners_count": 2, "reasons": REASONS}

    async with client_as(lot.coordinator) as client:
        before = (await client.get(path)).json()
        assert (before["most_winners_count"], before["last_blocked_on"]) == (2, "2024-03-03")
        old = await client.send_json(path, {**body, "evaluation_version": 1, "reasons": ""})
        assert [f["code"] for f in old.json()["findings"]] == ["old-ranking", "no-reasons"]
        made = await client.send_json(path, body)
        assert made.status_code == 201
        award = made.json()
        assert [(s["rank"], s["unit_price"]) for s in award["suppliers"]] == [
            (1, "21.50"),
            (2, "24.80"),
        ]
        assert (award["state"], award["status"]) == ("standstill", "active")
        assert len(award["letters"]) == 4
        assert (await client.send_json(path, body)).status_code == 409
        assert (await client.get("/api/v1/awards")).json()["items"][0]["id"] == award["id"]
    async with client_as(lot.bidders[3].actor) as client:
        (letter,) = (await client.get("/api/v1/awards/letters")).json()["items"]
        assert (letter["kind"], letter["facts"]["complaint_until_on"]) == ("excluded", "2024-02-28")
        seen = (await client.get(f"/api/v1/awards/{award['id']}")).json()
        assert (len(seen["letters"]), seen["ranking"]) == (1, None)
        assert (await client.get("/api/v1/awards")).status_code == 403
        assert (await client.get(path)).status_code == 403
    async with client_as(None) as client:
        notice = (await client.get(f"/api/v1/awards/{award['id']}/notice")).json()
        assert (notice["tenders_count"], len(notice["suppliers"])) == (4, 2)
        assert (await client.get(f"/api/v1/awards/{award['id']}")).status_code == 401


async def test_an_award_is_annulled_by_its_buyer_alone() -> None:
    awarded = await an_awarded_lot()
    path = f"/api/v1/awards/{awarded.id}/annul"
    stranger = await an_actor(Role.COORDINATOR)

    async with client_as(stranger) as client:
        assert (await client.send_json(path, {"reason": REASONS})).status_code == 404
    async with client_as(awarded.lot.coordinator) as client:
        done = await client.send_json(path, {"reason": REASONS})
        assert (done.status_code, done.json()["status"]) == (200, "cancelled")


async def test_a_lot_ends_without_award() -> None:
    lot = await a_ranked_lot()
    path = f"/api/v1/lots/{lot.lot_id}/conclusion"

    async with client_as(lot.coordinator) as client:
        false = await client.send_json(path, {"ground": "no-rece"})
        assert [f["field"] for f in false.json()["findings"]] == ["ground"]
        done = await client.send_json(path, {"ground": "ins-fund", "reasons": REASONS})
        assert done.json() == {
            "lot_id": str(lot.lot_id),
            "state": "unsuccessful",
            "ground": "ins-fund",
        }
