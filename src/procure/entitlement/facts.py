"""Facts: what was so, from when until when, and when it became known.

A fact with the `id` of an earlier one is its revision: what the program was told before is kept,
and what was known on a day can be computed again. Days are calendar days, `until` is exclusive.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

FORMAT = "procure-payment-facts"


class Fact(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that was so, as one source knows it.

    `what` says which kind, `who` is the participant's pseudonym (empty: of the contract). Without
    `until` it is of its day; a spell without end lasts until the day it was made known.
    """

    id: str
    what: str
    on: date
    who: str = ""
    until: date | None = None
    value: Decimal | None = None
    numbers: dict[str, Decimal] | None = None
    words: dict[str, str] | None = None
    source: str = ""
    known_at: datetime | None = None  # with its zone; absent: known from the beginning
    void: bool = False  # a revision that says it never was

    @property
    def ref(self) -> str:
        """Name this revision, for statements and postings.

        >>> Fact("job-1", "job", date(2026, 1, 5)).ref
        'job-1'
        """
        return f"{self.id}@{self.known_at.isoformat()}" if self.known_at else self.id


class FactsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Facts in a file, with where they come from."""

    format: Literal["procure-payment-facts"]
    format_version: Literal[1]
    facts: list[Fact]
    about: str = ""
    source: str = ""
