"""The thread: from a payment line back to the request and the bid's promise, and forward again.

Each link is a foreign key of the model, so a thread cannot be told wrong. A buyer sees all of it; a
provider sees its own stretch, up to its own bid; both see nothing of another organisation.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from procure.desk.queries import back, forward
from procure.desk.schemas import Stage, Thread
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_

# Whoever may not open a step's page sees the step without a link.
OPENS = {
    "payment": Permission.RUN_READ,
    "claim-line": Permission.CLAIM_READ,
    "claim": Permission.CLAIM_READ,
    "outcome": Permission.GROUP_READ,
    "participant": Permission.GROUP_READ,
    "group": Permission.GROUP_READ,
    "clause": Permission.CONTRACT_READ,
    "contract": Permission.CONTRACT_READ,
    "award": Permission.AWARD_READ,
    "bid": Permission.BID_READ,
    "criterion": Permission.TENDER_READ,
    "tender": Permission.TENDER_READ,
    "basis": Permission.DEMAND_READ,
    "request": Permission.REQUEST_READ,
}

Teller = Callable[[Actor, UUID], Awaitable[list[Stage]]]

TELLERS: dict[str, tuple[str, Teller]] = {
    "claim-line": ("back", back.from_line),
    "award": ("back", back.from_award),
    "request": ("forward", forward.from_request),
    "basis": ("forward", forward.from_basis),
}


async def thread(actor: Actor, kind: str, id_: UUID) -> Thread:
    """Tell the thread of a claim line or award (back), or of a request or basis (forward).

    NotFound if there is no such thing or it is not the actor's to see.
    """
    if tell := TELLERS.get(kind):
        direction, tell_stages = tell
        stages = await tell_stages(actor, id_)
        return Thread(kind, id_, direction, [_openable(actor, stage) for stage in stages])
    raise NotFound(
        n_("Threads start at a claim line, an award, a request or a basis, not at {kind}."),
        {"kind": kind},
    )


def _openable(actor: Actor, stage: Stage) -> Stage:
    return Stage(
        stage.name,
        [
            step
            if step.kind in OPENS and actor.may(OPENS[step.kind])
            else msgspec.structs.replace(step, url=None)
            for step in stage.steps
        ],
    )
