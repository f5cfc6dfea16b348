"""Bids over HTTP, as JSON."""

from litestar import Controller

from procure.bids.api.arrivals import ArrivalMiddleware, provide_arrived
from procure.bids.api.bidding import BidApi, TenderBidApi

CONTROLLERS: list[type[Controller]] = [TenderBidApi, BidApi]

__all__ = ["CONTROLLERS", "ArrivalMiddleware", "provide_arrived"]
