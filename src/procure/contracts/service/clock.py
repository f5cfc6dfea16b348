"""What the clock does to contracts, and the duties that it creates from their clauses."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.contracts import queries
from procure.contracts.service.parts import NOTICE_DAYS, _held
from procure.contracts.states import CONTRACT, ContractKind, ContractState
from procure.contracts.tables import Contract
from procure.db import transaction
from procure.kernel.actors import Role
from procure.kernel.texts import n_
from procure.kernel.time import after_days, legal_day
from procure.tasks import service as tasks


class ContractMoved(msgspec.Struct, frozen=True):
    """Facts of the event that the clock started or ended a contract."""

    number: str
    on: date


async def start_due(now: datetime) -> int:
    """Start the signed contracts whose first day has come, and create the duties that follow."""
    started = 0
    for contract_id in await queries.due(ContractState.SIGNED, legal_day(now)):
        async with transaction():
            contract = await _held(contract_id)
            if contract.state != ContractState.SIGNED:
                continue  # another worker was quicker
            contract.state = CONTRACT.after(contract.state, "start")
            await contract.save([Contract.state])
            await _duties_of_started(contract, now)
            await _record_move("contract:started", contract, contract.starts_on, now)
        started += 1
    return started


async def end_due(now: datetime) -> int:
    """End the running contracts whose last day has passed, and ask for their actual cost."""
    ended = 0
    for contract_id in await queries.due(ContractState.RUNNING, legal_day(now)):
        async with transaction():
            contract = await _held(contract_id)
            if contract.state != ContractState.RUNNING:
                continue
            contract.state = CONTRACT.after(contract.state, "end")
            await contract.save([Contract.state])
            await _duties_of_ended(contract, now)
            await _record_move("contract:ended", contract, contract.ends_until, now)
        ended += 1
    return ended


async def _record_move(kind: str, contract: Contract, on: date, now: datetime) -> None:
    await audit.record(
        kind,
        contract.id,
        None,
        org_id=contract.buyer,
        now=now,
        facts=ContractMoved(contract.number, on),
    )


async def _duties_of_started(contract: Contract, now: datetime) -> None:
    if contract.kind == ContractKind.FRAMEWORK:
        for year, passed in enumerate(
            _anniversaries(contract.starts_on, contract.ends_until), start=1
        ):
            await tasks.create(
                f"contract:yearly-data-{year}",
                contract.id,
                org_id=contract.buyer,
                role=Role.COORDINATOR,
                text=n_("Send the year's call-offs of framework {number} to the register."),
                values={"number": contract.number},
                link=f"/contracts/{contract.id}",
                clause="RHS § 83",
                due_on=after_days(passed - timedelta(days=1), NOTICE_DAYS),
                now=now,
            )


async def _duties_of_ended(contract: Contract, now: datetime) -> None:
    days = await _param(contract.id, "FINAL_COST", "days") or NOTICE_DAYS
    await tasks.create(
        "contract:actual-cost",
        contract.id,
        org_id=contract.buyer,
        role=Role.CONTRACT_MANAGER,
        text=n_("Send the actual cost and the changes of contract {number} to the register."),
        values={"number": contract.number},
        link=f"/contracts/{contract.id}",
        clause="RHS § 83(7)",
        due_on=after_days(contract.ends_until - timedelta(days=1), days),
        now=now,
    )


async def _param(contract_id: UUID, code: str, name: str) -> int | None:
    clauses = await queries.clauses_of_contract(contract_id)
    value = next((c.params.get(name) for c in clauses if c.code == code), None)
    return value if isinstance(value, int) else None


def _anniversaries(starts_on: date, ends_until: date) -> list[date]:
    """List the days on which a further year of a period has passed; 29 February counts as 28."""
    found = []
    for year in range(starts_on.year + 1, ends_until.year + 1):
        last = monthrange(year, starts_on.month)[1]
        day = starts_on.replace(year=year, day=min(starts_on.day, last))
        if day <= ends_until:
            found.append(day)
    return found
