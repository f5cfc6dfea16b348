"""Clauses: made from the bid, the criteria and the payment scheme, then the standard library.

Pure. Each clause names what it rests on, so that a payment line leads back to the promise or the
rule behind it. Texts are written in English and Estonian; the Estonian text prevails.
Source: fixtures/contracts/clauses.yaml for the library; the awarded bid and its tender otherwise.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.contracts.rules.terms import Pots, Terms
from procure.contracts.states import ContractKind

PRICE = "PRICE"
VALUE = "VALUE"
FACILITATORS = "FACILITATORS"
PROMISE = "PROMISE"
ATTENDANCE = "ATTENDANCE"
MILESTONE = "MILESTONE"
OUTCOME = "OUTCOME"
GUARANTEE = "GUARANTEE"
CAP = "CAP"

FAMILIES = {  # of outcomes: English, Estonian
    "employment": ("work", "töö"),
    "education": ("education", "õpingud"),
    "other-service": ("another service", "teine teenus"),
    "progress": ("progress", "edasiminek"),
    "referral": ("municipal case management", "KOV juhtumikorraldus"),
}


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the two languages of a contract."""

    en: str
    et: str


UNITS = {  # of a price, as "for each …"
    "participant_training_day": Words("training day", "koolituspäeva"),
    "client_month": Words("month", "kuu"),
}


class LibraryClause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A standard clause, with its numbers and where they come from."""

    code: str
    kinds: list[ContractKind]
    title: Words
    text: Words
    params: dict[str, Any]
    source: str
    provenance: str


class Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The library, and the order of precedence of what makes up a contract, highest first."""

    description: str
    source: str
    items: list[LibraryClause]
    precedence: list[Words]
    words: dict[str, str]  # meanings of the payment schemes: English to Estonian


class Promise(msgspec.Struct, frozen=True):
    """What an awarded bid promised."""

    bid_id: UUID
    unit_price: Decimal
    answers: Mapping[str, str] = {}  # by criterion code
    facilitators: Sequence[str] = ()
    promised_rates: Mapping[str, Decimal] = {}  # by outcome family


class Criterion(msgspec.Struct, frozen=True):
    """A criterion of the tender that the bid answered."""

    id: UUID
    code: str
    kind: str
    name: str


class DocumentClause(msgspec.Struct, frozen=True):
    """One clause as it stands in the document."""

    number: str
    code: str
    title: str
    text: str
    title_et: str
    text_et: str
    params: Mapping[str, Any]
    source_kind: str
    source_id: UUID | None
    source: str
    provenance: str


class ClauseBasis(msgspec.Struct, frozen=True):
    """What the clauses of one contract are made from."""

    terms: Terms
    pots: Pots
    promise: Promise
    criteria: Sequence[Criterion]
    scheme_id: UUID | None
    inherited: Promise | None = None  # of the framework's bid, for a call-off
    inherited_criteria: Sequence[Criterion] = ()


def clauses_of(basis: ClauseBasis, library: Library) -> list[DocumentClause]:
    """Write every clause of a contract, numbered 1.1, 1.2 … in its three parts.

    1 what was promised and for which price, 2 how it is paid, 3 the standard clauses.
    """
    parts = [_promised(basis), _paid(basis, library.words), _standard(basis.terms.kind, library)]
    return [
        msgspec.structs.replace(clause, number=f"{part}.{position}")
        for part, clauses in enumerate(parts, start=1)
        for position, clause in enumerate(clauses, start=1)
    ]


def _promised(basis: ClauseBasis) -> list[DocumentClause]:
    terms, own = basis.terms, basis.promise
    price = next((c for c in basis.criteria if c.kind == "price"), None)
    unit = UNITS.get(terms.unit, UNITS["participant_training_day"])
    found = [
        _clause(
            PRICE,
            Words("Price", "Hind"),
            Words(
                f"The price is {_en(terms.unit_price)} {terms.currency}, without VAT, for one "
                f"participant and {unit.en}.",
                f"Ühe osaleja ühe {unit.et} hind on {_et(terms.unit_price)} {terms.currency} ilma "
                "käibemaksuta.",
            ),
            source_kind="bid",
            source_id=own.bid_id,
            source=f"The provider's tender, criterion {price.code}" if price else "The bid",
            params={"unit_price": str(terms.unit_price)},
        ),
        _value(basis),
    ]
    named = own if own.facilitators else (basis.inherited or own)
    if named.facilitators:
        names = ", ".join(named.facilitators)
        found.append(
            _clause(
                FACILITATORS,
                Words("Named facilitators", "Nimetatud juhendajad"),
                Words(
                    f"The groups are led by the facilitators named in the tender: {names}.",
                    f"Gruppe juhendavad pakkumuses nimetatud juhendajad: {names}.",
                ),
                source_kind="bid",
                source_id=named.bid_id,
                source="The provider's tender",
                params={"facilitators": list(named.facilitators)},
            )
        )
    answered = own if own.answers else (basis.inherited or own)
    criteria = basis.criteria if own.answers else (basis.inherited_criteria or basis.criteria)
    found += [
        _clause(
            f"CRITERION-{criterion.code}",
            Words(criterion.name, criterion.name),
            Words(
                f"The provider delivers what its tender says: “{answered.answers[criterion.code]}”",
                f"Teenuseosutaja täidab, mida pakkumus lubab: „{answered.answers[criterion.code]}”",
            ),
            source_kind="criterion",
            source_id=criterion.id,
            source=f"Award criterion {criterion.code} and the tender's answer to it",
            params={"criterion": criterion.code, "bid_id": str(answered.bid_id)},
        )
        for criterion in criteria
        if answered.answers.get(criterion.code)
    ]
    promised = own if own.promised_rates else (basis.inherited or own)
    if promised.promised_rates:
        found.append(_yardstick(promised))
    return found


def _value(basis: ClauseBasis) -> DocumentClause:
    terms = basis.terms
    group_en = (
        f"A group has {terms.places_count} places and {terms.days_count} training days and costs "
        f"{_en(terms.full_value_amount)} {terms.currency} if every place is paid every day. "
    )
    group_et = (
        f"Grupis on {terms.places_count} kohta ja {terms.days_count} koolituspäeva; kui tasutakse "
        f"iga koha iga päev, maksab grupp {_et(terms.full_value_amount)} {terms.currency}. "
    )
    if terms.kind == ContractKind.FRAMEWORK:
        text = Words(
            group_en + f"What all partners of this lot are called off together is at most "
            f"{_en(terms.ceiling_amount)} {terms.currency}. The framework obliges the buyer to no "
            "volume; groups are called off by mini-competition among its partners.",
            group_et + f"Kõigi osa raamlepingupartnerite tellimuste maksumus kokku on kuni "
            f"{_et(terms.ceiling_amount)} {terms.currency}. Raamleping ei kohusta hankijat "
            "tellima; grupid tellitakse partnerite vahelise minikonkursiga.",
        )
    else:
        text = Words(
            group_en + f"This contract is for {terms.groups_count} group(s) and costs at most "
            f"{_en(terms.ceiling_amount)} {terms.currency}.",
            group_et + f"Leping hõlmab grupp: {terms.groups_count}; lepingu maksumus on kuni "
            f"{_et(terms.ceiling_amount)} {terms.currency}.",
        )
    return _clause(
        VALUE,
        Words("Volume and ceiling", "Maht ja piirmaksumus"),
        text,
        source_kind="library",
        source_id=None,
        source="RHS § 29, § 30",
        params={"ceiling_amount": str(terms.ceiling_amount), "groups": terms.groups_count},
    )


def _yardstick(promised: Promise) -> DocumentClause:
    def said(language: int) -> str:
        return ", ".join(
            f"{FAMILIES.get(family, (family, family))[language]} {_percent(rate)} %"
            for family, rate in promised.promised_rates.items()
        )

    return _clause(
        PROMISE,
        Words("Promised outcomes", "Lubatud tulemused"),
        Words(
            f"Of all participants the tender promises: {said(0)}. Verified outcomes are measured "
            "against this promise.",
            f"Kõigist osalejatest lubab pakkumus: {said(1)}. Tõendatud tulemusi võrreldakse "
            "selle lubadusega.",
        ),
        source_kind="bid",
        source_id=promised.bid_id,
        source="The provider's tender",
        params={family: str(rate) for family, rate in promised.promised_rates.items()},
    )


def _paid(basis: ClauseBasis, words: Mapping[str, str]) -> list[DocumentClause]:
    scheme, found = basis.terms.scheme, []
    if scheme.attendance_share:
        found.append(_attendance(basis))
    if scheme.guarantee_share:
        found.append(_guarantee(basis))
    if scheme.milestone_share:
        found.append(_milestones(basis, words))
    if scheme.outcome_share:
        found += _outcomes(basis)
    return found


def _attendance(basis: ClauseBasis) -> DocumentClause:
    scheme, price, money = basis.terms.scheme, basis.pots.attendance_price, basis.terms.currency
    share, days = _percent(scheme.attendance_share), scheme.success_vacancy_days
    unit = UNITS.get(basis.terms.unit, UNITS["participant_training_day"])
    vacant = Words("", "")
    if days:
        vacant = Words(
            " When a participant leaves for work or studies, the empty place is paid for up to "
            f"{days} training days, or until another person takes it.",
            " Kui osaleja läheb tööle või õppima, tasutakse vaba koha eest kuni "
            f"{days} koolituspäeva või kuni koha täitmiseni.",
        )
    return _clause(
        ATTENDANCE,
        Words("Pay for attendance", "Tasu osalemise eest"),
        Words(
            f"{share} % of the price, {_en(price)} {money}, is paid for each {unit.en} on which "
            f"a participant is present or excused.{vacant.en}",
            f"{share} % hinnast, {_et(price)} {money}, tasutakse iga {unit.et} eest, millal "
            f"osaleja on kohal või puudub mõjuval põhjusel.{vacant.et}",
        ),
        **_from_scheme(basis),
        params={"day_price": str(price), "success_vacancy_days": days},
    )


def _guarantee(basis: ClauseBasis) -> DocumentClause:
    guarantee = _percent(basis.terms.scheme.guarantee_share)
    days = basis.pots.guarantee_days_count
    return _clause(
        GUARANTEE,
        Words("Place guarantee", "Kohtade garantii"),
        Words(
            f"At least {guarantee} % of places × training days, which is {days} participant days "
            "of a group, is paid, unless the provider caused the shortage.",
            f"Tasutakse vähemalt {guarantee} % kohtade ja koolituspäevade korrutisest, see on "
            f"{days} osalejapäeva grupi kohta, kui puudujääki ei põhjustanud teenuseosutaja.",
        ),
        **_from_scheme(basis),
        params={"days": days},
    )


def _milestones(basis: ClauseBasis, words: Mapping[str, str]) -> DocumentClause:
    money, amounts = basis.terms.currency, basis.pots.milestone_amounts
    meanings = basis.terms.scheme.milestone_meanings
    share = _percent(basis.terms.scheme.milestone_share)
    en = "; ".join(
        f"{code} {meanings[code]}: {_en(amount)} {money}" for code, amount in amounts.items()
    )
    et = "; ".join(
        f"{code} {words.get(meanings[code], meanings[code])}: {_et(amount)} {money}"
        for code, amount in amounts.items()
    )
    return _clause(
        MILESTONE,
        Words("Pay for milestones", "Tasu vahetulemuste eest"),
        Words(
            f"{share} % of the full value is paid for milestones, each once a participant: {en}.",
            f"{share} % täismaksumusest tasutakse vahetulemuste eest, iga osaleja kohta üks kord: "
            f"{et}.",
        ),
        **_from_scheme(basis),
        params={code: str(amount) for code, amount in amounts.items()},
    )


def _outcomes(basis: ClauseBasis) -> list[DocumentClause]:
    scheme, pots, money = basis.terms.scheme, basis.pots, basis.terms.currency
    share = _percent(scheme.outcome_share)
    bands = ", ".join(
        f"{band} × {_en_number(value)}" for band, value in scheme.band_multipliers.items()
    )
    bands_et = bands.replace(".", ",")
    return [
        _clause(
            OUTCOME,
            Words("Pay for outcomes", "Tasu tulemuste eest"),
            Words(
                f"{share} % of the full value is paid for outcomes under their published "
                f"definitions: {_en(pots.outcome_base_amount)} {money} for a participant, times "
                f"the risk band at referral ({bands}) and the share of the kind of outcome. One "
                "family of outcomes is paid for a participant.",
                f"{share} % täismaksumusest tasutakse tulemuste eest avaldatud mõistete alusel: "
                f"{_et(pots.outcome_base_amount)} {money} osaleja kohta, korrutatuna suunamisel "
                f"määratud riskirühma kordajaga ({bands_et}) ja tulemuse liigi osakaaluga. Osaleja "
                "kohta tasutakse üks tulemuste liik.",
            ),
            **_from_scheme(basis),
            params={"base_amount": str(pots.outcome_base_amount)},
        ),
        _clause(
            CAP,
            Words("Cap on outcome pay", "Tulemustasu ülempiir"),
            Words(
                f"Pay for the outcomes of a group is at most {_en(pots.outcome_cap_amount)} "
                f"{money}, {_percent(scheme.outcome_cap_share)} % of its share.",
                f"Grupi tulemustasu on kuni {_et(pots.outcome_cap_amount)} {money}, "
                f"{_percent(scheme.outcome_cap_share)} % selle osast.",
            ),
            **_from_scheme(basis),
            params={"cap_amount": str(pots.outcome_cap_amount)},
        ),
    ]


def _from_scheme(basis: ClauseBasis) -> dict[str, Any]:
    scheme = basis.terms.scheme
    return {
        "source_kind": "scheme",
        "source_id": basis.scheme_id,
        "source": f"Payment scheme {scheme.code}, version {scheme.version}",
    }


def _standard(kind: str, library: Library) -> list[DocumentClause]:
    return [
        DocumentClause(
            number="",
            code=clause.code,
            title=clause.title.en,
            text=clause.text.en.format(**clause.params),
            title_et=clause.title.et,
            text_et=clause.text.et.format(**clause.params),
            params=clause.params,
            source_kind="library",
            source_id=None,
            source=clause.source,
            provenance=clause.provenance,
        )
        for clause in library.items
        if kind in clause.kinds
    ]


def _clause(
    code: str,
    title: Words,
    text: Words,
    *,
    source_kind: str,
    source_id: UUID | None,
    source: str,
    params: Mapping[str, Any],
) -> DocumentClause:
    return DocumentClause(
        number="",
        code=code,
        title=title.en,
        text=text.en,
        title_et=title.et,
        text_et=text.et,
        params=params,
        source_kind=source_kind,
        source_id=source_id,
        source=source,
        provenance="sourced",
    )


def _en(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", "\u00a0")


def _et(amount: Decimal) -> str:
    return _en(amount).replace(".", ",")


def _en_number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _percent(share: Decimal) -> str:
    """Say a share as a percentage, without zeros at the end.

    >>> _percent(Decimal("0.60")), _percent(Decimal("0.125"))
    ('60', '12.5')
    """
    return _en_number(share * 100)
