"""Reading a whole procedure, as one state of the database."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.documents import queries as documents
from procure.documents.queries import FileDamaged
from procure.dossier.queries.paid import paid
from procure.dossier.queries.scored import scored
from procure.dossier.queries.stages import REGISTERS, TABLES, Table
from procure.dossier.rules import ZERO_SHA256, EventRow, Part
from procure.kernel.errors import NotFound

ENDINGS = {"application/pdf": "pdf", "application/xml": "xml", "text/csv": "csv"}
EXPORT_EVENT = "dossier:exported"

log = logging.getLogger(__name__)

Rows = list[dict[str, Any]]


class Collected(msgspec.Struct, frozen=True):
    """Everything of a procedure, as one snapshot of the database."""

    rows: dict[str, Rows]
    parts: list[Part]  # receipts, sealed bids, scoring, payment, documents and payment files
    events: list[EventRow]  # the chain from its first event to the newest that belongs here
    shown: set[int]  # numbers of the events that belong here


async def collect(tender_id: UUID) -> Collected:
    """Read a procedure with the mini-competitions in its lots, its contracts and all that followed.

    To be called in one transaction that sees one state of the database.
    """
    rows: dict[str, Rows] = {"tenders": await _family(tender_id)}
    for table in TABLES:
        rows[table.name] = await _read(table, rows)
    rows["papers"] = await _papers(rows)
    subjects = {row["id"] for found in rows.values() for row in found if "id" in row}
    for table in REGISTERS:
        rows[table.name] = await _read(table, rows)
    named = {value for found in rows.values() for row in found for value in _ids(row)}
    rows["organisations"] = await _select(
        "SELECT id, kind, registry_code, name FROM organisation WHERE id = ANY($1) ORDER BY id",
        named,
    )
    parties = {row["id"] for row in rows["organisations"]}
    chain = await _events()
    own = [event for event in chain if event.subject_id in subjects and event.org_id in parties]
    last = max((event.seq for event in own if event.kind != EXPORT_EVENT), default=0)
    own = [event for event in own if event.seq <= last]
    named |= {event.actor_id for event in own if event.actor_id}
    rows["people"] = await _select(
        "SELECT id, name FROM person WHERE id = ANY($1) ORDER BY id", named
    )
    return Collected(
        rows=rows,
        parts=[
            *await _sealed(rows["bids"]),
            *scored(rows["evaluations"]),
            *paid(rows["contracts"], rows["claims"]),
            *await _files(rows),
        ],
        events=chain[:last],
        shown={event.seq for event in own},
    )


async def _family(tender_id: UUID) -> Rows:
    """Read a tender and those held in its lots."""
    return await _select(
        """
        WITH RECURSIVE family AS (
            SELECT id FROM tender WHERE id = $1
            UNION
            SELECT t.id FROM tender t JOIN lot l ON l.id = t.parent_lot_id
                             JOIN family f ON f.id = l.tender
        )
        SELECT t.* FROM tender t JOIN family USING (id) ORDER BY t.id
        """,
        tender_id,
    )


async def _read(table: Table, rows: dict[str, Rows]) -> Rows:
    wanted = set()
    for source in table.of:
        name, column = source.split(".")
        wanted |= {row[column] for row in rows[name] if row[column] is not None}
    if not wanted:
        return []
    where = f" AND {table.where}" if table.where else ""
    found = await _select(
        f'SELECT {table.columns or "*"} FROM "{table.table}"'  # noqa: S608 - names of this module
        f' WHERE "{table.column}" = ANY($1){where} ORDER BY id',
        wanted,
    )
    return [{name: value for name, value in row.items() if name not in table.omit} for row in found]


async def _papers(rows: dict[str, Rows]) -> Rows:
    """Read the documents about anything that was read."""
    about = {row["id"] for found in rows.values() for row in found if "id" in row}
    return await _select("SELECT * FROM paper WHERE subject_id = ANY($1) ORDER BY id", about)


async def _select(sql: str, argument: object) -> Rows:
    given = list(argument) if isinstance(argument, set) else argument
    async with connection() as c:
        return [
            {name: _own(value) for name, value in row.items()} for row in await c.fetch(sql, given)
        ]


def _own(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    """Turn asyncpg's UUIDs into the standard library's, which alone compare as expected."""
    if isinstance(value, UUID):
        return UUID(int=value.int)
    if isinstance(value, list):
        return [_own(item) for item in value]
    return value


def _ids(row: dict[str, Any]) -> Iterator[UUID]:
    for value in row.values():
        if isinstance(value, UUID):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, UUID))


async def _events() -> list[EventRow]:
    """Read the chain.

    A dossier takes of it what goes before its procedure's newest event, exports not counted: so one
    that is made again, with nothing done in between, is the same file, and does not tell how much
    was done elsewhere since then.
    """
    return await fetch_as(
        EventRow,
        """
        SELECT seq, id, kind, subject_id, org_id, actor_id, happened_at, written_at, facts, sha256
          FROM event ORDER BY seq
        """,
    )


async def _sealed(bids: Rows) -> list[Part]:
    """Read the receipts as they were signed, and the sealed bytes of the bids that were opened."""
    parts = []
    rows = await _select(
        "SELECT id, receipt, CASE WHEN content IS NOT NULL THEN ciphertext END AS ciphertext"
        " FROM bid WHERE id = ANY($1) ORDER BY id",
        {bid["id"] for bid in bids},
    )
    for row in rows:
        receipt = row["receipt"].encode()
        parts.append(Part(f"receipts/{row['id']}.json", receipt, media_type="application/json"))
        if row["ciphertext"] is not None:
            parts.append(Part(f"bids/{row['id']}.age", bytes(row["ciphertext"])))
    return parts


async def _files(rows: dict[str, Rows]) -> list[Part]:
    """Read documents and payment files; one that is damaged is left out, which the check finds."""
    titles: dict[str, str] = {}
    for run in rows["payment_runs"]:
        titles.setdefault(run["file_sha256"], run["message_id"])
    for paper in rows["papers"]:
        if paper["file"]:
            titles.setdefault(paper["file"], paper["title"])
    parts = []
    for sha256, title in sorted(titles.items()):
        try:
            content, media_type = await documents.read_file(sha256)
        except (FileDamaged, NotFound) as error:
            log.error("left out of a dossier: %s", error)
            continue
        ending = ENDINGS.get(media_type, "bin")
        parts.append(Part(f"files/{sha256}.{ending}", content, title, media_type))
        await asyncio.sleep(0)
    return parts


class Heading(msgspec.Struct, frozen=True):
    """What stands on the first page of a dossier."""

    reference: str
    title: str
    buyer_id: UUID
    buyer_name: str


async def heading(tender_id: UUID) -> Heading:
    """Read what a tender is called, and whose it is."""
    [found] = await fetch_as(
        Heading,
        "SELECT t.reference, t.title, o.id AS buyer_id, o.name AS buyer_name FROM tender t"
        " JOIN organisation o ON o.id = t.buyer WHERE t.id = $1",
        tender_id,
    )
    return found


def newest(events: Sequence[EventRow], fallback: datetime) -> tuple[int, str, datetime]:
    """Return number, hash and instant of the last event; zero and `fallback` for an empty chain."""
    if not events:
        return 0, ZERO_SHA256, fallback
    last = events[-1]
    return last.seq, last.sha256, last.happened_at
