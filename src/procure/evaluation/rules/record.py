"""What the events of evaluation keep: enough to see, and to rank again, what was decided.

Pure. What an evaluator gave stays out until everyone has handed in; a hash stands for it, so that
nobody who reads events sees a colleague's scores, and nobody can change them afterwards.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.evaluation.rules.facts import LotFacts
from procure.evaluation.rules.results import Ranking


class EvaluationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One ranking of a lot, with everything it rests on: what the stages after are given."""

    id: UUID
    lot_id: UUID
    version: int
    made_at: datetime
    ranking: Ranking
    facts: LotFacts


class Appointed(msgspec.Struct, frozen=True):
    """Who was put on a panel."""

    lot_id: UUID
    person_ids: tuple[UUID, ...]


class Declared(msgspec.Struct, frozen=True):
    """What an evaluator declared; the words stay in the panel's record."""

    lot_id: UUID
    person_id: UUID
    has_conflict: bool
    drafts_dropped: int


class Released(msgspec.Struct, frozen=True):
    """Who was released before handing in, and why."""

    lot_id: UUID
    person_id: UUID
    reason: str


class Locked(msgspec.Struct, frozen=True):
    """That an evaluator's scores were handed in; SHA-256 of their canonical JSON."""

    lot_id: UUID
    person_id: UUID
    scores_count: int
    scores_sha256: str


class Asked(msgspec.Struct, frozen=True):
    """A question about a low price."""

    lot_id: UUID
    bid_id: UUID
    question: str
    price: Decimal
    due_on: date


class Answered(msgspec.Struct, frozen=True):
    """An answer to it, by its hash: tenderers' secrets stay in the record alone."""

    bid_id: UUID
    answer_sha256: str


class Judged(msgspec.Struct, frozen=True):
    """What was decided about an answer, or about silence."""

    bid_id: UUID
    is_accepted: bool
    reason: str


class Drawn(msgspec.Struct, frozen=True):
    """The order in which lots were drawn."""

    lot_id: UUID
    bid_ids: tuple[UUID, ...]
    minutes: str


class Ranked(msgspec.Struct, frozen=True):
    """A ranking and what it rests on, whole."""

    evaluation_id: UUID
    version: int
    facts: LotFacts
    ranking: Ranking
