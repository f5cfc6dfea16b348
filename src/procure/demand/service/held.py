"""What every move needs: the request held, its new state written, the actor asked."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as
from procure.demand.states import RequestState
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden, NotFound
from procure.kernel.texts import n_


class Held(msgspec.Struct, frozen=True):
    """A request whose row is locked until the transaction ends."""

    id: UUID
    buyer: UUID
    reference: str
    state: str
    client_ref: str
    risk_band: str
    language: str
    county: str


async def hold(request_id: UUID, *, buyer_id: UUID | None) -> Held:
    """Lock one request until the transaction ends; NotFound if it is not that buyer's."""
    rows = await fetch_as(
        Held,
        """
        SELECT id, buyer, reference, state, client_ref, risk_band, language, county
          FROM request WHERE id = $1 AND ($2::uuid IS NULL OR buyer = $2) FOR UPDATE
        """,
        request_id,
        buyer_id,
    )
    if not rows:
        raise NotFound(n_("There is no request {id}."), {"id": str(request_id)})
    return rows[0]


async def move(ids: Sequence[UUID], to: RequestState, reason: str | None = None) -> None:
    """Write the new state of requests that are held, with the reason if a decision gave one.

    The reason of a refusal is a person's words, any other one a source text marked with `n_`.
    """
    async with connection() as c:
        await c.execute(
            "UPDATE request SET state = $2, state_reason = $3 WHERE id = ANY($1)",
            list(ids),
            to,
            reason,
        )


def require(actor: Actor, permission: Permission) -> None:
    """Ask that the actor acts for a buyer and may do this there; Forbidden otherwise."""
    if not actor.is_buyer or not actor.may(permission, for_org=actor.org_id):
        raise Forbidden(n_("Only people of the buyer with that role may do this."))
