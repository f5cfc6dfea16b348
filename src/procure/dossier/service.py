"""Dossier: makes the file of a procedure and remembers that it was made."""

import asyncio
from datetime import datetime
from pathlib import Path
from uuid import UUID

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.documents import service as documents
from procure.dossier import queries
from procure.dossier.ports import SealingKey
from procure.dossier.rules import (
    About,
    Exported,
    Part,
    event_line,
    manifest,
    pack,
    readme,
    table_part,
)
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Forbidden
from procure.kernel.texts import n_

CHECKER = Path(__file__).parent / "verify.py"
VERSION = "0.1.0"


async def make_dossier(actor: Actor, tender_id: UUID, key: SealingKey, *, now: datetime) -> UUID:
    """Make the dossier of a procedure and its contracts; return its id.

    Reads one state of the database, whatever is written meanwhile. Made again with nothing done in
    between, it is the same file and the same dossier. Raises NotFound, Forbidden.
    """
    await queries.find_tender(actor, tender_id)
    if not actor.may(Permission.DOSSIER_EXPORT):
        raise Forbidden(n_("Only an auditor may export a dossier."))
    async with transaction(isolation="repeatable_read", readonly=True):
        found = await queries.collect(tender_id)
        heading = await queries.heading(tender_id)
    chain_seq, chain_sha256, made_at = queries.newest(found.events, now)
    about = About(
        tender_id=tender_id,
        reference=heading.reference,
        title=heading.title,
        buyer_id=heading.buyer_id,
        buyer_name=heading.buyer_name,
        made_at=made_at,
        chain_seq=chain_seq,
        chain_sha256=chain_sha256,
        shown_count=len(found.shown),
        version=VERSION,
    )
    content = await asyncio.to_thread(write, about, found, key)
    sha256 = await documents.store_file(content, "application/zip", now)
    async with transaction():
        async with connection() as c:
            dossier_id = await c.fetchval(
                "INSERT INTO dossier"
                " (id, tender, buyer, file, made_at, made_by, chain_seq, chain_sha256)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                " ON CONFLICT (tender, file) DO NOTHING RETURNING id",
                uuid7(),
                tender_id,
                heading.buyer_id,
                sha256,
                now,
                actor.id,
                chain_seq,
                chain_sha256,
            )
            if dossier_id is None:  # the same state gives the same file
                dossier_id = await c.fetchval(
                    "SELECT id FROM dossier WHERE tender = $1 AND file = $2", tender_id, sha256
                )
        await audit.record(
            queries.EXPORT_EVENT,
            tender_id,
            actor,
            org_id=heading.buyer_id,
            now=now,
            facts=Exported(
                dossier_id=dossier_id,
                file_sha256=sha256,
                chain_seq=chain_seq,
                chain_sha256=chain_sha256,
            ),
        )
    return UUID(int=dossier_id.int)


def write(about: About, found: queries.Collected, key: SealingKey) -> bytes:
    """Lay out and pack everything. Blocks for as long as compressing takes."""
    checker = CHECKER.read_bytes()
    lines = [event_line(event, is_shown=event.seq in found.shown) for event in found.events]
    parts = [
        *(table_part(name, rows) for name, rows in found.rows.items()),
        *found.parts,
        Part("events.jsonl", "".join(f"{line}\n" for line in lines).encode()),
        Part(f"keys/{key.key_id}.pem", key.public_pem()),
        Part("verify.py", checker),
        Part("README.txt", readme(about)),
    ]
    counts = {name: len(rows) for name, rows in found.rows.items()}
    listed = manifest(about, parts, counts, [key.key_id], sha256_hex(checker))
    return pack(listed, parts, key.sign_bytes)
