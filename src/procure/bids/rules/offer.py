"""Who does the work with the bidder, and how the price is made up.

Shares of the work from 0 to 1; prices and amounts in the tender's currency without VAT. Source:
Directive 2014/24/EU art. 19(2), 63 and 71; RHS § 117 (arithmetic).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.money import rounded
from procure.kernel.texts import n_

MOST_LINES = 100
LONGEST_NAME, LONGEST_CODE = 200, 30
LARGEST = Decimal(10) ** 12


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another who bids together with the bidder, liable for all of it."""

    name: str
    registry_code: str
    share: Decimal  # of the work


class Subcontractor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another who does a part for the bidder."""

    name: str
    registry_code: str
    work: str
    share: Decimal


class PriceLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the price schedule; all lines together make the price of the whole lot."""

    label: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


def party_findings(
    own_name: str, partners: Sequence[Partner], subcontractors: Sequence[Subcontractor]
) -> Iterator[Finding]:
    """List what is wrong with the others who are named."""
    named_by: tuple[tuple[str, Sequence[Partner | Subcontractor]], ...] = (
        ("consortium", partners),
        ("subcontractors", subcontractors),
    )
    for field, parties in named_by:
        named = [party.registry_code.strip() for party in parties]
        if len(parties) > MOST_LINES:
            yield Finding("too-many", n_("At most {most} lines."), {"most": MOST_LINES}, "", field)
        if len(set(named)) < len(named):
            yield Finding("party", n_("Each organisation is named once."), field=field)
        for number, party in enumerate(parties, 1):
            yield from _party(field, number, own_name, party)
    shares = [one.share for one in partners] + [one.share for one in subcontractors]
    if all(share.is_finite() for share in shares) and sum(shares, Decimal(0)) > 1:
        yield Finding(
            "shares",
            n_("The shares of the others are {sum} of the work together; at most 1 is left."),
            {"sum": str(sum(shares, Decimal(0)))},
            field="consortium" if partners else "subcontractors",
        )


def _party(
    field: str, number: int, own_name: str, party: Partner | Subcontractor
) -> Iterator[Finding]:
    if not party.name.strip() or len(party.name) > LONGEST_NAME:
        yield Finding("party", n_("Line {number}: name the organisation."), {"number": number},
                      field=field)  # fmt: skip
    elif party.name.strip().casefold() == own_name.casefold():
        yield Finding("party", n_("Line {number}: name others, not yourself."), {"number": number},
                      field=field)  # fmt: skip
    if not party.registry_code.strip() or len(party.registry_code) > LONGEST_CODE:
        yield Finding("party", n_("Line {number}: give its registry code."), {"number": number},
                      field=field)  # fmt: skip
    if not party.share.is_finite() or not 0 < party.share <= 1:
        yield Finding(
            "share",
            n_("Line {number}: its share of the work is more than 0 and at most 1."),
            {"number": number},
            field=field,
        )
    if isinstance(party, Subcontractor) and not party.work.strip():
        yield Finding("party", n_("Line {number}: say what it does."), {"number": number},
                      field=field)  # fmt: skip


def schedule_findings(
    lines: Sequence[PriceLine], unit_price: Decimal, units: int
) -> Iterator[Finding]:
    """List where the price schedule does not reckon: each line, and all of them together.

    `units` is how many the lot has: groups × places × days. Without lines there is no schedule.
    """
    if len(lines) > MOST_LINES:
        yield Finding("too-many", n_("At most {most} lines."), {"most": MOST_LINES}, "",
                      "price_lines")  # fmt: skip
    numbers = [unit_price, *(n for x in lines for n in (x.quantity, x.unit_price, x.amount))]
    if not all(number.is_finite() and abs(number) < LARGEST for number in numbers):
        if lines:
            yield Finding("number", n_("A line holds what is no number."), field="price_lines")
        return
    for number, line in enumerate(lines, 1):
        if not line.label.strip():
            yield Finding("label", n_("Line {number}: say what it is for."), {"number": number},
                          field="price_lines")  # fmt: skip
        right = rounded(line.quantity * line.unit_price)
        if line.amount != right:
            yield Finding(
                "arithmetic",
                n_("Line {number}: {quantity} × {price} is {right}, not {amount}."),
                {
                    "number": number,
                    "quantity": str(line.quantity),
                    "price": str(line.unit_price),
                    "right": str(right),
                    "amount": str(line.amount),
                },
                "RHS § 117",
                "price_lines",
            )
    total, whole = sum((line.amount for line in lines), Decimal(0)), rounded(unit_price * units)
    if lines and total != whole:
        yield Finding(
            "arithmetic",
            n_(
                "The lines are {total} together, and {units} units at {price} are {whole}: change "
                "the price or a line."
            ),
            {
                "total": str(total),
                "units": units,
                "price": str(unit_price),
                "whole": str(whole),
            },
            "RHS § 117",
            "price_lines",
        )
