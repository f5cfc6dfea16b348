"""The thread: from a payment line back to the request and the bid's promise, and forward again.

Each link is a foreign key of the model, so a thread cannot be told wrong. A buyer sees all of it; a
provider sees its own stretch, up to its own bid; both see nothing of another organisation.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import msgspec

from procure.catalogue import queries as catalogue
from procure.desk.queries import back, forward
from procure.desk.schemas import Stage, Step, Thread
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound
from procure.kernel.texts import n_
from procure.parameters import names
from procure.web.languages import language

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
    "contract": ("back", back.from_contract),
    "award": ("back", back.from_award),
    "request": ("forward", forward.from_request),
    "basis": ("forward", forward.from_basis),
}


async def thread(actor: Actor, kind: str, id_: UUID) -> Thread:
    """Tell the thread of a claim line, contract or award (back), of a request or basis (forward).

    NotFound if there is no such thing or it is not the actor's to see.
    """
    if tell := TELLERS.get(kind):
        direction, tell_stages = tell
        stages = await tell_stages(actor, id_)
        named = await _namer()
        return Thread(kind, id_, direction, [_openable(actor, stage, named) for stage in stages])
    raise NotFound(
        n_("Threads start at a claim line, contract, award, request or basis, not at {kind}."),
        {"kind": kind},
    )


async def _namer() -> Callable[[Step], Step]:
    """Make what replaces the codes in a step's sentence by their names in the reader's language."""
    spoken = language()
    lists: dict[str, Mapping[str, str]] = {
        "service": {v.code: getattr(v.name, spoken) for v in await catalogue.services()},
        "definition": {v.code: getattr(v.name, spoken) for v in await catalogue.definitions()},
        "county": names("counties", spoken),
    }

    def named(step: Step) -> Step:
        values = {
            key: lists[key].get(value, value) if key in lists else value
            for key, value in step.values.items()
        }
        return msgspec.structs.replace(step, values=values)

    return named


def _openable(actor: Actor, stage: Stage, named: Callable[[Step], Step]) -> Stage:
    """Tell a stage in words, with links where its reader may go."""
    return Stage(
        stage.name,
        [
            named(
                step
                if step.kind in OPENS and actor.may(OPENS[step.kind])
                else msgspec.structs.replace(step, url=None)
            )
            for step in stage.steps
        ],
    )
