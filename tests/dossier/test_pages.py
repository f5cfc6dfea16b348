"""Dossiers through the application, for auditors."""

import zipfile
from io import BytesIO

from procure.dossier import service
from procure.kernel.actors import Role
from tests.builders.dossier import a_procedure
from tests.builders.identity import an_actor
from tests.client import client_as


async def test_an_auditor_finds_procedures_and_makes_a_dossier(db: object) -> None:
    procedure = await a_procedure()
    async with client_as(procedure.auditor) as client:
        index = await client.get("/dossiers")
        assert index.status_code == 200
        assert "TK-2024-017" in index.text
        assert "TK-2026-003" in index.text
        assert index.text.count("None yet") == 2
        path = f"/dossiers/of/{procedure.tender_id}"
        assert path in index.text

        made = await client.send_form(path, {})
        assert made.status_code == 303
        shown = await client.get(made.headers["location"])
        assert "Dossier of TK-2024-017" in shown.text
        assert made.headers["location"] in (await client.get("/dossiers")).text
        content = await client.get(f"{made.headers['location']}/content")
        assert content.content.startswith(b"PK")
        assert 'href="/dossiers/verify.py"' in shown.text
        checker = await client.get("/dossiers/verify.py")
        assert checker.content == service.CHECKER.read_bytes()
        assert 'filename="verify.py"' in checker.headers["content-disposition"]
        key = await client.get("/dossiers/public-key")
        with zipfile.ZipFile(BytesIO(content.content)) as archive:
            [name] = [name for name in archive.namelist() if name.startswith("keys/")]
            assert key.content == archive.read(name)


async def test_an_authority_without_procedures_is_told_what_to_do(db: object) -> None:
    async with client_as(await an_actor(Role.AUDITOR)) as client:
        page = await client.get("/dossiers")
        assert "No procedure has been published yet" in page.text
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        assert (await client.get("/dossiers")).status_code == 403
