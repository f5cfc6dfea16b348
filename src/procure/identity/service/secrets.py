"""What is kept of secrets: slow hashes of passwords, keyed hashes of people and devices."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from procure.identity.rules import DEVICE_LIFE
from procure.web.secret import secret

# OWASP's second profile: 19 MiB, two passes; 35 ms here, so that guessing is dear and we are not.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash("nobody has this password")  # equal work for accounts that do not exist
_AT_ONCE = asyncio.Semaphore(2)

_LONGEST_TRIED = 1000  # characters; more are not looked at
_ID_BYTES, _TIME_BYTES, _CHANCE_BYTES, _MAC_BYTES = 16, 8, 16, 32


async def hash_password(password: str) -> str:
    """Return the hash that a password is kept as."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def is_password(password: str, password_hash: str | None) -> bool:
    """Tell whether a password belongs to a hash; takes as long where there is none."""
    try:
        async with _AT_ONCE:
            await asyncio.to_thread(
                _HASHER.verify, password_hash or _NOBODY, password[:_LONGEST_TRIED]
            )
    except VerifyMismatchError:
        return False
    return password_hash is not None


def natural_key(code: str) -> str:
    """Return the keyed hash of a personal code: the same for the same person, and no code in it."""
    return hmac.new(secret(), f"natural person {code}".encode(), hashlib.sha256).hexdigest()


def new_device(person_id: UUID, at: datetime) -> str:
    """Return what a browser keeps, so that this person is known in it again."""
    what = (
        person_id.bytes
        + int(at.timestamp()).to_bytes(_TIME_BYTES, "big")
        + secrets.token_bytes(_CHANCE_BYTES)
    )
    return base64.urlsafe_b64encode(what + _mac(what)).decode()


def device_of(value: str | None, person_id: UUID, since: datetime | None, now: datetime) -> str:
    """Return the name of a device that this person has signed in with; "" if it is none of theirs.

    One that is older than the present password, or than half a year, is a stranger again.
    """
    try:
        found = base64.urlsafe_b64decode((value or "").encode())
    except ValueError:
        return ""
    what, mac = found[:-_MAC_BYTES], found[-_MAC_BYTES:]
    if len(what) != _ID_BYTES + _TIME_BYTES + _CHANCE_BYTES:
        return ""
    at = int.from_bytes(what[_ID_BYTES : _ID_BYTES + _TIME_BYTES], "big")
    if (
        not hmac.compare_digest(mac, _mac(what))
        or what[:_ID_BYTES] != person_id.bytes
        or at < (now - DEVICE_LIFE).timestamp()
        or (since is not None and at < int(since.timestamp()))
    ):
        return ""
    return what[-_CHANCE_BYTES:].hex()


def _mac(what: bytes) -> bytes:
    return hmac.new(secret(), b"known device" + what, hashlib.sha256).digest()
