"""Who logs in to the database: the owner, who migrates, and the application, which does the rest.

A login is a dict of asyncpg's arguments: either `dsn`, or host, user and password.
"""

import base64
import hmac
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

APP_ROLE = "procure_app"  # whom the pool logs in as, unless DATABASE_APP_URL names another


def app_login(owner: dict[str, Any]) -> dict[str, Any]:
    """Derive the application's login from the owner's: same server and database, own role.

    Its password is a keyed hash of the owner's, so that there is no second secret to keep and every
    process finds the same; it tells nothing of the owner's. Without an owner's password (peer,
    trust, a password file) the application logs in the same way.

    >>> app_login({"user": "procure", "password": "x"})["user"]
    'procure_app'
    """
    found = {**owner, "user": APP_ROLE}
    if password := password_of(owner):
        digest = hmac.digest(password.encode(), APP_ROLE.encode(), "sha256")
        found["password"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return found


def password_of(login: dict[str, Any]) -> str | None:
    """Find the password in asyncpg's arguments.

    >>> password_of({"dsn": "postgresql://app:p%40ss@db/procure"})
    'p@ss'
    """
    if "password" in login or "dsn" not in login:
        found: str | None = login.get("password")
        return found
    parts = urlsplit(login["dsn"])
    if parts.password is not None:
        return unquote(parts.password)
    return next(iter(parse_qs(parts.query).get("password", ())), None)


def user_of(login: dict[str, Any]) -> str:
    """Find the role in asyncpg's arguments."""
    if "user" in login or "dsn" not in login:
        return str(login.get("user", APP_ROLE))
    parts = urlsplit(login["dsn"])
    named = unquote(parts.username) if parts.username else None
    return named or parse_qs(parts.query).get("user", [APP_ROLE])[0]
