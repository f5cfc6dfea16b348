"""What outcomes ask of the outside: an employment register, in our words."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from procure.kernel.errors import ProcureError
from procure.outcomes.rules import Spell, SpellQuestion


class RegisterUnavailable(ProcureError):
    """The register gave no usable answer: not reached, too slow, or not understood (503)."""

    status = 503


@runtime_checkable  # Litestar checks what it hands to a handler
class EmploymentRegister(Protocol):
    """Answers who worked where and when (in Estonia TÖR, kept by the tax authority)."""

    async def spells(self, questions: Sequence[SpellQuestion]) -> list[Spell]:
        """Return every spell that touches the days asked about, for all persons at once.

        A person without a spell is simply not in the answer. Raises RegisterUnavailable.
        """
        ...
