"""What a contract pays for, written in the format of payment terms: from its scheme and price.

Pure. The terms are of one group, as prices and caps are; they are part of the signed document, so
that anyone can compute with them (docs/formats/payment-terms.md). Amounts are in its currency.
Source: payment scheme as the contract carries it (domain 9.4).
"""

from collections.abc import Sequence
from decimal import Decimal

from procure.contracts.rules.terms import Terms
from procure.entitlement import terms as paid
from procure.entitlement.language import (
    Facts,
    First,
    FromTable,
    Least,
    Named,
    OfFact,
    Product,
    Quotient,
    Rounded,
    Total,
    Value,
)

START = "joined"  # the fact that begins a participant; its word `band` is frozen
DAY_RATE, CAP, GUARANTEED = "day rate", "outcome cap", "guaranteed days"
MILESTONES = {
    "M1": Facts(what=["individual-plan"], words={"in_time": ["yes"]}),
    "M2": Facts(what=["relevant-visit"]),
    "M3": Facts(what=["exit-plan"]),
}


def payment_terms(terms: Terms, families: Sequence[str]) -> paid.Terms:
    """Write a contract's scheme as payment terms; `families` are those of its outcomes.

    Attendance is counted in facts of a value (days); an outcome is a fact with its factor, and
    counts once it is verified. Raises ValueError for a milestone that nobody knows how to check.
    """
    scheme = terms.scheme
    outcomes = [outcome_fee(family) for family in families]
    fees: list[paid.AnyFee] = [_attendance(terms)]
    fees += [_milestone(terms, code) for code in sorted(scheme.milestones)]
    fees += [_outcome(family) for family in families]
    fees.append(_guarantee())
    limits: list[paid.Limit] = [
        # What a family brings is at most one whole outcome, however many definitions it has.
        paid.QuantityAtMost(
            code=f"whole-{family}", fees=[outcome_fee(family)], most=Decimal(1), clause="OUTCOME"
        )
        for family in families
    ]
    if outcomes and scheme.one_family_per_participant:
        found = {family: [outcome_fee(family)] for family in families}
        limits.append(paid.OnlyBest(code="one-family", families=found, clause="OUTCOME"))
    if outcomes:
        limits.append(
            paid.AtMost(
                code="cap", fees=outcomes, most=Named(name=CAP), per="contract", cut="apart",
                clause="CAP",
            )
        )  # fmt: skip
    band = [
        paid.Row(value=multiplier, words={"band": [name]})
        for name, multiplier in sorted(scheme.band_multipliers.items())
    ]
    return paid.Terms(
        format="procure-payment-terms",
        format_version=1,
        code=terms.number,
        version=1,
        currency=terms.currency,
        fees=fees,
        title=f"One group: {terms.places_count} places, {terms.days_count} days",
        source=f"payment scheme {scheme.code}, version {scheme.version}",
        starts_on=terms.starts_on,
        ends_until=terms.ends_until,
        start=START,
        tables={"band": paid.Table(rows=band, source="frozen at referral")},
        named=_named(terms),
        report=[DAY_RATE, GUARANTEED],
        limits=limits,
    )


def outcome_fee(family: str) -> str:
    """Return the code of the fee that a family of outcomes has."""
    return f"outcome-{family}"


def _named(terms: Terms) -> dict[str, Value]:
    scheme = terms.scheme
    full, places = Named(name="full value"), Decimal(terms.places_count)

    def of_place(share: Decimal) -> Quotient:
        return Quotient(of=Product(of=[full, share]), by=places)

    days = Least(
        of=[
            Decimal(terms.days_count),
            Total(facts=Facts(what=["training-days"], whose="contract")),
        ]
    )
    return {
        "unit price": terms.unit_price,
        "full value": terms.full_value_amount,
        # Rounded before it is multiplied, so that a day more never costs anyone a cent.
        DAY_RATE: Rounded(of=Product(of=[Named(name="unit price"), scheme.attendance_share])),
        "milestones of a place": of_place(scheme.milestone_share),
        "outcomes of a place": of_place(scheme.outcome_share),
        CAP: Rounded(of=Product(of=[full, scheme.outcome_share, scheme.outcome_cap_share])),
        GUARANTEED: Rounded(of=Product(of=[scheme.guarantee_share, places, days]), step=Decimal(1)),
    }


def _attendance(terms: Terms) -> paid.Unit:
    def part(what: str, most: int | None = None) -> paid.Part:
        limit = None if most is None else Decimal(most)
        return paid.Part(facts=Facts(what=[what]), quantity=OfFact(), most=limit)

    return paid.Unit(
        code="attendance",
        clause="ATTENDANCE",
        title="Days present, excused, and vacated by success",
        counts=[
            part("present"),
            part("excused"),
            part("success-vacancy", terms.scheme.success_vacancy_days),
        ],
        price=Named(name=DAY_RATE),
        per="person",
    )


def _milestone(terms: Terms, code: str) -> paid.Milestone:
    if code not in MILESTONES:
        raise ValueError(f"the scheme has milestone {code}, which nobody knows how to check")
    weight = terms.scheme.milestones[code]
    return paid.Milestone(
        code=code,
        clause="MILESTONE",
        title=terms.scheme.milestone_meanings[code],
        when=First(facts=MILESTONES[code]),
        price=Rounded(of=Product(of=[Named(name="milestones of a place"), weight])),
    )


def _outcome(family: str) -> paid.Unit:
    facts = Facts(what=["outcome"], words={"family": [family], "state": ["verified"]})
    return paid.Unit(
        code=outcome_fee(family),
        clause="OUTCOME",
        title=f"Verified outcomes of the family {family}",
        counts=[paid.Part(facts=facts, quantity=OfFact(number="factor"))],
        price=Product(of=[Named(name="outcomes of a place"), FromTable(name="band")]),
    )


def _guarantee() -> paid.Minimum:
    return paid.Minimum(
        code="guarantee",
        clause="GUARANTEE",
        title="A part of places and days is paid whoever comes",
        scope="contract",
        of=["attendance"],
        at_least=Named(name=GUARANTEED),
        price=Named(name=DAY_RATE),
    )
