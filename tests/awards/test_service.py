"""Decisions on a real database: who may, what every tenderer is told, what holds afterwards."""

import asyncio
from contextvars import Context
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from procure.awards import queries, service
from procure.awards.rules import DecisionFacts, decision_findings, signing_findings
from procure.awards.rules.record import Decided
from procure.contracts import service as contracts
from procure.contracts.queries import read_contract
from procure.db import connection, transaction, uuid7
from procure.documents import queries as documents
from procure.evaluation import service as evaluation
from procure.kernel.actors import Actor, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.time import after_days, legal_day
from procure.tasks import queries as tasks
from procure.tenders import queries as tenders
from procure.tenders.states import LotState, TenderState
from tests.builders.awards import DECIDED_AT, REASONS, a_decision, an_awarded_lot
from tests.builders.bids import an_opened_tender
from tests.builders.evaluation import (
    APPOINTED_AT,
    RANKED_AT,
    Evaluated,
    a_panel,
    a_price_only_lot,
    a_ranked_lot,
    a_scored_lot,
    reject_price,
)
from tests.builders.guards import refused
from tests.builders.identity import an_actor, set_clock

pytestmark = pytest.mark.usefixtures("db")

LAST_BLOCKED_ON = after_days(legal_day(DECIDED_AT), 14)


def codes(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refusal.value.findings]


async def kinds_of_tasks(actor: Actor) -> list[str]:
    return sorted(task.kind for task in await tasks.open_tasks(actor, DECIDED_AT))


async def lot_state(lot: Evaluated) -> tuple[str, str]:
    tender = await tenders.tender_facts(lot.opened.tender.id)
    found = tender.lot(lot.lot_id)
    assert found is not None
    return found.state, tender.state


# --- The decision ----------------------------------------------------------------------------


async def test_a_decision_names_winners_starts_the_standstill_and_concludes() -> None:
    awarded = await an_awarded_lot()
    lot = awarded.lot

    facts = await queries.award_facts(awarded.id)
    assert [(s.bid_id, s.rank, str(s.total), str(s.unit_price)) for s in facts.suppliers] == [
        (lot.bid_ids[1], 1, "89.33", "21.50"),
        (lot.bid_ids[0], 2, "87.34", "24.80"),
    ]
    assert (facts.state, facts.last_blocked_on) == ("standstill", LAST_BLOCKED_ON)
    assert signing_findings(facts, LAST_BLOCKED_ON)[0].code == "standstill"
    assert await lot_state(lot) == (LotState.AWARDED, TenderState.CONCLUDED)
    assert await queries.award_of_lot(lot.lot_id) == facts
    assert await kinds_of_tasks(lot.coordinator) == ["award:standstill"]
    (task,) = await tasks.open_tasks(lot.coordinator, DECIDED_AT)
    assert "may be signed from 2024-03-04: the standstill runs to 2024-03-03." in task.message


async def test_every_tenderer_gets_a_letter_that_it_alone_and_the_buyer_read() -> None:
    awarded = await an_awarded_lot()
    lot = awarded.lot

    ours = await queries.letters_of(lot.coordinator, awarded.id)
    assert {(x.bid_id, x.kind) for x in ours} == {
        (lot.bid_ids[0], "winner"),
        (lot.bid_ids[1], "winner"),
        (lot.bid_ids[2], "excluded"),
        (lot.bid_ids[3], "excluded"),
    }
    for place, bidder in enumerate(lot.bidders):
        (own,) = await queries.own_letters(bidder.actor)
        assert (own.bid_id, own.award_id) == (lot.bid_ids[place], awarded.id)
        assert own.paper is not None
        assert own.paper.reader_name == bidder.actor.org_name
        seen = await queries.read_award(bidder.actor, awarded.id)
        assert [letter.id for letter in seen.letters] == [own.id]
        assert (seen.ranking, seen.paper, seen.decided_by, seen.actions) == (None, None, "", [])
        for other in ours:
            if other.bid_id != own.bid_id:
                assert other.paper is not None
                with pytest.raises(NotFound):
                    await documents.read_paper(bidder.actor, other.paper.id)


async def test_the_report_is_the_buyers_alone() -> None:
    awarded = await an_awarded_lot()

    seen = await queries.read_award(awarded.lot.coordinator, awarded.id)

    assert seen.paper is not None
    assert (seen.paper.kind, seen.decided_by) == ("award-decision", awarded.lot.coordinator.name)
    with pytest.raises(NotFound):
        await documents.read_paper(awarded.lot.bidders[1].actor, seen.paper.id)


async def test_the_decision_can_be_taken_again_from_its_event() -> None:
    await an_awarded_lot()

    async with connection() as c:
        told = await c.fetchval("SELECT facts FROM event WHERE kind = 'award:decided'")
        kept = await c.fetchval("SELECT facts FROM award")

    decided = msgspec.json.decode(told, type=Decided)
    assert decision_findings(decided.facts) == []
    assert msgspec.json.decode(kept, type=DecisionFacts) == decided.facts
    assert len(decided.letters) == 4


async def test_the_reversal_has_to_be_seen_before_the_decision() -> None:
    lot = await a_ranked_lot()

    with pytest.raises(Refused) as refusal:
        await service.decide(lot.coordinator, await a_decision(lot), now=DECIDED_AT)
    assert codes(refusal) == ["reversal"]
    seen = await queries.read_decision(lot.coordinator, lot.lot_id, now=DECIDED_AT)
    assert seen.reversal_names == [lot.bidders[2].actor.org_name]

    await service.decide(
        lot.coordinator, await a_decision(lot, acknowledged_reversal=True), now=DECIDED_AT
    )


async def test_an_older_ranking_and_changed_facts_decide_nothing() -> None:
    lot = await a_ranked_lot()
    asked = await evaluation.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )

    async def refused(**overrides: Any) -> list[str]:
        draft = await a_decision(lot, acknowledged_reversal=True, **overrides)
        with pytest.raises(Refused) as refusal:
            await service.decide(lot.coordinator, draft, now=DECIDED_AT)
        return codes(refusal)

    assert await refused() == ["explanation-open"]
    await evaluation.answer_explanation(
        lot.bidders[2].actor, asked, "Our course is ready-made.", now=RANKED_AT
    )
    await evaluation.decide_explanation(
        lot.coordinator, asked, is_accepted=False, reason="A wage is missing.", now=RANKED_AT
    )
    assert await refused() == ["stale-ranking"]
    await evaluation.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)
    assert await refused(evaluation_version=1) == ["old-ranking"]


async def test_equal_bids_decide_nothing_before_lots_are_drawn() -> None:
    lot = await a_price_only_lot(("22.00", "22.00"))
    await evaluation.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)

    with pytest.raises(Refused) as refusal:
        await service.decide(
            lot.coordinator, await a_decision(lot, winners_count=1), now=DECIDED_AT
        )
    assert codes(refusal) == ["tie"]
    await evaluation.draw_lots(
        lot.coordinator,
        lot.lot_id,
        lot.bid_ids[::-1],
        "Drawn by the head of office, watched by both.",
        now=RANKED_AT,
    )
    awarded = await service.decide(
        lot.coordinator, await a_decision(lot, winners_count=1), now=DECIDED_AT
    )

    (winner,) = await queries.suppliers_of(awarded)
    assert winner.bid_id == lot.bid_ids[1]


async def test_a_lot_that_is_not_ranked_is_not_decided() -> None:
    lot = await a_scored_lot()

    with pytest.raises(Conflict, match="not been ranked"):
        await service.decide(lot.coordinator, await a_decision(lot), now=DECIDED_AT)


async def test_a_lot_is_decided_once() -> None:
    awarded = await an_awarded_lot()

    with pytest.raises(Conflict, match="awarded"):
        await service.decide(awarded.lot.coordinator, await a_decision(awarded.lot), now=DECIDED_AT)
    with pytest.raises(Conflict):
        await evaluation.rank(awarded.lot.coordinator, awarded.lot.lot_id, now=DECIDED_AT)


@pytest.mark.parametrize(
    ("role", "elsewhere", "refusal"),
    [
        pytest.param(Role.COORDINATOR, True, NotFound, id="another buyer's coordinator"),
        pytest.param(Role.AUDITOR, False, Forbidden, id="an auditor"),
        pytest.param(Role.EVALUATOR, False, NotFound, id="an evaluator who was not there"),
    ],
)
async def test_who_may_not_decide(role: Role, elsewhere: bool, refusal: type[Exception]) -> None:
    lot = await a_ranked_lot()
    actor = await an_actor(role, org=None if elsewhere else lot.coordinator.org_id)

    with pytest.raises(refusal):
        await service.decide(actor, await a_decision(lot), now=DECIDED_AT)
    with pytest.raises(NotFound):
        await service.decide(lot.bidders[0].actor, await a_decision(lot), now=DECIDED_AT)


async def test_who_has_a_conflict_in_the_lot_sees_nothing_of_its_award() -> None:
    awarded = await an_awarded_lot()
    lot = awarded.lot
    both = await an_actor(Role.EVALUATOR, Role.COORDINATOR, org=lot.coordinator.org_id)
    async with connection() as c:
        await c.execute(
            "INSERT INTO panel_member (id, lot, person, appointed_at, declared_at, has_conflict)"
            " VALUES ($1, $2, $3, $4, $4, true)",
            uuid7(),
            lot.lot_id,
            both.id,
            APPOINTED_AT,
        )

    draft = await a_decision(lot)
    for door in (
        lambda: queries.read_award(both, awarded.id),
        lambda: queries.read_decision(both, lot.lot_id, now=DECIDED_AT),
        lambda: service.annul(both, awarded.id, REASONS, now=DECIDED_AT),
        lambda: service.decide(both, draft, now=DECIDED_AT),
        lambda: service.conclude_without_award(both, lot.lot_id, "ins-fund", now=DECIDED_AT),
    ):
        with pytest.raises(NotFound):
            await door()
    assert await queries.list_awards(both) == []
    assert len(await queries.list_awards(lot.coordinator)) == 1


async def test_a_stranger_sees_the_notice_and_nothing_else() -> None:
    awarded = await an_awarded_lot()
    stranger = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    neighbour = await an_actor(Role.COORDINATOR)

    for who in (stranger, neighbour):
        with pytest.raises(NotFound):
            await queries.read_award(who, awarded.id)
    notice = await queries.read_notice(awarded.id)
    assert [(s.rank, str(s.unit_price)) for s in notice.suppliers] == [(1, "21.50"), (2, "24.80")]
    text = msgspec.json.encode(notice).decode()
    for loser in awarded.lot.bidders[2:]:
        assert loser.actor.org_name not in text
    with pytest.raises(Forbidden):
        await queries.list_awards(stranger)


# --- Standstill ------------------------------------------------------------------------------


async def test_the_standstill_ends_on_the_day_after_its_last() -> None:
    awarded = await an_awarded_lot()
    last = DECIDED_AT + timedelta(days=14)

    assert await service.finish_due(now=last) == 0
    assert await service.finish_due(now=last + timedelta(days=1)) == 1
    assert await service.finish_due(now=last + timedelta(days=1)) == 0

    facts = await queries.award_facts(awarded.id)
    assert facts.state == "final"
    assert signing_findings(facts, LAST_BLOCKED_ON + timedelta(days=1)) == []
    assert await kinds_of_tasks(awarded.lot.coordinator) == []


async def test_two_workers_finish_an_award_once() -> None:
    await an_awarded_lot()
    over = DECIDED_AT + timedelta(days=15)

    async with transaction():
        assert await service.finish_due(now=over) == 1
        other = asyncio.create_task(service.finish_due(now=over), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the second worker did not wait"

    assert await other == 0


@pytest.mark.parametrize(
    ("day", "blocked"),
    [
        pytest.param(LAST_BLOCKED_ON, True, id="the last day of the standstill"),
        pytest.param(LAST_BLOCKED_ON + timedelta(days=1), False, id="the day after"),
    ],
)
async def test_the_database_says_the_same_of_signing(day: date, blocked: bool) -> None:
    awarded = await an_awarded_lot()
    supplier = (await queries.suppliers_of(awarded.id))[0].id

    assert await blocks(supplier, day) is blocked
    assert await blocks(uuid7(), day) is True, "what is not awarded is never signed"


async def blocks(supplier: UUID, day: date) -> bool:
    async with connection() as c:
        return bool(await c.fetchval("SELECT award_blocks_signing($1, $2)", supplier, day))


async def test_a_single_tenderer_waits_for_nobody() -> None:
    opened = await an_opened_tender(("21.50",))
    lot = await a_ranked_lot(opened)
    awarded = await an_awarded_lot(lot, winners_count=1)

    facts = await queries.award_facts(awarded.id)

    assert (facts.state, facts.last_blocked_on) == ("final", None)
    assert await blocks(facts.suppliers[0].id, legal_day(DECIDED_AT)) is False


# --- Annulment -------------------------------------------------------------------------------


async def test_an_annulled_award_opens_the_lot_again_and_tells_everyone() -> None:
    awarded = await an_awarded_lot()
    lot = awarded.lot
    supplier = (await queries.suppliers_of(awarded.id))[0].id

    with pytest.raises(Refused):
        await service.annul(lot.coordinator, awarded.id, "Oops.", now=DECIDED_AT)
    await service.annul(
        lot.coordinator, awarded.id, "A score was read from the wrong sheet.", now=DECIDED_AT
    )

    assert await lot_state(lot) == (LotState.OPEN, TenderState.EVALUATED)
    assert await queries.award_of_lot(lot.lot_id) is None
    assert await blocks(supplier, date(2030, 1, 1)) is True
    kinds = [letter.kind for letter in await queries.own_letters(lot.bidders[1].actor)]
    assert kinds == ["annulled", "winner"]
    assert await service.finish_due(now=DECIDED_AT + timedelta(days=20)) == 0
    with pytest.raises(Conflict):
        await service.annul(lot.coordinator, awarded.id, REASONS, now=DECIDED_AT)

    await evaluation.rank(lot.coordinator, lot.lot_id, now=DECIDED_AT)
    again = await service.decide(lot.coordinator, await a_decision(lot), now=DECIDED_AT)
    assert len(await queries.list_awards(lot.coordinator)) == 2
    assert (await queries.award_of_lot(lot.lot_id)).id == again  # type: ignore[union-attr]


async def test_who_may_not_annul() -> None:
    awarded = await an_awarded_lot()
    auditor = await an_actor(Role.AUDITOR, org=awarded.lot.coordinator.org_id)

    with pytest.raises(Forbidden):
        await service.annul(auditor, awarded.id, REASONS, now=DECIDED_AT)
    with pytest.raises(NotFound):
        await service.annul(awarded.lot.bidders[0].actor, awarded.id, REASONS, now=DECIDED_AT)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE award SET last_blocked_on = last_blocked_on - 9", "award_stays_as_decided"),
        ("UPDATE award SET reasons = 'others'", "award_stays_as_decided"),
        ("DELETE FROM award", "award_stays_as_decided"),
        ("UPDATE award_supplier SET rank = 9", "award_stays_as_decided"),
        ("DELETE FROM award_supplier", "award_stays_as_decided"),
        ("UPDATE letter SET kind = 'ranked'", "award_stays_as_decided"),
        ("DELETE FROM letter", "award_stays_as_decided"),
    ],
)
async def test_the_database_holds_what_was_decided(statement: str, rule: str) -> None:
    await an_awarded_lot()

    assert (await refused(statement)).startswith(rule)


async def test_the_database_takes_one_live_award_on_the_newest_ranking() -> None:
    awarded = await an_awarded_lot()
    copy = (
        "INSERT INTO award (id, lot, evaluation, decided_at, decided_by, reasons, facts, state)"
        " SELECT gen_random_uuid(), a.lot, {}, a.decided_at, a.decided_by, a.reasons, a.facts,"
        " 'final' FROM award a"
    )
    oldest = "(SELECT id FROM evaluation WHERE lot = a.lot ORDER BY version LIMIT 1)"

    with pytest.raises(asyncpg.UniqueViolationError):
        async with connection() as c:
            await c.execute(copy.format("a.evaluation"))
    with pytest.raises(asyncpg.RestrictViolationError) as refusal:
        async with connection() as c:
            await c.execute(copy.format(oldest))
    assert refusal.value.constraint_name == "award_rests_on_newest_ranking"
    assert awarded.id


# --- Without award ---------------------------------------------------------------------------


async def test_a_lot_ends_without_award_and_every_tenderer_is_told_why() -> None:
    lot = await a_ranked_lot()
    why = "The money for the service was cut by the supplementary budget."

    for ground, code in (("no-rece", "not-empty"), ("all-rej", "left"), ("too-few", "ground")):
        with pytest.raises(Refused) as refusal:
            await service.conclude_without_award(
                lot.coordinator, lot.lot_id, ground, reasons=why, now=DECIDED_AT
            )
        assert codes(refusal) == [code]
    with pytest.raises(Refused) as refusal:
        await service.conclude_without_award(
            lot.coordinator, lot.lot_id, "ins-fund", now=DECIDED_AT
        )
    assert codes(refusal) == ["no-reasons"]
    await service.conclude_without_award(
        lot.coordinator, lot.lot_id, "ins-fund", reasons=why, now=DECIDED_AT
    )

    assert await lot_state(lot) == (LotState.UNSUCCESSFUL, TenderState.CONCLUDED)
    for bidder in lot.bidders:
        (letter,) = await queries.own_letters(bidder.actor)
        assert letter.end is not None
        assert (letter.kind, letter.end.ground, letter.end.reasons) == ("no-award", "ins-fund", why)
    assert await kinds_of_tasks(lot.coordinator) == []
    with pytest.raises(Conflict):
        await service.decide(
            lot.coordinator, await a_decision(lot, acknowledged_reversal=True), now=DECIDED_AT
        )


async def test_who_may_not_end_a_lot() -> None:
    lot = await a_ranked_lot()
    auditor = await an_actor(Role.AUDITOR, org=lot.coordinator.org_id)

    with pytest.raises(Forbidden):
        await service.conclude_without_award(
            auditor, lot.lot_id, "ins-fund", reasons=REASONS, now=DECIDED_AT
        )


# --- Before the decision ---------------------------------------------------------------------


async def test_the_page_before_shows_every_letter_as_it_would_be() -> None:
    lot = await a_ranked_lot()
    await reject_price(lot)
    await set_clock(DECIDED_AT)

    seen = await queries.read_decision(lot.coordinator, lot.lot_id, now=DECIDED_AT)

    assert [preview.facts.kind for preview in seen.previews] == [
        "winner",
        "winner",
        "excluded",
        "excluded",
    ]
    assert (seen.most_winners_count, seen.last_blocked_on) == (2, LAST_BLOCKED_ON)
    assert (seen.standing_in_the_way, seen.reversal_names) == ([], [])
    one = await queries.read_decision(
        lot.coordinator, lot.lot_id, await a_decision(lot, winners_count=1), now=DECIDED_AT
    )
    assert [preview.facts.kind for preview in one.previews][:2] == ["winner", "ranked"]


async def test_before_the_ranking_there_is_nothing_to_decide() -> None:
    lot = await a_panel()

    seen = await queries.read_decision(lot.coordinator, lot.lot_id, now=DECIDED_AT)

    assert (seen.ranking, seen.previews, seen.award_id) == (None, [], None)


async def test_what_was_signed_on_an_award_is_not_annulled_away() -> None:
    awarded = await an_awarded_lot()
    lot = awarded.lot
    first, *_ = await contracts.draft_from_award(lot.coordinator, awarded.id, now=DECIDED_AT)
    digest = (await read_contract(lot.coordinator, first)).document_sha256

    with pytest.raises(Refused) as refusal:
        await contracts.sign(lot.coordinator, first, digest, now=DECIDED_AT)
    assert "standstill" in codes(refusal)
    over = DECIDED_AT + timedelta(days=15)
    await set_clock(over)
    await contracts.sign(lot.coordinator, first, digest, now=over)
    await contracts.sign(lot.bidders[1].actor, first, digest, now=over)

    with pytest.raises(asyncpg.RestrictViolationError) as held:
        await service.annul(lot.coordinator, awarded.id, REASONS, now=over)
    assert held.value.constraint_name == "award_without_contract"
    assert (await queries.award_facts(awarded.id)).state != "annulled"
