"""When what is earned becomes payable, compiled: what lapses, is held back, and is due when."""

from collections.abc import Callable
from fractions import Fraction

from procure.entitlement.case import Case
from procure.entitlement.exact import Number, placed, to_whole
from procure.entitlement.fees import Cents
from procure.entitlement.items import Item, Withheld, day_text
from procure.entitlement.selecting import Compiler
from procure.entitlement.spells import month_of, month_text
from procure.entitlement.terms import Hold, Terms
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def compile_lapse(c: Compiler) -> Callable[[Case], None] | None:
    """Compile what becomes of items whose facts were made known too late."""
    payment = c.terms.payment
    if payment is None or payment.lapse is None:
        return None
    lapse = payment.lapse

    def apply(case: Case) -> None:
        kept = []
        for item in case.items:
            known, last = item.known_on(), c.shift(item.on, lapse)
            if known <= last:
                kept.append(item)
            else:
                case.withheld.append(_lapsed(item, known, last))
        case.items[:] = kept

    return apply


def _lapsed(item: Item, known: int, last: int) -> Withheld:
    return Withheld(
        "lapse",
        item.case.who,
        item.key,
        item.cents,
        lambda: Finding(
            "late",
            n_("Made known on {known}; the last day for it was {last}."),
            {"known": day_text(known), "last": day_text(last)},
            item.earner.clause,
        ),
    )


def compile_hold(hold: Hold, c: Compiler) -> Callable[[Case], None]:
    """Compile one hold: nothing happens to fees once it is released."""
    until = c.condition(hold.until) if hold.until is not None else None
    since = c.when(hold.since) if hold.since is not None else None
    share, fees, cents = c.value(hold.share), frozenset(hold.fees), Cents(c)
    text = n_("Held back by {code} until it is released: {why}.")
    later = n_("Held back by {code} and released on {on}.")

    def apply(case: Case) -> None:
        own = [item for item in case.items if item.earner.code in fees]
        if not own:
            return
        case.fact = None
        if until is not None and until.get(case):
            if since is None:
                return
        elif until is not None:
            _keep_back(case, own, None)
            return
        if since is not None:
            _keep_back(case, own, since.get(case))

    def _keep_back(case: Case, own: list[Item], on: int | None) -> None:
        for item in own:
            if on is not None and on <= item.on:
                continue  # released before it was earned
            case.day = item.on
            part = Fraction(item.cents) * share.get(case)
            held: Number = part if cents.is_exact else to_whole(part, cents.mode)
            if on is None:
                item.cut(held, Finding("held", text, _told(case), hold.clause))
                case.withheld.append(
                    Withheld(hold.code, case.who, f"{item.key}:{hold.code}", held,
                             lambda: Finding("held", text, _told(case), hold.clause))
                )  # fmt: skip
            else:
                told = {"code": hold.code, "on": day_text(on)}
                item.cut(held, Finding("released", later, told, hold.clause))
                released = Item(
                    item.earner, case, f"{item.key}:{hold.code}", on, item.quantity, item.price,
                    held, facts=item.basis(), fact=item.fact, detail=item.detail,
                )  # fmt: skip
                released.cuts = [Finding("released", later, told, hold.clause)]
                case.items.append(released)

    def _told(case: Case) -> dict[str, object]:
        said = [part.say(case) for part in (until, since) if part is not None]
        return {"code": hold.code, "why": "; ".join(said)}

    return apply


def compile_due(terms: Terms) -> Callable[[Item], str]:
    """Compile in which month an item is due: its own, or that of its late facts, and the lag."""
    payment = terms.payment
    if payment is None:
        return lambda _: ""
    lag = payment.lag_months

    def due(item: Item) -> str:
        day = max(item.on, item.known_on())
        return month_text(month_of(day) + lag) if day else ""

    return due


def compile_rounding(c: Compiler) -> Callable[[list[Item]], None] | None:
    """Compile the rounding of a payee's sum, its residual placed on the items; None if by line."""
    rounding = c.terms.rounding
    if rounding.of == "line":
        return None
    step = to_whole(rounding.step.scaleb(2).__int__())

    def apply(items: list[Item]) -> None:
        units = [Fraction(item.cents) / step for item in items]
        total = to_whole(sum(units), rounding.mode)
        for item, part in zip(items, placed(units, total, rounding.residual), strict=True):
            item.cents = part * step

    return apply
