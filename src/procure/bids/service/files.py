"""Files of a bid, uploaded beforehand in pieces, looked into once they are whole, then sealed.

Nothing of a file lies here open: its pieces are locked with a key that only its uploader has, and
the whole is encrypted to the tender's key before it is written. To look into it, it is whole in
memory for a moment; whoever reads the disk or the database reads nothing.
"""

import asyncio
import hmac
from datetime import datetime
from uuid import UUID

from procure.bids import queries
from procure.bids.ports import FileCheck, Vault, VaultFailed
from procure.bids.rules import file_findings, room_findings
from procure.bids.schemas import FileView, StartedFile
from procure.bids.service.preparing import require_bidder, require_open
from procure.bids.states import FILE, FileState
from procure.bids.tables import BidFile, BidPiece
from procure.db import connection, transaction, uuid7
from procure.documents import service as documents
from procure.kernel.actors import Actor
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders import queries as tenders
from procure.tenders.ports import Sealer
from procure.tenders.rules import is_on_time

AGE_FILE = "application/vnd.age"


async def start_file(
    actor: Actor, tender_id: UUID, name: str, length_bytes: int, *, vault: Vault, now: datetime
) -> StartedFile:
    """Begin an upload; its key is shown once and asked for with each piece.

    Raises NotFound, Forbidden, Conflict (the tender takes no bids), Refused (name, size, no room).
    """
    require_bidder(actor)
    facts = await tenders.visible_tender(actor, tender_id)
    require_open(facts.state, facts.buyer_name, on_time=is_on_time(now, facts.deadline_at))
    file_id, key = uuid7(), vault.new_key()
    async with transaction():
        await _hold_room(tender_id, actor.org_id)
        count, size = await queries.room_taken(actor.org_id, tender_id)
        found = [*file_findings(name, length_bytes), *room_findings(count, size + length_bytes)]
        if found:
            raise Refused(found)
        await BidFile(
            id=file_id,
            tender=tender_id,
            provider_org=actor.org_id,
            uploaded_by=actor.id,
            about=vault.lock(canonical(queries.FileAbout(name)).encode(), str(file_id)),
            key_sha256=sha256_hex(key),
            length_bytes=length_bytes,
            offset_bytes=0,
            state=FileState.RECEIVING,
            began_at=now,
        ).save()
    return StartedFile(id=file_id, upload_key=key, offset_bytes=0, length_bytes=length_bytes)


async def _hold_room(tender_id: UUID, org_id: UUID) -> None:
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('files ' || $1 || $2, 0))",
            str(tender_id),
            str(org_id),
        )


async def add_piece(
    actor: Actor,
    file_id: UUID,
    offset: int,
    piece: bytes,
    key: str,
    *,
    vault: Vault,
    check: FileCheck,
    sealer: Sealer,
) -> FileView:
    """Take the next piece of an upload; with the last one the file is looked into and sealed.

    Raises NotFound, Conflict (another offset is next: ask for it and go on there), Refused (the
    key is not this upload's; more than was said; everything for which the file is not taken).
    """
    require_bidder(actor)
    async with transaction():
        file = await _hold(actor, file_id)
        if file.state != FileState.RECEIVING or file.offset_bytes != offset:
            raise Conflict(
                n_("The next byte of this upload is {offset}; go on from there."),
                {"offset": file.offset_bytes},
            )
        if not hmac.compare_digest(sha256_hex(key), file.key_sha256):
            raise Refused([Finding("upload-key", n_("This is not the key of this upload."))])
        if offset + len(piece) > file.length_bytes:
            raise Refused(
                [Finding("too-large", n_("More came than the {length} bytes that were announced."),
                         {"length": file.length_bytes})]
            )  # fmt: skip
        if piece:
            await BidPiece(
                file=file_id,
                starts_at_byte=offset,
                content=vault.lock(piece, _about(file_id, offset), key),
            ).save()
        file.offset_bytes = offset + len(piece)
        await file.save([BidFile.offset_bytes])
    if file.offset_bytes == file.length_bytes:
        await _finish(actor, file_id, key, vault=vault, check=check, sealer=sealer)
    return await queries.read_file(actor, file_id, vault)


def _about(file_id: UUID, offset: int) -> str:
    return f"{file_id} {offset}"


async def _hold(actor: Actor, file_id: UUID) -> BidFile:
    file: BidFile | None = (
        await BidFile.objects()
        .where(BidFile.id == file_id, BidFile.provider_org == actor.org_id)
        .first()
        .lock_rows()
    )
    if file is None:
        raise NotFound(n_("There is no file {id}."), {"id": str(file_id)})
    return file


async def _finish(
    actor: Actor, file_id: UUID, key: str, *, vault: Vault, check: FileCheck, sealer: Sealer
) -> None:
    """Look into a file that is whole; seal it, or forget it and say why."""
    view = await queries.read_file(actor, file_id, vault)
    try:
        pieces = [
            vault.unlock(piece.content, _about(file_id, piece.starts_at_byte), key)
            for piece in await queries.pieces(file_id)
        ]
    except VaultFailed as failure:
        raise Refused([Finding("upload-key", failure.text)]) from failure
    content = b"".join(pieces)
    checked = await asyncio.to_thread(check.check, view.name, content)
    facts = await tenders.tender_facts(view.tender_id)
    assert facts.recipient is not None  # noqa: S101 - a published tender has a key
    sealed = b""
    if not checked.findings:
        sealed = await asyncio.to_thread(sealer.seal, content, facts.recipient)
        await documents.write_sealed(sealed)
    async with transaction():
        file = await _hold(actor, file_id)
        if file.state != FileState.RECEIVING:
            return  # the same last piece, sent twice
        if checked.findings:
            file.state = FILE.after(file.state, "refuse")
            file.refusal = checked.findings[0].code
        else:
            file.state = FILE.after(file.state, "seal")
            file.media_type = checked.media_type
            file.sealed_sha256, file.sealed_bytes = sha256_hex(sealed), len(sealed)
            about = queries.FileAbout(view.name, sha256_hex(content))
            file.about = vault.lock(canonical(about).encode(), str(file_id))
        await file.save()
        await BidPiece.delete().where(BidPiece.file == file_id)
    if checked.findings:
        raise Refused(checked.findings)


async def upload_whole(
    actor: Actor,
    tender_id: UUID,
    name: str,
    content: bytes,
    *,
    vault: Vault,
    check: FileCheck,
    sealer: Sealer,
    now: datetime,
) -> FileView:
    """Upload a file in one go, as a page without scripts does. Raises as the two above."""
    started = await start_file(actor, tender_id, name, len(content), vault=vault, now=now)
    return await add_piece(
        actor, started.id, 0, content, started.upload_key, vault=vault, check=check, sealer=sealer
    )


async def remove_file(actor: Actor, file_id: UUID) -> None:
    """Take a file out of what may be sent with a bid. What was sent with one stays with that."""
    require_bidder(actor)
    async with transaction():
        await _hold(actor, file_id)
        await BidPiece.delete().where(BidPiece.file == file_id)
        await BidFile.delete().where(BidFile.id == file_id)
