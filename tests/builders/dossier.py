"""A whole procedure for tests of the dossier, written as rows and not through its services.

A dossier copies what is there, so what it needs is one row of everything; the services that make
those rows are tested where they live.
"""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.adapters.signing import FileSigner
from procure.audit import service as audit
from procure.bids.rules import ReceiptFacts, Verdict, instant_text
from procure.db import DB, transaction, uuid7
from procure.documents import service as documents
from procure.evaluation.rules import rank
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical, sha256_hex
from tests.builders.documents import FakePrinter
from tests.builders.identity import an_actor, an_org
from tests.builders.lot_l03 import FACTS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PLAIN: dict[str, Any] = {
    "uuid": None,
    "boolean": False,
    "date": date(2026, 1, 1),
    "timestamp with time zone": NOW,
    "integer": 1,
    "bigint": 1,
    "numeric": Decimal("1.00"),
    "ARRAY": [],
    "bytea": b"x",
}
Row = dict[str, Any]


async def put(table: str, **values: Any) -> Row:
    """Insert a row, harmless where nothing is said, past the triggers of its package."""
    owner = await DB.connect_as_owner()
    try:
        columns = await owner.fetch(
            "SELECT column_name, data_type, is_nullable, character_maximum_length AS longest"
            " FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'",
            table,
        )
        row: Row = {"id": uuid7(), **values}
        for column in columns:
            name, kind = column["column_name"], column["data_type"]
            if name not in row and column["is_nullable"] == "NO":
                row[name] = uuid7() if kind == "uuid" else PLAIN.get(kind, "x")
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        async with owner.transaction():
            await owner.execute("SET LOCAL session_replication_role = replica")
            await owner.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', *row.values())
    finally:
        await owner.close()
    return row


async def record(kind: str, subject: UUID, org: UUID, **facts: Any) -> None:
    """Record one event."""
    async with transaction():
        await audit.record(kind, subject, None, org_id=org, now=NOW, facts=facts)


class Procedure(msgspec.Struct, frozen=True):
    """What a test needs of it."""

    auditor: Actor
    tender_id: UUID
    other_tender_id: UUID  # of the same buyer, still sealed
    bid_id: UUID
    sealed_bid_id: UUID  # in the other tender
    provider_id: UUID
    contract_id: UUID
    claim_id: UUID
    paper_id: UUID
    key: FileSigner


async def a_procedure() -> Procedure:
    """Make a procedure from its basis to a paid claim, and beside it one that is still sealed."""
    auditor = await an_actor(Role.AUDITOR)
    buyer = auditor.org_id
    provider = await an_org("provider", "Töölootus OÜ")
    people = [await an_actor(Role.FINANCE, org=buyer) for _ in range(3)]
    signer = await an_actor(Role.PROVIDER_MANAGER, org=provider, kind="provider")
    key = FileSigner()

    basis = await put("basis", buyer=buyer, facts="{}", result="{}")
    request = await put(
        "request", buyer=buyer, risk_band="A", state="tendered", source="file",
        suitability="suitable", client_ref="CL-1",
    )  # fmt: skip
    await put(
        "basis_request", basis=basis["id"], request=request["id"], verdict="waiting", reason="{}"
    )
    tender = await a_tender(buyer, "TK-2024-017", state="concluded", basis=basis["id"])
    other = await a_tender(buyer, "TK-2026-003", state="published")
    lot = await put("lot", tender=tender["id"], state="awarded")
    other_lot = await put("lot", tender=other["id"], state="open")
    await put("criterion", tender=tender["id"], kind="price", formula="lowest-ratio", weight=100)
    await record("tender:published", tender["id"], buyer, recipient="age1x")
    await put(
        "keyholder", tender=tender["id"], person=people[0].id, sealed_share="secret-share",
        share_sha256="0" * 64,
    )  # fmt: skip
    await record("bid:denied", other["id"], buyer, reasons=["sealed-canary"])

    sealed = await a_bid(key, other, other_lot, provider, signer, b"sealed-canary")
    bid = await a_bid(key, tender, lot, provider, signer, b"age-encryption.org/v1 ...", opened=True)
    await put(
        "opening_share", tender=tender["id"], person=people[0].id, share="share-canary",
        share_sha256="0" * 64,
    )  # fmt: skip
    await put("opening", tender=tender["id"], minutes="{}")
    await record(
        "bids:opened", tender["id"], buyer, minutes_sha256=sha256_hex("{}"),
        opened={str(bid["id"]): bid["ciphertext_sha256"]},
    )  # fmt: skip
    evaluation = await put(
        "evaluation", lot=lot["id"], facts=canonical(FACTS), result=canonical(rank(FACTS))
    )
    await record(
        "lot:ranked", lot["id"], buyer, evaluation_id=evaluation["id"], facts=FACTS,
        ranking=rank(FACTS),
    )  # fmt: skip
    award = await put(
        "award", lot=lot["id"], evaluation=evaluation["id"], state="final", reasons="As ranked.",
        facts=canonical({"reasons": "As ranked."}),
    )  # fmt: skip
    await record("award:decided", award["id"], buyer, facts={"reasons": "As ranked."})
    supplier = await put(
        "award_supplier", award=award["id"], bid=bid["id"], provider_org=provider, rank=1
    )
    document = canonical({"number": "K-1", "price": "22.00"})
    contract = await put(
        "contract", buyer=buyer, provider_org=provider, award_supplier=supplier["id"],
        lot=lot["id"], kind="framework", number="K-1", title="Contract", state="running",
        starts_on=date(2026, 1, 1), ends_until=date(2027, 1, 1), signed_at=NOW, currency="EUR",
        ceiling_amount=Decimal("15840.00"), spent_amount=Decimal("11814.00"), terms="{}",
        document=document, document_sha256=sha256_hex(document),
    )  # fmt: skip
    clause = await put(
        "clause", contract=contract["id"], source_kind="scheme", provenance="sourced"
    )
    for side, person in (("buyer", people[0]), ("provider", signer)):
        await put(
            "signature", contract=contract["id"], side=side, person=person.id,
            document_sha256=contract["document_sha256"],
        )  # fmt: skip
    claim = await a_claim(buyer, contract, clause, request, people)
    async with transaction():
        paper = await documents.order_paper(
            kind="letter", template="x.html", title="Award letter", subject_id=award["id"],
            buyer_id=buyer, reader_org_id=provider, facts={"text": "Second of three."}, now=NOW,
        )  # fmt: skip
    await documents.print_one(paper, FakePrinter(), now=NOW)
    return Procedure(
        auditor, tender["id"], other["id"], bid["id"], sealed["id"], provider, contract["id"],
        claim["id"], paper, key,
    )  # fmt: skip


async def a_tender(buyer: UUID, reference: str, **values: Any) -> Row:
    """Put a published tender."""
    return await put(
        "tender", buyer=buyer, reference=reference, title=f"Services {reference}",
        opening_quorum_count=2, recipient="age1x", published_at=NOW, currency="EUR",
        contract_starts_on=date(2026, 1, 1), contract_until=date(2027, 1, 1),
        **values,
    )  # fmt: skip


async def a_bid(
    key: FileSigner, tender: Row, lot: Row, provider: UUID, person: Actor, sealed: bytes,
    *, opened: bool = False,
) -> Row:  # fmt: skip
    """Put a sealed bid with its receipt; opened if told so."""
    bid_id, sha256 = uuid7(), hashlib.sha256(sealed).hexdigest()
    await record("bid:sealed", bid_id, provider, tender_id=tender["id"], sha256=sha256)
    head = await audit.chain_head()
    receipt = key.sign(
        ReceiptFacts(
            tender_id=tender["id"],
            tender_reference=tender["reference"],
            lot_id=lot["id"],
            lot_code="L03",
            bid_id=bid_id,
            version=1,
            provider_org_id=provider,
            ciphertext_sha256=sha256,
            size_bytes=len(sealed),
            parts=[],
            received_at=instant_text(NOW),
            deadline_at=instant_text(NOW + timedelta(hours=1)),
            verdict=Verdict.ON_TIME,
            key_id=key.key_id,
            chain_sha256=head.sha256,
        )
    )
    arrival = await put(
        "arrival",
        tender=tender["id"],
        provider_org=provider,
        person=person.id,
        began_at=NOW,
        arrived_at=NOW,
        waited_us=0,
        size_bytes=len(sealed),
    )
    return await put(
        "bid", id=bid_id, tender=tender["id"], lot=lot["id"], provider_org=provider, version=1,
        arrival=arrival["id"], ciphertext=sealed, ciphertext_sha256=sha256, parts="[]",
        received_at=NOW, submitted_by=person.id, receipt=canonical(receipt),
        state="opened" if opened else "sealed",
        **({"content": '{"unit_price":"22.00"}', "opened_at": NOW} if opened else {}),
    )  # fmt: skip


async def a_claim(
    buyer: UUID, contract: Row, clause: Row, request: Row, people: list[Actor]
) -> Row:
    """Put a group with one participant, and a claim that was attested, posted and paid."""
    venue = await put("venue", code="V1", kind="room")
    group = await put(
        "service_group", contract=contract["id"], venue=venue["id"], state="running",
        starts_on=date(2026, 1, 1), ends_until=date(2026, 6, 1), places_count=12,
    )  # fmt: skip
    participant = await put(
        "participant", group=group["id"], request=request["id"], client_ref="CL-1", risk_band="A",
        state="attending",
    )  # fmt: skip
    lines = [
        {"key": "attendance:CL-1", "kind": "attendance", "line_amount": Decimal("11000.00")},
        {"key": "milestone:CL-1:M1", "kind": "milestone", "line_amount": Decimal("814.00")},
    ]
    claim_id, total = uuid7(), Decimal("11814.00")
    content = {
        "claim_id": claim_id,
        "contract_id": contract["id"],
        "group_id": group["id"],
        "provider_id": contract["provider_org"],
        "number": 1,
        "currency": "EUR",
        "known_until_at": NOW,
        "total_amount": total,
        "lines": [
            {
                "key": line["key"],
                "kind": line["kind"],
                "participant_id": participant["id"],
                "outcome_id": None,
                "clause_id": clause["id"],
                "entitled_amount": line["line_amount"],
                "posted_amount": Decimal("0.00"),
                "line_amount": line["line_amount"],
            }
            for line in lines
        ],
    }
    sha256 = sha256_hex(canonical(content))
    pain = (
        "<Document><EndToEndId>E2E-1</EndToEndId><IBAN>EE849900000022115838</IBAN>"
        '<InstdAmt Ccy="EUR">11814.00</InstdAmt></Document>'
    )
    file_sha256 = await documents.store_file(pain.encode(), "application/xml", NOW)
    run = await put(
        "payment_run", buyer=buyer, message_id="RUN-1", total_amount=total, state="released",
        file_sha256=file_sha256, prepared_by=people[0].id, first_released_by=people[1].id,
        second_released_by=people[2].id,
    )  # fmt: skip
    payment = await put(
        "payment", run=run["id"], contract=contract["id"], provider_org=contract["provider_org"],
        iban="EE849900000022115838", payment_amount=total, end_to_end_id="E2E-1",
    )  # fmt: skip
    claim = await put(
        "claim", id=claim_id, contract=contract["id"], group=group["id"], number=1,
        known_until_at=NOW, total_amount=total, facts="{}", result="{}", changes="[]",
        content_sha256=sha256, state="paid", accepted_at=NOW, accepted_by=uuid7(),
        payment=payment["id"],
    )  # fmt: skip
    for position, line in enumerate(lines, 1):
        await put(
            "claim_line", claim=claim_id, position=position, participant=participant["id"],
            clause=clause["id"], entitled_amount=line["line_amount"],
            posted_amount=Decimal("0.00"), **line,
        )  # fmt: skip
    for position in (1, 2):
        await put(
            "attestation", claim=claim_id, person=people[position].id, position=position,
            content_sha256=sha256,
        )  # fmt: skip
    transaction_row = await put(
        "ledger_transaction", buyer=buyer, claim=claim_id, currency="EUR", entries_count=2
    )
    for account, amount in (("service-cost", total), ("provider-payable", -total)):
        await put(
            "entry", transaction=transaction_row["id"], account=account,
            contract=contract["id"], provider_org=contract["provider_org"], entry_amount=amount,
        )  # fmt: skip
    await record("claim:posted", claim_id, buyer, total=str(total))
    return claim


def parsed(content: bytes) -> Any:
    """Read JSON."""
    return json.loads(content)
