"""Fixtures of known answers: reads a folder, computes, and takes the figures asked for.

An answer is taken from the result: a sum of lines, what is withheld, a measure, a difference.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from procure.entitlement.difference import Difference, Posted, difference, posting
from procure.entitlement.engine import entitlements
from procure.entitlement.facts import FactsFile
from procure.entitlement.lines import Entitlement, LineView, WithheldView, withheld_view
from procure.entitlement.reading import read_facts, read_terms
from procure.entitlement.terms import Terms

FIXTURES = Path(__file__).parents[2] / "fixtures" / "entitlement"


class Known:
    """One folder: terms, facts and what is expected."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.terms: Terms = read_terms((folder / "terms.json").read_bytes())
        self.facts: FactsFile = read_facts((folder / "facts.json").read_bytes())
        self.said: dict[str, Any] = msgspec.json.decode((folder / "expected.json").read_bytes())

    @lru_cache  # noqa: B019 - lives as long as a test
    def result(self, known_at: str = "") -> Entitlement:
        at = datetime.fromisoformat(known_at) if known_at else None
        return entitlements(self.terms, self.facts.facts, known_at=at)

    @lru_cache  # noqa: B019
    def lines(self, known_at: str = "") -> list[LineView]:
        return list(self.result(known_at).views())

    @lru_cache  # noqa: B019
    def withheld(self) -> list[WithheldView]:
        return [withheld_view(one) for one in self.result().withheld]

    @lru_cache  # noqa: B019
    def differences(self) -> list[Difference]:
        if at := self.said.get("posted_at"):
            first = difference(self.result(at), [])
            posted = posting(first, datetime.fromisoformat(at))
        else:
            posted = msgspec.convert(self.said.get("posted", []), list[Posted])
        payment = self.terms.payment
        return difference(
            self.result(),
            posted,
            refunds=self.terms.refunds,
            lag_months=payment.lag_months if payment else 0,
        )

    def answers(self) -> Any:
        return take(self, self.said["answers"])


TAKES = {
    "sum", "withheld", "measure", "difference", "difference_due", "days_after", "months_after",
    "is_paid", "each_month", "minus", "word_of",
}  # fmt: skip


def take(known: Known, ask: Any) -> Any:
    """Take one figure, or every figure in a list or object of them."""
    if isinstance(ask, list):
        return [take(known, one) for one in ask]
    asked = {kind for kind in TAKES & ask.keys() if kind != "measure" or ask[kind].__class__ is str}
    if not asked:
        return {name: take(known, one) for name, one in ask.items()}
    (kind,) = asked
    what = ask[kind]
    if kind == "sum":
        return total(known.lines(ask.get("known_at", "")), what)
    if kind == "minus":
        return -take(known, what)
    if kind == "withheld":
        return total(known.withheld(), what)
    if kind == "measure":
        return known.result().measures[what]
    if kind == "difference":
        return total(known.differences(), what)
    if kind == "difference_due":
        (due,) = {one.due for one in known.differences()}
        return due
    if kind == "is_paid":
        return bool(matching(known.lines(), what))
    if kind == "word_of":
        return what[str(take(known, ask["take"]))]
    return dates(known, kind, what)


def dates(known: Known, kind: str, what: dict[str, Any]) -> Any:
    """Take a day counted from another, months counted from another, or a month's usual figure."""
    since, what = what["from"], dict(what)
    if kind != "each_month":
        del what["from"]
    if kind == "days_after":
        (line,) = matching(known.lines(), what)
        assert line.on is not None
        return (line.on - date.fromisoformat(since)).days
    if kind == "months_after":
        year, month = map(int, since.split("-"))
        days = [one.on for fee in what["fees"] for one in matching(known.lines(), {"fee": fee})]
        return [12 * (day.year - year) + day.month - month for day in days if day is not None]
    months = sorted({month_of(line, what["by"]) for line in known.lines()})
    chosen = [month for month in months if what["from"] <= month <= what["to"]]
    count = 12 * (int(what["to"][:4]) - int(what["from"][:4]))
    count += int(what["to"][5:]) - int(what["from"][5:]) + 1
    assert len(chosen) == count, f"{chosen} are not all months"
    (figure,) = {total(known.lines(), {what["by"]: month}) for month in chosen}
    return figure


def month_of(line: Any, by: str) -> str:
    return line.due if by == "due" else f"{line.on:%Y-%m}"


def matching(lines: list[Any], what: dict[str, Any]) -> list[Any]:
    return [
        line
        for line in lines
        if all(
            (month_of(line, "month") if name == "month" else getattr(line, name)) == value
            for name, value in what.items()
        )
    ]


def total(lines: list[Any], what: dict[str, Any]) -> Decimal:
    return sum((line.amount for line in matching(lines, what)), Decimal("0.00"))


def same(left: Any, right: Any) -> bool:
    """Tell whether two answers are equal, numbers as numbers."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool | str) or isinstance(right, bool | str):
        return bool(left == right)
    return Decimal(str(left)) == Decimal(str(right))
