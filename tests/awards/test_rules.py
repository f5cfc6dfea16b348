"""Decisions: what stands in the way, what each tenderer is told, when a contract may be signed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from procure.awards.rules import (
    AwardFacts,
    ConclusionFacts,
    DecisionFacts,
    Heading,
    LetterFacts,
    advantages,
    conclusion_findings,
    decision_findings,
    end_letter,
    letter_kind,
    letters,
    signing_findings,
    standstill,
    step_facts,
    text_findings,
)
from procure.awards.states import AwardState, LetterKind
from procure.evaluation.rules import LotFacts, rank, rank_reversal
from procure.kernel.canonical import canonical, read_canonical
from tests.builders.lot_l03 import FACTS, K1, NAMES, T1, T2, T3, T4, D, bid, excluding, lot

REASONS = "The method and the visit plans fit the target group."
WITHOUT_T3 = excluding(FACTS, T3)
HEADING = Heading(
    tender_title="Work practice",
    lot_title="Ida-Viru county, in Russian",
    complaint_until_on=date(2024, 3, 9),
    complaint_clause="RHS § 189",
    registry_codes={T1: "19990011", T2: "19990022"},
)


def decision(facts: LotFacts = WITHOUT_T3, **change: object) -> DecisionFacts:
    good = DecisionFacts(
        lot_id=facts.lot_id,
        evaluation_id=UUID(int=7),
        evaluation_version=2,
        chosen_version=2,
        is_current=True,
        ranking=rank(facts),
        reversals=tuple(rank_reversal(facts)),
        open_questions=(),
        max_suppliers_count=3,
        winners_count=2,
        reasons=REASONS,
        characteristics="A workshop with real customers.",
        acknowledged_reversal=False,
        tenderers_count=4,
        decided_on=date(2024, 2, 28),
        rule_set="RHS-to-2026-10-31",
        procedure="social",
        last_blocked_on=date(2024, 3, 13),
    )
    return msgspec.structs.replace(good, **change)


TIED = lot(*(bid(b, "22") for b in (T1, T2)), bid(T3, "23"), criteria=(K1,))


@pytest.mark.parametrize(
    ("facts", "change", "codes"),
    [
        pytest.param(WITHOUT_T3, {}, [], id="nothing stands in the way"),
        pytest.param(WITHOUT_T3, {"chosen_version": 1}, ["old-ranking"], id="an older was read"),
        pytest.param(WITHOUT_T3, {"is_current": False}, ["stale-ranking"], id="facts changed"),
        pytest.param(
            WITHOUT_T3, {"open_questions": ("T3",)}, ["explanation-open"], id="a question is open"
        ),
        pytest.param(WITHOUT_T3, {"winners_count": 0}, ["winners"], id="nobody is no decision"),
        pytest.param(WITHOUT_T3, {"winners_count": 1}, [], id="one winner"),
        pytest.param(WITHOUT_T3, {"winners_count": 3}, ["winners"], id="more than are ranked"),
        pytest.param(
            WITHOUT_T3, {"max_suppliers_count": 1}, ["winners"], id="more than the documents allow"
        ),
        pytest.param(FACTS, {}, ["reversal"], id="the loser chooses the winner, unseen"),
        pytest.param(FACTS, {"acknowledged_reversal": True}, [], id="seen and confirmed"),
        pytest.param(WITHOUT_T3, {"reasons": " Because it is. "}, ["no-reasons"], id="no reasons"),
        pytest.param(WITHOUT_T3, {"reasons": "x" * 20}, [], id="twenty characters"),
        pytest.param(WITHOUT_T3, {"reasons": "x" * 19}, ["no-reasons"], id="nineteen"),
        pytest.param(WITHOUT_T3, {"reasons": "x" * 10_001}, ["too-long"], id="too long"),
        pytest.param(
            WITHOUT_T3, {"characteristics": "x" * 10_001}, ["too-long"], id="too long for letters"
        ),
        pytest.param(TIED, {"winners_count": 1}, ["tie"], id="a tie at the top"),
        pytest.param(TIED, {"winners_count": 2}, ["tie"], id="a tie among the winners"),
        pytest.param(
            msgspec.structs.replace(TIED, drawn=(T2, T1)),
            {"winners_count": 1, "acknowledged_reversal": True},
            [],
            id="lots were drawn",
        ),
        pytest.param(
            lot(bid(T1, "20"), *(bid(b, "22") for b in (T2, T3)), criteria=(K1,)),
            {"winners_count": 1},
            [],
            id="a tie behind the winners is nobody's harm",
        ),
        pytest.param(
            lot(bid(T1, "20", excluded="out"), criteria=(K1,)),
            {"winners_count": 1},
            ["nobody"],
            id="no bid is left",
        ),
        pytest.param(
            FACTS,
            {"is_current": False, "reasons": "", "winners_count": 9},
            ["stale-ranking", "winners", "reversal", "no-reasons"],
            id="everything at once",
        ),
    ],
)
def test_decision_findings(facts: LotFacts, change: dict, codes: list[str]) -> None:
    assert [finding.code for finding in decision_findings(decision(facts, **change))] == codes


def test_the_reversal_names_the_bid_without_which_it_would_be_another() -> None:
    (finding,) = decision_findings(decision(FACTS))

    assert (finding.values, finding.field) == ({"names": "T3"}, "acknowledged_reversal")


def conclusion(**change: object) -> ConclusionFacts:
    good = ConclusionFacts(
        ground="all-rej",
        reasons="Both bids were rejected after their explanations.",
        tenderers_count=2,
        ranked_count=0,
        is_current=True,
    )
    return msgspec.structs.replace(good, **change)


GROUNDS = frozenset({"no-rece", "all-rej", "ins-fund", "one-admis"})


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="all were rejected"),
        pytest.param({"ranked_count": 1}, ["left"], id="one is left"),
        pytest.param({"ranked_count": None}, ["not-ranked"], id="nobody knows yet"),
        pytest.param({"is_current": False}, ["not-ranked"], id="the ranking is stale"),
        pytest.param({"ground": "no-rece"}, ["not-empty"], id="tenders came"),
        pytest.param({"ground": "no-rece", "tenderers_count": 0}, [], id="none came"),
        pytest.param({"tenderers_count": 0}, ["empty"], id="none came, so none was rejected"),
        pytest.param({"ground": "too-few"}, ["ground"], id="not a ground of the list"),
        pytest.param({"ground": "one-admis"}, [], id="one admissible, with words"),
        pytest.param({"ground": "one-admis", "reasons": "few"}, ["no-reasons"], id="without words"),
        pytest.param(
            {"ground": "no-rece", "tenderers_count": 0, "reasons": ""}, [], id="none came: said"
        ),
    ],
)
def test_conclusion_findings(change: dict, codes: list[str]) -> None:
    assert [f.code for f in conclusion_findings(conclusion(**change), GROUNDS)] == codes


def award(**change: object) -> AwardFacts:
    good = AwardFacts(
        id=UUID(int=1),
        lot_id=UUID(int=2),
        lot_code="L03",
        lot_title="Ida-Viru",
        tender_id=UUID(int=3),
        reference="2024-0001",
        buyer_id=UUID(int=4),
        currency="EUR",
        evaluation_id=UUID(int=5),
        decided_at=datetime(2024, 2, 28, 10, tzinfo=UTC),
        last_blocked_on=date(2024, 3, 13),
        state=AwardState.STANDSTILL,
        suppliers=(),
    )
    return msgspec.structs.replace(good, **change)


@pytest.mark.parametrize(
    ("change", "day", "codes"),
    [
        pytest.param({}, date(2024, 3, 13), ["standstill"], id="the last blocked day is blocked"),
        pytest.param({}, date(2024, 3, 14), [], id="the day after is free"),
        pytest.param({}, date(2024, 2, 28), ["standstill"], id="the day of the decision"),
        pytest.param({"last_blocked_on": None}, date(2024, 2, 28), [], id="no standstill at all"),
        pytest.param(
            {"state": AwardState.ANNULLED}, date(2025, 1, 1), ["annulled"], id="annulled for ever"
        ),
    ],
)
def test_signing_findings(change: dict, day: date, codes: list[str]) -> None:
    assert [finding.code for finding in signing_findings(award(**change), day)] == codes


def test_the_refusal_names_the_first_day_to_sign() -> None:
    (finding,) = signing_findings(award(), date(2024, 3, 1))

    assert finding.message == (
        "The standstill lasts to 2024-03-13; a contract can be signed from 2024-03-14."
    )


@pytest.mark.parametrize(
    ("tenderers", "expected"),
    [
        pytest.param(1, None, id="a single tenderer: none"),
        pytest.param(2, date(2024, 3, 13), id="two, even if one is out"),
    ],
)
def test_standstill(tenderers: int, expected: date | None) -> None:
    assert standstill(tenderers, date(2024, 3, 13)) == expected
    assert standstill(tenderers, None) is None


# --- Letters -----------------------------------------------------------------------------------


def written(**change: object) -> dict[UUID, LetterFacts]:
    return letters(WITHOUT_T3, decision(**change), HEADING)


def test_every_tenderer_gets_a_letter_of_its_kind() -> None:
    kinds = {NAMES[bid_id]: letter.kind for bid_id, letter in written(winners_count=1).items()}

    assert kinds == {"T2": "winner", "T1": "ranked", "T3": "excluded", "T4": "excluded"}
    assert letter_kind(decision(), rank(WITHOUT_T3).result_of(T1)) == LetterKind.WINNER


def test_a_loser_is_told_own_points_with_reasons_the_winner_and_what_would_have_won() -> None:
    letter = written(winners_count=1)[T1]

    assert [(line.code, str(line.points), str(line.winner_points)) for line in letter.lines] == [
        ("K1", "34.68", "40.00"),
        ("K2", "23.33", "20.00"),
        ("K3", "17.33", "17.33"),
        ("K4", "12.00", "12.00"),
    ]
    assert letter.lines[1].reasons == ("because", "because", "because")
    assert [(w.provider_name, w.registry_code, str(w.unit_price)) for w in letter.winners] == [
        ("T2", "19990022", "21.50")
    ]
    assert [(b.name, str(b.points), str(b.own_points)) for b in letter.better] == [
        ("Criterion K1", "40.00", "34.68")
    ]
    assert (letter.rank, str(letter.total), str(letter.points_short)) == (2, "87.34", "1.99")
    assert letter.winning_price is not None
    assert letter.price_difference == D("24.80") - letter.winning_price
    assert rank(cheaper(T1, letter.winning_price)).winner_id == T1
    assert rank(cheaper(T1, letter.winning_price + D("0.01"))).winner_id == T2


def cheaper(bid_id: UUID, price: Decimal) -> LotFacts:
    return msgspec.structs.replace(
        WITHOUT_T3,
        bids=tuple(
            msgspec.structs.replace(b, price=price) if b.id == bid_id else b
            for b in WITHOUT_T3.bids
        ),
    )


def test_who_is_out_is_told_why_and_shown_no_rank() -> None:
    below, rejected = written()[T4], written()[T3]

    assert (below.rank, below.total, below.winning_price) == (None, None, None)
    assert [step["values"]["mean"] for step in below.out_because] == ["2.67"]  # type: ignore[index]
    assert [step["values"]["reason"] for step in rejected.out_because] == [  # type: ignore[index]
        "Its explanation was rejected."
    ]


def test_a_second_winner_is_told_what_would_have_been_first() -> None:
    letter = written()[T1]

    assert (letter.kind, letter.rank) == ("winner", 2)
    assert letter.winning_price is not None
    assert written()[T2].winning_price is None


def test_a_letter_holds_nothing_of_those_who_did_not_win() -> None:
    text = canonical(written(winners_count=1)[T4])

    for secret in ("24.80", "12.90", "T1", "T3"):
        assert secret not in text
    assert "21.50" in text


def test_a_letter_can_be_read_again_from_its_stored_text() -> None:
    letter = written()[T1]

    assert read_canonical(canonical(letter), LetterFacts) == letter


def test_the_days_in_a_letter_are_the_last_ones() -> None:
    letter = written()[T4]

    assert (letter.last_blocked_on, letter.signing_from_on, letter.complaint_until_on) == (
        date(2024, 3, 13),
        date(2024, 3, 14),
        date(2024, 3, 9),
    )
    assert written(last_blocked_on=None)[T4].signing_from_on is None


def test_advantages_are_sorted_by_how_much_they_count() -> None:
    ranking = rank(FACTS)

    found = advantages(ranking.result_of(T1), ranking.result_of(T3), FACTS)

    assert [better.name for better in found] == ["Criterion K4", "Criterion K2", "Criterion K3"]
    assert step_facts(ranking.result_of(T1).steps[0])["kind"] == "total"


def test_a_letter_about_an_end_without_award_says_ground_and_own_points() -> None:
    ranking = rank(WITHOUT_T3)

    letter = end_letter(
        WITHOUT_T3,
        WITHOUT_T3.bids[3],
        ranking.result_of(T4),
        heading=HEADING,
        kind=LetterKind.NO_AWARD,
        ground="ins-fund",
        reasons=REASONS,
        decided_on=date(2024, 2, 28),
    )

    assert (letter.kind, letter.ground, letter.reasons) == ("no-award", "ins-fund", REASONS)
    assert [str(line.points) for line in letter.lines] == ["None", "13.33", "16.00", "6.00"]
    assert len(letter.out_because) == 1


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("x" * 20, []),
        ("x" * 19 + " ", ["no-reasons"]),
        ("x" * 10_000, []),
        ("x" * 10_001, ["too-long"]),
    ],
)
def test_text_findings(text: str, codes: list[str]) -> None:
    assert [finding.code for finding in text_findings("reasons", text)] == codes
