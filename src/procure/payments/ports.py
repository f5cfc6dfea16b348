"""What payments ask of the outside: somebody who writes files that banks read."""

from typing import Protocol, runtime_checkable

from procure.payments.rules import PaymentOrder


@runtime_checkable  # Litestar checks what it hands to a handler
class PaymentFileWriter(Protocol):
    """Writes a payment order in the form a bank takes."""

    media_type: str
    file_ending: str

    def write(self, order: PaymentOrder) -> bytes:
        """Return the file, checked against its schema; the same bytes for the same order."""
        ...
