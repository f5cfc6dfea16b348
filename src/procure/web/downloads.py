"""Giving a stored file to a browser: saved, never run in our origin (promises U-7, U-8)."""

import re
import unicodedata
from urllib.parse import quote

from litestar import Response

ENDINGS = {
    "application/pdf": ".pdf",
    "application/json": ".json",
    "application/zip": ".zip",
    "application/xml": ".xml",
    "text/csv": ".csv",
    "text/plain": ".txt",
}
LONGEST_NAME = 120


def attachment(content: bytes, media_type: str, title: str) -> Response[bytes]:
    """Answer with a file to save, named after `title`, which may be any text."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": disposition(file_name(title, media_type)),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def file_name(title: str, media_type: str) -> str:
    """Make a name that every file system takes out of a title.

    >>> file_name("Award letter: OÜ Näide", "application/pdf")
    'Award letter OÜ Näide.pdf'
    >>> file_name("../../etc/passwd\\r\\nX: y", "application/pdf")
    'etc passwd X y.pdf'
    """
    # Control and format characters could turn the name around, or end the header.
    visible = "".join(
        " " if unicodedata.category(char)[0] in "CZ" else char
        for char in unicodedata.normalize("NFC", title)
    )
    plain = re.sub(r"""[\\/:*?"'<>|%;]+""", " ", visible)
    name = re.sub(r" +", " ", plain)[:LONGEST_NAME].strip(" .-_")
    return (name or "document") + ENDINGS.get(media_type, ".bin")


def disposition(name: str) -> str:
    """Write the header of RFC 6266: in ASCII for old readers, in UTF-8 for the others.

    >>> disposition("Näide.pdf")
    'attachment; filename="Naide.pdf"; filename*=UTF-8\\'\\'N%C3%A4ide.pdf'
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if not ascii_name.rpartition(".")[0].strip(" .-_"):
        ascii_name = "document." + name.rpartition(".")[2]
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
