"""The same plan from counts alone: how many groups each area makes, not who is in them.

Pure, and in time that does not grow with the requests. What `groups.plan` says of areas, counties,
unmet need and totals, this says too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from procure.demand.rules.groups import (
    BANDS,
    Area,
    AreaDemand,
    CountyDemand,
    DemandFacts,
    Totals,
    UnmetNeed,
    area_for,
    groups_of,
    why_waiting,
)
from procure.demand.states import Suitability


class Asked(msgspec.Struct, frozen=True):
    """How many requests of one kind wait to be analysed."""

    county: str
    language: str
    risk_band: str
    suitability: Suitability
    requests_count: int


class CountedPlan(msgspec.Struct, frozen=True):
    """What a plan says without naming anybody."""

    totals: Totals
    areas: list[AreaDemand]
    counties: list[CountyDemand]
    unmet: list[UnmetNeed]


def counted_plan(rules: DemandFacts, asked: Iterable[Asked]) -> CountedPlan:
    """Plan from counts; of `rules` only sizes and areas count, its requests do not."""
    there = [one for one in asked if one.requests_count]
    areas = [_area(rules, key, found) for key, found in _rows(rules.areas, there)]
    counties = _counties(rules, there)
    return CountedPlan(
        totals=Totals(
            requests_count=sum(area.requests_count for area in areas),
            suitable_count=sum(area.suitable_count for area in areas),
            referred_count=sum(area.referred_count for area in areas),
            groups_count=sum(area.groups_count for area in areas),
            county_groups_count=sum(county.full_groups_count for county in counties),
            grouped_count=sum(area.suitable_count - area.waiting_count for area in areas),
            waiting_count=sum(area.waiting_count for area in areas),
            bands={band: sum(area.bands[band] for area in areas) for band in BANDS},
        ),
        areas=areas,
        counties=counties,
        unmet=[
            UnmetNeed(
                area_code=area.code,
                counties=area.counties,
                language=area.language,
                waiting_count=area.waiting_count,
                possible_groups_count=groups_of(
                    area.waiting_count, rules.group_min, rules.group_max
                ),
                why=why_waiting(rules, area),
            )
            for area in areas
            if area.waiting_count and not area.groups_count
        ],
    )


def counties_for(area: Area, areas: Sequence[Area]) -> list[str]:
    """Return the counties whose requests in the area's language fall to it, and to none before."""
    return [county for county in area.counties if area_for(county, area.language, areas) == area]


_Key = tuple[Area | None, str, str]  # the area or else the county, and the language


def _rows(areas: Sequence[Area], asked: Sequence[Asked]) -> list[tuple[_Key, list[Asked]]]:
    """Sort counts into rows, in the order of `groups.plan`."""
    found: dict[tuple[str | None, str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        area = area_for(one.county, one.language, areas)
        found[area.code if area else None, "" if area else one.county, one.language].append(one)
    keys: list[_Key] = []
    for area in areas:
        languages = {language for code, _, language in found if code == area.code}
        own_first = sorted(languages, key=lambda code: (code != area.language, code))
        keys += [(area, "", language) for language in own_first]
    keys += [(None, county, lang) for code, county, lang in sorted(
        (key for key in found if key[0] is None), key=lambda key: key[1:]
    )]  # fmt: skip
    return [((area, county, lang), found[area.code if area else None, county, lang])
            for area, county, lang in keys]  # fmt: skip


def _area(rules: DemandFacts, key: _Key, asked: Sequence[Asked]) -> AreaDemand:
    area, county, language = key
    is_offered = area is not None and area.language == language
    bands: Counter[str] = Counter()
    for one in asked:
        if one.suitability == Suitability.SUITABLE:
            bands[one.risk_band] += one.requests_count
    requests, suitable = sum(one.requests_count for one in asked), sum(bands.values())
    groups = groups_of(suitable, rules.group_min, rules.group_max) if is_offered else 0
    return AreaDemand(
        code=area.code if area else None,
        counties=area.counties if area else [county],
        language=language,
        is_offered=is_offered,
        requests_count=requests,
        suitable_count=suitable,
        referred_count=requests - suitable,
        bands={band: bands[band] for band in BANDS},
        groups_count=groups,
        waiting_count=suitable - min(suitable, groups * rules.group_max),
    )


def _counties(rules: DemandFacts, asked: Sequence[Asked]) -> list[CountyDemand]:
    every: Counter[tuple[str, str]] = Counter()
    suitable: Counter[tuple[str, str]] = Counter()
    for one in asked:
        every[one.county, one.language] += one.requests_count
        if one.suitability == Suitability.SUITABLE:
            suitable[one.county, one.language] += one.requests_count
    return [
        CountyDemand(
            county=county,
            language=language,
            requests_count=count,
            suitable_count=(fit := suitable[county, language]),
            full_groups_count=groups_of(fit, rules.group_min, rules.group_max),
        )
        for (county, language), count in sorted(every.items())
    ]
