"""Reading payment runs, which are the buyer's alone."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.db import fetch_as
from procure.documents import queries as documents
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.outcomes.schemas import said
from procure.parameters import dated
from procure.payments.queries.claims import CLAIM_ITEM
from procure.payments.rules import (
    BuyerAccount,
    Payee,
    payee_findings,
)
from procure.payments.schemas import (
    ClaimLineItem,
    Owed,
    PaymentView,
    RunItem,
    RunView,
)
from procure.payments.states import RUN, RunState

# The payable is a credit; what prepared files will pay is not owed twice.
_PAYEE = """
    SELECT k.id AS contract_id, k.number AS contract_number, k.provider_org AS provider_id,
           o.name AS provider_name, v.iban, v.iban_changed_at, v.iban_changed_by, k.currency,
           coalesce(-(SELECT sum(e.entry_amount) FROM entry e
                       WHERE e.contract = k.id AND e.account = 'provider-payable'), 0)
           - coalesce((SELECT sum(p.payment_amount) FROM payment p
                         JOIN payment_run r ON r.id = p.run
                        WHERE p.contract = k.id AND r.state = 'prepared'), 0) AS owed_amount
      FROM contract k JOIN organisation o ON o.id = k.provider_org
      JOIN provider v ON v.org = k.provider_org
"""


async def payees_of_buyer(buyer_id: UUID) -> list[Payee]:
    """List to whom a buyer owes money that is in no file yet, by contract; for services."""
    return await fetch_as(
        Payee,
        f"""SELECT * FROM ({_PAYEE} WHERE k.buyer = $1) x WHERE x.owed_amount > 0
            ORDER BY contract_id""",  # noqa: S608 - our own text
        buyer_id,
    )


async def payees_of_run(run_id: UUID) -> list[Payee]:
    """List the payees of a run as they are now, in the order of its payments; for services."""
    return await fetch_as(
        Payee,
        f"""SELECT x.* FROM payment p JOIN ({_PAYEE}) x ON x.contract_id = p.contract
            WHERE p.run = $1 ORDER BY p.id""",  # noqa: S608 - our own text
        run_id,
    )


class _Person(msgspec.Struct, frozen=True):
    id: UUID


async def attesters_of_run(run_id: UUID) -> list[UUID]:
    """List who attested the claims that a run pays, as they are; for services."""
    rows = await fetch_as(
        _Person,
        """SELECT DISTINCT a.person AS id FROM attestation a JOIN claim c ON c.id = a.claim
             JOIN payment p ON p.id = c.payment
            WHERE p.run = $1 AND a.content_sha256 = c.content_sha256 ORDER BY 1""",
        run_id,
    )
    return [row.id for row in rows]


async def unpaid_claims(contract_id: UUID) -> list[ClaimLineItem]:
    """List a contract's posted claims that no payment covers yet, by number; for services."""
    return await fetch_as(
        ClaimLineItem,
        f"{CLAIM_ITEM} WHERE c.contract = $1 AND c.state = 'posted' AND c.payment IS NULL "
        "ORDER BY c.number",
        contract_id,
    )


def cooling_days(day: date) -> int:
    """Return for how many days a changed account is not paid."""
    found: int = dated("payments/bank_data_cooling").on(day)
    return found


async def buyer_account(buyer_id: UUID, day: date) -> tuple[str, BuyerAccount]:
    """Return a buyer's registry code and the account it pays from; Refused if it has none."""
    rows = await fetch_as(
        _Code, "SELECT registry_code AS code FROM organisation WHERE id = $1", buyer_id
    )
    for entry in dated("payments/buyer_accounts").on(day):
        if rows and entry["registry_code"] == rows[0].code:
            return rows[0].code, msgspec.convert(entry, BuyerAccount)
    raise Refused(
        [
            Finding(
                "no-account",
                n_("No account is set up from which this authority pays: payments/buyer_accounts."),
            )
        ]
    )


class _Code(msgspec.Struct, frozen=True):
    code: str


_RUN = """
    SELECT r.id, r.buyer AS buyer_id, r.message_id, r.pay_on, r.total_amount, r.currency, r.state,
           r.prepared_at, p.name AS prepared_by, r.prepared_by AS prepared_by_id, r.released_at,
           r.file_sha256, f.name AS first_released_by, r.first_released_by AS first_id,
           s.name AS second_released_by
      FROM payment_run r JOIN person p ON p.id = r.prepared_by
      LEFT JOIN person f ON f.id = r.first_released_by
      LEFT JOIN person s ON s.id = r.second_released_by
"""


class _Run(msgspec.Struct, frozen=True):
    id: UUID
    buyer_id: UUID
    message_id: str
    pay_on: date
    total_amount: Decimal
    currency: str
    state: RunState
    prepared_at: datetime
    prepared_by: str
    prepared_by_id: UUID
    released_at: datetime | None
    file_sha256: str
    first_released_by: str | None
    first_id: UUID | None
    second_released_by: str | None


async def list_runs(actor: Actor) -> list[RunItem]:
    """List the payment runs of the actor's own organisation, the newest first."""
    return await fetch_as(
        RunItem,
        f"{_RUN} WHERE r.buyer = $1 ORDER BY r.prepared_at DESC, r.id DESC",
        actor.org_id,
    )


async def read_run(actor: Actor, run_id: UUID) -> RunView:
    """Load one payment run; NotFound also for one of another organisation."""
    rows = await fetch_as(_Run, f"{_RUN} WHERE r.buyer = $1 AND r.id = $2", actor.org_id, run_id)
    if not rows:
        raise NotFound(n_("There is no payment run {id}."), {"id": str(run_id)})
    row = rows[0]
    theirs = set()
    if actor.may(Permission.RUN_PREPARE, for_org=row.buyer_id):
        theirs.add("cancel")
    if actor.may(Permission.RUN_RELEASE, for_org=row.buyer_id) and actor.id not in (
        row.prepared_by_id,
        row.first_id,
        *await attesters_of_run(run_id),
    ):
        theirs.add("release")
    same: dict[str, Any] = {
        name: getattr(row, name)
        for name in RunView.__struct_fields__
        if name in _Run.__struct_fields__
    }
    return RunView(
        **same,
        payments=await payments_of(run_id),
        actions=[action for action in RUN.actions(row.state) if action in theirs],
    )


async def payments_of(run_id: UUID) -> list[PaymentView]:
    """List the payments of a run in the order of its file; for services."""
    return await fetch_as(
        PaymentView,
        """SELECT p.id, p.contract AS contract_id, k.number AS contract_number,
                  p.provider_org AS provider_id, o.name AS provider_name, p.iban,
                  p.payment_amount, p.end_to_end_id, p.remittance,
                  array(SELECT c.id FROM claim c WHERE c.payment = p.id ORDER BY c.number)
                      AS claim_ids
             FROM payment p JOIN contract k ON k.id = p.contract
             JOIN organisation o ON o.id = p.provider_org
            WHERE p.run = $1 ORDER BY p.id""",
        run_id,
    )


async def read_run_file(actor: Actor, run_id: UUID) -> tuple[RunView, bytes, str]:
    """Read a run with its file and the file's media type: the same bytes every time."""
    run = await read_run(actor, run_id)
    content, media_type = await documents.read_file(run.file_sha256)
    return run, content, media_type


class _Count(msgspec.Struct, frozen=True):
    number: int


async def next_run_number(buyer_id: UUID) -> int:
    """Return the number of a buyer's next run; the caller holds what keeps two apart."""
    rows = await fetch_as(
        _Count, "SELECT count(*) + 1 AS number FROM payment_run WHERE buyer = $1", buyer_id
    )
    return rows[0].number


async def owed_now(actor: Actor, now: datetime) -> list[Owed]:
    """List what the actor's organisation owes and has in no file yet, and what keeps it back."""
    days = cooling_days(legal_day(now))
    found = []
    for payee in await payees_of_buyer(actor.org_id):
        kept = payee_findings(payee, actor.id, now, cooling_days=days)
        found.append(
            Owed(
                payee.contract_id,
                payee.contract_number,
                payee.provider_name,
                payee.owed_amount,
                payee.currency,
                [said(finding) for finding in kept],
            )
        )
    return found
