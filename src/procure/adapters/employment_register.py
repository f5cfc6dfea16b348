"""The employment register: over HTTP, and out of a fixture file for trying things out.

One batched question, one answer. What cannot be read is no answer: a register that is down, slow or
says something else never changes an outcome.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from procure.kernel.texts import n_
from procure.outcomes.ports import RegisterUnavailable
from procure.outcomes.rules import Spell, SpellQuestion
from procure.parameters import read_yaml
from procure.settings import settings

TIMEOUT = httpx.Timeout(10, connect=3)
LARGEST_ANSWER = 5_000_000
PATH = "/spells"
FIXTURE = Path("fixtures") / "registers" / "employment.yaml"

log = logging.getLogger(__name__)


class Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes over the wire."""

    questions: list[SpellQuestion]


class Answers(msgspec.Struct, frozen=True):
    """What comes back; a register may say more than we read."""

    spells: list[Spell]


class HttpEmploymentRegister:
    """Asks a register, or its twin, over HTTP; the address comes from the settings."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url or settings().employment_register_url

    async def spells(self, questions: Sequence[SpellQuestion]) -> list[Spell]:
        """Ask for all persons at once; RegisterUnavailable if there is no usable answer."""
        if not self.url:
            raise RegisterUnavailable(
                n_("No employment register is set up here: PROCURE_EMPLOYMENT_REGISTER_URL.")
            )
        if not questions:
            return []
        try:
            content = await self._ask(msgspec.json.encode(Questions(list(questions))))
            answers = msgspec.json.decode(content, type=Answers)
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as fault:
            log.warning("the employment register at %s: %r", self.url, fault)
            raise RegisterUnavailable(
                n_("The employment register does not answer. Nothing was changed; try later.")
            ) from fault
        return belonging(answers.spells, questions)

    async def _ask(self, body: bytes) -> bytes:
        # Without the environment's proxies: the address of a register is ours to set.
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client,
            client.stream(
                "POST",
                f"{(self.url or '').rstrip('/')}{PATH}",
                content=body,
                headers={"Content-Type": "application/json"},
            ) as answer,
        ):
            answer.raise_for_status()
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise httpx.HTTPError("the answer is too long")
        return bytes(content)


class FixtureEmploymentRegister:
    """Answers out of a fixture file, and says so in the log."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or settings().root / FIXTURE

    async def spells(self, questions: Sequence[SpellQuestion]) -> list[Spell]:
        """Look every person up."""
        log.warning("employment: answered from %s, not from a register", self.file.name)
        return belonging(read_spells(self.file), questions)


def read_spells(file: Path) -> list[Spell]:
    """Read the fixture's spells."""
    content: dict[str, Any] = read_yaml(file)
    return msgspec.convert(content["spells"], list[Spell])


def belonging(spells: Sequence[Spell], questions: Sequence[SpellQuestion]) -> list[Spell]:
    """Keep what was asked about, in a settled order: an answer about others is none of ours."""
    asked = {question.client_ref: question for question in questions}
    found = [
        spell
        for spell in spells
        if (question := asked.get(spell.client_ref)) is not None
        and spell.starts_on < question.until_on
        and (spell.ends_on is None or spell.ends_on + timedelta(days=1) > question.from_on)
    ]
    return sorted(found, key=lambda s: (s.client_ref, s.starts_on, s.employer_code))
