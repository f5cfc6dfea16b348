"""Who holds a place of a group on a day, and who may take one.

Pure. A place that a success has emptied stays held for some training days, so that an early job
costs the provider nothing, unless somebody takes it sooner.
Source: payment scheme, success vacancy; press reports of real groups (three of four early job
starters were replaced), hence replacement until the end of phase 2.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from procure.delivery.states import SUCCESSES, ExitReason, GroupState
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class Stay(msgspec.Struct, frozen=True):
    """One participant's time in a group."""

    participant_id: UUID
    client_ref: str
    joins_on: date
    stays_until: date  # exclusive: the group's end, or the first day not in the group
    exit_reason: str | None = None
    leaves_until: date | None = None
    replaced_on: date | None = None  # the day on which another took the place

    def is_in_group(self, day: date) -> bool:
        """Tell whether the participant belongs to the group on that day."""
        return self.joins_on <= day < self.stays_until


def vacancy_days(stay: Stay, training_days: Sequence[date], limit: int) -> list[date]:
    """List the training days on which this participant's place is empty because of a success.

    The first `limit` training days after leaving, as long as nobody has taken the place.
    """
    if stay.leaves_until is None or stay.exit_reason not in SUCCESSES:
        return []
    after = [day for day in sorted(training_days) if day >= stay.leaves_until][:limit]
    return [day for day in after if stay.replaced_on is None or day < stay.replaced_on]


def holds_place(stay: Stay, day: date, training_days: Sequence[date], limit: int) -> bool:
    """Tell whether a place is taken on that day by this participant, or by the success of one."""
    return stay.is_in_group(day) or day in vacancy_days(stay, training_days, limit)


def places_held(
    stays: Sequence[Stay], training_days: Sequence[date], limit: int
) -> dict[date, int]:
    """Count the places held on each training day."""
    return {
        day: sum(holds_place(stay, day, training_days, limit) for stay in stays)
        for day in sorted(training_days)
    }


class ReferralFacts(msgspec.Struct, frozen=True):
    """What a referral rests on; stored with it."""

    group_state: str
    places_count: int
    training_days: list[date]
    last_joining_day: date  # the last training day on which somebody may still join
    vacancy_limit_days: int
    stays: list[Stay]
    client_ref: str
    joins_on: date
    replaces_id: UUID | None = None
    vacancy_marks: list[date] = []  # success-vacancy days already entered for whom is replaced


def referral_findings(facts: ReferralFacts) -> list[Finding]:
    """List every reason why this person cannot join the group on that day."""
    found = []
    if facts.group_state == GroupState.COMPLETED:
        found.append(Finding("group-ended", n_("The group has ended."), field="group_id"))
    if any(stay.client_ref == facts.client_ref for stay in facts.stays):
        found.append(
            Finding(
                "twice-in-group",
                n_("{client} is or was in this group already."),
                {"client": facts.client_ref},
                field="request_id",
            )
        )
    if facts.joins_on not in facts.training_days:
        later = [day for day in sorted(facts.training_days) if day > facts.joins_on]
        found.append(
            Finding(
                "not-a-training-day",
                n_("{day} is not a training day of this group; the next one is {next}.")
                if later
                else n_("{day} is not a training day of this group, and none comes after it."),
                {"day": facts.joins_on, "next": later[0]} if later else {"day": facts.joins_on},
                field="joins_on",
            )
        )
    elif facts.joins_on > facts.last_joining_day:
        found.append(
            Finding(
                "too-late-to-join",
                n_("Nobody joins after {last}, when phase 2 ends."),
                {"last": facts.last_joining_day},
                field="joins_on",
            )
        )
    stays, problem = _after_replacement(facts)
    if problem:
        return [*found, problem]
    held = places_held(stays, facts.training_days, facts.vacancy_limit_days)
    full = [
        day for day, count in held.items() if day >= facts.joins_on and count >= facts.places_count
    ]
    if full:
        found.append(
            Finding(
                "no-free-place",
                n_("All {places} places are taken on {day}."),
                {"places": facts.places_count, "day": full[0]},
                field="joins_on",
            )
        )
    return found


def _after_replacement(facts: ReferralFacts) -> tuple[list[Stay], Finding | None]:
    if facts.replaces_id is None:
        return facts.stays, None
    left = next((s for s in facts.stays if s.participant_id == facts.replaces_id), None)
    if left is None:
        return [], Finding(
            "replaces-stranger",
            n_("Whom this person would replace is not of this group."),
            field="replaces_id",
        )
    if left.leaves_until is None or left.leaves_until > facts.joins_on:
        return [], Finding(
            "place-not-empty",
            n_("The place of {client} is not empty on {day}."),
            {"client": left.client_ref, "day": facts.joins_on},
            field="replaces_id",
        )
    if left.replaced_on is not None:
        return [], Finding(
            "already-replaced",
            n_("Somebody has taken the place of {client} already."),
            {"client": left.client_ref},
            field="replaces_id",
        )
    if marked := [day for day in facts.vacancy_marks if day >= facts.joins_on]:
        return [], Finding(
            "vacancy-marked",
            n_("The place of {client} has a paid mark on {day}; correct it first."),
            {"client": left.client_ref, "day": min(marked)},
            field="joins_on",
        )
    replaced = msgspec.structs.replace(left, replaced_on=facts.joins_on)
    return [replaced if stay is left else stay for stay in facts.stays], None


class LeaveFacts(msgspec.Struct, frozen=True):
    """What a leaving rests on."""

    client_ref: str
    joins_on: date
    group_ends_until: date
    leaves_until: date  # the first day not in the group
    reason: str
    marked_days: list[date]  # days with a mark


def leave_findings(facts: LeaveFacts) -> list[Finding]:
    """List every reason why this leaving cannot be recorded."""
    found = []
    if facts.reason == ExitReason.COMPLETED:
        found.append(
            Finding(
                "completes-with-group",
                n_("A participant completes when the group is completed."),
                field="reason",
            )
        )
    if not facts.joins_on <= facts.leaves_until <= facts.group_ends_until:
        found.append(
            Finding(
                "leaves-outside",
                n_("The first day away must be from {first} to {last}."),
                {"first": facts.joins_on, "last": facts.group_ends_until},
                field="leaves_until",
            )
        )
    if marked := [day for day in facts.marked_days if day >= facts.leaves_until]:
        found.append(
            Finding(
                "marked-later",
                n_("{client} has a mark on {day}, so the first day away must be later."),
                {"client": facts.client_ref, "day": max(marked)},
                field="leaves_until",
            )
        )
    return found
