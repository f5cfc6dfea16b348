"""Files by hash, and papers that are printed once, whatever happens to their jobs."""

import asyncio
import os
from contextvars import Context
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from procure.db import DB, connection, transaction, uuid7
from procure.db.engine import AppConnection
from procure.documents import queries, service
from procure.documents.ports import CannotPrint, NoPrinter
from procure.documents.queries import FileDamaged
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound
from tests.builders.documents import NOW, FakePrinter, LetterFacts, a_paper, an_org_row
from tests.builders.guards import forbidden, refused

pytestmark = pytest.mark.usefixtures("db")


def member(org_id: UUID) -> Actor:
    return Actor(
        id=uuid4(),
        name="A member",
        org_id=org_id,
        org_name="An organisation",
        org_kind="buyer",
        roles=frozenset(),
        permissions=frozenset({Permission.PAPER_READ}),
    )


async def jobs() -> list[str]:
    async with connection() as c:
        rows = await c.fetch("SELECT entrypoint, payload FROM pgqueuer ORDER BY id")
    return [f"{row['entrypoint']} {row['payload'].decode()}" for row in rows]


async def events() -> list[str]:
    async with connection() as c:
        return [row["kind"] for row in await c.fetch("SELECT kind FROM event ORDER BY seq")]


# --- Files ------------------------------------------------------------------


async def test_a_file_is_read_back_as_it_was_stored(home: Path) -> None:
    sha256 = await service.store_file(b"%PDF", "application/pdf", NOW)
    assert sha256 == sha256_hex(b"%PDF")
    assert await queries.read_file(sha256) == (b"%PDF", "application/pdf")
    assert (home / "files" / sha256[:2] / sha256).read_bytes() == b"%PDF"


async def test_the_same_file_is_kept_once(home: Path) -> None:
    first = await service.store_file(b"same", "text/plain", NOW)
    assert await service.store_file(b"same", "text/plain", NOW) == first
    assert [path.name for path in (home / "files").rglob("*") if path.is_file()] == [first]
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM file") == 1


async def test_a_file_that_changed_on_disk_is_not_given_out() -> None:
    sha256 = await service.store_file(b"original", "text/plain", NOW)
    queries.path_of(sha256).write_bytes(b"0riginal")
    with pytest.raises(FileDamaged, match="changed on disk"):
        await queries.read_file(sha256)
    queries.path_of(sha256).unlink()
    with pytest.raises(FileDamaged, match="missing"):
        await queries.read_file(sha256)


async def test_storing_a_damaged_file_again_mends_it() -> None:
    sha256 = await service.store_file(b"original", "text/plain", NOW)
    queries.path_of(sha256).write_bytes(b"0riginal")
    await service.store_file(b"original", "text/plain", NOW)
    assert await queries.read_file(sha256) == (b"original", "text/plain")


async def test_an_unknown_file_is_not_found() -> None:
    with pytest.raises(NotFound):
        await queries.read_file("0" * 64)


async def test_a_stored_file_never_changes_in_the_database() -> None:
    sha256 = await service.store_file(b"x", "text/plain", NOW)
    change = "UPDATE file SET media_type = 'text/html' WHERE sha256 = $1"
    assert "never changes" in await refused(change, sha256)
    await forbidden("DELETE FROM file WHERE sha256 = $1", sha256)


def test_bytes_are_on_disk_before_their_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        kind = "folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file"
        done.append(f"fsync {kind}")
        fsync(handle)

    def noted_replace(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    service.write_durably(tmp_path / "a" / "b", b"x")
    assert done == ["fsync folder", "fsync file", "rename", "fsync folder"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        service.write_durably(tmp_path / "a" / "b", b"x")
    assert list((tmp_path / "a").iterdir()) == []


# --- Ordering ---------------------------------------------------------------


async def test_a_paper_is_ordered_with_its_job_and_its_event() -> None:
    buyer = await an_org_row("Töötukassa")
    provider = await an_org_row("Töölootus OÜ", "provider")
    paper_id = await a_paper(buyer_id=buyer, reader_org_id=provider)
    view = await queries.read_paper(member(buyer), paper_id)
    assert (view.state, view.title, view.file_sha256) == ("queued", "Decision on lot L03", None)
    assert view.url == f"/papers/{paper_id}"
    assert await jobs() == [f"print-paper {paper_id}"]
    assert await events() == ["paper:ordered"]
    order = await queries.read_order(paper_id)
    assert order is not None
    assert (order.buyer_name, order.reader_name) == ("Töötukassa", "Töölootus OÜ")


async def test_a_decision_that_is_undone_leaves_no_paper_and_no_job() -> None:
    async def decide() -> None:
        async with transaction():
            await a_paper()
            raise LookupError

    with pytest.raises(LookupError):
        await decide()
    assert await jobs() == []
    assert await queries.queued_papers(10) == []


async def test_what_a_paper_is_printed_from_never_changes() -> None:
    paper_id = await a_paper()
    for change in ("facts = '{}'", "title = 'x'", "buyer_name = 'x'"):
        told = await refused(f"UPDATE paper SET {change} WHERE id = $1", paper_id)
        assert "printed from" in told
    await service.print_one(paper_id, FakePrinter(), now=NOW)
    assert "printed paper" in await refused("UPDATE paper SET state = 'queued', file = NULL")
    await forbidden("DELETE FROM paper")


# --- Printing ---------------------------------------------------------------


async def test_a_paper_is_printed_once_however_often_it_is_asked() -> None:
    printer, buyer = FakePrinter(), uuid7()
    paper_id = await a_paper(buyer_id=buyer)
    assert [await service.print_one(paper_id, printer, now=NOW) for _ in range(3)] == [
        True,
        False,
        False,
    ]
    view, content = await queries.read_content(member(buyer), paper_id)
    assert (view.state, view.printed_at, view.size_bytes) == ("printed", NOW, len(content))
    assert sha256_hex(content) == view.file_sha256
    assert len(printer.orders) == 1
    assert await events() == ["paper:ordered", "paper:printed"]


async def test_two_printers_at_the_same_time_print_one_paper() -> None:
    paper_id = await a_paper()
    other_is_done = asyncio.Event()

    class Slow(FakePrinter):
        async def print_paper(self, order: object) -> bytes:  # type: ignore[override]
            await other_is_done.wait()
            return await super().print_paper(order)  # type: ignore[arg-type]

    slow = asyncio.create_task(service.print_one(paper_id, Slow(), now=NOW), context=Context())
    await asyncio.sleep(0.05)
    assert await service.print_one(paper_id, FakePrinter(), now=NOW)
    other_is_done.set()
    assert not await slow
    assert await events() == ["paper:ordered", "paper:printed"]


async def test_the_event_holds_what_was_printed() -> None:
    paper_id = await a_paper()
    await service.print_one(paper_id, FakePrinter(), now=NOW)
    async with connection() as c:
        facts = await c.fetchval("SELECT facts FROM event WHERE kind = 'paper:printed'")
        sha256 = await c.fetchval("SELECT file FROM paper")
    assert msgspec.json.decode(facts)["file_sha256"] == sha256


async def test_a_paper_that_cannot_be_printed_says_why_and_can_be_ordered_again() -> None:
    buyer = uuid7()
    paper_id = await a_paper(buyer_id=buyer, reader_org_id=(reader := uuid7()))
    assert await service.print_one(paper_id, FakePrinter(CannotPrint("no such fact")), now=NOW)
    view = await queries.read_paper(member(buyer), paper_id)
    assert (view.state, view.failure) == ("failed", "no such fact")
    with pytest.raises(Conflict, match="no such fact"):
        await queries.read_content(member(buyer), paper_id)
    assert not await service.print_one(paper_id, FakePrinter(), now=NOW), "it waits for people now"

    with pytest.raises(NotFound):
        await service.retry_paper(member(uuid7()), paper_id, now=NOW)
    with pytest.raises(Forbidden):
        await service.retry_paper(member(reader), paper_id, now=NOW)
    await service.retry_paper(member(buyer), paper_id, now=NOW)
    assert len(await jobs()) == 2
    assert await service.print_one(paper_id, FakePrinter(), now=NOW)
    with pytest.raises(Conflict):
        await service.retry_paper(member(buyer), paper_id, now=NOW)
    assert await events() == ["paper:ordered", "paper:failed", "paper:retried", "paper:printed"]


async def test_without_a_printer_papers_wait_and_say_so() -> None:
    buyer = uuid7()
    paper_id = await a_paper(buyer_id=buyer)
    await a_paper(buyer_id=buyer)
    async with connection() as c:
        await c.execute("DELETE FROM pgqueuer")  # as a worker without a printer leaves them
    printer = FakePrinter(NoPrinter("Install Pango."))
    assert await service.print_due(printer, now=NOW) == 0
    assert len(printer.orders) == 1, "it does not try every paper"
    view = await queries.read_paper(member(buyer), paper_id)
    assert (view.state, view.failure) == ("queued", "Install Pango.")
    assert await service.print_due(FakePrinter(), now=NOW) == 2
    assert (await queries.read_paper(member(buyer), paper_id)).failure is None


# --- Reading ----------------------------------------------------------------


async def test_buyer_and_named_reader_read_a_paper_and_nobody_else() -> None:
    buyer, reader, other, subject = (uuid7() for _ in range(4))
    paper_id = await a_paper(buyer_id=buyer, reader_org_id=reader, subject_id=subject)
    for org in (buyer, reader):
        assert (await queries.read_paper(member(org), paper_id)).id == paper_id
        assert [view.id for view in await queries.read_papers(member(org), [subject])] == [paper_id]
    with pytest.raises(NotFound):
        await queries.read_paper(member(other), paper_id)
    assert await queries.read_papers(member(other), [subject]) == []


async def test_facts_are_kept_byte_for_byte(owner: AppConnection) -> None:
    paper_id = await a_paper(facts=LetterFacts(text="õ €"))
    assert await owner.fetchval("SELECT facts FROM paper WHERE id = $1", paper_id) == (
        '{"reference":"TK-2024-017","text":"õ €"}'
    )
    assert DB.pool is not None
