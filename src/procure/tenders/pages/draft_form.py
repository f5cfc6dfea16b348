"""A draft as the fields of a form, and back: what was typed is never lost."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import ZONE
from procure.tenders.rules import CriterionDraft, LotDraft, TableRow, TenderDraft
from procure.tenders.states import CriterionKind, PriceFormula
from procure.web.forms import Form

EMPTY_LOT = LotDraft("", "", [], "et", 1, 12, 60, Decimal(0))
DATES = ("deadline_at", "contract_starts_on", "contract_until")
VALUE = ("lots", "procedure", "technique")  # the value of the lots decides the procedure
TOUCHES = dict.fromkeys(DATES, DATES) | dict.fromkeys(VALUE, VALUE) | {"service_code": VALUE}
EMPTY_ROWS = {"lots": LotDraft.__struct_fields__, "criteria": CriterionDraft.__struct_fields__}


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def form_of(draft: TenderDraft) -> Form:
    """Lay a draft out as the fields of its form."""
    fields: dict[str, Any] = {
        "title": draft.title,
        "description": draft.description,
        "reference": draft.reference or "",
        "procedure": draft.procedure,
        "service_code": draft.service_code,
        "technique": draft.technique,
        "contract_starts_on": draft.contract_starts_on.isoformat(),
        "contract_until": draft.contract_until.isoformat(),
        "payment_scheme": draft.payment_scheme,
        "max_suppliers_count": str(draft.max_suppliers_count),
        "deadline_at": draft.deadline_at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"),
        "opening_quorum_count": str(draft.opening_quorum_count),
        "keyholder_ids": [str(person) for person in draft.keyholder_ids],
        "basis_id": str(draft.basis_id or ""),
        "parent_lot_id": str(draft.parent_lot_id or ""),
        "invited_ids": [str(org) for org in draft.invited_ids],
        "is_price_fixed": "1" if draft.is_price_fixed else "",
    }
    for i, lot in enumerate(draft.lots or [EMPTY_LOT]):
        fields |= {
            f"lots.{i}.code": lot.code,
            f"lots.{i}.title": lot.title,
            f"lots.{i}.counties": list(lot.counties),
            f"lots.{i}.language": lot.language,
            f"lots.{i}.groups_count": str(lot.groups_count),
            f"lots.{i}.places_count": str(lot.places_count),
            f"lots.{i}.days_count": str(lot.days_count),
            f"lots.{i}.unit_price": f"{lot.unit_price:f}" if lot.unit_price else "",
        }
    for i, criterion in enumerate(draft.criteria):
        fields |= {
            f"criteria.{i}.code": criterion.code,
            f"criteria.{i}.name": criterion.name,
            f"criteria.{i}.kind": str(criterion.kind),
            f"criteria.{i}.weight": _number(criterion.weight),
            f"criteria.{i}.formula": str(criterion.formula or ""),
            f"criteria.{i}.scale_max": _number(criterion.scale_max),
            f"criteria.{i}.minimum": _number(criterion.minimum),
            f"criteria.{i}.floor_price": _number(criterion.floor_price),
            f"criteria.{i}.ceiling_price": _number(criterion.ceiling_price),
            f"criteria.{i}.table": "\n".join(
                f"{_number(row.at_least)}: {_number(row.score)}" for row in criterion.table
            ),
        }
    return Form(fields)


def rows(form: Form, name: str) -> list[int]:
    """List the numbers of a form's rows, such as the 0 of `lots.0.code`."""
    found = (re.fullmatch(rf"{name}\.(\d{{1,3}})\.code", field) for field in form.sent)
    return sorted(int(match[1]) for match in found if match)


def is_empty(form: Form, row: str) -> bool:
    """Tell whether a row was left empty, which means that it is not there."""
    return not (
        form.value(f"{row}.code").strip()
        or form.value(f"{row}.title").strip()
        or form.value(f"{row}.name").strip()
    )


def draft_from(form: Form) -> TenderDraft:
    """Read a draft out of its form; `form.findings` names every field that cannot be read."""
    return TenderDraft(
        title=form.text("title", max_length=200),
        description=form.text("description", max_length=20_000),
        reference=form.optional_text("reference", max_length=30),
        procedure=form.text("procedure", max_length=30),
        service_code=form.text("service_code", max_length=40),
        technique=form.text("technique", max_length=10),
        contract_starts_on=form.day("contract_starts_on"),
        contract_until=form.day("contract_until"),
        payment_scheme=form.text("payment_scheme", max_length=40),
        max_suppliers_count=form.integer("max_suppliers_count", minimum=1, maximum=100),
        deadline_at=form.instant("deadline_at"),
        opening_quorum_count=form.integer("opening_quorum_count", minimum=1, maximum=100),
        keyholder_ids=_ids(form, "keyholder_ids"),
        basis_id=_id(form, "basis_id"),
        parent_lot_id=_id(form, "parent_lot_id"),
        invited_ids=_ids(form, "invited_ids"),
        is_price_fixed=form.flag("is_price_fixed"),
        lots=[
            _lot(form, f"lots.{i}") for i in rows(form, "lots") if not is_empty(form, f"lots.{i}")
        ],
        criteria=[
            _criterion(form, f"criteria.{i}")
            for i in rows(form, "criteria")
            if not is_empty(form, f"criteria.{i}")
        ],
    )


def still_sure(found: Sequence[Finding], unread: Sequence[Finding]) -> list[Finding]:
    """Keep what rules found that no unreadable field can have caused: what it touches is left out.

    >>> weight, lots = Finding("w", "", field="criteria.0.weight"), Finding("l", "", field="lots")
    >>> still_sure([weight, lots], [Finding("missing", "", field="lots.2.title")]) == [weight]
    True
    """
    touched = {part for finding in unread for part in TOUCHES.get(_part(finding), [_part(finding)])}
    return [finding for finding in found if _part(finding) not in touched]


def _part(finding: Finding) -> str:
    return (finding.field or "").partition(".")[0]


def _id(form: Form, name: str) -> UUID | None:
    ids = _ids(form, name)
    return ids[0] if ids else None


def _ids(form: Form, name: str) -> list[UUID]:
    try:
        return [UUID(value) for value in form.list(name) if value]
    except ValueError:
        form.find(name, "choice", n_("Choose one of the list."))
        return []


def _lot(form: Form, row: str) -> LotDraft:
    return LotDraft(
        code=form.text(f"{row}.code", max_length=20),
        title=form.text(f"{row}.title", max_length=200),
        counties=form.list(f"{row}.counties"),
        language=form.value(f"{row}.language"),
        groups_count=form.integer(f"{row}.groups_count", minimum=1),
        places_count=form.integer(f"{row}.places_count", minimum=1),
        days_count=form.integer(f"{row}.days_count", minimum=1),
        unit_price=form.decimal(f"{row}.unit_price"),
    )


def _criterion(form: Form, row: str) -> CriterionDraft:
    kind = form.choice(f"{row}.kind", CriterionKind)
    formula = form.value(f"{row}.formula")
    return CriterionDraft(
        code=form.text(f"{row}.code", max_length=20),
        kind=CriterionKind(kind) if kind in list(CriterionKind) else CriterionKind.QUALITY,
        name=form.text(f"{row}.name", max_length=200),
        weight=form.decimal(f"{row}.weight"),
        formula=PriceFormula(formula) if formula in list(PriceFormula) else None,
        scale_max=_optional(form, f"{row}.scale_max"),
        minimum=_optional(form, f"{row}.minimum"),
        floor_price=_optional(form, f"{row}.floor_price"),
        ceiling_price=_optional(form, f"{row}.ceiling_price"),
        table=_table(form, f"{row}.table"),
    )


def _optional(form: Form, name: str) -> Decimal | None:
    return form.decimal(name) if form.value(name).strip() else None


def _table(form: Form, name: str) -> list[TableRow]:
    """Read lines such as `12: 5`: from a fact of 12 on a score of 5."""
    found = []
    for line in filter(None, map(str.strip, form.value(name).splitlines())):
        fact, colon, score = line.replace(",", ".").partition(":")
        try:
            if not colon:
                raise InvalidOperation
            found.append(TableRow(Decimal(fact.strip()), Decimal(score.strip())))
        except InvalidOperation:
            form.find(
                name,
                "table",
                n_("{line} is not a line such as 12: 5, a fact and its score."),
                line=line[:40],
            )
    return found


def grown(form: Form) -> Form:
    """Return the form with one more empty row of the kind whose button was pressed."""
    values = dict(form.values)
    name = form.value("more")
    if name in EMPTY_ROWS:
        number = max(rows(form, name), default=-1) + 1
        values |= {f"{name}.{number}.{field}": "" for field in EMPTY_ROWS[name]}
    return Form(values)
