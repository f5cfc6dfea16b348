"""Documents through the application: for programs, and for people."""

from procure.documents import service
from procure.documents.ports import CannotPrint
from procure.kernel.actors import Role
from tests.builders.documents import NOW, FakePrinter, a_paper
from tests.builders.identity import an_actor
from tests.client import client_as


async def test_a_program_waits_for_a_paper_and_reads_it(db: object) -> None:
    reader = await an_actor(Role.COORDINATOR)
    paper = await a_paper(buyer_id=reader.org_id, title='Decision "L03"\r\nX-Bad: õ')
    async with client_as(reader) as client:
        answer = await client.get(f"/api/v1/papers/{paper}")
        assert (answer.status_code, answer.json()["state"]) == (200, "queued")
        early = await client.get(f"/api/v1/papers/{paper}/content")
        assert early.status_code == 409
        assert "still being printed" in early.json()["detail"]

        await service.print_one(paper, FakePrinter(), now=NOW)
        view = (await client.get(f"/api/v1/papers/{paper}")).json()
        assert view["state"] == "printed"
        content = await client.get(view["content_url"])
        assert content.status_code == 200
        assert content.content.startswith(b"%PDF")
        listed = (
            await client.get("/api/v1/papers", params={"subject_id": view["subject_id"]})
        ).json()
        assert [item["id"] for item in listed["items"]] == [str(paper)]
    headers = content.headers
    assert headers["content-type"] == "application/pdf"
    assert headers["content-disposition"] == (
        'attachment; filename="letter Decision L03 X-Bad o.pdf"; '
        "filename*=UTF-8''letter%20Decision%20L03%20X-Bad%20%C3%B5.pdf"
    )
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "x-bad" not in headers


async def test_another_organisation_finds_nothing(db: object) -> None:
    paper = await a_paper(buyer_id=(await an_actor(Role.COORDINATOR)).org_id)
    await service.print_one(paper, FakePrinter(), now=NOW)
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        for path in ("", "/content"):
            assert (await client.get(f"/api/v1/papers/{paper}{path}")).status_code == 404
        assert (await client.get(f"/papers/{paper}")).status_code == 404
    async with client_as(await an_actor(Role.EVALUATOR)) as client:
        assert (await client.get(f"/api/v1/papers/{paper}")).status_code == 403
    async with client_as(None) as client:
        assert (await client.get(f"/api/v1/papers/{paper}")).status_code == 401


async def test_a_paper_that_failed_is_ordered_again(db: object) -> None:
    reader = await an_actor(Role.COORDINATOR)
    paper = await a_paper(buyer_id=reader.org_id)
    async with client_as(reader) as client:
        path = f"/api/v1/papers/{paper}/retry"
        assert (await client.send_json(path)).status_code == 409
        await service.print_one(paper, FakePrinter(CannotPrint("no such fact")), now=NOW)
        answer = await client.send_json(path)
        assert (answer.status_code, answer.json()["state"]) == (200, "queued")
