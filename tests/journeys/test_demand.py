"""Two years of requests become a tender: imported, counted, forecast, planned, moved by hand."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, expect

from procure.demo.requests import file_of, made_up
from procure.demo.story.stage import CONSULTANT, COORDINATOR
from tests.journeys.conftest import NARROW
from tests.journeys.walk import Walk

SignIn = Callable[..., Page]
SECONDS = 120_000


def test_two_years_of_requests_become_a_tender_of_six_lots(sign_in: SignIn, tmp_path: Path) -> None:
    rows = list(made_up(years=2, seed=9, until=date(2026, 11, 1), scale=0.15))
    file = tmp_path / "requests.csv"
    file.write_bytes(file_of(rows))
    walk = Walk(sign_in(CONSULTANT), "planner")
    walk.go("/requests/import")
    walk.page.locator("main input[type=file]").set_input_files(file)
    walk.press("Import")
    assert f"Recorded: {len(rows)} of {len(rows)}" in walk.look()

    walk.menu("Demand")
    walk.follow("Demand counted")
    walk.page.get_by_label("Columns").select_option("risk_band")
    walk.press("Show")
    said = walk.look()
    assert "Harju county" in said
    assert "The shape of the year" in said
    csv = walk.download("CSV", tmp_path / "counts.csv").decode("utf-8-sig")
    total = csv.splitlines()[-1].rpartition(",")[2]
    shown = walk.page.locator("tfoot td").last.inner_text()
    assert "".join(filter(str.isdigit, shown)) == total

    walk.go("/demand/forecasts")
    walk.press("Forecast")
    expect(walk.page.get_by_role("img")).to_be_visible(timeout=SECONDS)
    assert "How good such forecasts were" in walk.look()

    walk.go("/demand/plans")
    walk.fill("Name", "Spring 2027")
    walk.page.get_by_text("How hard to try").click()
    walk.fill("Seconds for the solver", "20")
    walk.press("Make the plan")
    groups = walk.page.get_by_role("heading", name="Groups", exact=True)
    expect(groups).to_be_visible(timeout=SECONDS)
    walk.look()
    plan = walk.page.url

    # By keyboard alone: open a group, go to its first person, take the first move that is shown.
    walk.page.locator("main details[id^=group-] summary").first.focus()
    walk.page.keyboard.press("Enter")
    link = walk.page.get_by_role("link", name="Move G9-").first
    link.focus()
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_url("**/move?person=*")
    assert "What can be done, and what it costs" in walk.look()
    row = walk.page.get_by_role("row").filter(has_text="Out of all groups")
    if (why := row.get_by_label("Why it is right all the same")).count():
        why.fill("Found work.")
    row.get_by_role("button").focus()
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_url(plan)
    assert "What hands have changed" in walk.look()

    phone = Walk(sign_in(CONSULTANT, NARROW), "planner-phone")
    phone.go(plan)
    phone.look()

    walk.press("Plan again")
    expect(groups).to_be_visible(timeout=SECONDS)
    assert "Kept waiting by hand" in walk.look()
    walk.press("Keep as the basis of a tender")
    assert "Analysis of demand" in walk.look()
    basis = walk.page.url.rpartition("/")[2]

    coordinator = Walk(sign_in(COORDINATOR), "planner-tender")
    coordinator.go(f"/demand/{basis}")
    coordinator.follow("Make a tender of this basis")
    coordinator.look()
    codes = coordinator.page.locator("input[name^='lots.'][name$='.code']")
    filled = [one.input_value() for one in codes.all() if one.input_value()]
    assert len(filled) >= 6
    assert {"L01", "L02", "L03"} <= set(filled)
