"""Bids over HTTP, as JSON."""

from litestar import Controller

from procure.bids.api.arrivals import ArrivalMiddleware, provide_arrived
from procure.bids.api.bidding import BidApi, TenderBidApi
from procure.bids.api.files import FileApi, OpenedFileApi, TenderFileApi

CONTROLLERS: list[type[Controller]] = [
    TenderBidApi,
    BidApi,
    TenderFileApi,
    FileApi,
    OpenedFileApi,
]

__all__ = ["CONTROLLERS", "ArrivalMiddleware", "provide_arrived"]
