"""Attendance: a day at a time by a facilitator, or from a file; corrections keep what was."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import transaction
from procure.delivery import queries
from procure.delivery.queries import GroupFacts
from procure.delivery.rules import (
    Day,
    DaysChange,
    GivenMark,
    changes,
    correction_findings,
    corrections,
    days_changed,
    marks_findings,
    read_csv,
    row_findings,
)
from procure.delivery.schemas import ImportReport, MarkDraft
from procure.delivery.service.duties import finish_months
from procure.delivery.service.sheet import order_sheet
from procure.delivery.states import PARTICIPANT, GroupState, Mark, ParticipantState
from procure.delivery.tables import Attendance, Participant
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

LARGEST_FILE = 2_000_000  # bytes


class MarkEntered(msgspec.Struct, frozen=True):
    """One mark, and what it was before if it was corrected."""

    client_ref: str
    held_on: date
    mark: str
    was: str | None


class AttendanceEntered(msgspec.Struct, frozen=True):
    """Facts of the event that attendance was entered or corrected."""

    code: str
    days: list[date]
    late_days_count: int  # after the earliest day of them
    marks: list[MarkEntered]
    reason: str | None = None  # of a late correction
    days_changed: list[DaysChange] = []  # payable days that a late correction changes


async def enter_attendance(
    actor: Actor,
    group_id: UUID,
    day: date,
    marks: Sequence[MarkDraft],
    *,
    reason: str = "",
    now: datetime,
) -> ImportReport:
    """Enter or correct the marks of one training day: everyone in the group has one.

    Holds the group. A correction keeps the old mark in the event; after the day's entry window, or
    in a completed group, it needs a reason. Raises NotFound, Forbidden, Conflict (not started),
    Refused with every finding.
    """
    group = await _for_marker(actor, group_id)
    async with transaction():
        group = await _held(group_id)
        days = await queries.training_days(group_id)
        stays = await queries.stays_of(group_id)
        before = await queries.marks_of(group_id, day)
        found = marks_findings(
            stays,
            [GivenMark(mark.participant_id, mark.mark) for mark in marks],
            Day(
                held_on=day,
                today=legal_day(now),
                training_days=[row.held_on for row in days],
                vacancy_limit_days=await queries.vacancy_limit(group.contract_id),
            ),
            [mark.participant_id for mark in before],
        )
        if found:
            raise Refused(found)
        given = {(mark.participant_id, day): mark.mark for mark in marks}
        return await _write(actor, group, given, event="attendance:entered", reason=reason, now=now)


async def import_attendance(
    actor: Actor, group_id: UUID, content: bytes, *, reason: str = "", now: datetime
) -> ImportReport:
    """Enter a file of `day,client_ref,mark`: all of it, or nothing and every fault by its row.

    `reason` as for a day. Raises NotFound, Forbidden, Conflict, Refused.
    """
    group = await _for_marker(actor, group_id)
    if len(content) > LARGEST_FILE:
        text = n_("The file is larger than {most} MB.")
        raise Refused(
            [Finding("too-large", text, {"most": LARGEST_FILE // 1_000_000}, field="file")]
        )
    rows, found = read_csv(content)
    async with transaction():
        group = await _held(group_id)
        stays = await queries.stays_of(group_id)
        found += row_findings(
            rows,
            stays,
            today=legal_day(now),
            training_days=[row.held_on for row in await queries.training_days(group_id)],
            vacancy_limit_days=await queries.vacancy_limit(group.contract_id),
        )
        if not rows and not found:
            found.append(Finding("empty", n_("The file is empty."), field="file"))
        if found:
            raise Refused(sorted(found, key=lambda finding: finding.row or 0))
        ids = {stay.client_ref: stay.participant_id for stay in stays}
        given = {(ids[row.client_ref], row.held_on): row.mark for row in rows}
        return await _write(
            actor, group, given, event="attendance:imported", reason=reason, now=now
        )


async def _write(
    actor: Actor,
    group: GroupFacts,
    given: dict[tuple[UUID, date], Mark],
    *,
    event: str,
    reason: str,
    now: datetime,
) -> ImportReport:
    """Write the marks that are new or other than before, and record them; none is no event.

    Raises Refused where a late correction has no reason.
    """
    today = legal_day(now)
    day_ids = {row.held_on: row.id for row in await queries.training_days(group.id)}
    stays = {stay.participant_id: stay for stay in await queries.stays_of(group.id)}
    before = {(m.participant_id, m.held_on): m for m in await queries.marks_of(group.id)}
    written = changes(
        given,
        {key: row.mark for key, row in before.items()},
        {who: stay.client_ref for who, stay in stays.items()},
    )
    late = corrections(
        written,
        group_state=group.state,
        today=today,
        mark_days=queries.entry_windows(today).mark_days,
    )
    if found := correction_findings(late, reason):
        raise Refused(found)
    reasons = {(one.participant_id, one.held_on): reason.strip() for one in late}
    payable = {
        person.participant_id: person.payable_days_count
        for person in (await queries.participants_of(group.id) if late else [])
    }
    new = {
        (w.participant_id, w.held_on): given[w.participant_id, w.held_on]
        for w in written
        if w.was is None
    }
    changed = {
        (w.participant_id, w.held_on): given[w.participant_id, w.held_on]
        for w in written
        if w.was is not None
    }
    if new:
        await Attendance.insert(
            *(
                Attendance(
                    participant=participant_id,
                    day=day_ids[day],
                    mark=mark,
                    entered_at=now,
                    entered_by=actor.id,
                    reason=reasons.get((participant_id, day)),
                )
                for (participant_id, day), mark in new.items()
            )
        )
    for key, mark in changed.items():
        await Attendance.update(
            {
                Attendance.mark: mark,
                Attendance.entered_at: now,
                Attendance.entered_by: actor.id,
                Attendance.was: before[key].mark if key in reasons else None,
                Attendance.reason: reasons.get(key),
            }
        ).where(Attendance.id == before[key].id)
    came = {
        participant_id
        for (participant_id, _), mark in given.items()
        if mark == Mark.PRESENT and stays[participant_id].state == ParticipantState.REFERRED
    }
    if came:
        await Participant.update(
            {Participant.state: PARTICIPANT.after(ParticipantState.REFERRED, "join")}
        ).where(Participant.id.is_in(list(came)))
    if written:
        await finish_months(group, now)
        if late and group.state == GroupState.COMPLETED:
            await order_sheet(group, now, corrected_on=today)
        days = sorted({one.held_on for one in written})
        await audit.record(
            "attendance:corrected" if late else event,
            group.id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=AttendanceEntered(
                code=group.code,
                days=days,
                late_days_count=max((today - days[0]).days, 0),
                marks=[
                    MarkEntered(one.client_ref, one.held_on, one.mark, one.was) for one in written
                ],
                reason=reason.strip() if late else None,
                days_changed=days_changed(late, payable) if late else [],
            ),
        )
    return ImportReport(len(given), len(new), len(changed))


async def _for_marker(actor: Actor, group_id: UUID) -> GroupFacts:
    group = await queries.group_facts(group_id)
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
    if not actor.may(Permission.ATTENDANCE_ENTER, for_org=group.provider_id):
        raise Forbidden(n_("Only the provider's people enter attendance."))
    return group


async def _held(group_id: UUID) -> GroupFacts:
    group = await queries.group_facts(group_id, held=True)
    if group.state == GroupState.PLANNED:
        raise Conflict(n_("The group {code} has not started."), {"code": group.code})
    return group
