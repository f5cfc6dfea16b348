"""One participant's facts as they were known, while fees are computed; and everyone's together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from procure.entitlement.exact import Number, exact
from procure.entitlement.facts import Fact
from procure.entitlement.spells import FOREVER
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

if TYPE_CHECKING:
    from procure.entitlement.items import Item, Withheld

NONE: tuple[Fact, ...] = ()


class Case:
    """What the terms are applied to: a participant, or the contract itself (`who` is empty)."""

    __slots__ = (
        "by",
        "cohort",
        "day",
        "fact",
        "first_known",
        "items",
        "start",
        "start_fact",
        "who",
        "withheld",
    )

    def __init__(
        self,
        who: str,
        by: dict[str, list[Fact]],
        cohort: "Cohort",
        *,
        start: int | None,
        start_fact: Fact | None = None,
        first_known: Mapping[str, datetime | None] | None = None,
    ) -> None:
        self.who = who
        self.by = by  # facts by what they say, each list in order of day and id
        self.cohort = cohort
        self.start = start  # a day number
        self.start_fact = start_fact
        self.first_known = first_known or {}  # only of facts that were revised
        self.day = start or 0  # on which dated values are read
        self.fact: Fact | None = None  # the one in hand
        self.items: list[Item] = []
        self.withheld: list[Withheld] = []

    def word(self, name: str) -> str | None:
        """Return a word of the participant, frozen at the start."""
        fact = self.start_fact
        return fact.words.get(name) if fact is not None and fact.words else None


class Cohort:
    """All participants of a contract: what one of them may need to know of the others."""

    def __init__(self) -> None:
        self.contract = Case("", {}, self, start=None)
        self.cases: list[Case] | None = None  # None: they stream by, one at a time
        self.count = 0
        self.totals: dict[str, list[Number]] = {}  # by fee: cents, quantity, items, last day
        self.sums: dict[tuple[str, str], Number] = {}  # cents under a limit that is shown apart
        self.memo: dict[object, Any] = {}

    def last_day(self, fees: Iterable[str]) -> int:
        """Return the last day on which anybody earned one of these fees; 0 if nobody did."""
        return max((int(self.totals[fee][3]) for fee in fees if fee in self.totals), default=0)

    def everyone(self) -> list[Case]:
        """Return all participants; Refused while they stream by."""
        if self.cases is None:
            raise Refused(
                [
                    Finding(
                        "needs-everyone",
                        n_(
                            "These terms ask about all participants (position, cohort or shared "
                            "budget): compute them with all facts at once, not as a stream."
                        ),
                    )
                ]
            )
        return self.cases

    def facts(self, what: str) -> list[Fact]:
        """Return everyone's facts of a kind, in order of day and id."""
        found: list[Fact] | None = self.memo.get(("facts", what))
        if found is None:
            found = [fact for case in self.everyone() for fact in case.by.get(what, NONE)]
            found.sort(key=_order)
            self.memo["facts", what] = found
        return found


def _order(fact: Fact) -> tuple[Any, str]:
    return fact.on, fact.id


def known(
    facts: Iterable[Fact], ranks: Mapping[str, int], at: datetime | None
) -> tuple[list[Fact], dict[str, datetime | None]]:
    """Choose of each fact the revision that held at an instant: the best source's, then the newest.

    Returns them without those that were made void, and when revised ones were first known.
    Raises Refused where two revisions of equal rank and instant say different things.
    """
    single: dict[str, Fact] = {}
    several: dict[str, list[Fact]] = {}
    for fact in facts:
        if at is not None and fact.known_at is not None and fact.known_at > at:
            continue
        other = single.setdefault(fact.id, fact)
        if other is not fact and other != fact:
            several.setdefault(fact.id, [other]).append(fact)
    first: dict[str, datetime | None] = {}
    for id_, revisions in several.items():
        single[id_] = _best(revisions, ranks)
        moments = [fact.known_at for fact in revisions]
        first[id_] = None if None in moments else min(m for m in moments if m is not None)
    return [fact for fact in single.values() if not fact.void], first


_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _best(revisions: Sequence[Fact], ranks: Mapping[str, int]) -> Fact:
    """Return the revision that holds."""

    def place(fact: Fact) -> tuple[int, datetime]:
        return -ranks.get(fact.source, len(ranks)), fact.known_at or _BEGINNING

    top = max(place(fact) for fact in revisions)
    best = [fact for fact in revisions if place(fact) == top]
    if any(fact != best[0] for fact in best):
        raise Refused(
            [
                Finding(
                    "contradicting-facts",
                    n_(
                        "Fact {id} is told in two ways by the same source at the same moment: "
                        "give the later one its own known_at."
                    ),
                    {"id": best[0].id},
                )
            ]
        )
    if any((fact.who, fact.what) != (best[0].who, best[0].what) for fact in revisions):
        raise Refused(
            [
                Finding(
                    "moved-fact",
                    n_(
                        "Fact {id} is revised for another participant or kind: make the wrong one "
                        "void and give the right one its own id."
                    ),
                    {"id": best[0].id},
                )
            ]
        )
    return best[0]


def by_kind(facts: list[Fact]) -> dict[str, list[Fact]]:
    """Sort facts by day and id, and group them by what they say."""
    facts.sort(key=_order)
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        if (group := found.get(fact.what)) is None:
            found[fact.what] = [fact]
        else:
            group.append(fact)
    return found


def number_of(fact: Fact, name: str) -> Number | None:
    """Return a number of a fact; `days` is the length of a spell unless the fact says otherwise."""
    if name == "value":
        return None if fact.value is None else exact(fact.value)
    if fact.numbers and name in fact.numbers:
        return exact(fact.numbers[name])
    if name == "days":
        return end_of(fact) - fact.on.toordinal()
    return None


def needed(fact: Fact, name: str) -> Number:
    """Return a number of a fact; Refused where it has none."""
    found = number_of(fact, name)
    if found is None:
        raise Refused(
            [
                Finding(
                    "no-number",
                    n_("Fact {id} ({what}) has no number {name}: add it to the facts."),
                    {"id": fact.id, "what": fact.what, "name": name},
                )
            ]
        )
    return found


def end_of(fact: Fact) -> int:
    """Return the first day after a spell: one without end lasts until it was made known."""
    if fact.until is not None:
        return fact.until.toordinal()
    return FOREVER if fact.known_at is None else fact.known_at.toordinal() + 1


Pick = Callable[[Case], Sequence[Fact]]
