"""Demand: the only writer of its tables. One function, one transaction, one event."""

from procure.demand.service.analysing import make_basis
from procure.demand.service.moving import (
    give_back,
    mark_tendered,
    place_request,
    refuse_request,
    release_requests,
)
from procure.demand.service.recording import import_requests, record_request

__all__ = [
    "give_back",
    "import_requests",
    "make_basis",
    "mark_tendered",
    "place_request",
    "record_request",
    "refuse_request",
    "release_requests",
]
