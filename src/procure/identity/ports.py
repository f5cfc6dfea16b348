"""What identity asks of the outside."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class KeyMaker(Protocol):
    """Makes age key pairs (X25519)."""

    def new_key(self) -> tuple[str, str]:
        """Return a fresh secret identity and its public recipient, both as age writes them."""
        ...
