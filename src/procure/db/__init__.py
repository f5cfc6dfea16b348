"""The database: one engine, transactions, checks for tables, the embedded server.

The one package that re-exports, because every table and every service imports from it:
`from procure.db import DB, is_money, is_one_of, transaction`.
"""

import os

from procure.db.checks import is_money, is_one_of, is_period, is_sha256, is_share
from procure.db.engine import (
    DB,
    DatabaseBusy,
    after_commit,
    connection,
    fetch_as,
    savepoint,
    serializable,
    transaction,
)
from procure.db.ids import AppUUID7, uuid7

# Piccolo's migrations look for their configuration by this name, at run time.
os.environ.setdefault("PICCOLO_CONF", "procure.piccolo_conf")

__all__ = [
    "DB",
    "AppUUID7",
    "DatabaseBusy",
    "after_commit",
    "connection",
    "fetch_as",
    "is_money",
    "is_one_of",
    "is_period",
    "is_sha256",
    "is_share",
    "savepoint",
    "serializable",
    "transaction",
    "uuid7",
]
