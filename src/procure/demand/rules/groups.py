"""Demand to groups: which requests make a group, which wait, and why.

Pure: the same facts give the same plan, in the same order. A group is formed within an area and
one language, first come first served: groups of `group_max`, one more if at least `group_min` are
left, and the rest waits. Whether a client is suitable is the caseworker's judgement, a fact here.
Source: domain model 9.3 (groups = ⌊n / 12⌋, one more if the rest is at least 8; the rest waits).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from procure.demand.states import Suitability, Verdict
from procure.kernel.texts import n_

BANDS = ("A", "B", "C")


class Area(msgspec.Struct, frozen=True):
    """Counties that share a lot, and the language its groups work in."""

    code: str
    counties: list[str]
    language: str


class RequestFacts(msgspec.Struct, frozen=True):
    """What the plan needs to know of one request; nothing of why the client needs help."""

    id: UUID
    reference: str
    county: str
    language: str
    risk_band: str
    suitability: Suitability
    created_on: date
    earliest_start_on: date
    needs_transport: bool
    needs_childcare: bool


class DemandFacts(msgspec.Struct, frozen=True):
    """What the plan rests on; stored with it, so that it can be made again."""

    service_code: str
    group_min: int
    group_max: int
    areas: list[Area]
    requests: list[RequestFacts]
    county: str | None = None  # how the requests were chosen, where not all were
    created_from_on: date | None = None
    created_until: date | None = None  # exclusive
    plan_id: UUID | None = None  # the group plan that says who is in which group, if one does


class Reason(msgspec.Struct, frozen=True):
    """Why, in words: `text` with `values` for translation, `message` filled in for programs."""

    code: str
    text: str
    values: Mapping[str, str | int]
    message: str


class AreaDemand(msgspec.Struct, frozen=True):
    """The demand of one area in one language. `bands` counts those who are suitable."""

    code: str | None  # none: no area covers the county
    counties: list[str]
    language: str
    is_offered: bool  # the area's groups work in this language
    requests_count: int
    suitable_count: int
    referred_count: int
    bands: dict[str, int]
    groups_count: int
    waiting_count: int


class PlannedGroup(msgspec.Struct, frozen=True):
    """People who can start together; `no` counts through the whole plan, from 1."""

    no: int
    area_code: str
    language: str
    size_count: int
    counties: dict[str, int]  # more than one: they meet only if travel is arranged
    transport_count: int
    childcare_count: int
    can_start_on: date  # the day by which each of them can
    request_ids: list[UUID]


class CountyDemand(msgspec.Struct, frozen=True):
    """The demand of one county in one language, and the groups it would fill alone."""

    county: str
    language: str
    requests_count: int
    suitable_count: int
    full_groups_count: int


class UnmetNeed(msgspec.Struct, frozen=True):
    """An area and language in which people wait and no group starts; part of the tender file."""

    area_code: str | None
    counties: list[str]
    language: str
    waiting_count: int
    possible_groups_count: int  # that an area in this language would have
    why: Reason


class RequestVerdict(msgspec.Struct, frozen=True):
    """What the plan says of one request."""

    request_id: UUID
    reference: str
    area_code: str | None
    verdict: Verdict
    group_no: int | None
    why: Reason


class Totals(msgspec.Struct, frozen=True):
    """The plan in numbers; `county_groups_count` is what counties alone would fill."""

    requests_count: int
    suitable_count: int
    referred_count: int
    groups_count: int
    county_groups_count: int
    grouped_count: int
    waiting_count: int
    bands: dict[str, int]


class DemandPlan(msgspec.Struct, frozen=True):
    """The whole answer: by area, by group, by county, what stays unmet, and each request."""

    totals: Totals
    areas: list[AreaDemand]
    groups: list[PlannedGroup]
    counties: list[CountyDemand]
    unmet: list[UnmetNeed]
    verdicts: list[RequestVerdict]


def because(code: str, text: str, **values: str | int) -> Reason:
    """Give a reason in words.

    >>> because("too-few", "Asked for: {suitable}.", suitable=3).message
    'Asked for: 3.'
    """
    return Reason(code, text, values, text.format(**values))


def groups_of(people: int, group_min: int, group_max: int) -> int:
    """Return how many groups so many people make.

    >>> [groups_of(n, 8, 12) for n in (7, 8, 12, 19, 20, 24)]
    [0, 1, 1, 1, 2, 2]
    """
    full, rest = divmod(people, group_max)
    return full + (rest >= group_min)


def area_for(county: str, language: str, areas: Sequence[Area]) -> Area | None:
    """Find the area of a request: of its county and language, otherwise of its county.

    Where several fit, the first one of the list.
    """
    of_county = [area for area in areas if county in area.counties]
    for area in of_county:
        if area.language == language:
            return area
    return of_county[0] if of_county else None


class _Row(msgspec.Struct, frozen=True):
    """The requests of one area in one language, first come first."""

    code: str | None
    counties: list[str]
    language: str
    is_offered: bool
    requests: list[RequestFacts]


def plan(facts: DemandFacts) -> DemandPlan:
    """Form groups, and say of each request where it stands and why."""
    areas: list[AreaDemand] = []
    groups: list[PlannedGroup] = []
    unmet: list[UnmetNeed] = []
    verdicts: list[RequestVerdict] = []
    for row in _rows(facts):
        area, formed, said = _area_plan(facts, row, len(groups))
        areas.append(area)
        groups += formed
        verdicts += said
        if area.waiting_count and not area.groups_count:
            unmet.append(
                UnmetNeed(
                    area_code=area.code,
                    counties=area.counties,
                    language=area.language,
                    waiting_count=area.waiting_count,
                    possible_groups_count=groups_of(
                        area.waiting_count, facts.group_min, facts.group_max
                    ),
                    why=why_waiting(facts, area),
                )
            )

    counties = counties_of(facts)
    return DemandPlan(
        totals=Totals(
            requests_count=len(facts.requests),
            suitable_count=sum(area.suitable_count for area in areas),
            referred_count=sum(area.referred_count for area in areas),
            groups_count=len(groups),
            county_groups_count=sum(county.full_groups_count for county in counties),
            grouped_count=sum(group.size_count for group in groups),
            waiting_count=sum(area.waiting_count for area in areas),
            bands={band: sum(area.bands[band] for area in areas) for band in BANDS},
        ),
        areas=areas,
        groups=groups,
        counties=counties,
        unmet=unmet,
        verdicts=verdicts,
    )


def _rows(facts: DemandFacts) -> Iterable[_Row]:
    """Sort the requests into rows as the areas are listed, an area's own language first.

    Where no area covers a county, the county is a row of its own, at the end.
    """
    found: dict[tuple[str | None, str, str], list[RequestFacts]] = defaultdict(list)
    for request in sorted(facts.requests, key=lambda r: (r.created_on, r.reference, r.id)):
        area = area_for(request.county, request.language, facts.areas)
        place = "" if area else request.county
        found[area.code if area else None, place, request.language].append(request)
    for area in facts.areas:
        languages = {language for code, _, language in found if code == area.code}
        for language in sorted(languages, key=lambda code: (code != area.language, code)):
            yield _Row(
                code=area.code,
                counties=area.counties,
                language=language,
                is_offered=language == area.language,
                requests=found[area.code, "", language],
            )
    for county, language in sorted((key[1], key[2]) for key in found if key[0] is None):
        yield _Row(
            code=None,
            counties=[county],
            language=language,
            is_offered=False,
            requests=found[None, county, language],
        )


def _area_plan(
    facts: DemandFacts, row: _Row, groups_before: int
) -> tuple[AreaDemand, list[PlannedGroup], list[RequestVerdict]]:
    """Plan one area in one language; its groups are numbered on from `groups_before`."""
    suitable = [r for r in row.requests if r.suitability == Suitability.SUITABLE]
    count = groups_of(len(suitable), facts.group_min, facts.group_max) if row.is_offered else 0
    grouped_count = min(len(suitable), count * facts.group_max)
    area = AreaDemand(
        code=row.code,
        counties=row.counties,
        language=row.language,
        is_offered=row.is_offered,
        requests_count=len(row.requests),
        suitable_count=len(suitable),
        referred_count=len(row.requests) - len(suitable),
        bands=_bands(suitable),
        groups_count=count,
        waiting_count=len(suitable) - grouped_count,
    )
    groups = [
        planned_group(
            groups_before + n + 1, area, suitable[n * facts.group_max :][: facts.group_max]
        )
        for n in range(count)
    ]
    group_of = {request_id: group for group in groups for request_id in group.request_ids}
    verdicts = []
    for request in row.requests:
        group = group_of.get(request.id)
        if group is not None:
            verdict, why = Verdict.GROUPED, _why_grouped(group)
        elif request.suitability == Suitability.SUITABLE:
            verdict, why = Verdict.WAITING, why_waiting(facts, area)
        else:
            verdict, why = Verdict.REFERRED_OUT, _why_referred()
        verdicts.append(
            RequestVerdict(
                request_id=request.id,
                reference=request.reference,
                area_code=row.code,
                verdict=verdict,
                group_no=group.no if group else None,
                why=why,
            )
        )
    return area, groups, verdicts


def planned_group(no: int, area: AreaDemand, members: Sequence[RequestFacts]) -> PlannedGroup:
    """Describe a group by its members."""
    return PlannedGroup(
        no=no,
        area_code=area.code or "",
        language=area.language,
        size_count=len(members),
        counties=dict(Counter(member.county for member in members).most_common()),
        transport_count=sum(member.needs_transport for member in members),
        childcare_count=sum(member.needs_childcare for member in members),
        can_start_on=max(member.earliest_start_on for member in members),
        request_ids=[member.id for member in members],
    )


def counties_of(facts: DemandFacts) -> list[CountyDemand]:
    """Count each county and language, and the groups it would fill if nobody travelled."""
    asked = Counter((request.county, request.language) for request in facts.requests)
    suitable = Counter(
        (request.county, request.language)
        for request in facts.requests
        if request.suitability == Suitability.SUITABLE
    )
    return [
        CountyDemand(
            county=county,
            language=language,
            requests_count=count,
            suitable_count=suitable[county, language],
            full_groups_count=groups_of(
                suitable[county, language], facts.group_min, facts.group_max
            ),
        )
        for (county, language), count in sorted(asked.items())
    ]


def _bands(requests: Sequence[RequestFacts]) -> dict[str, int]:
    counted = Counter(request.risk_band for request in requests)
    return {band: counted[band] for band in BANDS}


def _why_grouped(group: PlannedGroup) -> Reason:
    return because(
        "grouped",
        n_("In group {group} of area {area}, with {others} others."),
        group=group.no,
        area=group.area_code,
        others=group.size_count - 1,
    )


def _why_referred() -> Reason:
    return because("judged", n_("The caseworker judged that the municipality helps first."))


def why_waiting(facts: DemandFacts, area: AreaDemand) -> Reason:
    """Say why people of an area and language wait."""
    if area.code is None:
        return because(
            "no-area",
            n_("No area covers this county. Waiting: {waiting}; a group needs {least}."),
            waiting=area.waiting_count,
            least=facts.group_min,
        )
    if not area.is_offered:
        return because(
            "no-area-in-language",
            n_(
                "Area {area} has no groups in this language. "
                "Waiting: {waiting}; a group needs {least}."
            ),
            area=area.code,
            waiting=area.waiting_count,
            least=facts.group_min,
        )
    if not area.groups_count:
        return because(
            "too-few",
            n_("Too few in area {area}. Waiting: {waiting}; a group needs {least}."),
            area=area.code,
            waiting=area.waiting_count,
            least=facts.group_min,
        )
    return because(
        "left-over",
        n_(
            "Earlier requests fill the groups of area {area}. "
            "Left waiting: {waiting}; another group needs {least}."
        ),
        area=area.code,
        waiting=area.waiting_count,
        least=facts.group_min,
    )
