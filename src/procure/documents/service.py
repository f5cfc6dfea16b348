"""Documents: the only writer of files and papers."""

import asyncio
import contextlib
import logging
import os
import tempfile
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.db.jobs import enqueue
from procure.documents import queries
from procure.documents.ports import CannotPrint, NoPrinter, Printer
from procure.documents.rules import (
    PRINT_JOB,
    PaperFailed,
    PaperOrder,
    PaperOrdered,
    PaperPrinted,
)
from procure.documents.schemas import PaperView
from procure.documents.states import PAPER, PaperState
from procure.documents.tables import Paper
from procure.kernel.actors import Actor
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import dated

LONGEST_FAILURE = 500

log = logging.getLogger(__name__)


async def store_file(content: bytes, media_type: str, now: datetime) -> str:
    """Keep a file and return its SHA-256, by which it is found again; the same file is kept once.

    The bytes are on disk, under their name, before the row says that they are.
    """
    sha256 = sha256_hex(content)
    await asyncio.to_thread(write_durably, queries.path_of(sha256), content)
    async with connection() as c:
        await c.execute(
            "INSERT INTO file (sha256, size_bytes, media_type, stored_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (sha256) DO NOTHING",
            sha256,
            len(content),
            media_type,
            now,
        )
    return sha256


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that after a power cut it is there whole, or not at all. Blocks."""
    if path.exists() and path.read_bytes() == content:
        return
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in missing:
        _sync_folder(folder.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def order_paper(
    *,
    kind: str,
    template: str,
    title: str,
    subject_id: UUID,
    buyer_id: UUID,
    reader_org_id: UUID | None = None,
    facts: object,
    now: datetime,
    language: str | None = None,
) -> UUID:
    """Order a paper in the running transaction; the worker prints it after the commit.

    `title` names the subject alone (a reference, a group's code), since the kind is said in the
    reader's language. Without a language it is the one that the law asks of papers.

    The paper and the job that prints it are there together or not at all. Names of organisations
    are kept as they are on this day, so that a later print says what the first one said.
    """
    paper_id = uuid7()
    language = language or dated("documents/paper_language").on(legal_day(now))
    async with transaction():
        paper = Paper(
            id=paper_id,
            kind=kind,
            template=template,
            title=title,
            language=language,
            subject_id=subject_id,
            buyer_id=buyer_id,
            buyer_name=await queries.name_of(buyer_id),
            reader_org_id=reader_org_id,
            reader_name=await queries.name_of(reader_org_id) if reader_org_id else None,
            facts=canonical(facts),
            state=PaperState.QUEUED,
            ordered_at=now,
        )
        await paper.save()
        await enqueue(PRINT_JOB, str(paper_id))
        await audit.record(
            "paper:ordered",
            paper_id,
            None,
            org_id=buyer_id,
            now=now,
            facts=PaperOrdered(
                kind=kind,
                template=template,
                language=language,
                about_id=subject_id,
                facts_sha256=sha256_hex(paper.facts),
            ),
        )
    return paper_id


async def reading_copy(
    actor: Actor, paper_id: UUID, language: str, printer: Printer
) -> tuple[PaperView, bytes]:
    """Print a copy of a paper in another language from the same facts; it is kept nowhere.

    NotFound for a paper the actor may not see, Conflict where it cannot be printed.
    """
    view = await queries.read_paper(actor, paper_id)
    order = await queries.order_of(paper_id)
    copy = msgspec.structs.replace(order, language=language, copy_of=order.language)
    try:
        return view, await printer.print_paper(copy)
    except CannotPrint as error:
        raise Conflict(
            n_("This document could not be printed: {why}"), {"why": str(error)}
        ) from None


async def print_due(printer: Printer, *, now: datetime, limit: int = 100) -> int:
    """Print the papers that still wait although no job is about to; return how many were done.

    Without a printer on this machine they go on waiting, and say so.
    """
    done = 0
    for paper_id in await queries.forgotten_papers(limit):
        try:
            done += await print_one(paper_id, printer, now=now)
        except NoPrinter as error:
            log.warning("papers wait for a printer: %s", error)
            break
    return done


async def print_one(paper_id: UUID, printer: Printer, *, now: datetime) -> bool:
    """Print one paper that waits, and tell whether this call did it; safe to repeat.

    Prints outside of any transaction, because that takes seconds. Two printers at the same time
    make the same bytes, and the second finds that nothing is left to do. Raises NoPrinter.
    """
    order = await queries.read_order(paper_id)
    if order is None:
        return False
    try:
        content = await printer.print_paper(order)
    except NoPrinter as error:
        await Paper.update({Paper.failure: str(error)[:LONGEST_FAILURE]}).where(
            Paper.id == paper_id, Paper.state == PaperState.QUEUED.value
        )
        raise
    except CannotPrint as error:
        return await _fail(order, str(error)[:LONGEST_FAILURE], now)
    sha256 = await store_file(content, "application/pdf", now)
    async with transaction():
        paper = await _hold(paper_id)
        if paper.state != PaperState.QUEUED:
            return False
        paper.state = PAPER.after(paper.state, "print")
        paper.file, paper.printed_at, paper.failure = sha256, now, None
        await paper.save([Paper.state, Paper.file, Paper.printed_at, Paper.failure])
        await audit.record(
            "paper:printed",
            paper_id,
            None,
            org_id=paper.buyer_id,
            now=now,
            facts=PaperPrinted(
                kind=paper.kind,
                about_id=paper.subject_id,
                facts_sha256=order.facts_sha256,
                file_sha256=sha256,
                size_bytes=len(content),
            ),
        )
    return True


async def _fail(order: PaperOrder, failure: str, now: datetime) -> bool:
    log.error("paper %s (%s) cannot be printed: %s", order.id, order.template, failure)
    async with transaction():
        paper = await _hold(order.id)
        if paper.state != PaperState.QUEUED:
            return False
        paper.state, paper.failure = PAPER.after(paper.state, "fail"), failure
        await paper.save([Paper.state, Paper.failure])
        await audit.record(
            "paper:failed",
            paper.id,
            None,
            org_id=paper.buyer_id,
            now=now,
            facts=PaperFailed(kind=paper.kind, about_id=paper.subject_id, failure=failure),
        )
    return True


async def retry_paper(actor: Actor, paper_id: UUID, *, now: datetime) -> None:
    """Order a paper again that could not be printed, from the facts that it has.

    Raises NotFound, Forbidden for another than its buyer, Conflict if it has not failed.
    """
    await queries.read_paper(actor, paper_id)
    async with transaction():
        paper = await _hold(paper_id)
        if paper.buyer_id != actor.org_id:
            raise Forbidden(n_("Only the authority that ordered this document may print it again."))
        paper.state = PAPER.after(paper.state, "retry")
        failure, paper.failure = paper.failure, None
        await paper.save([Paper.state, Paper.failure])
        await enqueue(PRINT_JOB, str(paper_id))
        await audit.record(
            "paper:retried",
            paper.id,
            actor,
            org_id=paper.buyer_id,
            now=now,
            facts=PaperFailed(kind=paper.kind, about_id=paper.subject_id, failure=failure or ""),
        )


async def _hold(paper_id: UUID) -> Paper:
    """Lock one paper's row."""
    paper: Paper | None = await Paper.objects().where(Paper.id == paper_id).first().lock_rows()
    if paper is None:
        raise NotFound(n_("There is no document {id}."), {"id": str(paper_id)})
    return paper


async def write_sealed(content: bytes) -> str:
    """Keep an encrypted file on disk by its SHA-256, without a row that would tell of it.

    Whoever has sealed it keeps the hash; `queries.read_checked` finds it again.
    """
    sha256 = sha256_hex(content)
    await asyncio.to_thread(write_durably, queries.path_of(sha256), content)
    return sha256
