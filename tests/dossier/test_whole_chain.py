"""The dossier of what the services make, from the request to the bank file."""

import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from procure import worker
from procure.db import connection
from procure.dossier import queries, service
from procure.dossier.verify import Found, check_prices, verify
from procure.entitlement import command as paying
from procure.kernel.actors import Role
from procure.scoring import command
from tests.builders.awards import an_awarded_lot
from tests.builders.bids import signer
from tests.builders.documents import FakePrinter
from tests.builders.identity import an_actor
from tests.builders.payments import the_money

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)


async def dossier_of(buyer_id: UUID) -> bytes:
    """Export the dossier of the buyer's one procedure that is not a mini-competition."""
    async with connection() as c:
        tender_id = await c.fetchval(
            "SELECT id FROM tender WHERE buyer = $1 AND parent_lot_id IS NULL", buyer_id
        )
    auditor = await an_actor(Role.AUDITOR, org=buyer_id)
    made = await service.make_dossier(auditor, UUID(int=tender_id.int), signer(), now=NOW)
    _, content = await queries.read_content(auditor, made)
    return content


class Opened:
    """A dossier, looked into."""

    def __init__(self, content: bytes, folder: Path) -> None:
        file = folder / "dossier.zip"
        file.write_bytes(content)
        self.problems = verify(file)
        with zipfile.ZipFile(BytesIO(content)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}

    def table(self, name: str) -> list[Any]:
        return list(json.loads(self.files[f"facts/{name}.json"]))

    @property
    def kinds(self) -> set[str]:
        lines = self.files["events.jsonl"].splitlines()
        return {json.loads(line)["kind"] for line in lines if b'"facts"' in line}


@pytest.mark.usefixtures("db")
async def test_a_decided_lot_is_whole_in_its_dossier(tmp_path: Path) -> None:
    awarded = await an_awarded_lot()
    await worker.drain(FakePrinter())

    found = Opened(await dossier_of(awarded.lot.coordinator.org_id), tmp_path)
    assert found.problems == []
    assert found.kinds >= {
        "tender:published",
        "bid:sealed",
        "bids:opened",
        "panel:declared",
        "score:locked",
        "explanation:rejected",
        "lot:ranked",
        "award:decided",
        "paper:printed",
    }
    opened = [bid for bid in found.table("bids") if bid["content"] is not None]
    assert len([path for path in found.files if path.startswith("bids/")]) == len(opened) >= 3
    assert {row["state"] for row in found.table("papers")} == {"printed"}
    assert len(found.table("letters")) == len(opened)
    rankings = [path for path in found.files if path.startswith("scoring/")]
    assert len(rankings) == len(found.table("evaluations")) >= 2, "before and after an exclusion"
    told = Found()
    told.tables = {"bids": found.table("bids")}
    ranked = json.loads(found.table("evaluations")[0]["facts"])["bids"]
    check_prices(told, {bid["id"]: bid for bid in ranked})
    assert told.problems == []
    cheaper = {bid["id"]: {**bid, "price": "1.00"} for bid in ranked}
    check_prices(told, cheaper)
    assert len(told.problems) == len(ranked), "a price that is not the one ranked is found"
    for path in rankings:
        file = tmp_path / "ranking.json"
        file.write_bytes(found.files[path])
        assert command.main(file, check=True) == 0


@pytest.mark.usefixtures("db")
async def test_the_known_group_is_whole_in_its_dossier(tmp_path: Path) -> None:
    money = await the_money()
    await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    await money.release(run_id, NOW)
    await worker.drain(FakePrinter())

    found = Opened(await dossier_of(money.buyer_id), tmp_path)
    # The builder of contracts writes awards as rows, on bids that were never submitted.
    by_hand = ("not in bids", "is shown")
    assert [problem for problem in found.problems if not problem.endswith(by_hand)] == []
    kinds = sorted(contract["kind"] for contract in found.table("contracts"))
    assert kinds == ["call-off", "framework", "framework"]
    assert len(found.table("tenders")) == 2
    assert len(found.table("participants")) == 13
    [claim] = found.table("claims")
    assert (claim["state"], Decimal(claim["total_amount"])) == ("paid", Decimal("11972.40"))
    assert len(found.table("attestations")) == 2
    assert len(found.table("payments")) == 1
    for name, path in (
        ("terms", f"payments/{claim['group']}-terms.json"),
        ("facts", f"payments/{claim['group']}-facts.json"),
        ("lines", f"payments/{claim['id']}-lines.json"),
    ):
        (tmp_path / f"{name}.json").write_bytes(found.files[path])
    files = (tmp_path / "terms.json", tmp_path / "facts.json")
    lines = tmp_path / "lines.json"
    known_at = json.loads(lines.read_bytes())["known_at"]
    assert paying.main(*files, known_at=known_at, check_file=lines) == 0
    lines.write_bytes(lines.read_bytes().replace(b"712.80", b"712.81"))
    assert paying.main(*files, known_at=known_at, check_file=lines) == 1
    assert {row["state"] for row in found.table("papers")} == {"printed"}
    assert found.kinds >= {
        "contract:signed",
        "group:started",
        "participant:referred",
        "attendance:entered",
        "visit:recorded",
        "outcome:reported",
        "claim:posted",
        "run:released",
    }
