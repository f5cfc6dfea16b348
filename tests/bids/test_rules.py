"""What is wrong with a bid, on which side of a deadline it falls, what may open it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procure.bids.rules import (
    BidContent,
    BidderFacts,
    BidDraft,
    BidHeader,
    FacilitatorRef,
    SealedContent,
    ShareFacts,
    bid_findings,
    header_differences,
    instant_text,
    late,
    share_objections,
)
from procure.tenders.queries import rule_set_on
from procure.tenders.rules import CriterionFacts, CriterionParams, LotFacts, TenderFacts, is_on_time
from procure.tenders.states import CriterionKind, LotState, TenderState
from tests.builders.tenders import DEADLINE_AT, DRAFTED_AT, K1, K2, K3, K4, L03

TENDER, LOT, ORG = UUID(int=1), UUID(int=2), UUID(int=3)
ANNIKA, JELENA = UUID(int=4), UUID(int=5)
BIDDER = BidderFacts(
    ORG, True, [FacilitatorRef(ANNIKA, "F01", 14), FacilitatorRef(JELENA, "F02", 9)]
)


def facts(**change: Any) -> TenderFacts:
    values: dict[str, Any] = {
        "id": TENDER,
        "buyer_id": UUID(int=9),
        "buyer_name": "Buyer",
        "reference": "2024-0001",
        "title": "Work practice",
        "description": "",
        "procedure": "social",
        "rule_set": rule_set_on(DRAFTED_AT.date()),
        "service_code": "TOOHARJUTUS",
        "cpv": "85320000",
        "technique": "fa-w-rc",
        "basis_id": None,
        "parent_lot_id": None,
        "started_on": DRAFTED_AT.date(),
        "contract_starts_on": DRAFTED_AT.date(),
        "contract_until": DEADLINE_AT.date(),
        "payment_scheme": "HYBRID-60-20-20",
        "max_suppliers_count": 3,
        "is_price_fixed": False,
        "deadline_at": DEADLINE_AT,
        "opening_quorum_count": 2,
        "recipient": "age1",
        "published_at": DRAFTED_AT,
        "state": TenderState.PUBLISHED,
        "currency": "EUR",
        "lots": [a_lot()],
        "criteria": [
            CriterionFacts(
                UUID(int=n), c.code, n, c.kind, c.name, c.weight, c.formula, c.scale_max,
                c.minimum, CriterionParams(table=c.table),
            )
            for n, c in enumerate((K1, K2, K3, K4), 20)
        ],
        "keyholder_ids": [],
        "invited_ids": [],
    }  # fmt: skip
    return TenderFacts(**{**values, **change})


def a_lot(**change: Any) -> LotFacts:
    values: dict[str, Any] = {
        **msgspec.structs.asdict(L03),
        "id": LOT,
        "tender_id": TENDER,
        "buyer_id": UUID(int=9),
        "tender_reference": "2024-0001",
        "unit": "participant_training_day",
        "value_amount": Decimal("253440.00"),
        "state": LotState.OPEN,
        "ground": None,
    }
    return LotFacts(**{**values, **change})


def draft(**change: Any) -> BidDraft:
    values: dict[str, Any] = {
        "tender_id": TENDER,
        "lot_id": LOT,
        "unit_price": Decimal("21.50"),
        "answers": {"K2": "Method.", "K3": "Plan."},
        "facilitator_ids": [ANNIKA, JELENA],
        "promised_rates": {"employment": Decimal("0.45")},
    }
    return BidDraft(**{**values, **change})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, [], id="a good bid"),
        pytest.param({"lot_id": UUID(int=99)}, [("lot", "lot_id")], id="a lot that is not"),
        pytest.param({"unit_price": Decimal(0)}, [("price", "unit_price")], id="a price of 0"),
        pytest.param({"unit_price": Decimal("-1")}, [("price", "unit_price")], id="below 0"),
        pytest.param({"unit_price": Decimal("21.5001")}, [], id="four decimals"),
        pytest.param({"unit_price": Decimal("21.50010")}, [], id="a fifth decimal of nothing"),
        pytest.param(
            {"unit_price": Decimal("21.50001")}, [("price", "unit_price")], id="five decimals"
        ),
        pytest.param({"unit_price": Decimal("NaN")}, [("price", "unit_price")], id="no number"),
        pytest.param(
            {"unit_price": Decimal("Infinity")}, [("price", "unit_price")], id="no end of a number"
        ),
        pytest.param(
            {"answers": {"K2": "Method.", "K3": "  "}}, [("answer", "answers.K3")], id="no answer"
        ),
        pytest.param(
            {"answers": {"K2": "a", "K3": "b", "K9": "c"}},
            [("answer-unasked", "answers.K9")],
            id="an answer to nothing",
        ),
        pytest.param(
            {"facilitator_ids": [ANNIKA, UUID(int=99)]},
            [("facilitator", "facilitator_ids")],
            id="someone else's facilitator",
        ),
        pytest.param(
            {"facilitator_ids": []},
            [("facilitator", "facilitator_ids")],
            id="nobody named where the record is scored",
        ),
        pytest.param(
            {"facilitator_ids": [ANNIKA, ANNIKA]},
            [("facilitator", "facilitator_ids")],
            id="one person twice",
        ),
        pytest.param({"promised_rates": {"employment": Decimal(1)}}, [], id="all of them"),
        pytest.param({"promised_rates": {"employment": Decimal(0)}}, [], id="none of them"),
        pytest.param(
            {"promised_rates": {"employment": Decimal("1.01")}},
            [("promise", "promised_rates.employment")],
            id="more than all",
        ),
        pytest.param(
            {"promised_rates": {"employment": Decimal("NaN")}},
            [("promise", "promised_rates.employment")],
            id="a rate that is no number",
        ),
    ],
)
def test_what_is_wrong_with_a_bid(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = bid_findings(draft(**change), facts(), BIDDER)
    assert [(finding.code, finding.field) for finding in found] == expected


def test_who_may_bid() -> None:
    outsider = msgspec.structs.replace(BIDDER, is_admitted=False)
    assert [f.code for f in bid_findings(draft(), facts(), outsider)] == ["not-admitted"]

    invited = facts(invited_ids=[UUID(int=51)])
    assert [f.code for f in bid_findings(draft(), invited, BIDDER)] == ["not-invited"]
    assert bid_findings(draft(), facts(invited_ids=[ORG]), BIDDER) == []


def test_a_lot_that_has_ended_takes_no_bid() -> None:
    ended = facts(lots=[a_lot(state=LotState.CANCELLED, ground="chan-need")])
    assert [f.code for f in bid_findings(draft(), ended, BIDDER)] == ["lot"]


def test_a_fixed_price_is_bid_as_it_is() -> None:
    fixed = facts(
        is_price_fixed=True, criteria=[c for c in facts().criteria if c.kind != CriterionKind.PRICE]
    )
    assert [f.code for f in bid_findings(draft(), fixed, BIDDER)] == ["fixed-price"]
    assert bid_findings(draft(unit_price=Decimal("22.00")), fixed, BIDDER) == []


# --- The deadline (T-2) -----------------------------------------------------


def test_ten_oclock_ends_at_ten_oclock() -> None:
    assert is_on_time(DEADLINE_AT - timedelta(microseconds=1), DEADLINE_AT)
    assert not is_on_time(DEADLINE_AT, DEADLINE_AT)
    assert not is_on_time(DEADLINE_AT + timedelta(seconds=59), DEADLINE_AT)


@settings(max_examples=2000, deadline=None)
@given(
    wall=st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1)),  # noqa: DTZ001 - a wall clock's
    zone=st.sampled_from(sorted(available_timezones() - {"localtime"})),
    fold=st.sampled_from([0, 1]),
    offset=st.integers(min_value=-7_200_000_000, max_value=7_200_000_000),
)
def test_the_verdict_is_one_instant_before_another_in_every_zone(
    wall: datetime, zone: str, fold: int, offset: int
) -> None:
    """Wall-clock arithmetic over a change of the clocks would move the deadline by an hour."""
    deadline = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    arrival = deadline + timedelta(microseconds=offset)

    assert is_on_time(arrival, deadline) == (offset < 0)
    assert is_on_time(arrival.astimezone(ZoneInfo(zone)), deadline) == (offset < 0)
    # What a receipt says of the two instants sorts as they do.
    assert (instant_text(arrival) < instant_text(deadline)) == (offset < 0)


# --- Where a sealed bid belongs (T-18) --------------------------------------

HEADER = BidHeader(TENDER, LOT, ORG, UUID(int=6), 2)
CONTENT = BidContent(
    tender_id=TENDER,
    lot_id=LOT,
    provider_org_id=ORG,
    provider_name="Provider",
    version=2,
    unit_price=Decimal("21.50"),
    answers={},
    facilitators=[],
    promised_rates={},
    remarks="",
)


def test_a_bid_where_it_belongs_differs_in_nothing() -> None:
    assert header_differences(SealedContent(HEADER, CONTENT), HEADER) == []


@pytest.mark.parametrize("name", BidHeader.__struct_fields__)
def test_a_bid_in_another_place_is_seen_by_its_header(name: str) -> None:
    other = 3 if name == "version" else UUID(int=77)
    expected = msgspec.structs.replace(HEADER, **{name: other})
    assert header_differences(SealedContent(HEADER, CONTENT), expected) == [name]


def test_a_header_that_contradicts_its_content_is_seen() -> None:
    content = msgspec.structs.replace(CONTENT, lot_id=UUID(int=77))
    assert header_differences(SealedContent(HEADER, content), HEADER) == ["lot_id"]


# --- Who may open when ------------------------------------------------------

GIVES = ShareFacts(
    tender_state=TenderState.CLOSED,
    deadline_at=DEADLINE_AT,
    database_at=DEADLINE_AT,
    is_keyholder=True,
    has_given=False,
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="at the deadline"),
        pytest.param(
            {"database_at": DEADLINE_AT - timedelta(microseconds=1)},
            ["too-early"],
            id="a microsecond before it",
        ),
        pytest.param({"is_keyholder": False}, ["not-a-keyholder"], id="no keyholder"),
        pytest.param({"has_given": True}, ["given"], id="once"),
        pytest.param({"tender_state": TenderState.CANCELLED}, ["state"], id="a cancelled tender"),
        pytest.param({"tender_state": TenderState.OPENED}, ["state"], id="an opened one"),
        pytest.param({"tender_state": TenderState.PUBLISHED}, [], id="not closed by the job yet"),
    ],
)
def test_what_stands_in_the_way_of_a_share(change: dict[str, Any], codes: list[str]) -> None:
    found = share_objections(msgspec.structs.replace(GIVES, **change))
    assert [finding.code for finding in found] == codes


def test_a_late_bid_is_told_when_it_came_and_when_it_had_to() -> None:
    finding = late("2024-02-08T08:00:00.000000Z", "2024-02-08T08:00:00.000000Z")
    assert finding.code == "late"
    assert finding.message.count("2024-02-08T08:00:00.000000Z") == 2
