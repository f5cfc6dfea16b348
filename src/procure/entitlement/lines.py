"""What comes out: lines that are owed, and what is withheld, each able to say why."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from procure.entitlement.case import Case
from procure.entitlement.exact import amount, decimal_of, money, whole
from procure.entitlement.items import Item, Withheld
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class LineView(msgspec.Struct, frozen=True):
    """A line as it is stored, shown and posted."""

    key: str
    fee: str
    who: str
    payer: str
    on: date | None
    due: str  # the month, where the terms say when
    quantity: Decimal
    price: Decimal
    amount: Decimal
    clause: str
    facts: list[str]
    trace: list[Finding]


class Line:
    """One thing that is owed by one payer; words and facts are made when asked for."""

    __slots__ = ("cents", "due", "fee", "findings", "item", "key", "payer")

    def __init__(
        self,
        key: str,
        fee: str,
        payer: str,
        cents: int,
        *,
        item: Item | None = None,
        due: str = "",
        findings: list[Finding] | None = None,
    ) -> None:
        self.key, self.fee, self.payer, self.cents = key, fee, payer, cents
        self.item, self.due, self.findings = item, due, findings

    @property
    def who(self) -> str:
        """The participant, or empty for the contract."""
        return self.item.case.who if self.item is not None else ""

    @property
    def on(self) -> date | None:
        """The day on which it was earned."""
        return date.fromordinal(self.item.on) if self.item is not None and self.item.on else None

    @property
    def amount(self) -> Decimal:
        """The amount, in the currency of the terms."""
        return amount(self.cents)

    @property
    def facts(self) -> list[str]:
        """The revisions of facts on which it rests."""
        if self.item is None:
            return []
        return sorted({fact.ref for fact in self.item.basis()})

    @property
    def trace(self) -> list[Finding]:
        """How it was reckoned."""
        if self.item is None:
            return list(self.findings or [])
        found = self.item.trace()
        if self.payer and self.cents != self.item.cents:
            text = n_("{payer} pays {part} of {whole}.")
            told = {
                "payer": self.payer,
                "part": money(self.cents),
                "whole": money(self.item.cents),
            }
            found.append(Finding("share", text, told))
        return found

    def view(self) -> LineView:
        """Return the line with everything it can say."""
        item = self.item
        clause = item.earner.clause if item else self.findings[0].clause if self.findings else ""
        return LineView(
            key=self.key,
            fee=self.fee,
            who=self.who,
            payer=self.payer,
            on=self.on,
            due=self.due,
            quantity=decimal_of(whole(item.quantity)) if item is not None else Decimal(1),
            price=decimal_of(whole(item.price)) if item is not None else self.amount,
            amount=self.amount,
            clause=clause,
            facts=self.facts,
            trace=self.trace,
        )


class WithheldView(msgspec.Struct, frozen=True):
    """Something that is not owed, and why."""

    key: str
    source: str
    who: str
    amount: Decimal
    reason: Finding


def withheld_view(withheld: Withheld) -> WithheldView:
    """Return what is withheld with its reason in words."""
    return WithheldView(
        withheld.key, withheld.source, withheld.who, amount(withheld.cents), withheld.say()
    )


class Entitlement:
    """What is owed in all: lines, what is withheld, and the measures that the terms report."""

    def __init__(
        self,
        currency: str,
        lines: list[Line],
        withheld: list[Withheld],
        measures: dict[str, Decimal],
        cases: dict[str, Case],
    ) -> None:
        self.currency, self.lines, self.withheld = currency, lines, withheld
        self.measures, self.cases = measures, cases

    @property
    def total(self) -> Decimal:
        """The sum of the lines."""
        return amount(sum(line.cents for line in self.lines))

    def views(self) -> Iterator[LineView]:
        """Yield each line with its trace."""
        return (line.view() for line in self.lines)
