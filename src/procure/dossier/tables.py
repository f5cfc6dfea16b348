"""Tables of dossier; only dossier.service writes them."""

from piccolo.columns import UUID, BigInt, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from procure.db import DB, AppUUID7, is_sha256
from procure.documents.tables import File
from procure.identity.tables import Organisation, Person
from procure.tenders.tables import Tender


class Dossier(Table, db=DB, tablename="dossier"):
    """A file that was made of a procedure; made again at the same point, it is the same file."""

    id = UUID(primary_key=True, default=AppUUID7())
    tender = ForeignKey(Tender, on_delete=OnDelete.restrict, default=None, null=False)
    buyer = ForeignKey(Organisation, on_delete=OnDelete.restrict, default=None, null=False)
    file = ForeignKey(File, on_delete=OnDelete.restrict, default=None, null=False)
    made_at = Timestamptz(default=None, null=False)
    made_by = ForeignKey(Person, on_delete=OnDelete.restrict, default=None, null=False)
    chain_seq = BigInt(default=None, null=False)  # the newest event in it
    chain_sha256 = Varchar(length=64, default=None, null=False)

    dossier_file_uq = Unique(["tender", "file"])
    chain_is_hash = is_sha256("chain_sha256")
