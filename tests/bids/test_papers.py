"""The papers of a tender: the notice at publication, the minutes of the opening."""

import os
from pathlib import Path

import msgspec
import pypdfium2
import pytest

from procure.adapters.weasyprint import WeasyPrinter
from procure.db import connection
from procure.db.engine import AppConnection
from procure.documents import queries as documents
from tests.builders.bids import IN_TIME, a_bid, a_bidder, open_tender
from tests.builders.identity import set_clock
from tests.builders.tenders import DEADLINE_AT, a_published_tender

pytestmark = pytest.mark.usefixtures("db")


async def printed(kind: str) -> str:
    """Print the paper of a kind as the worker does, in English; return what one reads on it."""
    async with connection() as c:
        paper_id = await c.fetchval("SELECT id FROM paper WHERE kind = $1", kind)
    order = await documents.read_order(paper_id)
    assert order is not None
    async with WeasyPrinter() as printer:
        content = await printer.print_paper(msgspec.structs.replace(order, language="en"))
    if folder := os.environ.get("KEEP_PAPERS"):
        (Path(folder) / f"{kind}.pdf").write_bytes(content)
    with pypdfium2.PdfDocument(content) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


async def test_the_notice_says_what_bidders_must_know() -> None:
    await a_published_tender()
    text = await printed("tender-notice")
    for said in (
        "2024-0001 Work practice (framework agreement)",
        "On time means before that instant, to the microsecond",
        "Procedure for social and special services (RHS § 126)",
        "€396,000.00",
        "K2 Method for phases 1 and 2",
        "A mean below 3 is not evaluated further.",
        "from 12: 5",
        "Last day to complain about the documents",
        "14 days",
        "Ida-Viru county",
        "framework with reopening of competition",
        "age1",
    ):
        assert said in text, said


async def test_the_minutes_say_what_was_opened_and_what_was_not(owner: AppConnection) -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    bidder, second, third = await a_bidder("Kask MTÜ"), await a_bidder("Kuusk OÜ"), await a_bidder()
    await a_bid(tender.id, bidder, "24.80")
    await a_bid(tender.id, bidder, "23.8001")
    damaged = await a_bid(tender.id, second, "21.50")
    await owner.execute("ALTER TABLE bid DISABLE TRIGGER USER")
    await owner.execute(
        "UPDATE bid SET ciphertext = '\\x00'::bytea WHERE id = $1", damaged.receipt.bid_id
    )
    await owner.execute("ALTER TABLE bid ENABLE TRIGGER USER")
    await set_clock(DEADLINE_AT)
    await a_bid(tender.id, third, "19.00")
    await open_tender(tender)

    text = await printed("opening-minutes")
    for said in (
        "2024-0001",
        tender.officers[0].actor.name,
        tender.officers[1].actor.name,
        "2 of 3 keyholders",
        "Kask MTÜ",
        "€23.8001",
        "Kuusk OÜ The sealed bytes are not those that were received.",
        "1 late bid, sealed for ever",
        "1 bid replaced by a later version",
        "0 bids withdrawn",
    ):
        assert said in text, said
    assert "19.00" not in text
    assert tender.officers[2].actor.name not in text
