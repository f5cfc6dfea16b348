"""Money on a real database: to the cent, by enough people, once, and never edited."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from procure.adapters.pain001 import Pain001Writer
from procure.audit import queries as audit
from procure.db import connection, transaction, uuid7
from procure.db.engine import AppConnection
from procure.delivery.states import Mark
from procure.identity.rules import permissions_of
from procure.kernel.actors import Role
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.outcomes import queries as outcome_queries
from procure.outcomes import service as outcomes
from procure.payments import queries, service
from procure.payments.rules import (
    Entitlement,
    GroupFacts,
    attest_findings,
    entitlements,
)
from procure.payments.service.attesting import Posting
from procure.tasks import queries as tasks
from tests.builders.contracts import a_contract
from tests.builders.delivery import a_group, mark
from tests.builders.guards import refused
from tests.builders.identity import an_actor, count
from tests.builders.outcomes import Register, a_spell
from tests.builders.payments import Money, a_paying_group, terms, the_money
from tests.builders.providers import a_changed_account

pytestmark = pytest.mark.usefixtures("db")

D = Decimal
NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)
LATER = datetime(2026, 4, 14, 9, tzinfo=UTC)


async def value(sql: str, *args: object) -> Any:
    async with connection() as c:
        return await c.fetchval(sql, *args)


async def execute(sql: str, *args: object) -> None:
    """Run a statement as the application's role."""
    async with connection() as c:
        await c.execute(sql, *args)


async def another_day(money: Money, number: int) -> None:
    """Mark the group's only person present on one more day."""
    (person,) = [
        UUID(bytes=row["id"].bytes)
        for row in await rows('SELECT id FROM participant WHERE "group" = $1', money.group.id)
    ]
    await mark(money.group, money.group.days[number - 1], {person: Mark.PRESENT})


async def rows(sql: str, *args: object) -> list[Any]:
    async with connection() as c:
        return list(await c.fetch(sql, *args))


# The whole way -----------------------------------------------------------------


async def test_the_known_group_from_claim_to_bank_file() -> None:
    money = await the_money()
    first = await money.draft(NOW, "Close-out of the group")

    claim = await queries.read_claim(money.provider, first)
    assert (claim.state, claim.number, claim.total_amount) == ("drafted", 1, D("11972.40"))
    assert (claim.attendance_amount, claim.milestone_amount, claim.outcome_amount) == (
        D("7563.60"),
        D("2613.60"),
        D("1795.20"),
    )
    assert sum(line.line_amount for line in claim.lines) == D("11972.40")
    assert all(line.clause_id for line in claim.lines)
    assert [bool(line.outcome_id) for line in claim.lines if line.kind == "outcome"] == [True] * 14
    assert claim.actions == ["accept", "dispute"]
    assert claim.changes == []

    await money.post(first, NOW)
    with pytest.raises(Refused, match=r"is posted: 11972\.40"):
        await service.draft_claim(money.group.contract_manager, money.group.id, now=NOW)
    assert await service.draft_claim(None, money.group.id, now=NOW) is None
    assert await count("claim") == 1

    job = a_spell(date(2025, 10, 13), date(2025, 12, 22), client_ref="CL-90004")
    others = [
        a_spell(begun, client_ref=ref)
        for ref, begun in (
            ("CL-90001", date(2025, 12, 22)),
            ("CL-90006", date(2026, 1, 12)),
            ("CL-90009", date(2025, 12, 29)),
            ("CL-90013", date(2026, 1, 19)),
        )
    ]
    report = await outcomes.check_registers(None, Register(job, *others), money.group.id, now=LATER)
    assert [(i.client_ref, i.definition) for i in report.items if i.state == "rejected"] == [
        ("CL-90004", "EMP_SUST_90")
    ]

    second = await money.draft(LATER)
    correction = await queries.read_claim(money.finance[0], second)
    assert (correction.number, correction.total_amount) == (2, D("-158.40"))
    (line,) = correction.lines
    assert (line.key, line.entitled_amount, line.posted_amount, line.line_amount) == (
        "outcome:EMP_SUST_90:CL-90004",
        D("0.00"),
        D("158.40"),
        D("-158.40"),
    )
    assert line.trace.message == "The job ended after 71 of 90 days, on 2025-12-22."
    assert "EMP_SUST_90 of CL-90004 was verified and is rejected:" in [
        change.message for change in correction.changes
    ]
    await money.post(second, LATER)
    assert await value("SELECT spent_amount FROM contract WHERE id = $1", claim.contract_id) == D(
        "11814.00"
    )

    run_id = await money.prepare(LATER)
    run, content, _ = await queries.read_run_file(money.finance[3], run_id)
    assert (run.total_amount, len(run.payments)) == (D("11814.00"), 1)
    assert b'<InstdAmt Ccy="EUR">11814.00</InstdAmt>' in content
    assert list(run.payments[0].claim_ids) == [first, second]
    await money.release(run_id, LATER)

    ledger = await queries.read_ledger(money.finance[0])
    assert {b.account: b.balance_amount for b in ledger.balances} == {
        "service-cost": D("11814.00"),
        "provider-payable": D("0.00"),
        "bank": D("-11814.00"),
    }
    assert ledger.total_amount == 0
    assert [await value("SELECT state FROM claim WHERE id = $1", c) for c in (first, second)] == [
        "paid",
        "paid",
    ]
    with pytest.raises(Refused, match="Nothing is owed"):
        await money.prepare(LATER)


# Drafting ----------------------------------------------------------------------


async def test_drafting_again_changes_nothing_while_nothing_has_changed() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    before = await queries.read_claim(money.provider, claim_id)
    events = await count("event")
    assert await money.draft(LATER) == claim_id
    assert await queries.read_claim(money.provider, claim_id) == before
    assert await count("event") == events


async def test_a_draft_follows_the_facts_until_it_is_accepted() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    first = await queries.read_claim(money.provider, claim_id)
    await another_day(money, 3)
    assert await money.draft(LATER) == claim_id
    second = await queries.read_claim(money.provider, claim_id)
    # 75 % of 12 places on 2 and 3 days are 18 and 27 guaranteed days.
    assert (first.total_amount, second.total_amount) == (D("237.60"), D("356.40"))
    assert first.content_sha256 != second.content_sha256
    assert [line.kind for line in second.lines] == ["attendance", "guarantee"]

    await service.accept(money.provider, claim_id, now=LATER)
    await another_day(money, 4)
    with pytest.raises(Conflict, match="accepted"):
        await money.draft(LATER)
    seen = await queries.read_claim(money.finance[0], claim_id)
    assert seen.content_sha256 == second.content_sha256
    assert [said.code for said in seen.differs] == ["attendance-changed"]
    assert (await queries.read_claim(money.provider, claim_id)).differs == []


async def test_a_draft_that_would_post_nothing_is_withdrawn(owner: AppConnection) -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    await another_day(money, 3)
    claim_id = await money.draft(LATER)
    await owner.execute(
        """DELETE FROM attendance a USING training_day d WHERE d.id = a.day AND d.held_on = $1""",
        money.group.days[2],
    )
    assert await service.draft_claim(None, money.group.id, now=LATER) == claim_id
    assert (await queries.read_claim(money.provider, claim_id)).state == "withdrawn"
    await another_day(money, 3)
    assert await money.draft(LATER) != claim_id


async def test_the_system_drafts_what_has_come_due() -> None:
    money = await a_paying_group()
    assert await service.draft_due(now=NOW) == 0  # the group runs, and nothing was posted yet
    await money.claim_and_post(NOW)
    assert await service.draft_due(now=NOW) == 0
    await another_day(money, 3)
    assert await service.draft_due(now=LATER) == 1
    (claim,) = [c for c in await queries.list_claims(money.provider) if c.state == "drafted"]
    await service.accept(money.provider, claim.id, now=LATER)
    await another_day(money, 4)
    assert await service.draft_due(now=LATER) == 0  # it waits for people


async def test_who_may_not_draft_or_read() -> None:
    money = await a_paying_group()
    with pytest.raises(Forbidden):
        await service.draft_claim(money.provider, money.group.id, now=NOW)
    with pytest.raises(NotFound):
        await service.draft_claim(await an_actor(Role.FINANCE), money.group.id, now=NOW)
    claim_id = await money.draft(NOW)
    for stranger in (
        await an_actor(Role.PROVIDER_MANAGER, kind="provider"),
        await an_actor(Role.FINANCE),
    ):
        with pytest.raises(NotFound):
            await queries.read_claim(stranger, claim_id)
        with pytest.raises(NotFound):
            await service.accept(stranger, claim_id, now=NOW)
        with pytest.raises(NotFound):
            await service.attest(stranger, claim_id, "a" * 64, now=NOW)
        assert await queries.list_claims(stranger) == []
    assert await value("SELECT state FROM claim") == "drafted"


async def test_two_drafts_at_once_make_one_claim() -> None:
    money = await a_paying_group()
    async with transaction():
        first = await service.draft_claim(None, money.group.id, now=NOW)
        other = asyncio.create_task(
            service.draft_claim(None, money.group.id, now=NOW), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"
    assert await other == first
    assert await count("claim") == 1


async def test_the_claim_can_be_computed_again_from_what_is_stored() -> None:
    money = await the_money()
    claim_id = await money.draft(NOW)
    (row,) = await rows("SELECT c.facts, c.result, k.terms FROM claim c JOIN contract k"
                        " ON k.id = c.contract WHERE c.id = $1", claim_id)  # fmt: skip
    agreed = msgspec.json.decode(row["terms"], type=type(terms()))
    again = entitlements(agreed, msgspec.json.decode(row["facts"], type=GroupFacts))
    assert canonical(again) == row["result"]
    assert msgspec.json.decode(row["result"], type=Entitlement).total_amount == D("11972.40")


# What the provider says --------------------------------------------------------


async def test_accepting_freezes_tells_finance_and_orders_the_act() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    mine = [t.kind for t in await tasks.open_tasks(money.provider, NOW)]
    assert "claim:accept" in mine
    await money.accept(claim_id, NOW)
    assert "claim:accept" not in [t.kind for t in await tasks.open_tasks(money.provider, NOW)]
    for who in (money.finance[0], money.group.contract_manager):
        assert "claim:attest" in [t.kind for t in await tasks.open_tasks(who, NOW)]
    claim = await queries.read_claim(money.provider, claim_id)
    assert (claim.state, claim.accepted_by) == ("accepted", money.provider.name)
    assert [paper.kind for paper in claim.papers] == ["acceptance-act"]
    with pytest.raises(Conflict):
        await service.accept(money.provider, claim_id, now=NOW)
    with pytest.raises(Forbidden):
        await service.accept(money.finance[0], claim_id, now=NOW)


async def test_a_dispute_is_answered_by_computing_again() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    with pytest.raises(Refused, match="Say what is not right"):
        await service.dispute(money.provider, claim_id, " ", now=NOW)
    await service.dispute(money.provider, claim_id, "The third day is missing.", now=NOW)
    claim = await queries.read_claim(money.finance[0], claim_id)
    assert (claim.state, claim.dispute) == ("disputed", "The third day is missing.")
    assert "claim:answer" in [
        t.kind for t in await tasks.open_tasks(money.group.contract_manager, NOW)
    ]
    await another_day(money, 3)
    assert await money.draft(LATER) == claim_id
    claim = await queries.read_claim(money.provider, claim_id)
    assert (claim.state, claim.dispute, claim.total_amount) == ("drafted", None, D("356.40"))
    assert "claim:answer" not in [
        t.kind for t in await tasks.open_tasks(money.group.contract_manager, NOW)
    ]


# Four eyes ----------------------------------------------------------------------


async def test_two_different_people_attest_and_the_second_posts() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    sha256 = await money.accept(claim_id, NOW)
    one, two = money.finance[:2]

    await service.attest(one, claim_id, sha256, now=NOW)
    claim = await queries.read_claim(one, claim_id)
    assert (claim.state, claim.actions) == ("attested", ["return"])
    assert (await queries.read_claim(two, claim_id)).actions == ["attest", "return"]
    with pytest.raises(Refused, match="must be another"):
        await service.attest(one, claim_id, sha256, now=NOW)
    assert await count("entry") == 0

    await service.attest(two, claim_id, sha256, now=LATER)
    claim = await queries.read_claim(money.provider, claim_id)
    assert claim.state == "posted"
    assert [a.person_name for a in claim.attestations] == [one.name, two.name]
    assert sorted(p.kind for p in claim.papers) == ["acceptance-act", "claim-statement"]
    with pytest.raises(Conflict):
        await service.attest(money.finance[2], claim_id, sha256, now=LATER)
    (event,) = await audit.history(one, [claim_id], limit=1)
    posting = msgspec.json.decode(event.facts, type=Posting)
    assert (event.kind, attest_findings(posting.attested)) == ("claim:posted", [])
    assert sha256_hex(canonical(posting.content)) == sha256


async def test_who_may_not_attest() -> None:
    money = await a_paying_group()
    drafter = money.finance[0]
    claim_id = await service.draft_claim(drafter, money.group.id, now=NOW)
    assert claim_id is not None
    sha256 = await money.accept(claim_id, NOW)
    with pytest.raises(Refused, match="Who drafted"):
        await service.attest(drafter, claim_id, sha256, now=NOW)
    with pytest.raises(Forbidden):
        await service.attest(money.provider, claim_id, sha256, now=NOW)
    # The same natural person with a role on both sides.
    both = msgspec.structs.replace(
        drafter, id=money.provider.id, permissions=permissions_of(frozenset({Role.FINANCE}))
    )
    with pytest.raises(Refused, match="Who accepted"):
        await service.attest(both, claim_id, sha256, now=NOW)
    with pytest.raises(Refused, match="not what you saw"):
        await service.attest(money.finance[1], claim_id, "0" * 64, now=NOW)
    auditor = await an_actor(Role.AUDITOR, org=money.buyer_id)
    with pytest.raises(Forbidden):
        await service.attest(auditor, claim_id, sha256, now=NOW)
    assert await count("attestation") == 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            "UPDATE claim_line SET line_amount = line_amount + 1, "
            "entitled_amount = entitled_amount + 1",
            id="an amount",
        ),
        pytest.param("UPDATE claim SET total_amount = total_amount + 1", id="the total"),
        pytest.param("UPDATE claim_line SET participant = NULL", id="the participant"),
        pytest.param("UPDATE claim_line SET key = key || 'x'", id="the obligation"),
        pytest.param("UPDATE claim SET number = 99", id="the number"),
        pytest.param("DELETE FROM claim_line WHERE position = 1", id="a line taken away"),
        pytest.param("UPDATE contract SET provider_org = buyer", id="the payee"),
        pytest.param("UPDATE contract SET currency = 'SEK'", id="the currency"),
    ],
)
async def test_changed_content_voids_what_was_read(change: str, owner: AppConnection) -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    sha256 = await money.accept(claim_id, NOW)
    await service.attest(money.finance[0], claim_id, sha256, now=NOW)
    async with owner.transaction():  # somebody with all rights over the database
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(change)
    with pytest.raises(Refused, match="not what you saw"):
        await service.attest(money.finance[1], claim_id, sha256, now=NOW)
    assert await count("entry") == 0


async def test_a_returned_claim_is_attested_anew() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    old = await money.accept(claim_id, NOW)
    one, two = money.finance[:2]
    await service.attest(one, claim_id, old, now=NOW)
    with pytest.raises(Refused, match="Say what is not right"):
        await service.return_claim(two, claim_id, "", now=NOW)
    with pytest.raises(Forbidden):
        await service.return_claim(money.provider, claim_id, "Wrong.", now=NOW)
    await service.return_claim(two, claim_id, "Ask the register first.", now=NOW)
    assert (await queries.read_claim(two, claim_id)).state == "disputed"

    assert await money.draft(LATER) == claim_id  # the same facts, and yet another content
    new = await money.accept(claim_id, LATER)
    assert new != old
    with pytest.raises(Refused, match="not what you saw"):
        await service.attest(two, claim_id, old, now=LATER)
    await service.attest(one, claim_id, new, now=LATER)
    assert (await queries.read_claim(two, claim_id)).state == "attested"
    await service.attest(two, claim_id, new, now=LATER)
    assert (await queries.read_claim(two, claim_id)).state == "posted"


# The ceiling ---------------------------------------------------------------------


async def two_groups(owner: AppConnection, ceiling: str) -> tuple[Money, list[UUID]]:
    """Make two claims of 237.60 under a contract with that ceiling, each attested once."""
    call_off = await a_contract(groups=2, days=12)
    money = await a_paying_group(call_off=call_off)
    sibling, (person,) = await a_group(people=1, days_count=12, call_off=call_off)
    await mark(sibling, sibling.days[0], {person: Mark.PRESENT})
    await mark(sibling, sibling.days[1], {person: Mark.PRESENT})
    other = Money(sibling, money.finance)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "UPDATE contract SET ceiling_amount = $2 WHERE id = $1",
            money.group.call_off.contract_id,
            D(ceiling),
        )
    claims = []
    for each in (money, other):
        claim_id = await each.draft(NOW)
        sha256 = await each.accept(claim_id, NOW)
        await service.attest(money.finance[0], claim_id, sha256, now=NOW)
        claims.append(claim_id)
    return money, claims


async def attest_second(money: Money, claim_id: UUID) -> None:
    claim = await queries.read_claim(money.finance[1], claim_id)
    await service.attest(money.finance[1], claim_id, claim.content_sha256, now=NOW)


async def test_the_last_cent_of_the_ceiling_may_be_spent(owner: AppConnection) -> None:
    money, claims = await two_groups(owner, "475.20")
    for claim_id in claims:
        await attest_second(money, claim_id)
    assert await value("SELECT sum(spent_amount) FROM contract") == D("475.20")


async def test_two_claims_cannot_both_spend_the_last_of_the_ceiling(owner: AppConnection) -> None:
    money, (first, second) = await two_groups(owner, "475.19")
    async with transaction():  # the first is posted, and not committed yet
        await attest_second(money, first)
        other = asyncio.create_task(attest_second(money, second), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Refused, match=r"has 237\.59 € left of 475\.19 €; this claim asks for 237"):
        await other
    assert await value("SELECT state FROM claim WHERE id = $1", second) == "attested"
    assert (await queries.read_claim(money.finance[2], second)).actions == ["return"]


# The database holds it ------------------------------------------------------------


async def test_the_database_refuses_the_wrong_attester() -> None:
    money = await a_paying_group()
    drafter = money.finance[0]
    claim_id = await service.draft_claim(drafter, money.group.id, now=NOW)
    assert claim_id is not None
    insert = """INSERT INTO attestation (id, claim, person, position, content_sha256, attested_at)
                VALUES (gen_random_uuid(), $1, $2, $3, $4, now())"""
    claim = await queries.read_claim(drafter, claim_id)
    with pytest.raises(asyncpg.CheckViolationError, match="drafted cannot be attested"):
        await execute(insert, claim_id, money.finance[1].id, 1, claim.content_sha256)
    await money.accept(claim_id, NOW)
    for person in (drafter.id, money.provider.id):
        with pytest.raises(asyncpg.CheckViolationError, match="drafted or accepted"):
            await execute(insert, claim_id, person, 1, claim.content_sha256)
    with pytest.raises(asyncpg.CheckViolationError, match="content as it is"):
        await execute(insert, claim_id, money.finance[1].id, 1, "0" * 64)
    await execute(insert, claim_id, money.finance[1].id, 1, claim.content_sha256)
    with pytest.raises(asyncpg.UniqueViolationError):
        await execute(insert, claim_id, money.finance[1].id, 2, claim.content_sha256)
    with pytest.raises(asyncpg.CheckViolationError):
        await execute(insert, claim_id, money.finance[2].id, 3, claim.content_sha256)
    await refused("DELETE FROM attestation")
    with pytest.raises(asyncpg.CheckViolationError, match="two people"):
        await execute("UPDATE claim SET state = 'posted'")


NOBODY = "accepted_at = NULL, accepted_by = NULL"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE claim SET total_amount = 0", "does not change"),
        ("UPDATE claim SET facts = '{}'", "does not change"),
        ("UPDATE claim SET content_sha256 = repeat('0', 64)", "does not change"),
        ("UPDATE claim SET drafted_by = NULL, drafted_at = now()", "does not change"),
        ("UPDATE claim SET accepted_by = gen_random_uuid()", "does not change"),
        (
            "UPDATE claim SET state = 'drafted', accepted_at = NULL, accepted_by = NULL",
            "does not change",
        ),
        (
            "UPDATE claim SET state = 'disputed', accepted_at = NULL, accepted_by = NULL",
            "corrected",
        ),
        ("DELETE FROM claim", "never deleted"),
        (
            "UPDATE claim_line SET entitled_amount = 0, line_amount = -posted_amount",
            "do not change",
        ),
        ("DELETE FROM claim_line", "do not change"),
        (
            "INSERT INTO claim_line (id, claim, position, key, kind, entitled_amount,"
            " posted_amount, line_amount, trace)"
            " SELECT gen_random_uuid(), id, 99, 'x', 'cap', 1, 0, 1, '{}' FROM claim",
            "do not change",
        ),
        ("UPDATE attestation SET person = gen_random_uuid()", "stays as it was"),
        ("UPDATE entry SET entry_amount = 1", "permission denied"),
        ("DELETE FROM entry", "permission denied"),
        ("TRUNCATE entry", "permission denied"),
        ("UPDATE ledger_transaction SET reason = 'x'", "permission denied"),
        ("DELETE FROM ledger_transaction", "permission denied"),
        ("ALTER TABLE entry DISABLE TRIGGER ALL", "must be owner"),
        ("SET session_replication_role = replica", "permission denied"),
    ],
)
async def test_what_is_posted_is_never_edited_by_the_application(
    statement: str, error: str
) -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    before = await queries.read_ledger(money.finance[0])
    if error in {"permission denied", "must be owner"}:
        with pytest.raises(asyncpg.PostgresError, match=error):
            await execute(statement)
    else:
        assert error in await refused(statement)
    assert await queries.read_ledger(money.finance[0]) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET entry_amount = 2 * entry_amount",
        "DELETE FROM entry",
        "UPDATE ledger_transaction SET currency = 'SEK'",
        "DELETE FROM ledger_transaction",
    ],
)
async def test_not_even_by_a_slip_of_the_owners_hand(statement: str, owner: AppConnection) -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await owner.execute(statement)


ENTRY = """INSERT INTO entry (id, transaction, account, contract, provider_org, entry_amount)
           SELECT gen_random_uuid(), $1, $2, id, provider_org, $3 FROM contract
            WHERE kind = 'call-off'"""
TRANSACTION = """INSERT INTO ledger_transaction (id, buyer, claim, run_id, currency, reason,
                                                 entries_count, posted_at)
                 SELECT $1, buyer, $2, $3, 'EUR', 'by hand', $4, now() FROM contract
                  WHERE kind = 'call-off'"""


async def test_an_unbalanced_transaction_is_refused_at_the_commit() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    for amounts, expected in (((D(5), D(-4)), "must balance"), ((D(5), D(-5)), "was attested")):
        transaction_id = uuid7()
        with pytest.raises(asyncpg.CheckViolationError, match=expected):
            async with transaction():
                await execute(TRANSACTION, transaction_id, claim_id, None, 2)
                for account, amount in zip(
                    ("service-cost", "provider-payable"), amounts, strict=True
                ):
                    await execute(ENTRY, transaction_id, account, amount)
    assert await count("ledger_transaction") == 0


async def test_nothing_is_added_to_a_transaction_afterwards() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    transaction_id = await value("SELECT id FROM ledger_transaction")
    with pytest.raises(asyncpg.CheckViolationError, match="must balance"):
        async with transaction():
            await execute(ENTRY, transaction_id, "service-cost", D(7))
            await execute(ENTRY, transaction_id, "provider-payable", D(-7))


async def test_one_obligation_is_posted_once_whoever_writes(owner: AppConnection) -> None:
    money = await a_paying_group()
    first = await money.claim_and_post(NOW)
    await another_day(money, 3)
    second = await money.draft(LATER)
    async with owner.transaction():  # as if the second did not know of the first
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "UPDATE claim_line SET posted_amount = 0, line_amount = entitled_amount"
            " WHERE claim = $1",
            second,
        )
        await owner.execute(
            "UPDATE claim SET total_amount ="
            " (SELECT sum(line_amount) FROM claim_line WHERE claim = $1) WHERE id = $1",
            second,
        )
        content = sha256_hex(canonical(await queries.content_of_claim(second)))
        await owner.execute("UPDATE claim SET content_sha256 = $2 WHERE id = $1", second, content)
    sha256 = sha256_hex(canonical(await queries.content_of_claim(second)))
    await owner.execute("UPDATE claim SET content_sha256 = $2 WHERE id = $1", second, sha256)
    await money.accept(second, LATER)
    await service.attest(money.finance[0], second, sha256, now=LATER)
    with pytest.raises(asyncpg.CheckViolationError, match="is not what the claim says"):
        await service.attest(money.finance[1], second, sha256, now=LATER)
    assert await value("SELECT count(*) FROM ledger_transaction") == 1
    assert await value("SELECT claim FROM ledger_transaction") == first


async def test_a_group_has_one_open_claim() -> None:
    money = await a_paying_group()
    claim_id = await money.draft(NOW)
    with pytest.raises(asyncpg.UniqueViolationError, match="claim_one_open_per_group"):
        await execute(
            """INSERT INTO claim (id, contract, "group", number, reason, changes, known_until_at,
                    total_amount, facts, result, content_sha256, state, drafted_at)
               SELECT gen_random_uuid(), contract, "group", 2, '', '[]', known_until_at, 1, facts,
                    result, content_sha256, 'drafted', drafted_at FROM claim WHERE id = $1""",
            claim_id,
        )


# Payment runs ----------------------------------------------------------------------


async def test_a_run_pays_what_is_owed_once() -> None:
    money = await a_paying_group()
    claim_id = await money.claim_and_post(NOW)
    assert "run:prepare" in [t.kind for t in await tasks.open_tasks(money.finance[0], NOW)]
    run_id = await money.prepare(NOW)
    with pytest.raises(Refused, match="Nothing is owed"):
        await money.prepare(NOW)
    run, first, media_type = await queries.read_run_file(money.finance[1], run_id)
    _, second, _ = await queries.read_run_file(money.finance[2], run_id)
    assert first == second
    assert (sha256_hex(first), media_type) == (run.file_sha256, "application/xml")
    assert run.message_id.encode() in first
    assert (run.actions, run.total_amount) == (["cancel"], D("237.60")), "who attested it"
    assert (await queries.read_run(money.finance[2], run_id)).actions == ["release", "cancel"]
    assert (await queries.read_run(money.finance[0], run_id)).actions == ["cancel"]

    await money.release(run_id, LATER)

    run = await queries.read_run(money.finance[0], run_id)
    assert (run.state, run.first_released_by, run.second_released_by) == (
        "released",
        money.finance[2].name,
        money.finance[3].name,
    )
    claim = await queries.read_claim(money.provider, claim_id)
    assert (claim.state, claim.run_id, claim.paid_on) == ("paid", run_id, run.pay_on)
    with pytest.raises(Conflict):
        await service.release_run(money.finance[3], run_id, run.file_sha256, now=LATER)
    with pytest.raises(Conflict):
        await service.cancel_run(money.finance[0], run_id, now=LATER)
    assert await count("ledger_transaction") == 2


async def test_who_may_not_release() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    run = await queries.read_run(money.finance[0], run_id)
    with pytest.raises(Refused, match="prepared a payment run"):
        await service.release_run(money.finance[0], run_id, run.file_sha256, now=NOW)
    with pytest.raises(Refused, match="not the hash"):
        await service.release_run(money.finance[2], run_id, "f" * 64, now=NOW)
    await service.release_run(money.finance[2], run_id, run.file_sha256.upper(), now=NOW)
    with pytest.raises(Refused, match="You attested a claim"):
        await service.release_run(money.finance[1], run_id, run.file_sha256, now=NOW)
    with pytest.raises(asyncpg.CheckViolationError, match="who attested a claim"):
        await execute(
            "UPDATE payment_run SET second_released_by = $1, state = 'released', released_at = $2",
            money.finance[1].id,
            NOW,
        )
    with pytest.raises(Refused, match="Choose the file that you were given"):
        await service.release_run(money.finance[3], run_id, " ", now=NOW)
    with pytest.raises(Refused, match="must be another"):
        await service.release_run(money.finance[2], run_id, run.file_sha256, now=NOW)
    with pytest.raises(Forbidden):
        await service.release_run(
            await an_actor(Role.AUDITOR, org=money.buyer_id), run_id, run.file_sha256, now=NOW
        )
    with pytest.raises(NotFound):
        await service.release_run(await an_actor(Role.FINANCE), run_id, run.file_sha256, now=NOW)
    with pytest.raises(NotFound):
        await service.release_run(money.provider, run_id, run.file_sha256, now=NOW)
    assert await value("SELECT state FROM payment_run") == "prepared"
    assert await count("ledger_transaction") == 1


async def test_a_file_changed_on_disk_is_never_released() -> None:
    from procure.documents.queries import FileDamaged, path_of

    money = await a_paying_group()
    await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    run = await queries.read_run(money.finance[0], run_id)
    path = path_of(run.file_sha256)
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace(b"237.60", b"999.60"))
        with pytest.raises(FileDamaged):
            await service.release_run(money.finance[1], run_id, run.file_sha256, now=NOW)
    finally:
        path.write_bytes(content)


async def test_a_changed_account_is_cooled() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    changer = money.provider
    await a_changed_account(changer, "EE849900000022115838", NOW)
    with pytest.raises(Refused, match="was changed lately"):
        await money.prepare(NOW + timedelta(days=3) - timedelta(seconds=1))
    (owed,) = await queries.owed_now(money.finance[0], NOW)
    assert [said.code for said in owed.kept_back] == ["cooling"]
    after = NOW + timedelta(days=3)
    both = msgspec.structs.replace(
        money.finance[0], id=changer.id, permissions=permissions_of(frozenset({Role.FINANCE}))
    )
    with pytest.raises(Refused, match="You changed the account"):
        await service.prepare_run(both, Pain001Writer(), date(2026, 4, 13), now=after)
    run_id = await money.prepare(after)
    run, content, _ = await queries.read_run_file(money.finance[0], run_id)
    assert b"EE849900000022115838" in content
    with pytest.raises(Refused, match="You changed the account"):
        await service.release_run(both, run_id, run.file_sha256, now=after)
    with pytest.raises(asyncpg.CheckViolationError, match="may not release"):
        await execute("UPDATE payment_run SET first_released_by = $1", changer.id)


async def test_an_account_changed_after_the_file_was_made_stops_the_release() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    run = await queries.read_run(money.finance[0], run_id)
    await service.release_run(money.finance[3], run_id, run.file_sha256, now=NOW)
    await a_changed_account(money.provider, "EE849900000022115838", NOW)
    with pytest.raises(Refused, match="not the one in the file"):
        await service.release_run(money.finance[2], run_id, run.file_sha256, now=LATER)

    await service.cancel_run(money.finance[0], run_id, now=LATER)
    assert await value("SELECT payment FROM claim") is None
    again = await money.prepare(LATER)
    assert (await queries.read_run(money.finance[0], again)).message_id != run.message_id
    await money.release(again, LATER)
    assert await value("SELECT state FROM claim") == "paid"


async def test_two_runs_at_once_do_not_pay_the_same() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    async with transaction():
        await money.prepare(NOW)
        other = asyncio.create_task(money.prepare(NOW), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Refused, match="Nothing is owed"):
        await other
    assert await count("payment_run") == 1


async def test_a_correction_after_payment_is_taken_from_the_next_one(owner: AppConnection) -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    await money.release(await money.prepare(NOW), NOW)
    await owner.execute(
        "DELETE FROM attendance a USING training_day d WHERE d.id = a.day AND d.held_on = $1",
        money.group.days[1],
    )
    await money.claim_and_post(LATER)  # 118.80 too much was paid
    with pytest.raises(Refused, match="Nothing is owed"):
        await money.prepare(LATER)
    for number in (2, 3, 4):
        await another_day(money, number)
    await money.claim_and_post(LATER)
    run_id = await money.prepare(LATER)
    run = await queries.read_run(money.finance[0], run_id)
    assert run.total_amount == D("237.60")  # four days' guarantee, less the two that were paid
    await money.release(run_id, LATER)
    assert {row["state"] for row in await rows("SELECT state FROM claim")} == {"paid"}


async def test_what_is_wrong_with_a_run_is_said() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    with pytest.raises(Refused, match=r"no working day; the next is 2026-04-13"):
        await service.prepare_run(money.finance[0], Pain001Writer(), date(2026, 4, 11), now=NOW)
    with pytest.raises(Refused, match="is over"):
        await service.prepare_run(money.finance[0], Pain001Writer(), date(2026, 4, 6), now=NOW)
    with pytest.raises(Forbidden):
        await service.prepare_run(money.provider, Pain001Writer(), date(2026, 4, 8), now=NOW)
    elsewhere = await an_actor(Role.FINANCE)
    with pytest.raises(Refused, match="No account is set up"):
        await service.prepare_run(elsewhere, Pain001Writer(), date(2026, 4, 8), now=NOW)
    assert await count("payment_run") == 0


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE payment_run SET file_sha256 = repeat('0', 64)", "made once"),
        ("UPDATE payment_run SET total_amount = 1", "made once"),
        ("UPDATE payment_run SET prepared_by = (SELECT id FROM person LIMIT 1)", "made once"),
        ("DELETE FROM payment_run", "never deleted"),
        ("UPDATE payment SET iban = 'EE849900000022115838'", "stays as it is"),
        ("UPDATE payment SET payment_amount = 1", "stays as it is"),
        ("DELETE FROM payment", "stays as it is"),
        (
            "UPDATE payment_run SET first_released_by = prepared_by",
            "preparer_never_releases|may not release|who attested",
        ),
        (
            "UPDATE payment_run SET first_released_by = p.id, second_released_by = p.id,"
            " state = 'released' FROM (SELECT id FROM person ORDER BY id DESC LIMIT 1) p",
            "two_different_people",
        ),
        ("UPDATE payment_run SET state = 'released'", "released_by_two"),
    ],
)
async def test_the_database_keeps_a_run_as_it_was_made(statement: str, error: str) -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    await money.prepare(NOW)
    said = await refused(statement)
    assert any(words in said for words in error.split("|")), said


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE claim SET state = 'paid'", "paid by a released payment"),
        ("UPDATE claim SET payment = NULL", "when the file is cancelled"),
        ("UPDATE claim SET number = 7", "stays with its group and number"),
    ],
)
async def test_a_claim_is_paid_by_a_released_file_of_its_contract(
    statement: str, error: str
) -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    await refused("UPDATE claim SET state = 'paid'")
    await money.prepare(NOW)
    assert error in await refused(statement)


async def test_no_claim_begins_as_more_than_a_draft() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    columns = await value(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attnum > 0"
        " AND attrelid = 'claim'::regclass AND attname NOT IN ('id', 'number')"
    )
    insert = f"""INSERT INTO claim (id, number, {columns})
                 SELECT gen_random_uuid(), 99, {columns} FROM claim"""
    assert "no claim begins as posted" in await refused(insert)


async def test_more_than_is_owed_is_never_paid() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    with pytest.raises(asyncpg.CheckViolationError, match="what is paid must be"):
        async with transaction():
            await execute(TRANSACTION, uuid7(), None, run_id, 2)
            transaction_id = await value(
                "SELECT id FROM ledger_transaction WHERE run_id = $1", run_id
            )
            await execute(ENTRY, transaction_id, "provider-payable", D("237.60"))
            await execute(ENTRY, transaction_id, "bank", D("-237.60"))


# What people see ---------------------------------------------------------------------


async def test_the_provider_sees_what_it_will_be_paid_and_why_not_more() -> None:
    money = await the_money()
    (expected,) = await queries.expectations(money.provider)
    assert (expected.entitled_amount, expected.posted_amount, expected.paid_amount) == (
        D("11972.40"),
        D("0.00"),
        D("0.00"),
    )
    reasons = {w.reason.code for w in expected.withheld}
    assert {"absent", "no-visit", "no-exit-plan", "no-plan"} <= reasons
    assert expected.open_claim_id is None
    await money.claim_and_post(NOW)
    (expected,) = await queries.expectations(money.provider)
    assert expected.posted_amount == D("11972.40")


async def test_finance_is_told_what_no_register_has_confirmed() -> None:
    money = await the_money()
    claim_id = await money.draft(NOW)
    seen = await queries.read_claim(money.finance[0], claim_id)
    assert len(seen.unchecked) == 8
    assert seen.unchecked[0].message == (
        "EMP_START of CL-90001 rests on caseworker; the register was not asked."
    )
    assert (await queries.read_claim(money.provider, claim_id)).unchecked == []


async def test_another_buyer_sees_no_money_of_ours() -> None:
    money = await a_paying_group()
    await money.claim_and_post(NOW)
    run_id = await money.prepare(NOW)
    elsewhere = await an_actor(Role.FINANCE)
    assert (await queries.read_ledger(elsewhere)).transactions == []
    assert (await queries.read_ledger(money.provider)).transactions == []
    assert await queries.list_runs(elsewhere) == await queries.expectations(elsewhere) == []
    with pytest.raises(NotFound):
        await queries.read_run(elsewhere, run_id)
    with pytest.raises(NotFound):
        await queries.read_run_file(money.provider, run_id)
    assert await outcome_queries.list_outcomes(elsewhere) == []
