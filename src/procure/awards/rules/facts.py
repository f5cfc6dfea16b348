"""What an award is to the stages after, and what a decision rests on.

Pure: frozen values. Prices in the tender's currency without VAT.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.awards.states import AwardState
from procure.evaluation.rules import Ranking, Reversal


class SupplierFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A winning bid of an award."""

    id: UUID  # of the award's supplier: what a contract points to
    bid_id: UUID
    provider_org_id: UUID
    provider_name: str
    registry_code: str
    rank: int
    total: Decimal
    unit_price: Decimal


class AwardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An award as it stands."""

    id: UUID
    lot_id: UUID
    lot_code: str
    lot_title: str
    tender_id: UUID
    reference: str
    buyer_id: UUID
    currency: str
    evaluation_id: UUID
    decided_at: datetime
    last_blocked_on: date | None  # none: the law asks no standstill
    state: AwardState
    suppliers: tuple[SupplierFacts, ...]  # by rank


class DecisionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision on a lot rests on; stored with it, so that it can be taken again."""

    lot_id: UUID
    evaluation_id: UUID
    evaluation_version: int  # the newest one there is
    chosen_version: int  # the one that was read before deciding
    is_current: bool  # nothing that the ranking rests on has changed since
    ranking: Ranking
    reversals: tuple[Reversal, ...]
    open_questions: tuple[str, ...]  # tenderers whose explanation is not decided
    max_suppliers_count: int
    winners_count: int
    reasons: str
    characteristics: str  # of the winning bids, for the letters
    acknowledged_reversal: bool
    tenderers_count: int  # whose bids were opened, excluded ones too
    decided_on: date
    rule_set: str
    procedure: str
    last_blocked_on: date | None

    @property
    def winner_ids(self) -> tuple[UUID, ...]:
        """The bids that win, in order of rank."""
        return self.ranking.order[: self.winners_count]


class CriterionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion in a letter: what the reader's bid got, and why; what the winner's got."""

    code: str
    name: str
    weight: Decimal
    points: Decimal | None
    winner_points: Decimal | None  # none where the reader is the winner
    steps: tuple[Mapping[str, object], ...]  # kind, text and values, as in the ranking
    reasons: tuple[str, ...]  # of the evaluators, for the reader's own bid


class WinnerLine(msgspec.Struct, frozen=True, kw_only=True):
    """A winner as every tenderer is told of it (Directive 2014/24/EU art. 55(2)(c))."""

    rank: int
    provider_name: str
    registry_code: str
    unit_price: Decimal
    total: Decimal


class Better(msgspec.Struct, frozen=True, kw_only=True):
    """Where the best bid got more points than the reader's: its relative advantages."""

    name: str
    points: Decimal
    own_points: Decimal


class EndLetterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenderer is told where a lot ends without award, or an award is annulled."""

    kind: str
    reference: str
    tender_title: str
    lot_code: str
    lot_title: str
    provider_name: str
    ground: str  # eForms non-award-justification; empty for an annulment
    reasons: str
    lines: tuple[CriterionLine, ...]  # of the reader's own bid, where it was ranked
    out_because: tuple[Mapping[str, object], ...]
    decided_on: date
    complaint_until_on: date
    complaint_clause: str


class LetterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one tenderer is told, and why. Nothing in it is of another but what the law lets out."""

    kind: str
    reference: str
    tender_title: str
    lot_code: str
    lot_title: str
    currency: str
    provider_name: str
    unit_price: Decimal
    rank: int | None
    total: Decimal | None
    tenderers_count: int
    ranked_count: int
    lines: tuple[CriterionLine, ...]
    out_because: tuple[Mapping[str, object], ...]  # steps that say why the bid is not ranked
    winners: tuple[WinnerLine, ...]
    better: tuple[Better, ...]
    characteristics: str
    reasons: str  # of the decision
    points_short: Decimal | None
    winning_price: (
        Decimal | None
    )  # the highest that would have brought the reader among the winners
    price_difference: Decimal | None
    no_price_wins: bool
    decided_on: date
    last_blocked_on: date | None
    signing_from_on: date | None
    complaint_until_on: date  # the last day, included
    complaint_clause: str
