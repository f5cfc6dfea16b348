"""What providers ask of the outside: a business register, in our words."""

from typing import Protocol, runtime_checkable

from procure.kernel.errors import ProcureError
from procure.providers.rules import Company


class RegisterUnavailable(ProcureError):
    """The register gave no usable answer; nothing was decided by it (503)."""

    status = 503


@runtime_checkable  # Litestar checks what it hands to a handler
class BusinessRegister(Protocol):
    """Answers who stands behind a registry code (in Estonia the Äriregister)."""

    async def company(self, registry_code: str) -> Company | None:
        """Return the company with this code, None if there is none. Raises RegisterUnavailable."""
        ...
