"""The rules of bids: what is wrong with one, what its receipt says, what an opening found.

Pure: instants, tenders and facilitators are arguments. Prices in the tender's currency without VAT.
Source: Directive 2014/24/EU Annex IV; RHS § 113; promises R1-R8, T-1 to T-19.
"""

from procure.bids.rules.content import (
    BidContent,
    BidderFacts,
    BidDraft,
    BidHeader,
    FacilitatorRef,
    SealedContent,
    bid_findings,
    header_differences,
)
from procure.bids.rules.files import (
    LARGEST_FILE,
    MOST_FILES,
    MOST_TOGETHER,
    PIECE_BYTES,
    FileRef,
    file_findings,
    room_findings,
)
from procure.bids.rules.offer import (
    Partner,
    PriceLine,
    Subcontractor,
    party_findings,
    schedule_findings,
)
from procure.bids.rules.opening import (
    IN_PROCESS_SECONDS,
    DamagedBid,
    Minutes,
    OpenedLine,
    Opener,
    ShareFacts,
    share_objections,
)
from procure.bids.rules.receipt import (
    Receipt,
    ReceiptFacts,
    SealedPart,
    Verdict,
    instant_text,
    late,
)

__all__ = [
    "IN_PROCESS_SECONDS",
    "LARGEST_FILE",
    "MOST_FILES",
    "MOST_TOGETHER",
    "PIECE_BYTES",
    "BidContent",
    "BidDraft",
    "BidHeader",
    "BidderFacts",
    "DamagedBid",
    "FacilitatorRef",
    "FileRef",
    "Minutes",
    "OpenedLine",
    "Opener",
    "Partner",
    "PriceLine",
    "Receipt",
    "ReceiptFacts",
    "SealedContent",
    "SealedPart",
    "ShareFacts",
    "Subcontractor",
    "Verdict",
    "bid_findings",
    "file_findings",
    "header_differences",
    "instant_text",
    "late",
    "party_findings",
    "room_findings",
    "schedule_findings",
    "share_objections",
]
