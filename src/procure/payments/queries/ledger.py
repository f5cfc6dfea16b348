"""Reading the ledger, which is the buyer's alone."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.kernel.actors import Actor
from procure.payments.schemas import (
    Balance,
    EntryView,
    LedgerView,
    TransactionView,
)
from procure.payments.states import Account


class _Transaction(msgspec.Struct, frozen=True):
    id: UUID
    reason: str
    posted_at: datetime
    currency: str
    claim_id: UUID | None
    claim_number: int | None
    run_id: UUID | None


class _Entry(msgspec.Struct, frozen=True):
    transaction_id: UUID
    account: str
    contract_number: str
    provider_name: str
    entry_amount: Decimal
    key: str | None


async def read_ledger(actor: Actor, *, limit: int = 200) -> LedgerView:
    """Read the ledger of the actor's own organisation: balances, and the newest transactions."""
    balances = await fetch_as(
        Balance,
        """SELECT e.account, sum(e.entry_amount) AS balance_amount
             FROM entry e JOIN ledger_transaction t ON t.id = e.transaction
            WHERE t.buyer = $1 GROUP BY e.account ORDER BY e.account""",
        actor.org_id,
    )
    known = {balance.account: balance.balance_amount for balance in balances}
    transactions = await fetch_as(
        _Transaction,
        """SELECT t.id, t.reason, t.posted_at, t.currency, t.claim AS claim_id,
                  c.number AS claim_number, t.run_id
             FROM ledger_transaction t LEFT JOIN claim c ON c.id = t.claim
            WHERE t.buyer = $1 ORDER BY t.posted_at DESC, t.id DESC LIMIT $2""",
        actor.org_id,
        limit,
    )
    entries = await fetch_as(
        _Entry,
        """SELECT e.transaction AS transaction_id, e.account, k.number AS contract_number,
                  o.name AS provider_name, e.entry_amount, l.key
             FROM entry e JOIN contract k ON k.id = e.contract
             JOIN organisation o ON o.id = e.provider_org
             LEFT JOIN claim_line l ON l.id = e.claim_line
            WHERE e.transaction = ANY($1) ORDER BY e.id""",
        [transaction.id for transaction in transactions],
    )
    return LedgerView(
        balances=[Balance(str(a), known.get(str(a), Decimal("0.00"))) for a in Account],
        total_amount=sum(known.values(), Decimal("0.00")),
        transactions=[
            TransactionView(
                **msgspec.structs.asdict(transaction),
                entries=[
                    EntryView(e.account, e.contract_number, e.provider_name, e.entry_amount, e.key)
                    for e in entries
                    if e.transaction_id == transaction.id
                ],
            )
            for transaction in transactions
        ],
    )
