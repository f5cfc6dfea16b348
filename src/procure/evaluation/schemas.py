"""What evaluation looks like over HTTP and on pages."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.evaluation.rules import (
    CriterionFacts,
    Deficit,
    LowPrice,
    Ranking,
    Reversal,
    ScoreEntry,
    Sensitivity,
)
from procure.kernel.findings import Finding


class LotHead(msgspec.Struct, frozen=True, kw_only=True):
    """Which lot of which tender."""

    lot_id: UUID
    lot_code: str
    lot_title: str
    lot_state: str
    tender_id: UUID
    reference: str
    tender_title: str
    tender_state: str
    buyer_id: UUID
    currency: str


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """How far one evaluator has come; never what was scored."""

    id: UUID
    person_id: UUID
    name: str
    appointed_at: datetime
    declared_at: datetime | None
    has_conflict: bool | None
    declaration: str | None
    locked_at: datetime | None
    released_at: datetime | None
    released_reason: str | None

    @property
    def state(self) -> str:
        """The member's stage in one word."""
        if self.released_at is not None:
            return "member-released"
        if self.has_conflict:
            return "conflict"
        if self.locked_at is not None:
            return "handed-in"
        return "scoring" if self.declared_at is not None else "undeclared"


class PanelView(msgspec.Struct, frozen=True, kw_only=True):
    """The panel of a lot."""

    lot: LotHead
    needs_panel: bool
    members: Sequence[MemberView]
    is_complete: bool  # everyone who scores has handed in


class TendererView(msgspec.Struct, frozen=True):
    """Who bids for a lot, as the opening made public (RHS 113)."""

    number: int
    bid_id: UUID
    provider_name: str
    registry_code: str


class ScoredBid(msgspec.Struct, frozen=True, kw_only=True):
    """A bid as an evaluator reads it: answers, and no price while scores are open."""

    number: int
    bid_id: UUID
    provider_name: str
    answers: Mapping[str, str]
    remarks: str
    excluded: str


class ScoringView(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluator's own work on a lot. Before the declaration only who bids is shown."""

    lot: LotHead
    member: MemberView
    tenderers: Sequence[TendererView]
    criteria: Sequence[CriterionFacts] = ()
    bids: Sequence[ScoredBid] = ()
    scores: Sequence[ScoreEntry] = ()
    missing_count: int = 0
    is_complete: bool = False  # everyone has handed in

    def score_of(self, bid_id: UUID, criterion: str) -> ScoreEntry | None:
        """Return what the evaluator gave one bid on one criterion."""
        return next(
            (s for s in self.scores if s.bid_id == bid_id and s.criterion == criterion), None
        )


class MemberScore(msgspec.Struct, frozen=True):
    """What one evaluator gave, once everyone has handed in."""

    person_id: UUID
    name: str
    bid_id: UUID
    criterion: str
    points: Decimal
    reason: str


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """A question about a low price, its answer and what was decided."""

    id: UUID
    lot: LotHead
    bid_id: UUID
    provider_org_id: UUID
    provider_name: str
    price: Decimal
    flag: LowPrice | None  # to the buyer: it holds the median of other tenderers' prices
    question: str
    asked_at: datetime
    due_on: date
    answer: str | None
    answered_at: datetime | None
    state: str
    reason: str | None
    decided_at: datetime | None
    actions: Sequence[str]


class RankingView(msgspec.Struct, frozen=True, kw_only=True):
    """A ranking with every step, and what to know before deciding on it."""

    evaluation_id: UUID
    lot_id: UUID
    version: int
    made_at: datetime
    is_current: bool  # nothing it rests on has changed since
    ranking: Ranking
    low_prices: Sequence[LowPrice]
    reversals: Sequence[Reversal]
    sensitivity: Sequence[Sensitivity]
    deficits: Sequence[Deficit]  # what would have put each other bid first
    names: Mapping[UUID, str]

    @property
    def has_reversal(self) -> bool:
        """Whether leaving out a bid would change who comes first among the others."""
        return any(reversal.changes_winner for reversal in self.reversals)


class RankingVersion(msgspec.Struct, frozen=True):
    """One ranking of a lot; each is kept with the facts that it rests on."""

    version: int
    made_at: datetime
    totals: Sequence[tuple[str, Decimal]]  # of the ranked bids, the best first
    has_reversal: bool  # whether a losing bid chose its winner


class EvaluationView(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer's view of a lot's evaluation: progress, prices, questions, ranking."""

    lot: LotHead
    panel: PanelView
    criteria: Sequence[CriterionFacts]
    tenderers: Sequence[TendererView]
    prices: Mapping[UUID, Decimal]
    low_prices: Sequence[LowPrice]
    explanations: Sequence[ExplanationView]
    scores: Sequence[MemberScore]  # empty until everyone has handed in
    standing_in_the_way: Sequence[Finding]
    ranking: RankingView | None  # the newest, or the one that was asked for
    versions: Sequence[RankingVersion]  # the newest first
    undecided: Sequence[Sequence[UUID]]  # bids between which lots have to be drawn
    next_steps: Sequence[str]  # of appoint, rank, ask, decide: what this actor can do now

    @property
    def names(self) -> Mapping[UUID, str]:
        """Tenderers' names by bid."""
        return {tenderer.bid_id: tenderer.provider_name for tenderer in self.tenderers}


class LotLine(msgspec.Struct, frozen=True, kw_only=True):
    """A lot in a list of what there is to evaluate."""

    lot: LotHead
    task: str  # what the actor has to do there, in one word
    bids_count: int
    members_count: int
    locked_count: int


class LotLines(msgspec.Struct, frozen=True):
    """Lots to evaluate: an evaluator's assigned ones, or the buyer's that were opened."""

    items: Sequence[LotLine]


class ScoreList(msgspec.Struct, frozen=True):
    """Every evaluator's scores."""

    items: Sequence[MemberScore]


class ExplanationList(msgspec.Struct, frozen=True):
    """Questions about prices."""

    items: Sequence[ExplanationView]


class Appointment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People of the buyer's organisation who hold the role of evaluator."""

    person_ids: Sequence[UUID]


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An evaluator who cannot score, and why."""

    person_id: UUID
    reason: str


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the evaluator has a conflict of interest in the lot; with words if so."""

    has_conflict: bool
    text: str = ""


class Scores(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An evaluator's own scores."""

    scores: Sequence[ScoreEntry]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question to a tenderer about its price."""

    bid_id: UUID
    question: str


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenderer's explanation of its price."""

    answer: str


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an explanation is accepted, and why; rejected means the bid is out."""

    is_accepted: bool
    reason: str


class DrawnLots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order in which lots were drawn between equal bids, and the minutes of it."""

    bid_ids: Sequence[UUID]
    minutes: str
