"""What each role of the buyer does at its desk, driven in a browser as that person would."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from procure.demo.story.material import read
from procure.demo.story.stage import (
    ADMIN,
    AUDITOR,
    CONSULTANT,
    CONTRACT_MANAGER,
    COORDINATOR,
    FINANCE,
    OFFICERS,
)
from procure.dossier.verify import verify
from procure.settings import settings
from tests.journeys.conftest import Demo
from tests.journeys.scene import EVALUATORS, WINNER, Scene
from tests.journeys.walk import Walk

SignIn = Callable[..., Page]
CASEWORKER = "caseworker.johvi@fond.example"


def test_a_caseworker_records_a_request_and_follows_another(sign_in: SignIn) -> None:
    walk = Walk(sign_in(CASEWORKER), "caseworker")
    assert "My requests" in walk.look()

    walk.follow("New request")
    keys = walk.page.keyboard
    walk.page.get_by_label("Client").focus()
    keys.type("Mari Maasikas")
    walk.page.get_by_role("radio", name="B – middle").focus()
    keys.press("Space")
    walk.page.get_by_role("checkbox", name="no work routine").focus()
    keys.press("Space")
    walk.page.get_by_role("button", name="Record the request").focus()
    keys.press("Enter")
    expect(walk.page.get_by_role("alert")).to_be_focused()
    walk.look()
    assert walk.page.get_by_label("Client").input_value() == "Mari Maasikas"
    assert walk.page.get_by_role("radio", name="B – middle").is_checked()
    assert walk.page.get_by_role("checkbox", name="no work routine").is_checked()

    walk.page.get_by_role("alert").get_by_role("link").first.click()
    expect(walk.page.get_by_label("Client")).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("CL-70001")
    keys.press("Enter")
    walk.page.wait_for_url("**/requests/*-*")
    said = walk.look()
    assert "The request is recorded." in said
    assert "CL-70001" in said

    walk.menu("Requests")
    walk.page.get_by_label("Whose").select_option(label="Everyone's")
    walk.page.get_by_label("State").select_option("placed")
    walk.press("Show")
    walk.look()
    row = walk.page.get_by_role("row").filter(has_text="CL-90004")
    row.get_by_role("link").first.click()
    walk.follow("What came of it")
    said = walk.look()
    for link in ("CL-90004", "G-2025-07", "K-2025-01", "90 days"):
        assert link in said, link
    assert "The same for programs" in said


def test_a_consultant_sees_demand_and_every_wrong_row_of_a_file(sign_in: SignIn) -> None:
    walk = Walk(sign_in(CONSULTANT), "consultant")
    said = walk.look()
    assert "Open requests by place and language" in said
    assert "Harju county" in said

    walk.menu("Demand")
    said = walk.look()
    assert "Harju county" in said
    assert "waiting" in said.lower()

    walk.menu("Requests")
    walk.follow("Import a file")
    wrong = settings().root / "fixtures" / "demo" / "requests-wrong.csv"
    walk.page.locator("main input[type=file]").set_input_files(wrong)
    walk.page.locator("main form button[type=submit]").first.click()
    walk.page.wait_for_load_state()
    said = walk.look()
    assert "Nothing was recorded" in said
    assert "11 rows, 9 of them wrong" in said
    assert "LAZINESS is not a barrier" in said
    assert "This is a personal identification code" in said

    walk.menu("Groups")
    walk.follow("G-2025-07")
    said = walk.look()
    assert "60 of 60 days" in said
    assert "CL-90004" in said


def test_a_coordinator_makes_a_tender_of_the_demand(sign_in: SignIn, scene: Scene) -> None:
    fixture = read("requests-2026-form")["requests"][0]
    told = {n: v for n, v in fixture.items() if n not in {"entered_by", "reference", "created_on"}}
    today = scene.now().date()
    for number in range(9):
        scene.cast[CONSULTANT].post(
            "/requests",
            {
                **told,
                **{"county": "EE-45", "bureau": "B-45-1", "caseworker_ref": "CW-45-1"},
                **{"client_ref": f"CL-7101{number}", "earliest_start_on": today},
            },
        )
    walk = Walk(sign_in(COORDINATOR), "coordinator")
    said = walk.look()
    assert "To do" in said
    assert "PR-2026-12" in said

    walk.menu("Demand")
    said = walk.look()
    assert "Ida-Viru county" in said
    walk.fill("Name", "Ida-Viru in Estonian, winter")
    walk.press("Keep the analysis")
    said = walk.look()
    assert "Ida-Viru in Estonian, winter" in said

    walk.follow("Make a tender of this basis")
    form = walk.page.locator("main")
    assert form.get_by_label("Groups").first.input_value() == "1"
    assert form.get_by_label("Service", exact=True).input_value() == "TOOHARJUTUS-LAADNE"
    walk.fill("Title", "Work groups in Ida-Viru, in Estonian")
    walk.fill("Description", "One group of twelve, sixty days, with visits to employers.")
    walk.fill("Weight", "41")
    walk.press("Save the draft")
    said = walk.look()
    assert "100" in form.get_by_role("alert").inner_text()
    assert form.get_by_label("Title").first.input_value() == "Work groups in Ida-Viru, in Estonian"

    walk.fill("Weight", "40")
    walk.press("Save the draft")
    said = walk.look()
    assert "This is a draft" in said
    walk.press("Publish now")
    said = walk.look()
    assert "until the deadline" in said
    assert "Legal calendar" in said


def test_an_opening_officer_makes_a_key_and_gives_a_share(
    sign_in: SignIn, scene: Scene, tmp_path: Path
) -> None:
    officer, other = OFFICERS[2], OFFICERS[0]
    walk = Walk(sign_in(officer), "officer")
    assert "Tenders whose key I share" in walk.look()

    walk.go("/opening-key")
    walk.page.get_by_role("link", name="Make a new key").click()
    assert "does not open what is sealed to the old one" in walk.look()
    walk.tick("I read this, and I want a new key")
    walk.press("Make a new key")
    assert "It is shown this once" in walk.look()
    identity = walk.page.locator("code.app-secret").inner_text()
    saved = walk.download("Save as a file", tmp_path / "key.txt")
    assert saved.decode().strip() == identity

    # Published here, after the new key was made, so that a share is sealed to it.
    walk.go(f"/tenders/{scene.tender_id}/opening")
    assert "Nothing opens before" in walk.look()
    assert "24.80" not in walk.text()
    scene.pass_deadline()
    walk.page.reload()
    assert "0 of the 2 shares" in walk.text()
    walk.fill("Key or words", "AGE-SECRET-KEY-1WRONG")
    walk.press("Give my share")
    expect(walk.page.get_by_role("alert")).to_be_visible()
    walk.look()
    walk.page.locator("main input[type=file]").set_input_files(tmp_path / "key.txt")
    walk.press("Give my share")
    assert "1 of the 2 shares" in walk.look()

    share = {"share": scene.key(other)}
    scene.cast[other].post(f"/tenders/{scene.tender_id}/opening", share)
    walk.page.reload()
    said = walk.look()
    assert "2 of 3 keyholders" in said
    assert "24.80" in said
    assert "21.50" in said


def test_an_evaluator_declares_scores_with_reasons_and_hands_in(
    sign_in: SignIn, scene: Scene
) -> None:
    scene.appoint()
    walk = Walk(sign_in(EVALUATORS[0]), "evaluator")
    walk.look()
    walk.menu("Evaluation")
    walk.page.get_by_role("row").filter(has_text=scene.title).get_by_role("link").first.click()
    walk.page.wait_for_load_state()
    said = walk.look()
    assert "do you have a conflict" in said
    assert "21.50" not in said

    walk.tick("I know of none")
    walk.press("Declare")
    assert "Prices are not shown to you" in walk.look()
    assert "21.50" not in walk.text()
    points = walk.page.get_by_role("spinbutton")
    reasons = walk.page.locator("textarea[name^=reason-]")
    points.nth(0).fill("4.5")
    reasons.nth(0).fill("Each talk has a date and a person.")
    reasons.nth(0).press("Tab")
    expect(walk.page.locator("#saved")).to_contain_text("Saved at")
    expect(walk.page.locator("#saved")).to_contain_text("1 score is still missing")

    points.nth(1).fill("3.5")
    walk.tick("These scores are my last word.")
    walk.press("Hand in my scores")
    expect(walk.page.get_by_role("alert")).to_be_visible()
    walk.look()
    assert points.nth(1).input_value() == "3.5"
    reasons.nth(1).fill("Nothing is said of those who come late.")
    walk.tick("These scores are my last word.")
    walk.press("Hand in my scores")
    said = walk.look()
    assert "You handed in on" in said
    assert "Nothing is said of those who come late." in said


def test_a_contract_manager_drafts_and_signs(sign_in: SignIn, scene: Scene) -> None:
    assert scene.award
    walk = Walk(sign_in(CONTRACT_MANAGER), "contract-manager")
    said = walk.look()
    assert "K-2025-01" in said

    walk.menu("Contracts")
    assert "Awards without a contract" in walk.look()
    walk.press("Draft the contracts")
    walk.look()
    if walk.page.get_by_role("button", name="Sign", exact=True).count() == 0:
        walk.page.get_by_role("row").filter(has_text="Drafted").first.get_by_role("link").click()
        walk.page.wait_for_load_state()
    walk.press("Sign")
    expect(walk.page.get_by_role("alert")).to_be_visible()
    walk.tick("I have read the clauses below")
    walk.press("Sign")
    said = walk.look()
    assert "Heli Sarap" in said
    assert "€21.50" in said

    walk.go("/outcomes")
    assert "contradict" in walk.look()
    walk.go("/contracts")
    walk.follow("K-2025-01")
    said = walk.look()
    assert "€11,814.00 of €15,840.00" in said
    assert scene.contract["state"] in {"signed", "running"}


def test_a_finance_officer_reads_why_an_amount_is_due(sign_in: SignIn, tmp_path: Path) -> None:
    walk = Walk(sign_in(FINANCE[0]), "finance")
    said = walk.look()
    assert "Claims to attest" in said
    assert "€11,814.00" in said

    walk.menu("Claims")
    assert "€11,814.00" in walk.look()
    walk.follow("K-2025-01 / 2")
    said = walk.look()
    assert "What changed since the last claim" in said
    assert "-€158.40" in said.replace("\u2212", "-")
    row = walk.page.get_by_role("row").filter(has_text="CL-90004").first
    row.locator("summary").click()
    assert "€" in row.inner_text()
    row.get_by_role("link", name="Follow the thread").click()
    walk.page.wait_for_load_state()
    said = walk.look()
    for link in ("CL-90004", "G-2025-07", "K-2025-01", "PR-2025-11", "REQ-"):
        assert link in said, link

    walk.menu("Payments")
    assert "Released" in walk.look()
    walk.page.locator("main table a").last.click()
    walk.page.wait_for_load_state()
    said = walk.look()
    content = walk.download("Download the file", tmp_path / "pain001.xml")
    assert hashlib.sha256(content).hexdigest() in said
    assert b"11814.00" in content
    walk.go("/ledger")
    walk.look()


def test_an_auditor_makes_a_dossier_and_checks_it(sign_in: SignIn, tmp_path: Path) -> None:
    walk = Walk(sign_in(AUDITOR), "auditor")
    assert "Events in the chain" in walk.look()
    for way in ("Requests", "Dossiers", "History"):  # all of them, without scrolling sideways
        expect(walk.page.get_by_role("link", name=way, exact=True).first).to_be_in_viewport(ratio=1)

    walk.menu("Dossiers")
    walk.look()
    row = walk.page.get_by_role("row").filter(has_text="PR-2024-01")
    row.get_by_role("button", name="Make a dossier").click()
    walk.page.wait_for_url("**/dossiers/*-*")
    said = walk.look()
    file = tmp_path / "dossier.zip"
    content = walk.download("Download the dossier", file)
    assert hashlib.sha256(content).hexdigest() in said
    assert verify(file) == []
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)
    assert verify(file) != []

    walk.menu("History")
    assert "newest first" in walk.look()


def test_an_administrator_makes_an_account(sign_in: SignIn, demo: Demo) -> None:
    walk = Walk(sign_in(ADMIN), "administrator")
    assert "People with an account" in walk.look()
    walk.menu("People")
    walk.fill("Name", "Salme Uus")
    walk.fill("E-mail address", "salme@fond.example")
    walk.tick("Auditor")
    walk.tick("Finance officer")
    walk.press("Make the link")
    expect(walk.page.get_by_role("alert")).to_contain_text("Who audits decides nothing")
    walk.look()
    assert walk.page.get_by_label("Name").first.input_value() == "Salme Uus"
    assert walk.page.get_by_label("Auditor").is_checked()
    walk.page.get_by_label("Finance officer").uncheck()
    walk.press("Make the link")
    assert "salme@fond.example" in walk.look()
    link = walk.page.locator("code.app-secret").inner_text()

    joining = Walk(sign_in(None), "invited")
    joining.page.goto(link)
    joining.fill("Your personal code", "PASLV-LV1234567")
    joining.page.get_by_label("Password", exact=True).fill("short")
    joining.fill("The same password again", "short")
    joining.press("Make your account")
    expect(joining.page.get_by_role("alert")).to_contain_text("12")
    joining.look()
    joining.page.get_by_label("Password", exact=True).fill("plough velvet orbit")
    joining.fill("The same password again", "plough velvet orbit")
    joining.press("Make your account")
    assert "Sign in with it" in joining.look()

    hers = sign_in("salme@fond.example", password="plough velvet orbit")
    expect(hers.get_by_role("heading", level=1)).to_be_visible()
    assert "Salme Uus" in hers.locator("header").inner_text()
    assert WINNER not in hers.locator("main").inner_text()
