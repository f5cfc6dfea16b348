"""A group plan as the analysis that a tender is made from: lots, groups, who waits and why.

A lot is an area and language in which the plan has groups: the area of the list where there is one,
otherwise one of its own for the county.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from procure.demand.rules.grouping.facts import GroupOfPlan, PlanFacts
from procure.demand.rules.grouping.reach import Reach
from procure.demand.rules.grouping.reasons import placings
from procure.demand.rules.groups import (
    BANDS,
    Area,
    AreaDemand,
    DemandFacts,
    DemandPlan,
    PlannedGroup,
    Reason,
    RequestFacts,
    RequestVerdict,
    Totals,
    UnmetNeed,
    area_for,
    because,
    counties_of,
    groups_of,
)
from procure.demand.states import Suitability, Verdict
from procure.kernel.texts import n_


def areas_of(facts: PlanFacts, groups: Sequence[GroupOfPlan], areas: Sequence[Area]) -> list[Area]:
    """Return the areas of the list, and one for each county and language that has none."""
    reach, found = Reach(facts), list(areas)
    for group in groups:
        county = reach.site[group.site_code].county
        area = area_for(county, group.language, found)
        if area is None or area.language != group.language:
            found.append(Area(f"{county}-{group.language}", [county], group.language))
    return found


def as_demand_plan(
    demand: DemandFacts, facts: PlanFacts, groups: Sequence[GroupOfPlan]
) -> DemandPlan:
    """Say of every request of `demand` what the plan says of it, by area and language.

    `demand` holds the areas of `areas_of`, and of its suitable requests those of the plan count.
    """
    return _Keeping(demand, facts, groups).plan()


class _Keeping:
    def __init__(
        self, demand: DemandFacts, facts: PlanFacts, groups: Sequence[GroupOfPlan]
    ) -> None:
        self.demand, self.reach = demand, Reach(facts)
        self.request = {request.id: request for request in demand.requests}
        self.groups = sorted(groups, key=lambda group: group.no)
        self.number = {group.no: n for n, group in enumerate(self.groups, start=1)}
        self.why = {p.person_id: p.why for p in placings(self.reach, groups)}
        self.group_of = {person: group for group in groups for person in group.person_ids}

    def area_of_group(self, group: GroupOfPlan) -> Area:
        county = self.reach.site[group.site_code].county
        area = area_for(county, group.language, self.demand.areas)
        if area is None:
            raise ValueError(f"no area covers {county}")
        return area

    def area_of(self, request: RequestFacts) -> Area | None:
        """Return the area of the group, whatever the home; without a group that of the home."""
        if group := self.group_of.get(request.id):
            return self.area_of_group(group)
        return area_for(request.county, request.language, self.demand.areas)

    def plan(self) -> DemandPlan:
        rows: dict[tuple[str | None, str, str], list[RequestFacts]] = defaultdict(list)
        for request in self.demand.requests:
            area = self.area_of(request)
            place = "" if area else request.county
            rows[area.code if area else None, place, request.language].append(request)
        counties = counties_of(self.demand)
        order = {area.code: n for n, area in enumerate(self.demand.areas)}
        keys = sorted(rows, key=lambda key: (order.get(key[0] or "", len(order)), key[1], key[2]))
        areas = [self._area(key, rows[key]) for key in keys]
        return DemandPlan(
            totals=Totals(
                requests_count=len(self.demand.requests),
                suitable_count=sum(area.suitable_count for area in areas),
                referred_count=sum(area.referred_count for area in areas),
                groups_count=len(self.groups),
                county_groups_count=sum(county.full_groups_count for county in counties),
                grouped_count=len(self.group_of),
                waiting_count=sum(area.waiting_count for area in areas),
                bands={band: sum(area.bands[band] for area in areas) for band in BANDS},
            ),
            areas=areas,
            groups=[self._group(group) for group in self.groups],
            counties=counties,
            unmet=[
                self._unmet(area, rows[key])
                for key, area in zip(keys, areas, strict=True)
                if area.waiting_count and not area.groups_count
            ],
            verdicts=[self._verdict(request) for request in self.demand.requests],
        )

    def _area(
        self, key: tuple[str | None, str, str], requests: Sequence[RequestFacts]
    ) -> AreaDemand:
        code, county, language = key
        area = next((a for a in self.demand.areas if a.code == code), None)
        suitable = [r for r in requests if r.suitability == Suitability.SUITABLE]
        bands = Counter(request.risk_band for request in suitable)
        here = [
            group
            for group in self.groups
            if code is not None
            and self.area_of_group(group).code == code
            and group.language == language
        ]
        return AreaDemand(
            code=code,
            counties=area.counties if area else [county],
            language=language,
            is_offered=area is not None and area.language == language,
            requests_count=len(requests),
            suitable_count=len(suitable),
            referred_count=len(requests) - len(suitable),
            bands={band: bands[band] for band in BANDS},
            groups_count=len(here),
            waiting_count=sum(request.id not in self.group_of for request in suitable),
        )

    def _group(self, group: GroupOfPlan) -> PlannedGroup:
        members = [self.request[person] for person in group.person_ids]
        return PlannedGroup(
            no=self.number[group.no],
            area_code=self.area_of_group(group).code,
            language=group.language,
            size_count=len(members),
            counties=dict(Counter(member.county for member in members).most_common()),
            transport_count=sum(member.needs_transport for member in members),
            childcare_count=sum(member.needs_childcare for member in members),
            can_start_on=group.start_on,
            request_ids=list(group.person_ids),
        )

    def _unmet(self, area: AreaDemand, requests: Sequence[RequestFacts]) -> UnmetNeed:
        """Give the commonest reason of those who wait."""
        reasons = [
            self.why[request.id]
            for request in requests
            if request.suitability == Suitability.SUITABLE and request.id in self.why
        ]
        common = Counter(reason.code for reason in reasons).most_common(1)
        why = next((r for r in reasons if common and r.code == common[0][0]), not_asked())
        return UnmetNeed(
            area_code=area.code,
            counties=area.counties,
            language=area.language,
            waiting_count=area.waiting_count,
            possible_groups_count=groups_of(
                area.waiting_count, self.demand.group_min, self.demand.group_max
            ),
            why=why,
        )

    def _verdict(self, request: RequestFacts) -> RequestVerdict:
        group, area = self.group_of.get(request.id), self.area_of(request)
        if group is not None:
            verdict = Verdict.GROUPED
        elif request.suitability == Suitability.SUITABLE:
            verdict = Verdict.WAITING
        else:
            verdict = Verdict.REFERRED_OUT
        if verdict == Verdict.REFERRED_OUT:
            why = because("judged", n_("The caseworker judged that the municipality helps first."))
        else:
            why = self._renumbered(self.why.get(request.id) or not_asked())
        return RequestVerdict(
            request_id=request.id,
            reference=request.reference,
            area_code=area.code if area else None,
            verdict=verdict,
            group_no=self.number[group.no] if group else None,
            why=why,
        )

    def _renumbered(self, why: Reason) -> Reason:
        """Name a group by its number in the analysis, which counts from 1 without gaps."""
        number = why.values.get("group")
        if not isinstance(number, int):
            return why
        values: Mapping[str, str | int] = {**why.values, "group": self.number[number]}
        return because(why.code, why.text, **values)


def not_asked() -> Reason:
    """Say that a request came after the plan was made."""
    return because("not-asked", n_("Came after the plan was made. Waits for the next one."))


def gone(facts: PlanFacts, groups: Sequence[GroupOfPlan], waiting: set[UUID]) -> list[str]:
    """List the references of people in groups whose requests no longer wait."""
    reference = {person.id: person.reference for person in facts.people}
    return sorted(
        reference[person]
        for group in groups
        for person in group.person_ids
        if person not in waiting
    )
