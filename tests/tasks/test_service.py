"""Tasks: made once, found by whom they are for, closed by what was done."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from procure.audit.queries import history
from procure.db import connection, transaction, uuid7
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, NotFound, Refused
from procure.tasks import queries, service
from tests.builders.guards import forbidden, refused
from tests.builders.identity import an_actor

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ORG, OTHER_ORG = UUID(int=1), UUID(int=2)

pytestmark = pytest.mark.usefixtures("db")


def someone(role: Role = Role.COORDINATOR, org: UUID = ORG, person: int = 10) -> Actor:
    return Actor(
        id=UUID(int=person),
        name="Someone",
        org_id=org,
        org_name="Fund",
        org_kind="buyer",
        roles=frozenset({role}),
        permissions=frozenset({Permission.TASK_READ}),
    )


async def a_task(subject: UUID | None = None, **change: object) -> UUID:
    given: dict[str, Any] = {
        "kind": "lot-to-decide",
        "org_id": ORG,
        "role": Role.COORDINATOR,
        "text": "Decide lot {lot}.",
        "values": {"lot": "L03"},
        "link": "/lots/3",
        "clause": "RHS § 117",
        "due_on": date(2026, 12, 1),
        "now": NOW,
    } | change
    return await service.create(given.pop("kind"), subject or uuid7(), **given)


async def mine(actor: Actor | None = None) -> list[UUID]:
    return [task.id for task in await queries.open_tasks(actor or someone(), NOW)]


async def test_a_task_says_what_to_do_where_and_by_when() -> None:
    subject = uuid7()
    task_id = await a_task(subject)

    (task,) = await queries.open_tasks(someone(), NOW)

    assert (task.id, task.subject_id) == (task_id, subject)
    assert task.message == "Decide lot L03."
    assert (task.link, task.clause, task.due_on) == ("/lots/3", "RHS § 117", date(2026, 12, 1))


@pytest.mark.parametrize(
    ("due_on", "overdue"),
    [
        pytest.param(date(2026, 11, 24), False, id="the last day itself is not overdue"),
        pytest.param(date(2026, 11, 23), True, id="the day after it is"),
    ],
)
async def test_overdue_begins_after_the_last_day(due_on: date, overdue: bool) -> None:
    await a_task(due_on=due_on)

    (task,) = await queries.open_tasks(someone(), NOW)

    assert task.is_overdue is overdue


async def test_the_legal_day_is_the_countrys_and_not_that_of_utc() -> None:
    await a_task(due_on=date(2026, 11, 24))
    late_evening = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # half past midnight in Tallinn

    (task,) = await queries.open_tasks(someone(), late_evening)

    assert task.is_overdue


async def test_the_soonest_come_first() -> None:
    later = await a_task(due_on=date(2026, 12, 2))
    overdue = await a_task(due_on=date(2026, 11, 1))
    soon = await a_task(due_on=date(2026, 11, 25))

    assert await mine() == [overdue, soon, later]


@pytest.mark.parametrize(
    "actor",
    [
        pytest.param(someone(org=OTHER_ORG), id="the same role in another organisation"),
        pytest.param(someone(role=Role.FINANCE), id="another role in the same organisation"),
    ],
)
async def test_a_task_is_not_shown_to(actor: Actor) -> None:
    await a_task()

    assert await mine(actor) == []


async def test_a_task_for_one_person_is_not_shown_to_others_in_the_role() -> None:
    await a_task(role=Role.EVALUATOR, person_id=UUID(int=11))

    assert await mine(someone(Role.EVALUATOR, person=12)) == []
    assert len(await mine(someone(Role.EVALUATOR, person=11))) == 1


async def test_who_has_several_roles_sees_the_tasks_of_each() -> None:
    await a_task()
    await a_task(role=Role.FINANCE)
    both = msgspec.structs.replace(someone(), roles=frozenset({Role.COORDINATOR, Role.FINANCE}))

    assert len(await mine(both)) == 2


async def test_said_again_it_is_the_same_task_with_the_newer_day() -> None:
    subject = uuid7()
    first = await a_task(subject)
    again = await a_task(subject, due_on=date(2026, 12, 9))

    (task,) = await queries.open_tasks(someone(), NOW)

    assert first == again == task.id
    assert task.due_on == date(2026, 12, 9)


async def test_each_evaluator_has_a_task_of_their_own() -> None:
    lot = uuid7()
    for person in (11, 12, 13):
        await a_task(lot, role=Role.EVALUATOR, person_id=UUID(int=person))

    assert await service.finish("lot-to-decide", lot, now=NOW, person_id=UUID(int=12)) == 1

    open_for = [p for p in (11, 12, 13) if await mine(someone(Role.EVALUATOR, person=p))]
    assert open_for == [11, 13]


async def test_what_is_done_is_no_longer_open_and_can_come_up_again() -> None:
    subject = uuid7()
    first = await a_task(subject)
    assert await service.finish("lot-to-decide", subject, now=NOW) == 1
    assert await mine() == []

    second = await a_task(subject)

    assert await mine() == [second]
    states = {task.id: task.state for task in await queries.tasks_of(someone(), subject, NOW)}
    assert states == {first: "done", second: "open"}


async def test_finishing_what_nobody_had_to_do_is_no_fault() -> None:
    assert await service.finish("lot-to-decide", uuid7(), now=NOW) == 0


async def test_finishing_one_kind_leaves_the_others_of_the_same_thing() -> None:
    subject = uuid7()
    await a_task(subject)
    other = await a_task(subject, kind="notice-to-send")

    await service.finish("lot-to-decide", subject, now=NOW)

    assert await mine() == [other]


async def test_what_was_done_is_not_dropped_afterwards() -> None:
    subject = uuid7()
    await a_task(subject)
    await service.finish("lot-to-decide", subject, now=NOW)

    assert await service.drop("lot-to-decide", subject, now=NOW) == 0
    (task,) = await queries.tasks_of(someone(), subject, NOW)
    assert (task.state, task.closed_at) == ("done", NOW)


async def test_a_thing_that_ends_early_takes_all_its_tasks_along() -> None:
    subject = uuid7()
    await a_task(subject)
    await a_task(subject, kind="notice-to-send")
    stays = await a_task()

    assert await service.drop_all_of(subject, now=NOW) == 2

    assert await mine() == [stays]


async def test_the_organisation_is_shown_all_its_own_tasks() -> None:
    await a_task(role=Role.FINANCE)
    await a_task(role=Role.EVALUATOR, person_id=UUID(int=11))
    await a_task(org_id=OTHER_ORG)

    found = await queries.open_tasks_of_organisation(someone(Role.AUDITOR), NOW)

    assert [task.role for task in found] == ["finance-officer", "evaluator"]


async def test_two_who_make_the_same_task_at_once_make_one() -> None:
    subject = uuid7()
    async with transaction():  # the first has made it, and has not committed yet
        first = await a_task(subject)
        other = asyncio.create_task(a_task(subject), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"

    assert await other == first
    assert await mine() == [first]


async def test_a_task_of_a_decision_that_was_undone_is_not_there() -> None:
    async def undone() -> None:
        async with transaction():
            await a_task()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()

    assert await mine() == []


class TestReportingByHand:
    async def test_what_is_done_outside_is_reported_with_how(self) -> None:
        actor = await an_actor(Role.COORDINATOR)
        task_id = await a_contract_task(actor)
        await service.report_done(actor, task_id, "Notice 999001 of the register", now=NOW)
        assert await queries.open_tasks(actor, NOW) == []
        (told,) = await history(actor, [await subject_of(task_id)])
        assert told.kind == "task:finished"

    async def test_another_organisation_sees_no_such_task(self) -> None:
        task_id = await a_contract_task(await an_actor(Role.COORDINATOR))
        with pytest.raises(NotFound):
            await service.report_done(
                await an_actor(Role.COORDINATOR), task_id, "Notice 1", now=NOW
            )

    async def test_what_the_system_closes_itself_is_not_closed_by_hand(self) -> None:
        actor = await an_actor(Role.COORDINATOR)
        task_id = await a_contract_task(actor, kind="tender:deadline")
        with pytest.raises(Conflict, match="by itself"):
            await service.report_done(actor, task_id, "Notice 1", now=NOW)

    async def test_how_it_was_done_must_be_said(self) -> None:
        actor = await an_actor(Role.COORDINATOR)
        task_id = await a_contract_task(actor)
        with pytest.raises(Refused):
            await service.report_done(actor, task_id, " ", now=NOW)
        assert len(await queries.open_tasks(actor, NOW)) == 1


async def a_contract_task(actor: Actor, kind: str = "contract:award-notice") -> UUID:
    return await service.create(
        kind,
        uuid4(),
        org_id=actor.org_id,
        role=Role.COORDINATOR,
        text="Send the notice.",
        link="/contracts",
        clause="RHS § 83",
        due_on=NOW.date(),
        now=NOW,
    )


async def subject_of(task_id: UUID) -> UUID:
    async with connection() as c:
        return UUID(str(await c.fetchval("SELECT subject_id FROM task WHERE id = $1", task_id)))


async def test_a_closed_task_stays_on_record() -> None:
    subject = uuid7()
    await a_task(subject)
    await service.finish("lot-to-decide", subject, now=NOW)
    assert "stays as it was" in await refused("UPDATE task SET text = 'x'")
    assert "no task that is done becomes open" in await refused(
        "UPDATE task SET state = 'open', closed_at = NULL"
    )
    await forbidden("DELETE FROM task")
