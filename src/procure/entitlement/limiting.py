"""Limits, compiled: caps on quantities and amounts, and the one family that is paid.

What is over a limit is cut from items, those served last first, or taken off in a line of its own.
"""

from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction

from procure.entitlement.case import Case, Cohort
from procure.entitlement.exact import Number, money, plain, whole
from procure.entitlement.fees import Cents
from procure.entitlement.items import Item, Withheld
from procure.entitlement.selecting import Compiler
from procure.entitlement.spells import month_of, month_text, year_number
from procure.entitlement.terms import AtMost, Limit, OnlyBest, QuantityAtMost
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

OF_PERSON = {"person", "person_month", "person_year"}


class Cap:
    """A compiled limit: `for_case` where it is a participant's own, otherwise `for_all`."""

    __slots__ = ("clause", "code", "fees", "for_all", "for_case", "is_apart", "note")

    def __init__(self, code: str, clause: str, fees: Iterable[str]) -> None:
        self.code, self.clause, self.fees = code, clause, frozenset(fees)
        self.for_case: Callable[[Case], None] | None = None
        self.for_all: Callable[[Cohort], list[ApartLine]] | None = None
        self.note: Callable[[Case], None] | None = None  # adds a case's sums, for `apart`
        self.is_apart = False


class ApartLine:
    """What a limit takes off in a line of its own."""

    __slots__ = ("bucket", "cap", "cents", "finding")

    def __init__(self, cap: Cap, bucket: str, cents: Number, finding: Finding) -> None:
        self.cap, self.bucket, self.cents, self.finding = cap, bucket, cents, finding


def compile_limit(limit: Limit, c: Compiler) -> Cap:
    """Compile any limit."""
    if isinstance(limit, QuantityAtMost):
        return _quantity(limit, c)
    return _best(limit) if isinstance(limit, OnlyBest) else _amount(limit, c)


def _quantity(limit: QuantityAtMost, c: Compiler) -> Cap:
    cap, most, cents = Cap(limit.code, limit.clause, limit.fees), c.value(limit.most), Cents(c)

    def apply(case: Case) -> None:
        own = [item for item in case.items if item.earner.code in cap.fees]
        if not own:
            return
        left = most.get(case)
        own.sort(key=lambda item: (item.on, item.key))
        for item in own:
            counted = min(item.quantity, max(left, 0))
            left -= counted
            if counted < item.quantity:
                over = item.quantity - counted
                less = item.cents - cents.times(counted, item.price)
                item.quantity = counted
                item.cut(
                    less,
                    Finding(
                        "quantity-limit",
                        n_("At most {most} count in all: {over} of it does not."),
                        {"most": plain(most.get(case)), "over": plain(over)},
                        limit.clause,
                    ),
                )

    cap.for_case = apply
    return cap


def _best(limit: OnlyBest) -> Cap:
    cap = Cap(limit.code, limit.clause, [fee for fees in limit.families.values() for fee in fees])
    family_of = {fee: name for name, fees in limit.families.items() for fee in fees}

    def apply(case: Case) -> None:
        sums: dict[str, Number] = {}
        for item in case.items:
            if (name := family_of.get(item.earner.code)) is not None:
                sums[name] = sums.get(name, 0) + item.cents
        if len(sums) < 2:
            return
        best = min(sums, key=lambda name: (-sums[name], name))
        kept = []
        for item in case.items:
            name = family_of.get(item.earner.code, best)
            if name == best:
                kept.append(item)
            else:
                case.withheld.append(_other_family(limit, item, best, name))
        case.items[:] = kept

    cap.for_case = apply
    return cap


def _other_family(limit: OnlyBest, item: Item, best: str, other: str) -> Withheld:
    return Withheld(
        limit.code,
        item.case.who,
        item.key,
        item.cents,
        lambda: Finding(
            "one-family",
            n_("One family of fees is paid for each person: {paid}, not {other}."),
            {"paid": best, "other": other},
            limit.clause,
        ),
    )


def _amount(limit: AtMost, c: Compiler) -> Cap:
    cap, most, used = (
        Cap(limit.code, limit.clause, limit.fees),
        c.value(limit.most),
        c.value(limit.used),
    )
    cap.is_apart = limit.cut == "apart"
    rank = {fee: place for place, fee in enumerate(limit.priority)}
    bucket_of = _buckets(limit, c)

    fixed: Number | None = None
    if most.constant is not None and used.constant is not None:
        fixed = whole(Fraction(most.constant - used.constant) * 100)

    def room_of(case: Case, item: Item | None) -> Number:
        if fixed is not None:
            return fixed
        case.fact, case.day = None, item.on if item is not None else case.day
        return whole(Fraction(most.get(case) - used.get(case)) * 100)

    def cut_items(items: list[Item], owner: Callable[[Item], Case]) -> None:
        items.sort(key=lambda item: (rank.get(item.earner.code, len(rank)), item.on, item.key))
        spent: dict[str, Number] = {}
        for item in items:
            bucket = bucket_of(item)
            so_far = spent.get(bucket, 0)
            allowed = room_of(owner(item), item) - so_far
            if item.cents > allowed:
                over = item.cents - max(allowed, 0)
                item.cut(over, _over(limit, bucket, over, room_of(owner(item), item)))
            spent[bucket] = so_far + item.cents

    def own_items(case: Case) -> list[Item]:
        return [item for item in case.items if item.earner.code in cap.fees]

    def note(case: Case) -> None:
        for item in own_items(case):
            key = (limit.code, bucket_of(item))
            case.cohort.sums[key] = case.cohort.sums.get(key, 0) + item.cents

    def apart(cohort: Cohort) -> list[ApartLine]:
        found = []
        for (code, bucket), cents in sorted(cohort.sums.items()):
            if code == limit.code:
                allowed = room_of(cohort.contract, None)
                if cents > max(allowed, 0):
                    over = cents - max(allowed, 0)
                    found.append(ApartLine(cap, bucket, -over, _over(limit, bucket, over, allowed)))
        return found

    if cap.is_apart:
        cap.note, cap.for_all = note, apart
    elif limit.per in OF_PERSON:
        cap.for_case = lambda case: cut_items(own_items(case), lambda item: item.case)
    else:

        def everyone(cohort: Cohort) -> list[ApartLine]:
            items = [item for case in cohort.everyone() for item in own_items(case)]
            cut_items([*items, *own_items(cohort.contract)], lambda _: cohort.contract)
            return []

        cap.for_all = everyone
    return cap


def _over(limit: AtMost, bucket: str, over: Number, room: Number) -> Finding:
    return Finding(
        "limit",
        n_("Limit {code}: at most {room} for {bucket}; {over} is over it."),
        {"code": limit.code, "room": money(max(room, 0)), "bucket": bucket, "over": money(over)},
        limit.clause,
    )


def _buckets(limit: AtMost, c: Compiler) -> Callable[[Item], str]:
    """Return what has one cap together, as a name."""
    per, word = limit.per, limit.word
    starts = c.terms.starts_on
    if per == "person":
        return lambda item: item.case.who
    if per == "person_month":
        return lambda item: f"{item.case.who} {month_text(month_of(item.on))}"
    if per == "person_year":
        return lambda item: f"{item.case.who} {date.fromordinal(item.on).year}"
    if per == "word":
        return lambda item: f"{word} {item.case.word(word) or '-'}"
    if per == "year":
        return lambda item: str(date.fromordinal(item.on).year)
    if per == "contract_year":
        if starts is None:
            raise Refused(
                [Finding("no-first-day", n_("Contract years need starts_on in the terms."))]
            )
        first = starts.toordinal()
        return lambda item: f"contract year {year_number(item.on, first)}"
    return lambda _: "the contract"
