"""Fees on what other fees bring, compiled: uplifts and discounts, and a least quantity."""

from fractions import Fraction

from procure.entitlement.case import Case
from procure.entitlement.exact import Number, money, plain, whole
from procure.entitlement.fees import (
    Cents,
    Earner,
    compile_blocks,
    compile_milestone,
    compile_monthly,
    given,
)
from procure.entitlement.instalments import compile_instalments
from procure.entitlement.items import Item, values
from procure.entitlement.language import Earned
from procure.entitlement.selecting import Compiler
from procure.entitlement.terms import (
    AnyFee,
    Blocks,
    Instalments,
    Milestone,
    Minimum,
    Monthly,
    Unit,
    Uplift,
)
from procure.entitlement.units import compile_unit
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def compile_uplift(fee: Uplift, c: Compiler) -> Earner:
    """A part of other fees: line by line for a participant, in one sum for the contract."""
    cents, factor, test = Cents(c), c.value(fee.factor), given(fee, c)
    fees = frozenset(fee.on)
    base = c.value(Earned(fees=fee.on))
    text = n_("{how} × {base} of {fees} = {amount}.")

    def run(earner: Earner, case: Case) -> None:
        if test is not None and not test.get(case):
            return
        if fee.scope == "contract":
            case.day = case.cohort.last_day(fees) or case.day
            _add(earner, case, f"{fee.code}:", base.get(case), None)
            return
        for item in [item for item in case.items if item.earner.code in fees]:
            case.fact, case.day = item.fact, item.on
            key = f"{fee.code}:{item.key}"
            _add(earner, case, key, whole(Fraction(item.cents) / 100), item)

    def _add(earner: Earner, case: Case, key: str, of: Number, item: Item | None) -> None:
        number, on = factor.get(case), case.day
        if not number or not of:
            return
        case.items.append(
            Item(earner, case, key, on, number, of, cents.times(number, of),
                 facts=item.basis() if item is not None else (),
                 fact=item.fact if item is not None else None)
        )  # fmt: skip

    def say(item: Item) -> Finding:
        told = values(
            item, factor.say(item.case), base=money(item.price * 100), fees=" + ".join(fee.on)
        )
        return Finding("uplift", text, told, fee.clause)

    return Earner(fee, run, say, lambda _: ())


def compile_minimum(fee: Minimum, c: Compiler) -> Earner:
    """What is missing to a least quantity of other fees, at a price."""
    cents, least, price, test = Cents(c), c.value(fee.at_least), c.value(fee.price), given(fee, c)
    counted = c.value(Earned(fees=fee.of, what="quantity"))
    text = n_(
        "{least} are guaranteed ({why}), {counted} were counted: {quantity} × {how} = {amount}."
    )

    def run(earner: Earner, case: Case) -> None:
        if test is not None and not test.get(case):
            return
        if fee.scope == "contract":
            case.day = case.cohort.last_day(fee.of) or case.day
        missing = least.get(case) - counted.get(case)
        if missing <= 0:
            return
        rate = price.get(case)
        case.items.append(
            Item(earner, case, f"{fee.code}:{case.who}", case.day, missing, rate,
                 cents.times(missing, rate), facts=(),
                 detail=(least.get(case), least.say(case), counted.get(case)))
        )  # fmt: skip

    def say(item: Item) -> Finding:
        assert isinstance(item.detail, tuple)  # noqa: S101 - as made above
        told = values(
            item, price.say(item.case), least=plain(item.detail[0]), why=item.detail[1],
            counted=plain(item.detail[2]),
        )  # fmt: skip
        return Finding("minimum", text, told, fee.clause)

    return Earner(fee, run, say, lambda _: ())


def compile_fee(fee: AnyFee, c: Compiler) -> Earner:
    """Compile any fee."""
    if isinstance(fee, Unit):
        return compile_unit(fee, c)
    if isinstance(fee, Milestone):
        return compile_milestone(fee, c)
    if isinstance(fee, Blocks):
        return compile_blocks(fee, c)
    if isinstance(fee, Monthly):
        return compile_monthly(fee, c)
    if isinstance(fee, Instalments):
        return compile_instalments(fee, c)
    if isinstance(fee, Uplift):
        return compile_uplift(fee, c)
    return compile_minimum(fee, c)
