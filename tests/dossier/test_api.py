"""Dossiers through the application, for programs."""

from pathlib import Path

from procure.dossier.verify import verify
from procure.kernel.actors import Role
from tests.builders.dossier import a_procedure
from tests.builders.identity import an_actor
from tests.client import client_as


async def test_an_auditor_makes_and_takes_a_dossier(db: object, tmp_path: Path) -> None:
    procedure = await a_procedure()
    order = {"tender_id": str(procedure.tender_id)}
    async with client_as(procedure.auditor) as client:
        made = await client.send_json("/api/v1/dossiers", order)
        assert made.status_code == 201, made.text
        view = made.json()
        content = await client.get(view["content_url"])
        listed = await client.get("/api/v1/dossiers", params=order)
        read = await client.get(f"/api/v1/dossiers/{view['id']}")
    assert listed.json()["items"] == [view]
    assert read.json() == view
    assert view["size_bytes"] == len(content.content)
    assert content.headers["content-type"] == "application/zip"
    assert 'attachment; filename="Dossier TK-2024-017 ' in content.headers["content-disposition"]
    file = tmp_path / "dossier.zip"
    file.write_bytes(content.content)
    assert verify(file, head=view["chain_sha256"]) == []


async def test_what_is_not_there_or_not_allowed(db: object) -> None:
    procedure = await a_procedure()
    order = {"tender_id": str(procedure.tender_id)}
    async with client_as(await an_actor(Role.AUDITOR)) as client:
        assert (await client.send_json("/api/v1/dossiers", order)).status_code == 404
        assert (await client.get("/api/v1/dossiers")).json() == {"items": []}
    async with client_as(await an_actor(Role.COORDINATOR, org=procedure.auditor.org_id)) as client:
        assert (await client.send_json("/api/v1/dossiers", order)).status_code == 403
    async with client_as(procedure.auditor) as client:
        wrong = await client.send_json("/api/v1/dossiers", {"tender_id": "x"})
        assert wrong.status_code in (400, 422)
