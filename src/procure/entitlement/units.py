"""Unit fees, compiled: price x quantity of facts, one line each or together."""

from procure.entitlement.case import Case, Pick
from procure.entitlement.exact import Number, money, to_whole
from procure.entitlement.facts import Fact
from procure.entitlement.fees import Cents, Earner, given
from procure.entitlement.items import Item, values
from procure.entitlement.selecting import Code, Compiler, Test
from procure.entitlement.spells import month_of, month_text
from procure.entitlement.terms import Unit
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

Counted = tuple[Fact, Number]


def compile_unit(fee: Unit, c: Compiler) -> Earner:
    """Compile one; where every fact counts as one and has one price, the quick way is taken."""
    made = UnitFee(fee, c)
    return Earner(fee, made.whole_count if made.is_quick else made.run, made.say, lambda _: ())


class UnitFee:
    """A compiled unit fee."""

    def __init__(self, fee: Unit, c: Compiler) -> None:
        self.fee = fee
        self.cents, self.price, self.test = Cents(c), c.value(fee.price), given(fee, c)
        self.most = c.value(fee.most) if fee.most is not None else None
        self.parts: list[tuple[Pick, Code, Code | None]] = [
            (
                c.pick(part.facts),
                c.value(part.quantity),
                c.value(part.most) if part.most is not None else None,
            )
            for part in fee.counts
        ]
        self.is_even = not self.price.varies  # one price for all facts of a line
        self.is_quick = (
            fee.per == "person"
            and self.is_even
            and self.test is None
            and all(quantity.constant == 1 for _, quantity, _ in self.parts)
        )

    def run(self, earner: Earner, case: Case) -> None:
        """Count facts and make lines of them."""
        found = self._counted(case)
        if not found:
            return
        stem, per = f"{self.fee.code}:{case.who}", self.fee.per
        if per == "fact":
            for pair in found:
                self._add(earner, case, f"{stem}:{pair[0].id}", [pair])
        elif per == "person":
            self._add(earner, case, stem, found)
        else:
            groups: dict[str, list[Counted]] = {}
            for pair in found:
                month = month_text(month_of(pair[0].on.toordinal()))
                groups.setdefault(month if per == "month" else month[:4], []).append(pair)
            for name, group in groups.items():
                self._add(earner, case, f"{stem}:{name}", group)

    def whole_count(self, earner: Earner, case: Case) -> None:
        """Make one line of facts that each count as one: a million days pass through here."""
        facts: list[Fact] = []
        for pick, _, limit in self.parts:
            some = pick(case)
            facts += some if limit is None else some[: _places(limit, case)]
        if len(self.parts) > 1:
            facts.sort(key=_order)
        if self.most is not None:
            del facts[_places(self.most, case) :]
        if not facts:
            return
        case.day = on = facts[-1].on.toordinal()
        rate, count = self.price.get(case), len(facts)
        cents = self.cents.times(count, rate)
        key = f"{self.fee.code}:{case.who}"
        case.items.append(Item(earner, case, key, on, count, rate, cents, facts=facts))

    def _counted(self, case: Case) -> list[Counted]:
        found: list[Counted] = []
        for pick, quantity, limit in self.parts:
            facts = pick(case)
            if (test := self.test) is not None:
                facts = [fact for fact in facts if _holds(test, case, fact)]
            some = [(fact, _at(quantity, case, fact)) for fact in facts]
            found += some if limit is None else _capped(some, limit.get(case))
        if len(self.parts) > 1:
            found.sort(key=lambda pair: _order(pair[0]))
        return found if self.most is None else _capped(found, self.most.get(case))

    def _add(self, earner: Earner, case: Case, key: str, some: list[Counted]) -> None:
        facts = [fact for fact, _ in some]
        quantity, last = sum(number for _, number in some), facts[-1]
        if self.is_even:
            case.day = last.on.toordinal()
            rate = self.price.get(case)
            cents = self.cents.times(quantity, rate)
        else:
            cents = self.cents.of(
                sum(number * _at(self.price, case, fact) for fact, number in some)
            )
            rate = _at(self.price, case, last)
        on = last.on.toordinal()
        case.items.append(
            Item(earner, case, key, on, quantity, rate, cents, facts=facts, fact=last)
        )

    def say(self, item: Item) -> Finding:
        """Word a line: where prices differ within it, the last of them."""
        told = values(item, self.price.say(item.case))
        if self.is_even or item.facts is None or len(item.facts) == 1:
            return Finding(
                "unit", n_("{quantity} counted × {how} = {amount}."), told, self.fee.clause
            )
        told["amount"] = money(item.cents)
        text = n_("{quantity} counted, at the end {how} each; in all {amount}.")
        return Finding("unit", text, told, self.fee.clause)


def _order(fact: Fact) -> tuple[object, str]:
    return fact.on, fact.id


def _places(limit: Code, case: Case) -> int:
    return max(to_whole(limit.get(case), "down"), 0)


def _holds(test: Test, case: Case, fact: Fact) -> bool:
    case.fact, case.day = fact, fact.on.toordinal()
    return test.get(case)


def _at(code: Code, case: Case, fact: Fact) -> Number:
    if code.constant is not None:
        return code.constant
    case.fact, case.day = fact, fact.on.toordinal()
    return code.get(case)


def _capped(some: list[Counted], most: Number) -> list[Counted]:
    """Keep the first so many: the last one in part, if need be."""
    found = []
    for fact, number in some:
        if most <= 0:
            break
        found.append((fact, min(number, most)))
        most -= number
    return found
