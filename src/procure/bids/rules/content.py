"""What a bid says, and every reason why it cannot be taken.

Source: RHS §§ 30, 110, 113; the criteria of the tender's documents.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.bids.rules.files import FileRef
from procure.bids.rules.offer import (
    Partner,
    PriceLine,
    Subcontractor,
    party_findings,
    schedule_findings,
)
from procure.kernel.findings import Finding
from procure.kernel.money import is_usable
from procure.kernel.texts import n_
from procure.tenders.rules import TenderFacts
from procure.tenders.states import CriterionKind, LotState

FINEST_PRICE = 4  # decimals
HIGHEST_PRICE = Decimal(10) ** 9
LONGEST_ANSWER = 20_000
MOST_FACILITATORS = 20


class FacilitatorRef(msgspec.Struct, frozen=True):
    """A named facilitator, with the record as it stood when the bid was submitted."""

    id: UUID
    code: str
    groups_led_count: int


class BidDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A bid for one lot as its bidder sends it."""

    tender_id: UUID
    lot_id: UUID
    unit_price: Decimal
    answers: Mapping[str, str] = {}  # by the code of a quality criterion
    facilitator_ids: Sequence[UUID] = ()
    promised_rates: Mapping[str, Decimal] = {}  # by outcome family, 0 to 1
    remarks: str = ""
    file_ids: Sequence[UUID] = ()  # uploaded beforehand
    consortium: Sequence[Partner] = ()
    subcontractors: Sequence[Subcontractor] = ()
    price_lines: Sequence[PriceLine] = ()


class BidContent(msgspec.Struct, frozen=True, kw_only=True):
    """A bid as it is sealed, and later opened and scored."""

    tender_id: UUID
    lot_id: UUID
    provider_org_id: UUID
    provider_name: str
    version: int
    unit_price: Decimal
    answers: Mapping[str, str]
    facilitators: Sequence[FacilitatorRef]
    promised_rates: Mapping[str, Decimal]
    remarks: str
    files: Sequence[FileRef] = ()
    consortium: Sequence[Partner] = ()
    subcontractors: Sequence[Subcontractor] = ()
    price_lines: Sequence[PriceLine] = ()


class BidHeader(msgspec.Struct, frozen=True):
    """Where a sealed bid belongs; inside the ciphertext, so that it opens nowhere else (T-18)."""

    tender_id: UUID
    lot_id: UUID
    provider_org_id: UUID
    bid_id: UUID
    version: int


class SealedContent(msgspec.Struct, frozen=True):
    """What is encrypted."""

    header: BidHeader
    content: BidContent


class BidderFacts(msgspec.Struct, frozen=True):
    """What is known of the bidder."""

    org_id: UUID
    is_admitted: bool
    facilitators: Sequence[FacilitatorRef]
    files: Sequence[FileRef] = ()  # sealed, for this tender
    name: str = ""


def bid_findings(draft: BidDraft, tender: TenderFacts, bidder: BidderFacts) -> list[Finding]:
    """List every reason why the bid cannot be taken; fields as in the form and the API."""
    return [
        *_bidder(tender, bidder),
        *_lot(draft, tender),
        *_price(draft, tender),
        *_answers(draft, tender),
        *_facilitators(draft, tender, bidder),
        *_promises(draft),
        *_files(draft, bidder),
        *party_findings(bidder.name, draft.consortium, draft.subcontractors),
        *_schedule(draft, tender),
    ]


def _bidder(tender: TenderFacts, bidder: BidderFacts) -> Iterator[Finding]:
    if not bidder.is_admitted:
        yield Finding("not-admitted", n_("Only an admitted provider can bid."), clause="RHS § 95")
    if tender.invited_ids and bidder.org_id not in tender.invited_ids:
        yield Finding(
            "not-invited",
            n_("Only those who hold the framework's lot and were invited can bid."),
            clause="RHS § 30",
        )


def _lot(draft: BidDraft, tender: TenderFacts) -> Iterator[Finding]:
    lot = tender.lot(draft.lot_id)
    if lot is None:
        yield Finding("lot", n_("This tender has no such lot."), field="lot_id")
    elif lot.state != LotState.OPEN:
        yield Finding("lot", n_("Lot {code} is no longer open."), {"code": lot.code}, "", "lot_id")


def _price(draft: BidDraft, tender: TenderFacts) -> Iterator[Finding]:
    price = draft.unit_price
    if not is_usable(price) or not 0 < price < HIGHEST_PRICE:
        yield Finding("price", n_("A price is more than 0."), field="unit_price")
    elif price != round(price, FINEST_PRICE):
        yield Finding(
            "price",
            n_("A price has at most {most} decimals; this is {price}."),
            {"most": FINEST_PRICE, "price": price},
            field="unit_price",
        )
    elif tender.is_price_fixed and (lot := tender.lot(draft.lot_id)) and price != lot.unit_price:
        yield Finding(
            "fixed-price",
            n_("The price is fixed at {price}."),
            {"price": lot.unit_price},
            "RHS § 85(7)",
            "unit_price",
        )


def _answers(draft: BidDraft, tender: TenderFacts) -> Iterator[Finding]:
    asked = {c.code: c for c in tender.criteria if c.kind == CriterionKind.QUALITY}
    for code, criterion in asked.items():
        answer = draft.answers.get(code, "")
        if not answer.strip():
            yield Finding(
                "answer",
                n_("{name} is scored and needs an answer."),
                {"name": criterion.name},
                field=f"answers.{code}",
            )
        elif len(answer) > LONGEST_ANSWER:
            yield Finding(
                "too-long",
                n_("At most {most} characters; these are {length}."),
                {"most": LONGEST_ANSWER, "length": len(answer)},
                field=f"answers.{code}",
            )
    for code in draft.answers.keys() - asked.keys():
        yield Finding(
            "answer-unasked",
            n_("The tender asks no question {code}."),
            {"code": code},
            field=f"answers.{code}",
        )
    if len(draft.remarks) > LONGEST_ANSWER:
        yield Finding(
            "too-long",
            n_("At most {most} characters; these are {length}."),
            {"most": LONGEST_ANSWER, "length": len(draft.remarks)},
            field="remarks",
        )


def _facilitators(draft: BidDraft, tender: TenderFacts, bidder: BidderFacts) -> Iterator[Finding]:
    if len(set(draft.facilitator_ids)) < len(draft.facilitator_ids):
        yield Finding("facilitator", n_("A facilitator is named once."), field="facilitator_ids")
    if len(draft.facilitator_ids) > MOST_FACILITATORS:
        yield Finding(
            "facilitator",
            n_("At most {most} facilitators."),
            {"most": MOST_FACILITATORS},
            field="facilitator_ids",
        )
    known = {facilitator.id for facilitator in bidder.facilitators}
    if set(draft.facilitator_ids) - known:
        yield Finding(
            "facilitator",
            n_("Name facilitators of your own organisation; record them first."),
            clause="RHS § 85",
            field="facilitator_ids",
        )
    scored = any(c.kind == CriterionKind.OBJECTIVE for c in tender.criteria)
    if scored and not draft.facilitator_ids:
        yield Finding(
            "facilitator",
            n_("The record of named facilitators is scored; name at least one."),
            clause="RHS § 85",
            field="facilitator_ids",
        )


def _promises(draft: BidDraft) -> Iterator[Finding]:
    for family, rate in draft.promised_rates.items():
        if not family.strip() or len(family) > 30:
            yield Finding("promise", n_("Name the kind of outcome."), field="promised_rates")
        if not is_usable(rate) or not 0 <= rate <= 1:
            yield Finding(
                "promise",
                n_("A promised rate is a share from 0 to 1; this is {rate}."),
                {"rate": str(rate)},
                field=f"promised_rates.{family}",
            )


def _files(draft: BidDraft, bidder: BidderFacts) -> Iterator[Finding]:
    if len(set(draft.file_ids)) < len(draft.file_ids):
        yield Finding("file", n_("A file is named once."), field="file_ids")
    if set(draft.file_ids) - {file.id for file in bidder.files}:
        yield Finding(
            "file",
            n_("A file is not uploaded to its end, was not taken, or is for another tender."),
            field="file_ids",
        )


def _schedule(draft: BidDraft, tender: TenderFacts) -> Iterator[Finding]:
    if lot := tender.lot(draft.lot_id):
        units = lot.groups_count * lot.places_count * lot.days_count
        yield from schedule_findings(draft.price_lines, draft.unit_price, units)


def header_differences(found: SealedContent, expected: BidHeader) -> list[str]:
    """Name what in a decrypted bid does not belong to the row it was kept in; empty if all does."""
    content = found.content
    inner = BidHeader(
        content.tender_id,
        content.lot_id,
        content.provider_org_id,
        expected.bid_id,
        content.version,
    )
    return [
        name
        for name in BidHeader.__struct_fields__
        if getattr(found.header, name) != getattr(expected, name)
        or getattr(inner, name) != getattr(expected, name)
    ]
