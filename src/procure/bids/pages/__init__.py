"""Bids as pages: the bidder's form, files and receipts, the opening, and what was opened."""

from litestar import Controller

from procure.bids.pages.bidding import BidPages, TenderBidPages
from procure.bids.pages.files import FilePages, TenderFilePages

CONTROLLERS: list[type[Controller]] = [TenderBidPages, BidPages, TenderFilePages, FilePages]
