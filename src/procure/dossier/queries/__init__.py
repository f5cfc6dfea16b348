"""Reading every stage for a dossier, and the dossiers that were made."""

from procure.dossier.queries.collecting import EXPORT_EVENT, Collected, collect, heading, newest
from procure.dossier.queries.made import (
    find_tender,
    read_content,
    read_dossier,
    read_dossiers,
    read_procedures,
)

__all__ = [
    "EXPORT_EVENT",
    "Collected",
    "collect",
    "find_tender",
    "heading",
    "newest",
    "read_content",
    "read_dossier",
    "read_dossiers",
    "read_procedures",
]
