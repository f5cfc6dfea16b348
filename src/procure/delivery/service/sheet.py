"""The attendance sheet of a completed group: printed when it ends, and again after a correction."""

from datetime import date, datetime, timedelta

import msgspec

from procure.contracts import queries as contracts
from procure.delivery import queries
from procure.delivery.queries import GroupFacts
from procure.documents import service as documents
from procure.providers import queries as providers

SHEET = "delivery/papers/attendance_sheet.html"


class SheetDay(msgspec.Struct, frozen=True):
    """A training day on the attendance sheet."""

    number: int
    held_on: date
    phase: int


class SheetPerson(msgspec.Struct, frozen=True):
    """A participant's line on the attendance sheet; marks by number of the day."""

    client_ref: str
    joins_on: date
    leaves_until: date | None
    exit_reason: str | None
    marks: list[str]  # in the order of the days; empty where the person is not in the group
    present_count: int
    excused_count: int
    absent_count: int
    success_vacancy_count: int
    payable_days_count: int


class SheetCorrection(msgspec.Struct, frozen=True):
    """A mark that was corrected late: what it was, what it is, and why."""

    client_ref: str
    held_on: date
    was: str | None
    mark: str
    entered_at: datetime
    late_days_count: int
    reason: str


class SheetFacts(msgspec.Struct, frozen=True):
    """What the attendance sheet of a group is printed from."""

    reference: str
    contract_number: str
    provider_name: str
    starts_on: date
    last_on: date
    places_count: int
    days: list[SheetDay]
    people: list[SheetPerson]
    corrections: list[SheetCorrection]  # by day and client
    corrected_on: date | None  # the day of the newest one after the group had ended


async def order_sheet(
    group: GroupFacts, now: datetime, *, corrected_on: date | None = None
) -> None:
    """Order the sheet in the running transaction; after a correction it names what it replaces."""
    terms = await contracts.terms_of(group.contract_id)
    provider = await providers.provider_of(group.provider_id)
    days = await queries.training_days(group.id)
    rows = await queries.marks_of(group.id)
    marks = {(row.participant_id, row.held_on): row.mark for row in rows}
    people = await queries.participants_of(group.id)
    names = {person.participant_id: person.client_ref for person in people}
    await documents.order_paper(
        kind="attendance-sheet",
        template=SHEET,
        title=f"{group.code} {terms.number}" + (f", {corrected_on}" if corrected_on else ""),
        subject_id=group.id,
        buyer_id=group.buyer_id,
        reader_org_id=group.provider_id,
        facts=SheetFacts(
            reference=group.code,
            contract_number=terms.number,
            provider_name=provider.name,
            starts_on=group.starts_on,
            last_on=group.ends_until - timedelta(days=1),
            places_count=group.places_count,
            days=[SheetDay(day.number, day.held_on, day.phase) for day in days],
            people=[
                SheetPerson(
                    client_ref=person.client_ref,
                    joins_on=person.joins_on,
                    leaves_until=person.leaves_until,
                    exit_reason=person.exit_reason,
                    marks=[marks.get((person.participant_id, day.held_on), "") for day in days],
                    present_count=person.present_count,
                    excused_count=person.excused_count,
                    absent_count=person.absent_count,
                    success_vacancy_count=person.success_vacancy_count,
                    payable_days_count=person.payable_days_count,
                )
                for person in people
            ],
            corrections=sorted(
                (
                    SheetCorrection(
                        client_ref=names[row.participant_id],
                        held_on=row.held_on,
                        was=row.was,
                        mark=row.mark,
                        entered_at=row.entered_at,
                        late_days_count=row.view().late_days_count,
                        reason=row.reason,
                    )
                    for row in rows
                    if row.reason is not None
                ),
                key=lambda correction: (correction.held_on, correction.client_ref),
            ),
            corrected_on=corrected_on,
        ),
        now=now,
    )
