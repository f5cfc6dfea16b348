"""Attendance as a reader sees it: the whole group, or one day."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from procure.delivery.queries.access import seen_participants, visible_group
from procure.delivery.queries.counts import marks_of, participants_of
from procure.delivery.queries.facts import (
    entry_windows,
    stays_of,
    training_days,
    vacancy_limit,
)
from procure.delivery.rules import changes, corrections, days_changed, holds_place, late_days
from procure.delivery.schemas import (
    AttendanceRowView,
    AttendanceView,
    CorrectionView,
    DaySheet,
    MarkView,
    SheetRow,
)
from procure.delivery.states import GroupState
from procure.kernel.actors import Actor
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.kernel.time import legal_day


async def read_attendance(actor: Actor, group_id: UUID, now: datetime) -> AttendanceView:
    """Load the attendance of a group, of the participants that the actor may see."""
    row = await visible_group(actor, group_id, legal_day(now))
    seen = await seen_participants(actor, group_id)
    marks: dict[UUID, dict[str, MarkView]] = defaultdict(dict)
    for mark in await marks_of(group_id):
        marks[mark.participant_id][mark.held_on.isoformat()] = mark.view()
    return AttendanceView(
        group_id=group_id,
        code=row.code,
        days=await training_days(group_id),
        rows=[
            AttendanceRowView(
                stay.participant_id,
                stay.client_ref,
                stay.joins_on,
                stay.leaves_until,
                marks[stay.participant_id],
            )
            for stay in await stays_of(group_id)
            if stay.participant_id in seen
        ],
    )


async def read_day(actor: Actor, group_id: UUID, day: date, now: datetime) -> DaySheet:
    """Load one training day's sheet; NotFound for a day that is none."""
    group = await visible_group(actor, group_id, legal_day(now))
    days = await training_days(group_id)
    found = next((row for row in days if row.held_on == day), None)
    if found is None:
        raise NotFound(n_("{day} is not a training day of this group."), {"day": day})
    seen = await seen_participants(actor, group_id)
    limit = await vacancy_limit(group.contract_id)
    held_on = [row.held_on for row in days]
    today = legal_day(now)
    marks = {mark.participant_id: mark for mark in await marks_of(group_id, day)}
    position = days.index(found)
    return DaySheet(
        group_id=group_id,
        code=group.code,
        held_on=day,
        number=found.number,
        phase=found.phase,
        is_due=day <= today,
        is_group_completed=group.state == GroupState.COMPLETED,
        needs_reason=group.state == GroupState.COMPLETED
        or late_days(day, today) > entry_windows(today).mark_days,
        rows=[
            SheetRow(
                stay.participant_id,
                stay.client_ref,
                stay.is_in_group(day),
                marks[stay.participant_id].view() if stay.participant_id in marks else None,
            )
            for stay in await stays_of(group_id)
            if stay.participant_id in seen and holds_place(stay, day, held_on, limit)
        ],
        previous_day=days[position - 1].held_on if position else None,
        next_day=days[position + 1].held_on if position + 1 < len(days) else None,
    )


async def read_correction(
    actor: Actor, group_id: UUID, given: Mapping[tuple[UUID, date], str], now: datetime
) -> CorrectionView:
    """Compute what these marks would change, and whether they need a reason; changes nothing."""
    group = await visible_group(actor, group_id, legal_day(now))
    people = {person.participant_id: person for person in await participants_of(group_id)}
    before = {(m.participant_id, m.held_on): m.mark for m in await marks_of(group_id)}
    known = {key: mark for key, mark in given.items() if key[0] in people}
    changed = changes(known, before, {who: p.client_ref for who, p in people.items()})
    needing = corrections(
        changed,
        group_state=group.state,
        today=legal_day(now),
        mark_days=entry_windows(legal_day(now)).mark_days,
    )
    days = days_changed(changed, {who: p.payable_days_count for who, p in people.items()})
    payable = sum(person.payable_days_count for person in people.values())
    return CorrectionView(
        needs_reason=bool(needing),
        marks=changed,
        days=days,
        before_count=payable,
        after_count=payable + sum(day.after_count - day.before_count for day in days),
    )
