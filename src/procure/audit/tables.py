"""Tables of audit; only the database function `record_event` writes them."""

from piccolo.columns import UUID, BigInt, Integer, Text, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from procure.db import DB, AppUUID7, is_sha256


class Event(Table, db=DB, tablename="event"):
    """One decision or fact, with what it rested on; row `seq` carries the hash of row `seq - 1`."""

    seq = BigInt(primary_key=True, default=None)
    id = UUID(default=AppUUID7(), null=False)
    kind = Varchar(length=60, default=None, null=False)
    subject_id = UUID(default=None, null=False)
    org_id = UUID(default=None, null=True)  # whose record it is: the buyer, or the provider
    actor_id = UUID(default=None, null=True)  # null: the system itself
    happened_at = Timestamptz(default=None, null=False)  # the decision's `now`
    written_at = Timestamptz(default=None, null=False)  # the database's own clock
    facts = Text(default=None, null=False)  # canonical JSON, kept byte for byte
    previous_sha256 = Varchar(length=64, default=None, null=False)
    sha256 = Varchar(length=64, default=None, null=False)

    event_sha256_uq = Unique(["sha256"])
    hash_is_hash = is_sha256("sha256")
    counts_from_one = Check("seq > 0")


class EventHead(Table, db=DB, tablename="event_head"):
    """One row: the newest event. Holding it is what makes the chain gapless."""

    id = Integer(primary_key=True, default=1)
    seq = BigInt(default=None, null=False)
    sha256 = Varchar(length=64, default=None, null=False)

    one_row = Check("id = 1")
