"""Bids: the only writer of its tables. Sealed on arrival; opened by k of n after the deadline."""

from procure.bids.service.opening import give_share
from procure.bids.service.submitting import submit_bid, withdraw_bid

__all__ = ["give_share", "submit_bid", "withdraw_bid"]
