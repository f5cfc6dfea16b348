"""Tables of documents; only documents.service writes them."""

from piccolo.columns import UUID, BigInt, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from procure.db import DB, AppUUID7, is_one_of, is_sha256
from procure.documents.states import PaperState


class File(Table, db=DB, tablename="file"):
    """A stored file; its name on disk is its hash."""

    sha256 = Varchar(length=64, primary_key=True, default=None, null=False)
    size_bytes = BigInt(default=None, null=False)
    media_type = Varchar(length=100, default=None, null=False)
    stored_at = Timestamptz(default=None, null=False)

    name_is_hash = is_sha256("sha256")
    size_is_a_size = Check("size_bytes >= 0")


class Paper(Table, db=DB, tablename="paper"):
    """A document printed from facts; read by the buyer and, if named, one other organisation."""

    id = UUID(primary_key=True, default=AppUUID7())
    kind = Varchar(length=40, default=None, null=False)
    template = Varchar(length=100, default=None, null=False)
    title = Varchar(length=200, default=None, null=False)
    language = Varchar(length=2, default=None, null=False)
    subject_id = UUID(default=None, null=False)
    buyer_id = UUID(default=None, null=False)
    buyer_name = Varchar(length=200, default=None, null=False)  # as it was on that day
    reader_org_id = UUID(default=None, null=True)
    reader_name = Varchar(length=200, default=None, null=True)
    facts = Text(default=None, null=False)  # canonical JSON, embedded in the PDF as it stands
    state = Varchar(length=10, default=None, null=False)
    ordered_at = Timestamptz(default=None, null=False)
    printed_at = Timestamptz(default=None, null=True)
    file = ForeignKey(File, on_delete=OnDelete.restrict, default=None, null=True)
    failure = Text(default=None, null=True)  # why it is not printed, for the people who wait for it

    known_state = is_one_of("state", PaperState)
    printed_has_a_file = Check("(state = 'printed') = (file IS NOT NULL)")
    printed_has_an_instant = Check("(state = 'printed') = (printed_at IS NOT NULL)")
    failed_says_why = Check("state <> 'failed' OR failure IS NOT NULL")
    reader_is_whole = Check("(reader_org_id IS NULL) = (reader_name IS NULL)")
