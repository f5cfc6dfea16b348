"""Whose password this is, with guessing slowed down.

A try is counted before it is looked at, under a lock, and struck out again when it was right: of
many at once no more are looked at than one after another would be.
"""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from procure.db import connection, fetch_as, transaction, uuid7
from procure.identity.rules import (
    DAY,
    FAILURE_WINDOW,
    Tries,
    tidy_email,
    try_findings,
)
from procure.identity.service.secrets import device_of, is_password
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

_PRUNED_AT_ONCE = 200


class Known(msgspec.Struct, frozen=True):
    """Whose password it was."""

    id: UUID
    email: str
    name: str
    language: str
    password_hash: str
    password_at: datetime | None
    is_active: bool


class _Counted(msgspec.Struct, frozen=True):
    here: int
    since_last: float
    of_address: int
    of_day: int


async def check_password(email: str, password: str, source: str, device: str | None) -> Known:
    """Return whose password this is; Refused in the same words for every reason.

    `source` is the address that the try came from, `device` what the browser kept of an earlier
    sign-in.
    """
    address = tidy_email(email)[:254]
    now = datetime.now(UTC)  # noqa: TID251 - tries are counted on the real clock
    rows = await fetch_as(
        Known,
        """SELECT id, email, name, language, password_hash, password_at, is_active
             FROM person WHERE email = $1""",
        address,
    )
    person = rows[0] if rows else None
    known = device_of(device, person.id, person.password_at, now) if person else ""
    here = f"device:{known}" if known else f"here:{address} {source}"
    counted = await _count_try(address, source, here, is_known_device=bool(known))
    right = await is_password(password, person.password_hash if person else None)
    if person is None or not right or not person.is_active:
        raise Refused(
            [
                Finding(
                    "sign-in",
                    n_("The e-mail address and the password do not belong together."),
                    field="password",
                )
            ]
        )
    async with connection() as c:
        await c.execute(
            "DELETE FROM login_failure WHERE id = ANY($1) OR bucket = $2", counted, here
        )
    return person


async def _count_try(address: str, source: str, here: str, *, is_known_device: bool) -> list[UUID]:
    """Count a try as a failure, and return its rows; Refused if it is not looked at now."""
    day, place = f"day:{address}", f"from:{source}"[:300]
    buckets = [here[:300]] if is_known_device else [here[:300], day[:300], place]
    async with transaction():
        async with connection() as c:
            for name in sorted(buckets):
                await c.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 15))", name)
            await c.execute(
                """DELETE FROM login_failure WHERE id IN (
                       SELECT id FROM login_failure
                        WHERE failed_at < clock_timestamp() - $1::interval
                        LIMIT $2 FOR UPDATE SKIP LOCKED)""",
                DAY,
                _PRUNED_AT_ONCE,
            )
        (found,) = await fetch_as(
            _Counted,
            """
            SELECT count(*) FILTER (WHERE bucket = $1 AND is_new) AS here,
                   coalesce(extract(epoch FROM clock_timestamp()
                       - max(failed_at) FILTER (WHERE bucket = $1))::float8, 1e9) AS since_last,
                   count(*) FILTER (WHERE bucket = $2 AND is_new) AS of_address,
                   count(*) FILTER (WHERE bucket = $3) AS of_day
              FROM (SELECT bucket, failed_at,
                           failed_at > clock_timestamp() - $4::interval AS is_new
                      FROM login_failure
                     WHERE bucket = ANY($6) AND failed_at > clock_timestamp() - $5::interval) AS f
            """,
            here[:300],
            place,
            day[:300],
            FAILURE_WINDOW,
            DAY,
            buckets,
        )
        tries = Tries(found.here, found.since_last, found.of_address, found.of_day, is_known_device)
        if findings := try_findings(tries):
            raise Refused(findings)
        ids = [uuid7() for _ in buckets]
        async with connection() as c:
            await c.execute(
                """INSERT INTO login_failure (id, bucket, failed_at)
                   SELECT id, bucket, clock_timestamp()
                     FROM unnest($1::uuid[], $2::text[]) AS n(id, bucket)""",
                ids,
                buckets,
            )
    return ids
