"""Links good for one use: to an account, which the invited person makes, and to a new password.

Who invites never knows the password, and the person says by their own code who they are.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, fetch_as, transaction
from procure.identity import queries
from procure.identity.rules import (
    INVITATION_LIFE,
    RESET_LIFE,
    Inviting,
    inviting_findings,
    natural_person,
    password_findings,
    person_findings,
    tidy_email,
)
from procure.identity.schemas import Acceptance, Invited, NewPerson
from procure.identity.service.people import (
    NewAccount,
    both_sides,
    end_everything,
    hold_staff,
    keep_person,
    personal_code_findings,
    refuse_if_elsewhere,
    rights_since,
    taken,
)
from procure.identity.service.secrets import hash_password, natural_key
from procure.identity.states import OrganisationKind
from procure.identity.tables import AccountLink
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.settings import settings
from procure.web.languages import LANGUAGES

LINK = "/join?code="


async def invite(actor: Actor, account: NewPerson, *, now: datetime) -> Invited:
    """Invite a person into the actor's own organisation, or a provider's first manager.

    The link is returned this once. An earlier invitation of the same address there is withdrawn.
    Raises NotFound, Forbidden (another authority), Refused (every finding, with its field).
    """
    if not actor.may(Permission.STAFF):
        raise Forbidden(n_("Only who makes accounts may invite people."))
    org_id = account.organisation_id or actor.org_id
    organisation = await queries.organisation(org_id)
    is_own = org_id == actor.org_id
    if not is_own and organisation.kind != OrganisationKind.PROVIDER:
        raise Forbidden(n_("Accounts of another contracting authority are made there."))
    email, name = tidy_email(account.email), " ".join(account.name.split())
    findings = person_findings(email, name, account.language, list(LANGUAGES))
    async with transaction():
        await hold_staff(org_id)
        facts = Inviting(
            roles=frozenset(account.roles),
            org_kind=organisation.kind,
            is_own=is_own,
            is_administrator=actor.may(Permission.ADMIN),
            has_members=await queries.has_members(org_id),
        )
        findings += inviting_findings(facts)
        if is_own and await queries.is_account_of(email, org_id):
            findings += await taken(email, None)  # of others it is not told that they are here
        if findings:
            raise Refused(findings)
        async with connection() as c:
            await c.execute(
                """UPDATE account_link SET ended_at = clock_timestamp()
                    WHERE org = $1 AND email = $2 AND used_at IS NULL AND ended_at IS NULL""",
                org_id,
                email,
            )
        secret = secrets.token_urlsafe(32)
        row = _link(
            secret,
            INVITATION_LIFE,
            actor,
            org=org_id,
            email=email,
            name=name,
            language=account.language,
            roles=sorted(facts.roles),
        )
        await row.save()
        said = {"invitation_id": row.id, "org_id": org_id, "roles": sorted(facts.roles)}
        await audit.record_all(
            both_sides(
                "person:invited", row.id, actor, org_ids=[org_id, actor.org_id], now=now, facts=said
            )
        )
    return _shown(row, secret)


async def offer_reset(actor: Actor | None, person_id: UUID, *, now: datetime) -> Invited:
    """Make a link to a new password; the old one is good until the link is used.

    `actor` is None for the operator at the machine, who may do it for anybody: the only manager of
    a provider has nobody else. Raises NotFound, Forbidden, Refused (oneself; works elsewhere, too).
    """
    person = await queries.account_to_reset(person_id)
    if actor is not None:
        if not actor.may(Permission.STAFF):
            raise Forbidden(n_("Only who makes accounts may change them."))
        if person is None or await queries.held_roles(person_id, actor.org_id) is None:
            raise NotFound(n_("There is no such person."))
        if person_id == actor.id:
            raise Refused([Finding("yourself", n_("Change your own password on your own page."))])
    if person is None:
        raise NotFound(n_("There is no such person."))
    async with transaction():
        if actor is not None:
            await refuse_if_elsewhere(person_id, actor.org_id)
        async with connection() as c:
            await c.execute(
                """UPDATE account_link SET ended_at = clock_timestamp()
                    WHERE person = $1 AND used_at IS NULL AND ended_at IS NULL""",
                person_id,
            )
        secret = secrets.token_urlsafe(32)
        row = _link(
            secret,
            RESET_LIFE,
            actor,
            org=person.org_id,
            email=person.email,
            name=person.name,
            language=person.language,
            roles=[],
            person=person_id,
        )
        await row.save()
        await audit.record(
            "person:reset-offered",
            person_id,
            actor,
            org_id=person.org_id,
            now=now,
            facts={"person_id": person_id, "invitation_id": row.id},
        )
    return _shown(row, secret)


async def withdraw(actor: Actor, invitation_id: UUID, *, now: datetime) -> None:
    """Withdraw an invitation of the actor's organisation. Raises NotFound, Forbidden, Conflict."""
    if not actor.may(Permission.STAFF):
        raise Forbidden(n_("Only who makes accounts may change them."))
    async with transaction():
        async with connection() as c:
            mine = await c.fetchrow(
                """SELECT org, invited_org, used_at IS NULL AND ended_at IS NULL AS is_open
                     FROM account_link
                    WHERE id = $1 AND (org = $2 OR invited_org = $2) FOR UPDATE""",
                invitation_id,
                actor.org_id,
            )
            if mine is None:
                raise NotFound(n_("There is no such invitation."))
            if not mine["is_open"]:
                raise Conflict(n_("This invitation was accepted or withdrawn."))
            await c.execute(
                "UPDATE account_link SET ended_at = clock_timestamp() WHERE id = $1", invitation_id
            )
        orgs = [mine["org"], mine["invited_org"]]
        said = {"invitation_id": invitation_id}
        await audit.record_all(
            both_sides("invitation:ended", invitation_id, actor, org_ids=orgs, now=now, facts=said)
        )


_OPEN = """
    SELECT i.id, i.org, i.email, i.name, i.language, i.roles::text[] AS roles, i.person,
           i.invited_org
      FROM account_link i LEFT JOIN person p ON p.id = i.person
     WHERE i.secret_sha256 = $1 AND i.used_at IS NULL AND i.ended_at IS NULL
       AND i.expires_at > clock_timestamp() AND (i.person IS NULL OR p.is_active)
"""
_OPEN_LOCKED = _OPEN + " FOR UPDATE OF i"


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    org: UUID
    email: str
    name: str
    language: str
    roles: list[str]
    person: UUID | None
    invited_org: UUID | None


async def accept(sent: Acceptance, *, now: datetime) -> UUID:
    """Use a link: make the account, or choose the new password; return the person.

    Raises Refused (every finding with its field; a link that is no longer good), Conflict (someone
    became the provider's first manager meanwhile).
    """
    found = await _open_row(sent.secret)
    findings = password_findings(sent.password, [found.email, found.name])
    key = None
    if found.person is None:
        findings += personal_code_findings(sent.personal_code)
        code = natural_person(sent.personal_code)
        key = natural_key(code) if code else None
        findings += await taken(found.email, key)
    if findings:
        raise Refused(findings)
    password_hash = await hash_password(sent.password)
    async with transaction():
        await hold_staff(found.org)
        row = await _open_row(sent.secret, lock=True)
        if row.person is not None:
            return await _choose(row, row.person, password_hash, now)
        if row.invited_org not in (None, row.org) and await queries.has_members(row.org):
            raise Conflict(n_("Someone has become the manager of this provider meanwhile."))
        made = NewAccount(
            email=row.email,
            name=row.name,
            password_hash=password_hash,
            language=row.language,
            natural_key=key,
            memberships=[(row.org, Role(role)) for role in row.roles],
            since=rights_since(now),
        )
        person_id = await keep_person(made, now)
        await _use(row.id, person_id)
        said = {"person_id": person_id, "roles": sorted(row.roles), "invitation_id": row.id}
        orgs = [row.org, row.invited_org]
        await audit.record_all(
            both_sides("person:created", person_id, None, org_ids=orgs, now=now, facts=said)
        )
    return person_id


async def _choose(row: _Row, person_id: UUID, password_hash: str, now: datetime) -> UUID:
    async with connection() as c:
        await c.execute(
            """UPDATE person SET password_hash = $2, password_at = clock_timestamp()
                WHERE id = $1""",
            person_id,
            password_hash,
        )
        await c.execute(
            "DELETE FROM login_failure WHERE bucket = $1 OR starts_with(bucket, $2)",
            f"day:{row.email}",
            f"here:{row.email} ",
        )
    await end_everything(person_id)
    await _use(row.id, person_id)
    facts = {"person_id": person_id, "invitation_id": row.id}
    await audit.record(
        "person:password-changed", person_id, None, org_id=row.org, now=now, facts=facts
    )
    return person_id


async def _open_row(secret: str, *, lock: bool = False) -> _Row:
    rows = await fetch_as(
        _Row,
        _OPEN_LOCKED if lock else _OPEN,
        sha256_hex(secret),
    )
    if not rows:
        raise Refused([queries.LINK_IS_OVER])
    return rows[0]


async def _use(invitation_id: UUID, person_id: UUID) -> None:
    async with connection() as c:
        await c.execute(
            "UPDATE account_link SET used_at = clock_timestamp(), person = $2 WHERE id = $1",
            invitation_id,
            person_id,
        )


def _link(secret: str, life: timedelta, actor: Actor | None, **fields: Any) -> AccountLink:  # noqa: ANN401 - columns
    made = datetime.now(UTC)  # noqa: TID251 - a link lives on the real clock
    return AccountLink(
        secret_sha256=sha256_hex(secret),
        made_at=made,
        expires_at=made + life,
        invited_by=actor.id if actor else None,
        invited_org=actor.org_id if actor else None,
        **fields,
    )


def _shown(row: AccountLink, secret: str) -> Invited:
    return Invited(
        id=row.id,
        email=row.email,
        name=row.name,
        secret=secret,
        link=f"{settings().public_url}{LINK}{secret}",
        expires_at=row.expires_at,
    )
