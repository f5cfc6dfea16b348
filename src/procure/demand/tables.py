"""Tables of demand; only demand.service writes them."""

from piccolo.columns import (
    UUID,
    Array,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.db import DB, AppUUID7, is_one_of
from procure.demand.states import (
    ObjectionKind,
    ObjectionState,
    PlanState,
    ReadReason,
    RequestState,
    Source,
    Suitability,
    Verdict,
)
from procure.identity.tables import Organisation


class Request(Table, db=DB, tablename="request"):
    """One caseworker's request for one client, who is known here by a reference alone."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    reference = Varchar(length=30, default=None, null=False)
    created_on = Date(default=None, null=False)
    county = Varchar(length=5, default=None, null=False)
    bureau = Varchar(length=20, default=None, null=False)
    caseworker_ref = Varchar(length=30, default=None, null=False)
    client_ref = Varchar(length=30, default=None, null=False)
    service_code = Varchar(length=40, default=None, null=False)
    language = Varchar(length=2, default=None, null=False)
    risk_band = Varchar(length=1, default=None, null=False)
    barriers = Array(base_column=Varchar(length=20), default=list, null=False)
    needs_transport = Boolean(default=None, null=False)
    needs_childcare = Boolean(default=None, null=False)
    earliest_start_on = Date(default=None, null=False)
    suitability = Varchar(length=25, default=None, null=False)  # the caseworker's judgement
    source = Varchar(length=10, default=None, null=False)
    state = Varchar(length=15, default=None, null=False)
    state_reason = Text(default=None, null=True)  # refused: a person's words; else a source text
    recorded_at = Timestamptz(default=None, null=False)
    recorded_by = UUID(default=None, null=False)

    known_state = is_one_of("state", RequestState)
    known_suitability = is_one_of("suitability", Suitability)
    known_source = is_one_of("source", Source)
    known_band = Check("risk_band IN ('A', 'B', 'C')")
    request_reference_uq = Unique(["buyer", "reference"])
    starts_after_it_was_made = Check("earliest_start_on >= created_on")
    refused_has_a_reason = Check("state <> 'refused' OR state_reason IS NOT NULL")


class Basis(Table, db=DB, tablename="basis"):
    """An analysis of demand, kept with its facts, that a tender is made from."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    service_code = Varchar(length=40, default=None, null=False)
    made_at = Timestamptz(default=None, null=False)
    made_by = UUID(default=None, null=False)
    facts = Text(default=None, null=False)  # canonical JSON of rules.groups.DemandFacts
    result = Text(default=None, null=False)  # canonical JSON of rules.groups.DemandPlan


class BasisRequest(Table, db=DB, tablename="basis_request"):
    """What one analysis said of one request."""

    id = UUID(primary_key=True, default=AppUUID7())
    basis = ForeignKey(Basis, on_delete=OnDelete.restrict, default=None, null=False)
    request = ForeignKey(Request, on_delete=OnDelete.restrict, default=None, null=False)
    area_code = Varchar(length=20, default=None, null=True)  # null: no area covers the county
    verdict = Varchar(length=25, default=None, null=False)
    group_no = Integer(default=None, null=True)  # counted through the whole basis
    reason = Text(default=None, null=False)  # canonical JSON of demand.rules.groups.Reason

    known_verdict = is_one_of("verdict", Verdict)
    basis_request_uq = Unique(["basis", "request"])
    grouped_has_a_group = Check("(verdict = 'grouped') = (group_no IS NOT NULL)")


class GroupPlan(Table, db=DB, tablename="group_plan"):
    """A plan of groups: asked for, made by the solver, moved by hand, kept as a basis."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    service_code = Varchar(length=40, default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    asked_at = Timestamptz(default=None, null=False)
    asked_by = UUID(default=None, null=False)
    seconds_count = Integer(default=None, null=False)  # that the solver may take
    draft = Text(default=None, null=False)  # canonical JSON of demand.schemas.PlanDraft
    facts = Text(default=None, null=False)  # canonical JSON of rules.grouping.facts.PlanFacts
    solved = Text(default=None, null=True)  # canonical JSON of GroupPlan, as the solver left it
    made_at = Timestamptz(default=None, null=True)
    failure = Text(default=None, null=True)
    groups = Text(default=None, null=True)  # canonical JSON of list[GroupOfPlan], as they are now
    held_out = Array(base_column=UUID(), default=list, null=False)  # requests that a hand took out
    moves_count = Integer(default=0, null=False)
    follows = UUID(default=None, null=True)  # the plan whose decisions were kept in this one
    basis = ForeignKey(Basis, on_delete=OnDelete.restrict, default=None, null=True)

    known_state = is_one_of("state", PlanState)
    has_a_limit = Check("seconds_count BETWEEN 1 AND 600")
    made_has_groups = Check("(solved IS NULL) = (groups IS NULL)")
    made_has_its_time = Check("(solved IS NULL) = (made_at IS NULL)")
    final_has_a_basis = Check("(state = 'final') = (basis IS NOT NULL)")


class PlanMove(Table, db=DB, tablename="plan_move"):
    """One thing done to a plan by hand, with what it cost."""

    id = UUID(primary_key=True, default=AppUUID7())
    plan = ForeignKey(GroupPlan, on_delete=OnDelete.restrict, default=None, null=False)
    number = Integer(default=None, null=False)
    moved_at = Timestamptz(default=None, null=False)
    moved_by = UUID(default=None, null=False)
    move = Text(default=None, null=False)  # canonical JSON of rules.grouping.moving.Move
    reason = Text(default=None, null=False)
    before = Text(default=None, null=False)  # canonical JSON of rules.grouping.facts.Figures
    after = Text(default=None, null=False)
    broken = Text(default=None, null=False)  # canonical JSON of the rules that it broke anew

    plan_move_uq = Unique(["plan", "number"])


class RequestCount(Table, db=DB, tablename="request_count"):
    """How many requests there are of each kind: rows to be summed, written by a trigger alone.

    Every change of `request` adds rows of differences, so that nobody waits for anybody else's
    count; `demand.service.compact_counts` sums them up now and then.
    """

    id = BigSerial(primary_key=True)
    buyer = UUID(default=None, null=False)
    service_code = Varchar(length=40, default=None, null=False)
    county = Varchar(length=5, default=None, null=False)
    language = Varchar(length=2, default=None, null=False)
    risk_band = Varchar(length=1, default=None, null=False)
    suitability = Varchar(length=25, default=None, null=False)
    state = Varchar(length=15, default=None, null=False)
    month = Date(default=None, null=False)  # the first day of that in which it was made
    requests_count = Integer(default=None, null=False)  # a difference may be negative


class DemandForecast(Table, db=DB, tablename="demand_forecast"):
    """A forecast, kept to be compared with what comes; without a result it is being made."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    service_code = Varchar(length=40, default=None, null=False)
    asked_at = Timestamptz(default=None, null=False)
    asked_by = UUID(default=None, null=True)  # null: a tender was published
    months_count = Integer(default=None, null=False)
    facts = Text(default=None, null=False)  # canonical JSON of rules.forecasting.History
    result = Text(default=None, null=True)  # canonical JSON of rules.forecasting.Forecast
    made_at = Timestamptz(default=None, null=True)
    basis = ForeignKey(Basis, on_delete=OnDelete.restrict, default=None, null=True)

    looks_ahead = Check("months_count BETWEEN 1 AND 24")
    made_has_its_time = Check("(result IS NULL) = (made_at IS NULL)")


class Objection(Table, db=DB, tablename="objection"):
    """A caseworker's objection to what became of a request, or appeal of its risk band."""

    id = UUID(primary_key=True, default=AppUUID7())
    request = ForeignKey(Request, on_delete=OnDelete.restrict, default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)
    wanted_band = Varchar(length=1, default=None, null=True)
    reason = Text(default=None, null=False)
    made_at = Timestamptz(default=None, null=False)
    made_by = UUID(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    is_upheld = Boolean(default=None, null=True)
    reply = Text(default=None, null=True)
    answered_at = Timestamptz(default=None, null=True)
    answered_by = UUID(default=None, null=True)

    known_kind = is_one_of("kind", ObjectionKind)
    known_state = is_one_of("state", ObjectionState)
    appeal_wants_a_band = Check("(kind = 'band') = (wanted_band IS NOT NULL)")
    wanted_band_is_known = Check("wanted_band IS NULL OR wanted_band IN ('A', 'B', 'C')")
    answered_is_whole = Check(
        "(state = 'answered') = (reply IS NOT NULL AND is_upheld IS NOT NULL"
        " AND answered_at IS NOT NULL AND answered_by IS NOT NULL)"
    )
    somebody_else_answers = Check("answered_by IS NULL OR answered_by <> made_by")


class RequestRead(Table, db=DB, tablename="request_read"):
    """Somebody looked at one person's request."""

    id = UUID(primary_key=True, default=AppUUID7())
    request = ForeignKey(Request, on_delete=OnDelete.restrict, default=None, null=False)
    read_at = Timestamptz(default=None, null=False)
    read_by = UUID(default=None, null=False)
    reason = Varchar(length=10, default=None, null=False)

    known_reason = is_one_of("reason", ReadReason)
