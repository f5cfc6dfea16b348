"""Tenders in a real database: who may, what is written, what the database itself refuses."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from procure.audit.tables import Event
from procure.db import DB, connection, transaction
from procure.db.engine import AppConnection
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical, read_canonical
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.scoring.checks import rule_findings
from procure.scoring.reading import read_rule
from procure.tenders import queries, service
from procure.tenders.rules import draft_findings
from procure.tenders.schemas import Cancellation
from procure.tenders.service.publishing import PublishedEvent
from procure.tenders.states import LotState, TenderState
from tests.builders.bids import a_bidder
from tests.builders.demand import a_basis
from tests.builders.guards import forbidden, refused
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import (
    DEADLINE_AT,
    DRAFTED_AT,
    K1,
    L03,
    SEALER,
    a_draft,
    a_drafted_tender,
    a_published_tender,
)

pytestmark = pytest.mark.usefixtures("db")

AFTER = DEADLINE_AT + timedelta(seconds=1)
GROUND = Cancellation("chan-need", "The service was abolished by law.")


async def state_of(tender_id: UUID) -> str:
    return (await queries.tender_facts(tender_id)).state


async def tasks_about(tender_id: UUID) -> list[tuple[str, str]]:
    async with connection() as c:
        rows = await c.fetch(
            "SELECT kind, state FROM task WHERE subject_id = $1 ORDER BY kind, id", tender_id
        )
    return [(row["kind"], row["state"]) for row in rows]


async def test_a_draft_is_read_as_it_was_written() -> None:
    tender = await a_drafted_tender()
    facts = await queries.tender_facts(tender.id)

    keyholders = [officer.actor.id for officer in tender.officers]
    expected = a_draft(keyholder_ids=keyholders, reference="2024-0001")
    assert canonical(queries.draft_of(facts)) == canonical(expected)
    assert [lot.value_amount for lot in facts.lots] == [Decimal("253440.00"), Decimal("142560.00")]
    assert facts.rule_set.code == "RHS-to-2026-10-31"
    assert (facts.cpv, facts.lots[0].unit) == ("85320000", "participant_training_day")


async def test_references_count_by_buyer_and_year() -> None:
    first = await a_drafted_tender()
    second = await a_drafted_tender(first.coordinator)
    elsewhere = await a_drafted_tender()

    found = [(await queries.tender_facts(t.id)).reference for t in (first, second, elsewhere)]
    assert found == ["2024-0001", "2024-0002", "2024-0001"]


async def test_a_draft_with_faults_is_not_kept() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    with pytest.raises(Refused) as refusal:
        await service.draft_tender(coordinator, a_draft(title=""), now=DRAFTED_AT)

    assert {finding.field for finding in refusal.value.findings} >= {"title", "service_code"}
    assert await queries.list_tenders(coordinator, now=DRAFTED_AT) == []


async def test_the_auditor_may_read_a_draft_and_not_write_one() -> None:
    tender = await a_drafted_tender()
    auditor = await an_actor(Role.AUDITOR, org=tender.buyer_id)

    assert (await queries.read_tender(auditor, tender.id)).actions == []
    with pytest.raises(Forbidden):
        await service.draft_tender(auditor, a_draft(), now=DRAFTED_AT)
    with pytest.raises(Forbidden):
        await service.redraft_tender(auditor, tender.id, a_draft(), now=DRAFTED_AT)
    with pytest.raises(Forbidden):
        await service.publish(auditor, tender.id, sealer=SEALER, now=DRAFTED_AT)
    with pytest.raises(Forbidden):
        await service.cancel(auditor, tender.id, GROUND, now=DRAFTED_AT)


async def test_another_authority_does_not_see_a_draft_and_sees_the_notice() -> None:
    tender = await a_drafted_tender()
    stranger = await an_actor(Role.COORDINATOR)

    with pytest.raises(NotFound):
        await queries.read_tender(stranger, tender.id)
    with pytest.raises(NotFound):
        await service.publish(stranger, tender.id, sealer=SEALER, now=DRAFTED_AT)

    await service.publish(tender.coordinator, tender.id, sealer=SEALER, now=DRAFTED_AT)
    seen = await queries.read_tender(stranger, tender.id)
    assert seen.state == TenderState.PUBLISHED
    assert (seen.keyholders, seen.actions, seen.paper_id) == ([], [], None)
    with pytest.raises(Forbidden):
        await service.cancel(stranger, tender.id, GROUND, now=DRAFTED_AT)


async def test_a_draft_is_replaced_as_a_whole() -> None:
    tender = await a_drafted_tender()
    keyholders = [officer.actor.id for officer in tender.officers]
    other = a_draft(keyholder_ids=keyholders, title="Another", lots=[L03])

    await service.redraft_tender(tender.coordinator, tender.id, other, now=DRAFTED_AT)

    found = queries.draft_of(await queries.tender_facts(tender.id))
    assert canonical(found) == canonical(msgspec.structs.replace(other, reference="2024-0001"))


async def test_publication_makes_a_key_that_nobody_holds_alone() -> None:
    tender = await a_published_tender()
    facts = await queries.tender_facts(tender.id)
    holders = await queries.keyholders(tender.id)

    assert facts.state == TenderState.PUBLISHED
    assert facts.recipient is not None
    assert facts.recipient.startswith("age1")
    words = [
        SEALER.read_share(holder.share, officer.identity)
        for holder, officer in zip(holders, tender.officers, strict=True)
    ]
    assert len({*words}) == 3
    SEALER.combine(words[:2], facts.recipient)
    # What the chain of events and the row say can be read by many, and opens nothing.
    event = await Event.objects().where(Event.kind == "tender:published").first()
    assert not any(word in event.facts for word in words)


async def test_publication_can_be_decided_again_from_its_event() -> None:
    tender = await a_published_tender()
    event = await Event.objects().where(Event.kind == "tender:published").first()
    facts = read_canonical(event.facts, PublishedEvent)

    assert (event.subject_id, event.happened_at, event.org_id) == (
        tender.id,
        DRAFTED_AT,
        tender.buyer_id,
    )
    assert draft_findings(facts.draft, facts.context) == []
    assert facts.need is not None
    assert facts.need.procedure == "social"


async def test_publication_makes_the_duties_of_the_calendar() -> None:
    tender = await a_published_tender()

    assert await tasks_about(tender.id) == [
        ("tender:deadline", "open"),
        ("tender:open", "open"),
        ("tender:open", "open"),
        ("tender:open", "open"),
    ]
    facts = await queries.read_tender(tender.coordinator, tender.id)
    assert facts.paper_id is not None


async def test_a_keyholder_without_a_key_is_named_and_nothing_is_published() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    keyless = [await an_actor(Role.OFFICER, org=coordinator.org_id) for _ in range(2)]
    tender = await a_drafted_tender(coordinator, keyholder_ids=[actor.id for actor in keyless])

    with pytest.raises(Refused) as refusal:
        await service.publish(coordinator, tender.id, sealer=SEALER, now=DRAFTED_AT)

    assert {finding.values["name"] for finding in refusal.value.findings} == {
        actor.name for actor in keyless
    }
    assert await state_of(tender.id) == TenderState.DRAFT


async def test_a_published_tender_is_not_edited_nor_published_again() -> None:
    tender = await a_published_tender()

    with pytest.raises(Conflict, match="Cannot redraft what is published"):
        await service.redraft_tender(tender.coordinator, tender.id, a_draft(
            keyholder_ids=[officer.actor.id for officer in tender.officers]
        ), now=DRAFTED_AT)  # fmt: skip
    with pytest.raises(Conflict, match="Cannot publish what is published"):
        await service.publish(tender.coordinator, tender.id, sealer=SEALER, now=DRAFTED_AT)


async def test_a_draft_of_october_is_published_under_the_rules_of_november() -> None:
    october = datetime(2026, 10, 30, 9, tzinfo=UTC)
    small = [msgspec.structs.replace(L03, groups_count=30)]  # 475 200 EUR
    tender = await a_drafted_tender(
        now=october,
        service_code="TOOHARJUTUS-LAADNE",
        deadline_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
        contract_starts_on=date(2027, 1, 4),
        contract_until=date(2028, 1, 4),
        lots=small,
    )
    drafted = await queries.read_tender(tender.coordinator, tender.id)
    assert (drafted.rule_set, drafted.need.procedure) == ("RHS-to-2026-10-31", "social")

    november = datetime(2026, 11, 2, 9, tzinfo=UTC)
    await set_clock(november)
    await service.publish(tender.coordinator, tender.id, sealer=SEALER, now=november)

    published = await queries.read_tender(tender.coordinator, tender.id)
    assert (published.rule_set, published.need.procedure) == ("RHS-from-2026-11-01", None)
    assert published.started_on == date(2026, 11, 2)


async def test_publication_sends_the_requests_of_its_basis_to_tender() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    consultant = await an_actor(Role.CONSULTANT, org=coordinator.org_id)
    basis_id = await a_basis(consultant)
    tender = await a_published_tender(
        coordinator,
        now=datetime(2026, 11, 24, 9, tzinfo=UTC),
        service_code="TOOHARJUTUS-LAADNE",
        deadline_at=datetime(2026, 12, 10, 8, tzinfo=UTC),
        contract_starts_on=date(2027, 2, 1),
        contract_until=date(2028, 2, 1),
        basis_id=basis_id,
        lots=[msgspec.structs.replace(L03, groups_count=40)],
    )

    async with connection() as c:
        states = await c.fetch("SELECT DISTINCT state FROM request")
    assert [row["state"] for row in states] == ["tendered"]
    assert (await queries.read_tender(coordinator, tender.id)).basis_id == basis_id


async def test_another_authoritys_basis_is_refused() -> None:
    basis_id = await a_basis()
    with pytest.raises(Refused, match="no such basis"):
        await a_drafted_tender(basis_id=basis_id)


async def test_a_draft_edited_while_it_is_published_is_not_published() -> None:
    tender = await a_drafted_tender()
    keyholders = [officer.actor.id for officer in tender.officers]
    other = a_draft(keyholder_ids=keyholders, title="Another title")

    async with transaction():  # the editor has written and not committed yet
        await service.redraft_tender(tender.coordinator, tender.id, other, now=DRAFTED_AT)
        publishing = asyncio.create_task(
            service.publish(tender.coordinator, tender.id, sealer=SEALER, now=DRAFTED_AT),
            context=Context(),
        )
        done, _ = await asyncio.wait({publishing}, timeout=0.5)
        assert not done, "the publication did not wait for the editor"

    with pytest.raises(Conflict, match="edited meanwhile"):
        await publishing
    assert await state_of(tender.id) == TenderState.DRAFT


# --- The deadline -----------------------------------------------------------


async def test_the_clock_closes_a_tender_at_its_deadline_and_not_before() -> None:
    tender = await a_published_tender()

    await set_clock(DEADLINE_AT - timedelta(minutes=1))
    assert await service.close_due(now=DEADLINE_AT - timedelta(microseconds=1)) == 0
    # An application clock that runs ahead closes nothing: the database's clock must agree.
    assert await service.close_due(now=DEADLINE_AT + timedelta(days=1)) == 0
    await set_clock(DEADLINE_AT)
    assert await service.close_due(now=DEADLINE_AT) == 1
    assert await service.close_due(now=DEADLINE_AT) == 0
    assert await state_of(tender.id) == TenderState.CLOSED
    assert ("tender:deadline", "done") in await tasks_about(tender.id)


async def execute(sql: str, *args: object) -> None:
    async with DB.connection() as c:
        await c.execute(sql, *args)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("recipient = 'age1other'", id="another key"),
        pytest.param("deadline_at = deadline_at - interval '1 second'", id="an earlier deadline"),
        pytest.param("opening_quorum_count = 3", id="another quorum"),
        pytest.param("rule_set = 'other'", id="other rules"),
        pytest.param("title = 'other'", id="another title"),
        pytest.param("description = 'other'", id="another description"),
        pytest.param("max_suppliers_count = 9", id="more suppliers"),
        pytest.param("contract_until = contract_until + 1", id="a longer contract"),
        pytest.param("paper_id = NULL", id="without its notice"),
        pytest.param("state = 'closed'", id="closed before its deadline"),
    ],
)
async def test_the_database_keeps_what_was_published(change: str) -> None:
    tender = await a_published_tender()
    with pytest.raises(asyncpg.PostgresError, match=r"published tender|deadline"):
        await execute(f"UPDATE tender SET {change} WHERE id = $1", tender.id)


@pytest.mark.parametrize("table", ["lot", "criterion", "keyholder"])
async def test_the_database_keeps_the_parts_of_a_published_tender(table: str) -> None:
    tender = await a_published_tender()
    draft = await a_drafted_tender()
    for change in (
        f"DELETE FROM {table} WHERE tender = '{tender.id}'",
        f"UPDATE {table} SET position = position + 10 WHERE tender = '{tender.id}'",
        f"UPDATE {table} SET tender = '{draft.id}' WHERE tender = '{tender.id}'",
    ):
        assert "published tender keeps" in await refused(change)


async def test_a_published_tender_moves_along_its_life_alone() -> None:
    tender = await a_published_tender()
    for state in ("draft", "evaluated", "concluded"):
        told = await refused("UPDATE tender SET state = $1 WHERE id = $2", state, tender.id)
        assert f"no tender that is published becomes {state}" in told
    await forbidden("DELETE FROM tender")


async def test_a_deadline_moves_forward_until_it_is_over() -> None:
    tender = await a_published_tender()
    later = "UPDATE tender SET deadline_at = deadline_at + interval '1 day' WHERE id = $1"

    await execute(later, tender.id)
    await set_clock(DEADLINE_AT + timedelta(days=1))
    with pytest.raises(asyncpg.PostgresError, match="before it has passed"):
        await execute(later, tender.id)


# --- Ends -------------------------------------------------------------------


async def test_a_cancelled_tender_says_why_and_takes_its_lots_along() -> None:
    tender = await a_published_tender()
    await service.cancel(tender.coordinator, tender.id, GROUND, now=DRAFTED_AT)

    facts = await queries.tender_facts(tender.id)
    assert facts.state == TenderState.CANCELLED
    assert {(lot.state, lot.ground) for lot in facts.lots} == {(LotState.CANCELLED, "chan-need")}
    assert {state for _, state in await tasks_about(tender.id)} == {"dropped"}
    seen = await queries.read_tender(
        await an_actor(Role.PROVIDER_MANAGER, kind="provider"), tender.id
    )
    assert seen.state_ground == "chan-need: The service was abolished by law."


@pytest.mark.parametrize(
    ("cancellation", "fields"),
    [
        pytest.param(Cancellation("tired", "We do not want it."), {"ground"}, id="no ground"),
        pytest.param(Cancellation("chan-need", "because"), {"text"}, id="no reason"),
    ],
)
async def test_a_cancellation_needs_a_ground_and_a_reason(
    cancellation: Cancellation, fields: set[str]
) -> None:
    tender = await a_published_tender()
    with pytest.raises(Refused) as refusal:
        await service.cancel(tender.coordinator, tender.id, cancellation, now=DRAFTED_AT)
    assert {finding.field for finding in refusal.value.findings} == fields
    assert await state_of(tender.id) == TenderState.PUBLISHED


async def an_opened_tender_without_bids(owner: AppConnection) -> tuple[Actor, list[UUID], UUID]:
    """Bring a tender to opened by force; bids have their own way there."""
    tender = await a_published_tender()
    await set_clock(AFTER)
    await service.close_due(now=AFTER)
    await owner.execute("UPDATE tender SET state = 'opened' WHERE id = $1", tender.id)
    facts = await queries.tender_facts(tender.id)
    return tender.coordinator, [lot.id for lot in facts.lots], tender.id


async def test_a_tender_is_concluded_when_no_lot_is_open(owner: AppConnection) -> None:
    _, (first, second), tender_id = await an_opened_tender_without_bids(owner)

    await service.mark_evaluated(tender_id, now=AFTER)
    await service.mark_evaluated(tender_id, now=AFTER)
    await service.award_lot(first, now=AFTER)
    assert await state_of(tender_id) == TenderState.EVALUATED
    await service.fail_lot(second, "no-rece", now=AFTER)
    assert await state_of(tender_id) == TenderState.CONCLUDED

    view = await queries.read_tender(await an_actor(Role.AUDITOR), tender_id)
    assert (view.status, [lot.status for lot in view.lots]) == (
        "complete",
        ["complete", "unsuccessful"],
    )


async def test_a_tender_without_any_award_is_unsuccessful(owner: AppConnection) -> None:
    coordinator, lots, tender_id = await an_opened_tender_without_bids(owner)
    for lot_id in lots:
        await service.fail_lot(lot_id, "no-rece", now=AFTER)
    assert (await queries.read_tender(coordinator, tender_id)).status == "unsuccessful"
    with pytest.raises(Conflict):
        await service.fail_lot(lots[0], "no-rece", now=AFTER)
    with pytest.raises(Refused):
        await service.fail_lot(lots[0], "no reason of the list", now=AFTER)


async def test_an_annulled_award_takes_the_lot_and_its_tender_up_again(
    owner: AppConnection,
) -> None:
    _, (first, second), tender_id = await an_opened_tender_without_bids(owner)
    await service.award_lot(first, now=AFTER)
    await service.fail_lot(second, "no-rece", now=AFTER)

    await service.reopen_lot(first, now=AFTER)

    assert (await queries.lot_facts(first)).state == LotState.OPEN
    assert await state_of(tender_id) == TenderState.EVALUATED


# --- Who sees what ----------------------------------------------------------


async def a_call_off(owner: AppConnection, invited: list[UUID]) -> tuple[Actor, UUID]:
    coordinator, (first, _), _ = await an_opened_tender_without_bids(owner)
    await service.award_lot(first, now=AFTER)
    now = datetime(2025, 6, 2, 9, tzinfo=UTC)
    call_off = await a_published_tender(
        coordinator,
        now=now,
        procedure="mini-competition",
        technique="none",
        max_suppliers_count=1,
        deadline_at=datetime(2025, 6, 16, 7, tzinfo=UTC),
        contract_starts_on=date(2025, 9, 1),
        contract_until=date(2026, 1, 1),
        lots=[msgspec.structs.replace(L03, groups_count=1)],
        criteria=[msgspec.structs.replace(K1, weight=Decimal(100))],
        parent_lot_id=first,
        invited_ids=invited,
    )
    return coordinator, call_off.id


async def test_a_mini_competition_is_seen_by_its_buyer_and_the_invited_alone(
    owner: AppConnection,
) -> None:
    first, second = await a_bidder("First OÜ"), await a_bidder("Second OÜ")
    coordinator, call_off = await a_call_off(owner, [first.org_id, second.org_id])

    bidder = first.actor
    outsider = await an_actor(Role.PROVIDER_MANAGER, kind="provider")

    seen = await queries.read_tender(bidder, call_off)
    # Nobody learns from us against whom they bid.
    assert [party.name for party in seen.invited] == ["First OÜ"]
    assert seen.procurement_method == "limited"
    ours = await queries.read_tender(coordinator, call_off)
    assert [party.name for party in ours.invited] == ["First OÜ", "Second OÜ"]
    with pytest.raises(NotFound):
        await queries.read_tender(outsider, call_off)
    assert call_off not in {t.id for t in await queries.list_tenders(outsider, now=AFTER)}
    assert call_off in {t.id for t in await queries.list_tenders(bidder, now=AFTER)}


async def test_a_tender_that_is_not_there_is_not_found() -> None:
    actor = await an_actor(Role.COORDINATOR)
    with pytest.raises(NotFound):
        await queries.read_tender(actor, uuid4())
    with pytest.raises(NotFound):
        await queries.lot_facts(uuid4())


async def test_open_tenders_come_first_the_next_deadline_first() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    over = await a_published_tender(coordinator)
    now = datetime(2024, 2, 12, 9, tzinfo=UTC)
    late = await a_published_tender(
        coordinator, now=now, deadline_at=datetime(2024, 3, 20, 8, tzinfo=UTC)
    )
    soon = await a_published_tender(
        coordinator, now=now, deadline_at=datetime(2024, 3, 1, 8, tzinfo=UTC)
    )
    draft = await a_drafted_tender(
        coordinator, now=now, deadline_at=datetime(2024, 3, 5, 8, tzinfo=UTC)
    )

    found = await queries.list_tenders(coordinator, now=now)
    assert [tender.id for tender in found] == [soon.id, late.id, draft.id, over.id]
    assert [tender.is_open for tender in found] == [True, True, False, False]
    assert found[0].left.days == 17
    public = await queries.list_tenders(await an_actor(Role.FACILITATOR, kind="provider"), now=now)
    assert [tender.id for tender in public] == [soon.id, late.id, over.id]


async def test_the_rule_of_scoring_is_stored_at_publication_and_never_changes() -> None:
    drafted = await a_drafted_tender()
    assert await queries.published_rule(drafted.id) is None
    published = await a_published_tender()
    text = await queries.published_rule(published.id)
    assert text is not None
    rule = read_rule(text.encode())
    assert rule_findings(rule) == []
    assert [weight.name for weight in rule.weights] == ["w_K1", "w_K2", "w_K3", "w_K4"]
    assert text == await queries.read_scoring_rule(published.coordinator, published.id)

    owner = await DB.connect_as_owner()
    try:
        with pytest.raises(asyncpg.RestrictViolationError, match="keeps its key, its rules"):
            await owner.execute("UPDATE tender SET scoring_rule = '{}' WHERE id = $1", published.id)
    finally:
        await owner.close()
