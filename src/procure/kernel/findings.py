"""Findings: every reason why something may not be, said at once and to a person."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One reason, with the clause it rests on and the field or row where it was found.

    `text` is an English source text marked with `n_`, its values in braces; a page translates
    it first and fills it in afterwards.
    """

    code: str
    text: str
    values: Mapping[str, Any] = {}
    clause: str = ""
    field: str = ""
    row: int | None = None

    @property
    def message(self) -> str:
        """The text in English with its values filled in.

        >>> Finding("over-cap", "Only {left} is left.", {"left": 5}).message
        'Only 5 is left.'
        """
        return self.text.format(**self.values) if self.values else self.text
