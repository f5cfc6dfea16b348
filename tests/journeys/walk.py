"""One person's way through the pages: what they see is kept as a picture and checked by axe."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as TooSlow

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "var" / "test-output" / "journeys"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}


class Walk:
    """A signed-in page with a hand that clicks by what is written on things."""

    def __init__(self, page: Page, role: str) -> None:
        self.page = page
        self.role = role
        self.count = 0
        for old in PICTURES.glob(f"{role}-*.png"):
            old.unlink()

    def look(self) -> str:
        """Keep a picture of the page, fail on grave barriers, and return what it says."""
        page = self.page
        page.wait_for_load_state()
        self.count += 1
        PICTURES.mkdir(parents=True, exist_ok=True)
        _picture(page, PICTURES / f"{self.role}-{self.count}.png")
        assert page.locator("h1").count() == 1, page.url
        assert barriers(page) == [], page.url
        width = page.viewport_size["width"] if page.viewport_size else 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        return self.text()

    def text(self) -> str:
        """Return what the main part of the page says, in single spaces."""
        said = self.page.locator("main").inner_text()
        return re.sub(r"[ \t\u00a0\u202f]+", " ", said)

    def go(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def follow(self, name: str, *, inside: Locator | None = None) -> None:
        """Click the first link with this name."""
        (inside or self.page).get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press the first button with this name in the main part."""
        self.page.locator("main").get_by_role("button", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()

    def menu(self, name: str) -> None:
        """Choose from the main menu."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        self.page.wait_for_load_state()

    def fill(self, label: str, value: str) -> None:
        """Fill the first field that is labelled so."""
        self.page.locator("main").get_by_label(label).first.fill(value)

    def tick(self, label: str) -> None:
        """Tick a box or a circle by its label."""
        self.page.locator("main").get_by_label(label).first.check()

    def download(self, name: str, to: Path) -> bytes:
        """Click a link that gives a file, and return its bytes."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name).or_(
                self.page.get_by_role("button", name=name)
            ).first.click()
        waiting.value.save_as(to)
        return to.read_bytes()


def _picture(page: Page, path: Path) -> None:
    """Take a picture; on a busy machine Chromium now and then draws nothing the first time."""
    for _ in range(3):
        with suppress(TooSlow):
            page.screenshot(path=path, full_page=True, timeout=10_000)
            return
        page.mouse.move(1, 1)
    raise AssertionError(f"Chromium draws nothing of {page.url}.")


def barriers(page: Page) -> list[str]:
    """List what axe finds serious or critical on the page; nothing where axe is not there."""
    if not AXE.exists():  # test_axe_is_there says so
        return []
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]
