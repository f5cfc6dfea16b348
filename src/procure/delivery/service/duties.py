"""What the clock asks people of delivery to do, and what closes it again.

A signed contract asks for a group, a group for people, a month that has begun for its attendance.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from procure.contracts import queries as contracts
from procure.db import transaction
from procure.delivery import queries
from procure.delivery.queries import GroupFacts
from procure.delivery.queries.duties import (
    MonthToComplete,
    Referrer,
    contracts_to_plan,
    months_to_complete,
    open_referrals,
    plans_no_longer_due,
    referrers,
)
from procure.kernel.actors import Role
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.tasks import service as tasks

PLAN = "group:plan"
REFER = "group:refer"
PLAN_WITHIN = timedelta(days=14)  # of the signature, where the contract has begun by then
REPORT = "REPORT_MONTHLY"  # the clause that asks for a month's attendance, by a day of the next


async def ask_due(now: datetime) -> int:
    """Make the tasks that have come due, drop those that no longer are; a job by the clock."""
    today = legal_day(now)
    async with transaction():
        done = await _ask_for_groups(today, now)
        done += await settle_referrals(now)
        done += await _ask_for_months(today, now)
    return done


async def _ask_for_groups(today: date, now: datetime) -> int:
    for contract_id in await plans_no_longer_due(today):
        await tasks.drop(PLAN, contract_id, now=now)
    found = await contracts_to_plan(today)
    for contract in found:
        await tasks.create(
            PLAN,
            contract.id,
            org_id=contract.buyer_id,
            role=Role.CONSULTANT,
            text=n_("Plan a group under contract {number}, which is signed."),
            values={"number": contract.number},
            link=f"/groups/new?contract_id={contract.id}",
            clause="",
            due_on=max(contract.starts_on, contract.signed_on + PLAN_WITHIN),
            now=now,
        )
    return len(found)


async def settle_referrals(now: datetime, group_id: UUID | None = None) -> int:
    """Ask those whose clients wait for a free place, and drop what asks nobody any more.

    Of all groups, or of one; called in a transaction.
    """
    today = legal_day(now)
    wanted: dict[tuple[UUID, UUID | None], Referrer] = {}
    for referrer in await referrers(today, group_id):
        last = await queries.last_joining_day(referrer.group_id)
        if last is not None and today <= last:
            wanted[referrer.group_id, referrer.person_id] = referrer
    asked = {(task.group_id, task.person_id) for task in await open_referrals(group_id)}
    for group, person in asked - wanted.keys():
        if person is not None:
            await tasks.drop(REFER, group, now=now, person_id=person)
        elif not any(other == group for other, _ in asked & wanted.keys()):
            await tasks.drop(REFER, group, now=now)
    for key in sorted(wanted.keys() - asked, key=str):
        await _ask_to_refer(wanted[key], now)
    return len(wanted.keys() - asked)


async def _ask_to_refer(referrer: Referrer, now: datetime) -> None:
    await tasks.create(
        REFER,
        referrer.group_id,
        org_id=referrer.buyer_id,
        role=Role.CASEWORKER if referrer.person_id else Role.CONSULTANT,
        person_id=referrer.person_id,
        text=n_("Refer clients to group {code}, which begins on {day}: it was bought for them."),
        values={"code": referrer.code, "day": referrer.starts_on},
        link=f"/groups/{referrer.group_id}/refer",
        clause="",
        due_on=referrer.starts_on,
        now=now,
    )


async def _ask_for_months(today: date, now: datetime) -> int:
    found = await months_to_complete(today)
    asked = 0
    for month in found:
        clauses = await contracts.clauses_of_contract(month.contract_id)
        day = next((c.params.get("day") for c in clauses if c.code == REPORT), None)
        if isinstance(day, int):
            await _ask_for_month(month, day, now)
            asked += 1
    return asked


async def _ask_for_month(month: MonthToComplete, day: int, now: datetime) -> None:
    next_month = (month.first_on.replace(day=1) + timedelta(days=31)).replace(day=1)
    await tasks.create(
        report_of(month.first_on),
        month.contract_id,
        org_id=month.provider_id,
        role=Role.PROVIDER_MANAGER,
        text=n_("Complete the attendance of {first} to {last} under contract {number}."),
        values={"first": month.first_on, "last": month.last_on, "number": month.number},
        link=f"/groups/{month.group_id}#attendance" if month.groups_count == 1 else "/groups",
        clause="THP § 13(1)",
        due_on=next_month.replace(day=day),
        now=now,
    )


def report_of(day: date) -> str:
    """Name the task of a day's month.

    >>> report_of(date(2025, 9, 4))
    'attendance-report:2025-09'
    """
    return f"attendance-report:{day:%Y-%m}"


async def finish_months(group: GroupFacts, now: datetime) -> None:
    """Close the reports of months whose every training day has passed and has its marks."""
    terms = await contracts.terms_of(group.contract_id)
    last = terms.ends_until - timedelta(days=1)
    days: set[date] = set()
    missing: set[date] = set()
    for group_id in await queries.groups_of_contract(group.contract_id):
        days |= {row.held_on for row in await queries.training_days(group_id)}
        missing |= {day for day, _ in await queries.unmarked(group_id, last)}
    for month in {day.replace(day=1) for day in days} - {day.replace(day=1) for day in missing}:
        in_month = [day for day in days if day.replace(day=1) == month]
        if max(in_month) <= legal_day(now):
            await tasks.finish(report_of(month), group.contract_id, now=now)
