"""What a dossier asks of the installation's key."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class PublicKey(Protocol):
    """The public half of the key that receipts are signed with."""

    key_id: str

    def public_pem(self) -> bytes:
        """Return it, to be put beside the receipts."""
        ...
