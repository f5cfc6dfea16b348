"""What is owed, to the cent; what changed; who may attest, be paid and release."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procure.contracts.rules import Terms, payment_terms
from procure.contracts.rules.paying import outcome_fee
from procure.entitlement import engine
from procure.entitlement.reading import read_facts, read_terms
from procure.kernel.canonical import canonical, read_canonical
from procure.kernel.findings import Finding
from procure.outcomes.rules import OutcomeFact
from procure.outcomes.states import OutcomeState
from procure.payments.rules import (
    AttestFacts,
    Difference,
    Entitlement,
    GroupFacts,
    ParticipantFacts,
    Payee,
    Posted,
    ReleaseFacts,
    attest_findings,
    ceiling_findings,
    changes,
    content_lines,
    day_rate,
    differences,
    dispute_findings,
    end_to_end_id,
    engine_key,
    entitlements,
    execution_findings,
    facts_of,
    history,
    may_come,
    message_id,
    milestone_missed,
    outcome_key,
    payable_days,
    payee_findings,
    release_findings,
    remittance,
    terms_of_payment,
)
from procure.payments.rules.lines import money, plain
from tests.builders.payments import (
    DEFINITIONS,
    G_2025_07,
    a_participant,
    an_outcome,
    rejected,
    terms,
    the_facts,
)

D = Decimal
TERMS = terms()
replace = msgspec.structs.replace


def cents(amount: Decimal) -> int:
    assert amount * 100 == int(amount * 100), f"{amount} is no whole cents"
    return int(amount * 100)


def with_people(*people: ParticipantFacts, entered: int = 0) -> GroupFacts:
    return replace(the_facts(), participants=people, entered_days_count=entered)


def change_outcome(facts: GroupFacts, client_ref: str, definition: str) -> GroupFacts:
    """Let the register contradict one outcome."""

    def changed(outcome: OutcomeFact) -> OutcomeFact:
        return rejected(outcome) if outcome.definition == definition else outcome

    people = tuple(
        replace(person, outcomes=tuple(changed(o) for o in person.outcomes))
        if person.client_ref == client_ref
        else person
        for person in facts.participants
    )
    return replace(facts, participants=people)


# The group whose result is known ---------------------------------------------


def test_the_totals_of_the_known_group() -> None:
    found = entitlements(TERMS, the_facts())
    assert cents(found.attendance_amount) == 756360
    assert cents(found.milestone_amount) == 261360
    assert cents(found.outcome_amount) == 179520
    assert cents(found.total_amount) == 1197240
    assert (found.counted_days, found.guaranteed_days) == (573, 540)
    assert {line.kind for line in found.lines} == {"attendance", "milestone", "outcome"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in G_2025_07])
def test_each_participant_of_the_known_group(row: tuple[Any, ...]) -> None:
    client_ref, *_, attendance, milestones, outcomes = row
    by_kind: Counter[str] = Counter()
    for line in entitlements(TERMS, the_facts()).lines:
        if line.client_ref == client_ref:
            by_kind[line.kind] += cents(line.amount)
    assert (by_kind["attendance"], by_kind["milestone"], by_kind["outcome"]) == (
        attendance,
        milestones,
        outcomes,
    )


def test_the_register_takes_one_outcome_and_nothing_else() -> None:
    after = entitlements(TERMS, change_outcome(the_facts(), "CL-90004", "EMP_SUST_90"))
    assert cents(after.outcome_amount) == 163680
    assert cents(after.total_amount) == 1181400
    (why,) = [w for w in after.withheld if w.key == "outcome:EMP_SUST_90:CL-90004"]
    assert (why.amount, why.reason.message) == (
        D("158.40"),
        "The job ended after 71 of 90 days, on 2025-12-22.",
    )


def test_a_line_says_how_it_was_reckoned() -> None:
    said = {line.key: line for line in entitlements(TERMS, the_facts()).lines}
    assert said["attendance:CL-90004"].trace.message == (
        "24 days present, 0 excused and 10 vacated by success (at most 10 count): "
        "34 × 13.20 € = 448.80 €; the rate is 60 % × 22 €."
    )
    assert said["milestone:M1:CL-90001"].trace.message == (
        "The individual plan was agreed on 2025-09-10: 40 % × 20 % × 15840.00 € ÷ 12 = 105.60 €."
    )
    assert said["outcome:EDU_START:CL-90005"].trace.message == (
        "EDU_START on 2026-01-05, verified by caseworker: 20 % × 15840.00 € ÷ 12 × 1.60 (band C) "
        "× 0.80 = 337.92 €."
    )
    assert said["outcome:EDU_START:CL-90005"].clause == "OUTCOME"


def test_facts_and_result_are_the_same_after_a_round_trip_through_storage() -> None:
    facts = the_facts()
    again = read_canonical(canonical(facts), GroupFacts)
    first, second = entitlements(TERMS, facts), entitlements(TERMS, again)
    assert canonical(first) == canonical(second)
    assert canonical(read_canonical(canonical(first), Entitlement)) == canonical(first)


# Boundaries -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vacated", "days"),
    [
        pytest.param(9, 9, id="nine vacated days are paid"),
        pytest.param(10, 10, id="the tenth is paid"),
        pytest.param(11, 10, id="the eleventh is not"),
    ],
)
def test_days_vacated_by_success(vacated: int, days: int) -> None:
    person = a_participant(present_days=0, vacated_days=vacated)
    assert payable_days(person, TERMS) == days
    found = entitlements(TERMS, with_people(person))
    assert found.total_amount == days * D("13.20")
    assert [w.reason.code for w in found.withheld if w.kind == "attendance"] == (
        ["vacated-too-long"] if vacated > 10 else []
    )


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        pytest.param(90, None, id="at the guarantee nothing is added"),
        pytest.param(89, D(1), id="one day below it one day is added"),
        pytest.param(0, D(90), id="nobody came: all guaranteed days"),
    ],
)
def test_the_place_guarantee_over_ten_days(present: int, missing: Decimal | None) -> None:
    found = entitlements(TERMS, with_people(a_participant(present_days=present), entered=10))
    lines = [line for line in found.lines if line.kind == "guarantee"]
    assert [line.quantity for line in lines] == ([] if missing is None else [missing])
    assert found.attendance_amount == D("1188.00")  # 75 % of 12 places x 10 days, either way
    if missing:
        assert lines[0].clause == "GUARANTEE"
        assert "75 % × 12 places × 10 days are 90 guaranteed days" in lines[0].trace.message


def test_the_guarantee_stops_at_the_days_of_the_contract() -> None:
    assert entitlements(TERMS, with_people(entered=61)).guaranteed_days == 540


def test_an_absence_without_excuse_is_not_paid_and_said() -> None:
    found = entitlements(TERMS, with_people(a_participant(absent_days=3)))
    (absent,) = [w for w in found.withheld if w.reason.code == "absent"]
    assert (absent.amount, found.total_amount) == (D("39.60"), D("132.00"))


@pytest.mark.parametrize(
    ("code", "change", "why"),
    [
        pytest.param("M1", {}, "no-plan", id="no individual plan"),
        pytest.param(
            "M1",
            {"individual_plan_on": date(2025, 9, 17)},
            "plan-late",
            id="an individual plan after the tenth day",
        ),
        pytest.param(
            "M1",
            {"individual_plan_on": date(2025, 9, 16), "is_individual_plan_in_time": True},
            None,
            id="an individual plan in time",
        ),
        pytest.param("M2", {}, "no-visit", id="no relevant visit"),
        pytest.param("M2", {"relevant_visit_on": date(2025, 11, 25)}, None, id="a relevant visit"),
        pytest.param("M3", {}, "no-exit-plan", id="no exit plan"),
        pytest.param("M3", {"exit_plan_on": date(2025, 12, 15)}, None, id="an exit plan"),
    ],
)
def test_milestones(code: str, change: dict[str, Any], why: str | None) -> None:
    missed = milestone_missed(code, a_participant(**change))
    assert (missed.code if missed else None) == why


def test_a_milestone_that_nobody_can_check_stops_everything() -> None:
    with pytest.raises(ValueError, match="M9"):
        milestone_missed("M9", a_participant())


def outcome_lines(*outcomes: OutcomeFact, band: str = "B") -> dict[str, Decimal]:
    person = a_participant(present_days=0, risk_band=band, outcomes=outcomes)
    found = entitlements(TERMS, with_people(person))
    return {line.key: line.amount for line in found.lines if line.kind in {"outcome", "cap"}}


def test_only_the_family_that_brings_the_most_is_paid() -> None:
    assert outcome_lines(an_outcome("CL-1", "EMP_START"), an_outcome("CL-1", "EDU_START")) == {
        "outcome:EDU_START:CL-1": D("211.20")
    }
    assert outcome_lines(
        an_outcome("CL-1", "EMP_START"),
        an_outcome("CL-1", "EMP_SUST_90"),
        an_outcome("CL-1", "EDU_START"),
    ) == {"outcome:EMP_START:CL-1": D("105.60"), "outcome:EMP_SUST_90:CL-1": D("158.40")}


def test_a_family_brings_at_most_one_whole_outcome() -> None:
    found = outcome_lines(
        an_outcome("CL-1", "EMP_START", outcome_on=date(2025, 10, 1)),
        an_outcome("CL-1", "SELF_EMP", outcome_on=date(2025, 11, 1)),
    )
    assert sum(found.values()) == D("264.00")


@pytest.mark.parametrize(
    ("band", "amount"), [("A", D("73.92")), ("B", D("105.60")), ("C", D("168.96"))]
)
def test_the_band_multiplies(band: str, amount: Decimal) -> None:
    assert outcome_lines(an_outcome("CL-1", "EMP_START"), band=band) == {
        "outcome:EMP_START:CL-1": amount
    }


def test_a_claimed_outcome_waits_and_says_for_what() -> None:
    waiting = an_outcome("CL-1", "EMP_START", state=OutcomeState.CLAIMED)
    found = entitlements(TERMS, with_people(a_participant(outcomes=(waiting,))))
    assert not [line for line in found.lines if line.kind == "outcome"]
    (why,) = [w for w in found.withheld if w.kind == "outcome"]
    assert (why.amount, why.reason.code) == (D("105.60"), "not-verified")


def test_the_cap_takes_off_what_is_over_it() -> None:
    def people(count: int) -> GroupFacts:
        return with_people(
            *(
                a_participant(
                    f"CL-{n}",
                    present_days=0,
                    risk_band="C",
                    outcomes=(
                        an_outcome(f"CL-{n}", "EMP_START"),
                        an_outcome(f"CL-{n}", "EMP_SUST_90"),
                    ),
                )
                for n in range(1, count + 1)
            )
        )

    nine, ten = entitlements(TERMS, people(9)), entitlements(TERMS, people(10))
    assert nine.outcome_amount == D("3801.60")  # 9 x 422.40: the cap to the cent
    assert "cap" not in {line.key for line in nine.lines}
    assert ten.outcome_amount == D("3801.60")
    (cap,) = [line for line in ten.lines if line.key == "cap"]
    assert (cap.amount, cap.clause) == (D("-422.40"), "CAP")


# The engine behind ------------------------------------------------------------

FACTS = the_facts()  # once: its outcomes have ids of their own


def test_the_contract_s_terms_are_data_that_anyone_can_compute_with(tmp_path: Path) -> None:
    """What the program owes for the group, `procure pay` computes from two files."""
    agreed, facts = terms_of_payment(TERMS, FACTS), facts_of(FACTS, TERMS.starts_on)
    (tmp_path / "terms.json").write_bytes(msgspec.json.encode(agreed))
    head = {"format": "procure-payment-facts", "format_version": 1}
    (tmp_path / "facts.json").write_bytes(msgspec.json.encode({**head, "facts": facts}))
    read = read_terms((tmp_path / "terms.json").read_bytes())
    found = engine.entitlements(read, read_facts((tmp_path / "facts.json").read_bytes()).facts)
    assert found.total == D("11972.40")
    assert read == agreed


def test_a_contract_s_own_payment_terms_are_used() -> None:
    families = ["education", "employment", "other-service", "progress", "referral"]
    stored = read_canonical(
        canonical(replace(TERMS, payment=payment_terms(TERMS, families))), Terms
    )
    assert stored.payment is not None
    assert canonical(entitlements(stored, FACTS)) == canonical(entitlements(TERMS, FACTS))


def test_a_family_that_the_contract_does_not_pay_for_is_withheld_and_said() -> None:
    agreed = replace(TERMS, payment=payment_terms(TERMS, ["education"]))
    person = a_participant("CL-1", outcomes=(an_outcome("CL-1", "EMP_START"),))
    found = entitlements(agreed, with_people(person))
    (why,) = [w for w in found.withheld if w.kind == "outcome"]
    assert (why.amount, why.reason.code) == (D("105.60"), "not-agreed")
    assert not [line for line in found.lines if line.kind == "outcome"]
    assert agreed.payment is not None
    assert outcome_fee("employment") not in {fee.code for fee in agreed.payment.fees}


def test_what_was_known_at_each_claim_is_told_as_revisions() -> None:
    first, later = datetime(2026, 4, 20, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)
    after = change_outcome(FACTS, "CL-90004", "EMP_SUST_90")
    without = replace(after, participants=after.participants[1:])
    told = history([(first, FACTS), (later, after)], TERMS.starts_on)
    agreed = terms_of_payment(TERMS, FACTS)
    assert engine.entitlements(agreed, told, known_at=first).total == D("11972.40")
    assert engine.entitlements(agreed, told).total == D("11814.00")
    assert len(told) == len(facts_of(FACTS, TERMS.starts_on)) + 1
    last = datetime(2026, 6, 1, tzinfo=UTC)
    gone = history([(first, FACTS), (later, without), (last, FACTS)], TERMS.starts_on)
    assert not [
        line
        for line in engine.entitlements(agreed, gone, known_at=later).lines
        if line.who == "CL-90001"
    ]
    assert engine.entitlements(agreed, gone).total == D("11972.40")


def test_a_line_s_key_is_found_in_the_engine_s_words() -> None:
    person = FACTS.participants[0]
    keys = {line.key for line in engine.entitlements(
        terms_of_payment(TERMS, FACTS), facts_of(FACTS, TERMS.starts_on)
    ).lines}  # fmt: skip
    assert {engine_key(outcome, person.client_ref) for outcome in person.outcomes} <= keys


# Properties -------------------------------------------------------------------

outcome = st.builds(
    lambda code, state, day: an_outcome(
        "CL-1", code, state=state, outcome_on=date(2025, 9, 1) + timedelta(days=day)
    ),
    st.sampled_from(sorted(DEFINITIONS)),
    st.sampled_from(OutcomeState),
    st.integers(0, 200),
)
person = st.builds(
    lambda n, band, present, excused, absent, vacated, plan, in_time, visit, exit_, outcomes: (
        a_participant(
            f"CL-{n}",
            risk_band=band,
            present_days=present,
            excused_days=excused,
            absent_days=absent,
            vacated_days=vacated,
            individual_plan_on=date(2025, 9, 5) if plan else None,
            is_individual_plan_in_time=plan and in_time,
            relevant_visit_on=date(2025, 11, 1) if visit else None,
            exit_plan_on=date(2025, 12, 1) if exit_ else None,
            outcomes=tuple({o.definition: o for o in outcomes}.values()),
        )
    ),
    st.integers(1, 99),
    st.sampled_from("ABC"),
    st.integers(0, 60),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(0, 15),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.lists(outcome, max_size=4),
)
group = st.builds(
    lambda people, entered: with_people(
        *{p.client_ref: p for p in people}.values(), entered=entered
    ),
    st.lists(person, max_size=8),
    st.integers(0, 60),
)
prices = st.decimals(min_value=1, max_value=60, places=2)


@given(group, prices, st.integers(1, 17))
def test_the_lines_sum_to_the_total(facts: GroupFacts, price: Decimal, places: int) -> None:
    agreed = terms(unit_price=price, places_count=places, full_value_amount=price * places * 60)
    found = entitlements(agreed, facts)
    assert sum((line.amount for line in found.lines), D(0)) == found.total_amount
    parts = found.attendance_amount + found.milestone_amount + found.outcome_amount
    assert parts == found.total_amount
    assert len({line.key for line in found.lines}) == len(found.lines)
    for line in found.lines:
        cents(line.amount)


@given(group, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(facts: GroupFacts, chance: random.Random) -> None:
    people = [
        replace(p, outcomes=tuple(chance.sample(p.outcomes, len(p.outcomes))))
        for p in chance.sample(facts.participants, len(facts.participants))
    ]
    shuffled = replace(facts, participants=tuple(people))
    assert canonical(entitlements(TERMS, shuffled)) == canonical(entitlements(TERMS, facts))


@given(
    group.filter(lambda g: g.participants),
    st.integers(0, 7),
    st.sampled_from(["present_days", "excused_days", "vacated_days"]),
    prices,
)
def test_one_payable_day_more_never_lowers_what_is_owed(
    facts: GroupFacts, who: int, field: str, price: Decimal
) -> None:
    agreed = terms(unit_price=price, full_value_amount=price * 720)
    people = list(facts.participants)
    chosen = people[who % len(people)]
    people[who % len(people)] = replace(chosen, **{field: getattr(chosen, field) + 1})
    more = replace(facts, participants=tuple(people))
    gained = entitlements(agreed, more).total_amount - entitlements(agreed, facts).total_amount
    assert 0 <= gained <= day_rate(agreed)


# Difference and change --------------------------------------------------------


def posted_after(lines: list[Difference], before: dict[str, Posted]) -> dict[str, Posted]:
    after = dict(before)
    for line in lines:
        was = after[line.key].amount if line.key in after else D(0)
        after[line.key] = Posted(
            line.key,
            line.kind,
            was + line.line_amount,
            line.clause_id,
            line.participant_id,
            line.outcome_id,
        )
    return after


@settings(max_examples=60)
@given(st.lists(group, min_size=1, max_size=4))
def test_what_is_posted_becomes_what_is_owed_whatever_happened_before(
    history: list[GroupFacts],
) -> None:
    posted: dict[str, Posted] = {}
    for facts in history:
        owed = entitlements(TERMS, facts)
        posted = posted_after(differences(owed, posted, TERMS.clause_ids), posted)
        assert sum(p.amount for p in posted.values()) == owed.total_amount
        assert differences(owed, posted, TERMS.clause_ids) == []


def test_the_correction_is_one_line_that_names_its_reason_and_its_clause() -> None:
    before = the_facts()
    after = change_outcome(before, "CL-90004", "EMP_SUST_90")
    posted = posted_after(differences(entitlements(TERMS, before), {}, TERMS.clause_ids), {})
    (line,) = differences(entitlements(TERMS, after), posted, TERMS.clause_ids)
    assert (line.key, line.entitled_amount, line.posted_amount, line.line_amount) == (
        "outcome:EMP_SUST_90:CL-90004",
        D("0.00"),
        D("158.40"),
        D("-158.40"),
    )
    assert line.trace.message == "The job ended after 71 of 90 days, on 2025-12-22."
    assert line.clause_id == TERMS.clause_ids["OUTCOME"]
    assert line.outcome_id == posted[line.key].outcome_id
    assert [said.message for said in changes(before, after)] == [
        "EMP_SUST_90 of CL-90004 was verified and is rejected:",
        "The job ended after 71 of 90 days, on 2025-12-22.",
    ]


def test_each_changed_fact_is_named() -> None:
    before = with_people(
        a_participant("CL-1", outcomes=(an_outcome("CL-1", "EMP_START"),)), a_participant("CL-2")
    )
    after = with_people(
        a_participant(
            "CL-1",
            present_days=11,
            exit_plan_on=date(2025, 12, 1),
            outcomes=(an_outcome("CL-1", "EMP_START"), an_outcome("CL-1", "EMP_SUST_90")),
        ),
        a_participant("CL-3"),
    )
    assert [f.code for f in changes(before, after)] == [
        "attendance-changed",
        "milestone-changed",
        "outcome-new",
        "joined",
        "gone",
    ]
    assert changes(after, after) == []
    assert "milestone-changed" in [f.code for f in changes(after, before)]


def test_an_obligation_without_a_reason_is_still_taken_back() -> None:
    posted = {"guarantee": Posted("guarantee", "guarantee", D("13.20"), None, None, None)}
    (line,) = differences(entitlements(TERMS, with_people()), posted, {})
    assert (line.line_amount, line.trace.code) == (D("-13.20"), "no-longer-owed")


def test_what_is_attested_does_not_depend_on_the_order_of_lines() -> None:
    lines = differences(entitlements(TERMS, the_facts()), {}, TERMS.clause_ids)
    assert content_lines(lines) == content_lines(lines[::-1])


# People -----------------------------------------------------------------------

DRAFTER, ACCEPTER, FIRST, SECOND = (UUID(int=n) for n in range(1, 5))
GOOD = AttestFacts(
    person_id=SECOND,
    drafted_by=DRAFTER,
    accepted_by=ACCEPTER,
    attested_by=(FIRST,),
    stored_sha256="a" * 64,
    actual_sha256="a" * 64,
    seen_sha256="a" * 64,
    claim_amount=D("10.00"),
    posted_amount=D("90.00"),
    ceiling_amount=D("100.00"),
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="another person, the same content, the last cent"),
        pytest.param({"drafted_by": None}, [], id="drafted by the system"),
        pytest.param({"person_id": DRAFTER}, ["drafter"], id="not who drafted"),
        pytest.param({"person_id": ACCEPTER}, ["accepter"], id="not who accepted"),
        pytest.param({"person_id": FIRST}, ["same-person"], id="not the same person twice"),
        pytest.param({"seen_sha256": "b" * 64}, ["content-changed"], id="another content was seen"),
        pytest.param(
            {"actual_sha256": "b" * 64}, ["content-changed"], id="the content changed since"
        ),
        pytest.param(
            {"claim_amount": D("10.01")}, ["over-ceiling"], id="one cent over the ceiling"
        ),
        pytest.param(
            {"person_id": ACCEPTER, "drafted_by": ACCEPTER, "claim_amount": D(11)},
            ["drafter", "accepter", "over-ceiling"],
            id="all reasons at once",
        ),
    ],
)
def test_who_may_attest(change: dict[str, Any], codes: list[str]) -> None:
    assert [f.code for f in attest_findings(replace(GOOD, **change))] == codes


@pytest.mark.parametrize(
    ("claim", "codes"),
    [
        pytest.param("10.00", [], id="the last cent may be spent"),
        pytest.param("10.01", ["over-ceiling"], id="one cent more may not"),
        pytest.param("-5.00", [], id="a correction always fits"),
    ],
)
def test_the_ceiling(claim: str, codes: list[str]) -> None:
    found = ceiling_findings(D(claim), D("90.00"), D("100.00"))
    assert [f.code for f in found] == codes


def test_numbers_are_written_as_people_read_them() -> None:
    assert [plain(D(n)) for n in ("22.000", "0.7", "1E+2", "20.5")] == [
        "22",
        "0.70",
        "100",
        "20.50",
    ]
    assert [money(D(n)) for n in ("22", "0.005", "-158.4")] == ["22.00", "0.01", "-158.40"]


def test_an_obligation_keeps_its_name() -> None:
    assert outcome_key("EMP_START", "CL-1") == "outcome:EMP_START:CL-1"
    assert len(remittance("K" * 30, range(1000))) == 140


def test_a_dispute_needs_words() -> None:
    assert [f.code for f in dispute_findings("  ")] == ["no-reason"]
    assert dispute_findings("Two days are missing.") == []


NOW = datetime(2026, 4, 20, 9, tzinfo=UTC)
PAYEE = Payee(
    contract_id=UUID(int=5),
    contract_number="CO-2025-01",
    provider_id=UUID(int=6),
    provider_name="A provider",
    iban="EE849900000022115838",
    iban_changed_at=NOW - timedelta(days=3),
    iban_changed_by=DRAFTER,
    currency="EUR",
    owed_amount=D("10.00"),
)


@pytest.mark.parametrize(
    ("change", "person", "codes"),
    [
        pytest.param({}, FIRST, [], id="three days after the change"),
        pytest.param(
            {"iban_changed_at": NOW - timedelta(days=3) + timedelta(microseconds=1)},
            FIRST,
            ["cooling"],
            id="a moment before",
        ),
        pytest.param({}, DRAFTER, ["changed-by-you"], id="never by who changed the account"),
        pytest.param({"iban": "EE849900000022115839"}, FIRST, ["bad-iban"], id="no IBAN"),
    ],
)
def test_where_money_may_go(change: dict[str, Any], person: UUID, codes: list[str]) -> None:
    payee = replace(PAYEE, **change)
    assert [f.code for f in payee_findings(payee, person, NOW, cooling_days=3)] == codes


RELEASE = ReleaseFacts(
    person_id=SECOND,
    prepared_by=ACCEPTER,
    released_by=(FIRST,),
    file_sha256="a" * 64,
    typed_sha256="a" * 64,
    payees=(PAYEE,),
    paid_ibans=(PAYEE.iban,),
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="a second pair of hands"),
        pytest.param({"typed_sha256": f" {'A' * 64}\n"}, [], id="typed with capitals and spaces"),
        pytest.param({"person_id": ACCEPTER}, ["preparer"], id="not who prepared"),
        pytest.param({"person_id": FIRST}, ["same-person"], id="not the same person twice"),
        pytest.param({"typed_sha256": "a" * 63}, ["other-hash"], id="another hash"),
        pytest.param({"typed_sha256": ""}, ["no-hash"], id="no hash"),
        pytest.param(
            {"payees": (replace(PAYEE, iban="EE129900000022107919"),)},
            ["account-changed"],
            id="the account changed after the file was made",
        ),
        pytest.param({"person_id": DRAFTER}, ["changed-by-you"], id="not who changed the account"),
    ],
)
def test_who_may_release(change: dict[str, Any], codes: list[str]) -> None:
    found = release_findings(replace(RELEASE, **change), NOW, cooling_days=3)
    assert [f.code for f in found] == codes


def test_names_fit_into_the_message() -> None:
    name = end_to_end_id(message_id("74990018", date(2026, 4, 20), 99999), 999)
    assert (name, len(name) <= 35) == ("P74990018-20260420-99999-999", True)


def test_a_finding_is_what_a_trace_is_made_of() -> None:
    assert all(
        isinstance(line.trace, Finding) and line.trace.message
        for line in entitlements(TERMS, the_facts()).lines
    )


# --- What may still come, and when a bank pays --------------------------------------------------


@pytest.mark.parametrize(
    ("present", "is_running", "expected"),
    [
        pytest.param(9, True, {"M1", "M2", "M3"}, id="before the tenth day all may come"),
        pytest.param(10, True, {"M2", "M3"}, id="from it on no plan is in time"),
        pytest.param(9, False, set(), id="nor anything when the group is over"),
    ],
)
def test_a_milestone_may_come_while_there_is_time(
    present: int, *, is_running: bool, expected: set[str]
) -> None:
    facts = GroupFacts(UUID(int=20), "G-1", present, (a_participant("CL-1", present_days=present),))
    owed = entitlements(terms(), facts)
    found = {
        w.key.split(":")[1]
        for w in owed.withheld
        if w.kind == "milestone" and may_come(w, facts, is_running=is_running)
    }
    assert found == expected


def test_what_waits_for_evidence_may_come_and_what_was_missed_may_not() -> None:
    outcome = an_outcome("CL-1", "EMP_START", state=OutcomeState.CLAIMED)
    person = a_participant("CL-1", absent_days=2, outcomes=(outcome,))
    facts = GroupFacts(UUID(int=20), "G-1", 12, (person,))
    told = {
        w.kind: may_come(w, facts, is_running=True)
        for w in entitlements(terms(), facts).withheld
        if w.kind in ("attendance", "outcome")
    }
    assert told == {"attendance": False, "outcome": True}


@pytest.mark.parametrize(
    ("pay_on", "codes"),
    [
        pytest.param(date(2026, 4, 9), [], id="today, a Thursday"),
        pytest.param(date(2026, 4, 8), ["past"], id="yesterday"),
        pytest.param(date(2026, 4, 11), ["no-working-day"], id="a Saturday"),
        pytest.param(date(2026, 5, 1), ["no-working-day"], id="a holiday"),
        pytest.param(date(2026, 4, 13), [], id="a Monday"),
    ],
)
def test_a_bank_pays_on_working_days(pay_on: date, codes: list[str]) -> None:
    found = execution_findings(pay_on, date(2026, 4, 9), {date(2026, 5, 1)})
    assert [finding.code for finding in found] == codes


def test_who_attested_does_not_release() -> None:
    facts = replace(RELEASE, attested_by=(RELEASE.person_id,))
    assert [f.code for f in release_findings(facts, NOW, cooling_days=3)] == ["attester"]


def test_a_dispute_names_lines_of_the_claim() -> None:
    assert dispute_findings("No.", ["a"], {"a"}) == []
    assert [f.code for f in dispute_findings("", ["b"], {"a"})] == ["no-reason", "no-line"]
