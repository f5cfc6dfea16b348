"""The history in words: each event kind has its sentence, told by the package that records it."""

from collections.abc import Sequence
from importlib import import_module
from uuid import UUID

from procure.audit import queries as audit
from procure.audit.schemas import EventView
from procure.desk.schemas import HistoryItem
from procure.kernel.actors import Actor

RECORDING = (
    "identity",
    "documents",
    "tasks",
    "providers",
    "demand",
    "tenders",
    "bids",
    "evaluation",
    "awards",
    "contracts",
    "delivery",
    "outcomes",
    "payments",
    "dossier",
)


def sentences() -> dict[str, str]:
    """Collect the sentence of every event kind."""
    found: dict[str, str] = {}
    for package in RECORDING:
        found |= import_module(f"procure.{package}.states").EVENTS
    return found


def told(events: Sequence[EventView]) -> list[HistoryItem]:
    """Put events into words; a kind without a sentence shows as it is."""
    words = sentences()
    return [
        HistoryItem(
            seq=event.seq,
            kind=event.kind,
            text=words.get(event.kind, event.kind),
            actor_name=event.actor_name,
            happened_at=event.happened_at,
            subject_id=event.subject_id,
            sha256=event.sha256,
        )
        for event in events
    ]


async def history(actor: Actor, subject_ids: Sequence[UUID]) -> list[HistoryItem]:
    """Tell what happened to these things, newest first."""
    return told(await audit.history(actor, subject_ids))


async def newest(actor: Actor, before: int | None) -> list[HistoryItem]:
    """Tell what happened last in the actor's organisation."""
    return told(await audit.newest(actor, before=before))
