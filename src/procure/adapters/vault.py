"""Locking what waits to be sealed: drafts and pieces of uploads, so that no table holds them open.

AES-256-GCM. Drafts are locked with a key that is derived from the installation's secret, which lies
in a file and not in the database: who reads the database, a copy of it or the pages of an
administrator reads no draft. Pieces of an upload are locked with a key that only the uploader
keeps. Each is bound to what it is of, so that it opens nowhere else.
"""

import base64
import secrets
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from procure.bids.ports import VaultFailed
from procure.kernel.texts import n_
from procure.web.secret import secret

KEY_BYTES, NONCE_BYTES = 32, 12


class AesVault:
    """Locks and unlocks bytes."""

    def new_key(self) -> str:
        """Make a key for one upload, to be kept by its uploader alone."""
        return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    def lock(self, content: bytes, about: str, key: str | None = None) -> bytes:
        """Lock bytes that are of `about`, with the installation's key or with an uploader's."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(_key(key)).encrypt(nonce, content, about.encode())

    def unlock(self, locked: bytes, about: str, key: str | None = None) -> bytes:
        """Unlock; VaultFailed with another key, of another thing, or changed in any bit."""
        nonce, rest = locked[:NONCE_BYTES], locked[NONCE_BYTES:]
        try:
            return AESGCM(_key(key)).decrypt(nonce, rest, about.encode())
        except InvalidTag as error:
            raise VaultFailed(n_("This does not open with that key.")) from error


def _key(key: str | None) -> bytes:
    if key is None:
        return _own_key()
    try:
        found = base64.urlsafe_b64decode(key)
    except ValueError as error:
        raise VaultFailed(n_("This is not the key of an upload.")) from error
    if len(found) != KEY_BYTES:
        raise VaultFailed(n_("This is not the key of an upload."))
    return found


@cache
def _own_key() -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"procure drafts of bids").derive(secret())
