"""What to post: entitled less posted, line by line, with the facts that changed since.

Nothing posted is edited: the difference is a new entry. Posted again at once, there is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from procure.entitlement.exact import amount, placed
from procure.entitlement.lines import Entitlement, Line
from procure.entitlement.spells import month_of, month_text


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was posted of one obligation to one payer, and by which facts; there may be several."""

    key: str  # of the line, its payer included
    amount: Decimal
    who: str = ""
    payer: str = ""
    facts: list[str] = []  # revisions
    known_at: datetime | None = None  # what was known then


class PostedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was posted so far, in a file."""

    format: Literal["procure-posted"]
    format_version: Literal[1]
    posted: list[Posted]


class Difference(msgspec.Struct, frozen=True):
    """One entry to post."""

    key: str
    who: str
    payer: str
    entitled: Decimal
    posted: Decimal
    amount: Decimal
    facts: list[str]  # what the obligation rests on now
    because: list[str]  # revisions that changed, or were not known
    due: str = ""


class _Side:
    """One obligation's parts by payer, in cents."""

    def __init__(self) -> None:
        self.entitled: dict[str, int] = {}
        self.posted: dict[str, int] = {}
        self.who = ""
        self.facts: set[str] = set()
        self.before: set[str] = set()
        self.known_at: datetime | None = None
        self.due = ""


def difference(
    entitled: Entitlement,
    posted: Iterable[Posted],
    *,
    refunds: Literal["original", "recomputed"] = "original",
    lag_months: int = 0,
) -> list[Difference]:
    """Return what to post so that everything posted sums to what is entitled, in order of key.

    With `original`, what is given back goes to those who paid it, in the proportion they paid.
    """
    sides = _sides(entitled.lines, posted)
    found = []
    for stem in sorted(sides):
        side = sides[stem]
        changes = _changes(side, refunds)
        if not any(changes.values()):
            continue
        because, month = _because(entitled, side)
        due = month_text(month + lag_months) if month is not None else side.due
        for payer, cents in sorted(changes.items()):
            if cents:
                was = side.posted.get(payer, 0)
                found.append(
                    Difference(
                        key=f"{stem}/{payer}" if payer else stem,
                        who=side.who,
                        payer=payer,
                        entitled=amount(was + cents),
                        posted=amount(was),
                        amount=amount(cents),
                        facts=sorted(side.facts),
                        because=because,
                        due=due,
                    )
                )
    return found


def _sides(lines: Sequence[Line], posted: Iterable[Posted]) -> dict[str, _Side]:
    sides: defaultdict[str, _Side] = defaultdict(_Side)
    for line in lines:
        side = sides[_stem(line.key, line.payer)]
        side.entitled[line.payer] = side.entitled.get(line.payer, 0) + line.cents
        side.who, side.due = line.who, line.due
        side.facts |= set(line.facts)
    for one in posted:
        side = sides[_stem(one.key, one.payer)]
        cents = int(one.amount.scaleb(2))
        side.posted[one.payer] = side.posted.get(one.payer, 0) + cents
        side.who = side.who or one.who
        side.before |= set(one.facts)
        if one.known_at is not None and (side.known_at is None or one.known_at > side.known_at):
            side.known_at = one.known_at
    return dict(sides)


def _stem(key: str, payer: str) -> str:
    return key.removesuffix(f"/{payer}") if payer else key


def _changes(side: _Side, refunds: str) -> dict[str, int]:
    """Return by payer what to post."""
    payers = sorted(side.entitled.keys() | side.posted.keys())
    by_payer = {p: side.entitled.get(p, 0) - side.posted.get(p, 0) for p in payers}
    change = sum(by_payer.values())
    if refunds == "recomputed":
        return by_payer
    if change == 0:
        return {}
    # A refund follows what was paid; an increase what is entitled, however it was paid before.
    base = side.posted if change < 0 else side.entitled
    whole = sum(base.values())
    if not whole:
        return by_payer
    names = sorted(name for name in base if base[name])
    parts = placed([Fraction(change * base[name], whole) for name in names], change, "largest")
    return dict(zip(names, parts, strict=True))


def _because(entitled: Entitlement, side: _Side) -> tuple[list[str], int | None]:
    """Name the revisions that changed since the posting, and the month they became known."""
    case = entitled.cases.get(side.who)
    held = {fact.id: fact for facts in case.by.values() for fact in facts} if case else {}
    refs = {fact.ref: fact for fact in held.values()}
    new = side.facts - side.before if side.before or side.known_at else set()
    gone = {ref for ref in side.before if ref not in refs}
    for ref in gone:
        id_ = ref.partition("@")[0]
        new.add(held[id_].ref if id_ in held else f"{id_} (void)")
    if not new and side.known_at is not None:
        new = {
            fact.ref
            for fact in held.values()
            if fact.known_at is not None and fact.known_at > side.known_at
        }
    if not new:
        return sorted(side.facts if not side.posted else ()), None
    moments = [refs[ref].known_at for ref in new if ref in refs]
    known = [moment.toordinal() for moment in moments if moment is not None]
    is_change = bool(side.posted)
    return sorted(new), month_of(max(known)) if known and is_change else None


def posting(entries: Iterable[Difference], known_at: datetime | None = None) -> list[Posted]:
    """Return differences as they are once posted."""
    return [Posted(e.key, e.amount, e.who, e.payer, e.facts, known_at) for e in entries]
