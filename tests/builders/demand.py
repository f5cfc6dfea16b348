"""Requests and bases for tests, made by the services as people make them."""

import itertools
from datetime import date, datetime
from typing import Any
from uuid import UUID

from procure.demand import service
from procure.demand.rules.groups import Area
from procure.demand.schemas import BasisDraft, RequestDraft
from procure.kernel.actors import Actor, Role
from tests.builders.catalogue import a_catalogue
from tests.builders.identity import NOW, an_actor

SERVICE = "TOOHARJUTUS-LAADNE"
AREAS = [Area("L05", ["EE-79", "EE-50"], "et"), Area("L03", ["EE-45"], "ru")]

_numbers = itertools.count(1)


def a_draft(**overrides: Any) -> RequestDraft:
    """Describe a request of a client in Tartu, good as it is on the day of the tests."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "reference": f"T-{number:05d}",
        "created_on": date(2026, 11, 2),
        "county": "EE-79",
        "bureau": "B-79-1",
        "caseworker_ref": "CW-79-1",
        "client_ref": f"CL-T{number:05d}",
        "service_code": SERVICE,
        "language": "et",
        "risk_band": "B",
        "barriers": ["ROUTINE"],
        "needs_transport": False,
        "needs_childcare": False,
        "earliest_start_on": date(2026, 11, 16),
    }
    return RequestDraft(**{**values, **overrides})


async def a_request(actor: Actor | None = None, *, now: datetime = NOW, **overrides: Any) -> UUID:
    """Record a request, by a new caseworker unless an actor is given."""
    caseworker = actor or await an_actor(Role.CASEWORKER)
    await a_catalogue()
    return await service.record_request(caseworker, a_draft(**overrides), now)


async def a_basis(
    actor: Actor | None = None,
    *,
    requests: int = 8,
    now: datetime = NOW,
    areas: list[Area] | None = None,
    **overrides: Any,
) -> UUID:
    """Record requests and keep their analysis, by a new consultant unless an actor is given."""
    consultant = actor or await an_actor(Role.CONSULTANT)
    for _ in range(requests):
        await a_request(consultant, now=now, **overrides)
    draft = BasisDraft("A basis", overrides.get("service_code", SERVICE), areas=areas or AREAS)
    return await service.make_basis(consultant, draft, now)
