import csv
import io
import warnings
import zipfile
from contextlib import suppress
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.demand.rules import files
from procure.demand.rules.files import MOST_BYTES, MOST_ROWS, csv_text, defused, read_sheet
from procure.kernel.errors import Refused
from tests.demand.test_entries import GOOD

HEADING = list(GOOD)
CELLS = [str(value) for value in GOOD.values()]


def a_csv(*rows: list[str], heading: list[str] = HEADING, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([heading, *rows])
    return out.getvalue().encode()


def an_xlsx(*rows: list[Any], heading: list[str] = HEADING) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [heading, *rows]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, part: str, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", 8) as packed:
        for name in old.namelist():
            packed.writestr(name, new if name == part else old.read(name))
    return out.getvalue()


def refusal(content: bytes) -> list[str]:
    with pytest.raises(Refused) as caught:
        read_sheet(content)
    assert {finding.field for finding in caught.value.findings} == {"file"}
    return [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(a_csv(CELLS), "csv", id="commas"),
        pytest.param(a_csv(CELLS, delimiter=";"), "csv", id="semicolons"),
        pytest.param(a_csv(CELLS, delimiter="\t"), "csv", id="tabs"),
        pytest.param(b"\xef\xbb\xbf" + a_csv(CELLS), "csv", id="the mark of UTF-8"),
        pytest.param(a_csv(CELLS).decode().encode("utf-16"), "csv", id="UTF-16 with its mark"),
        pytest.param(a_csv(CELLS).replace(b"\r\n", b"\n"), "csv", id="lines of Unix"),
        pytest.param(an_xlsx(CELLS), "xlsx", id="a workbook"),
    ],
)
def test_a_table_is_read_by_what_it_holds(content: bytes, kind: str) -> None:
    sheet = read_sheet(content)
    assert sheet.kind == kind
    assert [(row.number, row.values, row.findings) for row in sheet.rows] == [(2, GOOD, [])]


def test_json_is_a_list_or_an_object_with_items() -> None:
    one = b'[{"reference": "R-1", "barriers": ["DEBT"], "needs_transport": true}]'
    for content in (one, b'{"items": ' + one + b"}", b'\xef\xbb\xbf{"requests": ' + one + b"}"):
        sheet = read_sheet(content)
        assert sheet.kind == "json"
        assert [(row.number, row.values) for row in sheet.rows] == [
            (1, {"reference": "R-1", "barriers": ["DEBT"], "needs_transport": True})
        ]


def test_headings_of_case_systems_are_understood() -> None:
    heading = ["ID", "Created", *HEADING[2:4], "caseworker", "client", "Service", *HEADING[7:]]
    assert read_sheet(a_csv(CELLS, heading=heading)).rows[0].values == GOOD


def test_what_our_own_export_adds_is_not_read() -> None:
    heading = [*HEADING, "state", "why"]
    [row] = read_sheet(a_csv([*CELLS, "recorded", "Waits."], heading=heading)).rows
    assert row.values == GOOD


def test_types_of_a_workbook_become_their_texts() -> None:
    row = [*CELLS]
    typed: list[Any] = [date(2026, 11, 2) if h == "created_on" else c for h, c in GOOD.items()]
    typed[HEADING.index("needs_transport")] = False
    typed[HEADING.index("reference")] = 17.0
    row[HEADING.index("reference")] = "17"
    assert read_sheet(an_xlsx(typed)).rows[0].values == dict(zip(HEADING, row, strict=True))


def test_empty_rows_are_left_out_and_numbers_stay() -> None:
    sheet = read_sheet(a_csv([""] * len(CELLS), CELLS) + b"\r\n" + b",".join([b""] * 14))
    assert [row.number for row in sheet.rows] == [3]
    assert [row.number for row in read_sheet(an_xlsx([], CELLS)).rows] == [3]


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        pytest.param(CELLS[:-1], 13, id="one too few"),
        pytest.param([*CELLS, "x"], 15, id="one too many"),
    ],
)
def test_a_row_of_another_width_is_a_finding_of_that_row(cells: list[str], count: int) -> None:
    good, wrong = read_sheet(a_csv(CELLS, cells)).rows
    assert good.findings == []
    assert [f.message for f in wrong.findings] == [f"This row has {count} columns; 14 are needed."]
    assert wrong.findings[0].row == 3


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        pytest.param(b"", ["empty"], id="nothing"),
        pytest.param(b" \n", ["empty"], id="nothing but space"),
        pytest.param(a_csv(), ["empty"], id="a heading alone"),
        pytest.param(an_xlsx(), ["empty"], id="a workbook with a heading alone"),
        pytest.param(b"[]", ["empty"], id="an empty list"),
        pytest.param(b"a,b\r\n1,2\r\n", ["heading"], id="no heading we know"),
        pytest.param(b"%PDF-1.7\n", ["heading"], id="a document"),
        pytest.param(a_csv(CELLS).replace(b"REQ", b"R\xc4Q"), ["encoding"], id="Latin 1"),
        pytest.param(a_csv(CELLS).replace(b"REQ", b"R\0Q"), ["encoding"], id="a zero byte"),
        pytest.param(a_csv(CELLS) + b'"open', ["cells"], id="a quotation mark left open"),
        pytest.param(a_csv(["x" * 200_000]), ["cells"], id="a cell beyond all measure"),
        pytest.param(b"[{]", ["json"], id="broken JSON"),
        pytest.param(b"[" * 100_000, ["json"], id="JSON nested beyond all measure"),
        pytest.param(b'{"a": 1}', ["json"], id="JSON of something else"),
        pytest.param(b"\xd0\xcf\x11\xe0" + b"\0" * 600, ["old-workbook"], id="a workbook of 1997"),
        pytest.param(b"PK\x03\x04" + b"\0" * 60, ["workbook"], id="half an archive"),
        pytest.param(b"x" * (MOST_BYTES + 1), ["too-large"], id="a byte too large"),
        pytest.param(
            a_csv(heading=[*HEADING, "name"]), ["unknown-column"], id="a column we do not know"
        ),
        pytest.param(
            a_csv(heading=[*HEADING, "county"]), ["column-twice"] * 2, id="a column twice"
        ),
        pytest.param(a_csv(heading=HEADING[1:]), ["column-missing"], id="a column missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(content: bytes, codes: list[str]) -> None:
    assert refusal(content) == codes


def test_the_judgement_may_be_left_out() -> None:
    [row] = read_sheet(a_csv(CELLS[:-1], heading=HEADING[:-1])).rows
    assert "suitability" not in row.values


def test_the_last_row_that_is_taken_and_the_first_that_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    for make in (a_csv, an_xlsx):
        assert len(read_sheet(make(*[CELLS] * 3)).rows) == 3
        assert refusal(make(*[CELLS] * 4)) == ["too-many"]
    assert refusal(b"[" + b",".join([b"{}"] * 4) + b"]") == ["too-many"]


def test_the_row_limit_is_the_one_that_was_promised() -> None:
    assert MOST_ROWS == 50_000


def test_an_object_with_what_we_do_not_know_is_a_finding_of_its_row() -> None:
    rows = read_sheet(b'[{"name": "Mari"}, 5, {"county": {}}]').rows
    assert [(f.row, f.field, f.code) for row in rows for f in row.findings] == [
        (1, "name", "unknown-column"),
        (2, "", "json"),
        (3, "county", "kind"),
    ]


# --- Workbooks that mean harm -----------------------------------------------


def test_a_formula_is_data() -> None:
    cells = [*CELLS]
    cells[HEADING.index("client_ref")] = '=HYPERLINK("http://evil.example")'
    [row] = read_sheet(an_xlsx(cells)).rows
    assert str(row.values["client_ref"]).startswith("=")


def test_a_bomb_is_refused_unopened() -> None:
    bomb = repacked(an_xlsx(CELLS), "xl/worksheets/sheet1.xml", b"0" * 90_000_000)
    assert len(bomb) < MOST_BYTES
    assert refusal(bomb) == ["too-large"]


def test_an_archive_of_too_many_parts_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for number in range(files.MOST_PARTS + 1):
            packed.writestr(str(number), b"")
    assert refusal(out.getvalue()) == ["too-large"]


@pytest.mark.parametrize(
    "encoding", [pytest.param("utf-8", id="UTF-8"), pytest.param("utf-16", id="UTF-16")]
)
@pytest.mark.parametrize(
    "part",
    [
        pytest.param("xl/worksheets/sheet1.xml", id="the sheet"),
        pytest.param("xl/workbook.xml", id="the book"),
        pytest.param("[Content_Types].xml", id="the list of parts"),
    ],
)
def test_a_document_type_is_refused(part: str, encoding: str) -> None:
    evil = f'<?xml version="1.0" encoding="{encoding}"?>\n<!-- {"x" * 70_000} -->' + (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    )
    assert refusal(repacked(an_xlsx(CELLS), part, evil.encode(encoding))) == ["entities"]


def test_a_sheet_with_a_row_at_the_far_end_is_refused() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADING)
    sheet.cell(1_048_576, 1, "far")
    out = io.BytesIO()
    book.save(out)
    assert refusal(out.getvalue()) == ["too-many"]


def test_a_part_whose_name_is_no_text_is_refused() -> None:
    content = bytearray(an_xlsx(CELLS))
    entry = content.index(b"PK\x01\x02")
    content[entry + 9] |= 0x08  # the name is UTF-8 …
    content[entry + 46] = 0xFF  # … and is not
    assert refusal(bytes(content)) == ["workbook"]


@given(st.binary(max_size=400), st.integers(0, 5200))
def test_noise_in_a_workbook_is_refused_or_read(noise: bytes, at: int) -> None:
    content = an_xlsx(CELLS)
    with warnings.catch_warnings(action="error"), suppress(Refused):
        read_sheet(content[:at] + noise + content[at + len(noise) :])


# --- Out --------------------------------------------------------------------


@pytest.mark.parametrize("start", list("=+-@\t\r\n\0＝＋－＠"), ids=lambda char: f"{ord(char):04x}")
def test_no_cell_runs_as_a_formula(start: str) -> None:
    text = csv_text(["a"], [{"a": f"{start}cmd|' /C calc'!A0"}])
    [_, [cell]] = csv.reader(io.StringIO(text, newline=""))
    assert cell[0] == "'"
    assert cell == defused(f"{start}cmd|' /C calc'!A0")


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.text(), min_size=2), min_size=1))
def test_what_is_written_can_be_read_again(rows: list[dict[str, str]]) -> None:
    text = csv_text(["a", "b"], rows)
    again = list(csv.DictReader(io.StringIO(text, newline="")))
    assert again == [{name: defused(value) for name, value in row.items()} for row in rows]
