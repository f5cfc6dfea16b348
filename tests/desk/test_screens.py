"""The first screen of each role: what it must know at once, and nothing of another organisation."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from procure.contracts import queries as contracts
from procure.contracts import service as contract_service
from procure.demand import service as demand
from procure.desk.queries.screens import SCREENS, screen
from procure.identity import service as identity
from procure.identity.schemas import NewPerson
from procure.kernel.actors import Actor, Role
from procure.tasks import queries as tasks
from procure.tenders import queries as tenders
from procure.tenders import service as tender_service
from tests.builders.awards import an_awarded_lot
from tests.builders.bids import an_opened_tender
from tests.builders.contracts import AT, an_award
from tests.builders.delivery import a_group, evening
from tests.builders.demand import a_basis, a_request
from tests.builders.evaluation import a_panel
from tests.builders.identity import NOW, an_actor, set_clock
from tests.builders.payments import the_money
from tests.builders.tenders import a_drafted_tender, a_published_tender
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

LATER = datetime(2026, 4, 7, 9, tzinfo=UTC)
OUTSIDE = (Role.PROVIDER_MANAGER, Role.FACILITATOR)


async def panels_of(actor: Actor, now: datetime = NOW) -> dict[str, list[str]]:
    """Return the titles of the rows of each panel."""
    _, panels = await screen(actor, now)
    return {panel.title: [row.title for row in panel.rows] for panel in panels}


@pytest.mark.parametrize("role", list(SCREENS))
async def test_an_empty_panel_says_what_to_do(role: Role) -> None:
    actor = await an_actor(role, kind="provider" if role in OUTSIDE else "buyer")
    tiles, panels = await screen(actor, NOW)
    assert tiles or panels
    for panel in panels:
        if not panel.rows:
            assert panel.empty, panel.title
            assert bool(panel.url) == bool(panel.url_text), panel.title


def test_every_role_has_a_first_screen() -> None:
    assert set(SCREENS) == set(Role)


async def test_a_caseworker_sees_own_requests_alone() -> None:
    one = await an_actor(Role.CASEWORKER)
    other = await an_actor(Role.CASEWORKER, org=one.org_id)
    await a_request(one)
    (mine,) = (await panels_of(one)).values()
    assert len(mine) == 1
    assert (await panels_of(other)) == {"My requests": []}
    tiles, _ = await screen(one, NOW)
    assert [(tile.text, tile.number) for tile in tiles] == [("My requests that wait", "1")]


async def test_a_consultant_sees_demand_by_place_and_the_groups() -> None:
    group, _ = await a_group(people=1)
    now = evening(group.days[0])
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    await a_request(caseworker, now=now, created_on=group.days[0])
    found = await panels_of(group.consultant, now)
    assert found["Open requests by place and language"]
    assert len(found["Groups"]) == 1


async def test_a_facilitator_sees_the_day_that_is_not_entered_and_the_claims() -> None:
    group, _ = await a_group(people=1)
    found = await panels_of(group.facilitator, evening(group.days[0]))
    assert len(found["Attendance to enter"]) == 1
    assert "Claims" in found
    stranger = await an_actor(Role.FACILITATOR, kind="provider")
    assert not any((await panels_of(stranger, evening(group.days[0]))).values())


async def test_money_is_seen_by_its_two_parties_alone() -> None:
    money = await the_money()
    await money.claim_and_post(LATER)
    for actor in (money.finance[0], money.provider):
        assert len((await panels_of(actor, LATER))["Claims"]) == 1
    for stranger in (
        await an_actor(Role.FINANCE),
        await an_actor(Role.PROVIDER_MANAGER, kind="provider"),
    ):
        assert (await panels_of(stranger, LATER))["Claims"] == []
    tiles, _ = await screen(await an_actor(Role.COORDINATOR, org=money.buyer_id), LATER)
    numbers = {tile.text: tile.number for tile in tiles}
    assert numbers["Spent, EUR"] == "11972.40"
    tiles, _ = await screen(await an_actor(Role.COORDINATOR), LATER)
    assert {tile.number for tile in tiles} == {"0"}


async def test_an_officer_sees_the_tenders_whose_key_is_shared() -> None:
    tender = await a_published_tender()
    officer = tender.officers[0].actor
    rows = (await panels_of(officer))["Tenders whose key I share"]
    assert len(rows) == 1
    other = await an_actor(Role.OFFICER, org=officer.org_id)
    assert (await panels_of(other))["Tenders whose key I share"] == []


async def test_an_administrator_sees_who_is_here_expected_and_gone() -> None:
    admin = await an_actor(Role.ADMIN)
    anne = await an_actor(Role.EVALUATOR, Role.OFFICER, org=admin.org_id)
    await an_actor(Role.EVALUATOR)  # another authority's
    await identity.invite(admin, NewPerson("b@p.example", "Bea", [Role.AUDITOR]), now=NOW)
    await identity.change_roles(admin, anne.id, [Role.EVALUATOR], now=NOW)

    tiles, panels = await screen(admin, NOW)

    assert [tile.number for tile in tiles] == ["2", "1", "2"]
    rows = {panel.title: [row.title for row in panel.rows] for panel in panels}
    assert rows == {
        "Accounts by role": ["administrator", "evaluator"],
        "Invited, and not here yet": ["Bea"],
        "Have an account and have not signed in": [admin.name, anne.name],
        "Roles that have ended lately, or will": [anne.name],
    }


async def test_who_holds_two_roles_sees_each_panel_once() -> None:
    both = await an_actor(Role.COORDINATOR, Role.EVALUATOR)
    _, panels = await screen(both, NOW)
    titles = [panel.title for panel in panels]
    assert len(titles) == len(set(titles))


async def test_the_contracts_of_the_first_screen_show_the_numbers_of_the_contracts_page() -> None:
    money = await the_money()
    await money.claim_and_post(LATER)
    actor = await an_actor(Role.COORDINATOR, org=money.buyer_id)
    _, panels = await screen(actor, LATER)
    (panel,) = [panel for panel in panels if panel.title == "Contracts"]
    shown = {row.url: row.values["spent_amount"] for row in panel.rows}
    lines = await contracts.list_contracts(actor)
    assert shown == {f"/contracts/{line.id}": line.money.spent_amount for line in lines}
    framework = next(line for line in lines if line.kind == "framework")
    assert shown[f"/contracts/{framework.id}"] == Decimal("11972.40")


async def test_a_tender_has_one_word_for_its_state_on_every_page() -> None:
    tender = await a_published_tender()
    async with client_as(tender.coordinator) as client:
        for path in ("/", "/tenders", f"/tenders/{tender.id}"):
            text = (await client.get(path)).text
            assert 'app-state--open">Open for bids<' in text, path
            for other in (">Open<", ">Published<"):
                assert other not in text, path
    draft = await a_drafted_tender(tender.coordinator)
    async with client_as(tender.coordinator) as client:
        text = (await client.get(f"/tenders/{draft.id}")).text
    assert "Open for bids" not in text
    assert text.count(">Draft</span>") == 1 + 2, "its own and its two lots'"


async def test_bids_opened_and_open_for_bids_are_two_words() -> None:
    lot = await a_panel()
    async with client_as(lot.coordinator) as client:
        for path in ("/tenders", f"/tenders/{lot.opened.tender.id}"):
            text = (await client.get(path)).text
            assert ">Bids opened<" in text, path
            assert ">Open<" not in text, path
        assert ">Not decided yet<" in text
        assert "The bids were opened" in text


async def test_a_decided_bid_says_what_came_of_it_and_leads_there() -> None:
    awarded = await an_awarded_lot()
    winner, loser = awarded.lot.bidders[1].actor, awarded.lot.bidders[3].actor
    for actor, word in ((winner, "Won"), (loser, "Not won")):
        async with client_as(actor) as client:
            home = (await client.get("/")).text
            assert home.count(f">{word}</span>") == 2, "the result, and the bid"
            assert f'href="/awards/{awarded.id}"' in home
            mine = (await client.get("/my-bids")).text
            link = f"/lots/{awarded.lot.lot_id}/result"
            assert link in mine
            assert (await client.get(link)).headers["location"] == f"/awards/{awarded.id}"


async def test_a_duty_is_not_asked_for_again_once_it_is_done() -> None:
    lot = await an_opened_tender()
    coordinator = lot.tender.coordinator
    (task,) = [t for t in await tasks.open_tasks(coordinator, NOW) if t.kind == "tender:evaluate"]
    assert task.link == f"/lots/{lot.lot_ids[0]}/evaluation"
    assert "tender:await-opening" not in {t.kind for t in await tasks.open_tasks(coordinator, NOW)}
    await a_panel(lot)
    assert "tender:evaluate" not in {t.kind for t in await tasks.open_tasks(coordinator, NOW)}


async def test_a_closed_tender_asks_for_its_opening_and_a_basis_for_its_tender() -> None:
    tender = await a_published_tender()
    deadline = (await tenders.tender_facts(tender.id)).deadline_at
    await set_clock(deadline)
    await tender_service.close_due(now=deadline)
    (task,) = [
        t
        for t in await tasks.open_tasks(tender.coordinator, deadline)
        if t.kind == "tender:await-opening"
    ]
    assert task.link == f"/tenders/{tender.id}/opening"
    coordinator = await an_actor(Role.COORDINATOR, Role.CONSULTANT)
    for done in (demand.mark_tendered, partial(demand.give_back, coordinator)):
        basis_id = await a_basis(coordinator)
        (task,) = [t for t in await tasks.open_tasks(coordinator, NOW) if t.kind == "basis:tender"]
        assert task.link == f"/demand/{basis_id}"
        await done(basis_id, NOW)
        assert "basis:tender" not in {t.kind for t in await tasks.open_tasks(coordinator, NOW)}


async def test_a_signature_is_not_reported_by_a_note() -> None:
    award = await an_award()
    await contract_service.draft_from_award(award.contract_manager, award.id, now=AT)
    found = await tasks.open_tasks(award.contract_manager, AT)
    assert {t.is_by_hand for t in found if t.kind == "contract:sign-buyer"} == {False}
