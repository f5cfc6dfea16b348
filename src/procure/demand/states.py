"""The life of a caseworker's request."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class RequestState(StrEnum):
    """Where a request stands."""

    RECORDED = "recorded"
    PLANNED = "planned"  # in a group of a tender basis
    TENDERED = "tendered"  # that basis was published as a tender
    PLACED = "placed"  # a participant of a group
    REFERRED_OUT = "referred-out"  # to the municipality first
    REFUSED = "refused"


REQUEST = Machine(
    {
        (RequestState.RECORDED, "plan"): RequestState.PLANNED,
        (RequestState.RECORDED, "refer-out"): RequestState.REFERRED_OUT,
        (RequestState.RECORDED, "refuse"): RequestState.REFUSED,
        (RequestState.RECORDED, "place"): RequestState.PLACED,
        (RequestState.PLANNED, "tender"): RequestState.TENDERED,
        (RequestState.PLANNED, "place"): RequestState.PLACED,
        (RequestState.PLANNED, "release"): RequestState.RECORDED,
        (RequestState.PLANNED, "refuse"): RequestState.REFUSED,
        (RequestState.TENDERED, "place"): RequestState.PLACED,
        (RequestState.TENDERED, "refuse"): RequestState.REFUSED,
        (RequestState.TENDERED, "release"): RequestState.RECORDED,
    }
)


class PlanState(StrEnum):
    """Where a group plan stands."""

    ASKED = "asked"  # waits for the solver
    DRAFTED = "drafted"  # made; people and groups can be moved by hand
    FAILED = "failed"
    FINAL = "final"  # kept as the basis of a tender
    WITHDRAWN = "withdrawn"


PLAN = Machine(
    {
        (PlanState.ASKED, "make"): PlanState.DRAFTED,
        (PlanState.ASKED, "fail"): PlanState.FAILED,
        (PlanState.ASKED, "withdraw"): PlanState.WITHDRAWN,
        (PlanState.DRAFTED, "move"): PlanState.DRAFTED,
        (PlanState.DRAFTED, "keep"): PlanState.FINAL,
        (PlanState.DRAFTED, "withdraw"): PlanState.WITHDRAWN,
        (PlanState.FAILED, "withdraw"): PlanState.WITHDRAWN,
    }
)


class ObjectionKind(StrEnum):
    """What a caseworker objects to."""

    BAND = "band"  # the risk band, for which another one is asked
    OTHER = "other"  # a plan, a provider, a decision


class ObjectionState(StrEnum):
    """Where an objection stands."""

    OPEN = "open"
    ANSWERED = "answered"


OBJECTION = Machine({(ObjectionState.OPEN, "answer"): ObjectionState.ANSWERED})


class ReadReason(StrEnum):
    """Why somebody looked at one person's request; the reader's role says it, unless they do."""

    OWN = "own"  # recorded it
    CASEWORK = "casework"
    PLANNING = "planning"
    CONTROL = "control"


class Suitability(StrEnum):
    """What the caseworker judged when the request was made; the system never decides this."""

    SUITABLE = "suitable"
    MUNICIPALITY = "refer-to-municipality"


class Verdict(StrEnum):
    """What an analysis says of one request."""

    GROUPED = "grouped"
    WAITING = "waiting"
    REFERRED_OUT = "refer-to-municipality"


class Source(StrEnum):
    """How a request came in."""

    FILE = "file"
    FORM = "form"
    API = "api"


EVENTS = {
    "request:recorded": n_("A request was recorded."),
    "requests:imported": n_("Requests were imported from a file."),
    "basis:made": n_("Demand was analysed and kept as the basis of a tender."),
    "request:placed": n_("A request was placed in a group."),
    "request:refused": n_("A request was refused, with a reason."),
    "plan:asked": n_("A group plan was asked for."),
    "plan:made": n_("A group plan was made."),
    "plan:failed": n_("A group plan could not be made."),
    "plan:moved": n_("A group plan was changed by hand."),
    "plan:withdrawn": n_("A group plan was set aside."),
    "plan:kept": n_("A group plan was kept as the basis of a tender."),
    "forecast:made": n_("Demand was forecast."),
    "objection:made": n_("A caseworker objected."),
    "objection:answered": n_("An objection was answered."),
    "requests:tendered": n_("The requests of a basis went out to tender."),
    "requests:released": n_("Requests of a basis came back and wait for the next analysis."),
}
