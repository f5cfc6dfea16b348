"""The business register: out of a fixture file in a demo, and not asked where none is set up.

The Äriregister's own interface asks for an agreement; until there is one, a real installation
checks the code's form alone, and says in the registration that no register was asked.
"""

import logging
from pathlib import Path
from typing import Any

import msgspec

from procure.parameters import read_yaml
from procure.providers.rules import Company
from procure.settings import settings

FIXTURE = Path("fixtures") / "registers" / "business.yaml"

log = logging.getLogger(__name__)


class NoBusinessRegister:
    """Knows nobody, because nobody is asked."""

    async def company(self, registry_code: str) -> Company | None:  # noqa: ARG002 - not asked
        """Say nothing."""
        return None


class FixtureBusinessRegister:
    """Answers out of a fixture file, and says so in the log."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or settings().root / FIXTURE

    async def company(self, registry_code: str) -> Company | None:
        """Look the code up."""
        log.warning("business: answered from %s, not from a register", self.file.name)
        return read_companies(self.file).get(registry_code)


def read_companies(file: Path) -> dict[str, Company]:
    """Read the fixture's companies by registry code."""
    content: dict[str, Any] = read_yaml(file)
    companies = msgspec.convert(content["companies"], list[Company])
    return {company.registry_code: company for company in companies}
