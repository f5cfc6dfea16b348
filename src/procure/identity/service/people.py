"""Accounts: made, given and relieved of roles, closed. One natural person has one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.audit.service import NewEvent
from procure.db import connection, transaction
from procure.identity import queries
from procure.identity.rules import (
    Leaving,
    leaving_findings,
    natural_person,
    password_findings,
    person_findings,
    role_findings,
    tidy_email,
)
from procure.identity.service.secrets import hash_password, natural_key
from procure.identity.tables import Membership, Person
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.web.languages import LANGUAGES


class RolesChanged(msgspec.Struct, frozen=True):
    """Which roles a person was given and which ended."""

    person_id: UUID
    given: Sequence[str]
    ended: Sequence[str]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is kept; every field has been looked at."""

    email: str
    name: str
    password_hash: str
    language: str
    natural_key: str | None
    memberships: Sequence[tuple[UUID, Role]]
    since: date


def rights_since(now: datetime) -> date:
    """Return the day that rights given now begin: the real one, or a demo's if that is earlier."""
    return min(legal_day(now), datetime.now(UTC).date())  # noqa: TID251 - rights are real


async def hold_staff(org_id: UUID) -> None:
    """Hold who belongs to an organisation until the transaction ends."""
    async with connection() as c:
        await c.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"staff:{org_id}")


def personal_code_findings(code: str) -> list[Finding]:
    """List what is wrong with a personal code."""
    if natural_person(code) is not None:
        return []
    return [
        Finding(
            "personal-code",
            n_(
                "This is no personal code: eleven digits with a check digit, or for people without"
                " an Estonian code the country and number of a document, such as PASLV-1234567."
            ),
            field="personal_code",
        )
    ]


async def create_person(
    actor: Actor | None,
    *,
    email: str,
    name: str,
    password: str,
    language: str,
    memberships: Sequence[tuple[UUID, Role]],
    since: date,
    now: datetime,
    personal_code: str = "",
    is_invented: bool = False,
) -> UUID:
    """Make an account with its roles, without an invitation: the operator's way in, and a demo's.

    Refused with every finding. `is_invented`: a demo's person, whose password everyone may know.
    """
    address, called = tidy_email(email), " ".join(name.split())
    findings = person_findings(address, called, language, list(LANGUAGES))
    if not is_invented:
        findings += password_findings(password, [address, called])
    if personal_code:
        findings += personal_code_findings(personal_code)
    if findings:
        raise Refused(findings + await taken(address, None))
    key = natural_key(natural_person(personal_code) or "") if personal_code else None
    made = NewAccount(
        email=address,
        name=called,
        password_hash=await hash_password(password),
        language=language,
        natural_key=key,
        memberships=memberships,
        since=since,
    )
    async with transaction():
        person_id = await keep_person(made, now)
        await audit.record(
            "person:created",
            person_id,
            actor,
            org_id=memberships[0][0] if memberships else None,
            now=now,
            facts={"person_id": person_id, "roles": sorted({role for _, role in memberships})},
        )
    return person_id


async def taken(email: str, key: str | None) -> list[Finding]:
    """List what of a new account somebody has already."""
    found = []
    if await Person.exists().where(Person.email == email):
        found.append(
            Finding(
                "email-known", n_("{email} has an account already."), {"email": email}, "", "email"
            )
        )
    if key is not None and await Person.exists().where(Person.natural_key == key):
        found.append(
            Finding(
                "person-known",
                n_(
                    "This person has an account already, and one person has one: wherever two"
                    " people are asked for, two accounts would count as two."
                ),
                {},
                "R9",
                "personal_code",
            )
        )
    return found


async def keep_person(made: NewAccount, now: datetime) -> UUID:
    """Write an account in the running transaction; Refused if somebody was faster."""
    async with connection() as c:
        for name in sorted((f"email:{made.email}", f"person:{made.natural_key}")):
            await c.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
    if findings := await taken(made.email, made.natural_key):
        raise Refused(findings)
    person = Person(
        email=made.email,
        name=made.name,
        natural_key=made.natural_key,
        password_hash=made.password_hash,
        password_at=None,
        language=made.language,
        is_active=True,
        created_at=now,
    )
    await person.save()
    for org_id, role in made.memberships:
        await Membership(person=person.id, org=org_id, role=role, from_on=made.since).save()
    return UUID(str(person.id))


async def change_roles(
    actor: Actor, person_id: UUID, roles: Sequence[Role], *, now: datetime
) -> None:
    """Give a person of the actor's own organisation these roles, and end the others at once.

    Raises NotFound (also for another organisation's people), Forbidden, Refused.
    """
    wanted = frozenset(roles)
    async with transaction():
        await hold_staff(actor.org_id)
        held = await _held_here(actor, person_id)
        findings = role_findings(wanted, actor.org_kind) or leaving_findings(
            await _leaving(actor, person_id, held, wanted)
        )
        if findings:
            raise Refused(findings)
        if wanted == held:
            return
        async with connection() as c:
            await c.execute(
                """UPDATE membership SET until_on = current_date
                    WHERE person = $1 AND org = $2 AND role = ANY($3)
                      AND (until_on IS NULL OR until_on > current_date)""",
                person_id,
                actor.org_id,
                sorted(held - wanted),
            )
            for role in sorted(wanted - held):
                row = Membership(
                    person=person_id, org=actor.org_id, role=role, from_on=rights_since(now)
                )
                await c.execute(
                    """INSERT INTO membership (id, person, org, role, from_on)
                       VALUES ($1, $2, $3, $4, $5)
                       ON CONFLICT (person, org, role, from_on) DO UPDATE SET until_on = NULL""",
                    row.id,
                    person_id,
                    actor.org_id,
                    role,
                    row.from_on,
                )
        await audit.record(
            "person:roles-changed",
            person_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts=RolesChanged(person_id, sorted(wanted - held), sorted(held - wanted)),
        )


async def deactivate(actor: Actor, person_id: UUID, *, now: datetime) -> None:
    """Close an account of the actor's own organisation; its sessions and tokens end at once.

    Raises NotFound, Forbidden, Conflict (closed already), Refused (one's own; the last that gives
    roles; somebody who holds roles elsewhere, where only those here can be ended).
    """
    async with transaction():
        await hold_staff(actor.org_id)
        held = await _held_here(actor, person_id)
        if person_id == actor.id:
            raise Refused([Finding("yourself", n_("You cannot close your own account."))])
        none = frozenset[Role]()
        if findings := leaving_findings(await _leaving(actor, person_id, held, none)):
            raise Refused(findings)
        await refuse_if_elsewhere(person_id, actor.org_id)
        async with connection() as c:
            closed = await c.fetchval(
                "UPDATE person SET is_active = false WHERE id = $1 AND is_active RETURNING id",
                person_id,
            )
            if closed is None:
                raise Conflict(n_("This account is closed already."))
            await c.execute(
                """UPDATE account_link SET ended_at = clock_timestamp()
                    WHERE used_at IS NULL AND ended_at IS NULL
                      AND (invited_by = $1 OR person = $1)""",
                person_id,
            )
        await end_everything(person_id)
        await audit.record(
            "person:deactivated",
            person_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"person_id": person_id},
        )


async def reactivate(actor: Actor, person_id: UUID, *, now: datetime) -> None:
    """Open a closed account again, with the roles it had. Raises NotFound, Forbidden, Conflict."""
    async with transaction():
        await hold_staff(actor.org_id)
        await _held_here(actor, person_id)
        async with connection() as c:
            opened = await c.fetchval(
                "UPDATE person SET is_active = true WHERE id = $1 AND NOT is_active RETURNING id",
                person_id,
            )
        if opened is None:
            raise Conflict(n_("This account is open."))
        await audit.record(
            "person:reactivated",
            person_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"person_id": person_id},
        )


async def end_everything(person_id: UUID, *, but_session: str | None = None) -> None:
    """End a person's sessions (but one, by the hash of its token) and API tokens."""
    async with connection() as c:
        await c.execute(
            """UPDATE session SET ended_at = clock_timestamp()
                WHERE person = $1 AND ended_at IS NULL AND token_sha256 IS DISTINCT FROM $2""",
            person_id,
            but_session,
        )
        await c.execute(
            "UPDATE api_token SET ended_at = clock_timestamp() "
            "WHERE person = $1 AND ended_at IS NULL",
            person_id,
        )


async def refuse_if_elsewhere(person_id: UUID, org_id: UUID) -> None:
    """Raise Refused if a person holds a role in another organisation, too."""
    async with connection() as c:
        elsewhere = await c.fetchval(
            """SELECT EXISTS (SELECT FROM membership WHERE person = $1 AND org <> $2
                  AND from_on <= current_date
                  AND (until_on IS NULL OR until_on > current_date))""",
            person_id,
            org_id,
        )
    if elsewhere:
        raise Refused(
            [
                Finding(
                    "elsewhere",
                    n_("This person works for another organisation, too. End the roles here."),
                )
            ]
        )


def both_sides(
    kind: str,
    subject_id: UUID,
    actor: Actor | None,
    *,
    org_ids: Sequence[UUID | None],
    now: datetime,
    facts: object,
) -> list[NewEvent]:
    """Return one event for each organisation that it concerns, each of them once."""
    return [
        NewEvent(kind=kind, subject_id=subject_id, actor=actor, org_id=org, now=now, facts=facts)
        for org in dict.fromkeys(org_ids)
        if org is not None
    ]


async def _held_here(actor: Actor, person_id: UUID) -> frozenset[Role]:
    """Return a person's roles in the actor's organisation today; NotFound if never any."""
    if not actor.may(Permission.STAFF):
        raise Forbidden(n_("Only who makes accounts may change them."))
    held = await queries.held_roles(person_id, actor.org_id)
    if held is None:
        raise NotFound(n_("There is no such person."))
    return held


async def _leaving(
    actor: Actor, person_id: UUID, held: frozenset[Role], keeps: frozenset[Role]
) -> Leaving:
    giver = Role.ADMIN if actor.is_buyer else Role.PROVIDER_MANAGER
    others = [p for p in await queries.people_with_role(actor.org_id, giver) if p.id != person_id]
    return Leaving(is_self=person_id == actor.id, keeps=keeps, held=held, is_last=not others)
