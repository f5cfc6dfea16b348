"""Papers and printers for tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from procure.db import connection, transaction, uuid7
from procure.documents import service
from procure.documents.rules import PaperOrder

NOW = datetime(2024, 2, 28, 8, 30, tzinfo=UTC)


class LetterFacts(msgspec.Struct, frozen=True):
    """Facts of a letter that says something."""

    reference: str = "TK-2024-017"
    text: str = "Second of three."


class FakePrinter:
    """Prints by writing the facts down; raises `error` if it is given one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.orders: list[PaperOrder] = []

    async def print_paper(self, order: PaperOrder) -> bytes:
        self.orders.append(order)
        if self.error is not None:
            raise self.error
        facts = order.facts.encode()
        return b"%PDF-1.7\n" + order.title.encode() + b"\nstream\n" + facts + b"\nendstream\n"


async def an_org_row(name: str, kind: str = "buyer") -> UUID:
    """Insert an organisation without asking identity, which comes later than documents."""
    org_id = uuid7()
    async with connection() as c:
        await c.execute(
            "INSERT INTO organisation (id, kind, registry_code, name, created_at) "
            "VALUES ($1, $2, $3, $4, $5)",
            org_id,
            kind,
            str(org_id.int % 10**8).zfill(8),
            name,
            NOW,
        )
    return org_id


async def a_paper(**overrides: Any) -> UUID:
    """Order one paper, in a transaction of its own."""
    order = {
        "kind": "letter",
        "template": "test/paper.html",
        "title": "Decision on lot L03",
        "subject_id": uuid7(),
        "buyer_id": uuid7(),
        "facts": LetterFacts(),
        "now": NOW,
        **overrides,
    }
    async with transaction():
        return await service.order_paper(**order)
