"""Why a provider, a facilitator or a venue cannot be taken in, each reason with its field."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procure.db import uuid7
from procure.providers.queries import known
from procure.providers.rules import (
    Company,
    Confirming,
    Taken,
    account_findings,
    compact_iban,
    confirming_findings,
    facilitator_findings,
    provider_findings,
    tidy,
    venue_findings,
)
from tests.builders.providers import (
    a_facilitator_draft,
    a_provider_draft,
    a_venue_draft,
    an_iban,
)

KNOWN = known()
FREE = Taken()
GOOD: dict[str, Any] = {
    "registry_code": "19990011",
    "name": "Kirdesild Nõustamine OÜ",
    "iban": "EE129900000022107919",
    "vat_number": "EE199000377",
}
COMPANY = Company(
    "19990011", "Kirdesild Nõustamine OÜ", "OU", "registered", "EE-45", "Jõhvi", ["A. Tamm"], None
)


def found(taken: Taken = FREE, company: Company | None = None, **change: Any) -> list[str]:
    draft = tidy(a_provider_draft(**GOOD | change))
    return [f"{f.field}:{f.code}" for f in provider_findings(draft, KNOWN, taken, company)]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="a company with everything in order"),
        pytest.param({"vat_number": None}, [], id="one that is not liable to VAT"),
        pytest.param({"vat_number": ""}, [], id="an empty VAT number is none"),
        pytest.param(
            {"registry_code": "19990012"}, ["registry_code:registry-code"], id="a wrong check digit"
        ),
        pytest.param(
            {"registry_code": "29990011"}, ["registry_code:registry-code"], id="first digit 2"
        ),
        pytest.param(
            {"registry_code": "1999001"}, ["registry_code:registry-code"], id="seven digits"
        ),
        pytest.param(
            {"registry_code": "1999OO11"}, ["registry_code:registry-code"], id="letters for noughts"
        ),
        pytest.param({"registry_code": " 19990011 "}, [], id="spaces around a code are no fault"),
        pytest.param(
            {"legal_form": "MTY"},
            ["legal_form:legal-form"],
            id="an association with a company's code",
        ),
        pytest.param(
            {"legal_form": "MTY", "registry_code": "80991016"}, [], id="an association with its own"
        ),
        pytest.param({"legal_form": "GMBH"}, ["legal_form:unknown"], id="a form of elsewhere"),
        pytest.param({"kind": ""}, ["kind:missing"], id="no kind chosen"),
        pytest.param({"kind": "club"}, ["kind:unknown"], id="an unknown kind"),
        pytest.param({"seat_county": "EE-99"}, ["seat_county:unknown"], id="no such county"),
        pytest.param({"languages": []}, ["languages:missing"], id="no language"),
        pytest.param({"languages": ["et", "xx"]}, ["languages:unknown"], id="an unknown language"),
        pytest.param(
            {"iban": "EE129900000022107918"}, ["iban:iban"], id="an account with a digit wrong"
        ),
        pytest.param({"iban": ""}, ["iban:iban"], id="no account"),
        pytest.param({"iban": "ee12 9900 0000 2210 7919"}, [], id="an account as people write it"),
        pytest.param({"vat_number": "EE199000378"}, ["vat_number:vat-number"], id="a wrong VAT"),
        pytest.param({"email": "info"}, ["email:email"], id="no e-mail address"),
        pytest.param({"email": "a@b"}, ["email:email"], id="an address without a domain"),
        pytest.param({"name": "  "}, ["name:missing"], id="no name"),
        pytest.param({"name": "x" * 201}, ["name:too-long"], id="a name of 201 letters"),
        pytest.param({"name": "x" * 200}, [], id="a name of 200 letters"),
        pytest.param(
            {"registry_code": "1", "iban": "1", "vat_number": "1", "email": "1", "kind": "1"},
            [
                "registry_code:registry-code",
                "kind:unknown",
                "iban:iban",
                "vat_number:vat-number",
                "email:email",
            ],
            id="everything wrong is said at once",
        ),
    ],
)
def test_what_stands_against_a_provider(change: dict[str, Any], codes: list[str]) -> None:
    assert found(**change) == codes


@pytest.mark.parametrize(
    ("taken", "codes"),
    [
        pytest.param(
            Taken(registry_code=True), ["registry_code:registry-code-known"], id="the code is here"
        ),
        pytest.param(Taken(iban=True), ["iban:iban-known"], id="the account is another's"),
        pytest.param(
            Taken(org_id=UUID(int=1), org_name="KIRDESILD NÕUSTAMINE OÜ"),
            [],
            id="an organisation with accounts becomes the provider",
        ),
        pytest.param(
            Taken(org_id=UUID(int=1), org_name="Another OÜ"),
            ["name:other-name-here"],
            id="but not under another name",
        ),
    ],
)
def test_what_is_here_already(taken: Taken, codes: list[str]) -> None:
    assert found(taken) == codes


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="the register agrees"),
        pytest.param({"name": "KIRDESILD NÕUSTAMINE OÜ"}, [], id="capitals are no difference"),
        pytest.param(
            {"status": "deleted"}, ["registry_code:not-registered"], id="a deleted company"
        ),
        pytest.param({"name": "Teine OÜ"}, ["name:other-name"], id="another name"),
        pytest.param(
            {"tax_debt_since": date(2026, 1, 1)}, ["registry_code:tax-debt"], id="a tax debt"
        ),
    ],
)
def test_what_the_register_says_against_it(change: dict[str, Any], codes: list[str]) -> None:
    assert found(company=msgspec.structs.replace(COMPANY, **change)) == codes


def test_whose_account_it_is_stays_unsaid() -> None:
    (finding,) = account_findings(GOOD["iban"], is_taken=True)

    assert account_findings(GOOD["iban"], is_taken=False) == []
    assert finding.message == "Another provider is paid to this account already."


@given(st.integers(0, 10**13))
def test_every_account_with_right_check_digits_is_taken_and_no_neighbour_is(number: int) -> None:
    iban = an_iban(number)
    other = f"{iban[:-1]}{(int(iban[-1]) + 1) % 10}"

    assert found(iban=iban) == []
    assert found(iban=other) == ["iban:iban"]


@given(st.text(max_size=40))
def test_no_account_is_too_odd_to_be_refused(text: str) -> None:
    assert isinstance(compact_iban(text), str)
    assert all(code.startswith("iban:") for code in found(iban=text))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="a facilitator with everything in order"),
        pytest.param({"groups_led_count": 0, "years_count": 0}, [], id="a beginner"),
        pytest.param({"groups_led_count": -1}, ["groups_led_count:count"], id="minus one group"),
        pytest.param({"years_count": 10_001}, ["years_count:count"], id="ten thousand years"),
        pytest.param({"code": "F 01"}, ["code:code"], id="a space in a code"),
        pytest.param({"code": "F" * 21}, ["code:code"], id="a code of 21 letters"),
        pytest.param({"display_name": ""}, ["display_name:missing"], id="no name"),
        pytest.param({"education": "a\x00b"}, ["education:character"], id="a null character"),
        pytest.param({"languages": ["xx"]}, ["languages:unknown"], id="an unknown language"),
    ],
)
def test_what_stands_against_a_facilitator(change: dict[str, Any], codes: list[str]) -> None:
    findings = facilitator_findings(a_facilitator_draft(**change), KNOWN, is_code_taken=False)

    assert [f"{f.field}:{f.code}" for f in findings] == codes


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param({}, [], id="a venue with everything in order"),
        pytest.param({"rent_amount": Decimal("390.50")}, [], id="with a rent"),
        pytest.param({"rent_amount": Decimal("-0.01")}, ["rent_amount:rent"], id="a negative rent"),
        pytest.param({"rent_amount": Decimal("1.005")}, ["rent_amount:rent"], id="half a cent"),
        pytest.param({"rent_amount": Decimal("NaN")}, ["rent_amount:rent"], id="no number"),
        pytest.param({"seats_count": 1}, [], id="one seat"),
        pytest.param({"seats_count": 0}, ["seats_count:count"], id="no seat"),
        pytest.param({"county": "EE-99"}, ["county:unknown"], id="no such county"),
        pytest.param({"kind": "tent"}, ["kind:unknown"], id="a tent"),
        pytest.param({"owner": "nobody"}, ["owner:unknown"], id="nobody's"),
    ],
)
def test_what_stands_against_a_venue(change: dict[str, Any], codes: list[str]) -> None:
    findings = venue_findings(a_venue_draft(**change), KNOWN, is_code_taken=False)

    assert [f"{f.field}:{f.code}" for f in findings] == codes


def test_a_code_that_is_taken_is_said_for_facilitators_and_venues() -> None:
    facilitator = facilitator_findings(a_facilitator_draft(), KNOWN, is_code_taken=True)
    venue = venue_findings(a_venue_draft(), KNOWN, is_code_taken=True)

    assert [f.code for f in (*facilitator, *venue)] == ["code-known", "code-known"]


NAMED_BY, SECOND, AT = uuid7(), uuid7(), datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAMED = Confirming(
    person_id=SECOND,
    is_own=True,
    proposed_by=NAMED_BY,
    proposed_at=AT,
    new_iban="EE849900000022115838",
    typed_iban="ee84 9900 0000 2211 5838",
    other_managers_count=1,
    note="",
)
OUTSIDE = msgspec.structs.replace(NAMED, is_own=False, other_managers_count=0, note="called")


@pytest.mark.parametrize(
    ("facts", "days", "codes"),
    [
        pytest.param(NAMED, 0, [], id="a second manager at once"),
        pytest.param(
            msgspec.structs.replace(NAMED, person_id=NAMED_BY), 9, ["same-person"], id="oneself"
        ),
        pytest.param(
            msgspec.structs.replace(NAMED, typed_iban="EE129900000022107919"),
            0,
            ["other-account"],
            id="another account than was named",
        ),
        pytest.param(OUTSIDE, 3, [], id="a finance officer on the last instant of the cooling"),
        pytest.param(OUTSIDE, 2.999, ["cooling"], id="not before"),
        pytest.param(
            msgspec.structs.replace(OUTSIDE, note="  "), 3, ["missing"], id="without a word"
        ),
        pytest.param(
            msgspec.structs.replace(OUTSIDE, other_managers_count=1),
            3,
            ["theirs"],
            id="there is a second manager",
        ),
    ],
)
def test_who_confirms_an_account(facts: Confirming, days: float, codes: list[str]) -> None:
    found = confirming_findings(facts, AT + timedelta(days=days), cooling_days=3)
    assert [finding.code for finding in found] == codes
