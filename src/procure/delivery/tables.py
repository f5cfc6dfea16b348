"""Tables of delivery; only delivery.service writes them."""

from piccolo.columns import (
    UUID,
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

from procure.contracts.tables import Contract
from procure.db import DB, AppUUID7, is_one_of
from procure.delivery.states import ExitReason, GroupState, Mark, ParticipantState, PlanKind
from procure.demand.tables import Request
from procure.identity.tables import Organisation
from procure.providers.tables import Facilitator, Venue


class ServiceGroup(Table, db=DB, tablename="service_group"):
    """A group that runs under a call-off."""

    id = UUID(primary_key=True, default=AppUUID7())
    contract = ForeignKey(Contract, on_delete=OnDelete.restrict, default=None, null=False)
    code = Varchar(length=20, default=None, null=False)
    venue = ForeignKey(Venue, on_delete=OnDelete.restrict, default=None, null=False)
    language = Varchar(length=2, default=None, null=False)
    starts_on = Date(default=None, null=False)
    ends_until = Date(default=None, null=False)  # exclusive
    places_count = Integer(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)

    known_state = is_one_of("state", GroupState)
    group_code_uq = Unique(["contract", "code"])
    has_days = Check("ends_until > starts_on")
    has_places = Check("places_count > 0")


class GroupFacilitator(Table, db=DB, tablename="group_facilitator"):
    """A facilitator named for a group."""

    id = UUID(primary_key=True, default=AppUUID7())
    group = ForeignKey(ServiceGroup, on_delete=OnDelete.restrict, default=None, null=False)
    facilitator = ForeignKey(Facilitator, on_delete=OnDelete.restrict, default=None, null=False)

    group_facilitator_uq = Unique(["group", "facilitator"])


class TrainingDay(Table, db=DB, tablename="training_day"):
    """One day of a group's timetable, numbered from 1, in a phase of the service."""

    id = UUID(primary_key=True, default=AppUUID7())
    group = ForeignKey(ServiceGroup, on_delete=OnDelete.restrict, default=None, null=False)
    held_on = Date(default=None, null=False)
    number = Integer(default=None, null=False)
    phase = Integer(default=None, null=False)

    training_day_uq = Unique(["group", "held_on"])
    training_day_number_uq = Unique(["group", "number"])


class Participant(Table, db=DB, tablename="participant"):
    """A person of a request in a group; the risk band is frozen at referral."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    group = ForeignKey(ServiceGroup, on_delete=OnDelete.restrict, default=None, null=False)
    request = ForeignKey(Request, on_delete=OnDelete.restrict, default=None, null=False)
    client_ref = Varchar(length=30, default=None, null=False)
    risk_band = Varchar(length=1, default=None, null=False)
    referred_at = Timestamptz(default=None, null=False)
    referred_by = UUID(default=None, null=False)
    joins_on = Date(default=None, null=False)
    stays_until = Date(default=None, null=False)  # exclusive; the group's end, or leaves_until
    leaves_until = Date(default=None, null=True)  # first day not in the group
    exit_reason = Varchar(length=25, default=None, null=True)
    replaces_id = UUID(default=None, null=True)  # the participant whose place was taken
    state = Varchar(length=10, default=None, null=False)

    known_state = is_one_of("state", ParticipantState)
    known_band = Check("risk_band IN ('A', 'B', 'C')")
    known_exit_reason = Check(
        "exit_reason IS NULL OR exit_reason IN ("
        + ", ".join(f"'{reason}'" for reason in ExitReason)
        + ")"
    )
    left_says_when_and_why = Check("(exit_reason IS NULL) = (leaves_until IS NULL)")
    leaving_ends_the_stay = Check("leaves_until IS NULL OR leaves_until = stays_until")
    stays_from_joining = Check("stays_until >= joins_on")
    participant_request_uq = Unique(["request"])
    participant_client_uq = Unique(["group", "client_ref"])


class Attendance(Table, db=DB, tablename="attendance"):
    """One participant's mark on one training day."""

    id = UUID(primary_key=True, default=AppUUID7())
    participant = ForeignKey(Participant, on_delete=OnDelete.restrict, default=None, null=False)
    day = ForeignKey(TrainingDay, on_delete=OnDelete.restrict, default=None, null=False)
    mark = Varchar(length=15, default=None, null=False)
    entered_at = Timestamptz(default=None, null=False)
    entered_by = UUID(default=None, null=False)
    was = Varchar(length=15, default=None, null=True)  # the mark that a late correction replaced
    reason = Text(default=None, null=True)  # of a late correction

    known_mark = is_one_of("mark", Mark)
    attendance_uq = Unique(["participant", "day"])


class Plan(Table, db=DB, tablename="plan"):
    """A plan agreed with a participant: the individual plan, or the exit plan.

    What was recorded stays; a wrong plan is withdrawn, and then another may be recorded
    (sql/70_delivery.sql). One that was entered late counts once the buyer's side confirms it.
    """

    id = UUID(primary_key=True, default=AppUUID7())
    participant = ForeignKey(Participant, on_delete=OnDelete.restrict, default=None, null=False)
    kind = Varchar(length=10, default=None, null=False)
    agreed_on = Date(default=None, null=False)
    goal = Text(default=None, null=False)
    recorded_at = Timestamptz(default=None, null=False)
    recorded_by = UUID(default=None, null=False)
    needs_confirmation = Boolean(default=None, null=False)  # by the rule of the day of recording
    confirmed_at = Timestamptz(default=None, null=True)
    confirmed_by = UUID(default=None, null=True)
    confirmation = Text(default=None, null=True)  # why the buyer's side says that it is so
    withdrawn_at = Timestamptz(default=None, null=True)
    withdrawn_by = UUID(default=None, null=True)
    withdrawal = Text(default=None, null=True)  # why it was wrong

    known_kind = is_one_of("kind", PlanKind)
    confirmed_is_whole = Check("num_nonnulls(confirmed_at, confirmed_by, confirmation) IN (0, 3)")
    confirmed_if_needed = Check("confirmed_at IS NULL OR needs_confirmation")
    withdrawn_is_whole = Check("num_nonnulls(withdrawn_at, withdrawn_by, withdrawal) IN (0, 3)")


class Employer(Table, db=DB, tablename="employer"):
    """An employer that groups visit."""

    id = UUID(primary_key=True, default=AppUUID7())
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    code = Varchar(length=20, default=None, null=False)
    name = Varchar(length=200, default=None, null=False)
    registry_code = Varchar(length=8, default=None, null=False)
    county = Varchar(length=5, default=None, null=False)
    sector = Varchar(length=100, default=None, null=False)

    employer_code_uq = Unique(["buyer", "code"])


class EmployerVisit(Table, db=DB, tablename="employer_visit"):
    """A group's visit to an employer, with the vacancies that were open."""

    id = UUID(primary_key=True, default=AppUUID7())
    group = ForeignKey(ServiceGroup, on_delete=OnDelete.restrict, default=None, null=False)
    employer = ForeignKey(Employer, on_delete=OnDelete.restrict, default=None, null=False)
    visited_on = Date(default=None, null=False)
    vacancies_count = Integer(default=None, null=False)
    result = Text(default=None, null=False)
    recorded_at = Timestamptz(default=None, null=False)
    recorded_by = UUID(default=None, null=False)

    visit_uq = Unique(["group", "employer", "visited_on"])


class VisitParticipant(Table, db=DB, tablename="visit_participant"):
    """Who was at a visit, and for whom it was relevant."""

    id = UUID(primary_key=True, default=AppUUID7())
    visit = ForeignKey(EmployerVisit, on_delete=OnDelete.restrict, default=None, null=False)
    participant = ForeignKey(Participant, on_delete=OnDelete.restrict, default=None, null=False)
    is_relevant = Boolean(default=None, null=False)

    visit_participant_uq = Unique(["visit", "participant"])
