"""What docs/formats says about files is tried on files."""

import re
from datetime import date

import pytest
from lxml import etree

from procure.adapters.pain001 import NS, Pain001Writer
from procure.catalogue import service as catalogue
from procure.delivery.rules.attendance import COLUMNS as ATTENDANCE_COLUMNS
from procure.delivery.rules.attendance import read_csv
from procure.delivery.states import Mark
from procure.demand import queries as demand
from procure.demand.rules.entries import COLUMNS, EXPORT_COLUMNS, check_rows
from procure.demand.rules.files import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, read_sheet
from procure.settings import settings
from tests.builders.identity import NOW
from tests.ports.test_payment_file import an_order

FORMATS = settings().root / "docs" / "formats"
TODAY = date(2026, 11, 24)


def text_of(name: str) -> str:
    return (FORMATS / f"{name}.md").read_text(encoding="utf-8")


def examples(name: str, kind: str) -> list[str]:
    """Return the fenced examples of a page that are marked `kind`."""
    found = re.findall(rf"^```\w+ {kind}\n(.*?)^```$", text_of(name), re.M | re.S)
    assert found, f"{name}.md has no example of {kind}"
    return found


@pytest.mark.usefixtures("db")
async def test_the_examples_of_request_files_are_taken_as_they_stand() -> None:
    await catalogue.load(now=NOW)
    known = await demand.known()
    for example in examples("requests", "requests"):
        sheet = read_sheet(example.encode())
        entries, findings = check_rows(sheet.rows, known, today=TODAY)
        assert findings == []
        assert len(entries) == len(sheet.rows) > 0


def test_every_column_and_limit_of_request_files_is_named() -> None:
    text = text_of("requests")
    for column, others in COLUMNS.items():
        assert f"`{column}`" in text
        for other in others:
            assert f"`{other}`" in text
    for column in EXPORT_COLUMNS:
        assert f"`{column}`" in text
    limits = f"At most {MOST_BYTES // 1_000_000} MB, {MOST_ROWS // 1000} 000 rows, {MOST_COLUMNS}"
    assert limits in text


def test_the_example_of_an_attendance_file_is_read() -> None:
    text = text_of("attendance")
    (example,) = examples("attendance", "attendance")
    rows, findings = read_csv(example.encode())
    assert (len(rows), findings) == (3, [])
    for name in (*ATTENDANCE_COLUMNS, *Mark):
        assert f"`{name}`" in text


def test_every_element_named_of_a_payment_file_is_there() -> None:
    root = etree.fromstring(Pain001Writer().write(an_order()))
    named = re.findall(r"`((?:\w+/)+\w+)`", text_of("payments").split("| element |")[1])
    elements = [name for name in named if not name.startswith("fixtures/")]
    assert len(elements) > 12
    for path in elements:
        steps = "/".join(f"{{{NS}}}{step}" for step in path.split("/"))
        assert root.findall(f".//{steps}"), path
