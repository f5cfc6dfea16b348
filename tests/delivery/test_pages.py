"""What a person can do with groups, on the pages."""

import re

import pytest

from procure.delivery import queries
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


async def test_a_group_is_planned_with_days_off() -> None:
    call_off = await a_contract()
    venue = await a_venue(call_off.framework.award.coordinator)
    await set_clock(PLANNED_AT)
    typed = {
        "contract_id": str(call_off.contract_id),
        "code": "G-2025-07",
        "venue_id": str(venue),
        "places_count": "12",
        "facilitators": [str(who) for who in call_off.partner.facilitator_ids],
        "first_day": "2025-09-01",
        "weekdays": ["0", "1", "2", "3"],
        "free_days": "20.10.2025–23.10.2025",
    }
    async with client_as(call_off.contract_manager) as browser:
        chosen = await browser.get("/groups/new")
        assert "K-2025-01" in chosen.text
        form = await browser.get("/groups/new", params={"contract_id": str(call_off.contract_id)})
        assert "Leader 1 (F01)" in form.text
        bad = await browser.send_form("/groups/new", {**typed, "free_days": "next week"})
        assert bad.status_code == 422
        assert "next week is not a date" in bad.text
        assert 'value="G-2025-07"' in bad.text
        made = await browser.send_form("/groups/new", typed)
        assert made.status_code == 303
        shown = await browser.get(made.headers["location"])
        assert "19 Dec 2025" in shown.text
        assert "Nobody has been referred yet" in shown.text


async def test_somebody_is_referred_on_a_page() -> None:
    group = await a_planned_group()
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    request_id = await a_client_request(caseworker, client_ref="CL-mine")
    await a_client_request(group.consultant, client_ref="CL-others")
    await set_clock(PLANNED_AT)
    path = f"/groups/{group.id}/refer"
    async with client_as(caseworker) as browser:
        form = await browser.get(path)
        assert "CL-mine" in form.text
        assert "CL-others" not in form.text
        typed = {"request_id": str(request_id), "joins_on": "2025-12-18", "replaces_id": ""}
        late = await browser.send_form(path, typed)
        assert late.status_code == 422
        assert "Nobody joins after" in late.text
        good = await browser.send_form(path, {**typed, "joins_on": "2025-09-01"})
        assert good.status_code == 303
        assert "CL-mine" in (await browser.get(f"/groups/{group.id}")).text
    async with client_as(group.facilitator) as leading:
        assert (await leading.get(path)).status_code == 403


async def test_a_day_is_entered_on_its_page_and_shown_in_the_matrix() -> None:
    group, (one, two) = await a_group()
    await set_clock(evening(DAYS[0]))
    path = f"/groups/{group.id}/attendance/2025-09-01"
    async with client_as(group.facilitator) as browser:
        start = await browser.get(f"/groups/{group.id}")
        assert "Enter attendance of 1 Sep" in start.text
        empty = await browser.send_form(path, {f"mark-{one}": "present"})
        assert empty.status_code == 422
        assert "has no mark on" in empty.text
        assert re.search(rf'id="mark-{one}-present"[^>]*checked', empty.text)
        filled = await browser.send_form(path, {f"mark-{one}": "excused", "all_present": "1"})
        assert filled.status_code == 200
        assert re.search(rf'id="mark-{one}-excused"[^>]*checked', filled.text)
        assert re.search(rf'id="mark-{two}-present"[^>]*checked', filled.text)
        assert await queries.marks_of(group.id) == [], "nothing is saved by filling in"
        saved = await browser.send_form(path, {f"mark-{one}": "excused", f"mark-{two}": "present"})
        assert saved.status_code == 303
        shown = await browser.get(f"/groups/{group.id}")
        assert "app-mark--excused" in shown.text
        assert "1 of 60 days" in shown.text
    async with client_as(group.consultant) as reader:
        read = await reader.get(path)
        assert "Excused" in read.text
        assert "Save the day" not in read.text
        assert (await reader.send_form(path, {})).status_code == 403


async def test_a_day_to_come_cannot_be_filled_in() -> None:
    group, _ = await a_group()
    await set_clock(evening(DAYS[0]))
    async with client_as(group.facilitator) as browser:
        shown = await browser.get(f"/groups/{group.id}/attendance/2025-09-02")
        assert "still to come" in shown.text
        assert "Save the day" not in shown.text


async def test_the_group_of_the_example_is_told_on_one_page() -> None:
    group, ids = await the_group()
    await set_clock(OVER_AT)
    async with client_as(group.provider) as browser:
        shown = (await browser.get(f"/groups/{group.id}")).text
        assert "46.7%" in shown
        assert "visited before" in shown
        assert shown.count('class="app-mark app-mark--success-vacancy') == 11  # ten and the legend
        assert '<th scope="row"><a class="govuk-link" href' in shown
        one = (await browser.get(f"/groups/{group.id}/participants/{ids['CL-90013']}")).text
        assert "in the place of CL-90011" in one
        assert "in time for milestone M1" in one
        listed = (await browser.get("/groups")).text
        assert "60 of 60 days" in listed


async def test_a_plan_and_a_leaving_come_back_with_what_was_typed() -> None:
    group, (one, _) = await a_group()
    await set_clock(evening(DAYS[4]))
    path = f"/groups/{group.id}/participants/{one}"
    async with client_as(group.facilitator) as browser:
        typed = {"kind": "individual", "agreed_on": "1.1.2025", "goal": "Work near home."}
        bad = await browser.send_form(f"{path}/plans", typed)
        assert bad.status_code == 422
        assert "Work near home." in bad.text
        good = await browser.send_form(f"{path}/plans", {**typed, "agreed_on": "2025-09-02"})
        assert good.status_code == 303
        none = await browser.send_form(f"{path}/leave", {"leaves_until": "", "reason": ""})
        assert none.status_code == 422
        assert "Fill this in" in none.text
        gone = {"leaves_until": "2025-09-02", "reason": "JOB"}
        left = await browser.send_form(f"{path}/leave", gone)
        assert left.status_code == 303
        assert "Found work" in (await browser.get(path)).text
    async with client_as(await an_actor(Role.FACILITATOR, kind="provider")) as stranger:
        assert (await stranger.get(path)).status_code == 404


async def test_a_visit_and_an_unknown_employer_are_recorded() -> None:
    group, (one, two) = await a_group()
    await set_clock(evening(DAYS[4]))
    path = f"/groups/{group.id}/visits/new"
    async with client_as(group.facilitator) as browser:
        assert "Who was there" in (await browser.get(path)).text
        company = {
            "name": "Demo Puit OÜ",
            "registry_code": "19998019",
            "county": "EE-45",
            "sector": "woodworking",
        }
        bad = await browser.send_form(f"/groups/{group.id}/employers", company)
        assert bad.status_code == 422
        assert "right check digit" in bad.text
        company["registry_code"] = "19998018"
        assert (
            await browser.send_form(f"/groups/{group.id}/employers", company)
        ).status_code == 303
        (employer,) = await queries.list_employers(group.facilitator, group.id)
        visit = {
            "employer_id": str(employer.id),
            "visited_on": "2025-09-02",
            "vacancies_count": "4",
            "participant_ids": [str(one)],
            "relevant_ids": [str(two)],
            "result": "Two were invited.",
        }
        wrong = await browser.send_form(path, visit)
        assert wrong.status_code == 422
        assert "relevant only for those who were there" in wrong.text
        visit["relevant_ids"] = [str(one)]
        assert (await browser.send_form(path, visit)).status_code == 303
        assert "Demo Puit OÜ" in (await browser.get(f"/groups/{group.id}")).text


async def test_a_file_with_faults_names_their_rows() -> None:
    group, _ = await a_group()
    await set_clock(evening(DAYS[4]))
    path = f"/groups/{group.id}/attendance/import"
    async with client_as(group.facilitator) as browser:
        assert "day,client_ref,mark" in (await browser.get(path)).text
        content = b"day,client_ref,mark\n2025-09-01,CL-none,present\n"
        refused = await browser.send_form(path, {}, files={"file": ("marks.csv", content)})
        assert refused.status_code == 422
        assert "Row 2:" in refused.text
        wrong = await browser.send_form(path, {}, files={"file": ("marks.pdf", content)})
        assert "The file must end in .csv" in wrong.text


async def test_starting_too_early_says_why() -> None:
    group = await a_planned_group()
    await set_clock(PLANNED_AT)
    async with client_as(group.contract_manager) as browser:
        assert "Start the group" in (await browser.get(f"/groups/{group.id}")).text
        refused = await browser.send_form(f"/groups/{group.id}/start", {})
        assert refused.status_code == 422
        assert "Nobody has been referred to the group" in refused.text
