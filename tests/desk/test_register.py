"""What everyone may see without an account: contracts, spending, awards; nothing about a person."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from procure.contracts import service as contracts
from procure.db import DB
from procure.desk.queries import register
from procure.desk.rules import shown_count, shown_total
from procure.kernel.errors import NotFound
from procure.payments import queries as payments
from tests.builders.contracts import AT, a_call_off_award, a_framework, an_award, sign_both
from tests.builders.identity import set_clock
from tests.builders.payments import Money, the_money
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

LATER = datetime(2026, 4, 7, 9, tzinfo=UTC)


async def paid() -> tuple[Money, UUID]:
    """Play the group to its released payment file."""
    money = await the_money()
    claim_id = await money.claim_and_post(LATER)
    await money.release(await money.prepare(LATER), LATER)
    return money, (await payments.read_claim(money.finance[0], claim_id)).contract_id


@pytest.mark.parametrize(
    ("count", "of", "shown"),
    [
        pytest.param(10, 20, 10, id="ten of twenty may be told"),
        pytest.param(9, 20, None, id="nine may not"),
        pytest.param(11, 20, None, id="nor eleven, which leave nine"),
        pytest.param(20, 20, None, id="nor all: then each is known"),
    ],
)
def test_a_count_points_at_nobody(count: int, of: int, shown: int | None) -> None:
    assert shown_count(count, of=of) == shown


def test_a_small_total_is_not_told() -> None:
    assert (shown_total(9), shown_total(10)) == (None, 10)


async def test_the_register_tells_parties_terms_and_what_was_paid() -> None:
    _, contract_id = await paid()
    found = await register.read_contract(contract_id)
    assert found.paid_amount == Decimal("11972.40")
    assert [(one.year, one.paid_amount) for one in found.years] == [(2026, Decimal("11972.40"))]
    assert found.unit_price == Decimal("22.00")
    assert found.participants_count == 13
    assert found.with_outcome_count is None, "two without one could be told from it"
    assert {one.people_count for one in found.outcomes} == {None}
    assert "NONE" not in {one.family.upper() for one in found.outcomes}, "what is no outcome"
    (line,) = [c for c in await register.list_contracts() if c.id == contract_id]
    assert line.paid_amount == found.paid_amount
    assert await register.list_contracts(provider="nobody") == []


async def test_what_is_shown_as_paid_is_what_was_released() -> None:
    _, contract_id = await paid()
    async with DB.connection() as c:
        released = await c.fetchval(
            "SELECT sum(payment_amount) FROM payment WHERE contract = $1", contract_id
        )
    for by in ("provider", "service", "county", "year"):
        found = await register.read_spending(by)
        assert found.total_amount == released
        assert sum(row.paid_amount for row in found.rows) == released
    assert (await register.read_spending("county", year="2025")).rows == []


async def test_a_draft_is_not_public() -> None:
    award = await an_award()
    first, second = await contracts.draft_from_award(award.contract_manager, award.id, now=AT)
    await sign_both(first, award.contract_manager, award.partners[0].manager)
    assert [line.id for line in await register.list_contracts()] == [first]
    with pytest.raises(NotFound):
        await register.read_contract(second)


async def test_a_mini_competition_is_everyones_once_it_is_awarded() -> None:
    framework = await a_framework()
    award = await a_call_off_award(framework)
    async with client_as(None) as client:
        listed = (await client.get("/awards/notices")).text
        assert f"/awards/{award.id}/notice" in listed
        notice = (await client.get(f"/awards/{award.id}/notice")).text
        assert f'href="/tenders/{award.tender_id}"' in notice
        shown = await client.get(f"/tenders/{award.tender_id}")
        assert shown.status_code == 200
        assert f"/lots/{award.lot_id}/notice" in shown.text
        assert f"/contract-register?tender_id={award.tender_id}" in shown.text
        assert f'href="/tenders/{framework.award.tender_id}"' in shown.text, "its framework"
        onward = await client.get(f"/lots/{award.lot_id}/notice")
        assert onward.headers["location"] == f"/awards/{award.id}/notice"
    owner = await DB.connect_as_owner()
    await owner.execute("UPDATE lot SET state = 'open' WHERE id = $1", award.lot_id)
    await owner.close()
    async with client_as(None) as client:
        assert (await client.get(f"/tenders/{award.tender_id}")).status_code == 404
        notice = (await client.get(f"/awards/{award.id}/notice")).text
        assert f'href="/tenders/{award.tender_id}"' not in notice, "no link to what is not there"


async def test_everyone_gets_to_it_from_the_header_and_nothing_is_about_a_person() -> None:
    money, contract_id = await paid()
    await set_clock(LATER)
    async with client_as(None) as client:
        home = (await client.get("/")).text
        for path in ("/awards/notices", "/contract-register", "/spending", "/services"):
            assert f'href="{path}"' in home
            assert (await client.get(path)).status_code == 200, path
        shown = (await client.get(f"/contract-register/{contract_id}")).text
        spending = (await client.get("/spending?by=county")).text
        file = await client.get("/spending.csv")
        assert (await client.get(f"/contracts/{contract_id}")).headers["location"] == (
            f"/contract-register/{contract_id}"
        )
        assert (await client.get("/outcome-definitions")).status_code == 200
    assert money.provider.org_name in shown
    assert "€11,972.40" in shown
    assert "€11,972.40" in spending
    rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert [row["paid_amount"] for row in rows] == ["11972.40"]
    for text in (shown, spending, file.text):
        assert "CL-90" not in text
        assert money.provider.name not in text
