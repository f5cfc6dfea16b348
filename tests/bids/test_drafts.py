"""What is typed and not submitted: kept locked, shown again, checked, forgotten with the bid."""

import re
from decimal import Decimal
from typing import Any

import pytest

from procure.adapters.vault import AesVault
from procure.bids import queries, service
from procure.bids.rules import (
    Partner,
    PriceLine,
    Subcontractor,
    party_findings,
    schedule_findings,
)
from procure.db import connection
from procure.kernel.actors import Role
from procure.kernel.errors import Forbidden, NotFound, Refused
from tests.adapters.test_file_check import a_pdf, javascript_at_opening
from tests.bids.test_api import body_of
from tests.bids.test_pages import fields, seen
from tests.builders.bids import IN_TIME, a_bid_draft, a_bidder
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import SEALER, a_published_tender
from tests.client import client_as

D = Decimal
VAULT = AesVault()


@pytest.mark.usefixtures("db")
async def test_a_draft_is_kept_while_typing_and_shown_again() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    typed = await fields(tender.id, bidder, remarks="CANARYDRAFT", unit_price="98,7654")
    async with client_as(bidder.actor) as client:
        kept = await client.send_form(f"/tenders/{tender.id}/bid/draft", typed)
        assert kept.status_code == 303
        page = (await client.get(f"/tenders/{tender.id}/bid")).text
    assert "CANARYDRAFT" in page
    assert 'value="98,7654"' in page
    assert "Kept as a draft" in seen(page)
    colleague = await an_actor(Role.PROVIDER_MANAGER, org=bidder.org_id)
    async with client_as(colleague) as client:  # also after another has signed in
        assert "CANARYDRAFT" in (await client.get(f"/tenders/{tender.id}/bid")).text
    async with client_as((await a_bidder()).actor) as client:
        assert "CANARYDRAFT" not in (await client.get(f"/tenders/{tender.id}/bid")).text
    async with connection() as c:
        rows = await c.fetch("SELECT content, d::text AS row FROM bid_draft d")
    assert len(rows) == 1
    assert b"CANARYDRAFT" not in rows[0]["content"]
    assert b"98,7654" not in rows[0]["content"]


@pytest.mark.usefixtures("db")
async def test_a_draft_opens_for_its_bidder_and_its_tender_alone() -> None:
    tender, other = await a_published_tender(), await a_published_tender()
    await set_clock(IN_TIME)
    bidder, rival = await a_bidder(), await a_bidder()
    values = {"remarks": ["r"]}
    for one in (bidder, rival):
        await service.save_draft(one.actor, tender.id, values, vault=VAULT, now=IN_TIME)
    async with connection() as c:  # somebody swaps them in the database
        await c.execute(
            "UPDATE bid_draft d SET content = o.content FROM bid_draft o WHERE o.id <> d.id"
        )
    with pytest.raises(ValueError, match="does not open"):
        await queries.read_draft(bidder.actor, tender.id, VAULT)
    assert await queries.read_draft(bidder.actor, other.id, VAULT) is None
    assert await queries.read_draft(tender.coordinator, tender.id, VAULT) is None
    with pytest.raises(Forbidden):
        await service.save_draft(tender.coordinator, tender.id, values, vault=VAULT, now=IN_TIME)
    with pytest.raises(Refused, match="at most"):
        await service.save_draft(
            bidder.actor, tender.id, {"remarks": ["x" * 400_001]}, vault=VAULT, now=IN_TIME
        )
    with pytest.raises(NotFound):
        await service.save_draft(bidder.actor, bidder.org_id, values, vault=VAULT, now=IN_TIME)


@pytest.mark.usefixtures("db")
async def test_the_draft_is_forgotten_with_the_submission_and_kept_with_a_refusal() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    async with client_as(bidder.actor) as client:
        wrong = await fields(tender.id, bidder, unit_price="0")
        assert (await client.send_form(f"/tenders/{tender.id}/bid", wrong)).status_code == 422
        kept = await queries.read_draft(bidder.actor, tender.id, VAULT)
        assert kept is not None
        assert kept.fields["unit_price"] == ["0"]
        good = await fields(tender.id, bidder)
        assert (await client.send_form(f"/tenders/{tender.id}/bid", good)).status_code == 303
    assert await queries.read_draft(bidder.actor, tender.id, VAULT) is None


@pytest.mark.usefixtures("db")
async def test_a_bid_is_checked_before_it_is_submitted_and_nothing_is_kept_of_it() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    path = f"/tenders/{tender.id}/bid/check"
    async with client_as(bidder.actor) as client:
        good = await client.send_form(path, await fields(tender.id, bidder))
        assert good.status_code == 200
        assert "Nothing stands in the way" in seen(good.text)
        assert "not submitted yet" in seen(good.text)
        empty = {"answers.K2": "  ", "price_lines": "Rent; 2; 3,00; 7,00\nno parts"}
        bad = await client.send_form(path, await fields(tender.id, bidder, **empty))
        assert bad.status_code == 422
        for field in ("price_lines", "answers.K2"):  # what is not read, and what is wrong, at once
            assert f'href="#field-{field}"' in bad.text
        draft = await a_bid_draft(tender.id, bidder, "0")
        checked = await client.post(f"/api/v1/tenders/{tender.id}/bid-checks", json=body_of(draft))
    assert checked.status_code == 200
    assert [one["field"] for one in checked.json()["findings"]] == ["unit_price"]
    assert await queries.own_bids(bidder.actor, tender.id) == []
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM bid_package") == 0


@pytest.mark.usefixtures("db")
async def test_files_go_up_on_a_page_without_scripts() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    path = f"/tenders/{tender.id}/bid/files"
    async with client_as(bidder.actor) as client:
        good = await client.send_form(path, {}, files={"file": ("plaan.pdf", a_pdf())})
        assert good.status_code == 303
        bad = await client.send_form(
            path, {}, files={"file": ("js.pdf", a_pdf(javascript_at_opening))}
        )
        assert bad.status_code == 422
        assert "runs by itself" in seen(bad.text)
        page = (await client.get(f"/tenders/{tender.id}/bid")).text
        [file_id] = re.findall(r'name="file_ids" type="checkbox" value="([^"]+)" checked', page)
        assert "plaan.pdf" in page
        assert "it holds what runs by itself" in seen(page)
        sent = await fields(tender.id, bidder, file_ids=file_id)
        assert (await client.send_form(f"/tenders/{tender.id}/bid", sent)).status_code == 303
        removed = await client.send_form(f"/bid-files/{file_id}/remove", {})
        assert removed.status_code == 303
        assert "plaan.pdf" not in (await client.get(f"/tenders/{tender.id}/bid")).text


@pytest.mark.usefixtures("db")
async def test_what_a_program_prepared_is_submitted_on_a_page() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    draft = await a_bid_draft(tender.id, bidder)
    made = await service.prepare_bid(bidder.actor, draft, sealer=SEALER, at=IN_TIME)
    path = f"/tenders/{tender.id}/bid-packages/{made.id}/submit"
    async with client_as(bidder.actor) as client:
        page = (await client.get(f"/tenders/{tender.id}/bid")).text
        assert path in page
        assert "Prepared, not submitted" in seen(page)
        done = await client.send_form(path, {})
        assert done.headers["location"] == f"/bids/{made.id}"


@pytest.mark.usefixtures("db")
async def test_a_draft_over_the_api() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder = await a_bidder()
    path = f"/api/v1/tenders/{tender.id}/bid-draft"
    async with client_as(bidder.actor) as client:
        assert (await client.get(path)).status_code == 404
        body: dict[str, Any] = {"fields": {"remarks": ["half a sent"]}}
        assert (await client.put(path, json=body)).status_code == 200
        assert (await client.get(path)).json()["fields"] == body["fields"]


# --- Price schedule, joint bidders, subcontractors --------------------------


def line(quantity: str, price: str, amount: str, label: str = "Rent") -> PriceLine:
    return PriceLine(label, D(quantity), D(price), D(amount))


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        pytest.param([], [], id="none is asked for"),
        pytest.param([line("10", "2.00", "20.00")], [], id="one line is the whole price"),
        pytest.param([line("3", "3.335", "10.01"), line("1", "9.99", "9.99")], [], id="half up"),
        pytest.param([line("3", "3.335", "10.00"), line("1", "10", "10.00")], ["arithmetic"],
                     id="a cent too few in a line"),
        pytest.param([line("10", "1.99", "19.90")], ["arithmetic"], id="the sum is another"),
        pytest.param([line("10", "2.00", "20.00", " ")], ["label"], id="nothing said"),
        pytest.param([line("NaN", "2.00", "20.00")], ["number"], id="no number"),
    ],
)  # fmt: skip
def test_the_price_schedule_reckons(lines: list[PriceLine], codes: list[str]) -> None:
    assert [one.code for one in schedule_findings(lines, D("2.00"), 10)] == codes


def test_an_arithmetic_finding_says_what_is_right() -> None:
    [wrong, _] = schedule_findings([line("3", "2.50", "7.00")], D("2.00"), 10)
    assert wrong.message == "Line 1: 3 × 2.50 is 7.50, not 7.00."
    assert wrong.field == "price_lines"


def partner(share: str = "0.5", name: str = "Kaaslane OÜ", code: str = "10000001") -> Partner:
    return Partner(name, code, D(share))


@pytest.mark.parametrize(
    ("partners", "subcontractors", "codes"),
    [
        pytest.param([], [], [], id="alone"),
        pytest.param([partner("1")], [], [], id="others may do all of it"),
        pytest.param([partner("0.6")], [Subcontractor("A", "1", "food", D("0.5"))], ["shares"],
                     id="more than all"),
        pytest.param([partner(), partner()], [], ["party"], id="named twice"),
        pytest.param([partner("0")], [], ["share"], id="a share of nothing"),
        pytest.param([partner("NaN")], [], ["share"], id="a share that is no number"),
        pytest.param([partner(name="mina ise")], [], ["party"], id="oneself"),
        pytest.param([partner(code=" ")], [], ["party"], id="without a code"),
        pytest.param([], [Subcontractor("A", "1", " ", D("0.5"))], ["party"], id="does nothing"),
    ],
)  # fmt: skip
def test_others_who_are_named(
    partners: list[Partner], subcontractors: list[Subcontractor], codes: list[str]
) -> None:
    found = party_findings("Mina Ise", partners, subcontractors)
    assert [one.code for one in found] == codes
