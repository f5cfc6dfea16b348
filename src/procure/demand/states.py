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
        (RequestState.PLANNED, "refuse"): RequestState.REFUSED,
        (RequestState.TENDERED, "place"): RequestState.PLACED,
        (RequestState.TENDERED, "refuse"): RequestState.REFUSED,
        (RequestState.TENDERED, "release"): RequestState.RECORDED,
    }
)


class Verdict(StrEnum):
    """What an analysis says of one request."""

    GROUPED = "grouped"
    WAITING = "waiting"
    REFERRED_OUT = "refer-to-municipality"


EVENTS = {
    "request:recorded": n_("A request was recorded."),
    "requests:imported": n_("Requests were imported from a file."),
    "basis:made": n_("Demand was analysed and kept as the basis of a tender."),
    "request:placed": n_("A request was placed in a group."),
    "requests:tendered": n_("The requests of a basis went out to tender."),
}
