"""What bids ask of the outside, in our words. Implemented in `adapters.signing`."""

from typing import Protocol, runtime_checkable

from procure.bids.rules import Receipt, ReceiptFacts


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
