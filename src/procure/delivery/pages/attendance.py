"""Attendance as pages: a day on a phone, or a file."""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from procure.delivery import queries, service
from procure.delivery.pages.parts import EXPECTED, reasons
from procure.delivery.schemas import (
    CorrectionView,
    DaySheet,
    MarkDraft,
)
from procure.delivery.service.attendance import LARGEST_FILE
from procure.delivery.states import Mark
from procure.kernel.actors import Actor, Permission
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.findings import Finding
from procure.web.forms import Form
from procure.web.templates import page, see_other

SHOWN = (Mark.PRESENT, Mark.EXCUSED, Mark.ABSENT)


class AttendancePages(Controller):
    """Attendance: a day on a phone, or a file."""

    path = "/groups"
    include_in_schema = False

    @get("/{group_id:uuid}/attendance/{day:date}", permission=Permission.GROUP_READ)
    async def show(
        self,
        group_id: FromPath[UUID],
        day: FromPath[date],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show one day's sheet: to be filled in by who leads the group, to be read by others."""
        return await _day_page(actor, await queries.read_day(actor, group_id, day, now))

    @post("/{group_id:uuid}/attendance/{day:date}", permission=Permission.ATTENDANCE_ENTER)
    async def enter(
        self,
        group_id: FromPath[UUID],
        day: FromPath[date],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Enter the marks, or show the sheet with what is wrong.

        A late correction is shown with what it changes before it is saved.
        """
        sheet = await queries.read_day(actor, group_id, day, now)
        if form.value("all_present"):
            return await _day_page(actor, sheet, Form(dict(_all_present(sheet, form))))
        marks = [
            MarkDraft(row.participant_id, Mark(sent))
            for row in sheet.rows
            if (sent := form.value(f"mark-{row.participant_id}")) in set(Mark)
        ]
        correction = await queries.read_correction(
            actor, group_id, {(mark.participant_id, day): mark.mark for mark in marks}, now
        )
        if correction.needs_reason and form.value("seen") != _key(correction):
            return await _day_page(actor, sheet, form, correction=correction)
        try:
            await service.enter_attendance(
                actor, group_id, day, marks, reason=form.value("reason"), now=now
            )
        except EXPECTED as refusal:
            shown = correction if correction.needs_reason else None
            return await _day_page(actor, sheet, form, reasons(refusal), correction=shown)
        said = "correction" if correction.needs_reason else "attendance"
        return see_other(f"/groups/{group_id}", saved=said)

    @get("/{group_id:uuid}/attendance/import", permission=Permission.ATTENDANCE_ENTER)
    async def show_import(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Show how a file of attendance is made, and take one."""
        group = await queries.read_group(actor, group_id, now)
        return page("delivery/import.html", group=group, marks=list(Mark))

    @post(
        "/{group_id:uuid}/attendance/import",
        permission=Permission.ATTENDANCE_ENTER,
        request_max_body_size=LARGEST_FILE + 1_000_000,
    )
    async def import_file(
        self,
        group_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        form: NamedDependency[Form],
    ) -> Redirect | Template:
        """Enter the file, or show every fault by its row."""
        group = await queries.read_group(actor, group_id, now)
        try:
            sent = await form.file("file", maximum_bytes=LARGEST_FILE, types=(".csv", ".txt"))
            form.check()
            if sent is not None:
                await service.import_attendance(
                    actor, group_id, sent.content, reason=form.value("reason"), now=now
                )
        except EXPECTED as refusal:
            return page(
                "delivery/import.html",
                group=group,
                marks=list(Mark),
                form=form,
                findings=reasons(refusal),
            )
        return see_other(f"/groups/{group_id}", saved="attendance-file")


def _key(correction: CorrectionView) -> str:
    """Name what a correction changes: what is saved is what was seen."""
    return sha256_hex(canonical(correction.marks))


def _all_present(sheet: DaySheet, form: Form) -> Iterator[tuple[str, str]]:
    """Keep what was chosen, and choose present for everyone else; nothing is saved yet."""
    for row in sheet.rows:
        name = f"mark-{row.participant_id}"
        usual = Mark.PRESENT if row.is_in_group else Mark.SUCCESS_VACANCY
        yield name, form.value(name) or usual


async def _day_page(
    actor: Actor,
    sheet: DaySheet,
    form: Form | None = None,
    findings: list[Finding] | None = None,
    *,
    correction: CorrectionView | None = None,
) -> Template:
    return page(
        "delivery/day.html",
        sheet=sheet,
        marks=SHOWN,
        vacancy=Mark.SUCCESS_VACANCY,
        may_mark=actor.is_provider and actor.may(Permission.ATTENDANCE_ENTER) and sheet.is_due,
        correction=correction,
        seen=_key(correction) if correction else "",
        form=form,
        findings=findings or [],
    )
