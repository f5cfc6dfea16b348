"""The installation itself: what kind it is, its clock, its organisations."""

from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.identity.states import OrganisationKind
from procure.identity.tables import Installation, Organisation
from procure.kernel.actors import Actor
from procure.kernel.codes import is_registry_code
from procure.kernel.errors import Conflict, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


async def install(*, is_demo: bool, now: datetime) -> None:
    """Say once what kind of database this is; later calls with the same answer change nothing.

    Raises Conflict if it was made as the other kind.
    """
    async with transaction():
        row = await Installation.objects().first().lock_rows()
        if row is None:
            await Installation(id=1, is_demo=is_demo, created_at=now).save()
        elif row.is_demo != is_demo:
            raise Conflict(
                n_("This database was made as {kind} and stays so."),
                {"kind": "a demo" if row.is_demo else "a real installation"},
            )


async def move_clock(actor: Actor, to: datetime, *, now: datetime) -> None:
    """Move a demo's clock forward to `to`; Conflict if that is backward or this is no demo."""
    async with transaction():
        row = await Installation.objects().first().lock_rows()
        if row is None or not row.is_demo:
            raise Conflict(n_("Only the clock of a demo can be moved."))
        if row.clock_at is not None and to < now:
            raise Conflict(
                n_("The clock shows {now} and goes forward only."), {"now": now.isoformat()}
            )
        async with connection() as c:
            await c.execute(
                "UPDATE installation SET clock_at = $1, clock_set_at = clock_timestamp()", to
            )
        await audit.record(
            "clock:moved", actor.id, actor, org_id=actor.org_id, now=to, facts={"to": to}
        )


async def create_organisation(
    actor: Actor | None, *, kind: OrganisationKind, registry_code: str, name: str, now: datetime
) -> UUID:
    """Record an organisation; Refused if its registry code is wrong or already here."""
    if not is_registry_code(registry_code):
        raise Refused(
            [
                Finding(
                    "registry-code",
                    n_("{code} is not a registry code: eight digits with a check digit."),
                    {"code": registry_code},
                    field="registry_code",
                )
            ]
        )
    async with transaction():
        if await Organisation.exists().where(Organisation.registry_code == registry_code):
            raise Refused(
                [
                    Finding(
                        "registry-code-known",
                        n_("An organisation with the registry code {code} is already here."),
                        {"code": registry_code},
                        field="registry_code",
                    )
                ]
            )
        row = Organisation(kind=kind, registry_code=registry_code, name=name, created_at=now)
        await row.save()
        await audit.record(
            "organisation:created",
            row.id,
            actor,
            org_id=row.id,
            now=now,
            facts={"kind": kind, "registry_code": registry_code, "name": name},
        )
    return row.id
