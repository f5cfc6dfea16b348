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


class Paper(Table, db=DB, tablename="paper"):
    """A document printed from facts; read by the buyer and, if named, one other organisation."""

    id = UUID(primary_key=True, default=AppUUID7())
    kind = Varchar(length=40, default=None, null=False)  # also the template's name
    template = Varchar(length=100, default=None, null=False)
    title = Varchar(length=200, default=None, null=False)
    language = Varchar(length=2, default=None, null=False)
    subject_id = UUID(default=None, null=False)
    buyer_id = UUID(default=None, null=False)
    reader_org_id = UUID(default=None, null=True)
    facts = Text(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    ordered_at = Timestamptz(default=None, null=False)
    printed_at = Timestamptz(default=None, null=True)
    file = ForeignKey(File, on_delete=OnDelete.restrict, default=None, null=True)
    failure = Text(default=None, null=True)

    known_state = is_one_of("state", PaperState)
    printed_has_a_file = Check("(state = 'printed') = (file IS NOT NULL)")
