"""Awards as people see them."""

import pytest

from procure.awards import queries
from procure.kernel.actors import Role
from tests.builders.awards import DECIDED_AT, REASONS, an_awarded_lot
from tests.builders.evaluation import a_panel, a_ranked_lot
from tests.builders.identity import an_actor, set_clock
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


async def test_the_decision_page_warns_previews_and_decides() -> None:
    lot = await a_ranked_lot()
    await set_clock(DECIDED_AT)
    path = f"/lots/{lot.lot_id}/award"
    form = {"evaluation_version": "1", "winners_count": "1", "reasons": REASONS}

    async with client_as(lot.coordinator) as client:
        page = (await client.get(path)).text
        assert "I have seen this and decide with it." in page
        assert "Letters as they would be sent" in page
        shown = await client.send_form(path, {**form, "preview": "1"})
        assert shown.status_code == 200
        assert REASONS in shown.text
        assert "would have won" in shown.text
        too_many = await client.send_form(path, {**form, "winners_count": "4", "preview": "1"})
        assert too_many.status_code == 422
        assert "winners_count" in too_many.text
        unseen = await client.send_form(path, form)
        assert unseen.status_code == 422
        assert "another bid would be first among the rest" in unseen.text
        assert REASONS in unseen.text, "what was typed is still there"
        done = await client.send_form(path, {**form, "acknowledged_reversal": "1"})
        assert done.status_code == 303
        assert done.headers["location"].startswith("/awards/")
        again = await client.get(path)
        assert (again.status_code, again.headers["location"]) == (303, done.headers["location"])
        assert (await client.get(done.headers["location"])).status_code == 200


async def test_nobody_decides_what_is_not_ranked() -> None:
    lot = await a_panel()
    auditor = await an_actor(Role.AUDITOR, org=lot.coordinator.org_id)

    async with client_as(lot.coordinator) as client:
        assert "have not been ranked yet" in (await client.get(f"/lots/{lot.lot_id}/award")).text
    async with client_as(auditor) as client:
        page = (await client.get(f"/lots/{lot.lot_id}/award")).text
        assert "End the lot without award" not in page, "an auditor only reads"


async def test_each_reads_the_own_letter_and_everyone_the_notice() -> None:
    awarded = await an_awarded_lot()
    lot = awarded.lot
    path = f"/awards/{awarded.id}"

    async with client_as(lot.coordinator) as client:
        page = (await client.get(path)).text
        for bidder in lot.bidders:
            assert f"{bidder.actor.org_name}: " in page
        assert "Standstill up to and including 3 Mar 2024" in page
        assert path in (await client.get("/awards")).text
    loser, winner = lot.bidders[3].actor, lot.bidders[1].actor
    async with client_as(loser) as client:
        page = (await client.get(path)).text
        assert "the mean 2.67 is below the minimum 3" in page
        assert "A complaint can be made up to and including 28 Feb 2024." in page
        assert lot.bidders[2].actor.org_name not in page, "another loser"
        assert "Annul" not in page
        assert "Not ranked" in (await client.get("/awards")).text
    async with client_as(winner) as client:
        assert "<strong>Won.</strong>" in (await client.get(path)).text
    async with client_as(None) as client:
        page = (await client.get(f"{path}/notice")).text
        assert winner.org_name in page
        assert loser.org_name not in page
        assert (await client.get(path)).status_code == 303, "to the sign-in"


async def test_an_award_is_annulled_on_its_page() -> None:
    awarded = await an_awarded_lot()
    path = f"/awards/{awarded.id}"

    async with client_as(awarded.lot.coordinator) as client:
        assert "4 tenderers are told why." in (await client.get(path)).text
        short = await client.send_form(f"{path}/annul", {"reason": "Oops."})
        assert short.status_code == 422
        done = await client.send_form(f"{path}/annul", {"reason": REASONS})
        assert done.status_code == 303
        assert "Annulled" in (await client.get(path)).text
    async with client_as(awarded.lot.bidders[0].actor) as client:
        assert "Award annulled" in (await client.get("/awards")).text


async def test_a_lot_ends_without_award_on_the_page() -> None:
    lot = await a_ranked_lot()
    path = f"/lots/{lot.lot_id}"

    async with client_as(lot.coordinator) as client:
        bad = await client.send_form(f"{path}/conclusion", {"ground": "ins-fund"})
        assert bad.status_code == 422
        done = await client.send_form(
            f"{path}/conclusion", {"ground": "ins-fund", "end_reasons": REASONS}
        )
        assert done.status_code == 303
    async with client_as(lot.bidders[0].actor) as client:
        assert "Funds are insufficient" in (await client.get("/awards")).text
    assert await queries.award_of_lot(lot.lot_id) is None
