"""Drafting, signing, calling off, the clock: on a real database, with its guards."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import asyncpg
import msgspec
import pytest

from procure.awards.rules import signing_findings
from procure.contracts import queries, service
from procure.contracts.rules import SignFacts, document_hash, sign_findings
from procure.contracts.schemas import MiniCompetitionDraft
from procure.contracts.service.signing import SignRefused
from procure.contracts.states import ContractState
from procure.db import connection, transaction
from procure.db.engine import AppConnection, AppEngine
from procure.kernel.actors import Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.tasks.queries import tasks_of
from procure.tenders import queries as tenders
from tests.builders.contracts import (
    AT,
    CALL_OFF_STARTED_AT,
    CALLED_OFF_AT,
    LAST_BLOCKED_ON,
    SIGNED_AT,
    STARTED_AT,
    a_call_off_award,
    a_contract,
    a_framework,
    an_award,
    sign_both,
)
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import an_officer

pytestmark = pytest.mark.usefixtures("db")

INSIDE = datetime(2024, 3, 1, 8, tzinfo=UTC)


async def events(kind: str) -> list[asyncpg.Record]:
    async with connection() as c:
        return await c.fetch("SELECT * FROM event WHERE kind = $1 ORDER BY seq", kind)


# --- Drafting -------------------------------------------------------------------------------


async def test_each_supplier_of_an_award_gets_a_framework_in_order_of_rank() -> None:
    award = await an_award()

    ids = await service.draft_from_award(award.contract_manager, award.id, now=AT)

    first, second = [await queries.read_contract(award.coordinator, i) for i in ids]
    assert (first.number, second.number) == ("RL-2024-L03-1", "RL-2024-L03-2")
    assert (first.kind, first.state) == ("framework", "drafted")
    assert first.provider_id == award.partners[0].id
    assert (first.terms.unit_price, second.terms.unit_price) == (
        Decimal("21.50"),
        Decimal("24.80"),
    )
    assert first.money.ceiling_amount == Decimal("253440.00")
    assert first.terms.full_value_amount == Decimal("15480.00")
    assert (first.starts_on, first.ends_until) == (date(2024, 4, 1), date(2026, 4, 1))
    assert first.terms.promised_rates["employment"] == Decimal("0.45")
    assert {"ATTENDANCE", "MILESTONE", "OUTCOME", "GUARANTEE", "CAP"} <= set(first.terms.clause_ids)
    assert {c.code: c.id for c in first.clauses} == dict(first.terms.clause_ids)
    assert first.actions == ["sign"]
    assert first.paper is not None


async def test_the_document_has_the_hash_that_the_contract_names() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.coordinator, contract_id)
    assert document_hash(await queries.document_of(contract_id)) == view.document_sha256


async def test_an_award_is_drafted_once() -> None:
    award = await an_award()
    await service.draft_from_award(award.contract_manager, award.id, now=AT)
    with pytest.raises(Conflict, match="drafted already"):
        await service.draft_from_award(award.contract_manager, award.id, now=AT)


async def test_two_managers_draft_an_award_once() -> None:
    award = await an_award()
    async with transaction():
        await service.draft_from_award(award.contract_manager, award.id, now=AT)
        other = asyncio.create_task(
            service.draft_from_award(award.coordinator, award.id, now=AT), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second manager did not wait for the first"
    with pytest.raises(Conflict, match="drafted already"):
        await other


async def test_an_annulled_award_makes_no_contract() -> None:
    award = await an_award()
    async with connection() as c:
        await c.execute(
            "UPDATE award SET state = 'annulled', annulled_reason = 'a mistake' WHERE id = $1",
            award.id,
        )
    with pytest.raises(Conflict, match="annulled"):
        await service.draft_from_award(award.contract_manager, award.id, now=AT)


async def test_who_may_not_draft() -> None:
    award = await an_award()
    with pytest.raises(Forbidden):
        caseworker = await an_actor(Role.CASEWORKER, org=award.buyer_id)
        await service.draft_from_award(caseworker, award.id, now=AT)
    with pytest.raises(NotFound):
        stranger = await an_actor(Role.CONTRACT_MANAGER)
        await service.draft_from_award(stranger, award.id, now=AT)
    with pytest.raises(NotFound):
        await service.draft_from_award(award.partners[0].manager, award.id, now=AT)


async def test_a_contract_is_seen_by_its_two_parties_alone() -> None:
    award = await an_award()
    (first, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    mine, others = award.partners[0].manager, award.partners[1].manager
    assert (await queries.read_contract(mine, first)).side == "provider"
    assert [line.id for line in await queries.list_contracts(mine)] == [first]
    for stranger in (others, await an_actor(Role.COORDINATOR)):
        with pytest.raises(NotFound):
            await queries.read_contract(stranger, first)


# --- Signing --------------------------------------------------------------------------------


async def test_nobody_signs_inside_the_standstill_and_the_refusal_is_remembered() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.coordinator, contract_id)

    with pytest.raises(Refused) as refused:
        await service.sign(award.contract_manager, contract_id, view.document_sha256, now=INSIDE)

    assert [finding.code for finding in refused.value.findings] == ["standstill"]
    (event,) = await events("contract:sign-refused")
    facts = msgspec.json.decode(event["facts"], type=SignRefused)
    assert (event["subject_id"], event["actor_id"]) == (contract_id, award.contract_manager.id)
    assert facts.facts.today == date(2024, 3, 1)
    assert [finding.code for finding in facts.findings] == ["standstill"]
    assert (await queries.read_contract(award.coordinator, contract_id)).signatures == []


async def test_the_last_day_of_the_standstill_is_blocked_and_the_next_is_not() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.coordinator, contract_id)
    last = datetime(2024, 3, 13, 21, 59, tzinfo=UTC)  # 23:59 in Tallinn
    with pytest.raises(Refused):
        await service.sign(award.contract_manager, contract_id, view.document_sha256, now=last)
    state = await service.sign(
        award.contract_manager, contract_id, view.document_sha256, now=last + timedelta(minutes=1)
    )
    assert state == ContractState.DRAFTED


async def test_the_database_refuses_a_signature_inside_the_standstill() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.coordinator, contract_id)
    insert = (
        "INSERT INTO signature (id, contract, side, person, document_sha256, signed_at) "
        "VALUES (gen_random_uuid(), $1, 'buyer', $2, $3, now())"
    )
    async with connection() as c:
        await set_clock(datetime(2024, 3, 13, 21, 0, tzinfo=UTC))
        with pytest.raises(asyncpg.RestrictViolationError, match="standstill"):
            await c.execute(insert, contract_id, award.coordinator.id, view.document_sha256)
        await set_clock(datetime(2024, 3, 13, 22, 1, tzinfo=UTC))
        with pytest.raises(asyncpg.RestrictViolationError, match="another document"):
            await c.execute(insert, contract_id, award.coordinator.id, "0" * 64)
        await c.execute(insert, contract_id, award.coordinator.id, view.document_sha256)


async def test_both_sides_sign_and_the_contract_is_signed() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)

    await sign_both(contract_id, award.contract_manager, award.partners[0].manager)

    view = await queries.read_contract(award.coordinator, contract_id)
    assert (view.state, view.signed_at) == ("signed", SIGNED_AT)
    assert [s.side for s in view.signatures] == ["buyer", "provider"]
    assert {s.document_sha256 for s in view.signatures} == {view.document_sha256}
    assert view.paper is not None
    assert view.paper.kind == "signed-contract"
    assert len(await events("contract:signed-by-side")) == 2
    assert len(await events("contract:signed")) == 1
    tasks = {t.kind: t for t in await tasks_of(award.coordinator, contract_id, SIGNED_AT)}
    assert tasks["contract:sign-buyer"].state == "done"
    assert tasks["contract:award-notice"].due_on == date(2024, 4, 13)


async def test_a_decision_to_sign_can_be_taken_again_from_its_event() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    await sign_both(contract_id, award.contract_manager, award.partners[0].manager)
    for event in await events("contract:signed-by-side"):
        assert sign_findings(msgspec.json.decode(event["facts"], type=SignFacts)) == []


async def test_a_side_signs_once_and_under_what_it_read() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.coordinator, contract_id)
    sha256 = view.document_sha256
    with pytest.raises(Refused, match="read RL-2024-L03-1 again"):
        await service.sign(award.coordinator, contract_id, "0" * 64, now=SIGNED_AT)
    await service.sign(award.coordinator, contract_id, sha256, now=SIGNED_AT)
    with pytest.raises(Refused, match="signed already"):
        await service.sign(award.contract_manager, contract_id, sha256, now=SIGNED_AT)
    await service.sign(award.partners[0].manager, contract_id, sha256, now=SIGNED_AT)
    with pytest.raises(Conflict, match="Cannot sign"):
        await service.sign(award.contract_manager, contract_id, sha256, now=SIGNED_AT)


async def test_two_people_of_one_side_signing_at_once_leave_one_signature() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    sha256 = (await queries.read_contract(award.coordinator, contract_id)).document_sha256
    async with transaction():
        await service.sign(award.coordinator, contract_id, sha256, now=SIGNED_AT)
        other = asyncio.create_task(
            service.sign(award.contract_manager, contract_id, sha256, now=SIGNED_AT),
            context=Context(),
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second signature did not wait for the first"
    with pytest.raises(Refused, match="signed already"):
        await other


async def test_who_may_not_sign() -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    with pytest.raises(NotFound):
        await service.sign(award.partners[1].manager, contract_id, "0" * 64, now=SIGNED_AT)
    for role, org, kind in (
        (Role.FACILITATOR, award.partners[0].id, "provider"),
        (Role.FINANCE, award.buyer_id, "buyer"),
        (Role.AUDITOR, award.buyer_id, "buyer"),
    ):
        with pytest.raises(Forbidden):
            await service.sign(
                await an_actor(role, org=org, kind=kind), contract_id, "0" * 64, now=SIGNED_AT
            )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE contract SET ceiling_amount = 1 WHERE id = $1",
        "UPDATE contract SET number = 'X' WHERE id = $1",
        "UPDATE contract SET ends_until = ends_until + 1 WHERE id = $1",
        "UPDATE contract SET terms = '{}' WHERE id = $1",
        "UPDATE clause SET text = 'Nothing is paid.' WHERE contract = $1",
        "DELETE FROM clause WHERE contract = $1",
        "UPDATE signature SET signed_at = now() WHERE contract = $1",
        "DELETE FROM signature WHERE contract = $1",
        "DELETE FROM contract WHERE id = $1",
    ],
)
async def test_nothing_changes_under_a_signature(change: str, owner: AppConnection) -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    view = await queries.read_contract(award.coordinator, contract_id)
    await service.sign(award.coordinator, contract_id, view.document_sha256, now=SIGNED_AT)
    with pytest.raises((asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError)):
        await owner.execute(change, contract_id)  # not even by the owner of the tables


async def test_a_document_cannot_be_stored_with_another_hash(owner: AppConnection) -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    with pytest.raises(asyncpg.CheckViolationError, match="document_has_its_hash"):
        await owner.execute("UPDATE contract SET document = '{}' WHERE id = $1", contract_id)


async def test_a_contract_is_not_signed_by_writing_that_it_is(owner: AppConnection) -> None:
    award = await an_award()
    (contract_id, _) = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    with pytest.raises(asyncpg.RestrictViolationError, match="both sides"):
        await owner.execute(
            "UPDATE contract SET state = 'signed', signed_at = now() WHERE id = $1", contract_id
        )


async def test_the_award_says_the_same_of_the_day_as_the_database() -> None:
    award = await an_award()
    from procure.awards.queries import award_facts

    facts = await award_facts(award.id)
    async with connection() as c:
        for day in (LAST_BLOCKED_ON, LAST_BLOCKED_ON + timedelta(days=1)):
            said = await c.fetchval(
                "SELECT award_blocks_signing($1, $2)", award.supplier_ids[0], day
            )
            assert said == bool(signing_findings(facts, day))


# --- By the clock ---------------------------------------------------------------------------


async def test_the_clock_starts_and_ends_a_framework_once() -> None:
    framework = await a_framework()
    contract_id = framework.contract_ids[0]
    coordinator = framework.award.coordinator
    assert (await queries.read_contract(coordinator, contract_id)).state == "running"
    assert await service.start_due(STARTED_AT) == 0
    last_day = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)  # 23:59 in Tallinn, summer time
    assert await service.end_due(last_day) == 0
    assert await service.end_due(last_day + timedelta(minutes=1)) == 2
    assert await service.end_due(last_day + timedelta(days=9)) == 0
    tasks = {t.kind: t for t in await tasks_of(coordinator, contract_id, last_day)}
    assert tasks["contract:yearly-data-1"].due_on == date(2025, 4, 30)
    assert tasks["contract:yearly-data-2"].due_on == date(2026, 4, 30)
    assert tasks["contract:actual-cost"].due_on == date(2026, 4, 30)


async def test_a_contract_does_not_start_before_its_day() -> None:
    award = await an_award()
    ids = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    await sign_both(ids[0], award.contract_manager, award.partners[0].manager)
    before = datetime(2024, 3, 31, 20, 59, tzinfo=UTC)
    assert await service.start_due(before) == 0
    assert await service.start_due(before + timedelta(minutes=1)) == 1


# --- Calling off ----------------------------------------------------------------------------


async def test_a_call_off_is_drafted_under_the_winners_framework() -> None:
    made = await a_contract()
    view = await queries.read_contract(made.contract_manager, made.contract_id)
    assert (view.number, view.kind, view.state) == ("K-2025-01", "call-off", "running")
    assert view.parent_id == made.framework.contract_ids[0]
    assert view.money.ceiling_amount == Decimal("15840.00")
    assert view.last_blocked_on is None
    promise = next(c for c in view.clauses if c.code == "PROMISE")
    assert promise.source_id == made.framework.award.bid_ids[0]

    framework = await queries.read_contract(made.contract_manager, view.parent_id)
    assert [line.number for line in framework.call_offs] == ["K-2025-01"]
    assert framework.money.committed_amount == Decimal("15840.00")
    assert framework.money.left_amount == Decimal("237600.00")
    other = await queries.read_contract(made.contract_manager, made.framework.contract_ids[1])
    assert other.money.own_committed_amount == 0
    assert other.money.left_amount == Decimal("237600.00"), "the partners share one ceiling"


async def test_the_last_of_the_ceiling_is_called_off_once() -> None:
    framework = await a_framework()
    manager = framework.award.contract_manager
    first = await a_call_off_award(framework, groups=10)
    second = await a_call_off_award(framework, groups=7)  # 17 groups, and 16 fit
    async with transaction():
        await service.draft_from_award(manager, first.id, now=CALLED_OFF_AT)
        other = asyncio.create_task(
            service.draft_from_award(manager, second.id, now=CALLED_OFF_AT), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second call-off did not wait for the first"
    with pytest.raises(Refused, match=r"of the framework's ceiling 95040\.00 is left"):
        await other


async def test_nothing_is_called_off_from_a_framework_that_is_just_ending() -> None:
    framework = await a_framework()
    called = await a_call_off_award(framework)
    manager = framework.award.contract_manager
    async with transaction():
        await service.end_due(datetime(2026, 4, 1, 8, tzinfo=UTC))
        other = asyncio.create_task(
            service.draft_from_award(manager, called.id, now=CALLED_OFF_AT), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the call-off did not wait for the framework"
    with pytest.raises(Refused, match="is ended, so nothing can be called off"):
        await other


async def test_the_database_refuses_a_call_off_over_the_ceiling(owner: AppConnection) -> None:
    made = await a_contract()
    values = "250000.00"
    with pytest.raises(asyncpg.RestrictViolationError, match="exceeds the ceiling"):
        await owner.execute(
            f"""INSERT INTO contract SELECT (jsonb_populate_record(c, jsonb_build_object(
                   'id', gen_random_uuid(), 'number', 'K-X', 'ceiling_amount', {values},
                   'award_supplier', NULL, 'state', 'drafted', 'signed_at', NULL))).*
                  FROM contract c WHERE id = $1""",
            made.contract_id,
        )


async def test_a_framework_that_has_not_begun_gives_no_call_off() -> None:
    award = await an_award()
    ids = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    await sign_both(ids[0], award.contract_manager, award.partners[0].manager)
    from tests.builders.contracts import Framework

    called = await a_call_off_award(Framework(award, tuple(ids)))
    with pytest.raises(Refused, match="is signed, so nothing can be called off"):
        await service.draft_from_award(award.contract_manager, called.id, now=CALLED_OFF_AT)


def a_competition(**overrides: object) -> MiniCompetitionDraft:
    fields: dict[str, object] = {
        "groups_count": 1,
        "places_count": 12,
        "days_count": 60,
        "contract_starts_on": date(2025, 9, 1),
        "contract_until": date(2025, 12, 20),
        "deadline_at": datetime(2025, 7, 10, 7, tzinfo=UTC),
        "keyholder_ids": [],
    }
    return MiniCompetitionDraft(**{**fields, **overrides})


async def test_a_mini_competition_invites_the_partners_and_weighs_price_alone() -> None:
    framework = await a_framework()
    award = framework.award
    await set_clock(CALLED_OFF_AT)
    officers = [await an_officer(award.buyer_id, now=CALLED_OFF_AT) for _ in range(3)]

    tender_id = await service.call_mini_competition(
        award.coordinator,
        award.lot_id,
        a_competition(keyholder_ids=[officer.actor.id for officer in officers]),
        now=CALLED_OFF_AT,
    )

    tender = await tenders.tender_facts(tender_id)
    assert (tender.procedure, tender.parent_lot_id) == ("mini-competition", award.lot_id)
    assert set(tender.invited_ids) == {partner.id for partner in award.partners}
    assert [(c.kind, c.weight) for c in tender.criteria] == [("price", Decimal(100))]
    assert tender.lots[0].value_amount == Decimal("15840.00")


async def test_a_mini_competition_over_the_ceiling_is_not_called() -> None:
    framework = await a_framework()
    draft = a_competition(groups_count=17)
    with pytest.raises(Refused, match="is left"):
        await service.call_mini_competition(
            framework.award.coordinator, framework.award.lot_id, draft, now=CALLED_OFF_AT
        )


async def test_who_may_not_call_a_mini_competition() -> None:
    framework = await a_framework()
    lot_id, draft = framework.award.lot_id, a_competition()
    with pytest.raises(NotFound):
        await service.call_mini_competition(
            framework.award.partners[0].manager, lot_id, draft, now=CALLED_OFF_AT
        )
    with pytest.raises(Forbidden):
        finance = await an_actor(Role.FINANCE, org=framework.award.buyer_id)
        await service.call_mini_competition(finance, lot_id, draft, now=CALLED_OFF_AT)


# --- For later stages -----------------------------------------------------------------------


async def test_spending_stays_within_the_ceiling_and_a_correction_gives_back() -> None:
    made = await a_contract()
    assert await service.record_spending(made.contract_id, Decimal("11972.40")) == Decimal(
        "11972.40"
    )
    assert await service.record_spending(made.contract_id, Decimal("-158.40")) == Decimal(
        "11814.00"
    )
    framework = await queries.read_contract(made.contract_manager, made.framework.contract_ids[0])
    assert framework.money.spent_amount == Decimal("11814.00")
    with pytest.raises(Refused, match="K-2025-01 has 15840"):
        await service.record_spending(made.contract_id, Decimal("4026.01"))
    with pytest.raises(Refused):
        await service.record_spending(made.contract_id, Decimal("-11814.01"))


async def test_two_payments_under_one_contract_wait_for_each_other() -> None:
    made = await a_contract()
    async with transaction():
        terms = await service.hold_contract(made.contract_id)
        assert terms.contract_id == made.contract_id
        other = asyncio.create_task(
            service.record_spending(made.contract_id, Decimal(1)), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second payment did not wait for the first"
    assert await other == 1


async def test_drafting_leaves_no_connection_behind(db: AppEngine) -> None:
    await a_contract()
    assert db.pool is not None
    assert db.pool.get_idle_size() == db.pool.get_size()
    assert CALL_OFF_STARTED_AT > SIGNED_AT
