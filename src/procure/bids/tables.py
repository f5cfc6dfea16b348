"""Tables of bids; only bids.service writes them."""

from piccolo.columns import UUID, Bytea, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.bids.states import BidState
from procure.db import DB, AppUUID7, is_one_of, is_sha256
from procure.identity.tables import Organisation, Person
from procure.tenders.tables import Lot, Tender


class Arrival(Table, db=DB, tablename="arrival"):
    """That a submission was here, stamped by the database before anything else was done (R7).

    Either a bid comes of it, or it is refused; one that is neither was cut off and blocks the
    opening for a minute (T-3b). Only the function `note_arrival` makes one.
    """

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    arrived_at = Timestamptz(default=None, null=False)
    refused_at = Timestamptz(default=None, null=True)


class Bid(Table, db=DB, tablename="bid"):
    """One version of a provider's bid for a lot: ciphertext, hash, instant and receipt."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    arrival = ForeignKey(Arrival, on_delete=OnDelete.restrict, default=None, null=False)
    version = Integer(default=None, null=False)
    ciphertext = Bytea(default=None, null=False)
    ciphertext_sha256 = Varchar(length=64, default=None, null=False)
    received_at = Timestamptz(default=None, null=False)  # stamped by the database on arrival
    submitted_by = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    receipt = Text(default=None, null=False)  # canonical JSON, signed
    state = Varchar(length=10, default=None, null=False)
    content = Text(default=None, null=True)  # canonical JSON of bids.rules.BidContent, once opened
    opened_at = Timestamptz(default=None, null=True)

    known_state = is_one_of("state", BidState)
    sha_is_hash = is_sha256("ciphertext_sha256")
    bid_arrival_uq = Unique(["arrival"])
    version_counts = Check("version >= 1")
    bid_version_uq = Unique(["lot", "provider_org", "version"])
    content_only_when_opened = Check("(state = 'opened') = (content IS NOT NULL)")
    opened_has_an_instant = Check("(content IS NULL) = (opened_at IS NULL)")


class OpeningShare(Table, db=DB, tablename="opening_share"):
    """A share that a keyholder gave after the deadline; one is worth nothing alone."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    share = Text(default=None, null=True)  # the words, until the opening; then forgotten
    share_sha256 = Varchar(length=64, default=None, null=False)
    given_at = Timestamptz(default=None, null=False)

    share_is_hash = is_sha256("share_sha256")
    opening_share_uq = Unique(["tender", "person"])


class Opening(Table, db=DB, tablename="opening"):
    """The opening of a tender's bids, once, with its minutes."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    opened_at = Timestamptz(default=None, null=False)
    minutes = Text(default=None, null=False)  # canonical JSON: who opened, what was found
    paper_id = UUID(default=None, null=True)

    opening_tender_uq = Unique(["tender"])
