"""Terms, clauses, what is in the way of a signature and of a call-off; the published example."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.catalogue.rules import SchemeTerms
from procure.contracts import queries
from procure.contracts.rules import (
    CallOffFacts,
    ClauseBasis,
    Criterion,
    Document,
    Origin,
    Party,
    Promise,
    Room,
    SignedSide,
    SignFacts,
    Terms,
    call_off_findings,
    clauses_of,
    document_hash,
    full_value,
    pots,
    sign_findings,
)
from procure.contracts.rules.clauses import FAMILIES
from procure.kernel.canonical import canonical, read_canonical
from procure.parameters import folder, read_yaml, reference
from tests.builders.contracts import AT

BUYER, PROVIDER, BID, FRAMEWORK_BID, SCHEME = (UUID(int=n) for n in range(1, 6))


def scheme(code: str = "HYBRID-60-20-20") -> SchemeTerms:
    schemes = read_yaml(folder() / "catalogue" / "payment_schemes.yaml")["schemes"]
    found = next(s for s in schemes if s["code"] == code)
    return msgspec.convert({"code": code, "version": 1, **found["terms"]}, SchemeTerms)


def some_terms(**overrides: object) -> Terms:
    fields: dict[str, object] = {
        "contract_id": uuid4(),
        "kind": "call-off",
        "number": "K-2025-01",
        "buyer_id": BUYER,
        "provider_id": PROVIDER,
        "lot_id": uuid4(),
        "parent_id": uuid4(),
        "service_code": "TOOHARJUTUS",
        "unit": "participant_training_day",
        "language": "ru",
        "counties": ("EE-45",),
        "unit_price": Decimal("22.00"),
        "groups_count": 1,
        "places_count": 12,
        "days_count": 60,
        "full_value_amount": Decimal("15840.00"),
        "ceiling_amount": Decimal("15840.00"),
        "currency": "EUR",
        "starts_on": date(2025, 9, 1),
        "ends_until": date(2025, 12, 19),
        "scheme": scheme(),
        "clause_ids": {},
    }
    return Terms(**{**fields, **overrides})


def test_the_values_of_the_example_come_out() -> None:
    assert full_value(Decimal("22.00"), 60, 12) == Decimal("15840.00")
    found = pots(some_terms())
    assert found.attendance_price == Decimal("13.20")
    assert found.guarantee_days_count == 540
    assert found.milestone_amounts == {
        "M1": Decimal("105.60"),
        "M2": Decimal("79.20"),
        "M3": Decimal("79.20"),
    }
    assert found.outcome_base_amount == Decimal("264.00")
    assert found.outcome_cap_amount == Decimal("3801.60")


@given(st.decimals("0.01", "999", places=2), st.integers(1, 100), st.integers(1, 30))
def test_the_pots_of_a_group_are_its_full_value(price: Decimal, days: int, places: int) -> None:
    value = full_value(price, days, places)
    found = pots(
        some_terms(unit_price=price, days_count=days, places_count=places, full_value_amount=value)
    )
    parts = found.attendance_amount + found.milestone_amount + found.outcome_amount
    assert abs(parts - value) <= Decimal("0.01")


# --- Clauses --------------------------------------------------------------------------------


def some_basis(terms: Terms, **overrides: object) -> ClauseBasis:
    fields: dict[str, object] = {
        "terms": terms,
        "pots": pots(terms),
        "promise": Promise(BID, terms.unit_price),
        "criteria": [Criterion(uuid4(), "K1", "price", "Price")],
        "scheme_id": SCHEME,
    }
    return ClauseBasis(**{**fields, **overrides})


METHOD = Criterion(uuid4(), "K2", "quality", "Method for phases 1–2")
PROMISED = Promise(
    FRAMEWORK_BID,
    Decimal("21.50"),
    {"K2": "We begin with what people can do."},
    ["Marko L. (F03)", "Olga P. (F04)"],
    {"employment": Decimal("0.45"), "education": Decimal("0.125")},
)


def test_every_clause_names_what_it_rests_on() -> None:
    terms = some_terms(kind="framework", parent_id=None)
    clauses = clauses_of(some_basis(terms, promise=PROMISED, criteria=[METHOD]), queries.library())
    by_code = {clause.code: clause for clause in clauses}
    assert len(by_code) == len(clauses)
    assert all(clause.source for clause in clauses)
    assert by_code["PRICE"].source_id == FRAMEWORK_BID
    assert by_code["FACILITATORS"].source_kind == "bid"
    assert "employment" not in by_code["PROMISE"].text
    assert "work 45 %, education 12.5 %" in by_code["PROMISE"].text
    assert by_code["CRITERION-K2"].source_id == METHOD.id
    assert "We begin with what people can do." in by_code["CRITERION-K2"].text
    for code in ("ATTENDANCE", "MILESTONE", "OUTCOME", "GUARANTEE", "CAP"):
        assert (by_code[code].source_kind, by_code[code].source_id) == ("scheme", SCHEME)


def test_the_numbers_stand_in_both_languages() -> None:
    clauses = {c.code: c for c in clauses_of(some_basis(some_terms()), queries.library())}
    assert "13.20 EUR" in clauses["ATTENDANCE"].text
    assert "13,20 EUR" in clauses["ATTENDANCE"].text_et
    assert "540 participant days" in clauses["GUARANTEE"].text
    assert "M1 Individual plan agreed by the tenth day: 105.60 EUR" in clauses["MILESTONE"].text
    assert "M2 asjakohane tööandja külastus: 79,20 EUR" in clauses["MILESTONE"].text_et
    assert "A × 0.7, B × 1, C × 1.6" in clauses["OUTCOME"].text
    assert "3\u00a0801.60 EUR" in clauses["CAP"].text


def test_a_call_off_inherits_what_only_the_framework_promised() -> None:
    basis = some_basis(some_terms(), inherited=PROMISED, inherited_criteria=[METHOD])
    clauses = {c.code: c for c in clauses_of(basis, queries.library())}
    assert clauses["PRICE"].source_id == BID
    assert clauses["PROMISE"].source_id == FRAMEWORK_BID
    assert clauses["FACILITATORS"].source_id == FRAMEWORK_BID
    assert clauses["CRITERION-K2"].source_id == METHOD.id


def test_what_a_scheme_does_not_pay_has_no_clause() -> None:
    terms = some_terms(scheme=scheme("CLIENT-MONTH-70-30"))
    codes = {c.code for c in clauses_of(some_basis(terms), queries.library())}
    assert "MILESTONE" not in codes
    assert "GUARANTEE" not in codes
    assert {"ATTENDANCE", "OUTCOME", "CAP"} <= codes


def test_clauses_are_numbered_by_part_without_gaps() -> None:
    numbers = [c.number for c in clauses_of(some_basis(some_terms()), queries.library())]
    parts = [[int(n.split(".")[1]) for n in numbers if n.startswith(f"{p}.")] for p in (1, 2, 3)]
    assert all(part == list(range(1, len(part) + 1)) for part in parts)
    assert len(numbers) == len(set(numbers)) == sum(len(part) for part in parts)


def test_reports_are_for_call_offs_and_not_for_frameworks() -> None:
    def codes(kind: str) -> set[str]:
        found = clauses_of(some_basis(some_terms(kind=kind)), queries.library())
        return {clause.code for clause in found}

    assert "REPORT_MONTHLY" in codes("call-off")
    assert "REPORT_MONTHLY" not in codes("framework")


def test_the_library_fills_in_all_of_its_numbers_and_marks_what_is_assumed() -> None:
    library = queries.library()
    for item in library.items:
        assert "{" not in item.text.en.format(**item.params)
        assert "{" not in item.text.et.format(**item.params)
        for name in item.params:
            assert f"{{{name}}}" in item.text.en
            assert f"{{{name}}}" in item.text.et
        assert item.provenance in {"sourced", "derived", "assumed"}
        assert (item.source == "set by the buyer") == (item.provenance == "assumed")
    assert len({item.code for item in library.items}) == len(library.items) == 13


def test_every_family_that_a_bid_may_promise_has_words() -> None:
    listed = {item["code"] for item in reference("outcome_families")} - {"exit", "none"}
    assert listed == FAMILIES.keys()


# --- Documents ------------------------------------------------------------------------------


def some_document(terms: Terms) -> Document:
    return Document(
        contract_id=terms.contract_id,
        number=terms.number,
        title="A call-off",
        buyer=Party(BUYER, "Töötukassa", "74000001"),
        provider=Party(PROVIDER, "Samm-Sammult Töötoad MTÜ", "80991016"),
        origin=Origin(
            uuid4(), "2025-0001", "T", uuid4(), "L03", "L", uuid4(), AT, uuid4(), 1, None, None
        ),
        terms=terms,
        clauses=clauses_of(some_basis(terms), queries.library()),
        precedence=queries.library().precedence,
    )


def test_a_document_read_back_has_the_hash_it_was_signed_under() -> None:
    document = some_document(some_terms())
    again = read_canonical(canonical(document), Document)
    assert document_hash(again) == document_hash(document)


def test_another_price_is_another_document() -> None:
    terms = some_terms()
    document = some_document(terms)
    dearer = msgspec.structs.replace(terms, unit_price=Decimal("22.01"))
    assert document_hash(msgspec.structs.replace(document, terms=dearer)) != document_hash(document)


# --- Signing --------------------------------------------------------------------------------

ANNA, BORIS = uuid4(), uuid4()
SIGN = SignFacts(
    contract_id=uuid4(),
    number="RL-2024-L03-1",
    side="buyer",
    person_id=ANNA,
    given_sha256="a" * 64,
    document_sha256="a" * 64,
    today=date(2024, 3, 14),
    ends_until=date(2026, 4, 1),
    signed=[],
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="the first side signs"),
        pytest.param({"signed": [SignedSide("provider", BORIS)]}, [], id="the second side signs"),
        pytest.param(
            {"signed": [SignedSide("buyer", BORIS)]}, ["side-signed"], id="a side signs once"
        ),
        pytest.param(
            {"signed": [SignedSide("provider", ANNA)]},
            ["both-sides"],
            id="nobody signs for both sides",
        ),
        pytest.param({"given_sha256": "b" * 64}, ["another-document"], id="another document"),
        pytest.param({"today": date(2026, 3, 31)}, [], id="the contract's last day"),
        pytest.param({"today": date(2026, 4, 1)}, ["over"], id="the day after it"),
        pytest.param(
            {"given_sha256": "", "signed": [SignedSide("buyer", ANNA)], "today": date(2027, 1, 1)},
            ["another-document", "side-signed", "over"],
            id="every reason comes at once",
        ),
    ],
)
def test_signing(change: dict[str, object], codes: list[str]) -> None:
    assert [f.code for f in sign_findings(msgspec.structs.replace(SIGN, **change))] == codes


# --- Calling off ----------------------------------------------------------------------------

CALL_OFF = CallOffFacts(
    framework_number="RL-2024-L03-1",
    framework_state="running",
    framework_starts_on=date(2024, 4, 1),
    framework_ends_until=date(2026, 4, 1),
    room=Room(Decimal("253440.00"), Decimal("237600.00"), Decimal(0)),
    value_amount=Decimal("15840.00"),
    starts_on=date(2025, 9, 1),
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="the last of the ceiling may be called off"),
        pytest.param({"value_amount": Decimal("15840.01")}, ["over-ceiling"], id="a cent more not"),
        pytest.param({"framework_state": "ended"}, ["framework-not-running"], id="it has ended"),
        pytest.param({"framework_state": "signed"}, ["framework-not-running"], id="not begun"),
        pytest.param({"starts_on": date(2026, 3, 31)}, [], id="its last day"),
        pytest.param({"starts_on": date(2026, 4, 1)}, ["outside-framework"], id="the day after"),
        pytest.param({"starts_on": date(2024, 3, 31)}, ["outside-framework"], id="the day before"),
    ],
)
def test_calling_off(change: dict[str, object], codes: list[str]) -> None:
    assert [f.code for f in call_off_findings(msgspec.structs.replace(CALL_OFF, **change))] == codes
