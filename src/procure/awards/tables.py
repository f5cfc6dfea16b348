"""Tables of awards; only awards.service writes them."""

from piccolo.columns import (
    UUID,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.awards.states import AwardState, LetterKind
from procure.bids.tables import Bid
from procure.db import DB, AppUUID7, is_one_of
from procure.evaluation.tables import Evaluation
from procure.identity.tables import Organisation
from procure.tenders.tables import Lot


class Award(Table, db=DB, tablename="award"):
    """The decision on one lot, on the evaluation it rests on."""

    id = UUID(primary_key=True, default=AppUUID7())
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    evaluation = ForeignKey(Evaluation, on_delete=OnDelete.restrict, default=None, null=False)
    decided_at = Timestamptz(default=None, null=False)
    decided_by = UUID(default=None, null=False)
    reasons = Text(default=None, null=False)
    last_blocked_on = Date(default=None, null=True)  # null: the law asks no standstill
    facts = Text(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    annulled_reason = Text(default=None, null=True)
    paper_id = UUID(default=None, null=True)  # evaluation report and decision

    known_state = is_one_of("state", AwardState)
    award_evaluation_uq = Unique(["evaluation"])
    annulled_says_why = Check("(state = 'annulled') = (annulled_reason IS NOT NULL)")


class AwardSupplier(Table, db=DB, tablename="award_supplier"):
    """A winning bid of an award, in rank order."""

    id = UUID(primary_key=True, default=AppUUID7())
    award = ForeignKey(Award, on_delete=OnDelete.restrict, default=None, null=False)
    bid = ForeignKey(Bid, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    rank = Integer(default=None, null=False)
    total = Numeric(digits=None, default=None, null=False)

    award_supplier_uq = Unique(["award", "bid"])
    rank_counts = Check("rank >= 1")


class Letter(Table, db=DB, tablename="letter"):
    """What one tenderer was told, and why; also where a lot ends without award."""

    id = UUID(primary_key=True, default=AppUUID7())
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    award = ForeignKey(Award, on_delete=OnDelete.restrict, default=None, null=True)
    bid = ForeignKey(Bid, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)
    sent_at = Timestamptz(default=None, null=False)
    facts = Text(default=None, null=False)
    paper_id = UUID(default=None, null=True)

    known_kind = is_one_of("kind", LetterKind)
    letter_uq = Unique(["award", "bid", "kind"])
    only_no_award_has_none = Check("(kind = 'no-award') = (award IS NULL)")
