"""What tenders and bids ask of cryptography, in our words. Implemented in `adapters.age_seal`."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec


class SealFailed(ValueError):
    """A key, a share or a sealed thing cannot be used; `text` says why to a person.

    The text is a source text marked with `n_`; it never holds a secret.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class SealedShare(msgspec.Struct, frozen=True):
    """One keyholder's share: encrypted to that person, and the hash of its words."""

    sealed: str  # base64
    sha256: str


class TenderKey(msgspec.Struct, frozen=True):
    """The public half of a tender's key, and the secret half in shares; never the whole."""

    recipient: str
    shares: Sequence[SealedShare]  # in the order of the holders


class OpenKey(Protocol):
    """A tender's key put together again; it lives as long as one opening."""

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; SealFailed if it was not sealed to this key, or was damaged."""
        ...


@runtime_checkable
class Sealer(Protocol):
    """Seals bids until k of n people open them."""

    def make_key(self, quorum: int, holders: Sequence[str]) -> TenderKey:
        """Make a key, split it so that `quorum` shares open it, seal each to its holder."""
        ...

    def seal(self, content: bytes, recipient: str) -> bytes:
        """Encrypt to a recipient, so that only its key opens it."""
        ...

    def read_share(self, share: SealedShare, typed: str) -> str:
        """Return a share's words from what its holder typed: the age identity, or the words.

        Raises SealFailed: the identity is another's, the words are mistyped or another share's.
        """
        ...

    def combine(self, words: Sequence[str], recipient: str) -> OpenKey:
        """Put shares together; SealFailed if they are too few or do not make this recipient."""
        ...
