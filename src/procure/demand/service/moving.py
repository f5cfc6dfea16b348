"""What becomes of requests later: tendered, placed, given back, refused."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import fetch_as, transaction
from procure.demand import queries
from procure.demand.schemas import (
    PlacedRequest,
)
from procure.demand.service import forecasting
from procure.demand.service.held import Held, hold, move, require
from procure.demand.states import REQUEST, RequestState
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tasks import service as tasks

LONGEST_REASON = 1000


async def refuse_request(
    actor: Actor,
    request_id: UUID,
    reason: str,
    now: datetime,
    *,
    acknowledge_tender: bool = False,
) -> None:
    """Refuse a request with a reason that its caseworker reads.

    Holds the request. Raises NotFound, Forbidden, Conflict (placed or decided already), Refused
    (no reason, or it went out to tender and that is not acknowledged).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    reason = " ".join(reason.split())
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise Refused(
            [
                Finding(
                    "reason",
                    n_("Give the reason in 3 to {most} characters."),
                    {"most": LONGEST_REASON},
                    field="reason",
                )
            ]
        )
    async with transaction():
        request = await hold(request_id, buyer_id=actor.org_id)
        after = REQUEST.after(request.state, "refuse")
        if request.state == RequestState.TENDERED and not acknowledge_tender:
            raise Refused(
                [
                    Finding(
                        "tendered",
                        n_("It went out to tender, which keeps its size. Confirm the refusal."),
                        field="acknowledge_tender",
                    )
                ]
            )
        await move(
            [request_id],
            after,
            reason,
        )
        # The reason is a person's words and may name someone, so it stays with the request.
        await audit.record(
            "request:refused",
            request_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"reference": request.reference, "from": request.state},
        )


async def mark_tendered(basis_id: UUID, now: datetime, *, actor: Actor | None = None) -> int:
    """Say that a basis went out to tender, and return how many requests did.

    Called inside the publishing transaction. A request that was placed or refused since stays
    what it is, and so does one that another tender of the same basis has taken.
    """
    async with transaction():
        moved = await _move_of_basis(
            basis_id, "tender", [RequestState.PLANNED], "requests:tendered", now, actor=actor
        )
        if moved:
            await _keep_forecast(basis_id, now)
        await tasks.finish("basis:tender", basis_id, now=now)
    return moved


async def _keep_forecast(basis_id: UUID, now: datetime) -> None:
    """Forecast the service as the tender goes out, to be shown and compared with what comes."""

    class Basis(msgspec.Struct):
        buyer: UUID
        service_code: str

    rows = await fetch_as(Basis, "SELECT buyer, service_code FROM basis WHERE id = $1", basis_id)
    for basis in rows:
        await forecasting.ask(
            basis.buyer,
            basis.service_code,
            forecasting.TENDER_MONTHS,
            now,
            by=None,
            basis_id=basis_id,
        )


async def release_requests(
    basis_id: UUID,
    now: datetime,
    *,
    area_codes: Sequence[str] | None = None,
    actor: Actor | None = None,
) -> int:
    """Give back the requests of a basis whose lot got no contract, and return how many.

    They wait for the next analysis. Called inside the transaction that fails the lot; without
    `area_codes` for all areas, as when a tender is cancelled.
    """
    return await _move_of_basis(
        basis_id,
        "release",
        [RequestState.PLANNED, RequestState.TENDERED],
        "requests:released",
        now,
        area_codes=area_codes,
        reason=n_("Its lot got no contract. Waits for the next analysis of demand."),
        actor=actor,
    )


async def give_back(actor: Actor, basis_id: UUID, now: datetime) -> int:
    """Give back the requests of a basis that no tender has taken, so that they count anew.

    Raises NotFound, Forbidden.
    """
    require(actor, Permission.DEMAND_ANALYSE)
    await queries.read_basis(actor, basis_id)
    async with transaction():
        await tasks.drop("basis:tender", basis_id, now=now)
        return await _move_of_basis(
            basis_id,
            "release",
            [RequestState.PLANNED],
            "requests:released",
            now,
            reason=n_("Its analysis was set aside. Waits for the next analysis of demand."),
            actor=actor,
        )


async def _move_of_basis(
    basis_id: UUID,
    action: str,
    states: Sequence[RequestState],
    event: str,
    now: datetime,
    *,
    area_codes: Sequence[str] | None = None,
    reason: str | None = None,
    actor: Actor | None = None,
) -> int:
    """Move the requests in groups of a basis that are in one of `states`; hold them first."""
    async with transaction():
        held = await fetch_as(
            Held,
            """
            SELECT r.id, r.buyer, r.reference, r.state, r.client_ref, r.risk_band, r.language,
                   r.county
              FROM request r
             WHERE r.id IN (SELECT request FROM basis_request
                             WHERE basis = $1 AND verdict = 'grouped'
                               AND ($2::text[] IS NULL OR area_code = ANY($2)))
               AND r.state = ANY($3)
             ORDER BY r.id FOR UPDATE
            """,
            basis_id,
            None if area_codes is None else list(area_codes),
            [str(state) for state in states],
        )
        if not held:
            return 0
        for state in states:
            ids = [request.id for request in held if request.state == state]
            await move(ids, REQUEST.after(state, action), reason)
        await audit.record(
            event,
            basis_id,
            actor,
            org_id=held[0].buyer,
            now=now,
            facts={"references": sorted(request.reference for request in held)},
        )
    return len(held)


async def place_request(
    request_id: UUID,
    now: datetime,
    *,
    buyer_id: UUID | None = None,
    actor: Actor | None = None,
) -> PlacedRequest:
    """Give a request its place, and return what the group needs to know of it.

    Called inside the referring transaction, whose service has asked whether the actor may; with
    `buyer_id` another organisation's request is NotFound. Holds the request, so that it is placed
    once. Raises Conflict if it is placed, referred out or refused.
    """
    async with transaction():
        request = await hold(request_id, buyer_id=buyer_id)
        await move([request_id], REQUEST.after(request.state, "place"))
        await audit.record(
            "request:placed",
            request_id,
            actor,
            org_id=request.buyer,
            now=now,
            facts={"reference": request.reference, "from": request.state},
        )
    return PlacedRequest(
        id=request.id,
        client_ref=request.client_ref,
        risk_band=request.risk_band,
        language=request.language,
        county=request.county,
    )
