"""Tables of evaluation; only evaluation.service writes them."""

from piccolo.columns import (
    UUID,
    Array,
    Boolean,
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

from procure.bids.tables import Bid
from procure.db import DB, AppUUID7, is_one_of
from procure.evaluation.states import ExplanationState
from procure.identity.tables import Person
from procure.tenders.tables import Criterion, Lot


class PanelMember(Table, db=DB, tablename="panel_member"):
    """An evaluator of a lot; no door of the lot opens before the declaration."""

    id = UUID(primary_key=True, default=AppUUID7())
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    appointed_at = Timestamptz(default=None, null=False)
    declared_at = Timestamptz(default=None, null=True)
    has_conflict = Boolean(default=None, null=True)
    declaration = Text(default=None, null=True)
    locked_at = Timestamptz(default=None, null=True)  # own scores handed in
    released_at = Timestamptz(
        default=None, null=True
    )  # by the coordinator, before scoring was done
    released_reason = Text(default=None, null=True)

    panel_member_uq = Unique(["lot", "person"])
    declared_is_whole = Check("(declared_at IS NULL) = (has_conflict IS NULL)")
    conflicted_never_lock = Check("locked_at IS NULL OR has_conflict = false")
    released_never_lock = Check("locked_at IS NULL OR released_at IS NULL")
    released_says_why = Check("(released_at IS NULL) = (released_reason IS NULL)")


class Score(Table, db=DB, tablename="score"):
    """One evaluator's points for one bid on one quality criterion, with the reason."""

    id = UUID(primary_key=True, default=AppUUID7())
    member = ForeignKey(PanelMember, on_delete=OnDelete.restrict, default=None, null=False)
    bid = ForeignKey(Bid, on_delete=OnDelete.restrict, default=None, null=False)
    criterion = ForeignKey(Criterion, on_delete=OnDelete.restrict, default=None, null=False)
    points = Numeric(digits=None, default=None, null=False)
    reason = Text(default=None, null=False)
    given_at = Timestamptz(default=None, null=False)

    score_uq = Unique(["member", "bid", "criterion"])
    has_a_reason = Check("length(trim(reason)) >= 3")
    not_negative = Check("points >= 0")


class Explanation(Table, db=DB, tablename="explanation"):
    """The question that follows an abnormally low price, its answer and what was decided."""

    id = UUID(primary_key=True, default=AppUUID7())
    bid = ForeignKey(Bid, on_delete=OnDelete.restrict, default=None, null=False)
    facts = Text(default=None, null=False)  # canonical JSON: why it was flagged
    question = Text(default=None, null=False)
    asked_at = Timestamptz(default=None, null=False)
    due_on = Date(default=None, null=False)
    answer = Text(default=None, null=True)
    answered_at = Timestamptz(default=None, null=True)
    state = Varchar(length=10, default=None, null=False)
    reason = Text(default=None, null=True)
    decided_at = Timestamptz(default=None, null=True)
    decided_by = UUID(default=None, null=True)

    known_state = is_one_of("state", ExplanationState)
    explanation_bid_uq = Unique(["bid"])
    decided_has_a_reason = Check(
        "(state IN ('accepted', 'rejected')) = (decided_at IS NOT NULL AND reason IS NOT NULL)"
    )


class Drawing(Table, db=DB, tablename="drawing"):
    """The order in which lots were drawn between equal bids, by hand and in front of witnesses."""

    id = UUID(primary_key=True, default=AppUUID7())
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    bids = Array(base_column=UUID(), default=list, null=False)  # the first one drawn comes first
    minutes = Text(default=None, null=False)  # who drew, who watched, how
    drawn_at = Timestamptz(default=None, null=False)
    recorded_by = UUID(default=None, null=False)

    draws_two_or_more = Check("cardinality(bids) >= 2")
    has_minutes = Check("length(trim(minutes)) >= 10")


class Evaluation(Table, db=DB, tablename="evaluation"):
    """One ranking of a lot: the facts it rests on and every step; a new one is a new version."""

    id = UUID(primary_key=True, default=AppUUID7())
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    version = Integer(default=None, null=False)
    made_at = Timestamptz(default=None, null=False)
    made_by = UUID(default=None, null=False)
    facts = Text(default=None, null=False)  # canonical JSON of evaluation.rules.LotFacts
    result = Text(default=None, null=False)  # canonical JSON of evaluation.rules.Ranking

    evaluation_version_uq = Unique(["lot", "version"])
    counts_from_one = Check("version >= 1")
