"""Outcomes on a real database: who may say what, and what the highest source makes of it."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from procure.audit import queries as audit
from procure.db import DB, connection, transaction
from procure.db.engine import AppConnection
from procure.kernel.actors import Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.time import at
from procure.outcomes import queries, service
from procure.outcomes.ports import RegisterUnavailable
from procure.outcomes.rules import (
    LARGEST_FILE,
    EvidenceFacts,
    ReportFacts,
    Spell,
    register_answer,
    report_findings,
)
from procure.outcomes.schemas import EvidenceDraft, OutcomeDraft
from procure.outcomes.states import Source
from procure.tasks import queries as tasks
from tests.builders.delivery import Group, a_group
from tests.builders.guards import refused
from tests.builders.identity import an_actor, count
from tests.builders.outcomes import EMP_START, VERIFICATION, Register, a_spell, confirm, report

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
START = date(2025, 10, 13)
ENDED = a_spell(START, date(2025, 12, 22))


async def a_small_group() -> tuple[Group, str]:
    """Make a running group with one person in it."""
    group, (participant_id,) = await a_group(people=1)
    async with connection() as c:
        ref = await c.fetchval("SELECT client_ref FROM participant WHERE id = $1", participant_id)
    return group, str(ref)


async def state_of(outcome_id: UUID) -> str:
    async with connection() as c:
        return str(await c.fetchval("SELECT state FROM outcome WHERE id = $1", outcome_id))


def of(client_ref: str, *spells: Spell) -> Register:
    return Register(*(msgspec.structs.replace(spell, client_ref=client_ref) for spell in spells))


async def test_a_report_opens_an_outcome_and_asks_the_buyer_to_look() -> None:
    group, ref = await a_small_group()

    outcome_id = await report(group, ref, "EMP_START", START, NOW)

    view = await queries.read_outcome(group.contract_manager, outcome_id)
    assert (view.state, view.source, view.client_ref, view.definition) == (
        "claimed",
        "provider",
        ref,
        "EMP_START",
    )
    assert view.reason.message == "The provider reports it since 2025-10-13."
    assert [e.note for e in view.evidence] == ["As the participant says."]
    (task,) = [
        task
        for task in await tasks.open_tasks(group.contract_manager, NOW)
        if task.kind == "outcome:verify"
    ]
    assert (task.link, task.due_on) == (f"/outcomes/{outcome_id}", date(2026, 1, 26))
    (event,) = await audit.history(group.contract_manager, [outcome_id])
    facts = msgspec.json.decode(event.facts, type=ReportFacts)
    assert (event.kind, report_findings(facts)) == ("outcome:reported", [])


async def test_the_same_definition_counts_once() -> None:
    group, ref = await a_small_group()
    await report(group, ref, "EMP_START", START, NOW)
    with pytest.raises(Refused, match="it counts once"):
        await report(group, ref, "EMP_START", date(2025, 11, 3), NOW)
    assert await count("outcome") == 1


async def test_what_cannot_be_reported_says_every_reason_and_writes_nothing() -> None:
    group, ref = await a_small_group()
    with pytest.raises(Refused) as refused:
        await report(group, ref, "EMP_SUST_90", date(2026, 2, 1), NOW)
    assert [f.code for f in refused.value.findings] == ["future"]
    with pytest.raises(Refused, match="not a participant"):
        await report(group, "CL-nobody", "EMP_START", START, NOW)
    with pytest.raises(NotFound, match="no outcome definition"):
        await report(group, ref, "EMP_FOREVER", START, NOW)
    assert await count("outcome") == await count("evidence") == 0


async def test_who_may_not_report() -> None:
    group, ref = await a_small_group()
    draft = OutcomeDraft(ref, "EMP_START", START)
    stranger = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    with pytest.raises(NotFound):
        await service.report(stranger, group.id, draft, now=NOW)
    with pytest.raises(Forbidden):
        await service.report(group.contract_manager, group.id, draft, now=NOW)
    assert await count("outcome") == 0


async def test_the_caseworkers_word_verifies_and_finishes_the_task() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    await confirm(group, outcome_id, NOW)
    view = await queries.read_outcome(group.provider, outcome_id)
    assert (view.state, view.source) == ("verified", "caseworker")
    assert view.reason.message == "Confirmed by caseworker: Spoke to both."
    assert view.may_verify is False
    assert not [
        task
        for task in await tasks.open_tasks(group.contract_manager, NOW)
        if task.kind == "outcome:verify"
    ]


async def test_a_lower_source_changes_nothing_and_is_kept() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    await confirm(group, outcome_id, NOW)
    await confirm(group, outcome_id, NOW, source="certificate", supports=False, note="No stamp.")
    view = await queries.read_outcome(group.contract_manager, outcome_id)
    assert (view.state, [e.source for e in view.evidence]) == (
        "verified",
        ["provider", "caseworker", "certificate"],
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"source": "register"}, "source", id="nobody speaks for a register"),
        pytest.param({"source": "provider"}, "source", id="nor for the provider"),
        pytest.param({"note": " "}, "no-note", id="without words it is no evidence"),
    ],
)
async def test_what_is_no_evidence(change: dict[str, str], code: str) -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    with pytest.raises(Refused) as refused:
        await confirm(group, outcome_id, NOW, **change)
    assert [f.code for f in refused.value.findings] == [code]
    assert await count("evidence") == 1


async def test_who_may_not_give_evidence() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    draft = EvidenceDraft("caseworker", supports=True, note="Trust us.")
    with pytest.raises(Forbidden):
        await service.add_evidence(group.provider, outcome_id, draft, now=NOW)
    with pytest.raises(NotFound):
        stranger = await an_actor(Role.CONTRACT_MANAGER)
        await service.add_evidence(stranger, outcome_id, draft, now=NOW)
    with pytest.raises(NotFound):
        await queries.read_outcome(await an_actor(Role.AUDITOR), outcome_id)
    assert await state_of(outcome_id) == "claimed"


# The register -----------------------------------------------------------------


async def test_the_register_closes_what_the_caseworker_confirmed() -> None:
    group, ref = await a_small_group()
    start = await report(group, ref, "EMP_START", START, NOW)
    sustained = await report(group, ref, "EMP_SUST_90", START, NOW)
    for outcome_id in (start, sustained):
        await confirm(group, outcome_id, NOW)
    register = of(ref, ENDED)

    found = await service.check_registers(
        group.contract_manager, register, group.id, now=at(date(2026, 4, 13), 9)
    )

    assert [(i.definition, i.supports, i.state_before, i.state) for i in found.items] == [
        ("EMP_START", True, "verified", "verified"),
        ("EMP_SUST_90", False, "verified", "rejected"),
    ]
    view = await queries.read_outcome(group.provider, sustained)
    assert (view.state, view.source) == ("rejected", "register")
    assert view.reason.message == "The job ended after 71 of 90 days, on 2025-12-22."
    ((question,),) = register.asked
    assert (question.client_ref, question.from_on, question.until_on) == (
        ref,
        date(2025, 10, 6),
        date(2026, 1, 19),
    )


async def test_the_registers_answer_can_be_read_again_from_what_was_stored() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    await service.check_registers(None, of(ref, ENDED), group.id, now=NOW)
    async with connection() as c:
        stored = await c.fetchval(
            "SELECT facts FROM evidence WHERE outcome = $1 AND source = 'register'", outcome_id
        )
    facts = msgspec.json.decode(stored, type=EvidenceFacts)
    again = register_answer(
        EMP_START,
        START,
        facts.spells,
        asked_on=facts.asked_on or date.max,
        verification=VERIFICATION,
    )
    assert (again.supports, again.finding.message) == (True, facts.reason.message)


async def test_an_outcome_that_the_register_cannot_judge_yet_stays_as_it_is() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_SUST_90", START, NOW)
    running = a_spell(date(2025, 10, 20))  # seven days late: day 90 is still to come
    (item,) = (await service.check_registers(None, of(ref, running), group.id, now=NOW)).items
    assert (item.supports, item.state, item.reason.code) == (None, "claimed", "too-early")
    assert await state_of(outcome_id) == "claimed"
    assert await count("evidence") == 1


async def test_a_register_that_corrects_itself_is_followed() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_SUST_90", START, NOW)
    for spell, state in (
        (a_spell(START), "verified"),
        (ENDED, "rejected"),
        (a_spell(START), "verified"),
    ):
        await service.check_registers(None, of(ref, spell), group.id, now=NOW)
        assert await state_of(outcome_id) == state


async def test_a_register_without_an_answer_changes_nothing_and_leaves_a_task() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    with pytest.raises(RegisterUnavailable):
        await service.check_registers(
            group.contract_manager, Register(is_down=True), group.id, now=NOW
        )
    assert await state_of(outcome_id) == "claimed"
    assert await count("evidence") == 1
    kinds = [task.kind for task in await tasks.open_tasks(group.contract_manager, NOW)]
    assert "outcome:ask-register" in kinds
    (event,) = await audit.history(group.contract_manager, [group.id], limit=1)
    assert (event.kind, '"is_reached":false' in event.facts) == ("outcome:register-asked", True)

    await service.check_registers(None, of(ref, ENDED), group.id, now=NOW)
    kinds = [task.kind for task in await tasks.open_tasks(group.contract_manager, NOW)]
    assert "outcome:ask-register" not in kinds


async def test_the_register_is_asked_before_any_lock_is_taken() -> None:
    group, ref = await a_small_group()
    await report(group, ref, "EMP_START", START, NOW)

    class Slow(Register):
        async def spells(self, questions: object) -> list[Spell]:
            assert DB.running() is None, "a transaction waits for the network"
            return []

    await service.check_registers(None, Slow(), group.id, now=NOW)


async def test_nothing_to_ask_is_said() -> None:
    group, _ = await a_small_group()
    with pytest.raises(Refused, match="employment register knows"):
        await service.check_registers(None, Register(), group.id, now=NOW)
    with pytest.raises(Forbidden):
        await service.check_registers(group.provider, Register(), group.id, now=NOW)
    with pytest.raises(NotFound):
        stranger = await an_actor(Role.FINANCE)
        await service.check_registers(stranger, Register(), group.id, now=NOW)


async def test_two_reports_at_once_make_one_outcome() -> None:
    group, ref = await a_small_group()
    async with transaction():  # the first has reported and has not committed yet
        await report(group, ref, "EMP_START", START, NOW)
        other = asyncio.create_task(report(group, ref, "EMP_START", START, NOW), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Refused, match="it counts once"):
        await other
    assert await count("outcome") == 1


async def test_a_caseworker_sees_only_outcomes_of_own_requests() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    caseworker = await an_actor(Role.CASEWORKER, org=group.buyer_id)
    with pytest.raises(NotFound):
        await queries.read_outcome(caseworker, outcome_id)
    assert await queries.list_outcomes(caseworker) == []
    assert len(await queries.list_outcomes(group.contract_manager, state="claimed")) == 1
    assert await queries.list_outcomes(group.contract_manager, state="verified") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence SET supports = NOT supports",
        "DELETE FROM evidence",
        "UPDATE outcome SET outcome_on = outcome_on + 1",
        "DELETE FROM outcome",
    ],
)
async def test_what_was_said_stays_said(statement: str) -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    await refused(statement)
    assert await state_of(outcome_id) == "claimed"


async def test_an_outcome_stands_where_its_evidence_puts_it(owner: AppConnection) -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    for state in ("verified", "rejected"):
        told = await refused("UPDATE outcome SET state = $1", state)
        assert "where its evidence puts it" in told
    await confirm(group, outcome_id, NOW)
    assert await state_of(outcome_id) == "verified"
    await refused("UPDATE outcome SET state = 'rejected'")
    # The rank of the sources is the same here and there.
    text = await owner.fetchval("SELECT pg_get_functiondef('outcome_stands_by_evidence'::regproc)")
    ranks = ", ".join(f"'{source}'" for source in Source)
    assert f"ARRAY[{ranks}]" in text


def test_an_outcome_is_never_claimed_again() -> None:
    from procure.outcomes.states import OUTCOME

    with pytest.raises(Conflict):
        OUTCOME.after("verified", "claim")


async def test_a_report_that_was_taken_back_is_neither_paid_nor_asked_about() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    with pytest.raises(Forbidden):
        await service.withdraw(group.contract_manager, outcome_id, "A mistake.", now=NOW)
    await service.withdraw(group.provider, outcome_id, "A mistake.", now=NOW)
    assert await queries.outcomes_of_group(group.id) == []
    assert await queries.to_ask(group.id) == []
    with pytest.raises(Conflict, match="taken back"):
        await confirm(group, outcome_id, NOW)
    (task,) = await tasks.tasks_of(group.contract_manager, outcome_id, NOW)
    assert task.state == "dropped"
    again = await report(group, ref, "EMP_START", START, NOW)
    await confirm(group, again, NOW)
    with pytest.raises(Conflict, match="Cannot withdraw"):
        await service.withdraw(group.provider, again, "Too late.", now=NOW)


async def test_only_the_provider_adds_to_a_report_and_it_stays_its_word() -> None:
    group, ref = await a_small_group()
    outcome_id = await report(group, ref, "EMP_START", START, NOW)
    with pytest.raises(Forbidden):
        await service.attach(group.contract_manager, outcome_id, "Words.", now=NOW)
    png = b"\x89PNG\r\n\x1a\nx"
    await service.attach(group.provider, outcome_id, "Words.", ("c.png", png), now=NOW)
    with pytest.raises(Refused, match="larger than"):
        big = b"%PDF-" + b"x" * LARGEST_FILE
        await service.attach(group.provider, outcome_id, "Words.", ("c.pdf", big), now=NOW)
    (fact,) = await queries.outcomes_of_group(group.id)
    assert (fact.state, fact.source) == ("claimed", "provider")
