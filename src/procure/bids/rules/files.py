"""What a file of a bid may be before it is looked into, and how a bid names it.

Sizes in bytes. The limits are the same on the page, in the API and here, so that nobody learns them
by trying (T-15).
"""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_

LARGEST_FILE = 20_000_000
MOST_FILES = 40  # of one bidder for one tender
MOST_TOGETHER = 200_000_000
LONGEST_NAME = 200
PIECE_BYTES = 1_000_000  # what a page sends at a time; a program may send more


class FileRef(msgspec.Struct, frozen=True):
    """A file as a bid names it, inside the seal."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str  # of the file as it was sent
    sealed_sha256: str  # of the encrypted file
    sealed_bytes: int


def file_findings(name: str, length_bytes: int) -> Iterator[Finding]:
    """List why an upload cannot begin."""
    if not name.strip() or len(name) > LONGEST_NAME or any(ord(char) < 32 for char in name):
        yield Finding(
            "file-name",
            n_("A file has a name of at most {most} characters."),
            {"most": LONGEST_NAME},
            field="name",
        )
    if length_bytes <= 0:
        yield Finding("empty-file", n_("The file is empty."), field="length_bytes")
    if length_bytes > LARGEST_FILE:
        yield Finding(
            "too-large",
            n_("A file has at most {most} MB; divide it, or save it smaller."),
            {"most": LARGEST_FILE // 1_000_000},
            field="length_bytes",
        )


def room_findings(count: int, size_bytes: int) -> Iterator[Finding]:
    """List why one file more is too many: `count` are there, together `size_bytes` with it."""
    if count >= MOST_FILES:
        yield Finding(
            "too-many-files",
            n_("At most {most} files for one tender; remove one first."),
            {"most": MOST_FILES},
        )
    if size_bytes > MOST_TOGETHER:
        yield Finding(
            "no-room",
            n_("The files for one tender have at most {most} MB together; remove one first."),
            {"most": MOST_TOGETHER // 1_000_000},
        )
