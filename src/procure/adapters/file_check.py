"""Checking an uploaded file in memory: its type, what is active in it, how far it unpacks.

What it is called, how it begins and what reads it must agree (U-1). Archives are counted while
they are unpacked, since their headers may lie (U-5). PDFs are walked object by object, since a
search for words in their bytes misses what is compressed (U-6). No virus scanner: that is another
layer.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pikepdf

from procure.bids.ports import CheckedFile
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

DEEPEST_OBJECT = 50
MOST_ENTRIES, MOST_BYTES, HIGHEST_RATIO, DEEPEST = 1000, 200_000_000, 100, 3
SMALL_ENTRY = 100_000  # below that a high ratio means nothing
ZIP_START, ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
STEP = 1 << 16
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "asice": "application/vnd.etsi.asic-e+zip",
    "zip": "application/zip",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
}
INSIDE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
MIMETYPE = {"odt", "ods", "asice"}
PDF_REFUSED = {"/JavaScript", "/JS", "/Launch", "/RichMedia", "/XFA", "/EmbeddedFiles", "/AA"}
MACROS = ("vbaproject.bin", "basic/", "scripts/")


class MemoryFileCheck:
    """Checks files that are whole in memory; blocks, so it runs in a thread."""

    def check(self, name: str, content: bytes) -> CheckedFile:
        """Say what a file is, and everything for which it is not taken."""
        ending = name.rpartition(".")[2].lower() if "." in name else ""
        if ending not in TYPES:
            text = n_("Files of this kind are not taken; send one of: {types}.")
            return CheckedFile("", [_finding("file-type", text, types=", ".join(sorted(TYPES)))])
        if not content:
            return CheckedFile(TYPES[ending], [_finding("empty-file", n_("The file is empty."))])
        return CheckedFile(TYPES[ending], list(_CHECKS[ending](ending, content)))


def _finding(code: str, text: str, **values: object) -> Finding:
    return Finding(code, text, values, field="file")


def _not_a(ending: str) -> Finding:
    return _finding(
        "file-content", n_("The file is called .{ending} and is something else."), ending=ending
    )


def _pdf(ending: str, content: bytes) -> Iterator[Finding]:
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-2048:]:
        yield _not_a(ending)
        return
    if ZIP_END in content[-70_000:]:
        yield _finding("polyglot", n_("The file is a PDF and an archive at once."))
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if not len(pdf.pages):
                yield _finding("unreadable", n_("The PDF has no page."))
            names = {name for found in pdf.objects for name in _names(found, 0)}
    except pikepdf.PasswordError:
        yield _finding(
            "encrypted", n_("The PDF asks for a password: save it without one and send it again.")
        )
        return
    except pikepdf.PdfError:
        yield _finding(
            "unreadable",
            n_("The PDF cannot be read: save it anew from where it was made."),
        )
        return
    if bad := sorted(names & PDF_REFUSED):
        yield _finding(
            "active-content",
            n_("The PDF holds what runs by itself ({what}): print it to a new PDF and send that."),
            what=", ".join(bad),
        )


def _names(found: object, depth: int) -> Iterator[str]:
    """Yield the keys of dictionaries, and the kinds of actions, in one object of a PDF.

    What is referred to has its own turn, being an object of its own.
    """
    if depth > DEEPEST_OBJECT or not isinstance(found, pikepdf.Object):
        return
    if depth and found.is_indirect:
        return
    if isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        for key, value in found.items():
            yield key
            if key == "/S" and isinstance(value, pikepdf.Name):
                yield str(value)
            yield from _names(value, depth + 1)
    elif isinstance(found, pikepdf.Array):
        for value in found:
            yield from _names(value, depth + 1)


def _archive(ending: str, content: bytes) -> Iterator[Finding]:
    if not content.startswith(ZIP_START):
        yield _not_a(ending)
        return
    budget = _Budget()
    try:
        names = list(_walk(content, 1, budget))
    except _Bomb as bomb:
        yield bomb.finding
        return
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError):
        yield _finding("unreadable", n_("The archive cannot be read."))
        return
    if ending in INSIDE and INSIDE[ending] not in names:
        yield _not_a(ending)
    if ending in MIMETYPE and not _says(content, TYPES[ending]):
        yield _not_a(ending)
    if any(name.lower().endswith(MACROS[0]) for name in names) or (
        ending in MIMETYPE and any(name.lower().startswith(MACROS[1:]) for name in names)
    ):
        yield _finding(
            "macros", n_("The document holds macros: save it without them and send it again.")
        )


def _says(content: bytes, media_type: str) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return (
            "mimetype" in archive.namelist()
            and archive.read("mimetype").decode(errors="replace").strip() == media_type
        )


class _Bomb(Exception):
    def __init__(self, text: str, **values: object) -> None:
        self.finding = _finding("archive-limits", text, **values)
        super().__init__(text)


class _Budget:
    """What is left of the limits for an archive with all that is in it."""

    def __init__(self) -> None:
        self.entries, self.unpacked = 0, 0


def _walk(content: bytes, depth: int, budget: _Budget) -> Iterator[str]:
    """Unpack an archive and those in it, counting real bytes; yield the names at the top."""
    if depth > DEEPEST:
        raise _Bomb(n_("The archive holds archives more than {most} deep."), most=DEEPEST)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        if sum(info.compress_size for info in infos) > len(content):
            raise _Bomb(n_("The parts of the archive overlap."))
        for info in infos:
            budget.entries += 1
            if budget.entries > MOST_ENTRIES:
                raise _Bomb(n_("The archive holds more than {most} files."), most=MOST_ENTRIES)
            parts = info.filename.replace("\\", "/").split("/")
            if info.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
                raise _Bomb(n_("A file in the archive wants to lie outside of it."))
            if stat.S_ISLNK(info.external_attr >> 16):
                raise _Bomb(n_("The archive holds a link."))
            if info.flag_bits & 0x1:
                raise _Bomb(n_("The archive asks for a password: save it without one."))
            inner = _unpack(archive, info, budget)
            if inner.startswith(ZIP_START):
                list(_walk(inner, depth + 1, budget))
            if depth == 1:
                yield info.filename


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> bytes:
    found, size = [], 0
    with archive.open(info) as entry:
        while step := entry.read(STEP):
            size += len(step)
            budget.unpacked += len(step)
            if budget.unpacked > MOST_BYTES:
                raise _Bomb(n_("Unpacked, the archive is larger than {most} MB."), most=200)
            if size > SMALL_ENTRY and size > HIGHEST_RATIO * max(info.compress_size, 1):
                raise _Bomb(n_("A file in the archive unpacks to more than {most} times its size."),
                            most=HIGHEST_RATIO)  # fmt: skip
            found.append(step)
    return b"".join(found)


def _png(ending: str, content: bytes) -> Iterator[Finding]:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or not content.endswith(b"IEND\xaeB`\x82"):
        yield _not_a(ending)


def _jpeg(ending: str, content: bytes) -> Iterator[Finding]:
    if not content.startswith(b"\xff\xd8\xff") or not content.rstrip(b"\0").endswith(b"\xff\xd9"):
        yield _not_a(ending)


def _text(ending: str, content: bytes) -> Iterator[Finding]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield _not_a(ending)
        return
    if "\0" in text:
        yield _not_a(ending)


_CHECKS: dict[str, Callable[[str, bytes], Iterator[Finding]]] = {
    "pdf": _pdf,
    **dict.fromkeys(("docx", "xlsx", "odt", "ods", "asice", "zip"), _archive),
    "png": _png,
    "jpg": _jpeg,
    "jpeg": _jpeg,
    "txt": _text,
    "csv": _text,
}
