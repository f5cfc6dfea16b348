"""Files of bids: in pieces, resumed, looked into, sealed, opened (T-15, T-16, T-18, U-8, U-10)."""

import random
from typing import Any
from uuid import UUID

import pytest

from procure.adapters.file_check import MemoryFileCheck
from procure.adapters.signing import receipt_problems
from procure.adapters.vault import AesVault
from procure.bids import queries, service
from procure.bids.ports import VaultFailed
from procure.bids.rules import LARGEST_FILE, MOST_FILES, file_findings, room_findings
from procure.db import connection
from procure.documents.queries import path_of
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.settings import settings
from tests.adapters.test_file_check import a_pdf, javascript_at_opening
from tests.bids.test_api import body_of
from tests.builders.bids import IN_TIME, Bidder, a_bid_draft, a_bidder, open_tender, signer
from tests.builders.identity import set_clock
from tests.builders.tenders import SEALER, Draft, a_published_tender
from tests.client import Client, client_as

VAULT = AesVault()
CANARY = b"CANARYINAFILE"
NAME = "CANARYNAME plaan.txt"
MEANS: dict[str, Any] = {"vault": VAULT, "check": MemoryFileCheck(), "sealer": SEALER}


async def a_tender() -> tuple[Draft, Bidder]:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    return tender, await a_bidder()


async def a_file(tender: Draft, bidder: Bidder, content: bytes = CANARY * 9) -> UUID:
    return (
        await service.upload_whole(bidder.actor, tender.id, NAME, content, now=IN_TIME, **MEANS)
    ).id


async def a_bid_with(tender: Draft, bidder: Bidder, *files: UUID) -> Any:
    draft = await a_bid_draft(tender.id, bidder, file_ids=files)
    return await service.submit_bid(
        bidder.actor, draft, sealer=SEALER, signer=signer(), vault=VAULT, now=IN_TIME
    )


async def send(client: Client, file: dict[str, Any], offset: int, piece: bytes) -> Any:
    return await client.patch(
        f"/api/v1/bid-files/{file['id']}",
        content=piece,
        headers={
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
            "upload-key": file["upload_key"],
        },
    )


@pytest.mark.usefixtures("db")
async def test_a_file_in_pieces_goes_on_where_it_was_cut_off() -> None:
    tender, bidder = await a_tender()
    content = random.Random(1).randbytes(300_000).hex().encode()
    async with client_as(bidder.actor) as client:
        answer = await client.send_json(
            f"/api/v1/tenders/{tender.id}/bid-files",
            {"name": NAME, "length_bytes": len(content)},
        )
        assert answer.status_code == 201, answer.text
        file, chance, at = answer.json(), random.Random(2), 0
        while at < len(content):
            piece = content[at : at + chance.randint(1, 90_000)]
            assert (await send(client, file, at, piece)).status_code == 204
            wrong = await send(client, file, at, piece)  # the same again: where it goes on is said
            assert wrong.status_code == 409
            head = await client.head(f"/api/v1/bid-files/{file['id']}")
            at += len(piece)
            assert head.headers["upload-offset"] == str(at)
        found = (await client.get(f"/api/v1/bid-files/{file['id']}/state")).json()
    assert (found["state"], found["sha256"]) == ("sealed", sha256_hex(content))


@pytest.mark.usefixtures("db")
async def test_nothing_of_a_file_lies_here_open() -> None:
    tender, bidder = await a_tender()
    started = await service.start_file(
        bidder.actor, tender.id, NAME, 3 * len(CANARY), vault=VAULT, now=IN_TIME
    )
    for at in (0, len(CANARY)):
        await service.add_piece(bidder.actor, started.id, at, CANARY, started.upload_key, **MEANS)

    async def everything() -> bytes:
        found = b""
        async with connection() as c:
            for table in ("bid_file", "bid_piece", "file", "event", "bid_package"):
                for row in await c.fetch(f'SELECT * FROM "{table}"'):
                    found += b"".join(
                        value if isinstance(value, bytes) else str(value).encode()
                        for value in row.values()
                    )
        for path in (settings().home / "files").rglob("*"):
            found += path.read_bytes() if path.is_file() else b""
        return found

    assert b"CANARY" not in await everything()
    view = await service.add_piece(
        bidder.actor, started.id, 2 * len(CANARY), CANARY, started.upload_key, **MEANS
    )
    assert view.state == "sealed"
    await a_bid_with(tender, bidder, started.id)
    assert b"CANARY" not in await everything()
    assert view.sealed_sha256 is not None
    assert path_of(view.sealed_sha256).exists()


@pytest.mark.usefixtures("db")
async def test_what_is_looked_into_and_not_taken_is_forgotten_and_named() -> None:
    tender, bidder = await a_tender()
    bad = a_pdf(javascript_at_opening)
    with pytest.raises(Refused, match="runs by itself"):
        await service.upload_whole(bidder.actor, tender.id, "plan.pdf", bad, now=IN_TIME, **MEANS)
    [file] = await queries.own_files(bidder.actor, tender.id, VAULT)
    assert (file.state, file.refusal, file.name) == ("refused", "active-content", "plan.pdf")
    assert await queries.pieces(file.id) == []
    with pytest.raises(Refused, match="not uploaded to its end"):
        await a_bid_with(tender, bidder, file.id)


@pytest.mark.usefixtures("db")
async def test_a_piece_needs_the_key_and_no_more_than_was_said() -> None:
    tender, bidder = await a_tender()
    rival = await a_bidder()
    started = await service.start_file(bidder.actor, tender.id, NAME, 10, vault=VAULT, now=IN_TIME)
    with pytest.raises(Refused, match="not the key"):
        await service.add_piece(bidder.actor, started.id, 0, b"12345", VAULT.new_key(), **MEANS)
    with pytest.raises(Refused, match="10 bytes"):
        await service.add_piece(
            bidder.actor, started.id, 0, b"12345678901", started.upload_key, **MEANS
        )
    with pytest.raises(NotFound):
        await service.add_piece(rival.actor, started.id, 0, b"1", started.upload_key, **MEANS)
    with pytest.raises(Conflict, match="next byte of this upload is 0"):
        await service.add_piece(bidder.actor, started.id, 5, b"1", started.upload_key, **MEANS)
    assert await queries.own_files(rival.actor, tender.id, VAULT) == []


@pytest.mark.usefixtures("db")
async def test_a_file_goes_with_the_bid_and_is_opened_with_it() -> None:
    tender, bidder = await a_tender()
    file_id = await a_file(tender, bidder)
    receipt = await a_bid_with(tender, bidder, file_id)
    [file] = await queries.own_files(bidder.actor, tender.id, VAULT)
    [part] = receipt.receipt.parts
    assert (part.kind, part.id, part.sha256) == ("file", str(file_id), file.sealed_sha256)
    sealed = path_of(part.sha256).read_bytes()
    proof = canonical(receipt).encode(), signer().public_pem().decode()
    assert receipt_problems(*proof, parts=[sealed]) == []
    assert len(receipt_problems(*proof, parts=[sealed, sealed[:-1], sealed + b"x"])) == 2
    bid_id = receipt.receipt.bid_id
    address = f"/api/v1/bids/{bid_id}/files/{file_id}"
    async with client_as(tender.coordinator) as buyer, client_as(bidder.actor) as own:
        assert (await buyer.get(address)).status_code == 404
        assert (await own.get(address)).status_code == 404
        await open_tender(tender)
        answer = await buyer.get(address)
        assert answer.content == CANARY * 9
        assert answer.headers["content-disposition"].startswith("attachment")
        assert (await own.get(address)).content == CANARY * 9
        page = f"/bids/{bid_id}/files/{file_id}"
        for client, shown in ((buyer, f"/tenders/{tender.id}/bids"), (own, f"/bids/{bid_id}")):
            assert f'href="{page}"' in (await client.get(shown)).text
            assert (await client.get(page)).content == CANARY * 9
    async with client_as((await a_bidder()).actor) as rival:
        assert (await rival.get(address)).status_code == 404
    opened = await queries.own_bids(bidder.actor, tender.id)
    assert opened[0].content is not None
    assert [one.name for one in opened[0].content.files] == [NAME]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("how", ["changed", "gone", "another's"])
async def test_a_file_that_is_not_what_was_received_is_named_and_the_bid_opened(how: str) -> None:
    tender, bidder = await a_tender()
    await a_bid_with(tender, bidder, await a_file(tender, bidder))
    [file] = await queries.own_files(bidder.actor, tender.id, VAULT)
    path = path_of(file.sealed_sha256 or "")
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(b"x" if how == "changed" else SEALER.seal(b"y", tender_key(tender)))
    await open_tender(tender)
    opening = await queries.read_opening(tender.coordinator, tender.id)
    assert opening.minutes is not None
    [damaged] = opening.minutes.damaged
    assert damaged.values == {"name": NAME}
    assert len(opening.minutes.opened) == 1


def tender_key(_: Draft) -> str:
    return SEALER.new_key()[1]


@pytest.mark.usefixtures("db")
async def test_a_file_of_one_tender_goes_with_no_bid_for_another() -> None:
    first, bidder = await a_tender()
    second = await a_published_tender()
    await set_clock(IN_TIME)
    file_id = await a_file(first, bidder)
    with pytest.raises(Refused, match="for another tender"):
        await a_bid_with(second, bidder, file_id)


@pytest.mark.usefixtures("db")
async def test_a_file_that_was_removed_is_not_sent_and_what_was_sent_keeps_it() -> None:
    tender, bidder = await a_tender()
    file_id = await a_file(tender, bidder)
    await a_bid_with(tender, bidder, file_id)
    await service.remove_file(bidder.actor, file_id)
    assert await queries.own_files(bidder.actor, tender.id, VAULT) == []
    await open_tender(tender)
    assert (await queries.own_bids(bidder.actor, tender.id))[0].content is not None
    opening = await queries.read_opening(tender.coordinator, tender.id)
    assert opening.minutes is not None
    assert list(opening.minutes.damaged) == []


@pytest.mark.usefixtures("db")
async def test_the_answer_of_the_start_is_not_kept_because_it_holds_the_key() -> None:
    tender, bidder = await a_tender()
    async with client_as(bidder.actor) as client:
        body = {"name": NAME, "length_bytes": 5}
        path = f"/api/v1/tenders/{tender.id}/bid-files"
        first = await client.send_json(path, body, key="the-same-key-1")
        again = await client.send_json(path, body, key="the-same-key-1")
        limits = (await client.get(path)).json()
        draft = await a_bid_draft(tender.id, bidder, file_ids=[UUID(first.json()["id"])])
        unfinished = await client.send_json(
            f"/api/v1/tenders/{tender.id}/bids",
            {**body_of(draft), "file_ids": [first.json()["id"]]},
        )
    assert (first.status_code, again.status_code) == (201, 409)
    async with connection() as c:
        kept = await c.fetch("SELECT body FROM idempotency_key")
    assert all(first.json()["upload_key"].encode() not in (row["body"] or b"") for row in kept)
    assert limits["largest_bytes"] == LARGEST_FILE
    assert [one["field"] for one in unfinished.json()["findings"]] == ["file_ids"]


@pytest.mark.parametrize(
    ("name", "length", "codes"),
    [
        ("a.pdf", LARGEST_FILE, []),
        ("a.pdf", LARGEST_FILE + 1, ["too-large"]),
        ("a.pdf", 0, ["empty-file"]),
        (" ", 1, ["file-name"]),
        ("a\nb.pdf", 1, ["file-name"]),
        ("a" * 201, 1, ["file-name"]),
    ],
)
def test_what_an_upload_may_be(name: str, length: int, codes: list[str]) -> None:
    assert [finding.code for finding in file_findings(name, length)] == codes


def test_how_much_room_there_is() -> None:
    assert list(room_findings(MOST_FILES - 1, 200_000_000)) == []
    assert [one.code for one in room_findings(MOST_FILES, 200_000_001)] == [
        "too-many-files",
        "no-room",
    ]


def test_what_is_locked_opens_with_its_key_for_its_thing_alone() -> None:
    key = VAULT.new_key()
    locked = VAULT.lock(b"price 21.50", "draft 1", key)
    assert b"21.50" not in locked
    assert VAULT.unlock(locked, "draft 1", key) == b"price 21.50"
    for about, other in (("draft 2", key), ("draft 1", VAULT.new_key()), ("draft 1", None)):
        with pytest.raises(VaultFailed):
            VAULT.unlock(locked, about, other)
    with pytest.raises(VaultFailed):
        VAULT.unlock(bytes([locked[0] ^ 1]) + locked[1:], "draft 1", key)
