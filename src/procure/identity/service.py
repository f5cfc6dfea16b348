"""Identity: the only writer of its tables. Sessions live on the real clock, never on a demo's."""

import asyncio
import secrets
from datetime import UTC, date, datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.identity import queries
from procure.identity.ports import KeyMaker
from procure.identity.rules import (
    FAILURE_WINDOW,
    FAILURES,
    LONGEST_SESSION,
    TOKEN_LIFE,
    password_findings,
    role_findings,
)
from procure.identity.schemas import NewOpeningKey, NewPerson, Token
from procure.identity.states import OrganisationKind
from procure.identity.tables import (
    ApiToken,
    Installation,
    LoginFailure,
    Membership,
    OpeningKey,
    Organisation,
    Person,
    Session,
)
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import sha256_hex
from procure.kernel.codes import is_registry_code
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day

# OWASP's second profile: 19 MiB, two passes; 35 ms here, so that guessing is dear and we are not.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash("nobody has this password")  # equal work for accounts that do not exist
_AT_ONCE = asyncio.Semaphore(2)


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


async def create_person(
    actor: Actor | None,
    *,
    email: str,
    name: str,
    password: str,
    language: str,
    memberships: list[tuple[UUID, Role]],
    since: date,
    now: datetime,
) -> UUID:
    """Make an account with its roles; Refused for a short password or a known e-mail address."""
    findings = password_findings(password)
    address = email.strip().lower()
    if "@" not in address:
        findings.append(
            Finding("email", n_("{email} is not an e-mail address."), {"email": email}, "", "email")
        )
    if await Person.exists().where(Person.email == address):
        findings.append(
            Finding(
                "email-known",
                n_("{email} has an account already."),
                {"email": address},
                "",
                "email",
            )
        )
    if findings:
        raise Refused(findings)
    async with _AT_ONCE:
        password_hash = await asyncio.to_thread(_HASHER.hash, password)
    async with transaction():
        person = Person(
            email=address,
            name=name,
            password_hash=password_hash,
            language=language,
            is_active=True,
            created_at=now,
        )
        await person.save()
        for org_id, role in memberships:
            await Membership(person=person.id, org=org_id, role=role, from_on=since).save()
        await audit.record(
            "person:created",
            person.id,
            actor,
            org_id=memberships[0][0] if memberships else None,
            now=now,
            facts={"person_id": person.id, "roles": sorted({role for _, role in memberships})},
        )
    return person.id


async def make_account(actor: Actor, account: NewPerson, *, now: datetime) -> UUID:
    """Make an account for the actor's own organisation or for a provider.

    Raises Forbidden (another buyer's organisation), Refused (every finding).
    """
    organisation = await queries.organisation(account.organisation_id)
    if organisation.id != actor.org_id and organisation.kind != OrganisationKind.PROVIDER:
        raise Forbidden(n_("Accounts of another contracting authority are made there."))
    roles = frozenset(account.roles)
    if findings := role_findings(roles, organisation.kind):
        raise Refused(findings)
    return await create_person(
        actor,
        email=account.email,
        name=account.name,
        password=account.password,
        language=account.language,
        memberships=[(organisation.id, role) for role in sorted(roles)],
        since=min(legal_day(now), legal_day(datetime.now(UTC))),  # noqa: TID251 - rights are real
        now=now,
    )


async def _check_password(email: str, password: str, source: str) -> Person:
    """Return whose password this is; Refused in the same words for every reason."""
    address = email.strip().lower()[:254]
    buckets = [f"email:{address}", f"from:{source}"]
    async with connection() as c:
        failures = await c.fetchval(
            """
            SELECT max(n) FROM (SELECT count(*) AS n FROM login_failure
             WHERE bucket = ANY($1) AND failed_at > clock_timestamp() - $2::interval
             GROUP BY bucket) AS counted
            """,
            buckets,
            FAILURE_WINDOW,
        )
    if (failures or 0) >= FAILURES:
        raise Refused(
            [Finding("wait", n_("Too many tries. Wait a quarter of an hour and try again."))]
        )
    person = await Person.objects().where(Person.email == address).first()
    try:
        async with _AT_ONCE:
            await asyncio.to_thread(
                _HASHER.verify, person.password_hash if person else _NOBODY, password[:1000]
            )
    except VerifyMismatchError:
        person = None
    if person is None or not person.is_active:
        for bucket in buckets:
            await LoginFailure(bucket=bucket, failed_at=datetime.now(UTC)).save()  # noqa: TID251 - real time
        raise Refused(
            [
                Finding(
                    "sign-in",
                    n_("The e-mail address and the password do not belong together."),
                    field="password",
                )
            ]
        )
    return person


async def _first_org(person_id: UUID) -> UUID:
    async with connection() as c:
        org_id = await c.fetchval(
            """
            SELECT org FROM membership WHERE person = $1 AND from_on <= current_date
               AND (until_on IS NULL OR until_on > current_date) ORDER BY from_on, id LIMIT 1
            """,
            person_id,
        )
    if org_id is None:
        raise Forbidden(n_("This account holds no role at the moment."))
    return UUID(str(org_id))


async def sign_in(email: str, password: str, *, source: str, old_token: str | None) -> str:
    """Start a session with a fresh token and return it; the browser's former one ends.

    Raises Refused (wrong, unknown or too many tries, in equal time), Forbidden (no role).
    """
    person = await _check_password(email, password, source)
    org_id = await _first_org(person.id)
    token = secrets.token_urlsafe(32)
    started = datetime.now(UTC)  # noqa: TID251 - a session lives on the real clock
    async with transaction():
        if old_token:
            await sign_out(old_token)
        session = Session(
            token_sha256=sha256_hex(token),
            person=person.id,
            org=org_id,
            created_at=started,
            seen_at=started,
            expires_at=started + LONGEST_SESSION,
        )
        await session.save()
        facts = {"person_id": person.id}
        await audit.record(
            "person:signed-in", session.id, None, org_id=org_id, now=started, facts=facts
        )
    return token


async def sign_out(token: str) -> None:
    """End the session of this token, whatever it was."""
    async with transaction():
        async with connection() as c:
            ended = await c.fetchrow(
                "UPDATE session SET ended_at = clock_timestamp() "
                "WHERE token_sha256 = $1 AND ended_at IS NULL RETURNING id, person, org, ended_at",
                sha256_hex(token),
            )
        if ended is not None:
            await audit.record(
                "person:signed-out",
                ended["id"],
                None,
                org_id=ended["org"],
                now=ended["ended_at"],
                facts={"person_id": ended["person"]},
            )


async def touch(token: str) -> None:
    """Keep a session alive; written at most once a minute."""
    async with connection() as c:
        await c.execute(
            "UPDATE session SET seen_at = clock_timestamp() "
            "WHERE token_sha256 = $1 AND seen_at < clock_timestamp() - interval '1 minute'",
            sha256_hex(token),
        )


async def issue_token(email: str, password: str, *, name: str, source: str) -> Token:
    """Issue an API token for a person, acting for the first organisation they belong to."""
    person = await _check_password(email, password, source)
    org_id = await _first_org(person.id)
    token = secrets.token_urlsafe(32)
    issued = datetime.now(UTC)  # noqa: TID251 - a token lives on the real clock
    async with transaction():
        row = ApiToken(
            token_sha256=sha256_hex(token),
            person=person.id,
            org=org_id,
            name=name[:100],
            created_at=issued,
            expires_at=issued + TOKEN_LIFE,
        )
        await row.save()
        await audit.record(
            "token:issued", row.id, None, org_id=org_id, now=issued, facts={"person_id": person.id}
        )
    return Token(token=token, expires_at=row.expires_at, person_id=person.id, org_id=org_id)


async def make_opening_key(actor: Actor, keys: KeyMaker, *, now: datetime) -> NewOpeningKey:
    """Make the actor's opening key; the secret half is returned once and kept nowhere.

    A new key retires the old one for tenders published from now on; shares that were sealed to the
    old one still need the old identity.
    """
    identity, recipient = keys.new_key()
    async with transaction():
        async with connection() as c:
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


async def set_language(actor: Actor, language: str) -> None:
    """Remember the language a person reads in."""
    async with connection() as c:
        await c.execute("UPDATE person SET language = $2 WHERE id = $1", actor.id, language)
