"""Who may be taken in as a provider: every reason against, each with its field.

Pure: each fact is an argument. Amounts EUR a month.
Source: registry codes by the Commercial Register's modulus 11, IBAN by ISO 13616, VAT numbers by
their check digit; RHS § 95 for tax debt and standing, § 85 for the record of facilitators.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from stdnum import iban as _iban
from stdnum.ee import kmkr

from procure.kernel.codes import is_iban, is_registry_code
from procure.kernel.findings import Finding
from procure.kernel.money import is_money
from procure.kernel.texts import n_

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}", re.ASCII)
CHOOSE = {
    "legal_form": n_("Choose the legal form."),
    "kind": n_("Choose the kind."),
    "seat_county": n_("Choose the county of the seat."),
    "county": n_("Choose the county."),
    "owner": n_("Choose the owner."),
}
MOST = 10_000  # groups, years, seats: a larger number is a slip


class ProviderDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider as it is registered."""

    registry_code: str
    name: str
    legal_form: str
    kind: str
    seat_county: str
    languages: Sequence[str]
    iban: str
    email: str
    vat_number: str | None = None
    is_mission_driven: bool = False


class FacilitatorDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A facilitator as the provider records it; `languages` are those in which groups are led."""

    code: str
    display_name: str
    education: str
    profession: str
    groups_led_count: int
    years_count: int
    languages: Sequence[str]


class VenueDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A venue as it is recorded."""

    code: str
    county: str
    place: str
    kind: str
    owner: str
    seats_count: int
    is_accessible: bool
    has_public_transport: bool
    rent_amount: Decimal  # a month, EUR


class Company(msgspec.Struct, frozen=True):
    """What a business register says of a registry code."""

    registry_code: str
    name: str
    legal_form: str
    status: str  # "registered", or what became of it
    county: str
    address: str
    board: Sequence[str]
    tax_debt_since: date | None


class Known(msgspec.Struct, frozen=True):
    """The code lists that drafts are checked against."""

    counties: frozenset[str]
    languages: frozenset[str]
    provider_kinds: frozenset[str]
    venue_kinds: frozenset[str]
    venue_owners: frozenset[str]
    first_digits: Mapping[str, str]  # of a registry code, by legal form


class Taken(msgspec.Struct, frozen=True):
    """What of a draft is here already."""

    registry_code: bool = False  # by a provider or a buyer
    iban: bool = False
    org_id: UUID | None = None  # an organisation with accounts that is no provider yet
    org_name: str | None = None


def compact_iban(account: str) -> str:
    """Return an account as it is kept: capital letters and digits alone.

    >>> compact_iban("ee84 9900 0000 2211 5838")
    'EE849900000022115838'
    """
    return str(_iban.compact(account)).upper()


def tidy(draft: ProviderDraft) -> ProviderDraft:
    """Return the draft as it is kept: no spaces around, the account compact, each language once."""
    vat = (draft.vat_number or "").strip().upper().replace(" ", "")
    return msgspec.structs.replace(
        draft,
        registry_code=draft.registry_code.strip(),
        name=" ".join(draft.name.split()),
        iban=compact_iban(draft.iban),
        email=draft.email.strip().lower(),
        vat_number=vat or None,
        languages=list(dict.fromkeys(draft.languages)),
    )


def provider_findings(
    draft: ProviderDraft, known: Known, taken: Taken, company: Company | None = None
) -> list[Finding]:
    """List every reason why the provider cannot be registered; empty if it can.

    `company` is the register's answer where one was asked: it may contradict the draft, and its
    silence contradicts nothing.
    """
    return [
        *_code(draft, known, taken),
        *_text("name", draft.name, 200),
        *_member("legal_form", draft.legal_form, known.first_digits.keys()),
        *_member("kind", draft.kind, known.provider_kinds),
        *_member("seat_county", draft.seat_county, known.counties),
        *_languages(draft.languages, known),
        *account_findings(draft.iban, is_taken=taken.iban),
        *_contact(draft),
        *(_register(draft, company) if company else ()),
    ]


def _code(draft: ProviderDraft, known: Known, taken: Taken) -> Iterator[Finding]:
    if not is_registry_code(draft.registry_code):
        yield Finding(
            "registry-code",
            n_("{code} is not a registry code: eight digits with a check digit."),
            {"code": draft.registry_code[:20]},
            field="registry_code",
        )
        return
    digit = known.first_digits.get(draft.legal_form)
    if digit is not None and draft.registry_code[0] != digit:
        yield Finding(
            "legal-form",
            n_("Codes of this legal form begin with {digit}; this one begins with {found}."),
            {"digit": digit, "found": draft.registry_code[0]},
            field="legal_form",
        )
    if taken.registry_code:
        yield Finding(
            "registry-code-known",
            n_("An organisation with the registry code {code} is already here."),
            {"code": draft.registry_code},
            field="registry_code",
        )
    elif taken.org_name is not None and taken.org_name.casefold() != draft.name.casefold():
        yield Finding(
            "other-name-here",
            n_("The organisation with this registry code is called {name} here."),
            {"name": taken.org_name},
            field="name",
        )


def account_findings(iban: str, *, is_taken: bool) -> list[Finding]:
    """List what is wrong with an account to be paid to."""
    if not is_iban(iban):
        return [
            Finding(
                "iban",
                n_("{iban} is not an IBAN: its check digits are wrong or it is incomplete."),
                {"iban": iban[:40]},
                field="iban",
            )
        ]
    if is_taken:
        # Whose it is stays unsaid: the one who types it may be a competitor.
        return [
            Finding(
                "iban-known",
                n_("Another provider is paid to this account already."),
                field="iban",
            )
        ]
    return []


class Confirming(msgspec.Struct, frozen=True):
    """What decides whether a person may confirm another account (R9, P-11)."""

    person_id: UUID
    is_own: bool  # of the provider; otherwise a buyer's finance officer
    proposed_by: UUID
    proposed_at: datetime
    new_iban: str
    typed_iban: str
    other_managers_count: int  # of the provider, besides who named the account
    note: str


def confirming_findings(facts: Confirming, now: datetime, *, cooling_days: int) -> list[Finding]:
    """List why this person may not confirm this account now.

    A second person of the provider may at once. A buyer's finance officer may where there is no
    second person: after `cooling_days` of 24 hours, and with a word on how it was checked outside
    of this system. Source: promises R9 and P-11.
    """
    found = []
    if compact_iban(facts.typed_iban) != facts.new_iban:
        found.append(
            Finding(
                "other-account",
                n_("This is not the account that was named. Load the page again."),
                {},
                "P-8",
                "confirmed_iban",
            )
        )
    if facts.person_id == facts.proposed_by:
        found.append(
            Finding(
                "same-person",
                n_("You named this account, so a second person must confirm it."),
                {},
                "R9",
            )
        )
    elif not facts.is_own:
        found += _from_outside(facts, now, cooling_days)
    return found


def _from_outside(facts: Confirming, now: datetime, cooling_days: int) -> Iterator[Finding]:
    if facts.other_managers_count:
        yield Finding("theirs", n_("Another manager of this provider confirms it."), {}, "R9")
        return
    if now < (until := facts.proposed_at + timedelta(days=cooling_days)):
        yield Finding(
            "cooling",
            n_("You can confirm this account from {until} on."),
            {"until": until},
            "P-11",
        )
    if not facts.note.strip():
        yield Finding(
            "missing",
            n_("Say how you checked it outside of this system: whom you called, at which number."),
            {},
            "P-11",
            "note",
        )


def _contact(draft: ProviderDraft) -> Iterator[Finding]:
    if draft.vat_number is not None and not kmkr.is_valid(draft.vat_number):
        yield Finding(
            "vat-number",
            n_("{number} is not a VAT number: EE and nine digits with a check digit."),
            {"number": draft.vat_number[:20]},
            field="vat_number",
        )
    if len(draft.email) > 254 or not EMAIL.fullmatch(draft.email):
        yield Finding(
            "email",
            n_("{email} is not an e-mail address."),
            {"email": draft.email[:60]},
            field="email",
        )


def _register(draft: ProviderDraft, company: Company) -> Iterator[Finding]:
    if company.status != "registered":
        yield Finding(
            "not-registered",
            n_("The business register says of {code}: {status}."),
            {"code": company.registry_code, "status": company.status},
            field="registry_code",
        )
    if company.name.casefold() != draft.name.casefold():
        yield Finding(
            "other-name",
            n_("The business register has another name for {code}: {name}."),
            {"code": company.registry_code, "name": company.name},
            field="name",
        )
    if company.tax_debt_since is not None:
        yield Finding(
            "tax-debt",
            n_("The register shows a tax debt since {since}."),
            {"since": company.tax_debt_since},
            "RHS § 95",
            "registry_code",
        )


def facilitator_findings(
    draft: FacilitatorDraft, known: Known, *, is_code_taken: bool
) -> list[Finding]:
    """List every reason why the record cannot be kept; empty if it can."""
    found = [
        *_short_code(draft.code),
        *_text("display_name", draft.display_name, 100),
        *_text("education", draft.education, 200),
        *_text("profession", draft.profession, 200),
        *_count("groups_led_count", draft.groups_led_count, least=0),
        *_count("years_count", draft.years_count, least=0),
        *_languages(draft.languages, known),
    ]
    if is_code_taken:
        found.append(
            Finding(
                "code-known",
                n_("You have a facilitator {code} already; change that record instead."),
                {"code": draft.code},
                field="code",
            )
        )
    return found


def venue_findings(draft: VenueDraft, known: Known, *, is_code_taken: bool) -> list[Finding]:
    """List every reason why the venue cannot be recorded; empty if it can."""
    found = [
        *_short_code(draft.code),
        *_member("county", draft.county, known.counties),
        *_text("place", draft.place, 100),
        *_member("kind", draft.kind, known.venue_kinds),
        *_member("owner", draft.owner, known.venue_owners),
        *_count("seats_count", draft.seats_count, least=1),
    ]
    if not is_money(draft.rent_amount) or not 0 <= draft.rent_amount < Decimal(10) ** 9:
        found.append(
            Finding(
                "rent", n_("The rent is an amount of 0 or more, in cents."), {}, "", "rent_amount"
            )
        )
    if is_code_taken:
        found.append(
            Finding(
                "code-known",
                n_("A venue {code} is here already."),
                {"code": draft.code},
                field="code",
            )
        )
    return found


def _text(field: str, text: str, most: int) -> Iterator[Finding]:
    if not text.strip():
        yield Finding("missing", n_("Fill this in."), field=field)
    elif len(text) > most:
        yield Finding(
            "too-long",
            n_("At most {most} characters; these are {length}."),
            {"most": most, "length": len(text)},
            field=field,
        )
    elif "\x00" in text:
        yield Finding(
            "character", n_("This field holds a character that cannot be kept."), field=field
        )


def _short_code(code: str) -> Iterator[Finding]:
    if not CODE.fullmatch(code):
        yield Finding(
            "code",
            n_("{code} is not a code: up to 20 letters, digits and . _ / -"),
            {"code": code[:30]},
            field="code",
        )


def _member(field: str, code: str, allowed: Set[str]) -> Iterator[Finding]:
    if not code:
        yield Finding("missing", CHOOSE.get(field, n_("Choose one of the list.")), field=field)
    elif code not in allowed:
        yield Finding("unknown", n_("{code} is not in the list."), {"code": code[:40]}, field=field)


def _languages(languages: Sequence[str], known: Known) -> Iterator[Finding]:
    if not languages:
        yield Finding("missing", n_("Choose at least one language."), field="languages")
    for language in languages:
        yield from _member("languages", language, known.languages)


def _count(field: str, number: int, *, least: int) -> Iterator[Finding]:
    if not least <= number <= MOST:
        yield Finding(
            "count",
            n_("A whole number from {least} to {most}."),
            {"least": least, "most": MOST},
            field=field,
        )
