"""Reading the catalogue. It is published: whoever may open it sees all of it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from procure.catalogue.rules import (
    GroupSizes,
    Names,
    Param,
    SchemeTerms,
    Version,
    in_force,
    service_findings,
)
from procure.catalogue.schemas import DefinitionView, SchemeView, ServiceView
from procure.db import fetch_as
from procure.kernel.errors import NotFound, Refused
from procure.kernel.texts import n_


class _ServiceRow(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    name_en: str
    name_et: str
    name_ru: str
    legal_basis: str
    valid_from: date
    valid_until: date | None
    channel: str
    cpv: str
    unit: str
    params: str
    successors: list[str]


class _DefinitionRow(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    version: int
    name_en: str
    name_et: str
    name_ru: str
    family: str
    claim_window_days: int
    sustain_days: int
    evidence_sources: list[str]
    payment_factor: Decimal
    is_payable: bool
    valid_from: date


class _SchemeRow(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    version: int
    name_en: str
    name_et: str
    name_ru: str
    valid_from: date
    terms: str


_SERVICE = """SELECT id, code, name_en, name_et, name_ru, legal_basis, valid_from, valid_until,
    channel, cpv, unit, params, successors FROM service"""
_DEFINITION = """SELECT id, code, version, name_en, name_et, name_ru, family, claim_window_days,
    sustain_days, evidence_sources, payment_factor, is_payable, valid_from
    FROM outcome_definition"""
_SCHEME = """SELECT id, code, version, name_en, name_et, name_ru, valid_from, terms
    FROM payment_scheme"""


def sizes_of(params: Mapping[str, Param]) -> GroupSizes | None:
    """Gather the sizes of a group service out of its parameters; None if it has none."""
    values = {name: params[name].value for name in GroupSizes.__struct_fields__ if name in params}
    if len(values) < len(GroupSizes.__struct_fields__):
        return None
    return msgspec.convert(values, GroupSizes)


def _names(row: _ServiceRow | _DefinitionRow | _SchemeRow) -> Names:
    return Names(en=row.name_en, et=row.name_et, ru=row.name_ru)


def _service(row: _ServiceRow) -> ServiceView:
    params = msgspec.json.decode(row.params, type=dict[str, Param])
    return ServiceView(
        id=row.id,
        code=row.code,
        name=_names(row),
        legal_basis=row.legal_basis,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        channel=row.channel,
        cpv=row.cpv,
        unit=row.unit,
        params=params,
        sizes=sizes_of(params),
        successors=row.successors,
    )


def _definition(row: _DefinitionRow) -> DefinitionView:
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    for name in ("name_en", "name_et", "name_ru"):
        del fields[name]
    return DefinitionView(name=_names(row), **fields)


def _scheme(row: _SchemeRow) -> SchemeView:
    return SchemeView(
        id=row.id,
        code=row.code,
        version=row.version,
        name=_names(row),
        valid_from=row.valid_from,
        terms=msgspec.json.decode(row.terms, type=SchemeTerms),
    )


def version_of(view: ServiceView) -> Version:
    """Give the rules what they read of a service."""
    return Version(
        view.code, view.name.en, view.valid_from, view.valid_until, tuple(view.successors)
    )


async def services() -> list[ServiceView]:
    """List every version of every service by name, ended ones too; newest version first."""
    rows = await fetch_as(_ServiceRow, f"{_SERVICE} ORDER BY name_en, code, valid_from DESC")
    return [_service(row) for row in rows]


async def versions_of(code: str) -> list[ServiceView]:
    """List the versions of one service, oldest first; NotFound if there is no such service."""
    rows = await fetch_as(_ServiceRow, f"{_SERVICE} WHERE code = $1 ORDER BY valid_from", code)
    if not rows:
        raise NotFound(n_("There is no service {code} in the catalogue."), {"code": code})
    return [_service(row) for row in rows]


async def services_on(day: date) -> list[ServiceView]:
    """List the services that can be bought on `day`, by name."""
    return [view for view in await services() if view.is_on(day)]


async def service_on(code: str, day: date) -> ServiceView:
    """Return a service as it is on `day`.

    Raises NotFound if there is no such service, Refused if it is not offered that day; the finding
    names what may follow a service that has ended.
    """
    views = await versions_of(code)
    versions = [version_of(view) for view in views]
    chosen = in_force(versions, day)
    if chosen is None:
        raise Refused(service_findings(versions, day))
    return views[versions.index(chosen)]


async def read_service(service_id: UUID) -> ServiceView:
    """Return one version of a service by its id."""
    rows = await fetch_as(_ServiceRow, f"{_SERVICE} WHERE id = $1", service_id)
    if not rows:
        raise NotFound(n_("There is no such service in the catalogue."))
    return _service(rows[0])


async def definitions() -> list[DefinitionView]:
    """List every version of every outcome definition, in the order of code and version."""
    rows = await fetch_as(_DefinitionRow, f"{_DEFINITION} ORDER BY code, version")
    return [_definition(row) for row in rows]


async def definitions_on(day: date) -> list[DefinitionView]:
    """List the outcome definitions that hold on `day`: of each code the newest that has begun."""
    newest = {view.code: view for view in await definitions() if view.valid_from <= day}
    return list(newest.values())


async def definition(code: str, day: date) -> DefinitionView:
    """Return an outcome definition as it holds on `day`; NotFound if it does not yet."""
    rows = await fetch_as(
        _DefinitionRow,
        f"{_DEFINITION} WHERE code = $1 AND valid_from <= $2 ORDER BY version DESC LIMIT 1",
        code,
        day,
    )
    if not rows:
        raise NotFound(
            n_("There is no outcome definition {code} on {day}."), {"code": code, "day": day}
        )
    return _definition(rows[0])


async def definition_by_id(definition_id: UUID) -> DefinitionView:
    """Return one version of an outcome definition by its id."""
    rows = await fetch_as(_DefinitionRow, f"{_DEFINITION} WHERE id = $1", definition_id)
    if not rows:
        raise NotFound(n_("There is no such outcome definition."))
    return _definition(rows[0])


async def schemes() -> list[SchemeView]:
    """List every version of every payment scheme, in the order of code and version."""
    return [_scheme(row) for row in await fetch_as(_SchemeRow, f"{_SCHEME} ORDER BY code, version")]


async def schemes_on(day: date) -> list[SchemeView]:
    """List the payment schemes that hold on `day`: of each code the newest that has begun."""
    newest = {view.code: view for view in await schemes() if view.valid_from <= day}
    return list(newest.values())


async def scheme_name(code: str, version: int) -> Names:
    """Return what one published version of a payment scheme is called."""
    for view in await schemes():
        if (view.code, view.version) == (code, version):
            return view.name
    raise NotFound(n_("There is no payment scheme {code}."), {"code": code})


async def scheme(code: str, day: date | None = None) -> SchemeView:
    """Return a payment scheme: the version that holds on `day`, or the newest of all."""
    rows = await fetch_as(
        _SchemeRow,
        f"""{_SCHEME} WHERE code = $1 AND ($2::date IS NULL OR valid_from <= $2)
            ORDER BY version DESC LIMIT 1""",
        code,
        day,
    )
    if not rows:
        raise NotFound(n_("There is no payment scheme {code}."), {"code": code})
    return _scheme(rows[0])
