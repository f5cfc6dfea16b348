"""Drafts of tenders: every reason why one cannot be published, with field and clause.

Prices and values in EUR without VAT. Source: RHS §§ 27, 29, 30, 85, 93, 125, 126; Directive
2014/24/EU Annex IV for the opening; THP for a service's dates.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.money import is_money, is_usable, rounded
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.scoring.format.file import Rule
from procure.tenders.rules.calendar import earliest_deadline
from procure.tenders.rules.law import RuleSet, procedure_needed
from procure.tenders.rules.scoring import SCORE_STEP, scoring_findings, scoring_rule
from procure.tenders.states import CriterionKind, LotState, PriceFormula

ALL_POINTS = Decimal(100)
LEAST_QUORUM = 2  # § 55(2) VgV and § 14 VOB/A: two together; promises T-10
NO_FRAMEWORK = "none"
LONGEST_TEXT = {"code": 20, "title": 200, "name": 200, "description": 20_000}
LARGEST = Decimal(10) ** 9
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)  # what calendars here reckon with
MOST_LOTS, MOST_CRITERIA, MOST_KEYHOLDERS = 200, 30, 15


class TableRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this fact on, this score; the last row that is reached counts."""

    at_least: Decimal
    score: Decimal


class CriterionParams(msgspec.Struct, frozen=True):
    """What a criterion needs besides weight and scale."""

    floor_price: Decimal | None = None  # full points at or below it
    ceiling_price: Decimal | None = None  # no points at or above it
    table: Sequence[TableRow] = ()


class LotDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lot as drafted."""

    code: str
    title: str
    counties: Sequence[str]
    language: str
    groups_count: int
    places_count: int
    days_count: int
    unit_price: Decimal


class CriterionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A criterion as drafted; its place in the list is its position."""

    code: str
    kind: CriterionKind
    name: str
    weight: Decimal
    formula: PriceFormula | None = None
    scale_max: Decimal | None = None
    minimum: Decimal | None = None
    floor_price: Decimal | None = None
    ceiling_price: Decimal | None = None
    table: Sequence[TableRow] = ()


class TenderDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole tender as drafted; a draft is replaced as a whole."""

    title: str
    description: str
    procedure: str
    service_code: str
    technique: str
    contract_starts_on: date
    contract_until: date  # exclusive
    payment_scheme: str
    max_suppliers_count: int
    deadline_at: datetime
    opening_quorum_count: int
    lots: Sequence[LotDraft]
    criteria: Sequence[CriterionDraft]
    keyholder_ids: Sequence[UUID]
    basis_id: UUID | None = None
    parent_lot_id: UUID | None = None
    invited_ids: Sequence[UUID] = ()
    is_price_fixed: bool = False
    reference: str | None = None  # none: the next free number of the year


class ServiceFact(msgspec.Struct, frozen=True):
    """The service as it is on the contract's first day."""

    code: str
    cpv: str
    unit: str
    valid_from: date
    valid_until: date | None  # exclusive


class ParentLot(msgspec.Struct, frozen=True):
    """The framework lot that a mini-competition calls off from."""

    lot_id: UUID
    lot_state: LotState
    technique: str
    contract_starts_on: date
    contract_until: date  # exclusive


class DraftContext(msgspec.Struct, frozen=True):
    """What the findings rest on besides the draft; stored with the publication."""

    started_on: date  # the day that chose the rule set
    rule_set: RuleSet
    service: ServiceFact | None
    parent: ParentLot | None
    counties: Sequence[str]
    languages: Sequence[str]
    schemes: Sequence[str]  # payment schemes that exist, of those the draft names
    people: Sequence[UUID]  # of the keyholders, those who are active people
    providers: Sequence[UUID]  # of the invited, those who are admitted providers
    low_price_share: Decimal = Decimal("0.6")  # a price below it, of the others, is asked about
    low_price_others: int = 1  # how many others there have to be


def lot_value(lot: LotDraft) -> Decimal:
    """Return a lot's estimated value: groups × places × units × price.

    >>> lot_value(LotDraft("L01", "", ["EE-37"], "et", 10, 12, 60, Decimal("22.00")))
    Decimal('158400.00')
    """
    units = lot.groups_count * lot.places_count * lot.days_count
    return rounded(units * lot.unit_price)


def draft_findings(draft: TenderDraft, context: DraftContext) -> list[Finding]:
    """List every reason why the draft cannot be published; an empty list means it can.

    Fields are named as in the form and the API: `title`, `lots.0.unit_price`, `criteria.2.weight`.
    """
    if odd := list(_odd_numbers(draft)):
        return odd  # no other rule can reckon with them
    return [
        *_texts(draft),
        *_dates(draft, context),
        *_procedure(draft, context),
        *_service(draft, context),
        *_lots(draft, context),
        *(list(_criteria(draft)) or scoring_findings(draft_rule(draft, context))),
        *_opening(draft, context),
    ]


def draft_rule(draft: TenderDraft, context: DraftContext) -> Rule:
    """Return the rule by which bids will be scored, as it is published and stored."""
    return scoring_rule(
        draft.criteria,
        below_share=context.low_price_share,
        others_at_least=context.low_price_others,
        score_step=SCORE_STEP,
    )


def _odd_numbers(draft: TenderDraft) -> Iterator[Finding]:
    """Find what JSON lets in as a Decimal and is no number of a tender: NaN, Infinity, 1E+99."""
    numbers: list[tuple[str, Decimal | None]] = []
    for i, lot in enumerate(draft.lots):
        numbers.append((f"lots.{i}.unit_price", lot.unit_price))
    for i, criterion in enumerate(draft.criteria):
        for name in ("weight", "scale_max", "minimum", "floor_price", "ceiling_price"):
            numbers.append((f"criteria.{i}.{name}", getattr(criterion, name)))
        for row in criterion.table:
            numbers += [(f"criteria.{i}.table", row.at_least), (f"criteria.{i}.table", row.score)]
    for field in ("contract_starts_on", "contract_until"):
        if not EARLIEST <= getattr(draft, field) < LATEST:
            yield Finding("date", n_("This day is out of reach."), field=field)
    if not EARLIEST <= draft.deadline_at.date() < LATEST:
        yield Finding("date", n_("This day is out of reach."), field="deadline_at")
    for field, number in numbers:
        if number is not None and not is_usable(number, LARGEST):
            yield Finding("number", n_("This is not a number that can be used."), field=field)


def _texts(draft: TenderDraft) -> Iterator[Finding]:
    for field in ("title", "description"):
        yield from _text(getattr(draft, field), field, LONGEST_TEXT[field])
    if draft.reference is not None:
        yield from _text(draft.reference, "reference", 30)


def _text(text: str, field: str, most: int) -> Iterator[Finding]:
    if not text.strip():
        yield Finding("missing", n_("Fill this in."), field=field)
    elif len(text) > most:
        yield Finding(
            "too-long",
            n_("At most {most} characters; these are {length}."),
            {"most": most, "length": len(text)},
            field=field,
        )


def _dates(draft: TenderDraft, context: DraftContext) -> Iterator[Finding]:
    if draft.deadline_at.tzinfo is None:
        yield Finding("zone", n_("An instant needs its time zone."), field="deadline_at")
        return
    deadline_on = legal_day(draft.deadline_at)
    first = earliest_deadline(context.started_on, draft.procedure, context.rule_set)
    if deadline_on <= context.started_on:
        yield Finding(
            "deadline-past",
            n_("The deadline must be later than the day of publication, {day}."),
            {"day": context.started_on},
            field="deadline_at",
        )
    elif deadline_on < first:
        found = context.rule_set.procedure(draft.procedure)
        yield Finding(
            "deadline-early",
            n_("This procedure leaves at least {days} days for tenders: {first} is the first day."),
            {"days": (first - context.started_on).days, "first": first},
            found.clause if found else "",
            "deadline_at",
        )
    if draft.contract_starts_on <= deadline_on:
        yield Finding(
            "contract-early",
            n_("The contract can begin only after the deadline for tenders."),
            field="contract_starts_on",
        )
    if draft.contract_until <= draft.contract_starts_on:
        yield Finding(
            "contract-empty", n_("The contract ends before it begins."), field="contract_until"
        )
    years = int(context.rule_set.limits["framework_years"].value)
    limit = _years_later(draft.contract_starts_on, years)
    if draft.technique != NO_FRAMEWORK and draft.contract_until > limit:
        yield Finding(
            "framework-long",
            n_("A framework agreement lasts at most {years} years, until {limit}."),
            {"years": years, "limit": limit},
            context.rule_set.limits["framework_years"].clause,
            "contract_until",
        )


def _years_later(day: date, years: int) -> date:
    """Return the same day of a later year; 29 February becomes 1 March.

    >>> _years_later(date(2024, 2, 29), 1), _years_later(date(2024, 4, 1), 4)
    (datetime.date(2025, 3, 1), datetime.date(2028, 4, 1))
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _procedure(draft: TenderDraft, context: DraftContext) -> Iterator[Finding]:
    procedure = context.rule_set.procedure(draft.procedure)
    if procedure is None:
        yield Finding(
            "procedure-unknown",
            n_("There is no procedure {code} under {rules}."),
            {"code": draft.procedure, "rules": context.rule_set.code},
            field="procedure",
        )
        return
    is_call_off = procedure.code == "mini-competition"
    if draft.technique not in procedure.techniques:
        yield Finding(
            "technique",
            n_("This procedure cannot set up {technique}."),
            {"technique": draft.technique},
            procedure.clause,
            "technique",
        )
    if procedure.is_invited and not draft.invited_ids:
        yield Finding(
            "nobody-invited",
            n_("Invite every provider that may bid."),
            clause=procedure.clause,
            field="invited_ids",
        )
    if not procedure.is_invited and draft.invited_ids:
        yield Finding(
            "invited",
            n_("Everyone may bid in this procedure; nobody is invited by name."),
            clause=procedure.clause,
            field="invited_ids",
        )
    for _ in set(draft.invited_ids) - set(context.providers):
        yield Finding(
            "invited-unknown",
            n_("Only an admitted provider can be invited."),
            field="invited_ids",
        )
    if is_call_off or draft.parent_lot_id is not None:
        yield from _parent(context, is_call_off=is_call_off, clause=procedure.clause)
    elif context.service is not None:
        yield from _allowed(draft, context)


def _parent(context: DraftContext, *, is_call_off: bool, clause: str) -> Iterator[Finding]:
    parent = context.parent
    if not is_call_off or parent is None or parent.lot_state != LotState.AWARDED:
        yield Finding(
            "no-framework",
            n_("A mini-competition, and only that, is held in an awarded lot of a framework."),
            clause=clause,
            field="parent_lot_id",
        )
        return
    if parent.technique not in ("fa-w-rc", "fa-mix"):
        yield Finding(
            "no-reopening",
            n_("This framework was set up without reopening competition."),
            clause=clause,
            field="parent_lot_id",
        )
    if not parent.contract_starts_on <= context.started_on < parent.contract_until:
        yield Finding(
            "framework-over",
            n_("The framework runs from {first} until {until}; nothing can be called off now."),
            {"first": parent.contract_starts_on, "until": parent.contract_until},
            clause,
            "parent_lot_id",
        )


def _allowed(draft: TenderDraft, context: DraftContext) -> Iterator[Finding]:
    assert context.service is not None  # noqa: S101 - the caller asked
    if any(not _is_priced(lot) for lot in draft.lots):
        return  # each is a finding of its own; no sum can be taken
    need = procedure_needed(
        context.service.cpv, [lot_value(lot) for lot in draft.lots], context.rule_set
    )
    if draft.procedure not in need.allowed:
        yield Finding(
            "procedure",
            n_(
                "All lots together are worth {total} EUR ({kind}); from {limit} EUR on the law "
                "asks for another procedure: {allowed}."
            )
            if need.threshold_amount is not None
            else n_("This procedure cannot buy such a service ({kind}); these can: {allowed}."),
            {
                "total": need.total_amount,
                "kind": need.kind,
                "limit": need.threshold_amount,
                "allowed": ", ".join(need.allowed),
            },
            need.clause,
            "procedure",
        )


def _service(draft: TenderDraft, context: DraftContext) -> Iterator[Finding]:
    if context.service is None:
        yield Finding(
            "service",
            n_("There is no service {code} on the contract's first day, {day}."),
            {"code": draft.service_code, "day": draft.contract_starts_on},
            field="service_code",
        )
    if draft.payment_scheme not in context.schemes:
        yield Finding(
            "scheme",
            n_("There is no payment scheme {code}."),
            {"code": draft.payment_scheme},
            field="payment_scheme",
        )
    if draft.max_suppliers_count < 1:
        yield Finding("suppliers", n_("At least one supplier."), field="max_suppliers_count")
    elif draft.max_suppliers_count > 1 and draft.technique == NO_FRAMEWORK:
        yield Finding(
            "suppliers",
            n_("Several suppliers of one lot need a framework agreement."),
            clause="RHS § 29",
            field="max_suppliers_count",
        )


def _is_priced(lot: LotDraft) -> bool:
    return is_money(lot.unit_price) and lot.unit_price > 0


def _lots(draft: TenderDraft, context: DraftContext) -> Iterator[Finding]:
    if not 1 <= len(draft.lots) <= MOST_LOTS:
        yield Finding(
            "lots", n_("A tender has 1 to {most} lots."), {"most": MOST_LOTS}, "RHS § 27", "lots"
        )
    codes = Counter(lot.code for lot in draft.lots)
    for i, lot in enumerate(draft.lots):
        at = f"lots.{i}."
        for name in ("code", "title"):
            yield from _text(getattr(lot, name), at + name, LONGEST_TEXT[name])
        if codes[lot.code] > 1:
            yield Finding(
                "lot-twice",
                n_("Lot {code} is there more than once."),
                {"code": lot.code},
                field=at + "code",
            )
        yield from _places(lot, at, context)
        for name in ("groups_count", "places_count", "days_count"):
            if not 1 <= getattr(lot, name) <= 10_000:
                yield Finding("count", n_("A whole number from 1 to 10 000."), field=at + name)
        if not _is_priced(lot):
            yield Finding(
                "price",
                n_("A price is more than 0 and has at most two decimals; this is {price}."),
                {"price": lot.unit_price},
                field=at + "unit_price",
            )


def _places(lot: LotDraft, at: str, context: DraftContext) -> Iterator[Finding]:
    if not lot.counties:
        yield Finding("county", n_("Name at least one county."), field=at + "counties")
    for county in lot.counties:
        if county not in context.counties:
            yield Finding(
                "county",
                n_("There is no county {code}."),
                {"code": county},
                field=at + "counties",
            )
    if lot.language not in context.languages:
        yield Finding(
            "language",
            n_("There is no language {code}."),
            {"code": lot.language},
            field=at + "language",
        )


def _criteria(draft: TenderDraft) -> Iterator[Finding]:
    if not 1 <= len(draft.criteria) <= MOST_CRITERIA:
        yield Finding(
            "criteria",
            n_("A tender has 1 to {most} criteria."),
            {"most": MOST_CRITERIA},
            "RHS § 85",
            "criteria",
        )
        return
    total = sum((criterion.weight for criterion in draft.criteria), Decimal(0))
    if total != ALL_POINTS:
        yield Finding(
            "weights",
            n_("The weights must add up to exactly 100; these add up to {total}."),
            {"total": total},
            "RHS § 85",
            "criteria",
        )
    prices = sum(criterion.kind == CriterionKind.PRICE for criterion in draft.criteria)
    if prices == 0 and not draft.is_price_fixed:
        yield Finding(
            "no-price",
            n_("Price is a criterion, unless the tender fixes the price and scores quality only."),
            clause="RHS § 85(7)",
            field="criteria",
        )
    if prices and draft.is_price_fixed:
        yield Finding(
            "fixed-price",
            n_("The price is fixed, so it cannot be a criterion."),
            clause="RHS § 85(7)",
            field="is_price_fixed",
        )
    if prices > 1:
        yield Finding(
            "two-prices", n_("Price is a criterion once."), clause="RHS § 85", field="criteria"
        )
    codes = Counter(criterion.code for criterion in draft.criteria)
    for i, criterion in enumerate(draft.criteria):
        at = f"criteria.{i}."
        for name in ("code", "name"):
            yield from _text(getattr(criterion, name), at + name, LONGEST_TEXT[name])
        if codes[criterion.code] > 1:
            yield Finding(
                "criterion-twice",
                n_("Criterion {code} is there more than once."),
                {"code": criterion.code},
                field=at + "code",
            )
        if not 0 < criterion.weight <= ALL_POINTS:
            yield Finding("weight", n_("A weight is more than 0."), field=at + "weight")
        yield from _OF_KIND[criterion.kind](criterion, at)


def _price_criterion(criterion: CriterionDraft, at: str) -> Iterator[Finding]:
    if criterion.formula is None:
        yield Finding(
            "formula",
            n_("Say how price becomes points."),
            clause="RHS § 85",
            field=at + "formula",
        )
    if criterion.scale_max is not None or criterion.minimum is not None or criterion.table:
        yield Finding(
            "scale",
            n_("A price has neither scale nor minimum nor table."),
            field=at + "scale_max",
        )
    floor, ceiling = criterion.floor_price, criterion.ceiling_price
    if criterion.formula == PriceFormula.ABSOLUTE:
        if floor is None or ceiling is None or not 0 <= floor < ceiling:
            yield Finding(
                "anchors",
                n_("This formula needs a floor price and a ceiling price above it."),
                field=at + "ceiling_price",
            )
    elif floor is not None or ceiling is not None:
        yield Finding(
            "anchors",
            n_("Only the absolute formula has a floor and a ceiling price."),
            field=at + "floor_price",
        )


def _scale(criterion: CriterionDraft, at: str) -> Iterator[Finding]:
    if criterion.formula is not None or criterion.floor_price or criterion.ceiling_price:
        yield Finding("formula", n_("Only price has a formula."), field=at + "formula")
    scale, minimum = criterion.scale_max, criterion.minimum
    if scale is None or not 0 < scale <= 1000:
        yield Finding("scale", n_("Say how many points the scale has."), field=at + "scale_max")
    elif minimum is not None and not 0 <= minimum <= scale:
        yield Finding(
            "minimum",
            n_("The minimum lies between 0 and the top of the scale, {scale}."),
            {"scale": scale},
            field=at + "minimum",
        )


def _quality_criterion(criterion: CriterionDraft, at: str) -> Iterator[Finding]:
    yield from _scale(criterion, at)
    if criterion.table:
        yield Finding("table", n_("Only an objective criterion has a table."), field=at + "table")


def _objective_criterion(criterion: CriterionDraft, at: str) -> Iterator[Finding]:
    yield from _scale(criterion, at)
    rows = criterion.table
    if not rows or rows[0].at_least != 0:
        yield Finding(
            "table",
            n_("The table starts at 0, so that every fact has a score."),
            field=at + "table",
        )
    for before, after in pairwise(rows):
        if after.at_least <= before.at_least or after.score < before.score:
            yield Finding(
                "table-order",
                n_("The table must rise: {fact} with {score} does not follow what stands above."),
                {"fact": after.at_least, "score": after.score},
                field=at + "table",
            )
    top = criterion.scale_max
    if any(row.score < 0 or (top is not None and row.score > top) for row in rows):
        yield Finding(
            "table-scale", n_("A score lies between 0 and the scale's top."), field=at + "table"
        )


_OF_KIND = {
    CriterionKind.PRICE: _price_criterion,
    CriterionKind.QUALITY: _quality_criterion,
    CriterionKind.OBJECTIVE: _objective_criterion,
}


def _opening(draft: TenderDraft, context: DraftContext) -> Iterator[Finding]:
    holders = len(set(draft.keyholder_ids))
    if holders < len(draft.keyholder_ids):
        yield Finding(
            "keyholder-twice",
            n_("A person holds one share only."),
            clause="Directive 2014/24/EU Annex IV(d)",
            field="keyholder_ids",
        )
    if not LEAST_QUORUM <= draft.opening_quorum_count <= holders or holders > MOST_KEYHOLDERS:
        yield Finding(
            "quorum",
            n_(
                "Bids are opened by at least {least} people together, of at most {most} who hold "
                "a share; here {quorum} of {holders}."
            ),
            {
                "least": LEAST_QUORUM,
                "most": MOST_KEYHOLDERS,
                "quorum": draft.opening_quorum_count,
                "holders": holders,
            },
            "Directive 2014/24/EU Annex IV(d)",
            "opening_quorum_count",
        )
    for _ in set(draft.keyholder_ids) - set(context.people):
        yield Finding(
            "keyholder-unknown",
            n_("A keyholder must be an active person of this installation."),
            field="keyholder_ids",
        )
