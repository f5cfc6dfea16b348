"""How a dossier is laid out: the same parts give the same bytes, and the last line seals them.

Pure: everything that goes in is an argument. The format is described in docs/formats/dossier.md;
`verify.py` reads it without knowing this module, so that one mistake is not made twice.
"""

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import msgspec

from procure.kernel.canonical import canonical, sha256_hex

FORMAT = "procure-dossier"
FORMAT_VERSION = 1
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip; the true times are inside
ZERO_SHA256 = "0" * 64  # what the first event follows
# The comment of the zip: what the file's bytes hash to, and that hash signed.
SEAL = b"procure-dossier sha256 "  # then 64 hex digits
SIGNED = b" ed25519 "  # then 128 hex digits
SEAL_BYTES = len(SEAL) + 64 + len(SIGNED) + 128

README = """\
Audit dossier of {reference} - {title}
{buyer}

manifest.json   every file with its size and SHA-256, the newest event, counts, key ids
events.jsonl    the whole chain of events; what does not belong here is shown as its hash alone
facts/          the rows behind every decision, one table a file
receipts/       signed receipts of bids, byte for byte
bids/           the sealed bids that were opened, as they arrived (age, version 1)
scoring/        each ranking as a file that computes it again: procure score FILE --check
payments/       terms, facts and lines of each claim: procure pay TERMS FACTS --check LINES
files/          documents and payment files, named by their SHA-256; titles are in the manifest
keys/           the public key that receipts are signed with
verify.py       checks all of this: python3 verify.py FILE (Python 3.11, nothing else)

A checker that comes with what it checks proves little: take verify.py from the software's own
source, and the hash of an event from somebody who was given it (a bidder's receipt, an earlier
dossier): python3 verify.py FILE --head SHA256. What a dossier proves is in docs/formats/dossier.md.
"""


class Part(msgspec.Struct, frozen=True):
    """One file inside a dossier."""

    path: str
    content: bytes
    title: str = ""  # for people: what the file is called where it comes from
    media_type: str = ""


class EventRow(msgspec.Struct, frozen=True):
    """One event as the chain holds it."""

    seq: int
    id: UUID
    kind: str
    subject_id: UUID
    org_id: UUID | None
    actor_id: UUID | None
    happened_at: datetime
    written_at: datetime
    facts: str
    sha256: str


class About(msgspec.Struct, frozen=True):
    """What a dossier is about, and where the chain stood."""

    tender_id: UUID
    reference: str
    title: str
    buyer_id: UUID
    buyer_name: str
    made_at: datetime
    chain_seq: int
    chain_sha256: str
    shown_count: int
    version: str


class Exported(msgspec.Struct, frozen=True):
    """Facts of the event that a dossier was exported."""

    dossier_id: UUID
    file_sha256: str
    chain_seq: int
    chain_sha256: str


def instant_text(instant: datetime) -> str:
    """Write an instant as the chain does: UTC, always six decimals.

    >>> instant_text(datetime(2024, 2, 8, 8, tzinfo=UTC))
    '2024-02-08T08:00:00.000000Z'
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(value: object) -> Any:  # noqa: ANN401 - any value that JSON can hold
    """Turn a database value into one that JSON can hold, without losing anything.

    >>> plain(Decimal("21.50")), plain(date(2024, 2, 8)), plain([UUID(int=1)])
    ('21.50', '2024-02-08', ['00000000-0000-0000-0000-000000000001'])
    """
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"a fact of type {type(value).__name__} has no place in a dossier")


def content_sha256(event: EventRow) -> str:
    """Return the hash of what an event says, without its place in the chain."""
    lines = (
        str(event.seq),
        str(event.id),
        event.kind,
        str(event.subject_id),
        str(event.org_id or ""),
        str(event.actor_id or ""),
        instant_text(event.happened_at),
        instant_text(event.written_at),
        sha256_hex(event.facts),
    )
    return sha256_hex("\n".join(lines))


def event_line(event: EventRow, *, is_shown: bool) -> str:
    """Write one line of events.jsonl: the event, or the hash of what it says."""
    if not is_shown:
        hidden = {"content_sha256": content_sha256(event), "seq": event.seq, "sha256": event.sha256}
        return canonical(hidden)
    return canonical({name: plain(getattr(event, name)) for name in EventRow.__struct_fields__})


def table_part(name: str, rows: Sequence[Mapping[str, object]]) -> Part:
    """Write a table: a JSON list with one row a line, in the order given."""
    lines = [canonical({key: plain(value) for key, value in row.items()}) for row in rows]
    text = "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
    return Part(f"facts/{name}.json", text.encode())


def manifest(
    about: About,
    parts: Sequence[Part],
    counts: Mapping[str, int],
    keys: Sequence[str],
    verify_sha256: str,
) -> bytes:
    """Write the manifest: the list by which everything else is checked."""
    files = [
        {
            "path": part.path,
            "size_bytes": len(part.content),
            "sha256": hashlib.sha256(part.content).hexdigest(),
            **({"title": part.title} if part.title else {}),
            **({"media_type": part.media_type} if part.media_type else {}),
        }
        for part in sorted(parts, key=lambda part: part.path)
    ]
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "made_at": instant_text(about.made_at),
        "tender": {
            "id": str(about.tender_id),
            "reference": about.reference,
            "title": about.title,
        },
        "buyer": {"id": str(about.buyer_id), "name": about.buyer_name},
        "chain": {
            "seq": about.chain_seq,
            "sha256": about.chain_sha256,
            "shown": about.shown_count,
        },
        "counts": dict(sorted(counts.items())),
        "keys": sorted(keys),
        "tool": {"name": "procure", "version": about.version, "verify_sha256": verify_sha256},
        "files": files,
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def pack(manifest_json: bytes, parts: Sequence[Part], sign: Callable[[bytes], bytes]) -> bytes:
    """Make the file: a zip whose comment is the SHA-256 of every byte before it, signed.

    The hash is there so that no byte can change unnoticed, not even one that a zip reader skips;
    the signature (Ed25519) so that who changes the file cannot seal it anew.
    """
    everything = sorted([Part("manifest.json", manifest_json), *parts], key=lambda part: part.path)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part in everything:
            entry = zipfile.ZipInfo(part.path, FIRST_DAY)
            entry.create_system = 3  # Unix, whatever this is made on
            entry.external_attr = 0o644 << 16
            # What is compressed already would only grow.
            small = part.path.startswith("bids/") or part.path.endswith(".pdf")
            entry.compress_type = zipfile.ZIP_STORED if small else zipfile.ZIP_DEFLATED
            archive.writestr(entry, part.content)
        archive.comment = b"0" * SEAL_BYTES
    sealed_bytes = buffer.getvalue()[:-SEAL_BYTES]
    seal = SEAL + hashlib.sha256(sealed_bytes).hexdigest().encode()
    return sealed_bytes + seal + SIGNED + sign(seal).hex().encode()


def readme(about: About) -> bytes:
    """Write the page for whoever opens the file first."""
    return README.format(
        reference=about.reference, title=about.title, buyer=about.buyer_name
    ).encode()
