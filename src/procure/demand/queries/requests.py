"""Reading requests: where each one stands, why, and what happened to it."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from procure.audit import queries as audit
from procure.db import fetch_as
from procure.demand.rules.entries import Earlier, Entry
from procure.demand.rules.groups import (
    Reason,
    because,
)
from procure.demand.schemas import (
    LifeStep,
    RequestFilter,
    RequestPart,
    RequestView,
)
from procure.demand.states import REQUEST, RequestState, Source, Verdict
from procure.kernel.actors import Actor
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_

MOST = 500  # requests in one answer

_REQUEST = """
    SELECT r.id, r.reference, r.created_on, r.county, r.bureau, r.caseworker_ref, r.client_ref,
           r.service_code, r.language, r.risk_band, r.barriers, r.needs_transport,
           r.needs_childcare, r.earliest_start_on, r.suitability, r.source, r.state,
           r.state_reason, r.recorded_at, r.recorded_by,
           v.verdict, v.reason, v.basis AS basis_id, v.area_code, v.group_no
      FROM request r
      LEFT JOIN LATERAL (
           SELECT verdict, reason, basis, area_code, group_no FROM basis_request
            WHERE request = r.id ORDER BY id DESC LIMIT 1) v ON true
     WHERE r.buyer = $1
"""

_FILTER = """
       AND (NOT $2 OR r.recorded_by = $3) AND ($4 = '' OR r.county = $4)
       AND ($5 = '' OR r.state = $5) AND ($6 = '' OR r.service_code = $6)
"""

_COUNT = f"SELECT r.state, count(*) AS n FROM request r WHERE r.buyer = $1 {_FILTER} GROUP BY 1"  # noqa: S608 - our own text


class _Row(msgspec.Struct):
    id: UUID
    reference: str
    created_on: date
    county: str
    bureau: str
    caseworker_ref: str
    client_ref: str
    service_code: str
    language: str
    risk_band: str
    barriers: list[str]
    needs_transport: bool
    needs_childcare: bool
    earliest_start_on: date
    suitability: str
    source: str
    state: str
    state_reason: str | None
    recorded_at: datetime
    recorded_by: UUID
    verdict: str | None
    reason: str | None
    basis_id: UUID | None
    area_code: str | None
    group_no: int | None

    def why(self) -> Reason:
        """Say why the request stands where it does: what came later, or the latest analysis."""
        if self.state_reason and self.state == RequestState.REFUSED:
            return because("refused", n_("Refused: {reason}"), reason=self.state_reason)
        if self.state_reason:
            return because("given-back", self.state_reason)
        if self.reason:
            return read_canonical(self.reason, Reason)
        return because("not-analysed", n_("Waits for the next analysis of demand."))


def _view(row: _Row, actor: Actor, life: Sequence[LifeStep] = ()) -> RequestView:
    named = {
        name: getattr(row, name)
        for name in row.__struct_fields__
        if name in RequestView.__struct_fields__
    }
    return msgspec.convert(
        {
            **named,
            "is_mine": row.recorded_by == actor.id,
            "actions": REQUEST.actions(row.state),
            "why": row.why(),
            "life": list(life),
        },
        RequestView,
    )


async def list_requests(actor: Actor, wanted: RequestFilter) -> RequestPart:
    """List the requests of the actor's organisation, newest first."""
    limit = max(1, min(wanted.limit, MOST))
    rows = await fetch_as(
        _Row,
        f"{_REQUEST} {_FILTER} AND ($7::uuid IS NULL OR r.id < $7) ORDER BY r.id DESC LIMIT $8",
        actor.org_id,
        wanted.is_mine,
        actor.id,
        wanted.county,
        wanted.state,
        wanted.service_code,
        wanted.before,
        limit + 1,
    )
    more = len(rows) > limit
    rows = rows[:limit]
    return RequestPart(
        items=[_view(row, actor) for row in rows],
        next_before=rows[-1].id if more else None,
    )


async def count_requests(actor: Actor, wanted: RequestFilter) -> dict[str, int]:
    """Count the requests of a list by state, whatever state and part of it is asked for."""

    class Count(msgspec.Struct):
        state: str
        n: int

    rows = await fetch_as(
        Count,
        _COUNT,
        actor.org_id,
        wanted.is_mine,
        actor.id,
        wanted.county,
        "",
        wanted.service_code,
    )
    return {row.state: row.n for row in rows}


async def export_requests(actor: Actor, wanted: RequestFilter) -> list[RequestView]:
    """List every request that fits, oldest first, for a file."""
    rows = await fetch_as(
        _Row,
        f"{_REQUEST} {_FILTER} ORDER BY r.id LIMIT 50000",
        actor.org_id,
        wanted.is_mine,
        actor.id,
        wanted.county,
        wanted.state,
        wanted.service_code,
    )
    return [_view(row, actor) for row in rows]


async def read_request(actor: Actor, request_id: UUID) -> RequestView:
    """Load one request with its life; NotFound also for another organisation's."""
    rows = await fetch_as(_Row, f"{_REQUEST} AND r.id = $2", actor.org_id, request_id)
    if not rows:
        raise NotFound(n_("There is no request {id}."), {"id": str(request_id)})
    return _view(rows[0], actor, await _life(rows[0], actor))


class _Said(msgspec.Struct):
    basis_id: UUID
    name: str
    made_at: datetime
    reason: str
    verdict: str


_VERDICTS = {
    Verdict.GROUPED: n_("Analysis “{name}” put it in a group."),
    Verdict.WAITING: n_("Analysis “{name}” left it waiting."),
    Verdict.REFERRED_OUT: n_("Analysis “{name}” passed it on to the municipality."),
}

_CAME_IN = {
    Source.FILE: n_("Recorded from a file of the case system."),
    Source.FORM: n_("Recorded by the caseworker."),
    Source.API: n_("Recorded by the case system."),
}


_DECIDED = {"request:refused": n_("Refused by {name}.")}


async def _life(row: _Row, actor: Actor) -> list[LifeStep]:
    """Tell what happened to a request, as far as demand knows; later stages have the thread."""
    came_in = _CAME_IN[Source(row.source)]
    steps = [LifeStep(row.recorded_at, came_in, {}, came_in)]
    said = await fetch_as(
        _Said,
        """
        SELECT b.id AS basis_id, b.name, b.made_at, br.reason, br.verdict
          FROM basis_request br JOIN basis b ON b.id = br.basis
         WHERE br.request = $1 ORDER BY br.id
        """,
        row.id,
    )
    for verdict in said:
        text = _VERDICTS[Verdict(verdict.verdict)]
        steps.append(
            LifeStep(
                at=verdict.made_at,
                text=text,
                values={"name": verdict.name},
                message=text.format(name=verdict.name),
                why=read_canonical(verdict.reason, Reason),
                link=f"/demand/{verdict.basis_id}",
            )
        )
    for event in reversed(await audit.history(actor, [row.id])):
        if decided := _DECIDED.get(event.kind):
            by = {"name": event.actor_name or ""}
            steps.append(LifeStep(event.happened_at, decided, {**by}, decided.format(**by)))
    return steps


async def last_request(actor: Actor) -> RequestView | None:
    """Load what the actor recorded last, so that the next form need not ask for it again."""
    part = await list_requests(actor, RequestFilter(is_mine=True, limit=1))
    return part.items[0] if part.items else None


async def recorded_references(actor: Actor, wanted: Sequence[str]) -> frozenset[str]:
    """Return which of these references the actor's organisation has already."""

    class Found(msgspec.Struct):
        reference: str

    rows = await fetch_as(
        Found,
        "SELECT reference FROM request WHERE buyer = $1 AND reference = ANY($2)",
        actor.org_id,
        list(wanted),
    )
    return frozenset(row.reference for row in rows)


async def open_requests_of(actor: Actor, entries: Sequence[Entry]) -> list[Earlier]:
    """Return the requests by which clients of these entries wait in the actor's organisation.

    Open is what is recorded, planned or tendered: who has a place may ask again.
    """
    return await fetch_as(
        Earlier,
        """
        SELECT id, reference, state, client_ref, service_code FROM request
         WHERE buyer = $1 AND client_ref = ANY($2) AND state IN ('recorded', 'planned', 'tendered')
         ORDER BY id DESC
        """,
        actor.org_id,
        [entry.client_ref for entry in entries],
    )
