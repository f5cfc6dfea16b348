"""The papers of a claim: the act that its provider accepts, the statement once it is posted."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from procure.adapters.weasyprint import WeasyPrinter
from procure.db import connection
from procure.documents import queries as documents
from tests.builders.payments import the_money

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)


async def printed(kind: str) -> str:
    """Print the paper of a kind as the worker does; return what one can read on it."""
    async with connection() as c:
        paper_id = await c.fetchval("SELECT id FROM paper WHERE kind = $1", kind)
    order = await documents.read_order(paper_id)
    assert order is not None
    async with WeasyPrinter() as printer:
        content = await printer.print_paper(order)
    if folder := os.environ.get("KEEP_PAPERS"):
        (Path(folder) / f"{kind}.pdf").write_bytes(content)
    with pypdfium2.PdfDocument(content) as pdf:
        text = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    return text.replace("\u2010", "-")  # the typeface has one sign for both hyphens


async def test_the_act_and_the_statement_say_what_is_owed_and_who_said_so() -> None:
    money = await the_money()
    await money.claim_and_post(NOW)
    act, statement = await printed("acceptance-act"), await printed("claim-statement")
    for text in (act, statement):
        for said in (
            "G-2025-07",
            "11 972,40 €",
            "7 563,60 €",
            "CL-90004",
            "34 × 13,20 € = 448,80 €",
            money.provider.name,
        ):
            assert said in text.replace("\xa0", " "), said
        assert re.findall(r"EMP_[A-Z0-9_]+", text) == [], "outcomes have names"
        assert "CL-90011" in text, "what is not owed, too"
        found = re.findall(r".{20}2026-.{20}", text)
        assert found == [], "days as people write them"
    for who in money.finance[:2]:
        assert who.name in statement
        assert who.name not in act
