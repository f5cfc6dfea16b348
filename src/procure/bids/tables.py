"""Tables of bids; only bids.service writes them."""

from piccolo.columns import (
    UUID,
    BigInt,
    Bytea,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.bids.states import BidState, FileState
from procure.db import DB, AppUUID7, is_one_of, is_sha256
from procure.identity.tables import Organisation, Person
from procure.tenders.tables import Lot, Tender


class Arrival(Table, db=DB, tablename="arrival"):
    """That a submission was here, stamped by the database before anything else was done (R7).

    Stamped before anyone is asked who sent it, so that a slow sign-in makes no bid late; whose it
    is, is filled in once. Either a bid comes of it, or it is refused; one that is neither was cut
    off and blocks the opening for a minute (T-3b). Only the function `note_arrivals` makes one.
    """

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    package_id = UUID(default=None, null=True)  # what was submitted, where it lay here beforehand
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=True)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=True)
    began_at = Timestamptz(default=None, null=False)  # first byte
    arrived_at = Timestamptz(default=None, null=False)  # last byte
    waited_us = BigInt(default=None, null=False)  # here, before the database could be asked
    size_bytes = BigInt(default=None, null=False)
    refused_at = Timestamptz(default=None, null=True)
    refusal = Varchar(length=60, default=None, null=True)  # code of the first finding

    began_before_it_arrived = Check("began_at <= arrived_at")
    wait_is_short = Check("waited_us >= 0 AND waited_us <= 120000000")
    size_is_a_size = Check("size_bytes >= 0")
    sender_is_whole = Check("(provider_org IS NULL) = (person IS NULL)")
    refusal_is_whole = Check("(refused_at IS NULL) = (refusal IS NULL)")


class BidPackage(Table, db=DB, tablename="bid_package"):
    """A bid that is checked, encrypted and not yet submitted: uploaded is not submitted (R4).

    Its id becomes the bid's. Nobody reads it, its bidder included; to submit it is one small
    request.
    """

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    version = Integer(default=None, null=False)
    ciphertext = Bytea(default=None, null=False)
    ciphertext_sha256 = Varchar(length=64, default=None, null=False)
    parts = Text(default=None, null=False)  # canonical JSON: the sealed parts besides
    prepared_by = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    prepared_at = Timestamptz(default=None, null=False)

    sha_is_hash = is_sha256("ciphertext_sha256")
    version_counts = Check("version >= 1")
    package_version_uq = Unique(["lot", "provider_org", "version"])


class BidFile(Table, db=DB, tablename="bid_file"):
    """A file that is uploaded for a bid, beforehand and in pieces; what it is called is locked."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    uploaded_by = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    about = Bytea(default=None, null=False)  # name and hash, locked with the installation's key
    key_sha256 = Varchar(length=64, default=None, null=False)  # of the uploader's own key
    length_bytes = BigInt(default=None, null=False)
    offset_bytes = BigInt(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    media_type = Varchar(length=100, default=None, null=True)
    sealed_sha256 = Varchar(length=64, default=None, null=True)
    sealed_bytes = BigInt(default=None, null=True)
    refusal = Varchar(length=60, default=None, null=True)
    began_at = Timestamptz(default=None, null=False)

    known_state = is_one_of("state", FileState)
    key_is_hash = is_sha256("key_sha256")
    sealed_is_hash = is_sha256("sealed_sha256")
    offset_is_inside = Check("offset_bytes >= 0 AND offset_bytes <= length_bytes")
    sealed_is_whole = Check(
        "(state = 'sealed') = (sealed_sha256 IS NOT NULL) AND (sealed_sha256 IS NULL) = "
        "(sealed_bytes IS NULL)"
    )
    refused_says_why = Check("(state = 'refused') = (refusal IS NOT NULL)")


class BidPiece(Table, db=DB, tablename="bid_piece"):
    """A piece of an upload, locked with a key that only its uploader has; gone once it is whole."""

    id = UUID(primary_key=True, default=AppUUID7())
    file = ForeignKey(BidFile, on_delete=OnDelete.cascade, default=None, null=False)
    starts_at_byte = BigInt(default=None, null=False)
    content = Bytea(default=None, null=False)

    piece_uq = Unique(["file", "starts_at_byte"])


class StoredDraft(Table, db=DB, tablename="bid_draft"):
    """What a bidder has typed and not submitted, locked with the installation's key."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    provider_org = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    content = Bytea(default=None, null=False)
    saved_by = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    saved_at = Timestamptz(default=None, null=False)

    bid_draft_uq = Unique(["tender", "provider_org"])


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
    parts = Text(default=None, null=False)  # canonical JSON: the sealed parts besides
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
