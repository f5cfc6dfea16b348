"""Outcomes: what may be reported, what a register says, which source decides."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.kernel.findings import Finding
from procure.outcomes.rules import (
    Spell,
    SpellQuestion,
    Statement,
    attachment_findings,
    evidence_findings,
    last_day_to_report,
    media_type_of,
    question_for,
    register_answer,
    report_findings,
    unbroken_until,
    verdict,
)
from procure.outcomes.states import OutcomeState, Source
from tests.builders.outcomes import EMP_START, VERIFICATION, a_definition, a_spell, report_facts

START = date(2025, 10, 13)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="nothing stands in the way"),
        pytest.param({"reported_on": date(2026, 1, 11)}, [], id="after 90 days it may be reported"),
        pytest.param(
            {"reported_on": date(2026, 1, 10)}, ["not-yet-sustained"], id="on day 90 it is too soon"
        ),
        pytest.param({"reported_on": date(2026, 4, 10)}, [], id="day 180 after exit is inside"),
        pytest.param({"reported_on": date(2026, 4, 11)}, ["late"], id="day 181 is outside"),
        pytest.param(
            {"reported_on": date(2026, 4, 11), "definition": a_definition(is_payable=False)},
            [],
            id="what is not paid can be told later",
        ),
        pytest.param(
            {"reported_on": date(2026, 4, 11), "exit_on": None},
            [],
            id="no window runs while the person is in the group",
        ),
        pytest.param(
            {"outcome_on": date(2025, 9, 1), "reported_on": date(2025, 12, 1)},
            [],
            id="an outcome on the day of joining counts",
        ),
        pytest.param(
            {"outcome_on": date(2025, 8, 31), "reported_on": date(2025, 12, 1)},
            ["before-join"],
            id="one of the day before does not",
        ),
        pytest.param(
            {"definition": EMP_START, "reported_on": START}, [], id="a job of today may be reported"
        ),
        pytest.param(
            {"definition": EMP_START, "reported_on": START - timedelta(days=1)},
            ["future"],
            id="one of tomorrow may not",
        ),
        pytest.param({"is_reported_already": True}, ["twice"], id="one definition counts once"),
        pytest.param(
            {
                "is_reported_already": True,
                "outcome_on": date(2025, 8, 1),
                "reported_on": date(2026, 6, 1),
            },
            ["twice", "before-join", "late"],
            id="all reasons come at once",
        ),
    ],
)
def test_report_findings(change: dict[str, object], codes: list[str]) -> None:
    facts = msgspec.structs.replace(report_facts(), **change)
    assert [finding.code for finding in report_findings(facts)] == codes


def test_the_last_day_is_said_and_included() -> None:
    assert last_day_to_report(report_facts()) == date(2026, 4, 10)


SUST = a_definition()


@pytest.mark.parametrize(
    ("definition", "spells", "supports", "message"),
    [
        pytest.param(
            EMP_START,
            [a_spell(START)],
            True,
            "The register shows a job that began on 2025-10-13.",
            id="a job that began on the day",
        ),
        pytest.param(
            EMP_START, [a_spell(START + timedelta(days=7))], True, None, id="seven days off is near"
        ),
        pytest.param(
            EMP_START,
            [a_spell(START - timedelta(days=8))],
            False,
            "The register shows no job that began within 7 days of 2025-10-13.",
            id="eight days off is another job",
        ),
        pytest.param(EMP_START, [], False, None, id="silence about a person is a contradiction"),
        pytest.param(
            SUST,
            [a_spell(START, date(2025, 12, 22))],
            False,
            "The job ended after 71 of 90 days, on 2025-12-22.",
            id="the job ended after 71 of 90 days",
        ),
        pytest.param(
            SUST, [a_spell(START, date(2026, 1, 10))], True, None, id="the 90th day is enough"
        ),
        pytest.param(
            SUST,
            [a_spell(START, date(2026, 1, 9))],
            False,
            "The job ended after 89 of 90 days, on 2026-01-09.",
            id="89 days are not",
        ),
        pytest.param(SUST, [a_spell(START)], True, None, id="a job that runs on"),
        pytest.param(
            SUST,
            [a_spell(START, date(2025, 11, 30)), a_spell(date(2025, 12, 1))],
            True,
            None,
            id="spells that adjoin are one",
        ),
        pytest.param(
            SUST,
            [a_spell(START, date(2025, 12, 15)), a_spell(date(2025, 11, 3))],
            True,
            None,
            id="spells that overlap are one",
        ),
        pytest.param(
            SUST,
            [a_spell(START, date(2025, 11, 30)), a_spell(date(2025, 12, 2))],
            False,
            "The job ended after 49 of 90 days, on 2025-11-30.",
            id="a day between them ends it",
        ),
        pytest.param(
            SUST,
            [a_spell(START + timedelta(days=3), date(2026, 1, 12))],
            False,
            None,
            id="days count from the first day of work, not from the reported one",
        ),
    ],
)
def test_the_registers_answer(
    definition: object, spells: list[Spell], supports: bool, message: str | None
) -> None:
    answer = register_answer(
        definition, START, spells, asked_on=date(2026, 4, 10), verification=VERIFICATION
    )
    assert answer.supports is supports
    if message is not None:
        assert answer.finding.message == message


def test_it_is_too_early_to_tell_while_the_job_runs() -> None:
    answer = register_answer(
        SUST, START, [a_spell(START)], asked_on=date(2026, 1, 9), verification=VERIFICATION
    )
    assert answer.supports is None
    assert answer.finding.message == "The job has lasted 89 of 90 days so far; ask again later."
    later = register_answer(
        SUST, START, [a_spell(START)], asked_on=date(2026, 1, 10), verification=VERIFICATION
    )
    assert later.supports is True


def test_one_question_covers_all_outcomes_of_a_person() -> None:
    question = question_for("CL-1", [(EMP_START, START), (SUST, START)], VERIFICATION)
    assert question == SpellQuestion("CL-1", date(2025, 10, 6), date(2026, 1, 19))


@pytest.mark.parametrize(
    ("source", "note", "codes"),
    [
        pytest.param("caseworker", "Spoke to both.", [], id="a caseworker's words"),
        pytest.param("register", "Looked.", ["source"], id="registers are asked, not quoted"),
        pytest.param("provider", " ", ["source", "no-note"], id="all reasons at once"),
    ],
)
def test_what_a_person_may_record(source: str, note: str, codes: list[str]) -> None:
    assert [finding.code for finding in evidence_findings(source, note)] == codes


def a_statement(source: Source, supports: bool, hour: int = 9) -> Statement:
    return Statement(
        source, supports, datetime(2026, 4, 10, hour, tzinfo=UTC), Finding(f"{source}", f"{source}")
    )


@pytest.mark.parametrize(
    ("statements", "state", "source"),
    [
        pytest.param(
            [a_statement(Source.PROVIDER, True)],
            OutcomeState.CLAIMED,
            Source.PROVIDER,
            id="the provider's word opens and never verifies",
        ),
        pytest.param(
            [a_statement(Source.PROVIDER, True), a_statement(Source.CERTIFICATE, True)],
            OutcomeState.VERIFIED,
            Source.CERTIFICATE,
            id="a certificate verifies",
        ),
        pytest.param(
            [a_statement(Source.CASEWORKER, True), a_statement(Source.REGISTER, False)],
            OutcomeState.REJECTED,
            Source.REGISTER,
            id="the register closes what the caseworker confirmed",
        ),
        pytest.param(
            [a_statement(Source.REGISTER, True, 8), a_statement(Source.CASEWORKER, False, 9)],
            OutcomeState.VERIFIED,
            Source.REGISTER,
            id="a lower source said later changes nothing",
        ),
        pytest.param(
            [a_statement(Source.REGISTER, False, 8), a_statement(Source.REGISTER, True, 9)],
            OutcomeState.VERIFIED,
            Source.REGISTER,
            id="the newest word of the same source decides",
        ),
        pytest.param(
            [a_statement(Source.REGISTER, True), a_statement(Source.REGISTER, False)],
            OutcomeState.REJECTED,
            Source.REGISTER,
            id="of two at one instant the later in the record decides",
        ),
    ],
)
def test_which_statement_decides(
    statements: list[Statement], state: OutcomeState, source: Source
) -> None:
    found = verdict(statements)
    assert (found.state, found.source, found.reason.code) == (state, source, f"{source}")


days = st.dates(min_value=date(2025, 1, 1), max_value=date(2025, 12, 31))
spells = st.lists(
    st.builds(
        lambda start, length: a_spell(start, start + timedelta(days=length)),
        days,
        st.integers(min_value=0, max_value=60),
    ),
    max_size=6,
)


@given(spells, days)
def test_unbroken_work_is_what_counting_days_one_by_one_finds(
    found: list[Spell], begins_on: date
) -> None:
    worked = {
        spell.starts_on + timedelta(days=n)
        for spell in found
        for n in range((spell.ends_on - spell.starts_on).days + 1)  # type: ignore[operator]
    }
    until = begins_on
    while until in worked:
        until += timedelta(days=1)
    assert unbroken_until(found, begins_on, asked_on=date(2027, 1, 1)) == until


@pytest.mark.parametrize(
    ("note", "content", "codes"),
    [
        pytest.param("A letter.", None, [], id="words alone"),
        pytest.param("A letter.", b"%PDF-1.7", [], id="a PDF"),
        pytest.param("A letter.", b"\xff\xd8\xff\xe0", [], id="a photograph"),
        pytest.param(" ", b"%PDF-1.7", ["no-note"], id="a file without words"),
        pytest.param("A letter.", b"MZ", ["file-type"], id="a program"),
        pytest.param("A letter.", b"%PDF-" + b"x" * 4_999_995, [], id="of the largest size"),
        pytest.param("A letter.", b"%PDF-" + b"x" * 4_999_996, ["too-large"], id="one byte more"),
    ],
)
def test_what_a_provider_may_attach(note: str, content: bytes | None, codes: list[str]) -> None:
    assert [f.code for f in attachment_findings(note, content)] == codes


def test_a_file_is_known_by_its_first_bytes() -> None:
    assert media_type_of(b"\x89PNG\r\n\x1a\nrest") == "image/png"
    assert media_type_of(b"<svg>") is None
