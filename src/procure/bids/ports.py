"""What bids ask of the outside, in our words.

Implemented in `adapters.signing`, `adapters.vault` and `adapters.file_check`.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from procure.bids.rules import Receipt, ReceiptFacts
from procure.kernel.findings import Finding


class BadReceipt(ValueError):
    """A receipt proves nothing; `text` says why to a person."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@runtime_checkable
class Signer(Protocol):
    """Signs receipts with the installation's key, and recognises its own signature."""

    key_id: str

    def sign(self, facts: ReceiptFacts) -> Receipt:
        """Sign the facts of a receipt."""
        ...

    def check(self, receipt: str) -> ReceiptFacts:
        """Return the facts of a receipt that this installation signed; BadReceipt otherwise."""
        ...

    def public_pem(self) -> bytes:
        """Return the public half of the key, to be published."""
        ...


class VaultFailed(ValueError):
    """What is locked does not open; `text` says why to a person."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


@runtime_checkable
class Vault(Protocol):
    """Locks drafts and pieces of uploads, until they are sealed."""

    def new_key(self) -> str:
        """Make a key for one upload, to be kept by its uploader alone."""
        ...

    def lock(self, content: bytes, about: str, key: str | None = None) -> bytes:
        """Lock bytes that are of `about`, with the installation's key or with an uploader's."""
        ...

    def unlock(self, locked: bytes, about: str, key: str | None = None) -> bytes:
        """Unlock; VaultFailed with another key, of another thing, or changed in any bit."""
        ...


class CheckedFile(msgspec.Struct, frozen=True):
    """What a file is, and everything for which it is not taken."""

    media_type: str
    findings: Sequence[Finding]


@runtime_checkable
class FileCheck(Protocol):
    """Looks into a file before it is sealed; nobody can afterwards."""

    def check(self, name: str, content: bytes) -> CheckedFile:
        """Say what a file is, and everything for which it is not taken. Blocks."""
        ...
