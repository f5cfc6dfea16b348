"""What awards look like over HTTP and on pages. Names follow OCDS where it has one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.awards.rules import EndLetterFacts, LetterFacts, SupplierFacts
from procure.documents.schemas import PaperView
from procure.evaluation.rules import CriterionFacts
from procure.evaluation.schemas import LotHead, RankingView
from procure.kernel.findings import Finding


class AwardDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on a lot, as it is about to be taken."""

    lot_id: UUID
    evaluation_version: int  # the ranking that was read
    winners_count: int  # from the top of it
    reasons: str
    characteristics: str = ""  # of the winning bids, for the letters
    acknowledged_reversal: bool = False


class AwardBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision: the first `winners_count` bids of ranking `evaluation_version` win."""

    evaluation_version: int
    winners_count: int
    reasons: str
    characteristics: str = ""
    acknowledged_reversal: bool = False


class Conclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a lot ends without award; `ground` from eForms non-award-justification."""

    ground: str
    reasons: str = ""


class Annulment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an award is annulled."""

    reason: str


class LotEnd(msgspec.Struct, frozen=True):
    """A lot that ended without award."""

    lot_id: UUID
    state: str
    ground: str | None


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to one tenderer, and its paper."""

    id: UUID
    award_id: UUID | None
    lot_id: UUID
    bid_id: UUID
    provider_org_id: UUID
    provider_name: str
    kind: str
    sent_at: datetime
    facts: LetterFacts | None  # of letters after a decision
    end: EndLetterFacts | None  # of letters about an end without award, or an annulment
    paper: PaperView | None


class AwardView(msgspec.Struct, frozen=True, kw_only=True):
    """An award; `status` is OCDS's word for `state`. A provider sees its own letters alone."""

    id: UUID
    lot: LotHead
    status: str
    state: str
    evaluation_id: UUID
    evaluation_version: int
    decided_at: datetime
    decided_by: str  # a name, for the buyer; empty for others
    reasons: str
    last_blocked_on: date | None
    signing_from_on: date | None
    annulled_reason: str | None
    suppliers: Sequence[SupplierFacts]
    letters: Sequence[LetterView]
    paper: PaperView | None  # evaluation report and decision
    ranking: RankingView | None  # for the buyer
    criteria: Sequence[CriterionFacts]
    actions: Sequence[str]


class AwardSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An award in a list."""

    id: UUID
    lot: LotHead
    state: str
    decided_at: datetime
    last_blocked_on: date | None
    winners: str


class AwardList(msgspec.Struct, frozen=True):
    """The buyer's awards, newest first."""

    items: Sequence[AwardSummary]


class LetterList(msgspec.Struct, frozen=True):
    """Letters to the actor's organisation, newest first."""

    items: Sequence[LetterView]


class NoticeSupplier(msgspec.Struct, frozen=True):
    """A winner, as everyone may know it."""

    name: str
    registry_code: str
    rank: int
    unit_price: Decimal
    total: Decimal | None = None  # points


class NoticeCriterion(msgspec.Struct, frozen=True):
    """What the bids were compared by."""

    code: str
    name: str
    weight: Decimal


class PublicAward(msgspec.Struct, frozen=True, kw_only=True):
    """An award in the list that everyone may read."""

    award_id: UUID
    reference: str
    title: str
    lot_code: str
    lot_title: str
    buyer_name: str
    state: str
    decided_at: datetime
    currency: str
    tenders_count: int
    suppliers: Sequence[NoticeSupplier]


class AwardNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What everyone may know of an award (RHS 83); nothing of those who did not win."""

    award_id: UUID
    reference: str
    title: str
    buyer_name: str
    lot_code: str
    lot_title: str
    tender_id: UUID
    status: str
    state: str
    decided_on: date
    tenders_count: int
    unit: str
    currency: str
    estimated_amount: Decimal
    last_blocked_on: date | None  # of the standstill
    is_tender_public: bool  # else its page is the invited tenderers' alone
    criteria: Sequence[NoticeCriterion]
    suppliers: Sequence[NoticeSupplier]


class LetterPreview(msgspec.Struct, frozen=True):
    """A letter as it would be sent."""

    bid_id: UUID
    facts: LetterFacts


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything to look at before a lot is decided."""

    lot: LotHead
    criteria: Sequence[CriterionFacts]
    ranking: RankingView | None
    max_suppliers_count: int
    most_winners_count: int
    tenderers_count: int
    reversal_names: Sequence[str]  # the bids without which another would come first
    standing_in_the_way: Sequence[Finding]
    last_blocked_on: date | None  # were it decided today
    signing_from_on: date | None
    previews: Sequence[LetterPreview]
    grounds: Sequence[str]  # on which the lot may end without award
    award_id: UUID | None  # of the award that stands
    names: Mapping[UUID, str]
