"""Terms and facts written short, for tests of what the format can say."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from procure.entitlement.engine import entitlements
from procure.entitlement.facts import Fact
from procure.entitlement.lines import Entitlement
from procure.entitlement.reading import read_facts, read_terms
from procure.entitlement.terms import Terms

HEAD = {"format": "procure-payment-terms", "format_version": 1, "code": "T", "version": 1}
DAY0 = date(2026, 1, 5)  # a Monday


def terms(*fees: dict[str, Any], **more: Any) -> Terms:
    """Read terms as a file would be read."""
    said = {**HEAD, "currency": "EUR", "fees": list(fees), **more}
    return read_terms(msgspec.json.encode(said))


def facts(*rows: dict[str, Any]) -> list[Fact]:
    """Read facts as a file would be read."""
    said = {"format": "procure-payment-facts", "format_version": 1, "facts": list(rows)}
    return read_facts(msgspec.json.encode(said)).facts


def day(n: int) -> str:
    """Return the n-th day from the first, which is 0."""
    return str(DAY0 + timedelta(days=n))


def fact(id_: str, what: str, n: int, who: str = "P", **more: Any) -> dict[str, Any]:
    """Write a fact on the n-th day."""
    if isinstance(more.get("until"), int):
        more["until"] = day(more["until"])
    return {"id": id_, "what": what, "who": who, "on": day(n), **more}


def owed(agreed: Terms, *rows: dict[str, Any], **more: Any) -> dict[str, Decimal]:
    """Compute lines by key."""
    return {line.key: line.amount for line in result(agreed, *rows, **more).lines}


def result(agreed: Terms, *rows: dict[str, Any], **more: Any) -> Entitlement:
    """Compute."""
    return entitlements(agreed, facts(*rows), **more)


def sel(*what: str, **more: Any) -> dict[str, Any]:
    """Choose facts."""
    return {"what": list(what), **more}


def unit(code: str, *what: str, price: Any = "1", **more: Any) -> dict[str, Any]:
    """A unit fee on facts of these kinds."""
    return {"kind": "unit", "code": code, "counts": [{"facts": sel(*what)}], "price": price, **more}


def milestone(code: str, when: Any, price: Any = "100", **more: Any) -> dict[str, Any]:
    """A milestone; a text is the kind of fact that reaches it."""
    if isinstance(when, str):
        when = {"is": "first", "facts": sel(when)}
    return {"kind": "milestone", "code": code, "when": when, "price": price, **more}
