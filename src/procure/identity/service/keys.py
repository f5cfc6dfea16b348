"""Opening keys of officers: the public half is kept, the secret one is not."""

from datetime import datetime

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.identity import queries
from procure.identity.ports import KeyMaker
from procure.identity.schemas import NewOpeningKey
from procure.identity.tables import OpeningKey
from procure.kernel.actors import Actor
from procure.kernel.errors import Conflict
from procure.kernel.texts import n_


async def make_opening_key(
    actor: Actor, keys: KeyMaker, *, now: datetime, replace: bool = False
) -> NewOpeningKey:
    """Make the actor's opening key; the secret half is returned once and kept nowhere.

    With `replace`, a new key retires the old one for tenders published from now on; shares that
    were sealed to the old one still need the old identity. Without it an officer who has a key gets
    Conflict.
    """
    identity, recipient = keys.new_key()
    async with transaction():
        async with connection() as c:
            await c.execute("SELECT FROM person WHERE id = $1 FOR UPDATE", actor.id)
            if not replace and await queries.has_opening_key(actor.id):
                raise Conflict(
                    n_(
                        "You have an opening key. A new one holds for tenders published from now on"
                        " alone: for those published before, you still need the old one. Confirm"
                        " that it is to be replaced."
                    )
                )
            await c.execute(
                "UPDATE opening_key SET retired_at = $2 WHERE person = $1 AND retired_at IS NULL",
                actor.id,
                now,
            )
        row = OpeningKey(person=actor.id, recipient=recipient, created_at=now)
        await row.save()
        await audit.record(
            "opening-key:made",
            row.id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"recipient": recipient},
        )
    return NewOpeningKey(identity=identity, recipient=recipient)
