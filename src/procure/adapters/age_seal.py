"""Sealed bids: age for encryption, SLIP-39 for k of n. Everything secret stays inside here.

Sources: age v1 (filippo.io/age), X25519 recipients; BIP-173 for the text form of keys; SLIP-0039
for shares. Any age program opens a bid with the same key (tests/adapters), so that no authority
depends on this program to read what it received.
"""

import base64
import secrets
from collections.abc import Sequence

import pyrage
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share

from procure.kernel.canonical import sha256_hex
from procure.kernel.texts import n_
from procure.tenders.ports import SealedShare, SealFailed, TenderKey

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
KEY_BYTES = 32
IDENTITY = "age-secret-key-"


def bech32(prefix: str, data: bytes) -> str:
    """Write bytes as age writes keys (BIP-173).

    >>> bech32("a", b"")
    'a12uel5l'
    """
    bits = len(data) * 8
    padded = int.from_bytes(data, "big") << (-bits % 5)
    count = -(-bits // 5)
    values = [padded >> 5 * (count - 1 - i) & 31 for i in range(count)]
    high, low = [ord(c) >> 5 for c in prefix], [ord(c) & 31 for c in prefix]
    check = 1
    for value in [*high, 0, *low, *values, *[0] * 6]:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(GENERATOR):
            check ^= generator if top >> i & 1 else 0
    values += [(check ^ 1) >> 5 * (5 - i) & 31 for i in range(6)]
    return f"{prefix}1{''.join(ALPHABET[value] for value in values)}"


def _identity(secret: bytes) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(bech32(IDENTITY, secret).upper())


class AgeOpenKey:
    """A tender's key, whole again for one opening."""

    def __init__(self, identity: pyrage.x25519.Identity) -> None:
        self._identity = identity

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; SealFailed if it was not sealed to this key, or was damaged."""
        try:
            return bytes(pyrage.decrypt(sealed, [self._identity]))
        except pyrage.DecryptError as error:
            raise SealFailed(n_("It does not open with this tender's key.")) from error


class AgeSealer:
    """Seals with age, splits keys with SLIP-39."""

    def new_key(self) -> tuple[str, str]:
        """Make a person's opening key: the secret identity, and its public recipient."""
        identity = pyrage.x25519.Identity.generate()
        return str(identity), str(identity.to_public())

    def make_key(self, quorum: int, holders: Sequence[str]) -> TenderKey:
        """Make a key, split it, seal each share to its holder; the secret ends with this call."""
        secret = secrets.token_bytes(KEY_BYTES)
        [shares] = generate_mnemonics(1, [(quorum, len(holders))], secret, extendable=True)
        sealed = [
            SealedShare(
                base64.b64encode(self.seal(words.encode(), holder)).decode(), sha256_hex(words)
            )
            for words, holder in zip(shares, holders, strict=True)
        ]
        return TenderKey(str(_identity(secret).to_public()), sealed)

    def seal(self, content: bytes, recipient: str) -> bytes:
        """Encrypt to a recipient."""
        return bytes(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)]))

    def read_share(self, share: SealedShare, typed: str) -> str:
        """Return the words of a share from the holder's identity, or from the words themselves."""
        words = _decrypted(share, typed) if IDENTITY in typed.lower() else typed
        words = " ".join(words.lower().split())
        try:
            Share.from_mnemonic(words)
        except MnemonicError as error:
            raise SealFailed(
                n_("These are not the words of a share; check them one by one.")
            ) from error
        if sha256_hex(words) != share.sha256:
            raise SealFailed(n_("This is a share, but not yours for this tender."))
        return words

    def combine(self, words: Sequence[str], recipient: str) -> AgeOpenKey:
        """Put shares together into this recipient's key."""
        try:
            # SLIP-39 takes exactly as many as are needed; it says itself how many that is.
            enough = Share.from_mnemonic(words[0]).member_threshold if words else 0
            secret = combine_mnemonics(list(dict.fromkeys(words))[:enough])
        except MnemonicError as error:
            raise SealFailed(n_("These shares do not make a key.")) from error
        identity = _identity(secret)
        if str(identity.to_public()) != recipient:
            raise SealFailed(n_("These shares make the key of another tender."))
        return AgeOpenKey(identity)


def _decrypted(share: SealedShare, typed: str) -> str:
    """Decrypt a share with an identity; a file of age's with comment lines is taken as it is."""
    lines = [line.strip() for line in typed.splitlines()]
    found = next((line for line in lines if line.lower().startswith(IDENTITY)), "")
    try:
        identity = pyrage.x25519.Identity.from_str(found)
    except pyrage.IdentityError as error:
        raise SealFailed(
            n_("This is not an opening key; it begins with AGE-SECRET-KEY-1 and is one line long.")
        ) from error
    try:
        sealed = base64.b64decode(share.sealed)
        return bytes(pyrage.decrypt(sealed, [identity])).decode()
    except pyrage.DecryptError as error:
        raise SealFailed(
            n_("This opening key does not open your share; was it made after publication?")
        ) from error
