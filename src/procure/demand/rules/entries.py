"""One request as it comes in: every reason it cannot be taken, all at once.

Pure. A row of a file, a form and a program's call go through the same `checked`, so that no way
in is easier than another. Values come as text, or typed where the sender has types.
Source: domain model 4 (counties, bureaus), THP § 12 (who refers); a closed bureau stays known, so
that an old request still resolves.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from stdnum.ee import ik

from procure.catalogue.rules import Version, service_findings
from procure.demand.states import Suitability
from procure.kernel.findings import Finding
from procure.kernel.parameters import Dated
from procure.kernel.texts import n_

T = TypeVar("T")

SHOWN = 40  # how much of what was typed a finding repeats
OLDEST = date(2000, 1, 1)
NEWEST = date(2100, 1, 1)
DOUBLE_FIELD = "acknowledge_duplicate"  # what a sender says to record one all the same
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,29}", re.ASCII)
YES = frozenset({"true", "yes", "jah", "да", "1", "x"})
NO = frozenset({"false", "no", "ei", "нет", "0"})

# Of the file; each with other names that case systems give it.
COLUMNS: dict[str, tuple[str, ...]] = {
    "reference": ("id", "request"),
    "created_on": ("created",),
    "county": (),
    "bureau": (),
    "caseworker_ref": ("caseworker",),
    "client_ref": ("client",),
    "service_code": ("service",),
    "language": (),
    "risk_band": ("band",),
    "barriers": (),
    "needs_transport": ("transport",),
    "needs_childcare": ("childcare",),
    "earliest_start_on": ("earliest_start",),
    "suitability": (),
}
OPTIONAL_COLUMNS = frozenset({"suitability"})
# What our own export adds, so that an exported file can be read again.
EXPORT_COLUMNS = ("state", "why", "source", "recorded_at")


class Bureau(msgspec.Struct, frozen=True):
    """A bureau of the service; closed from a day on, or not."""

    code: str
    county: str
    closed_on: date | None = None


class Known(msgspec.Struct, frozen=True):
    """The code lists an entry is checked against."""

    counties: frozenset[str]
    bureaus: dict[str, Bureau]
    services: dict[str, list[Version]]  # oldest first
    languages: frozenset[str]
    risk_bands: frozenset[str]
    barriers: frozenset[str]
    start_ahead: Dated  # months from today in which a request may ask to start


class Entry(msgspec.Struct, frozen=True):
    """A request that can be recorded."""

    reference: str | None  # none: the system gives it one
    created_on: date
    county: str
    bureau: str
    caseworker_ref: str
    client_ref: str
    service_code: str
    language: str
    risk_band: str
    barriers: list[str]
    needs_transport: bool
    needs_childcare: bool
    earliest_start_on: date
    suitability: Suitability


class Row(msgspec.Struct, frozen=True):
    """A row of a file, by the number its reader sees; `findings` if it could not even be split."""

    number: int
    values: dict[str, Any]
    findings: list[Finding] = []


class _Reader:
    """Reads one field after the other and collects what is wrong with each."""

    def __init__(self, values: Mapping[str, Any], row: int | None) -> None:
        self.values, self.row = values, row
        self.findings: list[Finding] = []

    def find(self, field: str, code: str, text: str, **values: str | int) -> None:
        self.findings.append(Finding(code, text, values, field=field, row=self.row))

    def read(self, field: str, convert: Callable[[Any], T], code: str, text: str) -> T | None:
        """Convert one value; a missing or unreadable one is a finding and None."""
        value = self.values.get(field)
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            self.find(field, "missing", n_("Fill this in."))
            return None
        if isinstance(value, str) and value[0] == "=":
            self.find(field, "formula", n_("A formula is not taken; enter its value."))
            return None
        try:
            return convert(value)
        except (ValueError, TypeError):
            self.find(field, code, text, typed=shown(value))
            return None


def shown(value: object) -> str:
    """Return what was typed, short enough and without control characters.

    >>> shown("a\\x00b" + "c" * 50) == "a b" + "c" * 37 + "…"
    True
    """
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def day(value: object) -> date:
    """Read a date: 2026-11-24 or 24.11.2026; ValueError for anything else.

    >>> day("2026-11-24") == day("24.11.2026") == date(2026, 11, 24)
    True
    """
    if isinstance(value, date):
        return _within(date(value.year, value.month, value.day))
    return _written_day(str(value))


@lru_cache(maxsize=4096)  # a file has few days and many rows
def _written_day(text: str) -> date:
    if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text, re.ASCII):
        return _within(date(*map(int, match.groups())))
    if match := re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", text, re.ASCII):
        return _within(date(*map(int, reversed(match.groups()))))
    raise ValueError(text)


def _within(found: date) -> date:
    if not OLDEST <= found < NEWEST:
        raise ValueError(str(found))
    return found


def flag(value: object) -> bool:
    """Read yes or no, in the words of a spreadsheet; ValueError for anything else.

    >>> flag("Jah"), flag("0"), flag(True)
    (True, False, True)
    """
    word = str(value).lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError(word)


def codes(value: object) -> list[str]:
    """Read codes in one cell, divided by | , ; or spaces; a code given twice counts once.

    >>> codes("HOUSING|ROUTINE, HOUSING"), codes(["DEBT"]), codes("")
    (['HOUSING', 'ROUTINE'], ['DEBT'], [])
    """
    parts = value if isinstance(value, list) else re.split(r"[|,;\s]+", str(value))
    return list(dict.fromkeys(str(part) for part in parts if part))


def checked(
    values: Mapping[str, Any], known: Known, *, today: date, row: int | None = None
) -> tuple[Entry | None, list[Finding]]:
    """Make an entry of what was sent, or say everything that is wrong with it."""
    reader = _Reader(values, row)
    reference = _reference(reader, "reference") if _is_given(values, "reference") else None
    created = reader.read(
        "created_on", day, "date", n_("{typed} is not a date such as 2026-11-24.")
    )
    start = reader.read(
        "earliest_start_on", day, "date", n_("{typed} is not a date such as 2026-11-24.")
    )
    county = _member(
        reader, "county", known.counties, n_("{typed} is not a county; use a code such as EE-37.")
    )
    service = reader.read(
        "service_code", str, "unknown", n_("{typed} is not a service of the catalogue.")
    )
    transport = reader.read(
        "needs_transport", flag, "yes-or-no", n_("{typed} is neither yes nor no.")
    )
    childcare = reader.read(
        "needs_childcare", flag, "yes-or-no", n_("{typed} is neither yes nor no.")
    )
    language = _member(
        reader, "language", known.languages, n_("{typed} is not a language; use a code such as et.")
    )
    band = _member(reader, "risk_band", known.risk_bands, n_("{typed} is not a band: A, B or C."))
    bureau = _bureau(reader, known, county, created)
    barriers = _barriers(reader, known)
    caseworker = _reference(reader, "caseworker_ref")
    client = _client(reader)
    suitability = (
        _member(
            reader,
            "suitability",
            frozenset(Suitability),
            n_("{typed} is not a judgement: suitable or refer-to-municipality."),
        )
        if _is_given(values, "suitability")
        else Suitability.SUITABLE
    )
    _dates(reader, created, start, today)
    _ahead(reader, known, start, today)
    _service_on(reader, known, service, start, today)
    if reader.findings:
        return None, reader.findings
    # Nothing was found, so nothing is missing: this says the types again and cannot fail.
    return (
        msgspec.convert(
            {
                "reference": reference,
                "created_on": created,
                "county": county,
                "bureau": bureau,
                "caseworker_ref": caseworker,
                "client_ref": client,
                "service_code": service,
                "language": language,
                "risk_band": band,
                "barriers": barriers,
                "needs_transport": transport,
                "needs_childcare": childcare,
                "earliest_start_on": start,
                "suitability": suitability,
            },
            Entry,
        ),
        [],
    )


def check_rows(
    rows: Iterable[Row], known: Known, *, today: date
) -> tuple[list[tuple[int, Entry]], list[Finding]]:
    """Check every row of a file; a reference given twice counts against the later row."""
    entries: list[tuple[int, Entry]] = []
    findings: list[Finding] = []
    first: dict[str, int] = {}
    for row in rows:
        if row.findings:
            findings += row.findings
            continue
        entry, found = checked(row.values, known, today=today, row=row.number)
        reference = str(row.values.get("reference") or "").strip()
        if not reference:
            found.append(Finding("missing", n_("Fill this in."), field="reference", row=row.number))
        elif (earlier := first.setdefault(reference, row.number)) != row.number:
            found.append(
                Finding(
                    "repeated",
                    n_("Row {earlier} has the reference {typed} already."),
                    {"earlier": earlier, "typed": shown(reference)},
                    field="reference",
                    row=row.number,
                )
            )
        if entry is not None and not found:
            entries.append((row.number, entry))
        findings += found
    return entries, findings


def taken_findings(entries: Sequence[tuple[int | None, Entry]], taken: Set[str]) -> list[Finding]:
    """List the entries whose reference is recorded already."""
    return [
        Finding(
            "recorded",
            n_("A request {typed} is recorded already."),
            {"typed": entry.reference or ""},
            field="reference",
            row=row,
        )
        for row, entry in entries
        if entry.reference in taken
    ]


class Earlier(msgspec.Struct, frozen=True):
    """An open request that the same client has for the same service."""

    id: UUID
    reference: str
    state: str
    client_ref: str
    service_code: str


def double_findings(
    entries: Sequence[tuple[int | None, Entry]], earlier: Sequence[Earlier]
) -> list[Finding]:
    """List the entries whose client waits for the same service already, by an earlier request.

    A client and service given twice in a file counts against the later row.
    """
    open_ones = {(found.client_ref, found.service_code): found for found in earlier}
    first: dict[tuple[str, str], int | None] = {}
    findings = []
    for row, entry in entries:
        asked = (entry.client_ref, entry.service_code)
        if before := open_ones.get(asked):
            findings.append(
                Finding(
                    "double",
                    n_("Client {client} waits for this service already: {earlier} is {state}."),
                    {
                        "client": entry.client_ref,
                        "earlier": before.reference,
                        "state": before.state,
                        "request_id": str(before.id),
                    },
                    field=DOUBLE_FIELD if row is None else "client_ref",
                    row=row,
                )
            )
        elif asked in first:
            findings.append(
                Finding(
                    "double",
                    n_("Row {earlier} asks this service for client {client} already."),
                    {"client": entry.client_ref, "earlier": first[asked] or 0},
                    field="client_ref",
                    row=row,
                )
            )
        else:
            first[asked] = row
    return findings


def _is_given(values: Mapping[str, Any], field: str) -> bool:
    return values.get(field) is not None and str(values[field]).strip() != ""


def _member(reader: _Reader, field: str, allowed: Set[str], text: str) -> str | None:
    def convert(value: object) -> str:
        if str(value) not in allowed:
            raise ValueError(value)
        return str(value)

    return reader.read(field, convert, "unknown", text)


def _reference(reader: _Reader, field: str) -> str | None:
    def convert(value: object) -> str:
        if not REFERENCE.fullmatch(str(value)):
            raise ValueError(value)
        return str(value)

    return reader.read(
        field,
        convert,
        "reference",
        n_("{typed} is not a reference: up to 30 letters, digits and . _ / -"),
    )


def _client(reader: _Reader) -> str | None:
    found = _reference(reader, "client_ref")
    # A personal code begins with a digit: asking that first saves a fifth of an import.
    if found is not None and found[0].isdigit() and ik.is_valid(found):
        # The code itself is not repeated: a finding is logged, mailed and pasted.
        reader.find(
            "client_ref",
            "personal-code",
            n_("This is a personal identification code. Use the case system's reference."),
        )
    return found


def _bureau(reader: _Reader, known: Known, county: str | None, created: date | None) -> str | None:
    found = _member(
        reader, "bureau", known.bureaus.keys(), n_("{typed} is not a bureau of the service.")
    )
    if found is None:
        return None
    bureau = known.bureaus[found]
    if county is not None and bureau.county != county:
        reader.find(
            "bureau",
            "other-county",
            n_("Bureau {bureau} is in {right}, not in {county}."),
            bureau=found,
            right=bureau.county,
            county=county,
        )
    if created and bureau.closed_on and created >= bureau.closed_on:
        reader.find(
            "bureau",
            "closed",
            n_("Bureau {bureau} is closed since {closed}; only older requests may name it."),
            bureau=found,
            closed=bureau.closed_on.isoformat(),
        )
    return found


def _barriers(reader: _Reader, known: Known) -> list[str]:
    found = codes(reader.values.get("barriers") or "")
    if unknown := [code for code in found if code not in known.barriers]:
        reader.find(
            "barriers",
            "unknown",
            n_("{typed} is not a barrier of the list."),
            typed=shown(", ".join(unknown)),
        )
    return found


def _dates(reader: _Reader, created: date | None, start: date | None, today: date) -> None:
    if created and created > today:
        reader.find(
            "created_on",
            "future",
            n_("{created} is after today, {today}."),
            created=created.isoformat(),
            today=today.isoformat(),
        )
    if created and start and start < created:
        reader.find(
            "earliest_start_on",
            "before-creation",
            n_("The earliest start {start} is before the request was made, {created}."),
            start=start.isoformat(),
            created=created.isoformat(),
        )


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a shorter month.

    >>> months_after(date(2026, 11, 24), 24), months_after(date(2027, 8, 31), 6)
    (datetime.date(2028, 11, 24), datetime.date(2028, 2, 29))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _ahead(reader: _Reader, known: Known, start: date | None, today: date) -> None:
    if start is None:
        return
    months = known.start_ahead.on(today)
    latest = months_after(today, months)
    if start > latest:
        reader.find(
            "earliest_start_on",
            "too-far",
            n_("The earliest start {start} is more than {months} months ahead: {latest} at most."),
            start=start.isoformat(),
            months=months,
            latest=latest.isoformat(),
        )


def _service_on(
    reader: _Reader, known: Known, service: str | None, start: date | None, today: date
) -> None:
    """Ask that the service is in force on the first day it could start: today or later."""
    if service is None:
        return
    if versions := known.services.get(service):
        for finding in service_findings(versions, max(start or today, today)):
            reader.findings.append(
                msgspec.structs.replace(finding, field="service_code", row=reader.row)
            )
    else:
        reader.find(
            "service_code",
            "unknown",
            n_("{typed} is not a service of the catalogue."),
            typed=shown(service),
        )
