"""What terms and facts must be beyond their form; every finding names the path to the field."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from procure.entitlement.exact import is_sensible
from procure.entitlement.facts import Fact
from procure.entitlement.language import (
    Earned,
    FromTable,
    Named,
    Periods,
    Reference,
    Unearned,
)
from procure.entitlement.terms import (
    AtMost,
    Blocks,
    Hold,
    Instalments,
    Milestone,
    Minimum,
    OnlyBest,
    QuantityAtMost,
    Rounding,
    Terms,
    Uplift,
)
from procure.entitlement.walking import parts
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def terms_findings(terms: Terms) -> list[Finding]:
    """Say everything that is wrong with terms; an empty list if they can be computed."""
    found = list(_codes(terms))
    known = {
        "fee": [fee.code for fee in terms.fees],
        "table": list(terms.tables),
        "number": list(terms.numbers),
        "named value": list(terms.named),
    }
    for path, node in parts(terms):
        for kind, name, where in _names(node):
            if name not in known[kind]:
                found.append(
                    Finding(
                        "unknown-name",
                        n_("There is no {kind} {name} in these terms; there is: {known}."),
                        {"kind": kind, "name": name, "known": ", ".join(known[kind]) or "none"},
                        field=f"{path}{where}",
                    )
                )
        found += _own(path, node)
    for place, name in enumerate(terms.report):
        if name not in terms.named:
            found.append(
                Finding(
                    "unknown-name",
                    n_("There is no {kind} {name} in these terms; there is: {known}."),
                    {
                        "kind": "named value",
                        "name": name,
                        "known": ", ".join(terms.named) or "none",
                    },
                    field=f"$.report[{place}]",
                )
            )
    found += _orders(terms)
    return found


def _codes(terms: Terms) -> Iterator[Finding]:
    """Codes are the names of obligations: no two are the same, and none has a mark of keys."""
    codes = [(f"$.fees[{place}].code", fee.code) for place, fee in enumerate(terms.fees)]
    codes += [(f"$.limits[{place}].code", limit.code) for place, limit in enumerate(terms.limits)]
    codes += [(f"$.holds[{place}].code", hold.code) for place, hold in enumerate(terms.holds)]
    counts = Counter(code for _, code in codes)
    for path, code in codes:
        if counts[code] > 1:
            yield Finding(
                "double-code",
                n_("The code {code} is used twice: give each fee, limit and hold its own."),
                {"code": code},
                field=path,
            )
        if not code or set(code) & set(":/ "):
            yield Finding(
                "bad-code",
                n_("A code is not empty and has no space, colon or slash, unlike '{code}'."),
                {"code": code},
                field=path,
            )


def _names(node: object) -> Iterator[tuple[str, str, str]]:
    """Yield the names that a part refers to: of which kind, and where it stands in the part."""
    if isinstance(node, FromTable):
        yield "table", node.name, ".name"
    elif isinstance(node, Reference):
        yield "number", node.name, ".name"
    elif isinstance(node, Named):
        yield "named value", node.name, ".name"
    elif isinstance(node, Earned | Unearned | AtMost | QuantityAtMost | Hold):
        for place, name in enumerate(node.fees):
            yield "fee", name, f".fees[{place}]"
    elif isinstance(node, Uplift):
        for place, name in enumerate(node.on):
            yield "fee", name, f".on[{place}]"
    elif isinstance(node, Minimum):
        for place, name in enumerate(node.of):
            yield "fee", name, f".of[{place}]"
    elif isinstance(node, OnlyBest):
        for family, names in node.families.items():
            for place, name in enumerate(names):
                yield "fee", name, f".families.{family}[{place}]"


def _own(path: str, node: object) -> Iterator[Finding]:
    """Yield what is wrong with a part by itself."""
    if isinstance(node, Decimal) and not is_sensible(node):
        yield Finding(
            "not-a-number",
            n_("{value} is no number to reckon with; write it with at most 24 digits."),
            {"value": str(node)[:40]},
            field=path,
        )
    elif isinstance(node, Periods) and not 1 <= node.n <= node.of:
        yield Finding("bad-window", n_("n is at least 1 and at most the periods it is of."), {},
                      field=f"{path}.n")  # fmt: skip
    elif isinstance(node, Blocks) and (not node.prices or node.most < 1):
        yield Finding("no-price", n_("Blocks need a price, and at least one block."), {},
                      field=f"{path}.prices")  # fmt: skip
    elif isinstance(node, Instalments):
        shares = [phase.share for phase in node.phases]
        known = [share for share in shares if isinstance(share, Decimal)]
        if len(known) == len(shares) and sum(known) != 1:
            yield Finding(
                "shares", n_("The shares of the phases sum to 1, not {sum}."),
                {"sum": str(sum(known))}, field=f"{path}.phases",
            )  # fmt: skip
    elif isinstance(node, AtMost) and (node.per == "word") != bool(node.word):
        yield Finding("no-word", n_("A limit per word says which word; no other limit does."), {},
                      field=f"{path}.word")  # fmt: skip
    elif isinstance(node, Hold) and node.until is None and node.since is None:
        yield Finding("no-release", n_("A hold says until a condition, or since which day."), {},
                      field=path)  # fmt: skip
    elif isinstance(node, Rounding) and (node.step <= 0 or node.step % Decimal("0.01")):
        yield Finding("bad-step", n_("Amounts are rounded to cents, or to a multiple of them."), {},
                      field=f"{path}.step")  # fmt: skip


def _orders(terms: Terms) -> Iterator[Finding]:
    """Fees that look at other fees come after them, and the contract's after participants'."""
    place_of = {fee.code: place for place, fee in enumerate(terms.fees)}
    milestones = {fee.code for fee in terms.fees if isinstance(fee, Milestone)}
    for place, fee in enumerate(terms.fees):
        for path, node in parts(fee, f"$.fees[{place}]"):
            for kind, name, where in _names(node):
                if kind != "fee" or name not in place_of:
                    continue
                if isinstance(node, Unearned) and name not in milestones:
                    yield Finding(
                        "not-a-milestone",
                        n_("Only milestones can be unearned; {name} is none."),
                        {"name": name},
                        field=f"{path}{where}",
                    )
                is_later = place_of[name] >= place
                if is_later and not (fee.scope == "contract" and name != fee.code
                                     and terms.fees[place_of[name]].scope == "person"):  # fmt: skip
                    yield Finding(
                        "too-early",
                        n_("{fee} looks at {name}, which comes after it: change their order."),
                        {"fee": fee.code, "name": name},
                        field=f"{path}{where}",
                    )


def facts_findings(facts: list[Fact]) -> list[Finding]:
    """Say everything that is wrong with facts by themselves, each with its path."""
    found = []
    for place, fact in enumerate(facts):
        path = f"$.facts[{place}]"
        if not fact.id or not fact.what:
            found.append(Finding("no-id", n_("A fact has an id and says what it is."), {},
                                 field=path))  # fmt: skip
        if fact.until is not None and fact.until < fact.on:
            found.append(
                Finding(
                    "backwards",
                    n_("Fact {id} ends on {until}, before it begins on {on}: correct one of them."),
                    {"id": fact.id, "until": fact.until, "on": fact.on},
                    field=f"{path}.until",
                )
            )
        if fact.known_at is not None and fact.known_at.tzinfo is None:
            found.append(
                Finding(
                    "no-zone",
                    n_("Fact {id} is known at {at} of no zone: write it with Z or +02:00."),
                    {"id": fact.id, "at": fact.known_at.isoformat()},
                    field=f"{path}.known_at",
                )
            )
        numbers = {
            "value": fact.value,
            **{f"numbers.{k}": v for k, v in (fact.numbers or {}).items()},
        }
        for name, number in numbers.items():
            if number is not None and not is_sensible(number):
                found.append(
                    Finding(
                        "not-a-number",
                        n_("{value} is no number to reckon with; write it with at most 24 digits."),
                        {"value": str(number)[:40]},
                        field=f"{path}.{name}",
                    )
                )
    return found
