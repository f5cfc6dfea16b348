"""Requests coming in: one by one, or by a file."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.demand import queries
from procure.demand.rules.entries import (
    Entry,
    check_rows,
    checked,
    double_findings,
    taken_findings,
)
from procure.demand.rules.files import Sheet, read_sheet
from procure.demand.schemas import ImportReport, RequestDraft
from procure.demand.service.held import require
from procure.demand.states import RequestState, Source
from procure.demand.tables import Request
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.time import legal_day

LONGEST_NAME = 200

_COLUMNS = [
    *("id", "buyer", "source", "state", "recorded_at", "recorded_by"),
    *Entry.__struct_fields__,
]


async def record_request(
    actor: Actor, draft: RequestDraft, now: datetime, *, source: Source = Source.API
) -> UUID:
    """Record one request. Raises Forbidden, Refused (everything that is wrong with it).

    A client who waits for the same service already is refused, unless the draft acknowledges it.
    """
    require(actor, Permission.REQUEST_RECORD)
    today = legal_day(now)
    values = msgspec.structs.asdict(draft)
    values["created_on"] = values["created_on"] or today
    entry, findings = checked(values, await queries.known(), today=today)
    if entry is None:
        raise Refused(findings)
    try:
        return await _record(actor, entry, now, source, is_double=draft.acknowledge_duplicate)
    except asyncpg.UniqueViolationError:
        if entry.reference is None:
            raise
        # Somebody recorded the same reference between our look and our write.
        raise Refused(taken_findings([(None, entry)], {entry.reference})) from None


async def _record(
    actor: Actor, entry: Entry, now: datetime, source: Source, *, is_double: bool
) -> UUID:
    async with transaction():
        await _one_after_the_other(actor)
        doubles = double_findings([(None, entry)], await queries.open_requests_of(actor, [entry]))
        if entry.reference is None:
            entry = msgspec.structs.replace(entry, reference=await _next_reference(actor, now))
        elif taken := await queries.recorded_references(actor, [entry.reference]):
            raise Refused(taken_findings([(None, entry)], taken))
        if doubles and not is_double:
            raise Refused(doubles)
        request_id = uuid7()
        await _insert([_row(request_id, actor, entry, now, source)])
        # No client, no barrier and no caseworker: an event is kept longer than a request.
        await audit.record(
            "request:recorded",
            request_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={
                "reference": entry.reference,
                "county": entry.county,
                "service_code": entry.service_code,
                "language": entry.language,
                "source": source,
            },
        )
    return request_id


async def _one_after_the_other(actor: Actor) -> None:
    """Hold a buyer's recording until the transaction ends, so that no two miss each other."""
    async with connection() as c:
        await c.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            f"request:recording:{actor.org_id}",
        )


async def _next_reference(actor: Actor, now: datetime) -> str:
    """Give a number to a request without one, beside whatever a case system may have used."""
    while True:
        async with connection() as c:
            number = await c.fetchval("SELECT nextval('request_no')")
        reference = f"P-{legal_day(now).year}-{number:05d}"
        if not await queries.recorded_references(actor, [reference]):
            return reference


def _row(
    request_id: UUID, actor: Actor, entry: Entry, now: datetime, source: Source
) -> tuple[object, ...]:
    own = (request_id, actor.org_id, source, RequestState.RECORDED, now, actor.id)
    return (*own, *msgspec.structs.astuple(entry))  # in the order of _COLUMNS


async def _insert(rows: Sequence[tuple[object, ...]]) -> None:
    """Write requests with COPY: fifty thousand rows in a second or two."""
    async with connection() as c:
        await c.copy_records_to_table(Request._meta.tablename, records=rows, columns=_COLUMNS)


async def import_requests(
    actor: Actor, content: bytes, file_name: str, *, take_good: bool, now: datetime
) -> ImportReport:
    """Record the requests of a CSV, XLSX or JSON file: all of them, or none if a row is wrong.

    With `take_good` the good rows are recorded and the wrong ones reported. A report that took
    nothing is no error here: it holds every wrong row. Raises Forbidden, Refused (the file cannot
    be read as a whole).
    """
    require(actor, Permission.REQUEST_IMPORT)
    today = legal_day(now)
    known = await queries.known()

    def read() -> tuple[Sheet, list[tuple[int, Entry]], list[Finding]]:
        sheet = read_sheet(content)
        return sheet, *check_rows(sheet.rows, known, today=today)

    # Seconds for a large file, so not on the loop that answers everybody else.
    sheet, entries, findings = await asyncio.to_thread(read)
    report = ImportReport(
        file_name=file_name[:LONGEST_NAME],
        file_sha256=sha256_hex(content),
        kind=sheet.kind,
        rows_count=len(sheet.rows),
        taken_count=0,
        wrong_count=0,
        findings=findings,
    )
    try:
        return await _import(actor, report, entries, take_good=take_good, now=now)
    except asyncpg.UniqueViolationError:
        # Another import was faster with some of the references: now they are seen.
        return await _import(actor, report, entries, take_good=take_good, now=now)


async def _import(
    actor: Actor,
    report: ImportReport,
    entries: Sequence[tuple[int, Entry]],
    *,
    take_good: bool,
    now: datetime,
) -> ImportReport:
    """Write the entries whose reference is new, if that is all of the file or was asked for."""
    async with transaction():
        await _one_after_the_other(actor)
        taken = await queries.recorded_references(
            actor, [entry.reference or "" for _, entry in entries]
        )
        new = [(row, entry) for row, entry in entries if entry.reference not in taken]
        doubles = double_findings(
            new, await queries.open_requests_of(actor, [entry for _, entry in new])
        )
        double_rows = {finding.row for finding in doubles}
        findings = report.findings + taken_findings(entries, taken) + doubles
        findings.sort(key=lambda finding: finding.row or 0)
        good = [entry for row, entry in new if row not in double_rows]
        good_now = good if take_good or not findings else []
        report = msgspec.structs.replace(
            report,
            taken_count=len(good_now),
            wrong_count=len({finding.row for finding in findings}),
            findings=findings,
        )
        if good_now:
            await _insert([_row(uuid7(), actor, entry, now, Source.FILE) for entry in good_now])
            await audit.record(
                "requests:imported",
                uuid7(),
                actor,
                org_id=actor.org_id,
                now=now,
                facts={
                    "file_sha256": report.file_sha256,
                    "kind": report.kind,
                    "rows_count": report.rows_count,
                    "taken_count": report.taken_count,
                    "wrong_count": report.wrong_count,
                },
            )
    return report
