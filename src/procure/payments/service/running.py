"""Payment runs: one file for the bank, made once, released by two people who did not make it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.contracts import service as contracts
from procure.db import transaction, uuid7
from procure.documents import queries as files
from procure.documents import service as documents
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import holidays
from procure.payments import queries
from procure.payments.ports import PaymentFileWriter
from procure.payments.rules import (
    Payee,
    PaymentOrder,
    ReleaseFacts,
    Transfer,
    end_to_end_id,
    execution_findings,
    message_id,
    payee_findings,
    release_findings,
    remittance,
)
from procure.payments.schemas import PaymentView
from procure.payments.service.parts import PREPARE, RELEASE
from procure.payments.states import CLAIM, RUN, Account, ClaimState, RunState
from procure.payments.tables import Claim, Entry, LedgerTransaction, Payment, PaymentRun
from procure.tasks import service as tasks


class Prepared(msgspec.Struct, frozen=True):
    """What a payment file says, its hash, and what was kept back."""

    order: PaymentOrder
    file_sha256: str
    total_amount: Decimal
    kept_back: tuple[Finding, ...]


class Released(msgspec.Struct, frozen=True):
    """What was released on whose word; the ledger's transaction once both have spoken."""

    release: ReleaseFacts
    total_amount: Decimal
    transaction_id: UUID | None


class Cancelled(msgspec.Struct, frozen=True):
    """A file that will not be paid."""

    message_id: str
    file_sha256: str
    total_amount: Decimal


async def prepare_run(
    actor: Actor, writer: PaymentFileWriter, pay_on: date, *, now: datetime
) -> UUID:
    """Put everything that is owed and may be paid into one file; return the run.

    Holds every contract that is owed something, in order of id, so that nothing is in two files.
    What must not be paid yet (a changed account) is left out, and stays owed.
    Raises Forbidden, Refused (nothing may be paid; the day is over).
    """
    if not actor.is_buyer or not actor.may(Permission.RUN_PREPARE):
        raise Forbidden(n_("A finance officer of the buyer prepares payments."))
    today = legal_day(now)
    if found := execution_findings(pay_on, today, holidays()):
        raise Refused(found)
    code, debtor = await queries.buyer_account(actor.org_id, today)
    async with transaction():
        for payee in await queries.payees_of_buyer(actor.org_id):
            await contracts.hold_contract(payee.contract_id)
        payees, kept_back = _payable(
            await queries.payees_of_buyer(actor.org_id), actor, now, queries.cooling_days(today)
        )
        message = message_id(code, pay_on, await queries.next_run_number(actor.org_id))
        claims = {
            payee.contract_id: await queries.unpaid_claims(payee.contract_id) for payee in payees
        }
        order = PaymentOrder(
            message_id=message,
            created_at=now,
            pay_on=pay_on,
            currency=payees[0].currency,
            debtor=debtor,
            transfers=tuple(
                Transfer(
                    end_to_end_id(message, position),
                    payee.provider_name,
                    payee.iban,
                    payee.owed_amount,
                    remittance(
                        payee.contract_number, [c.number for c in claims[payee.contract_id]]
                    ),
                )
                for position, payee in enumerate(payees, start=1)
            ),
        )
        sha256 = await documents.store_file(writer.write(order), writer.media_type, now)
        total = sum((payee.owed_amount for payee in payees), Decimal("0.00"))
        run_id = uuid7()
        await PaymentRun(
            id=run_id,
            buyer=actor.org_id,
            message_id=message,
            pay_on=pay_on,
            currency=order.currency,
            total_amount=total,
            file_sha256=sha256,
            state=RunState.PREPARED,
            prepared_at=now,
            prepared_by=actor.id,
        ).save()
        for payee, transfer in zip(payees, order.transfers, strict=True):
            payment_id = uuid7()
            await Payment(
                id=payment_id,
                run=run_id,
                contract=payee.contract_id,
                provider_org=payee.provider_id,
                iban=transfer.iban,
                payment_amount=transfer.amount,
                end_to_end_id=transfer.end_to_end_id,
                remittance=transfer.remittance,
            ).save()
            covered = [claim.id for claim in claims[payee.contract_id]]
            if covered:
                await Claim.update({Claim.payment: payment_id}).where(Claim.id.is_in(covered))
            for claim_id in covered:
                await tasks.finish(PREPARE, claim_id, now=now)
        attesters = await queries.attesters_of_run(run_id)
        await tasks.create(
            RELEASE,
            run_id,
            org_id=actor.org_id,
            role=Role.FINANCE,
            text=n_("Release payment file {message}: {amount} €. Two people who did not make it."),
            values={"message": message, "amount": str(total)},
            link=f"/payment-runs/{run_id}",
            clause="",
            due_on=pay_on,
            now=now,
            excused_ids={actor.id, *attesters},
        )
        await audit.record(
            "run:prepared",
            run_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts=Prepared(order, sha256, total, tuple(kept_back)),
        )
    return run_id


def _payable(
    payees: list[Payee], actor: Actor, now: datetime, cooling_days: int
) -> tuple[list[Payee], list[Finding]]:
    """Divide those who may be paid from the reasons why others may not; Refused if none may."""
    good, kept_back = [], []
    for payee in payees:
        found = payee_findings(payee, actor.id, now, cooling_days=cooling_days)
        kept_back += found
        if not found:
            good.append(payee)
    if not payees:
        kept_back.append(
            Finding("nothing-owed", n_("Nothing is owed that is not in a payment file already."))
        )
    if len({payee.currency for payee in good}) > 1:
        kept_back.append(
            Finding("currencies", n_("What is owed is in several currencies; one file has one."))
        )
        good = []
    if not good:
        raise Refused(kept_back)
    return good, kept_back


async def release_run(actor: Actor, run_id: UUID, file_sha256: str, *, now: datetime) -> None:
    """Confirm a payment file by the hash read off it; the second person's word releases it.

    With the release the ledger has the payment, and the claims that it covers are paid. Reads the
    stored file first: one that was changed on disk is never released.
    Raises NotFound, Forbidden, Conflict (released or cancelled), Refused (every reason).
    """
    view = await queries.read_run(actor, run_id)
    if not actor.may(Permission.RUN_RELEASE, for_org=view.buyer_id):
        raise Forbidden(n_("Finance officers of the buyer release payments."))
    await files.read_file(view.file_sha256)
    async with transaction():
        await _hold_contracts(view.payments)
        run = await _hold(run_id)
        state = RUN.after(run.state, "release")
        first: UUID | None = run.first_released_by
        facts = ReleaseFacts(
            person_id=actor.id,
            prepared_by=run.prepared_by,
            released_by=() if first is None else (first,),
            attested_by=tuple(await queries.attesters_of_run(run_id)),
            file_sha256=run.file_sha256,
            typed_sha256=file_sha256,
            payees=tuple(await queries.payees_of_run(run_id)),
            paid_ibans=tuple(payment.iban for payment in view.payments),
        )
        days = queries.cooling_days(legal_day(now))
        if found := release_findings(facts, now, cooling_days=days):
            raise Refused(found)
        if first is None:
            run.first_released_by = actor.id
            await run.save([PaymentRun.first_released_by])
            await tasks.excuse(RELEASE, run_id, actor.id)
            await audit.record(
                "run:confirmed",
                run_id,
                actor,
                org_id=view.buyer_id,
                now=now,
                facts=Released(facts, run.total_amount, None),
            )
            return
        run.second_released_by, run.released_at, run.state = actor.id, now, state
        await run.save([PaymentRun.second_released_by, PaymentRun.released_at, PaymentRun.state])
        transaction_id = await _pay(run, view.payments, now)
        await tasks.finish(RELEASE, run_id, now=now)
        await audit.record(
            "run:released",
            run_id,
            actor,
            org_id=view.buyer_id,
            now=now,
            facts=Released(facts, run.total_amount, transaction_id),
        )


async def _pay(run: PaymentRun, payments: Sequence[PaymentView], now: datetime) -> UUID:
    """Write the payments into the ledger, and say of the claims they cover that they are paid."""
    transaction_id = uuid7()
    await LedgerTransaction(
        id=transaction_id,
        buyer=run.buyer,
        claim=None,
        run_id=run.id,
        currency=run.currency,
        reason=f"Payment file {run.message_id}",
        entries_count=2 * len(payments),
        posted_at=now,
    ).save()
    await Entry.insert(
        *(
            Entry(
                transaction=transaction_id,
                account=account,
                contract=payment.contract_id,
                provider_org=payment.provider_id,
                claim_line=None,
                entry_amount=sign * payment.payment_amount,
            )
            for payment in payments
            for account, sign in ((Account.PROVIDER_PAYABLE, 1), (Account.BANK, -1))
        )
    )
    covered = [claim_id for payment in payments for claim_id in payment.claim_ids]
    if covered:
        paid = CLAIM.after(ClaimState.POSTED, "pay")
        await Claim.update({Claim.state: paid}).where(Claim.id.is_in(covered))
    return transaction_id


async def cancel_run(actor: Actor, run_id: UUID, *, now: datetime) -> None:
    """Cancel a payment file before its second release; what it would have paid is owed again.

    Raises NotFound, Forbidden, Conflict (released or cancelled).
    """
    view = await queries.read_run(actor, run_id)
    if not actor.may(Permission.RUN_PREPARE, for_org=view.buyer_id):
        raise Forbidden(n_("A finance officer of the buyer cancels payment files."))
    async with transaction():
        await _hold_contracts(view.payments)
        run = await _hold(run_id)
        run.state = RUN.after(run.state, "cancel")
        await run.save([PaymentRun.state])
        payments = [payment.id for payment in view.payments]
        await Claim.update({Claim.payment: None}).where(Claim.payment.is_in(payments))
        await tasks.drop(RELEASE, run_id, now=now)
        await audit.record(
            "run:cancelled",
            run_id,
            actor,
            org_id=view.buyer_id,
            now=now,
            facts=Cancelled(run.message_id, run.file_sha256, run.total_amount),
        )


async def _hold_contracts(payments: Sequence[PaymentView]) -> None:
    for contract_id in sorted({payment.contract_id for payment in payments}):
        await contracts.hold_contract(contract_id)


async def _hold(run_id: UUID) -> PaymentRun:
    """Lock one run's row; the contracts it pays are held already."""
    query = PaymentRun.objects().where(PaymentRun.id == run_id).first().lock_rows()
    found: PaymentRun | None = await query
    if found is None:
        raise NotFound(n_("There is no payment run {id}."), {"id": str(run_id)})
    return found
