"""What a dossier asks of the installation's key."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class SealingKey(Protocol):
    """The installation's key, which signs receipts and seals dossiers."""

    key_id: str

    def sign_bytes(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of a message, the same for the same message."""
        ...

    def public_pem(self) -> bytes:
        """Return it, to be put beside the receipts."""
        ...
