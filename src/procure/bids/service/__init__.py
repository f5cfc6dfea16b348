"""Bids: the only writer of its tables. Sealed on arrival; opened by k of n after the deadline."""

from procure.bids.service.arriving import Arrived, Seen, note, refuse
from procure.bids.service.drafts import drop_draft, save_draft
from procure.bids.service.files import add_piece, remove_file, start_file, upload_whole
from procure.bids.service.opening import give_share
from procure.bids.service.preparing import check_bid, prepare_bid
from procure.bids.service.submitting import submit_bid, submit_prepared, withdraw_bid

__all__ = [
    "Arrived",
    "Seen",
    "add_piece",
    "check_bid",
    "drop_draft",
    "give_share",
    "note",
    "prepare_bid",
    "refuse",
    "remove_file",
    "save_draft",
    "start_file",
    "submit_bid",
    "submit_prepared",
    "upload_whole",
    "withdraw_bid",
]
