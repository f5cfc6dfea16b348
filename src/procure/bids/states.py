"""The life of a bid."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class BidState(StrEnum):
    """Where one version of a bid stands."""

    SEALED = "sealed"
    REPLACED = "replaced"  # by a later version of the same bidder; never opened
    WITHDRAWN = "withdrawn"  # never opened
    LATE = "late"  # arrived at or after the deadline; kept sealed, never opened
    OPENED = "opened"


BID = Machine(
    {
        (BidState.SEALED, "replace"): BidState.REPLACED,
        (BidState.SEALED, "withdraw"): BidState.WITHDRAWN,
        (BidState.SEALED, "open"): BidState.OPENED,
    }
)


class FileState(StrEnum):
    """Where an upload stands."""

    RECEIVING = "receiving"  # pieces lie here, locked with the uploader's own key
    SEALED = "sealed"  # whole, checked, encrypted to the tender's key
    REFUSED = "refused"  # looked into and not taken; nothing of it is kept


FILE = Machine(
    {
        (FileState.RECEIVING, "seal"): FileState.SEALED,
        (FileState.RECEIVING, "refuse"): FileState.REFUSED,
    }
)

EVENTS = {
    "bid:sealed": n_("A sealed bid arrived."),
    "bid:replaced": n_("A bid was replaced by a later version."),
    "bid:withdrawn": n_("A bid was withdrawn."),
    "bid:late": n_("A bid arrived late and stays sealed."),
    "bid:denied": n_("Someone tried to read sealed bids and was refused."),
    "opening:share-given": n_("A keyholder gave a share to open the bids."),
    "bids:opened": n_("The bids were opened."),
}
