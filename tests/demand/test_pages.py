import csv
import io
import re

import pytest

from procure.demand import queries, service
from procure.demand.schemas import RequestFilter
from procure.kernel.actors import Actor, Role
from tests.builders.demand import SERVICE, a_basis, a_request
from tests.builders.identity import NOW, an_actor, set_clock
from tests.client import client_as
from tests.demand.test_service import a_file

pytestmark = pytest.mark.usefixtures("the_day")

FORM = {
    "client_ref": "CL-00777",
    "bureau": "B-45-1",
    "caseworker_ref": "CW-45-1",
    "service_code": SERVICE,
    "language": "ru",
    "earliest_start_on": "2026-12-01",
    "risk_band": "C",
    "barriers": ["HOUSING", "ROUTINE"],
    "needs_transport": "1",
    "suitability": "refer-to-municipality",
}


@pytest.fixture
async def the_day(consultant: Actor) -> None:
    await set_clock(NOW)


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found
    return found.group(1).strip()


async def test_the_first_list_says_what_to_do(caseworker: Actor) -> None:
    async with client_as(caseworker) as client:
        page = await client.get("/requests")
    assert page.status_code == 200, page.text
    assert heading(page.text) == "My requests"
    assert "You have recorded no request yet." in page.text
    assert 'href="/requests/new"' in page.text


async def test_a_request_is_recorded_by_the_form(caseworker: Actor) -> None:
    async with client_as(caseworker) as client:
        blank = await client.get("/requests/new")
        answer = await client.send_form("/requests/new", FORM)
        assert answer.status_code == 303, answer.text
        page = await client.get(answer.headers["location"])
        next_form = await client.get("/requests/new")
    assert blank.status_code == 200
    [request] = (await queries.list_requests(caseworker, RequestFilter())).items
    assert (request.county, request.source, request.risk_band) == ("EE-45", "form", "C")
    assert request.barriers == ["HOUSING", "ROUTINE"]
    assert (request.needs_transport, request.needs_childcare) == (True, False)
    assert request.suitability == "refer-to-municipality"
    assert "The request is recorded." in page.text
    assert "Waits for the next analysis of demand." in page.text
    # What the system knows already is filled in; what belongs to one client is not.
    assert 'value="CW-45-1"' in next_form.text
    assert re.search(r'value="B-45-1" selected', next_form.text)
    assert "CL-00777" not in next_form.text


async def test_a_wrong_form_comes_back_with_what_was_typed(caseworker: Actor) -> None:
    wrong = {**FORM, "client_ref": "37605030299", "earliest_start_on": "2026-10-01"}
    async with client_as(caseworker) as client:
        page = await client.send_form("/requests/new", wrong)
        empty = await client.send_form("/requests/new", {})
    assert page.status_code == 422
    assert "This is a personal identification code." in page.text
    assert "The earliest start 1 Oct 2026 is before the request was made" in page.text
    assert 'value="2026-10-01"' in page.text
    assert re.search(r'value="HOUSING" checked', page.text)
    assert re.search(r'value="B-45-1" selected', page.text)
    assert empty.status_code == 422
    for field in ("bureau", "client_ref", "risk_band", "suitability", "earliest_start_on"):
        assert f'href="#field-{field}"' in empty.text
    assert "<strong>Risk band:</strong> " in empty.text
    assert (await queries.list_requests(caseworker, RequestFilter())).items == []


async def test_a_client_recorded_twice_is_linked_and_acknowledged(caseworker: Actor) -> None:
    earlier = await a_request(caseworker, reference="R-1", client_ref="CL-00777")
    async with client_as(caseworker) as client:
        warned = await client.send_form("/requests/new", FORM)
        recorded = await client.send_form("/requests/new", {**FORM, "acknowledge_duplicate": "1"})
    assert warned.status_code == 422
    assert f'href="/requests/{earlier}"' in warned.text
    assert 'name="acknowledge_duplicate"' in warned.text
    assert recorded.status_code == 303, recorded.text


async def test_a_caseworkers_own_come_first_and_everyones_are_a_choice_away(
    caseworker: Actor,
) -> None:
    colleague = await an_actor(Role.CASEWORKER, org=caseworker.org_id)
    await a_request(caseworker, reference="MINE-1")
    await a_request(colleague, reference="THEIRS-1", county="EE-45", bureau="B-45-1")
    async with client_as(caseworker) as client:
        mine = (await client.get("/requests")).text
        everyones = (await client.get("/requests?whose=all")).text
        of_county = (await client.get("/requests?whose=all&county=EE-45")).text
        placed = (await client.get("/requests?whose=all&state=placed")).text
    assert ("MINE-1" in mine, "THEIRS-1" in mine) == (True, False)
    assert ("MINE-1" in everyones, "THEIRS-1" in everyones) == (True, True)
    assert ("MINE-1" in of_county, "THEIRS-1" in of_county) == (False, True)
    assert "No request fits." in placed


async def test_the_consultant_sees_everyones_first(caseworker: Actor, consultant: Actor) -> None:
    await a_request(caseworker, reference="MINE-1")
    async with client_as(consultant) as client:
        page = await client.get("/requests")
    assert "MINE-1" in page.text


async def test_a_long_list_goes_on(caseworker: Actor) -> None:
    for number in range(51):
        await a_request(caseworker, reference=f"N-{number}")
    async with client_as(caseworker) as client:
        first = (await client.get("/requests")).text
        link = re.search(r'href="(/requests\?[^"]*before=[^"]*)"', first)
        assert link
        rest = (await client.get(link.group(1).replace("&amp;", "&"))).text
    assert ">N-50<" in first
    assert ">N-0<" not in first
    assert ">N-0<" in rest


async def test_the_list_as_csv_can_be_imported_and_runs_no_formula(
    caseworker: Actor, consultant: Actor
) -> None:
    request_id = await a_request(caseworker, reference="R-1")
    await service.refuse_request(consultant, request_id, "=HYPERLINK(1)", NOW)
    async with client_as(caseworker) as client:
        answer = await client.get("/requests/export?whose=all")
        columns = await client.get("/requests/columns")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert (row["reference"], row["state"], row["barriers"]) == ("R-1", "refused", "ROUTINE")
    assert row["why"] == "Refused: =HYPERLINK(1)"
    assert columns.text.strip().endswith("earliest_start_on,suitability")
    stranger = await an_actor(Role.CASEWORKER)
    report = await service.import_requests(
        stranger, answer.content, "r.csv", take_good=False, now=NOW
    )
    assert report.taken_count == 1, report.findings


async def test_a_file_is_imported(caseworker: Actor) -> None:
    wrong = a_file({}, {"county": "EE-99"})
    async with client_as(caseworker) as client:
        blank = await client.get("/requests/import")
        stopped = await client.send_form("/requests/import", {}, files={"file": ("f.csv", wrong)})
        taken = await client.send_form(
            "/requests/import", {"take_good": "1"}, files={"file": ("f.csv", wrong)}
        )
        none = await client.send_form("/requests/import", {}, files={"x": ("f.csv", b"x")})
        other = await client.send_form("/requests/import", {}, files={"file": ("f.exe", b"x")})
    assert blank.status_code == 200
    assert "divided by | , ; or a space" in blank.text
    assert "<code>B-45-1</code>" in blank.text
    assert 'data-label="Row"' in stopped.text
    assert "Nothing was recorded" in stopped.text
    assert "EE-99 is not a county; use a code such as EE-37." in stopped.text
    assert "Recorded: 1 of 2" in taken.text
    assert (none.status_code, "Choose a file." in none.text) == (422, True)
    assert (other.status_code, "The file must end in" in other.text) == (422, True)


async def test_demand_is_analysed_kept_and_set_aside(consultant: Actor) -> None:
    for _ in range(9):
        await a_request(consultant)
    async with client_as(consultant) as client:
        now = await client.get("/demand")
        nameless = await client.send_form("/demand", {"service_code": SERVICE})
        kept = await client.send_form("/demand", {"service_code": SERVICE, "name": "Autumn 2026"})
        assert kept.status_code == 303, kept.text
        basis = await client.get(kept.headers["location"])
        listed = await client.get("/demand")
        back = await client.send_form(f"{kept.headers['location']}/give-back", {})
        aside = await client.get(back.headers["location"])
    assert now.status_code == 200, now.text
    assert "groups of 8 to 12 can start" in now.text
    assert nameless.status_code == 422
    assert "Fill this in." in nameless.text
    assert heading(basis.text) == "Autumn 2026"
    assert "In group 1 of area L05, with 8 others." in basis.text
    assert "/tenders/new" not in basis.text  # a consultant drafts no tenders
    assert "Autumn 2026" in listed.text
    assert "This analysis was set aside" in aside.text


async def test_the_coordinator_goes_on_to_a_tender(consultant: Actor) -> None:
    basis_id = await a_basis(consultant)
    coordinator = await an_actor(Role.COORDINATOR, org=consultant.org_id)
    async with client_as(coordinator) as client:
        page = await client.get(f"/demand/{basis_id}")
        await service.mark_tendered(basis_id, NOW)
        later = await client.get(f"/demand/{basis_id}")
    assert f'href="/tenders/new?basis_id={basis_id}"' in page.text
    assert f'href="/tenders/new?basis_id={basis_id}"' not in later.text


async def test_a_request_is_refused_on_its_page(consultant: Actor) -> None:
    request_id = await a_request(consultant)
    async with client_as(consultant) as client:
        empty = await client.send_form(f"/requests/{request_id}/refuse", {"reason": " "})
        done = await client.send_form(f"/requests/{request_id}/refuse", {"reason": "Found work."})
        page = await client.get(f"/requests/{request_id}")
        again = await client.send_form(f"/requests/{request_id}/refuse", {"reason": "Once more."})
    assert (empty.status_code, done.status_code, again.status_code) == (422, 303, 409)
    assert "Refused: Found work." in page.text
    assert "Refuse this request" not in page.text


@pytest.mark.parametrize("path", ["/requests", "/requests/new", "/requests/import", "/demand"])
async def test_who_may_not_see_a_page(path: str) -> None:
    async with client_as(await an_actor(Role.FACILITATOR, kind="provider")) as client:
        answer = await client.get(path)
    assert answer.status_code == 403
    async with client_as(None) as client:
        answer = await client.get(path)
    assert answer.headers["location"].startswith("/sign-in")


async def test_what_was_typed_is_shown_and_never_run(consultant: Actor) -> None:
    for _ in range(8):
        await a_request(consultant)
    evil = "<script>alert(1)</script>"
    async with client_as(consultant) as client:
        kept = await client.send_form("/demand", {"service_code": SERVICE, "name": evil})
        page = await client.get(kept.headers["location"])
    assert evil not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
