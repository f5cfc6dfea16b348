"""The history in words: each event kind has its sentence, told by the package that records it."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, timedelta
from importlib import import_module
from uuid import UUID

import msgspec

from procure.audit import queries as audit
from procure.audit.schemas import EventView
from procure.db import fetch_as
from procure.desk.schemas import HistoryItem
from procure.kernel.actors import Actor, Permission
from procure.kernel.texts import n_
from procure.kernel.time import at
from procure.web.languages import translate

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
        found |= _events(package)
    return found


def _events(package: str) -> dict[str, str]:
    events: dict[str, str] = import_module(f"procure.{package}.states").EVENTS
    return events


def told(events: Sequence[EventView]) -> list[HistoryItem]:
    """Put events into words; a kind without a sentence shows as it is."""
    words = sentences()
    return [
        HistoryItem(
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


class Wanted(msgspec.Struct, frozen=True):
    """Which events are wanted; empty fields let everything through."""

    kind: str = ""  # the package that records it
    person: UUID | None = None
    first: date | None = None
    last: date | None = None  # that day included
    search: str = ""

    @classmethod
    def read(cls, kind: str, person: str, first: str, last: str, search: str) -> "Wanted":
        """Read a filter from an address; what cannot be read lets everything through."""
        with suppress(ValueError):
            return cls(
                kind if kind in KINDS else "",
                UUID(person) if person else None,
                date.fromisoformat(first) if first else None,
                date.fromisoformat(last) if last else None,
                search.strip()[:100],
            )
        return cls(search=search.strip()[:100])

    def as_query(self) -> dict[str, str]:
        """Write the filter as it stands in an address."""
        return {
            "kind": self.kind,
            "person": str(self.person or ""),
            "first": self.first.isoformat() if self.first else "",
            "last": self.last.isoformat() if self.last else "",
            "search": self.search,
        }


# What a person chooses from: the stage whose events they are.
KINDS = {
    "demand": n_("Requests and demand"),
    "tenders": n_("Tenders"),
    "bids": n_("Bids and their opening"),
    "evaluation": n_("Evaluation"),
    "awards": n_("Awards"),
    "contracts": n_("Contracts"),
    "delivery": n_("Groups and attendance"),
    "outcomes": n_("Outcomes"),
    "payments": n_("Claims and payments"),
    "providers": n_("Providers"),
    "identity": n_("People and sessions"),
    "documents": n_("Documents"),
    "tasks": n_("Duties"),
    "dossier": n_("Dossiers"),
}


class Person(msgspec.Struct, frozen=True):
    """Somebody who did something."""

    id: UUID
    name: str


async def people(actor: Actor) -> list[Person]:
    """List who has done something in the actor's organisation, by name."""
    return await fetch_as(
        Person,
        """SELECT p.id, p.name FROM person p WHERE p.id IN
                (SELECT DISTINCT actor_id FROM event WHERE org_id = $1) ORDER BY p.name""",
        actor.org_id,
    )


async def newest(
    actor: Actor, before: str | None, wanted: Wanted | None = None, *, limit: int = 100
) -> list[HistoryItem]:
    """Tell what happened last in the actor's organisation, and to what."""
    wanted = wanted or Wanted()
    said = [
        kind
        for kind, sentence in sentences().items()
        if wanted.search and wanted.search.casefold() in translate(sentence).casefold()
    ]
    found = await fetch_as(
        EventView,
        f"""{audit.SELECT} WHERE e.org_id = $1 AND {audit.BEFORE}
              AND ($3::text[] IS NULL OR e.kind = ANY($3))
              AND ($4::uuid IS NULL OR e.actor_id = $4)
              AND ($5::timestamptz IS NULL OR e.happened_at >= $5)
              AND ($6::timestamptz IS NULL OR e.happened_at < $6)
              AND ($7 = '' OR e.kind = ANY($8) OR strpos(lower(e.facts), lower($7)) > 0
                   OR strpos(lower(p.name), lower($7)) > 0 OR e.sha256 LIKE $7 || '%'
                   OR e.subject_id::text = lower($7))
            ORDER BY e.seq DESC LIMIT $9""",
        actor.org_id,
        before,
        list(_events(wanted.kind)) if wanted.kind else None,
        wanted.person,
        at(wanted.first, 0) if wanted.first else None,
        at(wanted.last + timedelta(days=1), 0) if wanted.last else None,
        wanted.search,
        said,
        limit,
    )
    subjects = await _subjects({event.subject_id for event in found})
    return [
        msgspec.structs.replace(item, subject=subject.name, url=_openable(actor, subject.url))
        if (subject := subjects.get(item.subject_id))
        else item
        for item in told(found)
    ]


# Whoever may not open a subject's page reads its name without a link.
OPENS = {
    "requests": Permission.REQUEST_READ,
    "demand": Permission.DEMAND_READ,
    "tenders": Permission.TENDER_READ,
    "lots": Permission.EVALUATION_READ,
    "explanations": Permission.EVALUATION_READ,
    "awards": Permission.AWARD_READ,
    "contracts": Permission.CONTRACT_READ,
    "groups": Permission.GROUP_READ,
    "outcomes": Permission.OUTCOME_READ,
    "claims": Permission.CLAIM_READ,
    "payment-runs": Permission.RUN_READ,
    "providers": Permission.PROVIDER_READ,
    "papers": Permission.PAPER_READ,
}


def _openable(actor: Actor, url: str | None) -> str | None:
    return url if url and actor.may(OPENS[url.split("/")[1]]) else None


class _Subject(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    url: str | None


async def _subjects(ids: Collection[UUID]) -> dict[UUID, _Subject]:
    """Say what the subjects of events are called, and where they are shown."""
    rows = await fetch_as(
        _Subject,
        """
        SELECT id, reference AS name, '/tenders/' || id AS url FROM tender WHERE id = ANY($1)
        UNION ALL
        SELECT l.id, t.reference || ' ' || l.code, '/lots/' || l.id || '/evaluation'
          FROM lot l JOIN tender t ON t.id = l.tender WHERE l.id = ANY($1)
        UNION ALL
        SELECT b.id, t.reference || ' ' || l.code, '/tenders/' || t.id || '/bids'
          FROM bid b JOIN lot l ON l.id = b.lot JOIN tender t ON t.id = b.tender
         WHERE b.id = ANY($1) AND b.state = 'opened'
        UNION ALL
        SELECT a.id, t.reference || ' ' || l.code, '/awards/' || a.id
          FROM award a JOIN lot l ON l.id = a.lot JOIN tender t ON t.id = l.tender
         WHERE a.id = ANY($1)
        UNION ALL
        SELECT x.id, t.reference || ' ' || l.code, '/explanations/' || x.id
          FROM explanation x JOIN bid b ON b.id = x.bid JOIN lot l ON l.id = b.lot
          JOIN tender t ON t.id = l.tender WHERE x.id = ANY($1)
        UNION ALL
        SELECT id, number, '/contracts/' || id FROM contract WHERE id = ANY($1)
        UNION ALL
        SELECT id, code, '/groups/' || id FROM service_group WHERE id = ANY($1)
        UNION ALL
        SELECT id, client_ref, '/groups/' || "group" || '/participants/' || id
          FROM participant WHERE id = ANY($1)
        UNION ALL
        SELECT o.id, p.client_ref, '/outcomes/' || o.id
          FROM outcome o JOIN participant p ON p.id = o.participant WHERE o.id = ANY($1)
        UNION ALL
        SELECT c.id, k.number || ' / ' || c.number, '/claims/' || c.id
          FROM claim c JOIN contract k ON k.id = c.contract WHERE c.id = ANY($1)
        UNION ALL
        SELECT id, message_id, '/payment-runs/' || id FROM payment_run WHERE id = ANY($1)
        UNION ALL
        SELECT id, reference, '/requests/' || id FROM request WHERE id = ANY($1)
        UNION ALL
        SELECT id, name, '/demand/' || id FROM basis WHERE id = ANY($1)
        UNION ALL
        SELECT o.id, o.name, CASE WHEN v.org IS NOT NULL THEN '/providers/' || o.id END
          FROM organisation o LEFT JOIN provider v ON v.org = o.id WHERE o.id = ANY($1)
        UNION ALL
        SELECT id, name, NULL FROM person WHERE id = ANY($1)
        UNION ALL
        SELECT id, title, '/papers/' || id FROM paper WHERE id = ANY($1)
        """,
        list(ids),
    )
    return {row.id: row for row in rows}
