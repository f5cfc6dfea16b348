"""A dossier holds a procedure whole, the same each time, and nothing that is still sealed."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.documents.queries import path_of, read_file
from procure.dossier import queries, service
from procure.dossier.verify import verify
from procure.kernel.actors import Role
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Forbidden, NotFound
from tests.builders.dossier import NOW, Procedure, a_procedure, record
from tests.builders.identity import an_actor

pytestmark = pytest.mark.usefixtures("db")


async def exported(procedure: Procedure) -> bytes:
    dossier_id = await service.make_dossier(
        procedure.auditor, procedure.tender_id, procedure.key, now=NOW
    )
    _, content = await queries.read_content(procedure.auditor, dossier_id)
    return content


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def problems(content: bytes, folder: Path) -> list[str]:
    file = folder / "dossier.zip"
    file.write_bytes(content)
    return verify(file)


async def test_a_dossier_is_whole(tmp_path: Path) -> None:
    procedure = await a_procedure()
    content = await exported(procedure)
    assert problems(content, tmp_path) == []
    files = unpacked(content)
    manifest = json.loads(files["manifest.json"])
    assert manifest["tender"]["reference"] == "TK-2024-017"
    assert manifest["keys"] == [procedure.key.key_id]
    assert manifest["counts"]["bids"] == manifest["counts"]["claims"] == 1
    assert manifest["counts"]["requests"] == manifest["counts"]["bases"] == 1
    assert {entry["path"] for entry in manifest["files"]} == files.keys() - {"manifest.json"}
    titles = {entry["title"] for entry in manifest["files"] if "title" in entry}
    assert titles == {"Award letter", "PR-2024-01 L03, ranking 1", "RUN-1"}
    assert files["verify.py"] == service.CHECKER.read_bytes()
    assert manifest["tool"]["verify_sha256"] == sha256_hex(files["verify.py"])
    assert list(files) == sorted(files)


async def test_made_again_at_the_same_point_it_is_the_same_file() -> None:
    procedure = await a_procedure()
    first, again = await exported(procedure), await exported(procedure)
    assert first == again
    [listed] = await queries.read_dossiers(procedure.auditor, procedure.tender_id)
    assert listed.file_sha256 == sha256_hex(first)
    async with connection() as c:
        assert (
            await c.fetchval("SELECT count(*) FROM event WHERE kind = 'dossier:exported'")
        ) == 2, "who took it is remembered each time"

    await record("claim:posted", procedure.claim_id, procedure.auditor.org_id)
    assert await exported(procedure) != first
    assert len(await queries.read_dossiers(procedure.auditor)) == 2


async def test_nothing_that_is_sealed_or_secret_is_in_it() -> None:
    procedure = await a_procedure()
    everything = b"\n".join(unpacked(await exported(procedure)).values()).decode("latin-1")
    for secret in ("secret-share", "share-canary", "sealed-canary"):
        assert secret not in everything
    for hidden in (procedure.sealed_bid_id, procedure.other_tender_id):
        assert str(hidden) not in everything, "not even that there is a bid"
    assert str(procedure.bid_id) in everything


async def test_of_a_tender_that_is_not_opened_no_bid_is_told() -> None:
    procedure = await a_procedure()
    dossier_id = await service.make_dossier(
        procedure.auditor, procedure.other_tender_id, procedure.key, now=NOW
    )
    _, content = await queries.read_content(procedure.auditor, dossier_id)
    files = unpacked(content)
    assert json.loads(files["manifest.json"])["counts"]["bids"] == 0
    everything = b"\n".join(files.values()).decode("latin-1")
    assert str(procedure.sealed_bid_id) not in everything
    assert str(procedure.provider_id) not in everything


async def test_events_of_others_are_hashes_and_the_chain_still_holds() -> None:
    procedure = await a_procedure()
    files = unpacked(await exported(procedure))
    lines = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    shown = [line for line in lines if "facts" in line]
    assert {line["kind"] for line in shown} == {
        "tender:published",
        "bid:sealed",
        "bids:opened",
        "lot:ranked",
        "award:decided",
        "claim:posted",
        "paper:ordered",
        "paper:printed",
    }
    hidden = [line for line in lines if "facts" not in line]
    assert hidden
    assert all(line.keys() == {"seq", "content_sha256", "sha256"} for line in hidden)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))


async def test_only_an_auditor_of_the_buyer_exports() -> None:
    procedure = await a_procedure()
    key, tender = procedure.key, procedure.tender_id
    with pytest.raises(NotFound):
        await service.make_dossier(await an_actor(Role.AUDITOR), tender, key, now=NOW)
    with pytest.raises(Forbidden):
        coordinator = await an_actor(Role.COORDINATOR, org=procedure.auditor.org_id)
        await service.make_dossier(coordinator, tender, key, now=NOW)
    dossier_id = await service.make_dossier(procedure.auditor, tender, key, now=NOW)
    with pytest.raises(NotFound):
        await queries.read_content(await an_actor(Role.AUDITOR), dossier_id)
    assert await queries.read_dossiers(await an_actor(Role.AUDITOR)) == []


async def test_a_document_that_is_damaged_is_left_out_and_missed(tmp_path: Path) -> None:
    procedure = await a_procedure()
    async with connection() as c:
        sha256 = await c.fetchval("SELECT file FROM paper WHERE id = $1", procedure.paper_id)
    path_of(sha256).write_bytes(b"something else")
    assert problems(await exported(procedure), tmp_path) == [
        f"files/{sha256}.pdf: is missing: the document 'Award letter'"
    ]


async def test_an_event_changed_in_the_database_is_found(tmp_path: Path, owner: object) -> None:
    procedure = await a_procedure()
    async with transaction():
        head = await audit.chain_head()
    c = owner
    await c.execute("SET session_replication_role = replica")  # type: ignore[attr-defined]
    await c.execute(  # type: ignore[attr-defined]
        "UPDATE event SET facts = '{\"total\":\"99999.00\"}' WHERE kind = 'claim:posted'"
    )
    seq = await c.fetchval("SELECT seq FROM event WHERE kind = 'claim:posted'")  # type: ignore[attr-defined]
    assert seq < head.seq
    found = problems(await exported(procedure), tmp_path)
    assert len(found) == 1
    assert f"event {seq} was changed" in found[0]


async def test_the_file_that_is_stored_is_the_one_that_is_named() -> None:
    procedure = await a_procedure()
    content = await exported(procedure)
    assert await read_file(sha256_hex(content)) == (content, "application/zip")
