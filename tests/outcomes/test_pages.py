"""What a person can do with outcomes, on the pages."""

import pytest

from procure.kernel.actors import Role
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
