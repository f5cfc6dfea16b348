"""An amount in instalments, compiled: lump, monthly, phased, or in advance and recovered."""

from collections.abc import Sequence
from fractions import Fraction

from procure.entitlement import spells
from procure.entitlement.case import Case
from procure.entitlement.exact import Number, money, placed, plain, to_whole, whole
from procure.entitlement.facts import Fact
from procure.entitlement.fees import Cents, Earner, given
from procure.entitlement.items import Item, Withheld, day_text
from procure.entitlement.selecting import Compiler
from procure.entitlement.spells import Spell, month_bounds, month_of
from procure.entitlement.terms import Instalments
from procure.entitlement.timing import without_window
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

TEXTS = {
    "instalment": n_("Instalment {number} of {count}, due on {on}, of {how}: {amount}."),
    "balance": n_("Completed on {on}: what is left of {how} is due, {amount}."),
    "recovered": n_("{number} of {count} parts of the period were not served: {amount}."),
}


def compile_instalments(fee: Instalments, c: Compiler) -> Earner:
    """Spread an amount over periods; pay those whose census day is covered."""
    plans = Plans(fee, c)
    return Earner(fee, plans.run, plans.say, lambda _: ())


class Plans:
    """A compiled fee in instalments: each agreement has a plan of its own."""

    def __init__(self, fee: Instalments, c: Compiler) -> None:
        self.fee, self.c, self.cents = fee, c, Cents(c)
        self.total, self.test = c.value(fee.amount), given(fee, c)
        self.phases = [(c.value(phase.periods), c.value(phase.share)) for phase in fee.phases]
        self.agreements = c.pick(fee.agreements) if fee.agreements is not None else None
        self.completed = c.when(fee.completed) if fee.completed is not None else None
        self.during = self.lasting = self.facts_of = None
        if fee.during is not None:
            self.during = c.spells(fee.during)
            # What is paid in advance is recovered when a spell has ended, not while it is open.
            self.lasting = c.spells(fee.during, is_lasting=True)
            self.facts_of = c.pick(without_window(fee.during))

    def run(self, earner: Earner, case: Case) -> None:
        """Add the instalments of every agreement; the next one ends the plan before it."""
        if self.test is not None and not self.test.get(case):
            return
        if self.agreements is None:
            if case.start is not None:
                self._one(earner, case, None, (case.start, spells.FOREVER))
            return
        found = self.agreements(case)
        for fact, following in zip(found, [*found[1:], None], strict=True):
            until = spells.FOREVER if following is None else following.on.toordinal()
            self._one(earner, case, fact, (fact.on.toordinal(), until))

    def _one(self, earner: Earner, case: Case, fact: Fact | None, reign: Spell) -> None:
        first, until = reign
        case.fact, case.day = fact, first
        parts = self._parts(case)
        covered = self._covered(case)
        done = self.completed.get(case) if self.completed is not None else None
        stem = f"{self.fee.code}:{case.who}" + (f":{fact.id}" if fact is not None else "")
        facts = [fact] if fact is not None else []
        facts += self.facts_of(case) if self.facts_of is not None else ()
        left: Number = 0
        for number, part in enumerate(parts, start=1):
            begin, end = self.period(first, number - 1)
            on = begin if self.fee.pays == "start" else end - 1
            if on >= until:
                break
            if (done is not None and on > done) or not self._counts(covered, begin, end):
                left += part
                continue
            detail = ("instalment", number, len(parts))
            self._add(earner, case, f"{stem}:{number}", on, part, rests=(facts, fact, detail))
            if self.fee.at_end == "pro_rata" and self.lasting is not None:
                served = spells.length(spells.clipped(spells.union(self.lasting(case)), begin, end))
                units, missing = self._missing(served, end - begin)
                if missing:
                    back = -self._share(part, missing, units)
                    detail = ("recovered", missing, units)
                    key = f"{stem}:{number}:recovered"
                    self._add(earner, case, key, end - 1, back, rests=(facts, fact, detail))
        if left and self.fee.at_end == "balance" and done is not None:
            detail = ("balance", 0, len(parts))
            self._add(earner, case, f"{stem}:balance", done, left, rests=(facts, fact, detail))
        elif left:
            case.withheld.append(
                Withheld(self.fee.code, case.who, f"{stem}:rest", left, self._not_covered)
            )

    def _add(
        self,
        earner: Earner,
        case: Case,
        key: str,
        on: int,
        cents: Number,
        *,
        rests: tuple[Sequence[Fact], Fact | None, object],
    ) -> None:
        facts, fact, detail = rests
        price = whole(Fraction(cents) / 100)
        case.items.append(
            Item(earner, case, key, on, 1, price, cents, facts=facts, fact=fact, detail=detail)
        )

    def _parts(self, case: Case) -> list[Number]:
        """Divide the amount into cents: the parts sum to it, the odd cents are where it is said."""
        amount = self.total.get(case)
        parts: list[Number] = []
        for count, share in self.phases:
            periods = to_whole(count.get(case))
            if periods < 1:
                text = n_(
                    "An instalment plan of {fee} for {who} has {periods} periods; it needs one at "
                    "least."
                )
                told = {"fee": self.fee.code, "who": case.who or "-", "periods": periods}
                raise Refused([Finding("no-periods", text, told)])
            parts += [whole(Fraction(amount) * share.get(case) * 100 / periods)] * periods
        if self.cents.is_exact:
            return parts
        return list(placed(parts, to_whole(sum(parts), self.cents.mode), self.fee.residual))

    def period(self, first: int, n: int) -> Spell:
        """Return the n-th period from a first day, counted from 0.

        Months are those of the calendar, the first day's own first; other lengths begin that day.
        """
        every = self.fee.every
        if every.months and not (every.days or every.weeks):
            month = month_of(first) + n * every.months
            return max(month_bounds(month)[0], first), month_bounds(month + every.months - 1)[1]
        size = every.days + 7 * every.weeks
        return first + n * size, first + (n + 1) * size

    def _covered(self, case: Case) -> list[Spell] | None:
        if self.during is None:
            return None
        grace = self.fee.grace
        found = self.during(case)
        if grace.days or grace.weeks or grace.months:
            found = [
                (begin, self.c.shift(end, grace) if end < spells.FOREVER else end)
                for begin, end in found
            ]
        return spells.union(found)

    def _counts(self, covered: list[Spell] | None, begin: int, end: int) -> bool:
        if covered is None:
            return True
        if self.fee.census == "any":
            return bool(spells.clipped(covered, begin, end))
        return spells.covers(covered, begin if self.fee.census == "first" else end - 1)

    def _missing(self, served: int, days: int) -> tuple[int, int]:
        """Return the units of a period, begun ones whole, and how many were not served."""
        unit = 7 if self.fee.pro_rata == "week" else 1
        units = -(-days // unit)
        return units, units - -(-served // unit)

    def _share(self, cents: Number, part: int, of: int) -> Number:
        share = Fraction(cents) * part / of
        return whole(share) if self.cents.is_exact else to_whole(share, self.cents.mode)

    def _not_covered(self) -> Finding:
        text = n_("Periods that were not completed bring nothing.")
        return Finding("not-covered", text, {}, self.fee.clause)

    def say(self, item: Item) -> Finding:
        """Word an instalment, the balance, or what is recovered."""
        assert isinstance(item.detail, tuple)  # noqa: S101 - as made above
        kind, number, count = item.detail
        case = item.case
        case.day = item.fact.on.toordinal() if item.fact is not None else (case.start or 0)
        how, total = self.total.say(case), plain(self.total.get(case))
        told = {
            "number": number,
            "count": count,
            "on": day_text(item.on),
            "how": how if how == total else f"{total} ({how})",
            "amount": money(item.price * 100),
        }
        return Finding(kind, TEXTS[kind], told, self.fee.clause)
