"""Who pays: shares of every line, after budgets that are used up in order of day.

The parts of a line sum to the line; the odd cent goes where the terms say.
"""

from collections.abc import Callable
from fractions import Fraction

from procure.entitlement.case import Case
from procure.entitlement.exact import Number, exact, placed, to_whole
from procure.entitlement.items import Item
from procure.entitlement.selecting import Code, Compiler
from procure.entitlement.terms import Funding
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

Split = Callable[[Item, dict[str, Number], Case], list[tuple[str, int]]]


def compile_funding(c: Compiler) -> tuple[Split, bool]:
    """Compile how items are split, and whether budgets make their order matter."""
    by_fee: dict[str, Rule] = {}
    rest: Rule | None = None
    for place, funding in enumerate(c.terms.funding):
        rule = Rule(funding, place, c)
        for fee in funding.fees:
            by_fee[fee] = rule
        if not funding.fees:
            rest = rule
    has_budgets = any(payer.budget for funding in c.terms.funding for payer in funding.payers)

    def split(item: Item, left: dict[str, Number], contract: Case) -> list[tuple[str, int]]:
        rule = by_fee.get(item.earner.code, rest)
        cents = to_whole(item.cents)
        return [("", cents)] if rule is None else rule.split(cents, left, contract)

    return split, has_budgets


class Rule:
    """One funding rule, compiled."""

    def __init__(self, funding: Funding, place: int, c: Compiler) -> None:
        field = f"$.funding[{place}]"
        self.residual = funding.residual
        self.budgets: list[tuple[str, Code]] = []
        self.shares: list[tuple[str, Number]] = []
        for payer in funding.payers:
            if (payer.share is None) == (payer.budget is None):
                raise _bad(n_("Each payer has either a share or a budget."), field)
            if payer.budget is not None:
                self.budgets.append((payer.payer, c.value(payer.budget)))
            elif payer.share is not None:
                self.shares.append((payer.payer, exact(payer.share)))
        if sum(share for _, share in self.shares) != 1:
            raise _bad(n_("The shares of the payers sum to 1."), field)

    def split(self, cents: int, left: dict[str, Number], contract: Case) -> list[tuple[str, int]]:
        """Split whole cents; `left` holds what budgets have left and is written."""
        found = []
        for payer, budget in self.budgets:
            if payer not in left:
                left[payer] = to_whole(Fraction(budget.get(contract)) * 100, "down")
            part = min(cents, max(to_whole(left[payer]), 0)) if cents > 0 else 0
            left[payer] -= part
            cents -= part
            found.append((payer, part))
        parts = placed([cents * share for _, share in self.shares], cents, self.residual)
        found += [(payer, part) for (payer, _), part in zip(self.shares, parts, strict=True)]
        return found


def _bad(text: str, field: str) -> Refused:
    return Refused([Finding("bad-funding", text, field=field)])
