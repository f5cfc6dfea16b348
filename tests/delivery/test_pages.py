"""What a person can do with groups, on the pages."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest

from procure.db import connection
from procure.delivery import queries, service
from procure.delivery.schemas import VisitDraft
from procure.delivery.service.sheet import SHEET
from procure.documents.queries import read_papers
from procure.kernel.actors import Actor, Role
from procure.web.templates import environment
from tests.builders.contracts import a_contract
from tests.builders.delivery import (
    DAYS,
    OVER_AT,
    PLANNED_AT,
    Group,
    a_client_request,
    a_group,
    a_participant,
    a_planned_group,
    a_venue,
    an_employer,
    basis_of,
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
        shown = await browser.get(saved.headers["location"])
        assert "The day&#39;s attendance is saved." in shown.text
        assert "app-mark--excused" in shown.text
        assert "1 of 60 days" in shown.text
        assert "Enter attendance of" not in shown.text, "2 September is still to come"
        assert "the next training day is 2 Sept 2025" in shown.text
        assert "from 2 Sept 2025 on" in (await browser.get("/groups")).text
        assert "is saved" not in (await browser.get(f"/groups/{group.id}?saved=nonsense")).text
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
        assert "Import attendance" not in shown
        assert "Record a visit" not in shown
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
        ).status_code == 200
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


async def test_a_group_that_cannot_start_says_why_and_has_no_button() -> None:
    group = await a_planned_group()
    await set_clock(PLANNED_AT)
    async with client_as(group.contract_manager) as browser:
        shown = (await browser.get(f"/groups/{group.id}")).text
        assert "Start the group" not in shown
        assert "The group cannot be started yet. The group&#39;s first day is 1 Sept 2025." in shown
        assert "Nobody has been referred to the group." in shown
        refused = await browser.send_form(f"/groups/{group.id}/start", {})
        assert refused.status_code == 422
        assert "Nobody has been referred to the group" in refused.text
        await a_participant(group)
        await set_clock(evening(DAYS[0]))
        assert "Start the group" in (await browser.get(f"/groups/{group.id}")).text
        started = await browser.send_form(f"/groups/{group.id}/start", {})
        shown = (await browser.get(started.headers["location"])).text
        assert "The group has started." in shown
        assert "Complete the group" not in shown
        assert "last day is 18 Dec 2025" in shown


async def test_a_correction_of_a_completed_group_says_what_it_changes_first() -> None:
    group, ids = await the_group()
    await set_clock(OVER_AT)
    who, path = ids["CL-90001"], f"/groups/{group.id}/attendance/2025-12-18"
    sheet = await queries.read_day(group.facilitator, group.id, DAYS[59], OVER_AT)
    same = {f"mark-{row.participant_id}": row.mark.mark for row in sheet.rows if row.mark}
    typed = {**same, f"mark-{who}": "excused"}
    async with client_as(group.facilitator) as browser:
        opened = (await browser.get(path)).text
        assert "its sheet is signed and its days may be paid" in opened
        assert "Save the day" not in opened
        warned = await browser.send_form(path, typed)
        assert warned.status_code == 200
        assert "CL-90001: payable days 54 before, 55 after" in warned.text
        assert "Payable days of the group: 573 before, 574 after." in warned.text
        assert (await queries.group_delivery(group.id)).payable_days_count == 573
        seen = re.search(r'name="seen" value="([0-9a-f]{64})"', warned.text)
        assert seen is not None
        other = {**typed, f"mark-{who}": "present", "seen": seen[1], "reason": "Not seen so."}
        assert "What this correction changes" in (await browser.send_form(path, other)).text
        bare = await browser.send_form(path, {**typed, "seen": seen[1]})
        assert bare.status_code == 422
        assert "Say why" in bare.text
        assert "payable days 54 before" in bare.text
        given = {**typed, "seen": seen[1], "reason": "The signed list says so."}
        saved = await browser.send_form(path, given)
        shown = (await browser.get(saved.headers["location"])).text
        assert "The correction is saved, with its reason." in shown
        assert ">E*<" in shown
        assert "(before a correction)" in (await _as(group.provider, f"/groups/{group.id}"))
        assert "was Absent; The signed list says so." in (await browser.get(path)).text


async def _as(actor: Actor, path: str) -> str:
    async with client_as(actor) as browser:
        return (await browser.get(path)).text


async def test_a_late_plan_is_confirmed_on_the_page() -> None:
    group, (one, _) = await a_group()
    path = f"/groups/{group.id}/participants/{one}"
    await set_clock(evening(DAYS[0] + timedelta(days=15)))
    async with client_as(group.facilitator) as browser:
        typed = {"kind": "individual", "agreed_on": "2025-09-01", "goal": "Work near home."}
        saved = await browser.send_form(f"{path}/plans", typed)
        shown = (await browser.get(saved.headers["location"])).text
        assert "it counts once the buyer&#39;s side confirms it" in shown
        assert "entered 15 days later" in shown
        assert "in time for milestone M1" not in shown
        assert "Confirm the plan" not in shown
        assert "waits for the buyer" in (await browser.get(f"/groups/{group.id}")).text
        (plan,) = (
            (await queries.read_group(group.facilitator, group.id, OVER_AT))
            .participants[0 if (await _first(group)) == one else 1]
            .plans
        )
        mine = await browser.send_form(
            f"/groups/{group.id}/plans/{plan.id}/confirm", {"confirmation": "It was so."}
        )
        assert mine.status_code == 422
    async with client_as(group.contract_manager) as browser:
        assert "Confirm the plan" in (await browser.get(path)).text
        confirm = f"/groups/{group.id}/plans/{plan.id}/confirm"
        bare = await browser.send_form(confirm, {"confirmation": ""})
        assert bare.status_code == 422
        good = await browser.send_form(confirm, {"confirmation": "I was there."})
        shown = (await browser.get(good.headers["location"])).text
        assert "in time for milestone M1" in shown
        assert "I was there." in shown
        away = await browser.send_form(
            f"/groups/{group.id}/plans/{plan.id}/withdraw", {"withdrawal": "Of another person."}
        )
        shown = (await browser.get(away.headers["location"])).text
        assert "Withdrawn on" in shown
        assert "Of another person." in shown


async def _first(group: Group) -> UUID:
    view = await queries.read_group(group.facilitator, group.id, OVER_AT)
    return view.participants[0].id


async def test_nothing_typed_is_lost_when_another_button_is_refused() -> None:
    group, (one, _) = await a_group()
    await set_clock(evening(DAYS[4]))
    plan = {"kind": "exit", "agreed_on": "2025-09-02", "goal": "Work in the bakery."}
    visit = {
        "visited_on": "2025-09-02",
        "vacancies_count": "4",
        "participant_ids": [str(one)],
        "relevant_ids": [str(one)],
        "result": "Two were invited.",
    }
    company = {"name": "Demo Puit OÜ", "registry_code": "1", "county": "EE-45", "sector": "wood"}
    async with client_as(group.facilitator) as browser:
        path = f"/groups/{group.id}/participants/{one}"
        refused = await browser.send_form(f"{path}/leave", {**plan, "leaves_until": "x"})
        assert refused.status_code == 422
        assert "Work in the bakery." in refused.text
        assert 'value="2025-09-02"' in refused.text
        assert re.search(r'value="exit" checked', refused.text)
        rest = {"leaves_until": "2025-09-08", "reason": "JOB"}
        recorded = await browser.send_form(f"{path}/plans", {**plan, **rest})
        assert "The plan is saved." in recorded.text
        assert 'value="2025-09-08"' in recorded.text
        assert re.search(r'value="JOB" selected', recorded.text)

        add = f"/groups/{group.id}/employers"
        refused = await browser.send_form(add, {**visit, **company})
        assert refused.status_code == 422
        right = {**visit, **company, "registry_code": "19998018"}
        added = await browser.send_form(add, right)
        for text in (refused.text, added.text):
            assert "Two were invited." in text
            assert 'value="4"' in text
            assert text.count(" checked") == 2
        (employer,) = await queries.list_employers(group.facilitator, group.id)
        assert re.search(rf'value="{employer.id}" selected', text)
        assert "The employer is added and chosen below." in text


async def test_those_it_was_bought_for_come_first_and_several_are_referred_at_once() -> None:
    group = await a_planned_group()
    for ref, more in (("CL-a", {}), ("CL-b", {}), ("CL-late", {"earliest_start_on": DAYS[9]})):
        await a_client_request(group.consultant, client_ref=ref, **more)
    await basis_of(group)
    await a_client_request(group.consultant, client_ref="CL-et", language="et")
    await set_clock(PLANNED_AT)
    path = f"/groups/{group.id}/refer"
    found = {c.client_ref: c for c in await queries.candidates(group.consultant, group.id)}
    assert [c.client_ref for c in found.values()][-1] == "CL-et"
    assert {ref: list(c.unlike) for ref, c in found.items()} == {
        "CL-a": [],
        "CL-b": [],
        "CL-late": ["later"],
        "CL-et": ["language"],
    }
    async with client_as(group.consultant) as browser:
        form = (await browser.get(path)).text
        assert form.index("This group was bought for them") < form.index("Others who wait")
        assert "the group is in Russian" in form
        none = await browser.send_form(path, {"joins_on": "2025-09-01"})
        assert "Choose at least one person." in none.text
        both = [str(found[ref].id) for ref in ("CL-a", "CL-b")]
        good = await browser.send_form(path, {"request_id": both, "joins_on": "2025-09-01"})
        assert "The referral is saved." in (await browser.get(good.headers["location"])).text
        view = await queries.read_group(group.consultant, group.id, PLANNED_AT)
        assert {p.client_ref for p in view.participants} == {"CL-a", "CL-b"}


async def test_referring_stops_at_the_first_who_finds_no_place() -> None:
    group = await a_planned_group(places_count=1)
    ids = [await a_client_request(group.consultant, client_ref=f"CL-{n}") for n in (1, 2)]
    await set_clock(PLANNED_AT)
    typed = {"request_id": [str(one) for one in ids], "joins_on": "2025-09-01"}
    async with client_as(group.consultant) as browser:
        stopped = await browser.send_form(f"/groups/{group.id}/refer", typed)
        assert stopped.status_code == 422
        assert "CL-1 referred; then it stopped at CL-2." in stopped.text
        assert "All 1 places are taken" in stopped.text
        assert re.search(rf'value="{ids[1]}" checked', stopped.text)
        assert str(ids[0]) not in stopped.text


async def test_what_a_caseworker_may_not_see_is_said_to_be_hidden() -> None:
    group, (one, two) = await a_group()
    employer = await an_employer(group.call_off.framework.award.coordinator)
    visit = VisitDraft(employer, DAYS[0], 4, [one, two], [one], "Two were invited.")
    await service.record_visit(group.facilitator, group.id, visit, now=evening(DAYS[0]))
    await set_clock(evening(DAYS[0]))
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    shown = await _as(caseworker, f"/groups/{group.id}")
    assert "Nobody has been referred yet" not in shown
    assert "2 more are or were in this group and are not shown to you." in shown
    assert "2 not shown to you" in shown
    assert "nobody" not in shown
    assert "CL-8" not in shown
    everyone = await _as(group.consultant, f"/groups/{group.id}")
    assert "not shown to you" not in everyone
    assert f"/outcomes?group_id={group.id}" in everyone
    manager = await _as(group.contract_manager, f"/groups/{group.id}")
    assert f"/claims?group_id={group.id}" in manager
    person = await _as(group.contract_manager, f"/groups/{group.id}/participants/{one}")
    assert f"/outcomes?participant_id={one}" in person


async def test_a_dot_means_no_mark_and_a_dash_means_not_in_the_group() -> None:
    group, _ = await the_group()
    (paper,) = await read_papers(group.provider, [group.id])
    async with connection() as c:
        facts = await c.fetchval("SELECT facts FROM paper WHERE id = $1", paper.id)
    template = environment().get_template(SHEET)
    sheet = template.render(facts=json.loads(facts), ordered_at=OVER_AT)
    shown = await _as(group.provider, f"/groups/{group.id}")
    assert "·" not in sheet.replace(" · ", "")
    for text in (sheet, shown):
        assert re.search(r"–( |</span> )not in the group", text, re.IGNORECASE)
