"""Panels, scores, questions and rankings on a real database: who may, and what holds."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from procure.db import connection, transaction, uuid7
from procure.db.engine import AppEngine
from procure.evaluation import queries, service
from procure.evaluation.rules import LotFacts, Ranking, ScoreEntry, rank
from procure.evaluation.rules.record import Ranked
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.tasks import queries as tasks
from procure.tenders import queries as tenders
from procure.tenders.states import TenderState
from tests.builders.bids import AFTER, an_opened_tender, open_tender
from tests.builders.evaluation import (
    APPOINTED_AT,
    RANKED_AT,
    REASON,
    SCORED_AT,
    Evaluated,
    a_panel,
    a_price_only_lot,
    a_ranked_lot,
    a_scored_lot,
    declare_clear,
    reject_price,
    scores_of,
)
from tests.builders.guards import refused
from tests.builders.identity import an_actor
from tests.builders.tenders import a_published_tender

pytestmark = pytest.mark.usefixtures("db")


async def an_evaluator(lot: Evaluated) -> Actor:
    return await an_actor(Role.EVALUATOR, org=lot.coordinator.org_id)


def codes(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refusal.value.findings]


async def kinds_of_tasks(actor: Actor) -> list[str]:
    return sorted(task.kind for task in await tasks.open_tasks(actor, RANKED_AT))


# --- The panel -------------------------------------------------------------------------------


async def test_an_evaluator_is_appointed_once_and_gets_a_task() -> None:
    lot = await a_panel(size=1)

    await service.appoint(lot.coordinator, lot.lot_id, [lot.evaluators[0].id], now=APPOINTED_AT)

    panel = await queries.read_panel(lot.coordinator, lot.lot_id)
    assert [member.person_id for member in panel.members] == [lot.evaluators[0].id]
    assert await kinds_of_tasks(lot.evaluators[0]) == ["panel:declare"]


async def test_a_panel_can_be_appointed_before_the_deadline() -> None:
    tender = await a_published_tender()
    facts = await tenders.tender_facts(tender.id)
    evaluator = await an_actor(Role.EVALUATOR, org=tender.buyer_id)

    await service.appoint(
        tender.coordinator, facts.lots[0].id, [evaluator.id], now=tender_now(facts.published_at)
    )

    assert len(await queries.members(facts.lots[0].id)) == 1


def tender_now(published_at: Any) -> Any:
    assert published_at is not None
    return published_at + timedelta(hours=1)


@pytest.mark.parametrize(
    ("role", "elsewhere", "refusal"),
    [
        pytest.param(
            Role.COORDINATOR, True, NotFound, id="another buyer's coordinator sees no lot"
        ),
        pytest.param(Role.AUDITOR, False, Forbidden, id="an auditor only reads"),
        pytest.param(Role.EVALUATOR, False, NotFound, id="an evaluator is not on the panel"),
        pytest.param(Role.CASEWORKER, False, NotFound, id="a caseworker has no part in it"),
    ],
)
async def test_who_may_not_appoint(role: Role, elsewhere: bool, refusal: type[Exception]) -> None:
    lot = await a_panel(size=0)
    actor = await an_actor(role, org=None if elsewhere else lot.coordinator.org_id)
    evaluator = await an_evaluator(lot)

    with pytest.raises(refusal):
        await service.appoint(actor, lot.lot_id, [evaluator.id], now=APPOINTED_AT)

    assert await queries.members(lot.lot_id) == []


async def test_only_an_evaluator_of_this_buyer_is_appointed() -> None:
    lot = await a_panel(size=0)
    stranger = await an_actor(Role.EVALUATOR)
    officer = await an_actor(Role.OFFICER, org=lot.coordinator.org_id)

    for person in (stranger, officer, lot.bidders[0].actor):
        with pytest.raises(Refused) as refusal:
            await service.appoint(lot.coordinator, lot.lot_id, [person.id], now=APPOINTED_AT)
        assert codes(refusal) == ["not-an-evaluator"]
    with pytest.raises(Refused) as refusal:
        await service.appoint(lot.coordinator, lot.lot_id, [], now=APPOINTED_AT)
    assert codes(refusal) == ["nobody"]


async def test_nobody_joins_once_scores_are_open() -> None:
    lot = await a_scored_lot()
    late = await an_evaluator(lot)

    with pytest.raises(Refused) as refusal:
        await service.appoint(lot.coordinator, lot.lot_id, [late.id], now=SCORED_AT)

    assert codes(refusal) == ["handed-in"]


async def test_who_is_silent_is_released_with_a_reason_and_no_longer_waited_for() -> None:
    lot = await a_panel()
    await declare_clear(lot)
    first, second, third = lot.evaluators
    await service.save_scores(third, lot.lot_id, scores_of(lot, 2)[:2], now=SCORED_AT)
    for place, evaluator in enumerate((first, second)):
        await service.hand_in_scores(evaluator, lot.lot_id, scores_of(lot, place), now=SCORED_AT)

    with pytest.raises(Refused):
        await service.release(lot.coordinator, lot.lot_id, third.id, "ill", now=SCORED_AT)
    await service.release(
        lot.coordinator, lot.lot_id, third.id, "On sick leave until summer.", now=SCORED_AT
    )

    assert await kinds_of_tasks(third) == []
    assert "panel:rank" in await kinds_of_tasks(lot.coordinator)
    assert (await queries.facts_now(lot.lot_id)).bids[0].scores["K2"][0].points == 5
    with pytest.raises(NotFound):
        await queries.read_scoring(third, lot.lot_id)
    with pytest.raises(Conflict):
        await service.release(
            lot.coordinator, lot.lot_id, first.id, "No longer here.", now=SCORED_AT
        )


# --- Declarations ----------------------------------------------------------------------------


async def test_nothing_is_declared_before_it_is_known_who_bids() -> None:
    tender = await a_published_tender()
    lot_id = (await tenders.tender_facts(tender.id)).lots[0].id
    evaluator = await an_actor(Role.EVALUATOR, org=tender.buyer_id)
    await service.appoint(tender.coordinator, lot_id, [evaluator.id], now=AFTER - timedelta(days=9))

    with pytest.raises(Conflict, match="once the bids are opened"):
        await service.declare(
            evaluator, lot_id, has_conflict=False, text="", now=AFTER - timedelta(days=9)
        )


async def test_before_declaring_an_evaluator_sees_who_bids_and_nothing_they_say() -> None:
    lot = await a_panel()
    evaluator = lot.evaluators[0]

    seen = await queries.read_scoring(evaluator, lot.lot_id)

    assert len(seen.tenderers) == 4
    assert (seen.bids, seen.criteria, seen.scores) == ((), (), ())
    with pytest.raises(Forbidden, match="First declare"):
        await service.save_scores(evaluator, lot.lot_id, scores_of(lot, 0)[:1], now=SCORED_AT)
    with pytest.raises(Forbidden, match="First declare"):
        await queries.read_evaluation(evaluator, lot.lot_id)


async def test_a_declaration_is_made_once_and_can_only_turn_into_a_conflict() -> None:
    lot = await a_panel(size=1)
    (evaluator,) = lot.evaluators
    await declare_clear(lot)

    with pytest.raises(Conflict, match="declared already"):
        await service.declare(evaluator, lot.lot_id, has_conflict=False, text="", now=SCORED_AT)
    await service.save_scores(evaluator, lot.lot_id, scores_of(lot, 0)[:3], now=SCORED_AT)
    await service.declare(
        evaluator, lot.lot_id, has_conflict=True, text="My sister works there.", now=SCORED_AT
    )

    (member,) = await queries.members(lot.lot_id)
    assert (member.has_conflict, await queries.own_scores(member.id)) == (True, [])
    assert await kinds_of_tasks(evaluator) == []
    assert "panel:replace" in await kinds_of_tasks(lot.coordinator)


async def test_a_conflict_needs_words() -> None:
    lot = await a_panel(size=1)

    with pytest.raises(Refused) as refusal:
        await service.declare(
            lot.evaluators[0], lot.lot_id, has_conflict=True, text="sister", now=APPOINTED_AT
        )

    assert codes(refusal) == ["too-short"]


async def test_a_declared_conflict_closes_every_door_of_the_lot() -> None:
    lot = await a_ranked_lot()
    both = await an_actor(Role.EVALUATOR, Role.COORDINATOR, org=lot.coordinator.org_id)
    await put_on_panel(lot, both, has_conflict=True)
    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )

    doors: list[Callable[[], Awaitable[object]]] = [
        lambda: queries.read_scoring(both, lot.lot_id),
        lambda: queries.read_panel(both, lot.lot_id),
        lambda: queries.read_scores(both, lot.lot_id),
        lambda: queries.read_ranking(both, lot.lot_id),
        lambda: queries.read_evaluation(both, lot.lot_id),
        lambda: queries.read_explanations(both, lot.lot_id),
        lambda: queries.read_explanation(both, asked),
        lambda: service.appoint(both, lot.lot_id, [both.id], now=RANKED_AT),
        lambda: service.release(both, lot.lot_id, lot.evaluators[0].id, REASON, now=RANKED_AT),
        lambda: service.declare(both, lot.lot_id, has_conflict=False, text="", now=RANKED_AT),
        lambda: service.save_scores(both, lot.lot_id, scores_of(lot, 0), now=RANKED_AT),
        lambda: service.hand_in_scores(both, lot.lot_id, (), now=RANKED_AT),
        lambda: service.rank(both, lot.lot_id, now=RANKED_AT),
        lambda: service.draw_lots(both, lot.lot_id, [], REASON, now=RANKED_AT),
        lambda: service.ask_explanation(both, lot.bid_ids[0], REASON, now=RANKED_AT),
        lambda: service.decide_explanation(
            both, asked, is_accepted=True, reason=REASON, now=RANKED_AT
        ),
    ]
    for door in doors:
        with pytest.raises(NotFound):
            await door()
    assert lot.lot_id not in [line.lot.lot_id for line in await queries.lots_to_evaluate(both)]


async def put_on_panel(lot: Evaluated, person: Actor, *, has_conflict: bool) -> None:
    """Write a place on a panel that no service would give any more."""
    async with connection() as c:
        await c.execute(
            "INSERT INTO panel_member (id, lot, person, appointed_at, declared_at, has_conflict)"
            " VALUES ($1, $2, $3, $4, $4, $5)",
            uuid7(),
            lot.lot_id,
            person.id,
            APPOINTED_AT,
            has_conflict,
        )


async def test_a_conflicted_evaluator_is_replaced_by_another() -> None:
    lot = await a_panel(size=1)
    conflicted = lot.evaluators[0]
    await service.declare(
        conflicted, lot.lot_id, has_conflict=True, text="I was on its board.", now=APPOINTED_AT
    )
    fresh = await an_evaluator(lot)

    with pytest.raises(Refused) as refusal:
        await service.appoint(lot.coordinator, lot.lot_id, [conflicted.id], now=APPOINTED_AT)
    assert codes(refusal) == ["gone"]
    await service.appoint(lot.coordinator, lot.lot_id, [fresh.id], now=APPOINTED_AT)

    assert "panel:replace" not in await kinds_of_tasks(lot.coordinator)


# --- Scores ----------------------------------------------------------------------------------


async def test_scores_are_kept_as_they_are_typed_and_handed_in_once() -> None:
    lot = await a_panel()
    await declare_clear(lot)
    evaluator, first = lot.evaluators[0], scores_of(lot, 0)[0]

    await service.save_scores(evaluator, lot.lot_id, [first], now=SCORED_AT)
    better = msgspec.structs.replace(first, points=Decimal("4.5"), reason="  On second thoughts. ")
    await service.save_scores(evaluator, lot.lot_id, [better], now=SCORED_AT)

    seen = await queries.read_scoring(evaluator, lot.lot_id)
    assert seen.scores == [msgspec.structs.replace(better, reason="On second thoughts.")]
    assert seen.missing_count == 7
    with pytest.raises(Refused) as refusal:
        await service.hand_in_scores(evaluator, lot.lot_id, (), now=SCORED_AT)
    assert codes(refusal) == ["not-scored"] * 7
    await service.hand_in_scores(evaluator, lot.lot_id, scores_of(lot, 0), now=SCORED_AT)
    for late in (scores_of(lot, 0), ()):
        with pytest.raises(Conflict, match="handed in"):
            await service.hand_in_scores(evaluator, lot.lot_id, late, now=SCORED_AT)
    with pytest.raises(Conflict, match="handed in"):
        await service.save_scores(evaluator, lot.lot_id, [better], now=SCORED_AT)


async def test_a_refused_hand_in_keeps_nothing_of_what_came_with_it() -> None:
    lot = await a_panel()
    await declare_clear(lot)

    with pytest.raises(Refused):
        await service.hand_in_scores(
            lot.evaluators[0], lot.lot_id, scores_of(lot, 0)[:7], now=SCORED_AT
        )

    assert (await queries.read_scoring(lot.evaluators[0], lot.lot_id)).scores == []


async def test_bad_scores_are_refused_with_their_fields() -> None:
    lot = await a_panel()
    await declare_clear(lot)
    bid = lot.bid_ids[0]

    with pytest.raises(Refused) as refusal:
        await service.save_scores(
            lot.evaluators[0],
            lot.lot_id,
            [
                ScoreEntry(bid, "K2", Decimal("4.3"), REASON),
                ScoreEntry(bid, "K3", Decimal(6), "no"),
                ScoreEntry(uuid7(), "K2", Decimal(3), REASON),
            ],
            now=SCORED_AT,
        )

    assert [(f.code, f.field) for f in refusal.value.findings[:3]] == [
        ("off-step", f"points-{bid}-K2"),
        ("off-scale", f"points-{bid}-K3"),
        ("no-reason", f"reason-{bid}-K3"),
    ]
    assert codes(refusal)[3:] == ["unknown-bid"]


async def test_nobody_sees_scores_before_everyone_has_handed_in() -> None:
    lot = await a_panel()
    await declare_clear(lot)
    auditor = await an_actor(Role.AUDITOR, org=lot.coordinator.org_id)
    for place, evaluator in enumerate(lot.evaluators[:2]):
        await service.hand_in_scores(evaluator, lot.lot_id, scores_of(lot, place), now=SCORED_AT)

    for reader in (lot.coordinator, auditor, lot.evaluators[0], lot.evaluators[2]):
        with pytest.raises(Forbidden):
            await queries.read_scores(reader, lot.lot_id)
    assert (await queries.read_evaluation(lot.coordinator, lot.lot_id)).scores == []
    assert (await queries.facts_now(lot.lot_id)).bids[0].scores == {"K2": (), "K3": ()}
    assert not [e for e in await events("score:locked") if REASON in e["facts"]]

    await service.hand_in_scores(lot.evaluators[2], lot.lot_id, scores_of(lot, 2), now=SCORED_AT)
    for reader in (lot.coordinator, auditor, lot.evaluators[0]):
        assert len(await queries.read_scores(reader, lot.lot_id)) == 24


async def test_an_evaluator_who_scores_sees_no_price() -> None:
    lot = await a_panel()
    await declare_clear(lot)

    seen = msgspec.json.encode(await queries.read_scoring(lot.evaluators[0], lot.lot_id)).decode()

    for price in ("24.80", "21.50", "12.90", "23.10"):
        assert price not in seen
    with pytest.raises(Forbidden, match="Prices and order"):
        await queries.read_evaluation(lot.evaluators[0], lot.lot_id)


async def test_an_evaluator_who_is_not_on_the_panel_sees_nothing_of_the_lot() -> None:
    lot = await a_ranked_lot()
    colleague = await an_evaluator(lot)

    for door in (
        queries.read_scoring,
        queries.read_panel,
        queries.read_scores,
        queries.read_ranking,
        queries.read_evaluation,
        queries.read_explanations,
    ):
        with pytest.raises(NotFound):
            await door(colleague, lot.lot_id)
    assert await queries.lots_to_evaluate(colleague) == []


async def test_an_evaluator_of_another_buyer_sees_nothing() -> None:
    lot = await a_panel()
    other = await a_panel()

    with pytest.raises(NotFound):
        await queries.read_scoring(other.evaluators[0], lot.lot_id)
    assert [line.lot.lot_id for line in await queries.lots_to_evaluate(other.evaluators[0])] == [
        other.lot_id
    ]


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        pytest.param(
            "UPDATE score SET points = 0", "score_stays_as_handed_in", id="changed by hand"
        ),
        pytest.param("DELETE FROM score", "score_stays_as_handed_in", id="deleted by hand"),
        pytest.param(
            "UPDATE panel_member SET locked_at = NULL", "panel_member_keeps_its_word", id="unlocked"
        ),
        pytest.param("DELETE FROM panel_member", "panel_member_stays", id="evaluator removed"),
        pytest.param(
            "UPDATE evaluation SET result = '{}'", "ranking_never_changes", id="ranking changed"
        ),
        pytest.param("DELETE FROM evaluation", "ranking_never_changes", id="ranking deleted"),
        pytest.param(
            "UPDATE explanation SET due_on = due_on + 9", "explanation_goes_forward", id="due moved"
        ),
        pytest.param("DELETE FROM explanation", "explanation_goes_forward", id="question deleted"),
    ],
)
async def test_the_database_holds_what_was_handed_in(statement: str, rule: str) -> None:
    lot = await a_ranked_lot()
    await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )

    assert (await refused(statement)).startswith(rule)


async def test_the_database_takes_no_score_of_a_conflicted_or_undeclared_evaluator() -> None:
    lot = await a_panel(size=2)
    first, second = lot.evaluators
    await service.declare(
        first, lot.lot_id, has_conflict=True, text="My sister works there.", now=APPOINTED_AT
    )
    places = {m.person_id: m.id for m in await queries.members(lot.lot_id)}
    criterion = (await queries.facts_now(lot.lot_id)).criteria[1].id

    async def write(member: UUID, points: int = 3, bid: UUID = lot.bid_ids[0]) -> None:
        async with connection() as c:
            await c.execute(
                "INSERT INTO score (id, member, bid, criterion, points, reason, given_at)"
                " VALUES ($1, $2, $3, $4, $5, 'because', now())",
                uuid7(),
                member,
                bid,
                criterion,
                points,
            )

    for person in (first, second):
        with pytest.raises(asyncpg.RestrictViolationError) as refusal:
            await write(places[person.id])
        assert refusal.value.constraint_name == "score_without_conflict"
    await declare_clear(lot, second)
    with pytest.raises(asyncpg.RestrictViolationError) as refusal:
        await write(places[second.id], points=6)
    assert refusal.value.constraint_name == "score_on_scale"
    other = await a_panel()
    with pytest.raises(asyncpg.RestrictViolationError) as refusal:
        await write(places[second.id], bid=other.bid_ids[0])
    assert refusal.value.constraint_name == "score_of_own_lot"
    await write(places[second.id])
    with pytest.raises(asyncpg.RestrictViolationError) as refusal:
        async with connection() as c:
            await c.execute(
                "UPDATE panel_member SET has_conflict = true WHERE person = $1", second.id
            )
    assert refusal.value.constraint_name == "conflicted_has_no_scores"


async def test_a_score_on_its_way_waits_for_the_hand_in_and_is_refused(db: AppEngine) -> None:
    lot = await a_panel(size=1)
    await declare_clear(lot)
    (evaluator,) = lot.evaluators
    late = msgspec.structs.replace(scores_of(lot, 0)[0], points=Decimal(0))

    async with transaction():  # handed in, and not committed yet
        await service.hand_in_scores(evaluator, lot.lot_id, scores_of(lot, 0), now=SCORED_AT)
        other = asyncio.create_task(
            service.save_scores(evaluator, lot.lot_id, [late], now=SCORED_AT), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the score did not wait for the hand-in"

    with pytest.raises(Conflict, match="handed in"):
        await other
    assert late not in (await queries.read_scoring(evaluator, lot.lot_id)).scores


async def test_of_two_who_hand_in_at_once_the_last_one_calls_the_coordinator() -> None:
    lot = await a_panel(size=2)
    await declare_clear(lot)
    first, second = lot.evaluators

    async with transaction():
        await service.hand_in_scores(first, lot.lot_id, scores_of(lot, 0), now=SCORED_AT)
        other = asyncio.create_task(
            service.hand_in_scores(second, lot.lot_id, scores_of(lot, 1), now=SCORED_AT),
            context=Context(),
        )
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished
    await other

    assert (await kinds_of_tasks(lot.coordinator)).count("panel:rank") == 1


# --- Ranking ---------------------------------------------------------------------------------


async def test_a_lot_is_ranked_by_what_was_handed_in() -> None:
    lot = await a_ranked_lot()

    found = await queries.latest_ranking(lot.lot_id)

    assert found is not None
    assert [(r.bid_id, str(r.total)) for r in found.ranking.ranked] == [
        (lot.bid_ids[0], "73.47"),
        (lot.bid_ids[1], "73.33"),
        (lot.bid_ids[2], "64.33"),
    ]
    assert found.version == 1
    tender = await tenders.tender_facts(lot.opened.tender.id)
    assert tender.state == TenderState.EVALUATED
    assert await kinds_of_tasks(lot.coordinator) == ["lot:decide"]


async def test_the_buyer_sees_the_flag_the_reversal_and_what_would_have_won() -> None:
    lot = await a_ranked_lot()

    seen = await queries.read_ranking(lot.coordinator, lot.lot_id)

    assert [flag.bid_id for flag in seen.low_prices if flag.is_flagged] == [lot.bid_ids[2]]
    assert seen.low_prices[2].labour_floor == Decimal("6.50")
    assert [r.without_id for r in seen.reversals if r.changes_winner] == [lot.bid_ids[2]]
    assert seen.has_reversal
    assert seen.is_current
    assert [d.bid_id for d in seen.deficits] == list(lot.bid_ids[1:3])
    assert [point.price_weight for point in seen.sensitivity] == list(range(0, 101, 10))


async def test_after_a_rejected_explanation_the_next_ranking_is_version_two() -> None:
    lot = await a_ranked_lot()
    await reject_price(lot)

    found = await queries.latest_ranking(lot.lot_id)

    assert found is not None
    assert (found.version, [(r.bid_id, str(r.total)) for r in found.ranking.ranked]) == (
        2,
        [(lot.bid_ids[1], "89.33"), (lot.bid_ids[0], "87.34")],
    )
    assert [e.ranking.order[0] for e in [ranked(e) for e in await events("lot:ranked")]] == [
        lot.bid_ids[0],
        lot.bid_ids[1],
    ]


async def test_a_ranking_can_be_made_again_from_its_event() -> None:
    await a_ranked_lot()

    (event,) = await events("lot:ranked")

    decided = ranked(event)
    assert canonical(rank(decided.facts)) == canonical(decided.ranking)
    async with connection() as c:
        row = await c.fetchrow("SELECT facts, result FROM evaluation")
    assert rank(msgspec.json.decode(row["facts"], type=LotFacts)) == msgspec.json.decode(
        row["result"], type=Ranking
    )


async def events(kind: str) -> list[Any]:
    async with connection() as c:
        return list(await c.fetch("SELECT facts FROM event WHERE kind = $1 ORDER BY seq", kind))


def ranked(event: Any) -> Ranked:
    return msgspec.json.decode(event["facts"], type=Ranked)


async def test_a_lot_is_not_ranked_before_everyone_is_done() -> None:
    lot = await a_panel()
    with pytest.raises(Refused) as refusal:
        await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)
    assert codes(refusal) == ["not-declared"] * 3

    await declare_clear(lot)
    await service.hand_in_scores(lot.evaluators[0], lot.lot_id, scores_of(lot, 0), now=SCORED_AT)
    with pytest.raises(Refused) as refusal:
        await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)
    assert codes(refusal) == ["not-locked"] * 2
    assert lot.evaluators[1].name in str(refusal.value)

    seen = await queries.read_evaluation(lot.coordinator, lot.lot_id)
    assert [f.code for f in seen.standing_in_the_way] == ["not-locked"] * 2
    assert "rank" not in seen.next_steps


async def test_a_lot_is_not_ranked_while_a_question_is_open() -> None:
    lot = await a_scored_lot()
    await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )

    with pytest.raises(Refused) as refusal:
        await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)

    assert codes(refusal) == ["explanation-open"]


@pytest.mark.parametrize(
    ("role", "elsewhere", "refusal"),
    [
        pytest.param(Role.COORDINATOR, True, NotFound, id="another buyer's coordinator"),
        pytest.param(Role.AUDITOR, False, Forbidden, id="an auditor"),
        pytest.param(Role.CONTRACT_MANAGER, False, Forbidden, id="a contract manager"),
    ],
)
async def test_who_may_not_rank(role: Role, elsewhere: bool, refusal: type[Exception]) -> None:
    lot = await a_scored_lot()
    actor = await an_actor(role, org=None if elsewhere else lot.coordinator.org_id)

    with pytest.raises(refusal):
        await service.rank(actor, lot.lot_id, now=RANKED_AT)
    with pytest.raises(NotFound):
        await service.rank(lot.bidders[0].actor, lot.lot_id, now=RANKED_AT)


async def test_a_price_only_lot_is_ranked_without_a_panel() -> None:
    lot = await a_price_only_lot()
    evaluator = await an_evaluator(lot)

    with pytest.raises(Refused) as refusal:
        await service.appoint(lot.coordinator, lot.lot_id, [evaluator.id], now=APPOINTED_AT)
    assert codes(refusal) == ["no-panel-needed"]
    await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)

    found = await queries.latest_ranking(lot.lot_id)
    assert found is not None
    assert [(r.bid_id, str(r.total)) for r in found.ranking.ranked] == [
        (lot.bid_ids[1], "100.00"),
        (lot.bid_ids[0], "97.78"),
    ]


async def test_equal_bids_wait_for_drawn_lots() -> None:
    lot = await a_price_only_lot(("22.00", "22.00", "23.00"))
    await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)
    first, second, third = lot.bid_ids
    minutes = "Drawn by the head of office, watched by both tenderers."

    seen = await queries.read_evaluation(lot.coordinator, lot.lot_id)
    assert [set(group) for group in seen.undecided] == [{first, second}]
    for wrong in ([first], [first, third], [first, second, third], [first, first]):
        with pytest.raises(Refused):
            await service.draw_lots(lot.coordinator, lot.lot_id, wrong, minutes, now=RANKED_AT)
    await service.draw_lots(lot.coordinator, lot.lot_id, [second, first], minutes, now=RANKED_AT)

    found = await queries.latest_ranking(lot.lot_id)
    assert found is not None
    assert (found.version, found.ranking.order) == (2, (second, first, third))
    with pytest.raises(Conflict, match="nothing to draw"):
        await service.draw_lots(
            lot.coordinator, lot.lot_id, [first, second], minutes, now=RANKED_AT
        )


# --- Questions about prices ------------------------------------------------------------------


async def test_the_answer_is_due_in_five_working_days_by_the_calendar() -> None:
    lot = await a_scored_lot()
    asked_at = RANKED_AT.replace(day=19)  # 24 February 2024 is a holiday and a Saturday

    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=asked_at
    )

    seen = await queries.read_explanation(lot.bidders[2].actor, asked)
    assert seen.due_on == date(2024, 2, 26)
    assert seen.flag is None, "the median of the others' prices is not the tenderer's to read"
    assert await kinds_of_tasks(lot.bidders[2].actor) == ["explanation:answer"]
    ours = await queries.read_explanation(lot.coordinator, asked)
    assert ours.flag is not None
    assert ours.flag.ratio == Decimal("0.558")


async def test_only_the_one_who_was_asked_reads_and_answers() -> None:
    lot = await a_scored_lot()
    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )
    facilitator = await an_actor(Role.FACILITATOR, org=lot.bidders[2].org_id, kind="provider")

    for stranger in (lot.bidders[0].actor, lot.coordinator):
        with pytest.raises(NotFound):
            await service.answer_explanation(stranger, asked, "It does, of course.", now=RANKED_AT)
    with pytest.raises(NotFound):
        await queries.read_explanation(lot.bidders[0].actor, asked)
    with pytest.raises(Forbidden):
        await service.answer_explanation(facilitator, asked, "It does, of course.", now=RANKED_AT)
    assert await queries.own_explanations(lot.bidders[0].actor) == []
    assert [e.id for e in await queries.own_explanations(lot.bidders[2].actor)] == [asked]


@pytest.mark.parametrize(
    ("days", "is_late"),
    [
        pytest.param(0, False, id="the last day itself is in time"),
        pytest.param(1, True, id="the day after is not"),
    ],
)
async def test_the_last_day_to_answer(days: int, is_late: bool) -> None:
    lot = await a_scored_lot()
    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )
    due_on = (await queries.explanation_row(asked)).due_on
    at = RANKED_AT + (due_on - RANKED_AT.date()) + timedelta(days=days)

    if is_late:
        with pytest.raises(Refused) as refusal:
            await service.answer_explanation(
                lot.bidders[2].actor, asked, "Our course is ready-made.", now=at
            )
        assert codes(refusal) == ["late"]
    else:
        await service.answer_explanation(
            lot.bidders[2].actor, asked, "Our course is ready-made.", now=at
        )


async def test_silence_is_rejected_only_after_the_last_day() -> None:
    lot = await a_scored_lot()
    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )
    due_on = (await queries.explanation_row(asked)).due_on
    last = RANKED_AT + (due_on - RANKED_AT.date())

    with pytest.raises(Refused) as refusal:
        await service.decide_explanation(
            lot.coordinator, asked, is_accepted=False, reason="No answer came.", now=last
        )
    assert codes(refusal) == ["early"]
    with pytest.raises(Conflict):
        await service.decide_explanation(
            lot.coordinator, asked, is_accepted=True, reason="No answer came.", now=last
        )
    await service.decide_explanation(
        lot.coordinator,
        asked,
        is_accepted=False,
        reason="No answer came.",
        now=last + timedelta(days=1),
    )

    facts = await queries.facts_now(lot.lot_id)
    assert [bid.excluded for bid in facts.bids] == ["", "", "No answer came.", ""]


async def test_an_accepted_explanation_leaves_the_bid_in() -> None:
    lot = await a_ranked_lot()
    asked = await service.ask_explanation(
        lot.coordinator, lot.bid_ids[2], "How does this price cover two wages?", now=RANKED_AT
    )
    with pytest.raises(Conflict, match="asked already"):
        await service.ask_explanation(lot.coordinator, lot.bid_ids[2], REASON, now=RANKED_AT)
    await service.answer_explanation(
        lot.bidders[2].actor, asked, "Our course is ready-made.", now=RANKED_AT
    )
    await service.decide_explanation(
        lot.coordinator, asked, is_accepted=True, reason="The sums add up.", now=RANKED_AT
    )

    assert (await queries.facts_now(lot.lot_id)).bids[2].excluded == ""
    assert (await queries.read_ranking(lot.coordinator, lot.lot_id)).is_current
    with pytest.raises(Conflict):
        await service.decide_explanation(
            lot.coordinator, asked, is_accepted=False, reason="On second thoughts.", now=RANKED_AT
        )


async def test_a_sealed_bid_cannot_be_asked_about() -> None:
    tender = await a_published_tender()

    with pytest.raises(NotFound):
        await service.ask_explanation(tender.coordinator, uuid7(), REASON, now=AFTER)


async def test_the_buyers_list_says_what_each_lot_waits_for() -> None:
    opened = await an_opened_tender()
    assert [line.task for line in await lines(opened.tender.coordinator)] == ["appoint", "over"]
    lot = await a_panel(opened)
    assert [line.task for line in await lines(lot.coordinator)] == ["wait", "over"]
    assert [line.task for line in await lines(lot.evaluators[0])] == ["declare"]
    await declare_clear(lot)
    assert [line.task for line in await lines(lot.evaluators[0])] == ["score"]
    for place, evaluator in enumerate(lot.evaluators):
        await service.hand_in_scores(evaluator, lot.lot_id, scores_of(lot, place), now=SCORED_AT)
    assert [line.task for line in await lines(lot.coordinator)] == ["rank", "over"]
    await service.rank(lot.coordinator, lot.lot_id, now=RANKED_AT)
    assert [line.task for line in await lines(lot.coordinator)] == ["ranked", "over"]


async def lines(actor: Actor) -> list[Any]:
    return list(await queries.lots_to_evaluate(actor))


async def test_a_decision_about_an_unopened_tender_waits() -> None:
    tender = await a_published_tender()
    lot_id = (await tenders.tender_facts(tender.id)).lots[0].id

    with pytest.raises(Conflict, match="not opened"):
        await service.rank(tender.coordinator, lot_id, now=AFTER)
    await open_tender(tender)
    with pytest.raises(Conflict, match="unsuccessful"):
        await service.rank(tender.coordinator, lot_id, now=AFTER)
