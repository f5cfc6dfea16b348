"""What fees bring before it is paid out: items, and what is withheld and why."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from procure.entitlement.case import Case
from procure.entitlement.exact import Number, money, plain
from procure.entitlement.facts import Fact
from procure.kernel.findings import Finding

if TYPE_CHECKING:
    from procure.entitlement.fees import Earner


class Item:
    """One thing earned. `key` names the obligation, and is the same at every computation."""

    __slots__ = (
        "case", "cents", "cuts", "detail", "earner", "fact", "facts", "key", "on", "price",
        "quantity",
    )  # fmt: skip

    def __init__(  # noqa: PLR0917 - made for every line, and quickly
        self,
        earner: "Earner",
        case: Case,
        key: str,
        on: int,
        quantity: Number,
        price: Number,
        cents: Number,
        *,
        facts: Sequence[Fact] | None = None,
        fact: Fact | None = None,
        detail: object = None,
    ) -> None:
        self.earner = earner
        self.case = case
        self.key = key
        self.on = on  # a day number
        self.quantity = quantity
        self.price = price  # in the currency, for one
        self.cents = cents  # exact; whole unless sums are rounded
        self.facts = facts  # on which it rests; None: the fee knows
        self.fact = fact
        self.detail = detail  # which block, month or instalment
        self.cuts: list[Finding] | None = None

    def basis(self) -> Sequence[Fact]:
        """Return the facts on which this rests."""
        return self.earner.basis(self) if self.facts is None else self.facts

    def known_on(self) -> int:
        """Return the day on which the last of its facts was first made known; 0 if always."""
        first = self.case.first_known
        found = 0
        for fact in self.basis():
            at: datetime | None = first.get(fact.id, fact.known_at)
            if at is not None:
                found = max(found, at.toordinal())
        return found

    def cut(self, cents: Number, why: Finding) -> None:
        """Take something off, and say why."""
        self.cents -= cents
        self.cuts = [*(self.cuts or []), why]

    def trace(self) -> list[Finding]:
        """Say how it was reckoned; worded only when asked."""
        self.case.fact, self.case.day = self.fact, self.on
        return [self.earner.say(self), *(self.cuts or [])]


class Withheld:
    """One thing that is not owed (yet), what it would bring, and why not."""

    __slots__ = ("_cents", "key", "say", "source", "who")

    def __init__(
        self,
        source: str,
        who: str,
        key: str,
        cents: Number | Callable[[], Number],
        say: Callable[[], Finding],
    ) -> None:
        self.source = source  # the code of the fee, limit or hold
        self.who = who
        self.key = key
        self._cents = cents
        self.say = say  # worded only when asked

    @property
    def cents(self) -> Number:
        """What it would bring."""
        return self._cents() if callable(self._cents) else self._cents


def day_text(day: int) -> str:
    """Write a day number as a date; 0 is none."""
    return "-" if day < 1 else date.fromordinal(day).isoformat()


def values(item: Item, how: str, **more: object) -> dict[str, object]:
    """Put together what the sentence of an item tells."""
    return {
        "quantity": plain(item.quantity),
        "how": how,
        "amount": money(item.quantity * item.price * 100),
        "on": day_text(item.on),
        **more,
    }
