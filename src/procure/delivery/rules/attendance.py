"""Which mark a participant may have on a day, and attendance in a file.

Pure. A mark is for a training day that has come; before joining there is none, after leaving only
the empty place of a success counts, for as many training days as the payment scheme says.
Source: THP § 13(1); payment scheme, success vacancy.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from procure.delivery.rules.places import Stay, vacancy_days
from procure.delivery.states import Mark
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

COLUMNS = ("day", "client_ref", "mark")


class Day(msgspec.Struct, frozen=True):
    """A day to be marked, with the timetable it belongs to."""

    held_on: date
    today: date
    training_days: list[date]
    vacancy_limit_days: int


class GivenMark(msgspec.Struct, frozen=True):
    """What one participant's day is said to have been."""

    participant_id: UUID
    mark: Mark


def mark_findings(stay: Stay, mark: str, day: Day) -> list[Finding]:
    """List every reason why this participant cannot have this mark on that day."""
    field = f"mark-{stay.participant_id}"
    said = {"client": stay.client_ref, "day": day.held_on}
    if day.held_on < stay.joins_on:
        return [
            Finding(
                "before-joining",
                n_("{client} joins on {joins}, so there is no mark on {day}."),
                {**said, "joins": stay.joins_on},
                field=field,
            )
        ]
    if stay.is_in_group(day.held_on):
        if mark != Mark.SUCCESS_VACANCY:
            return []
        return [
            Finding(
                "not-vacant",
                n_("{client} is in the group on {day}, so the place is not empty."),
                said,
                field=field,
            )
        ]
    vacant = vacancy_days(stay, day.training_days, day.vacancy_limit_days)
    if day.held_on in vacant and mark == Mark.SUCCESS_VACANCY:
        return []
    if day.held_on in vacant:
        text = n_("{client} has left; on {day} the place can only be empty after a success.")
        return [Finding("has-left", text, said, field=field)]
    text = n_("{client} has left and the place no longer counts on {day}.")
    return [Finding("place-gone", text, said, field=field)]


def expected_on(stays: Sequence[Stay], day: Day) -> list[UUID]:
    """List the participants whose day must be marked: everyone in the group on that day."""
    return [stay.participant_id for stay in stays if stay.is_in_group(day.held_on)]


def marks_findings(
    stays: Sequence[Stay], marks: Sequence[GivenMark], day: Day, marked: Sequence[UUID]
) -> list[Finding]:
    """List every reason why these marks cannot be entered; `marked` have a mark of that day."""
    if day.held_on not in day.training_days:
        return [
            Finding(
                "not-a-training-day",
                n_("{day} is not a training day of this group."),
                {"day": day.held_on},
                field="day",
            )
        ]
    if day.held_on > day.today:
        return [
            Finding(
                "day-to-come",
                n_("{day} is still to come."),
                {"day": day.held_on},
                field="day",
            )
        ]
    known = {stay.participant_id: stay for stay in stays}
    given = [mark.participant_id for mark in marks]
    found = []
    for mark in marks:
        stay = known.get(mark.participant_id)
        if stay is None:
            found.append(
                Finding(
                    "not-in-group",
                    n_("{participant} is not a participant of this group."),
                    {"participant": str(mark.participant_id)},
                    field=f"mark-{mark.participant_id}",
                )
            )
        else:
            found += mark_findings(stay, mark.mark, day)
            if given.count(mark.participant_id) > 1:
                found.append(
                    Finding(
                        "marked-twice",
                        n_("{client} has two marks on {day}."),
                        {"client": stay.client_ref, "day": day.held_on},
                        field=f"mark-{mark.participant_id}",
                    )
                )
    for participant_id in expected_on(stays, day):
        if participant_id not in given and participant_id not in marked:
            found.append(
                Finding(
                    "no-mark",
                    n_("{client} has no mark on {day}."),
                    {"client": known[participant_id].client_ref, "day": day.held_on},
                    field=f"mark-{participant_id}",
                )
            )
    return found


class AttendanceRow(msgspec.Struct, frozen=True):
    """One readable row of an attendance file."""

    row: int  # as a person counts: the header is row 1
    held_on: date
    client_ref: str
    mark: Mark


def read_csv(content: bytes) -> tuple[list[AttendanceRow], list[Finding]]:
    """Read a file of `day,client_ref,mark`; every row that cannot be read gives its findings.

    UTF-8 with or without a byte order mark; comma, semicolon or tab, as spreadsheets write it.

    >>> read_csv(b"day;client_ref;mark\\n2025-09-01;CL-1;present")[0][0].mark.value
    'present'
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [Finding("encoding", n_("The file is not UTF-8 text."), field="file")]
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = list(reader)  # it raises while it reads
    except csv.Error:
        return [], [Finding("csv", n_("The file is not a table of values."), field="file")]
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if missing := [name for name in COLUMNS if name not in header]:
        return [], [
            Finding(
                "columns",
                n_("The first row must name the columns {columns}; missing: {missing}."),
                {"columns": ", ".join(COLUMNS), "missing": ", ".join(missing)},
                field="file",
                row=1,
            )
        ]
    rows, found = [], []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        cells = dict(zip(header, (cell.strip() for cell in line), strict=False))
        row, problems = _read_row(number, cells)
        found += problems
        if row is not None:
            rows.append(row)
    return rows, found


def _read_row(number: int, cells: Mapping[str, str]) -> tuple[AttendanceRow | None, list[Finding]]:
    found = []
    held_on, mark = None, None
    try:
        held_on = date.fromisoformat(cells.get("day", ""))
    except ValueError:
        found.append(
            Finding(
                "date",
                n_("{typed} is not a date such as 2025-09-01."),
                {"typed": cells.get("day", "")[:40]},
                field="day",
                row=number,
            )
        )
    try:
        mark = Mark(cells.get("mark", "").lower())
    except ValueError:
        found.append(
            Finding(
                "mark",
                n_("{typed} is not one of {marks}."),
                {"typed": cells.get("mark", "")[:40], "marks": ", ".join(Mark)},
                field="mark",
                row=number,
            )
        )
    if not cells.get("client_ref"):
        found.append(Finding("missing", n_("Fill this in."), field="client_ref", row=number))
    if found or held_on is None or mark is None:
        return None, found
    return AttendanceRow(number, held_on, cells["client_ref"], mark), []


def row_findings(
    rows: Sequence[AttendanceRow],
    stays: Sequence[Stay],
    *,
    today: date,
    training_days: Sequence[date],
    vacancy_limit_days: int,
) -> list[Finding]:
    """List every reason why rows of a file cannot be entered, each with its row and column."""
    known = {stay.client_ref: stay for stay in stays}
    seen: dict[tuple[date, str], int] = {}
    found = []
    for row in rows:
        day = Day(row.held_on, today, list(training_days), vacancy_limit_days)
        stay = known.get(row.client_ref)
        if row.held_on not in training_days:
            text = n_("{day} is not a training day of this group.")
            found.append(
                Finding("not-a-training-day", text, {"day": row.held_on}, field="day", row=row.row)
            )
        elif row.held_on > today:
            text = n_("{day} is still to come.")
            found.append(
                Finding("day-to-come", text, {"day": row.held_on}, field="day", row=row.row)
            )
        elif stay is None:
            text = n_("{participant} is not a participant of this group.")
            found.append(
                Finding(
                    "not-in-group",
                    text,
                    {"participant": row.client_ref[:40]},
                    field="client_ref",
                    row=row.row,
                )
            )
        else:
            found += [
                msgspec.structs.replace(finding, field="mark", row=row.row)
                for finding in mark_findings(stay, row.mark, day)
            ]
        first = seen.setdefault((row.held_on, row.client_ref), row.row)
        if first != row.row:
            text = n_("Row {first} says the same day of the same participant.")
            found.append(
                Finding("marked-twice", text, {"first": first}, field="client_ref", row=row.row)
            )
    return found
