"""What documents asks of a printer."""

from typing import Protocol, runtime_checkable

from procure.documents.rules import PaperOrder


class CannotPrint(Exception):
    """This paper cannot be printed, whoever tries; the message says why."""


class NoPrinter(Exception):
    """Nothing can be printed on this machine now; the message says what to install."""


@runtime_checkable
class Printer(Protocol):
    """Turns facts into an accessible PDF that holds those facts."""

    async def print_paper(self, order: PaperOrder) -> bytes:
        """Return the PDF: the same bytes for the same order. Raises CannotPrint or NoPrinter."""
        ...
