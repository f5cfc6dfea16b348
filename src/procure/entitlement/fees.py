"""Fees, compiled: each looks at a case and adds items to it, or what it withholds and why."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from procure.entitlement import spells
from procure.entitlement.case import Case, end_of
from procure.entitlement.exact import Number, plain, to_step, to_whole, whole
from procure.entitlement.facts import Fact
from procure.entitlement.items import Item, Withheld, values
from procure.entitlement.measuring import bounds, compile_measure, period_text
from procure.entitlement.selecting import COMPARE, Compiler, Test
from procure.entitlement.terms import AnyFee, Blocks, Milestone, Monthly
from procure.entitlement.timing import length_text, plain_days, without_window
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class Earner:
    """A compiled fee: how it computes, words its items, and which facts they rest on."""

    __slots__ = ("basis", "clause", "code", "kind", "run", "say")

    def __init__(
        self,
        fee: AnyFee,
        run: Callable[["Earner", Case], None],
        say: Callable[[Item], Finding],
        basis: Callable[[Item], Sequence[Fact]],
    ) -> None:
        self.code, self.clause = fee.code, fee.clause
        self.kind = str(type(fee).__struct_config__.tag)
        self.run, self.say, self.basis = run, say, basis


class Cents:
    """How an amount becomes cents: rounded line by line, or kept exact until the sum is rounded."""

    def __init__(self, c: Compiler) -> None:
        rounding = c.terms.rounding
        self.mode = rounding.mode
        self.step = to_whole(rounding.step.scaleb(2).__int__())
        self.is_exact = rounding.of != "line"

    def of(self, number: Number) -> Number:
        """Return an amount of the currency in cents."""
        return self.times(1, number)

    def times(self, quantity: Number, price: Number) -> Number:
        """Return quantity x price in cents; in whole numbers, for this is done for every line."""
        top = 100 * quantity.numerator * price.numerator
        bottom = quantity.denominator * price.denominator
        if self.is_exact:
            return whole(Fraction(top, bottom))
        if self.step != 1:
            return to_step(Fraction(top, bottom), self.step, self.mode)
        if self.mode == "half_up" and top >= 0:
            return (2 * top + bottom) // (2 * bottom)
        return to_whole(Fraction(top, bottom), self.mode)


def given(fee: AnyFee, c: Compiler) -> Test | None:
    """Compile for whom or which facts a fee is."""
    return c.condition(fee.given) if fee.given is not None else None


def compile_milestone(fee: Milestone, c: Compiler) -> Earner:
    """Price once, on the day that something is reached; otherwise it is withheld, and why."""
    cents, when, price = Cents(c), c.when(fee.when), c.value(fee.price)
    quantity, test, code = c.value(fee.quantity), given(fee, c), fee.code
    not_reached = n_("Not reached: {why}.")
    not_given = n_("Does not apply: {why}.")
    text = n_("Reached on {on} ({why}): {quantity} × {how} = {amount}.")

    def amount(case: Case, on: int) -> Number:
        case.day, case.fact = on, None
        return cents.times(quantity.get(case), price.get(case))

    def withhold(case: Case, on: int, sentence: str, why: Callable[[Case], str]) -> None:
        case.withheld.append(
            Withheld(
                code, case.who, f"{code}:{case.who}", lambda: amount(case, on),
                lambda: Finding("not-reached", sentence, {"why": why(case)}, fee.clause),
            )
        )  # fmt: skip

    def run(earner: Earner, case: Case) -> None:
        on = when.get(case)
        case.fact = None
        if on is None:
            if not fee.listed:
                return None
            case.day = case.start or 0
            return withhold(case, case.day, not_reached, when.say)
        case.day = on
        if test is not None and not test.get(case):
            return withhold(case, on, not_given, test.say)
        rate, count = price.get(case), quantity.get(case)
        case.items.append(
            Item(earner, case, f"{code}:{case.who}", on, count, rate, cents.times(count, rate))
        )
        return None

    def say(item: Item) -> Finding:
        told = values(item, price.say(item.case), why=when.say(item.case))
        return Finding("milestone", text, told, fee.clause)

    return Earner(fee, run, say, lambda item: when.facts(item.case))


def compile_blocks(fee: Blocks, c: Compiler) -> Earner:
    """Price for each completed block of time, until there are `most`."""
    cents, chosen, pick = Cents(c), c.spells(fee.facts), c.pick(without_window(fee.facts))
    size, bridge, test = plain_days(fee.length), plain_days(fee.bridge), given(fee, c)
    prices = [c.value(price) for price in fee.prices]
    is_cumulative = fee.mode == "cumulative"
    text = n_("Block {number} of {length} was complete on {on}: {how} = {amount}.")

    def ends(case: Case) -> list[int]:
        joined = spells.union(chosen(case), bridge)
        if is_cumulative:
            days = (spells.nth_day(joined, size * n) for n in range(1, fee.most + 1))
            return [day for day in days if day is not None]
        found = [
            begin + size * n - 1
            for begin, end in joined
            for n in range(1, min((end - begin) // size, fee.most) + 1)
        ]
        return found[: fee.most]

    def run(earner: Earner, case: Case) -> None:
        if test is not None and not test.get(case):
            return
        for number, on in enumerate(ends(case), start=1):
            case.day, case.fact = on, None
            rate = prices[min(number, len(prices)) - 1].get(case)
            key = f"{fee.code}:{case.who}:{number}"
            case.items.append(Item(earner, case, key, on, 1, rate, cents.of(rate), detail=number))

    def say(item: Item) -> Finding:
        number = int(str(item.detail))
        how = prices[min(number, len(prices)) - 1].say(item.case)
        told = values(item, how, number=number, length=length_text(fee.length))
        return Finding("block", text, told, fee.clause)

    def basis(item: Item) -> list[Fact]:
        return [fact for fact in pick(item.case) if fact.on.toordinal() <= item.on]

    return Earner(fee, run, say, basis)


def compile_monthly(fee: Monthly, c: Compiler) -> Earner:
    """Price for each month or week in which a measure passes."""
    cents, price, test = Cents(c), c.value(fee.price), given(fee, c)
    measure = compile_measure(fee.facts, fee.measure, fee.test.number, fee.period, c)
    compare, than, pick = (
        COMPARE[fee.test.op],
        c.value(fee.test.than),
        c.pick(without_window(fee.facts)),
    )
    most, period = c.value(fee.most) if fee.most is not None else None, fee.period
    text = n_("{period} brings {found} {op} {than}: {how} = {amount}.")

    def run(earner: Earner, case: Case) -> None:
        if test is not None and not test.get(case):
            return
        left = None if most is None else most.get(case)
        for place, found in sorted(measure(case).items()):
            on = bounds(place, period, case)[1] - 1
            case.day, case.fact = on, None
            if (left is not None and left < 1) or not compare(found, than.get(case)):
                continue
            left = None if left is None else left - 1
            rate = price.get(case)
            key = f"{fee.code}:{case.who}:{period_text(place, period)}"
            case.items.append(
                Item(earner, case, key, on, 1, rate, cents.of(rate), detail=(place, found))
            )

    def say(item: Item) -> Finding:
        assert isinstance(item.detail, tuple)  # noqa: S101 - as run() makes it
        place, found = item.detail
        told = values(
            item, price.say(item.case), period=period_text(place, period), found=plain(found),
            op=fee.test.op, than=than.say(item.case),
        )  # fmt: skip
        return Finding("monthly", text, told, fee.clause)

    def basis(item: Item) -> list[Fact]:
        assert isinstance(item.detail, tuple)  # noqa: S101 - as run() makes it
        begin, end = bounds(item.detail[0], period, item.case)
        is_spell = fee.measure == "days"
        return [
            fact
            for fact in pick(item.case)
            if fact.on.toordinal() < end
            and (end_of(fact) > begin if is_spell else fact.on.toordinal() >= begin)
        ]

    return Earner(fee, run, say, basis)
