"""Getting in and out: sessions and tokens, and one's own password."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.identity import queries
from procure.identity.rules import (
    LONGEST_SESSION,
    TOKEN_DAYS,
    password_findings,
    reading,
)
from procure.identity.schemas import SignedIn, SignIn, Token
from procure.identity.service.guessing import check_password
from procure.identity.service.people import end_everything
from procure.identity.service.secrets import hash_password, new_device
from procure.identity.tables import ApiToken, Session
from procure.kernel.actors import Actor
from procure.kernel.canonical import sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


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


async def sign_in(
    email: str, password: str, *, source: str, old_token: str | None, device: str | None = None
) -> SignedIn:
    """Start a session with a fresh token and return it; the browser's former one ends.

    `device` is what the browser kept when this person signed in with it before.

    Raises Refused (wrong, unknown or too many tries, in equal time), Forbidden (no role).
    """
    person = await check_password(email, password, source, device)
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
    return SignedIn(token=token, device=new_device(person.id, started))


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


async def issue_token(sent: SignIn, *, source: str) -> Token:
    """Issue an API token for a person, acting for the first organisation they belong to.

    It is good for what the person may do at each moment, and for no more than was asked for.
    Raises Refused (wrong password, or a life or rights that no token has), Forbidden (no role).
    """
    if findings := _token_findings(sent):
        raise Refused(findings)
    person = await check_password(sent.email, sent.password, source, None)
    org_id = await _first_org(person.id)
    scope = None if sent.permissions is None else frozenset(sent.permissions)
    if sent.read_only:
        scope = reading() if scope is None else scope & reading()
    rights = None if scope is None else sorted(str(one) for one in scope)
    token = secrets.token_urlsafe(32)
    issued = datetime.now(UTC)  # noqa: TID251 - a token lives on the real clock
    async with transaction():
        row = ApiToken(
            token_sha256=sha256_hex(token),
            person=person.id,
            org=org_id,
            name=sent.name.strip()[:100] or "api",
            scope=rights,
            created_at=issued,
            expires_at=issued + timedelta(days=sent.days),
        )
        await row.save()
        await audit.record(
            "token:issued",
            row.id,
            None,
            org_id=org_id,
            now=issued,
            facts={"person_id": person.id, "permissions": rights, "expires_at": row.expires_at},
        )
    return Token(
        token=token,
        expires_at=row.expires_at,
        person_id=person.id,
        org_id=org_id,
        permissions=rights,
    )


def _token_findings(sent: SignIn) -> list[Finding]:
    found = []
    if not 1 <= sent.days <= TOKEN_DAYS:
        found.append(
            Finding("days", n_("A token lives 1 to {most} days."), {"most": TOKEN_DAYS}, "", "days")
        )
    if sent.permissions is not None and not sent.permissions:
        found.append(
            Finding("no-rights", n_("Name at least one right, or none at all for all of yours."),
                    field="permissions")
        )  # fmt: skip
    if not sent.name.isprintable():
        found.append(Finding("character", n_("This field holds a character that cannot be kept."),
                             field="name"))  # fmt: skip
    return found


async def end_token(actor: Actor, token_id: UUID, *, now: datetime) -> None:
    """End one of the actor's own tokens. Raises NotFound, Conflict (ended already)."""
    async with transaction():
        async with connection() as c:
            row = await c.fetchrow(
                "SELECT org, ended_at FROM api_token WHERE id = $1 AND person = $2 FOR UPDATE",
                token_id,
                actor.id,
            )
            if row is None:
                raise NotFound(n_("There is no such token."))
            if row["ended_at"] is not None:
                raise Conflict(n_("This token has ended already."))
            await c.execute(
                "UPDATE api_token SET ended_at = clock_timestamp() WHERE id = $1", token_id
            )
        await audit.record(
            "token:ended",
            token_id,
            actor,
            org_id=row["org"],
            now=now,
            facts={"person_id": actor.id},
        )


async def sign_out_everywhere(
    actor: Actor, *, now: datetime, but_session: str | None = None
) -> None:
    """End all of the actor's sessions (but the one with this token) and API tokens."""
    async with transaction():
        await end_everything(actor.id, but_session=sha256_hex(but_session) if but_session else None)
        await audit.record(
            "person:signed-out-everywhere",
            actor.id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"person_id": actor.id},
        )


async def change_password(
    actor: Actor,
    old: str,
    new: str,
    *,
    source: str,
    device: str | None,
    but_session: str | None,
    now: datetime,
) -> None:
    """Choose a new password; every other session ends, and devices must prove themselves anew.

    API tokens go on: they are ended one by one, or with everything else.
    Raises Refused (the old one is wrong, tried too often, or the new one is not good).
    """
    email = await queries.email_of(actor.id)
    try:
        await check_password(email, old, source, device)
    except Refused as refusal:
        raise Refused([_about_the_old(finding) for finding in refusal.findings]) from None
    findings = password_findings(new, [email, actor.name], "new_password")
    if new == old:
        findings.append(
            Finding("same", n_("This is the password that you have."), field="new_password")
        )
    if findings:
        raise Refused(findings)
    password_hash = await hash_password(new)
    async with transaction():
        async with connection() as c:
            await c.execute(
                "UPDATE person SET password_hash = $2, password_at = clock_timestamp() "
                "WHERE id = $1",
                actor.id,
                password_hash,
            )
            await c.execute(
                """UPDATE session SET ended_at = clock_timestamp()
                    WHERE person = $1 AND ended_at IS NULL AND token_sha256 IS DISTINCT FROM $2""",
                actor.id,
                sha256_hex(but_session) if but_session else None,
            )
        await audit.record(
            "person:password-changed",
            actor.id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"person_id": actor.id},
        )


def _about_the_old(finding: Finding) -> Finding:
    if finding.code != "sign-in":
        return finding
    return Finding("wrong-password", n_("This is not your present password."), field="old_password")


async def set_language(actor: Actor, language: str) -> None:
    """Remember the language a person reads in."""
    async with connection() as c:
        await c.execute("UPDATE person SET language = $2 WHERE id = $1", actor.id, language)
