"""A document for people: the file, or a page that waits for it."""

import pytest

from procure.db import connection
from procure.documents import service
from procure.documents.ports import CannotPrint
from procure.kernel.actors import Role
from procure.kernel.errors import Conflict, NotFound
from tests.builders.documents import NOW, FakePrinter, a_paper
from tests.builders.identity import an_actor
from tests.client import client_as


async def test_the_page_asks_again_until_the_file_is_there(db: object) -> None:
    reader = await an_actor(Role.COORDINATOR)
    paper = await a_paper(buyer_id=reader.org_id, title="Decision <L03>")
    async with client_as(reader) as client:
        waiting = await client.get(f"/papers/{paper}")
        assert waiting.status_code == 200
        assert waiting.headers["refresh"] == "2"
        assert "being printed" in waiting.text
        assert "Decision &lt;L03&gt;" in waiting.text

        await service.print_one(paper, FakePrinter(), now=NOW)
        there = await client.get(f"/papers/{paper}")
    assert there.content.startswith(b"%PDF")
    assert there.headers["content-disposition"].startswith(
        'attachment; filename="letter Decision L03.pdf"'
    )
    assert "refresh" not in there.headers


async def test_a_failed_paper_says_why_and_its_buyer_may_order_it_again(db: object) -> None:
    buyer, provider = (
        await an_actor(Role.COORDINATOR),
        await an_actor(Role.PROVIDER_MANAGER, kind="provider"),
    )
    paper = await a_paper(buyer_id=buyer.org_id, reader_org_id=provider.org_id)
    await service.print_one(paper, FakePrinter(CannotPrint("no such fact")), now=NOW)
    async with client_as(provider) as client:
        shown = await client.get(f"/papers/{paper}")
        assert "refresh" not in shown.headers
        assert f"/papers/{paper}/retry" not in shown.text
        assert (await client.send_form(f"/papers/{paper}/retry", {})).status_code == 403
    async with client_as(buyer) as client:
        shown = await client.get(f"/papers/{paper}")
        assert "no such fact" in shown.text
        assert f"/papers/{paper}/retry" in shown.text
        answer = await client.send_form(f"/papers/{paper}/retry", {})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/papers/{paper}")
        assert "being printed" in (await client.get(f"/papers/{paper}")).text


async def test_a_copy_to_read_is_in_the_language_of_the_page(db: object) -> None:
    buyer = await an_actor(Role.COORDINATOR)
    paper = await a_paper(buyer_id=buyer.org_id, template="contracts/papers/contract.html")
    printer = FakePrinter()
    view, _ = await service.reading_copy(buyer, paper, "ru", printer)
    assert view.language == "et"  # the paper of record follows the law, whoever reads
    (order,) = printer.orders
    assert (order.language, order.copy_of) == ("ru", "et")
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM file") == 0  # a copy is kept nowhere
    with pytest.raises(NotFound):
        await service.reading_copy(await an_actor(Role.COORDINATOR), paper, "ru", printer)
    refused = CannotPrint("Others are printing copies.")
    with pytest.raises(Conflict, match="could not be printed"):
        await service.reading_copy(buyer, paper, "ru", FakePrinter(refused))
