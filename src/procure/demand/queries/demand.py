"""Reading demand as it is now, and the lists that a request is checked against."""

from collections.abc import Sequence
from datetime import date

import msgspec

from procure.catalogue import queries as catalogue
from procure.catalogue.rules import Version
from procure.db import fetch_as
from procure.demand.rules.counted import Asked, counted_plan, counties_for
from procure.demand.rules.entries import Bureau, Known, shown
from procure.demand.rules.groups import (
    Area,
    AreaDemand,
    DemandFacts,
    PlannedGroup,
    RequestFacts,
    plan,
    planned_group,
)
from procure.demand.schemas import (
    BasisDraft,
    DemandView,
)
from procure.kernel.actors import Actor
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.parameters import codes, dated, reference

_FACTS = """
    SELECT id, reference, county, language, risk_band, suitability, created_on,
           earliest_start_on, needs_transport, needs_childcare
      FROM request
     WHERE buyer = $1 AND service_code = $2 AND state = 'recorded'
       AND ($3::text IS NULL OR county = $3)
       AND ($4::date IS NULL OR created_on >= $4) AND ($5::date IS NULL OR created_on < $5)
     ORDER BY id
"""

HELD = " FOR UPDATE"
MOST_GROUPS = 50  # that are named on a page; a basis names all


async def read_demand(actor: Actor, service_code: str, *, today: date) -> DemandView:
    """Analyse what is recorded now, and keep nothing."""
    facts = await demand_facts(
        actor, BasisDraft(name="", service_code=service_code), today=today, held=False
    )
    found = plan(facts)
    return DemandView(
        service_code=service_code,
        group_min=facts.group_min,
        group_max=facts.group_max,
        totals=found.totals,
        areas=found.areas,
        groups=found.groups,
        counties=found.counties,
        unmet=found.unmet,
        verdicts=found.verdicts,
    )


async def demand_now(actor: Actor, service_code: str, *, today: date) -> DemandView:
    """Say what `read_demand` says in time that does not grow with the requests.

    From sums that are kept. Only the first groups are named, and no verdict.
    """
    least, most = await _group_size(service_code, today)
    rules = DemandFacts(service_code, least, most, lot_areas(), [])
    asked = await fetch_as(
        Asked,
        """
        SELECT county, language, risk_band, suitability, sum(requests_count)::int AS requests_count
          FROM request_count
         WHERE buyer = $1 AND service_code = $2 AND state = 'recorded' GROUP BY 1, 2, 3, 4
        """,
        actor.org_id,
        service_code,
    )
    found = counted_plan(rules, asked)
    return DemandView(
        service_code=service_code,
        group_min=least,
        group_max=most,
        totals=found.totals,
        areas=found.areas,
        groups=await _first_groups(actor, rules, found.areas),
        counties=found.counties,
        unmet=found.unmet,
        verdicts=[],
    )


async def _first_groups(
    actor: Actor, rules: DemandFacts, areas: Sequence[AreaDemand]
) -> list[PlannedGroup]:
    """Name the people of the first groups, and of no more."""
    found: list[PlannedGroup] = []
    of_code = {area.code: area for area in rules.areas}
    for area in areas:
        count = min(area.groups_count, MOST_GROUPS - len(found))
        if count <= 0:
            continue
        people = await fetch_as(
            RequestFacts,
            """
            SELECT r.* FROM unnest($3::text[]) AS asked(county) CROSS JOIN LATERAL (
                   SELECT id, reference, county, language, risk_band, suitability, created_on,
                          earliest_start_on, needs_transport, needs_childcare
                     FROM request
                    WHERE buyer = $1 AND service_code = $2 AND language = $4
                      AND county = asked.county AND suitability = 'suitable' AND state = 'recorded'
                    ORDER BY created_on, reference LIMIT $5) r
             ORDER BY created_on, reference, id LIMIT $5
            """,
            actor.org_id,
            rules.service_code,
            counties_for(of_code[area.code or ""], rules.areas),
            area.language,
            count * rules.group_max,
        )
        found += [
            planned_group(len(found) + 1 + n, area, members)
            for n in range(count)
            if (members := people[n * rules.group_max : (n + 1) * rules.group_max])
        ]
    return found


async def demand_facts(actor: Actor, draft: BasisDraft, *, today: date, held: bool) -> DemandFacts:
    """Gather what a plan rests on; with `held` the requests stay locked until the transaction ends.

    Raises Refused if the service is unknown or is not given in groups.
    """
    least, most = await _group_size(draft.service_code, today)
    requests = await fetch_as(
        RequestFacts,
        _FACTS + (HELD if held else ""),
        actor.org_id,
        draft.service_code,
        draft.county,
        draft.created_from_on,
        draft.created_until,
    )
    return DemandFacts(
        service_code=draft.service_code,
        group_min=least,
        group_max=most,
        areas=draft.areas if draft.areas is not None else lot_areas(),
        requests=requests,
        county=draft.county,
        created_from_on=draft.created_from_on,
        created_until=draft.created_until,
    )


async def _group_size(service_code: str, today: date) -> tuple[int, int]:
    if all(view.code != service_code for view in await catalogue.services()):
        raise Refused(
            [
                Finding(
                    "unknown",
                    n_("{typed} is not a service of the catalogue."),
                    {"typed": shown(service_code)},
                    field="service_code",
                )
            ]
        )
    service = await catalogue.service_on(service_code, today)
    if service.sizes is None:
        raise Refused(
            [
                Finding(
                    "no-groups",
                    n_("{service} is not given in groups, so there is nothing to plan."),
                    {"service": service_code},
                    field="service_code",
                )
            ]
        )
    return service.sizes.group_size_min, service.sizes.group_size_max


def lot_areas() -> list[Area]:
    """Return the areas that lots are made of."""
    return msgspec.convert(reference("lot_areas"), list[Area])


async def known() -> Known:
    """Gather the code lists that a request is checked against."""
    services: dict[str, list[Version]] = {}
    for view in sorted(await catalogue.services(), key=lambda view: view.valid_from):
        services.setdefault(view.code, []).append(catalogue.version_of(view))
    bureaus = msgspec.convert(reference("bureaus"), list[Bureau])
    return Known(
        counties=codes("counties"),
        bureaus={bureau.code: bureau for bureau in bureaus},
        services=services,
        languages=codes("languages"),
        risk_bands=codes("risk_bands"),
        barriers=codes("barriers"),
        start_ahead=dated("demand/start_ahead"),
    )
