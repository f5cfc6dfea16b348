"""Reading a bid out of its form. Rates and shares are percent there, lines are one a row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from uuid import UUID

from litestar.datastructures import FormMultiDict

from procure.bids.rules import BidDraft, Partner, PriceLine, Subcontractor
from procure.kernel.texts import n_
from procure.tenders.schemas import TenderView
from procure.web.forms import Form

PERCENT = Decimal(100)
NO_LOT = UUID(int=0)

T = TypeVar("T")


def bid_from(form: Form, tender: TenderView) -> BidDraft:
    """Read a bid out of its form. Refused with everything that cannot be read."""
    draft = readable(form, tender)
    form.check()
    return draft


def readable(form: Form, tender: TenderView) -> BidDraft:
    """Read what can be read; what cannot is among the form's findings, and harmless here."""
    lot = form.choice("lot_id", [str(lot.id) for lot in tender.lots])
    rates = {}
    for name in form.sent:
        if name.startswith("promised_rates.") and form.value(name).strip():
            family = name.removeprefix("promised_rates.")
            rates[family] = form.decimal(name, minimum=Decimal(0), maximum=PERCENT) / PERCENT
    price = form.decimal("unit_price")
    facilitators = list(_ids(form, "facilitator_ids"))
    files = list(_ids(form, "file_ids"))
    consortium = list(_lines(form, "consortium", 3, _partner))
    subcontractors = list(_lines(form, "subcontractors", 4, _subcontractor))
    price_lines = list(_lines(form, "price_lines", 4, _price_line))
    known = {str(one.id): one.id for one in tender.lots}
    return BidDraft(
        tender_id=tender.id,
        lot_id=known.get(lot, NO_LOT),
        unit_price=price,
        answers={
            criterion.code: form.value(f"answers.{criterion.code}")
            for criterion in tender.award_criteria
            if criterion.kind == "quality"
        },
        facilitator_ids=facilitators,
        promised_rates=rates,
        remarks=form.value("remarks"),
        file_ids=files,
        consortium=consortium,
        subcontractors=subcontractors,
        price_lines=price_lines,
    )


def typed(form: Form) -> dict[str, list[str]]:
    """Return what was typed, as a draft keeps it: without tokens and without files."""
    return {
        name: values
        for name in form.sent
        if not name.startswith("_") and name != "file" and (values := form.list(name))
    }


def form_of(fields: Mapping[str, Sequence[str]]) -> Form:
    """Make a form of a draft, to be shown as if it had just been typed."""
    return Form(FormMultiDict([(name, value) for name in fields for value in fields[name]]))


def _ids(form: Form, name: str) -> Iterator[UUID]:
    for value in form.list(name):
        try:
            yield UUID(value)
        except ValueError:
            form.find(name, "choice", n_("Choose one of the list."))


def _lines(form: Form, name: str, parts: int, make: Callable[[Sequence[str]], T]) -> Iterator[T]:
    """Read a row a line, its parts divided by semicolons."""
    for number, line in enumerate(form.value(name).splitlines(), 1):
        if not line.strip():
            continue
        found = [part.strip() for part in line.split(";")]
        try:
            if len(found) != parts:
                raise ValueError
            yield make(found)
        except (ValueError, InvalidOperation):
            form.find(
                name,
                "line",
                n_("Line {number} has {parts} parts divided by semicolons, numbers like 21,50."),
                number=number,
                parts=parts,
            )


def _number(text: str) -> Decimal:
    found = Decimal("".join(text.split()).replace(",", ".").rstrip("%"))
    if not found.is_finite():
        raise ValueError
    return found


def _partner(parts: Sequence[str]) -> Partner:
    return Partner(parts[0], parts[1], _number(parts[2]) / PERCENT)


def _subcontractor(parts: Sequence[str]) -> Subcontractor:
    return Subcontractor(parts[0], parts[1], parts[2], _number(parts[3]) / PERCENT)


def _price_line(parts: Sequence[str]) -> PriceLine:
    return PriceLine(parts[0], _number(parts[1]), _number(parts[2]), _number(parts[3]))
