"""A plan moved by hand: what becomes of it, what that costs, and which rules it then breaks.

A hand may break a rule of one person (an hour of travel that the client accepts) or of one group;
it is told which, and the move is kept with its reason. What a hand decided is fixed from then on.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec

from procure.demand.rules.grouping.checking import broken, figures
from procure.demand.rules.grouping.facts import Figures, FixedGroup, GroupOfPlan, PlanFacts
from procure.demand.rules.grouping.reach import Reach
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class MoveKind(StrEnum):
    """What a hand can do."""

    PERSON = "person"  # into a group, or out of all
    GROUP = "group"  # to another place or start
    NEW = "new"  # a group with one person, which others can be moved to
    BREAK_UP = "break-up"  # its people wait
    FIX = "fix"  # keep a group as it is when planning again
    FREE = "free"  # let planning change a group again


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing done by hand; which fields count depends on its kind."""

    kind: MoveKind
    person_id: UUID | None = None
    group_no: int | None = None  # of a person: where to; none: out of all groups
    site_code: str | None = None
    start_on: date | None = None


class Moved(msgspec.Struct, frozen=True):
    """What a move makes of a plan. `findings` are the rules that it breaks anew."""

    groups: list[GroupOfPlan]
    before: Figures
    after: Figures
    findings: list[Finding]


def moved(facts: PlanFacts, groups: Sequence[GroupOfPlan], move: Move) -> Moved:
    """Do one move. Raises Refused if there is no such person, group or place."""
    reach = Reach(facts)
    found = _moved(reach, list(groups), move)
    already = {finding.message for finding in broken(facts, groups, reach)}
    return Moved(
        groups=found,
        before=figures(facts, groups, reach),
        after=figures(facts, found, reach),
        findings=[f for f in broken(facts, found, reach) if f.message not in already],
    )


def person_moves(
    facts: PlanFacts, groups: Sequence[GroupOfPlan], person_id: UUID, *, most: int
) -> list[Move]:
    """List where a person could go, the best first: groups of the language, then a new one.

    Only places that a way is known to. Raises Refused if the person is not in the plan.
    """
    reach = Reach(facts)
    if person_id not in reach.person:
        raise _no("person_id", n_("This request is not in the plan."))
    person = reach.person[person_id]
    found = [
        (reach.points(person, site, group.start_on), Move(MoveKind.PERSON, person_id, group.no))
        for group in groups
        if group.language == person.language
        and person_id not in group.person_ids
        and reach.minutes(person, site := reach.site[group.site_code]) is not None
    ]
    found.sort(key=lambda pair: pair[0])
    moves = [move for _, move in found[:most]]
    if any(person_id in group.person_ids for group in groups):
        moves.append(Move(MoveKind.PERSON, person_id))
    return moves


def group_moves(
    facts: PlanFacts, groups: Sequence[GroupOfPlan], group_no: int, *, most: int
) -> list[Move]:
    """List where and when else a group could meet, the best first; then breaking it up."""
    reach = Reach(facts)
    group = next((group for group in groups if group.no == group_no), None)
    if group is None:
        raise _no("group_no", n_("There is no such group."))
    people = [reach.person[person] for person in group.person_ids]
    found: list[tuple[int, int, Move]] = []
    for site in facts.sites:
        if any(reach.minutes(person, site) is None for person in people):
            continue
        for day in facts.rules.starts_on:
            if (site.code, day) != (group.site_code, group.start_on):
                points = sum(reach.points(person, site, day) for person in people)
                found.append(
                    (points, len(found), Move(MoveKind.GROUP, None, group_no, site.code, day))
                )
    found.sort()
    return [*(move for _, _, move in found[:most]), Move(MoveKind.BREAK_UP, None, group_no)]


def fixed_of(groups: Sequence[GroupOfPlan]) -> list[FixedGroup]:
    """Return the groups that planning again must keep; it may fill them up."""
    return [
        FixedGroup(g.no, g.site_code, g.language, g.start_on, list(g.person_ids))
        for g in groups
        if g.is_fixed
    ]


def _moved(reach: Reach, groups: list[GroupOfPlan], move: Move) -> list[GroupOfPlan]:
    if move.kind in {MoveKind.PERSON, MoveKind.NEW} and move.person_id not in reach.person:
        raise _no("person_id", n_("This request is not in the plan."))
    if move.site_code is not None and move.site_code not in reach.site:
        raise _no("site_code", n_("There is no such meeting place."))
    if move.start_on is not None and move.start_on not in reach.rules.starts_on:
        raise _no("start_on", n_("No group starts on that day."))
    if move.kind == MoveKind.NEW:
        return _new(reach, groups, move)
    if move.group_no is None and move.kind == MoveKind.PERSON:
        return _without(groups, move.person_id)
    at = next((n for n, group in enumerate(groups) if group.no == move.group_no), None)
    if at is None:
        raise _no("group_no", n_("There is no such group."))
    group = groups[at]
    if move.kind == MoveKind.PERSON:
        assert move.person_id is not None  # noqa: S101 - asked above
        people = [person for person in group.person_ids if person != move.person_id]
        group = msgspec.structs.replace(group, person_ids=[*people, move.person_id], is_fixed=True)
        return [
            group if other.no == group.no else other
            for other in _without([*groups], move.person_id, keep=group.no)
        ]
    if move.kind == MoveKind.BREAK_UP:
        return [*groups[:at], *groups[at + 1 :]]
    if move.kind == MoveKind.GROUP:
        group = msgspec.structs.replace(
            group,
            site_code=move.site_code or group.site_code,
            start_on=move.start_on or group.start_on,
            is_fixed=True,
        )
    else:
        group = msgspec.structs.replace(group, is_fixed=move.kind == MoveKind.FIX)
    return [*groups[:at], group, *groups[at + 1 :]]


def _new(reach: Reach, groups: list[GroupOfPlan], move: Move) -> list[GroupOfPlan]:
    if move.person_id is None or move.site_code is None or move.start_on is None:
        raise _no("site_code", n_("A new group needs a person, a meeting place and a start."))
    number = 1 + max((group.no for group in groups), default=0)
    language = reach.person[move.person_id].language
    new = GroupOfPlan(
        number, move.site_code, language, move.start_on, [move.person_id], is_fixed=True
    )
    return [*_without(groups, move.person_id), new]


def _without(
    groups: Sequence[GroupOfPlan], person_id: UUID | None, *, keep: int | None = None
) -> list[GroupOfPlan]:
    """Take a person out of every group; a group that is left empty goes, except `keep`."""
    found = [
        msgspec.structs.replace(group, person_ids=[p for p in group.person_ids if p != person_id])
        if person_id in group.person_ids
        else group
        for group in groups
    ]
    return [group for group in found if group.person_ids or group.no == keep]


def _no(field: str, text: str) -> Refused:
    return Refused([Finding("unknown", text, field=field)])
