"""The chain: gapless, append-only, and each hash reckoned anew from what is stored."""

import asyncio
import hashlib
from contextvars import Context
from uuid import uuid4

import asyncpg
import pytest

from procure.audit import queries, service
from procure.db import connection, transaction
from procure.kernel.actors import Role
from tests.builders.identity import NOW, an_actor

pytestmark = pytest.mark.usefixtures("db")


async def test_each_hash_follows_from_the_row_and_the_row_before() -> None:
    actor = await an_actor(Role.AUDITOR)
    for n in range(3):
        async with transaction():
            await service.record(
                "bid:sealed", uuid4(), actor, org_id=actor.org_id, now=NOW, facts={"n": n, "õ": "ä"}
            )

    async with connection() as c:
        rows = await c.fetch("SELECT * FROM event ORDER BY seq")
    previous = "0" * 64
    for seq, row in enumerate(rows, start=1):
        stamp = "%Y-%m-%dT%H:%M:%S.%fZ"
        line = "\n".join(
            [
                str(seq),
                str(row["id"]),
                row["kind"],
                str(row["subject_id"]),
                str(row["org_id"] or ""),
                str(row["actor_id"] or ""),
                row["happened_at"].strftime(stamp),
                row["written_at"].strftime(stamp),
                hashlib.sha256(row["facts"].encode()).hexdigest(),
            ]
        )
        link = f"{hashlib.sha256(line.encode()).hexdigest()}\n{previous}"
        assert row["sha256"] == hashlib.sha256(link.encode()).hexdigest()
        previous = row["sha256"]
    assert len(rows) >= 3
    assert (await service.chain_head()).sha256 == previous


async def test_an_aborted_decision_leaves_no_gap() -> None:
    before = (await service.chain_head()).seq
    with pytest.raises(RuntimeError):
        async with transaction():
            await service.record("x:y", uuid4(), None, org_id=None, now=NOW, facts={})
            raise RuntimeError
    async with transaction():
        assert (
            await service.record("x:y", uuid4(), None, org_id=None, now=NOW, facts={}) == before + 1
        )


async def test_a_second_writer_waits_for_the_first() -> None:
    async def write() -> int:
        async with transaction():
            return await service.record("x:y", uuid4(), None, org_id=None, now=NOW, facts={})

    async with transaction():
        first = await service.record("x:y", uuid4(), None, org_id=None, now=NOW, facts={})
        other = asyncio.create_task(write(), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second writer did not wait for the first"
    assert await other == first + 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO event (seq) VALUES (99)",
        "UPDATE event SET kind = 'x'",
        "DELETE FROM event",
        "TRUNCATE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "UPDATE event_head SET seq = 0",
        "SET session_replication_role = replica",
        "INSERT INTO event SELECT * FROM event ON CONFLICT (seq) DO UPDATE SET kind = 'x'",
        "MERGE INTO event e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ],
)
async def test_the_application_can_only_append(statement: str) -> None:
    async with transaction():
        await service.record("x:y", uuid4(), None, org_id=None, now=NOW, facts={})
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)):
        async with connection() as c:
            await c.execute(statement)


async def test_a_line_break_cannot_forge_a_second_field() -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction():
            await service.record("x:y\nz", uuid4(), None, org_id=None, now=NOW, facts={})


async def test_history_shows_only_the_own_organisation() -> None:
    ours, theirs = await an_actor(Role.AUDITOR), await an_actor(Role.AUDITOR)
    subject = uuid4()
    async with transaction():
        await service.record("x:y", subject, ours, org_id=ours.org_id, now=NOW, facts={"a": 1})

    assert [event.kind for event in await queries.history(ours, [subject])] == ["x:y"]
    assert await queries.history(theirs, [subject]) == []
