"""What providers and the public do, a provider's people on a phone; and signing in by keyboard."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from procure.adapters.signing import receipt_problems
from procure.demo.seed import PASSWORD
from procure.demo.story.cast import members, sign_ins
from procure.demo.story.stage import ADMIN, COORDINATOR
from tests.journeys.scene import GROUP, WINNER, Scene
from tests.journeys.walk import AXE, Walk, barriers

SignIn = Callable[..., Page]
PHONE = {"width": 375, "height": 800}
FACILITATOR = "marko@pakkuja02.example"


def test_axe_is_there() -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE} is missing, so no page was checked for barriers: npm ci")


def test_axe_finds_a_barrier(sign_in: SignIn) -> None:
    page = sign_in(None)
    page.evaluate("document.querySelector('main').innerHTML += '<input type=text>'")

    if AXE.exists():
        assert [found.partition(":")[0] for found in barriers(page)] == ["label"]


def test_a_bidder_submits_replaces_and_withdraws_on_a_phone(
    sign_in: SignIn, scene: Scene, tmp_path: Path
) -> None:
    walk = Walk(sign_in(WINNER, PHONE), "bidder")
    assert "Open tenders" in walk.look()

    walk.page.locator("main").get_by_role("link", name="PR-2026-12").first.click()
    walk.page.wait_for_load_state()
    said = walk.look()
    assert "until the deadline" in said
    walk.page.get_by_role("link", name="Bid", exact=True).click()
    assert "Not submitted" in walk.look()

    walk.page.get_by_role("radio", name="L03").check()
    walk.fill("Price per unit", "minus two")
    walk.fill("K2", "The first ten days build a rhythm; each has one fixed person.")
    walk.fill("K3", "We start from the participants: each names three jobs.")
    walk.page.get_by_role("checkbox", name="Marko").check()
    walk.press("Submit this bid")
    expect(walk.page.get_by_role("alert")).to_be_focused()
    walk.look()
    assert walk.page.get_by_label("K2").first.input_value().startswith("The first ten days")
    assert walk.page.get_by_role("radio", name="L03").is_checked()
    walk.fill("Price per unit", "21.90")
    walk.press("Submit this bid")
    said = walk.look()
    assert "Submitted" in said
    assert "Sealed, also for you" in said
    assert "21.9" not in said

    receipt = walk.download("Download the signed receipt", tmp_path / "receipt.json")
    sealed = walk.download("Download the sealed bid", tmp_path / "bid.age")
    key = scene.cast[WINNER].read("/bids/receipt-key").decode()
    assert receipt_problems(receipt, key, sealed) == []
    assert receipt_problems(receipt, key, sealed + b" ") != []
    assert json.loads(receipt)["receipt"]["version"] == 1

    walk.follow("Submit a new version")
    assert "Submitted" in walk.look()
    walk.page.get_by_role("radio", name="L03").check()
    walk.fill("Price per unit", "21.50")
    walk.fill("K2", "A better method.")
    walk.fill("K3", "A better plan of visits.")
    walk.page.get_by_role("checkbox", name="Marko").check()
    walk.press("Submit this bid")
    assert "Version" in walk.look()
    walk.press("Withdraw")
    assert "You have withdrawn this bid" in walk.look()
    walk.go("/my-bids")
    said = walk.look()
    assert "Withdrawn" in said
    assert "Replaced" in said
    seen = scene.cast[COORDINATOR].get(f"/tenders/{_open_tender(scene)}/bids")
    assert seen["items"] == []


def test_a_facilitator_enters_a_day_on_a_phone(sign_in: SignIn, scene: Scene) -> None:
    assert scene.group["state"] == "running"
    walk = Walk(sign_in(FACILITATOR, PHONE), "facilitator")
    assert GROUP in walk.look()

    walk.page.locator("main").get_by_role("link", name=GROUP).first.click()
    walk.page.wait_for_load_state()
    if "/attendance/" not in walk.page.url:
        walk.look()
        walk.page.locator("main").get_by_role("link", name="Enter attendance of").click()
        walk.page.wait_for_load_state()
    walk.look()
    target = walk.page.locator(".govuk-radios__item").first.bounding_box()
    assert target is not None
    assert target["height"] >= 40, "a thumb is about 40 pixels wide"

    walk.press("Save the day")
    expect(walk.page.get_by_role("alert")).to_contain_text("has no mark")
    walk.look()
    walk.press("Everyone is present")
    walk.look()
    absent = walk.page.locator("fieldset.app-day").nth(1)
    absent.get_by_label("Absent").check()
    walk.press("Save the day")
    walk.page.wait_for_url("**/groups/*saved=attendance")
    said = walk.look()
    assert "The day's attendance is saved." in said
    assert "1 of 60 days" in said
    day = scene.cast[FACILITATOR].get(
        f"/groups/{scene.group['id']}/attendance/{scene.now().date()}"
    )
    marks = [row["mark"]["mark"] for row in day["rows"]]
    assert sorted(set(marks)) == ["absent", "present"]
    assert marks.count("absent") == 1
    walk.go("/")
    assert "The last two weeks are entered." in walk.look()

    walk.menu("Outcomes")
    assert "Report an outcome" in walk.look()


def test_the_public_reads_an_open_tender_and_an_award(sign_in: SignIn) -> None:
    walk = Walk(sign_in(None), "public")
    assert "bought in the open" in walk.look()

    walk.follow("PR-2026-12")
    said = walk.look()
    assert "until the deadline" in said
    assert "How bids are scored" in said
    assert "RHS" in said
    walk.go("/")
    walk.page.locator("main").get_by_role("link", name="PR-2024-01 L03").first.click()
    walk.page.wait_for_load_state()
    said = walk.look()
    assert "Samm-Sammult Töötoad MTÜ" in said
    assert "€21.50" in said
    people = [one.name for email, one in members().items() if email.endswith("fond.example")]
    assert [name for name in people if name in said] == []
    assert "CL-" not in said

    walk.page.get_by_role("contentinfo").get_by_role("button", name="Eesti").click()
    walk.page.wait_for_load_state()
    said = walk.look()
    assert walk.page.locator("html").get_attribute("lang") == "et"
    assert "Samm-Sammult Töötoad MTÜ" in said
    assert "21,50 €" in said
    assert "Winners" not in said
    foot = walk.page.get_by_role("contentinfo").inner_text()
    assert "From a caseworker" not in foot
    walk.go("/tenders")
    said = walk.look()
    assert "Hanked" in walk.page.locator("h1").inner_text()
    assert "Deadline" not in said


def test_keyboard_alone_signs_in_and_reaches_the_content(sign_in: SignIn) -> None:
    page = sign_in(None)
    page.goto("/sign-in")
    keys = page.keyboard
    _tab_to(page, "input[name=email]")
    keys.type(COORDINATOR)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)

    keys.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Skip to main content")
    expect(skip).to_be_in_viewport()
    keys.press("Enter")
    keys.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main')")
    outline = page.evaluate(
        "(s => s.outlineStyle + s.boxShadow + s.backgroundColor)"
        "(getComputedStyle(document.activeElement))"
    )
    assert outline != "nonenonergba(0, 0, 0, 0)", "one does not see where the focus is"


@pytest.mark.parametrize(
    "email", [pytest.param(email, id=role) for role, email in sign_ins() if email != ADMIN]
)
def test_a_first_screen_has_no_barrier_on_a_phone(sign_in: SignIn, email: str) -> None:
    page = sign_in(email, PHONE)

    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def _open_tender(scene: Scene) -> str:
    found = scene.cast[COORDINATOR].get("/tenders")["items"]
    return str(next(t["id"] for t in found if t["reference"] == "PR-2026-12"))


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}.")
