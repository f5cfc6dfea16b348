"""Tenders as pages: what each person sees and can do next; what was typed comes back."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from procure.kernel.actors import Role
from procure.kernel.canonical import canonical
from procure.tenders import queries
from procure.tenders.pages.draft_form import draft_from, form_of
from procure.tenders.states import TenderState
from procure.web.forms import Form
from tests.builders.demand import a_basis
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import (
    DEADLINE_AT,
    DRAFTED_AT,
    a_draft,
    a_drafted_tender,
    a_published_tender,
    an_officer,
)
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")


def seen(text: str) -> str:
    """Return a page as a person reads it: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def fields(**overrides: Any) -> dict[str, Any]:
    return form_of(a_draft(**overrides)).values


def test_a_draft_survives_its_form() -> None:
    draft = a_draft(reference="2024-0009")
    assert canonical(draft_from(Form(form_of(draft).values))) == canonical(draft)


async def test_the_public_sees_open_tenders_and_the_time_that_is_left() -> None:
    tender = await a_published_tender()
    await set_clock(DEADLINE_AT - timedelta(days=2, hours=1, minutes=-1))
    async with client_as(None) as client:
        listed = await client.get("/tenders")
        assert listed.status_code == 200
        assert "2 days 0 hours left" in seen(listed.text)
        assert f"/tenders/{tender.id}" in listed.text
        notice = await client.get(f"/tenders/{tender.id}")
    text = seen(notice.text)
    assert notice.status_code == 200
    assert "On time means before 10:00:00.000" in text
    assert "253,440.00" in text  # the value of lot 3
    assert "A mean below 3 is not evaluated further." in text
    assert "a price twice as high half of them" in text
    assert "RHS § 120" in text
    assert "Publish now" not in text
    assert "Cancel this tender" not in text
    assert f"/tenders/{tender.id}/bid" not in notice.text  # nobody is signed in


async def test_there_is_something_to_read_when_there_is_no_tender() -> None:
    async with client_as(None) as client:
        assert "Nothing is out to tender" in seen((await client.get("/tenders")).text)
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        assert "Draft a tender" in seen((await client.get("/tenders")).text)


async def test_a_bidder_is_led_to_the_bid_until_the_deadline() -> None:
    tender = await a_published_tender()
    bidder = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    async with client_as(bidder) as client:
        assert f"/tenders/{tender.id}/bid" in (await client.get(f"/tenders/{tender.id}")).text
        await set_clock(DEADLINE_AT)
        after = (await client.get(f"/tenders/{tender.id}")).text
    assert f'href="/tenders/{tender.id}/bid"' not in after
    assert "The deadline has passed" in seen(after)


async def test_a_coordinator_drafts_on_a_page_and_reads_the_consequences() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    tender = await a_drafted_tender(coordinator)  # for the catalogue, clock and officers
    keyholders = [officer.actor.id for officer in tender.officers]
    async with client_as(coordinator) as client:
        form = await client.get("/tenders/new")
        assert form.status_code == 200
        assert "Save the draft" in seen(form.text)

        made = await client.send_form("/tenders", fields(keyholder_ids=keyholders))
        assert made.status_code == 303, seen(made.text)
        path = made.headers["location"]
        text = seen((await client.get(path)).text)
        assert "This is a draft. Only your organisation sees it." in text
        assert "without 2 of them nobody ever reads the bids" in text

        published = await client.send_form(f"{path}/publish", {})
        assert published.status_code == 303
        assert "until the deadline" in seen((await client.get(path)).text)
        # What is published has no form any more.
        assert (await client.get(f"{path}/edit")).status_code == 303


async def test_a_form_with_faults_comes_back_with_what_was_typed() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    await a_drafted_tender(coordinator)
    typed = fields(title="A title that stays", keyholder_ids=[])
    typed |= {
        "criteria.0.weight": "39,5",
        "lots.0.unit_price": "-22",
        "lots.0.groups_count": "many",
        "deadline_at": "tomorrow",
    }
    async with client_as(coordinator) as client:
        back = await client.send_form("/tenders", typed)
    text = seen(back.text)
    assert back.status_code == 422
    assert "many is not a whole number." in text
    assert "tomorrow is not a date and time" in text
    # What the rules find besides comes at once, save where an unreadable field may have caused it.
    assert "these add up to 99.5" in text
    assert "Bids are opened by at least 2 people together" in text
    assert 'href="#field-lots.0.unit_price"' not in back.text
    assert 'value="A title that stays"' in back.text
    assert 'value="39,5"' in back.text
    assert 'value="-22"' in back.text
    assert [t.state for t in await queries.list_tenders(coordinator, now=DRAFTED_AT)] == ["draft"]

    # Read whole, the rules speak of every field.
    typed |= {
        "lots.0.groups_count": "16",
        "deadline_at": "2024-02-08T10:00",
        "criteria.3.table": "0: 0\nfive",
    }
    async with client_as(coordinator) as client:
        again = await client.send_form("/tenders", typed)
        assert "five is not a line such as 12: 5" in seen(again.text)
        typed["criteria.3.table"] = "0: 0\n12: 5"
        last = await client.send_form("/tenders", typed)
    text = seen(last.text)
    assert last.status_code == 422
    assert "these add up to 99.5" in text
    assert 'href="#field-lots.0.unit_price"' in last.text
    assert "Bids are opened by at least 2 people together" in text


async def test_a_row_more_is_given_and_an_empty_one_left_out() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    tender = await a_drafted_tender(coordinator)
    keyholders = [officer.actor.id for officer in tender.officers]
    typed = fields(keyholder_ids=keyholders)
    async with client_as(coordinator) as client:
        more = await client.send_form("/tenders", {**typed, "more": "lots"})
        assert more.status_code == 200
        assert 'name="lots.2.code"' in more.text
        assert 'name="criteria.4.code"' not in more.text
        empty = {"lots.2.code": "", "lots.2.title": "", "lots.2.unit_price": ""}
        made = await client.send_form("/tenders", {**typed, **empty})
    assert made.status_code == 303
    tender_id = made.headers["location"].rsplit("/", 1)[1]
    assert len((await queries.read_tender(coordinator, tender_id)).lots) == 2


async def test_a_draft_is_edited_in_the_form_it_was_made_in() -> None:
    tender = await a_drafted_tender()
    path = f"/tenders/{tender.id}/edit"
    async with client_as(tender.coordinator) as client:
        form = await client.get(path)
        assert 'value="Ida-Viru, Russian"' in form.text
        typed = fields(keyholder_ids=[o.actor.id for o in tender.officers], title="New title")
        assert (await client.send_form(path, typed)).status_code == 303
        await client.send_form(f"/tenders/{tender.id}/publish", {})
        late = await client.send_form(path, typed)
    assert late.status_code == 422
    assert "Cannot redraft what is published" in seen(late.text)
    facts = await queries.tender_facts(tender.id)
    assert (facts.title, facts.state) == ("New title", TenderState.PUBLISHED)


async def test_a_tender_is_drafted_from_a_basis() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    await an_officer(coordinator.org_id)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    await set_clock(now)
    basis_id = await a_basis(await an_actor(Role.CONSULTANT, org=coordinator.org_id))
    async with client_as(coordinator) as client:
        form = await client.get(f"/tenders/new?basis_id={basis_id}&waves=3")
    assert form.status_code == 200
    assert f'name="basis_id" value="{basis_id}"' in form.text
    assert 'name="lots.0.groups_count" type="text" value="3"' in form.text
    assert 'name="lots.1.code"' not in form.text


async def test_a_refused_publication_says_why_on_the_draft() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    keyless = [await an_actor(Role.OFFICER, org=coordinator.org_id) for _ in range(2)]
    tender = await a_drafted_tender(coordinator, keyholder_ids=[actor.id for actor in keyless])
    async with client_as(coordinator) as client:
        back = await client.send_form(f"/tenders/{tender.id}/publish", {})
    assert back.status_code == 422
    assert f"{keyless[0].name} has made no opening key yet" in seen(back.text)


async def test_a_cancellation_asks_for_a_ground_and_shows_it_to_everyone() -> None:
    tender = await a_published_tender()
    path = f"/tenders/{tender.id}/cancel"
    async with client_as(tender.coordinator) as client:
        back = await client.send_form(path, {"ground": "", "text": "A reason that stays typed."})
        assert back.status_code == 422
        assert "Choose a ground of the list." in seen(back.text)
        assert "A reason that stays typed." in back.text
        done = await client.send_form(path, {"ground": "ins-fund", "text": "The budget was cut."})
        assert done.status_code == 303
    async with client_as(None) as client:
        notice = await client.get(f"/tenders/{tender.id}")
    assert "Cancelled: ins-fund: The budget was cut." in seen(notice.text)


async def test_who_may_not_draft_sees_no_form() -> None:
    async with client_as(await an_actor(Role.AUDITOR)) as client:
        assert (await client.get("/tenders/new")).status_code == 403
        assert (await client.send_form("/tenders", fields())).status_code == 403
    async with client_as(None) as client:
        assert (await client.get("/tenders/new")).status_code == 303


async def test_every_field_of_the_form_has_a_name_for_the_ear() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    tender = await a_drafted_tender(coordinator)
    async with client_as(coordinator) as client:
        form = (await client.get(f"/tenders/{tender.id}/edit")).text
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', form))

    def is_named(tag: str) -> bool:
        found = re.search(r' id="([^"]+)"', tag)
        return "aria-label=" in tag or (found is not None and found[1] in labelled)

    tags = re.findall(r"<(?:input|select|textarea)[^>]*>", form)
    assert [tag for tag in tags if 'type="hidden"' not in tag and not is_named(tag)] == []
