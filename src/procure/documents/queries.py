"""Reading files and papers. A paper is read by its buyer and by the one other that it names."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.documents.rules import PaperOrder
from procure.documents.schemas import PaperView
from procure.kernel.actors import Actor
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Conflict, NotFound
from procure.kernel.texts import n_
from procure.settings import settings

PAPER = """
    SELECT p.id, p.kind, p.title, p.state, p.file AS file_sha256, f.size_bytes, p.language,
           p.subject_id, p.buyer_id, p.reader_name, p.ordered_at, p.printed_at, p.failure,
           '/papers/' || p.id AS url, '/api/v1/papers/' || p.id || '/content' AS content_url
      FROM paper p LEFT JOIN file f ON f.sha256 = p.file
"""
READABLE = "(p.buyer_id = $1 OR p.reader_org_id = $1)"


class FileDamaged(RuntimeError):
    """The disk does not hold what the database says was stored: restore it from the backup."""


def path_of(sha256: str) -> Path:
    """Return where a file is kept; two letters of its hash choose the folder."""
    return settings().home / "files" / sha256[:2] / sha256


def read_checked(sha256: str) -> bytes:
    """Read a file from disk; FileDamaged if its bytes are not those of its name. Blocks."""
    try:
        content = path_of(sha256).read_bytes()
    except FileNotFoundError as error:
        raise FileDamaged(f"The file {sha256} is missing.") from error
    if sha256_hex(content) != sha256:
        raise FileDamaged(f"The file {sha256} has been changed on disk.")
    return content


async def read_file(sha256: str) -> tuple[bytes, str]:
    """Read a stored file and its media type; NotFound, or FileDamaged. Asks nobody's permission:
    the caller has found the hash in a row that the actor may read.
    """
    async with connection() as c:
        media_type = await c.fetchval("SELECT media_type FROM file WHERE sha256 = $1", sha256)
    if media_type is None:
        raise NotFound(n_("There is no file {sha256}."), {"sha256": sha256})
    return await asyncio.to_thread(read_checked, sha256), media_type


async def read_paper(actor: Actor, paper_id: UUID) -> PaperView:
    """Read what is known of one paper; NotFound also for one the actor may not see."""
    found = await fetch_as(
        PaperView, f"{PAPER} WHERE {READABLE} AND p.id = $2", actor.org_id, paper_id
    )
    if not found:
        raise NotFound(n_("There is no document {id}."), {"id": str(paper_id)})
    return found[0]


async def read_papers(
    actor: Actor, subject_ids: Sequence[UUID], *, limit: int = 200
) -> list[PaperView]:
    """List the papers about these things that the actor may read, newest first."""
    return await fetch_as(
        PaperView,
        f"{PAPER} WHERE {READABLE} AND p.subject_id = ANY($2) ORDER BY p.id DESC LIMIT $3",
        actor.org_id,
        list(subject_ids),
        limit,
    )


async def read_content(actor: Actor, paper_id: UUID) -> tuple[PaperView, bytes]:
    """Read a paper's PDF; Conflict while it is not printed."""
    view = await read_paper(actor, paper_id)
    if view.file_sha256 is None:
        if view.failure:
            raise Conflict(n_("This document could not be printed: {why}"), {"why": view.failure})
        raise Conflict(n_("This document is still being printed. Try again in a few seconds."))
    content, _ = await read_file(view.file_sha256)
    return view, content


async def queued_papers(limit: int) -> list[UUID]:
    """List the papers that wait for a printer, oldest first; for the worker."""
    return await _paper_ids("SELECT id FROM paper WHERE state = 'queued'", limit)


async def forgotten_papers(limit: int) -> list[UUID]:
    """List those of them that no job is going to print: it failed, or there was no printer."""
    return await _paper_ids(
        "SELECT id FROM paper WHERE state = 'queued' AND NOT EXISTS ("
        "SELECT FROM pgqueuer WHERE payload = convert_to(paper.id::text, 'UTF8')"
        " AND status IN ('queued', 'picked'))",
        limit,
    )


async def _paper_ids(sql: str, limit: int) -> list[UUID]:
    async with connection() as c:
        rows = await c.fetch(f"{sql} ORDER BY ordered_at, id LIMIT $1", limit)
    return [UUID(bytes=row["id"].bytes) for row in rows]


ORDER = """SELECT id, kind, template, title, language, buyer_name, reader_name, facts, ordered_at
    FROM paper WHERE id = $1"""


async def read_order(paper_id: UUID) -> PaperOrder | None:
    """Read what a paper is printed from; None if it is not waiting any more."""
    found = await fetch_as(PaperOrder, f"{ORDER} AND state = 'queued'", paper_id)
    return found[0] if found else None


async def order_of(paper_id: UUID) -> PaperOrder:
    """Read what a paper was printed from, whatever its state; the caller asks who may read it."""
    return (await fetch_as(PaperOrder, ORDER, paper_id))[0]


async def name_of(org_id: UUID) -> str:
    """Return an organisation's name of today, empty if it is unknown."""
    async with connection() as c:
        name = await c.fetchval("SELECT name FROM organisation WHERE id = $1", org_id)
    return msgspec.convert(name or "", str)
