"""A group's plan against its contract, and visits to employers.

Pure. Source: THP § 31 (service parameters), the contract's terms.
"""

from collections.abc import Container, Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from procure.contracts.states import ContractState
from procure.delivery.rules.places import Stay
from procure.delivery.states import GroupState
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def phase_of(number: int, lengths: Sequence[int]) -> int:
    """Return the phase, from 1, of a training day by its number; days past the last belong to it.

    >>> [phase_of(n, (10, 35, 15)) for n in (1, 10, 11, 45, 46, 60, 61)]
    [1, 1, 2, 2, 3, 3, 3]
    """
    last = 0
    for phase, length in enumerate(lengths, start=1):
        last += length
        if number <= last:
            return phase
    return max(len(lengths), 1)


def timetable(
    first: date, weekdays: Container[int], count: int, free: Container[date]
) -> list[date]:
    """List `count` training days from `first` on: these weekdays (0 is Monday), no free days.

    >>> [day.day for day in timetable(date(2025, 9, 1), {0, 3}, 3, {date(2025, 9, 4)})]
    [1, 8, 11]
    """
    wanted: list[date] = []
    day = first
    # Two years are longer than any group; without a weekday no day would ever fit.
    while len(wanted) < count and day < first + timedelta(days=730):
        if day.weekday() in weekdays and day not in free:
            wanted.append(day)
        day += timedelta(days=1)
    return wanted


class GroupPlanFacts(msgspec.Struct, frozen=True):
    """What the plan of a group rests on; stored with it."""

    contract_state: str
    contract_kind: str
    contract_starts_on: date
    contract_ends_until: date
    contract_groups_count: int
    contract_places_count: int
    contract_days_count: int
    groups_planned_count: int  # under this contract before this one
    places_count: int
    venue_seats_count: int
    venue_county: str
    lot_counties: list[str]
    days: list[date]
    strangers: list[str] = []  # facilitators named that are not the provider's


def group_findings(facts: GroupPlanFacts) -> list[Finding]:
    """List every reason why this group cannot be planned under its contract."""
    found = []
    if facts.contract_kind == "framework":
        found.append(
            Finding(
                "not-a-call-off",
                n_("A group runs under a call-off, not under the framework itself."),
                clause="RHS § 30",
                field="contract_id",
            )
        )
    if facts.contract_state not in (ContractState.SIGNED, ContractState.RUNNING):
        found.append(
            Finding(
                "contract-not-running",
                n_("The contract is {state}; it must be signed and not ended."),
                {"state": facts.contract_state},
                field="contract_id",
            )
        )
    if facts.groups_planned_count >= facts.contract_groups_count:
        found.append(
            Finding(
                "groups-used-up",
                n_("All {count} groups of the contract are planned already."),
                {"count": facts.contract_groups_count},
                field="contract_id",
            )
        )
    found += _place_findings(facts)
    found += _day_findings(facts)
    if facts.strangers:
        found.append(
            Finding(
                "facilitator-of-another",
                n_("{names} does not work for this provider."),
                {"names": ", ".join(facts.strangers)},
                field="facilitators",
            )
        )
    return found


def _place_findings(facts: GroupPlanFacts) -> list[Finding]:
    found = []
    if not 0 < facts.places_count <= facts.contract_places_count:
        found.append(
            Finding(
                "places",
                n_("The contract is for groups of 1 to {most} places, not {count}."),
                {"most": facts.contract_places_count, "count": facts.places_count},
                field="places_count",
            )
        )
    if facts.venue_seats_count < facts.places_count:
        found.append(
            Finding(
                "too-few-seats",
                n_("The venue has {seats} seats for {count} places."),
                {"seats": facts.venue_seats_count, "count": facts.places_count},
                field="venue_id",
            )
        )
    if facts.lot_counties and facts.venue_county not in facts.lot_counties:
        found.append(
            Finding(
                "venue-elsewhere",
                n_("The venue is not in a county of the contract's lot."),
                field="venue_id",
            )
        )
    return found


def _day_findings(facts: GroupPlanFacts) -> list[Finding]:
    found = []
    if twice := sorted({day for day in facts.days if facts.days.count(day) > 1}):
        found.append(
            Finding(
                "day-twice",
                n_("{day} is in the timetable twice."),
                {"day": twice[0]},
                field="days",
            )
        )
    if len(set(facts.days)) != facts.contract_days_count:
        found.append(
            Finding(
                "days-count",
                n_("The contract is for {wanted} training days, the timetable has {count}."),
                {"wanted": facts.contract_days_count, "count": len(set(facts.days))},
                field="days",
            )
        )
    outside = [
        day
        for day in sorted(facts.days)
        if not facts.contract_starts_on <= day < facts.contract_ends_until
    ]
    if outside:
        found.append(
            Finding(
                "day-outside",
                n_("{day} is outside the contract, which runs from {first} until {until}."),
                {
                    "day": outside[0],
                    "first": facts.contract_starts_on,
                    "until": facts.contract_ends_until,
                },
                field="days",
            )
        )
    return found


class VisitFacts(msgspec.Struct, frozen=True):
    """What the record of a visit rests on."""

    group_starts_on: date
    group_ends_until: date
    visited_on: date
    today: date
    group_state: str
    vacancies_count: int
    stays: list[Stay]
    participant_ids: list[UUID]
    relevant_ids: list[UUID]
    is_recorded: bool  # the same employer on the same day


def visit_findings(facts: VisitFacts) -> list[Finding]:
    """List every reason why a visit cannot be recorded."""
    found = []
    if facts.group_state == GroupState.COMPLETED:
        # A visit that is remembered after the end would make a milestone by itself.
        found.append(
            Finding("group-ended", n_("The group has ended, so no visit is recorded any more."))
        )
    if facts.is_recorded:
        found.append(
            Finding("visit-exists", n_("This visit has been recorded already."), field="visited_on")
        )
    if facts.visited_on > facts.today:
        found.append(Finding("visit-future", n_("The visit is still to come."), field="visited_on"))
    if not facts.group_starts_on <= facts.visited_on < facts.group_ends_until:
        found.append(
            Finding("visit-outside", n_("The group does not run on that day."), field="visited_on")
        )
    if facts.vacancies_count < 0:
        found.append(
            Finding(
                "vacancies", n_("The number of vacancies is 0 or more."), field="vacancies_count"
            )
        )
    if not facts.participant_ids:
        found.append(Finding("nobody", n_("Say who was at the visit."), field="participant_ids"))
    stays = {stay.participant_id: stay for stay in facts.stays}
    for participant_id in facts.participant_ids:
        stay = stays.get(participant_id)
        if stay is None:
            found.append(
                Finding(
                    "visitor-not-in-group",
                    n_("{participant} is not a participant of this group."),
                    {"participant": str(participant_id)},
                    field="participant_ids",
                )
            )
        elif not stay.is_in_group(facts.visited_on):
            found.append(
                Finding(
                    "visitor-away",
                    n_("{client} is not in the group on {day}."),
                    {"client": stay.client_ref, "day": facts.visited_on},
                    field="participant_ids",
                )
            )
    if set(facts.relevant_ids) - set(facts.participant_ids):
        found.append(
            Finding(
                "relevant-for-absent",
                n_("A visit can be relevant only for those who were there."),
                field="relevant_ids",
            )
        )
    return found
