"""Request files: the bytes of a CSV, XLSX or JSON file to rows, and requests back to CSV.

Pure: bytes in, rows out. A file that cannot be read as a whole is Refused; a row that cannot is a
finding of that row. Whatever a file holds is data: formulas are not computed, XML entities and
document types are not read, and what a small file unfolds to is limited.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from xml.parsers import expat

import msgspec

from procure.demand.rules.entries import COLUMNS, EXPORT_COLUMNS, OPTIONAL_COLUMNS, Row, shown
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

MOST_BYTES = 5_000_000
MOST_ROWS = 50_000
MOST_UNFOLDED_BYTES = 80_000_000  # of a workbook: fifty thousand rows need about forty
MOST_PARTS = 200
MOST_COLUMNS = 40
DELIMITERS = (",", ";", "\t")
# What a spreadsheet would compute or hide, in the plain and the full-width form.
FORMULA = tuple("=+-@\t\r\n\0＝＋－＠")
CHUNK = 65_536


class Sheet(msgspec.Struct, frozen=True):
    """The rows of a file, and what kind of file it was: csv, xlsx or json."""

    kind: str
    rows: list[Row]


def read_sheet(content: bytes) -> Sheet:
    """Read a file by what it holds, whatever its name is.

    Raises Refused if it is too large, of another kind, or has not the columns of a request.
    """
    if len(content) > MOST_BYTES:
        raise _refused(
            "too-large", n_("The file is larger than {most} MB."), most=MOST_BYTES // 1_000_000
        )
    if not content.strip():
        raise _refused("empty", n_("The file is empty."))
    if content.startswith(b"PK\x03\x04"):
        return _sheet("xlsx", _rows(_workbook_cells(content)))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refused("old-workbook", n_("This is an old workbook; save it as .xlsx or CSV."))
    text = _decoded(content)
    if text.lstrip()[:1] in {"[", "{"}:
        return _sheet("json", _json_rows(text))
    return _sheet("csv", _rows(_csv_cells(text)))


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    r"""Write rows as CSV (RFC 4180) in which no cell can run as a formula.

    >>> csv_text(["a", "b"], [{"a": "=1+1", "b": "x,y"}])
    'a,b\r\n\'=1+1,"x,y"\r\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([defused(_cell(row.get(column))) for column in columns])
    return out.getvalue()


def defused(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    >>> [defused(text) for text in ("@SUM(A1)", "-1", "2026-11-24", "")]
    ["'@SUM(A1)", "'-1", '2026-11-24', '']
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def _refused(code: str, text: str, **values: str | int) -> Refused:
    return Refused([Finding(code, text, values, field="file")])


def _sheet(kind: str, rows: list[Row]) -> Sheet:
    if not rows:
        raise _refused("empty", n_("The file has no requests in it."))
    return Sheet(kind, rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(map(str, value))
    return str(value)


# --- Text -------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    """Decode UTF-8, with or without its mark, or UTF-16 with one, as spreadsheets write them."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refused(
            "encoding",
            n_("Row {row} is not written in UTF-8. Save the file as CSV UTF-8 and try again."),
            row=content.count(b"\n", 0, error.start) + 1,
        ) from None
    if "\0" in text:
        raise _refused("encoding", n_("The file holds characters that no text has."))
    return text


def _csv_cells(text: str) -> Iterator[list[str]]:
    delimiter = max(DELIMITERS, key=lambda mark: _known_count(_first_cells(text, mark)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):  # noqa: B007 - for the message below
            yield cells
    except csv.Error:
        raise _refused(
            "cells",
            n_("Row {row} cannot be split: a quotation mark is not closed, or a cell is too long."),
            row=number + 1,
        ) from None


def _first_cells(text: str, delimiter: str) -> list[str]:
    return text.lstrip("\r\n").split("\n", 1)[0].replace('"', "").strip().split(delimiter)


def _known_count(cells: Iterable[str]) -> int:
    return sum(_column(cell) is not None for cell in cells)


def _json_rows(text: str) -> list[Row]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _refused("json", n_("This is not JSON: {why}"), why=shown(error)) from None
    if isinstance(found, dict):
        found = found.get("items", found.get("requests"))
    if not isinstance(found, list):
        raise _refused("json", n_("A list of requests is needed, or an object with items."))
    if len(found) > MOST_ROWS:
        raise _too_many()
    return [_json_row(number, item) for number, item in enumerate(found, start=1)]


def _json_row(number: int, item: object) -> Row:
    """Make a row of one object; `number` counts from 1."""
    if not isinstance(item, dict):
        finding = Finding("json", n_("Each request is an object."), row=number)
        return Row(number, {}, [finding])
    values: dict[str, Any] = {}
    findings = []
    for name, value in item.items():
        column = _column(name)
        if column is None:
            if _normal(name) in EXPORT_COLUMNS:
                continue
            findings.append(
                Finding(
                    "unknown-column",
                    n_("{typed} is not known."),
                    {"typed": shown(name)},
                    field=shown(name),
                    row=number,
                )
            )
        elif isinstance(value, dict) or (isinstance(value, list) and column != "barriers"):
            findings.append(
                Finding("kind", n_("One value is needed here."), field=column, row=number)
            )
        else:
            values[column] = value
    return Row(number, values, findings)


# --- Tables -----------------------------------------------------------------


def _normal(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _column(name: str) -> str | None:
    """Find the column that a heading means."""
    name = _normal(name)
    for column, others in COLUMNS.items():
        if name == column or name in others:
            return column
    return None


def _rows(table: Iterator[list[str]]) -> list[Row]:
    """Split a table into rows by its heading; the heading is row 1, empty rows are left out."""
    columns = _heading(next(table, []))
    rows: list[Row] = []
    for number, cells in enumerate(table, start=2):
        if len(rows) >= MOST_ROWS or number > MOST_ROWS * 2:
            raise _too_many()
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            finding = Finding(
                "columns",
                n_("This row has {found} columns; {needed} are needed."),
                {"found": len(cells), "needed": len(columns)},
                row=number,
            )
            rows.append(Row(number, {}, [finding]))
            continue
        pairs = zip(columns, cells, strict=True)
        rows.append(Row(number, {column: cell for column, cell in pairs if column}))
    return rows


def _heading(cells: list[str]) -> list[str | None]:
    """Read the heading; None stands for a column of our own export, which is not read.

    Raises Refused naming every column that is missing, unknown or given twice.
    """
    columns = [_column(cell) for cell in cells]
    findings = []
    if not any(columns):
        raise _refused(
            "heading",
            n_("The first row must name the columns: {columns}."),
            columns=", ".join(COLUMNS),
        )
    for cell, column in zip(cells, columns, strict=True):
        if column is None and _normal(cell) not in EXPORT_COLUMNS:
            findings.append(
                Finding(
                    "unknown-column",
                    n_("The column {typed} is not known."),
                    {"typed": shown(cell) or "–"},
                    field="file",
                )
            )
        elif column is not None and columns.count(column) > 1:
            findings.append(
                Finding(
                    "column-twice",
                    n_("The column {column} is there more than once."),
                    {"column": column},
                    field="file",
                )
            )
    for column in COLUMNS.keys() - set(columns) - OPTIONAL_COLUMNS:
        findings.append(
            Finding(
                "column-missing",
                n_("The column {column} is missing."),
                {"column": column},
                field="file",
            )
        )
    if findings:
        raise Refused(sorted(findings, key=lambda finding: finding.message))
    return columns


def _too_many() -> Refused:
    return _refused("too-many", n_("The file has more than {most} rows."), most=MOST_ROWS)


# --- Workbooks --------------------------------------------------------------


def _workbook_cells(content: bytes) -> Iterator[list[str]]:
    """Go through the rows of a workbook's first sheet, as texts."""
    import openpyxl

    _check_parts(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        width = 0
        # One row and column more than are taken, so that too many are seen and not cut off.
        rows = sheet.iter_rows(
            max_row=MOST_ROWS * 2 + 2, max_col=MOST_COLUMNS + 1, values_only=True
        )
        for values in rows:
            cells = [_workbook_cell(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            width = width or len(cells)
            yield cells + [""] * (width - len(cells))
    except Refused:
        raise
    except Exception as error:
        # Anything can be wrong with a workbook from outside, and the library has no error for it.
        raise _refused("workbook", n_("This workbook cannot be read. Save it anew.")) from error


def _workbook_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    return "=…"  # an array formula or a data table: said like any other formula


def _check_parts(content: bytes) -> None:
    """Refuse a workbook that unfolds to too much, or whose XML declares a document type."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
        unfolded = sum(part.file_size for part in parts)  # what is read is never more than this
        if len(parts) > MOST_PARTS or unfolded > MOST_UNFOLDED_BYTES:
            raise _refused("too-large", n_("This workbook unfolds to more than is read."))
        if any(part.flag_bits & 0x1 for part in parts):
            raise _refused("encrypted", n_("This workbook is protected by a password."))
        for part in parts:
            with archive.open(part) as stream:
                if _declares_type(stream):
                    raise _refused("entities", n_("This workbook declares XML entities."))
    except Refused:
        raise
    except Exception as error:
        # Half a dozen kinds of error say that this is no archive after all.
        raise _refused("workbook", n_("This workbook cannot be read. Save it anew.")) from error


class _Seen(Exception):
    """Stops the parser where the answer is known."""


def _declares_type(stream: Any) -> bool:  # noqa: ANN401 - a member of a zip archive
    """Tell whether a part is XML with a document type; reads no further than its first element."""
    parser = expat.ParserCreate()
    declared = False

    def stop(*_: object) -> None:
        raise _Seen

    def note(*_: object) -> None:
        nonlocal declared
        declared = True
        raise _Seen

    parser.StartElementHandler = stop
    parser.StartDoctypeDeclHandler = note
    try:
        while chunk := stream.read(CHUNK):
            parser.Parse(chunk)
    except (_Seen, expat.ExpatError):
        return declared
    return declared
