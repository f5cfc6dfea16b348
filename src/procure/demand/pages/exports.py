"""Tables as files: CSV and XLSX in which no cell runs as a formula."""

import io
from collections.abc import Sequence

from litestar import Response

from procure.demand.rules.files import csv_text, defused
from procure.web.downloads import attachment, disposition

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> Response[bytes]:
    """Give a table as CSV with the mark of UTF-8, which a spreadsheet needs."""
    # Headings may be equal in two columns, so that cells are named by their number.
    keyed = [{str(n): cell for n, cell in enumerate(row)} for row in (columns, *rows)]
    text = csv_text([str(n) for n in range(len(columns))], keyed).partition("\r\n")[2]
    return attachment(text.encode("utf-8-sig"), "text/csv", title)


def as_xlsx(
    columns: Sequence[str], rows: Sequence[Sequence[object]], title: str
) -> Response[bytes]:
    """Give a table as a workbook: numbers stay numbers, and every text is a text."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Procure")

    def cell(value: object) -> object:
        if isinstance(value, int):
            return value
        text = WriteOnlyCell(sheet, value=defused("" if value is None else str(value)))
        text.data_type = "s"  # otherwise a text that begins with = would be computed
        return text

    for row in (columns, *rows):
        sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    answer = attachment(out.getvalue(), XLSX, title)
    answer.headers["Content-Disposition"] = disposition(f"{title}.xlsx")
    return answer
