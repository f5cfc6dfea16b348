"""What is wrong with a draft: each reason from both sides of its boundary."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.parameters import codes
from procure.scoring.format.filters import Flag
from procure.scoring.format.words import Ref
from procure.tenders.queries import rule_set_on
from procure.tenders.rules import (
    CriterionDraft,
    DraftContext,
    LotDraft,
    ParentLot,
    ServiceFact,
    TableRow,
    draft_findings,
    draft_rule,
    lot_value,
)
from procure.tenders.rules.scoring import scoring_findings
from procure.tenders.states import CriterionKind, LotState, PriceFormula
from tests.builders.tenders import DEADLINE_AT, K1, K2, K3, K4, L03, L05, a_draft

D = Decimal
PEOPLE = [UUID(int=n) for n in (1, 2, 3)]
GOOD = DraftContext(
    started_on=date(2024, 1, 8),
    rule_set=rule_set_on(date(2024, 1, 8)),
    service=ServiceFact(
        "TOOHARJUTUS", "85320000", "participant_training_day", date(2024, 1, 1), date(2026, 1, 1)
    ),
    parent=None,
    counties=sorted(codes("counties")),
    languages=sorted(codes("languages")),
    schemes=["HYBRID-60-20-20"],
    people=PEOPLE,
    providers=[UUID(int=51), UUID(int=52)],
)
PARENT = ParentLot(UUID(int=7), LotState.AWARDED, "fa-w-rc", date(2024, 4, 1), date(2026, 4, 1))


def lot(**change: Any) -> list[LotDraft]:
    return [msgspec.structs.replace(L03, **change), L05]


def criteria(at: int, **change: Any) -> list[CriterionDraft]:
    found = [K1, K2, K3, K4]
    found[at] = msgspec.structs.replace(found[at], **change)
    return found


def found(context: DraftContext = GOOD, **change: Any) -> list[tuple[str, str]]:
    return [(f.code, f.field) for f in draft_findings(a_draft(**change), context)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, [], id="the framework of 2024 is good"),
        pytest.param({"title": " "}, [("missing", "title")], id="no title"),
        pytest.param({"title": "x" * 201}, [("too-long", "title")], id="a title of 201"),
        pytest.param(
            {"criteria": criteria(0, weight=D("39.99"))}, [("weights", "criteria")],
            id="weights of 99.99",
        ),
        pytest.param(
            {"criteria": criteria(0, weight=D("40.01"))}, [("weights", "criteria")],
            id="weights of 100.01",
        ),
        pytest.param(
            {"criteria": [K2, K3, msgspec.structs.replace(K4, weight=D(55))]},
            [("no-price", "criteria")], id="no price",
        ),
        pytest.param(
            {"criteria": [K2, K3, msgspec.structs.replace(K4, weight=D(55))],
             "is_price_fixed": True}, [], id="no price where it is fixed",
        ),
        pytest.param(
            {"is_price_fixed": True}, [("fixed-price", "is_price_fixed")],
            id="a fixed price that is scored",
        ),
        pytest.param(
            {"criteria": [K1, msgspec.structs.replace(K1, code="K9", weight=D(60))]},
            [("two-prices", "criteria")], id="two prices",
        ),
        pytest.param(
            {"criteria": criteria(0, formula=None)}, [("formula", "criteria.0.formula")],
            id="a price without a formula",
        ),
        pytest.param(
            {"criteria": criteria(0, formula=PriceFormula.ABSOLUTE, floor_price=D(18),
                                  ceiling_price=D(18))},
            [("anchors", "criteria.0.ceiling_price")], id="a ceiling that is the floor",
        ),
        pytest.param(
            {"criteria": criteria(0, formula=PriceFormula.ABSOLUTE, floor_price=D(18),
                                  ceiling_price=D("18.01"))}, [], id="a ceiling a cent above it",
        ),
        pytest.param(
            {"criteria": criteria(0, formula=PriceFormula.ABSOLUTE)},
            [("anchors", "criteria.0.ceiling_price")], id="the absolute formula without anchors",
        ),
        pytest.param(
            {"criteria": criteria(1, scale_max=None)}, [("scale", "criteria.1.scale_max")],
            id="quality without a scale",
        ),
        pytest.param(
            {"criteria": criteria(1, minimum=D("5.01"))}, [("minimum", "criteria.1.minimum")],
            id="a minimum above the scale",
        ),
        pytest.param({"criteria": criteria(1, minimum=D(5))}, [], id="a minimum at its top"),
        pytest.param(
            {"criteria": criteria(1, formula=PriceFormula.LOWEST_RATIO)},
            [("formula", "criteria.1.formula")], id="quality with a formula",
        ),
        pytest.param(
            {"criteria": criteria(3, table=[TableRow(D(1), D(1))])},
            [("table", "criteria.3.table")], id="a table that does not start at 0",
        ),
        pytest.param(
            {"criteria": criteria(3, table=[TableRow(D(0), D(1)), TableRow(D(3), D(0))])},
            [("table-order", "criteria.3.table")], id="a table that falls",
        ),
        pytest.param(
            {"criteria": criteria(3, table=[TableRow(D(0), D(0)), TableRow(D(0), D(5))])},
            [("table-order", "criteria.3.table")], id="two scores for one fact",
        ),
        pytest.param(
            {"criteria": criteria(3, table=[TableRow(D(0), D(0)), TableRow(D(3), D(6))])},
            [("table-scale", "criteria.3.table")], id="a score above the scale",
        ),
        pytest.param(
            {"criteria": criteria(1, code="K1")},
            [("criterion-twice", "criteria.0.code"), ("criterion-twice", "criteria.1.code")],
            id="one code for two criteria",
        ),
        pytest.param(
            {"criteria": criteria(1, weight=D("NaN"))}, [("number", "criteria.1.weight")],
            id="a weight that is no number",
        ),
        pytest.param({"criteria": []}, [("criteria", "criteria")], id="no criteria"),
        pytest.param({"lots": []}, [("lots", "lots")], id="no lots"),
        pytest.param(
            {"lots": lot(unit_price=D("-1"))}, [("price", "lots.0.unit_price")],
            id="a negative price",
        ),
        pytest.param(
            {"lots": lot(unit_price=D("22.001"))}, [("price", "lots.0.unit_price")],
            id="a price of three decimals",
        ),
        pytest.param({"lots": lot(unit_price=D("22.010"))}, [], id="a third decimal of nothing"),
        pytest.param(
            {"lots": lot(unit_price=D("Infinity"))}, [("number", "lots.0.unit_price")],
            id="an infinite price",
        ),
        pytest.param(
            {"lots": lot(counties=["EE-99"])}, [("county", "lots.0.counties")],
            id="a county that is not",
        ),
        pytest.param(
            {"lots": lot(counties=[])}, [("county", "lots.0.counties")], id="no county",
        ),
        pytest.param(
            {"lots": lot(language="xx")}, [("language", "lots.0.language")],
            id="a language that is not",
        ),
        pytest.param(
            {"lots": lot(groups_count=0)}, [("count", "lots.0.groups_count")], id="no groups",
        ),
        pytest.param(
            {"lots": lot(code="L05")}, [("lot-twice", "lots.0.code"), ("lot-twice", "lots.1.code")],
            id="one code for two lots",
        ),
        pytest.param(
            {"deadline_at": datetime(2024, 1, 8, 20, tzinfo=UTC)},
            [("deadline-past", "deadline_at")], id="a deadline on the day of publication",
        ),
        pytest.param(
            {"deadline_at": datetime(2024, 1, 9, 10, tzinfo=UTC)}, [],
            id="the old rules leave the social procedure any day",
        ),
        pytest.param(
            {"deadline_at": datetime(2024, 2, 8, 8)}, [("zone", "deadline_at")],  # noqa: DTZ001
            id="a deadline without a zone",
        ),
        pytest.param(
            {"contract_until": date(2028, 4, 1)}, [], id="a framework of exactly four years",
        ),
        pytest.param(
            {"contract_until": date(2028, 4, 2)}, [("framework-long", "contract_until")],
            id="a framework of a day more",
        ),
        pytest.param(
            {"contract_until": date(2034, 4, 1), "technique": "none", "max_suppliers_count": 1},
            [], id="a contract that is no framework may be longer",
        ),
        pytest.param(
            {"contract_until": date(2024, 4, 1)}, [("contract-empty", "contract_until")],
            id="a contract of no days",
        ),
        pytest.param(
            {"contract_starts_on": date(2024, 2, 8)},
            [("contract-early", "contract_starts_on")], id="a contract from the deadline on",
        ),
        pytest.param(
            {"procedure": "secret"}, [("procedure-unknown", "procedure")],
            id="a procedure that is not",
        ),
        pytest.param(
            {"procedure": "simplified"}, [("procedure", "procedure")],
            id="a laxer procedure than the value asks for",
        ),
        pytest.param(
            {"technique": "none"}, [("suppliers", "max_suppliers_count")],
            id="three suppliers without a framework",
        ),
        pytest.param(
            {"max_suppliers_count": 0}, [("suppliers", "max_suppliers_count")], id="no supplier",
        ),
        pytest.param(
            {"invited_ids": [UUID(int=51)]}, [("invited", "invited_ids")],
            id="names where everyone may bid",
        ),
        pytest.param(
            {"payment_scheme": "NOTHING"}, [("scheme", "payment_scheme")], id="no such scheme",
        ),
        pytest.param(
            {"opening_quorum_count": 1}, [("quorum", "opening_quorum_count")], id="one opens alone",
        ),
        pytest.param({"opening_quorum_count": 3}, [], id="all three together"),
        pytest.param(
            {"opening_quorum_count": 4}, [("quorum", "opening_quorum_count")],
            id="more than hold a share",
        ),
        pytest.param(
            {"keyholder_ids": [PEOPLE[0], PEOPLE[0], PEOPLE[1]]},
            [("keyholder-twice", "keyholder_ids")], id="one person with two shares",
        ),
        pytest.param(
            {"keyholder_ids": [PEOPLE[0], UUID(int=99)]},
            [("keyholder-unknown", "keyholder_ids")], id="a keyholder who is nobody",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_draft(
    change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found(**change) == expected


def test_all_reasons_come_at_once() -> None:
    wrong = found(
        title="",
        opening_quorum_count=1,
        lots=lot(unit_price=D(0)),
        criteria=criteria(0, weight=D(1)),
    )
    assert [code for code, _ in wrong] == ["missing", "price", "weights", "quorum"]


def test_a_service_must_be_there_on_the_contracts_first_day() -> None:
    assert found(msgspec.structs.replace(GOOD, service=None)) == [("service", "service_code")]


def test_the_new_rules_leave_ten_days() -> None:
    context = msgspec.structs.replace(
        GOOD, started_on=date(2026, 11, 23), rule_set=rule_set_on(date(2026, 11, 23))
    )
    later = {
        "contract_starts_on": date(2027, 3, 1),
        "contract_until": date(2029, 3, 1),
        "lots": [msgspec.structs.replace(L03, groups_count=50)],
    }
    assert found(context, deadline_at=datetime(2026, 12, 3, 8, tzinfo=UTC), **later) == []
    assert found(context, deadline_at=datetime(2026, 12, 2, 21, 59, tzinfo=UTC), **later) == [
        ("deadline-early", "deadline_at")
    ]


def a_call_off(context: DraftContext = GOOD, **change: Any) -> list[str]:
    context = msgspec.structs.replace(
        context,
        started_on=date(2025, 6, 2),
        **({"parent": PARENT} if context.parent is None else {}),
    )
    values: dict[str, Any] = {
        "procedure": "mini-competition",
        "technique": "none",
        "max_suppliers_count": 1,
        "deadline_at": datetime(2025, 6, 16, 7, tzinfo=UTC),
        "contract_starts_on": date(2025, 9, 1),
        "contract_until": date(2026, 1, 1),
        "lots": [msgspec.structs.replace(L03, groups_count=1)],
        "criteria": [msgspec.structs.replace(K1, weight=D(100))],
        "parent_lot_id": PARENT.lot_id,
        "invited_ids": [UUID(int=51), UUID(int=52)],
    }
    return [f.code for f in draft_findings(a_draft(**{**values, **change}), context)]


def test_a_mini_competition_is_held_in_an_awarded_lot_of_a_framework() -> None:
    def with_parent(**change: Any) -> DraftContext:
        return msgspec.structs.replace(GOOD, parent=msgspec.structs.replace(PARENT, **change))

    assert a_call_off() == []
    assert a_call_off(invited_ids=[]) == ["nobody-invited"]
    assert a_call_off(invited_ids=[UUID(int=51), UUID(int=99)]) == ["invited-unknown"]
    assert a_call_off(with_parent(lot_state=LotState.OPEN)) == ["no-framework"]
    assert a_call_off(with_parent(technique="fa-wo-rc")) == ["no-reopening"]
    assert a_call_off(with_parent(contract_until=date(2025, 6, 3))) == []
    assert a_call_off(with_parent(contract_until=date(2025, 6, 2))) == ["framework-over"]
    # A call-off is no way around the threshold for something that has no framework.
    assert "no-framework" in a_call_off(procedure="social", invited_ids=[])


def test_the_value_of_lot_3_is_the_fixtures() -> None:
    assert lot_value(L03) == D("253440.00")


@given(st.lists(st.decimals("0.01", 99, places=2), min_size=2, max_size=8))
def test_only_weights_of_exactly_100_pass(weights: list[Decimal]) -> None:
    drafted = [
        CriterionDraft(f"Q{i}", CriterionKind.QUALITY, "Quality", weight, scale_max=D(5))
        for i, weight in enumerate(weights)
    ]
    wrong = "weights" in [code for code, _ in found(criteria=drafted, is_price_fixed=True)]
    assert wrong == (sum(weights) != 100)


@given(st.integers(min_value=-3, max_value=40))
def test_a_deadline_is_early_up_to_the_day_before_the_first(days: int) -> None:
    context = msgspec.structs.replace(
        GOOD, started_on=date(2026, 11, 23), rule_set=rule_set_on(date(2026, 11, 23))
    )
    at = datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(days=days)
    wrong = [code for code, field in found(context, deadline_at=at) if field == "deadline_at"]
    assert wrong == (["deadline-past"] if days <= 0 else ["deadline-early"] if days < 10 else [])


def test_the_draft_is_for_its_deadline() -> None:
    assert a_draft().deadline_at == DEADLINE_AT


def test_a_rule_that_is_undefined_somewhere_is_not_published() -> None:
    """A table without a row for 0 is harmless, an absolute formula without a span is not."""
    draft = a_draft(criteria=criteria(0, formula=PriceFormula.ABSOLUTE, floor_price=D(18),
                                      ceiling_price=D(30)))  # fmt: skip
    assert draft_findings(draft, GOOD) == []
    rule = draft_rule(draft, GOOD)
    flat = draft_rule(
        a_draft(criteria=criteria(0, formula=PriceFormula.ABSOLUTE, floor_price=D(18),
                                  ceiling_price=D(18))), GOOD)  # fmt: skip
    assert scoring_findings(rule) == []
    assert {(f.code, f.field) for f in scoring_findings(flat)} == {
        ("scoring-undefined", "criteria")
    }


def test_the_share_that_asks_about_a_price_is_that_of_the_day() -> None:
    other = msgspec.structs.replace(GOOD, low_price_share=D("0.5"), low_price_others=2)
    flag = next(step for step in draft_rule(a_draft(), other).steps if step.name == "low_price")

    assert isinstance(flag, Flag)
    assert (flag.limit, flag.when[0].limit) == (Ref(of="median_of_others", times=D("0.5")), 3)
