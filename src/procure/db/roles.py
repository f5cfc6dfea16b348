"""The application's own login: which it is, and how the owner makes it.

The owner of the tables migrates and nothing else; every pooled connection logs in as another role,
which owns nothing and is a member of nothing, so that no statement leads back to the owner.
Source: docs, promises F-4 and A-1.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets

import asyncpg

from procure.db.engine import DB, AppConnection
from procure.db.logins import password_of

ITERATIONS = 4096  # PostgreSQL's own scram_iterations; our passwords are made of random bytes


class NoLogin(RuntimeError):
    """The application has no login of its own, and the owner may not make one."""


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """Return what PostgreSQL stores of a password, so that the password is in no log of its own.

    Source: RFC 5802, section 3; PostgreSQL, "pg_authid". Only ASCII, which needs no SASLprep.

    >>> scram_verifier("x", b"0123456789abcdef")[:44]
    'SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$'
    """
    if not password.isascii():
        raise NoLogin("The password of DATABASE_APP_URL must be made of ASCII characters.")
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


async def ensure_app_role(connection: AppConnection) -> None:
    """Let the application log in as its own role: make the role, or its password, if need be."""
    # Roles belong to the whole cluster while advisory locks belong to one database, so that
    # migrators of two databases can meet here.
    for attempt in range(20):
        try:
            if not await _can_log_in():
                await _make(connection)
        except (
            asyncpg.DuplicateObjectError,
            asyncpg.UniqueViolationError,
            asyncpg.InternalServerError,  # "tuple concurrently updated"
        ):
            if attempt == 19:
                raise
            await asyncio.sleep(0.05)
        except asyncpg.InsufficientPrivilegeError as error:
            raise NoLogin(
                f"The role of DATABASE_URL may not make the role {DB.app_role}. Let an "
                f"administrator run: CREATE ROLE {DB.app_role} LOGIN PASSWORD '...'; and give it "
                "in DATABASE_APP_URL."
            ) from error
        else:
            return


async def _can_log_in() -> bool:
    try:
        connection = await DB.get_new_connection()
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False  # no such role, no login, or another password
    await connection.close()
    return True


async def _make(connection: AppConnection) -> None:
    async with connection.transaction():
        name = await connection.fetchval("SELECT quote_ident($1)", DB.app_role)
        found = await connection.fetchrow(
            "SELECT rolsuper OR rolname = session_user AS is_owner FROM pg_roles "
            "WHERE rolname = $1",
            DB.app_role,
        )
        if found is None:
            await connection.execute(f"CREATE ROLE {name} LOGIN")
        elif found["is_owner"]:
            raise NoLogin(
                f"DATABASE_APP_URL names {DB.app_role}, who could change every record: "
                "the application needs a role of its own."
            )
        password = password_of(DB.config)
        secret = f" PASSWORD '{scram_verifier(password)}'" if password else ""
        await connection.execute(f"ALTER ROLE {name} LOGIN{secret}")
