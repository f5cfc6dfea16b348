"""What a person can do with outcomes, on the pages."""

import re

import pytest

from procure.catalogue.queries import definitions_on
from procure.kernel.actors import Role
from procure.tasks.queries import tasks_of
from procure.web.languages import COOKIE, said, speak
from procure.web.templates import environment
from procure.web.terms import TERMS
from tests.builders.identity import an_actor, set_clock
from tests.builders.outcomes import Register, a_spell, confirm, report
from tests.client import client_as
from tests.outcomes.test_api import NOW, a_small_group
from tests.outcomes.test_service import START

pytestmark = pytest.mark.usefixtures("db")


async def test_a_provider_reports_and_sees_where_it_stands() -> None:
    group, ref = await a_small_group()
    typed = {
        "client_ref": f"{group.id} {ref}",
        "definition": "EMP_START",
        "outcome_on": "2026-02-01",
        "note": "Packer, full time.",
    }
    async with client_as(group.provider) as browser:
        empty = await browser.get("/outcomes")
        assert "No outcomes here" in empty.text
        assert "Report an outcome" in empty.text
        refused = await browser.send_form("/outcomes", typed)
        assert refused.status_code == 422
        assert "is still to come" in refused.text
        assert 'value="Packer, full time."' in refused.text
        assert 'value="2026-02-01"' in refused.text
        none = await browser.send_form("/outcomes", {})
        assert none.status_code == 422
        assert "Choose one of the list." in none.text
        done = await browser.send_form("/outcomes", {**typed, "outcome_on": "13.10.2025"})
        assert done.status_code == 303
        shown = await browser.get(done.headers["location"])
        assert "The provider reports it since" in shown.text
        assert "Record evidence" not in shown.text
        assert ref in (await browser.get("/outcomes?state=claimed")).text
    async with client_as(await an_actor(Role.CASEWORKER, org=group.buyer_id)) as browser:
        assert ref not in (await browser.get("/outcomes")).text
        assert (await browser.get(done.headers["location"])).status_code == 404


async def test_the_buyer_records_evidence() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    async with client_as(group.contract_manager) as browser:
        path = f"/outcomes/{outcome_id}/evidence"
        refused = await browser.send_form(path, {"source": "caseworker", "note": "Spoke to both."})
        assert refused.status_code == 422
        assert "Spoke to both." in refused.text
        given = {"source": "caseworker", "note": "Spoke to both.", "supports": "yes"}
        assert (await browser.send_form(path, given)).status_code == 303
        shown = await browser.get(f"/outcomes/{outcome_id}")
        assert "Confirmed by caseworker: Spoke to both." in shown.text
        assert "Ask the employment register" in shown.text


async def test_the_registers_answer_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    group, ref = await a_small_group()
    for definition in ("EMP_START", "EMP_SUST_90"):
        await confirm(group, await report(group, ref, definition, START, NOW), NOW)
    await set_clock(NOW)
    answers = Register(a_spell(START, START, client_ref=ref))
    monkeypatch.setattr(
        "procure.app.HttpEmploymentRegister.spells", lambda _, asked: answers.spells(asked)
    )
    async with client_as(group.contract_manager) as browser:
        shown = await browser.send_form("/outcomes/register-check", {"group_id": str(group.id)})
        assert shown.status_code == 200
        assert "The job ended after 1 of 90 days" in shown.text
        assert "(was: Verified)" in shown.text
        assert (await browser.send_form("/outcomes/register-check", {})).status_code == 422


async def test_a_register_that_is_down_is_said_on_the_page() -> None:
    group, ref = await a_small_group()
    await report(group, ref, "EMP_START", START, NOW)
    async with client_as(group.contract_manager) as browser:
        shown = await browser.send_form("/outcomes/register-check", {"group_id": str(group.id)})
        assert shown.status_code == 422
        assert "PROCURE_EMPLOYMENT_REGISTER_URL" in shown.text


PDF = b"%PDF-1.7 a certificate"


async def test_a_provider_adds_a_file_and_takes_a_mistake_back() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    path = f"/outcomes/{outcome_id}"
    async with client_as(group.provider) as browser:
        shown = (await browser.get(path)).text
        assert "nobody has decided yet" in shown
        assert "Decided by" not in shown
        assert "<title>Started employment, " in shown
        add = f"{path}/attachments"
        bare = await browser.send_form(add, {"note": ""}, files={"file": ("a.pdf", PDF)})
        assert bare.status_code == 422
        odd = {"file": ("a.pdf", b"<html>")}
        wrong = await browser.send_form(add, {"note": "A letter."}, files=odd)
        assert "must be a PDF or a picture" in wrong.text
        assert "A letter." in wrong.text
        good = await browser.send_form(add, {"note": "A letter."}, files={"file": ("a.pdf", PDF)})
        shown = (await browser.get(good.headers["location"])).text
        assert "The evidence is saved." in shown
        assert "The provider adds: A letter." in shown
        assert "Claimed" in shown, "the provider's file verifies nothing"
        link = re.search(rf"{path}/evidence/[0-9a-f-]+", shown)
        assert link is not None
        words = await browser.send_form(add, {"note": "Only words."})
        assert words.status_code == 303
    async with client_as(group.contract_manager) as buyer:
        file = await buyer.get(link[0])
        assert file.content == PDF
        assert 'filename="a.pdf"' in file.headers["content-disposition"]
        assert "Take the report back" not in (await buyer.get(path)).text
        assert (await buyer.send_form(f"{path}/withdraw", {"reason": "No."})).status_code == 403
    async with client_as(await an_actor(Role.FACILITATOR, kind="provider")) as stranger:
        assert (await stranger.get(link[0])).status_code == 404
        assert (
            await stranger.send_form(f"{path}/withdraw", {"reason": "Mine."})
        ).status_code == 404
    async with client_as(group.provider) as browser:
        bare = await browser.send_form(f"{path}/withdraw", {"reason": ""})
        assert bare.status_code == 422
        back = await browser.send_form(f"{path}/withdraw", {"reason": "Another person's job."})
        shown = (await browser.get(back.headers["location"])).text
        assert "The provider took it back: Another person&#39;s job." in shown
        assert "Add to the report" not in shown
        again = await browser.send_form(f"{path}/withdraw", {"reason": "Twice."})
        assert again.status_code == 422
    await report(group, ref, "EMP_START", START, NOW)


async def test_options_are_in_the_language_of_who_reads() -> None:
    group, _ = await a_small_group()
    async with client_as(group.provider) as browser:
        for code, word in (("et", "Kinnitatud"), ("en", "Verified"), ("et", "Kinnitatud")):
            browser.cookies.set(COOKIE, code)
            shown = (await browser.get("/outcomes")).text
            assert re.search(rf'<option value="verified"[^>]*>{word}<', shown), code


def test_what_is_constant_in_a_template_is_not_translated_once_for_all() -> None:
    template = environment().from_string('{{ "verified" | term }}')
    shown = []
    for code in ("en", "et"):
        speak(code)
        shown.append(template.render())
    speak("en")
    assert shown == ["Verified", "Kinnitatud"]


async def test_the_outcomes_of_one_participant_are_listed() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    async with client_as(group.provider) as browser:
        view = (await browser.get(f"/api/v1/outcomes/{outcome_id}")).json()
        mine = await browser.get(f"/outcomes?participant_id={view['participant_id']}")
        assert ref in mine.text
        none = await browser.get(f"/outcomes?participant_id={group.id}")
        assert "No outcomes here" in none.text


async def test_a_task_names_the_definition_in_words() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    (task,) = await tasks_of(group.contract_manager, outcome_id, NOW)
    assert said(task.text, task.values) == f"Look at a report of {ref}: started employment."
    for definition in await definitions_on(NOW.date()):
        assert TERMS[definition.code] == definition.name.en
