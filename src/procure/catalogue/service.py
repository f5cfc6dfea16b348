"""Catalogue: the only writer of its tables; what it writes comes from files that people edit."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from procure.audit import service as audit
from procure.catalogue import queries
from procure.catalogue.rules import Names, Param, SchemeTerms, Version, overlaps
from procure.catalogue.schemas import DefinitionView, LoadReport, ServiceView
from procure.catalogue.tables import OutcomeDefinition, PaymentScheme, Service
from procure.db import transaction
from procure.kernel.canonical import canonical
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.parameters import BadParameter, codes, folder, read_yaml


class ServiceEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service as `services.yaml` has it."""

    code: str
    name: Names
    legal_basis: str
    valid_from: date
    valid_until: date | None
    channel: str
    cpv: str
    unit: str
    successors: list[str]
    params: dict[str, Param]


class DefinitionEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An outcome definition as `outcome_definitions.yaml` has it."""

    code: str
    version: int
    name: Names
    family: str
    claim_window_days: int
    sustain_days: int
    evidence_sources: list[str]
    payment_factor: Decimal
    is_payable: bool
    valid_from: date


class SchemeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payment scheme as `payment_schemes.yaml` has it; the terms take its code and version."""

    code: str
    version: int
    valid_from: date
    name: Names
    terms: dict[str, Any]

    def full_terms(self) -> SchemeTerms:
        """Make the terms that contracts carry."""
        return msgspec.convert(
            {**self.terms, "code": self.code, "version": self.version}, SchemeTerms
        )


class Catalogue(msgspec.Struct, frozen=True):
    """All that the files say."""

    services: list[ServiceEntry]
    definitions: list[DefinitionEntry]
    schemes: list[SchemeEntry]


def read_files() -> Catalogue:
    """Read and check `fixtures/catalogue/*.yaml`; BadParameter names what cannot be."""
    place = folder() / "catalogue"
    content: dict[str, Any] = {}
    for name in ("services", "outcome_definitions", "payment_schemes"):
        content |= read_yaml(place / f"{name}.yaml")
    try:
        found = msgspec.convert(content, Catalogue)
        for scheme in found.schemes:
            scheme.full_terms()
    except (msgspec.ValidationError, ValueError) as fault:
        raise BadParameter(f"{place}: {fault}") from None
    check(found)
    return found


def check(found: Catalogue) -> None:
    """Refuse codes that no list has, and versions of a service that hold on the same day."""
    known = {entry.code for entry in found.services}
    for entry in found.services:
        for code, kind in ((entry.cpv, "cpv"), (entry.unit, "units")):
            if code not in codes(kind):
                raise BadParameter(f"{entry.code}: {code} is not in the list {kind}")
        if missing := set(entry.successors) - known:
            raise BadParameter(f"{entry.code}: successors {sorted(missing)} are no services")
    for definition in found.definitions:
        if missing := set(definition.evidence_sources) - codes("evidence_sources"):
            raise BadParameter(f"{definition.code}: evidence sources {sorted(missing)} are unknown")
    for code in known:
        versions = [version_of(entry) for entry in found.services if entry.code == code]
        if pairs := overlaps(versions):
            raise BadParameter(f"{code}: two versions hold on {pairs[0][1].valid_from}")


def version_of(entry: ServiceEntry) -> Version:
    """Give the rules what they read of a service."""
    return Version(
        entry.code, entry.name.en, entry.valid_from, entry.valid_until, tuple(entry.successors)
    )


async def load(now: datetime, *, files: Catalogue | None = None) -> LoadReport:
    """Bring the catalogue in line with its files, in one transaction; again changes nothing.

    New versions are added, names corrected, the end and the successors of a service set. What a
    contract may rest on is never changed: a file that differs there is Refused and needs a new
    version. Holds nothing but its own rows, and is run by one process at a time.
    """
    found = files or read_files()
    added: list[str] = []
    changed: list[str] = []
    async with transaction():
        findings = [
            *await _load_services(found.services, added, changed, now),
            *await _load_definitions(found.definitions, added, changed, now),
            *await _load_schemes(found.schemes, added, now),
        ]
        if findings:
            raise Refused(findings)
    return LoadReport(added=added, changed=changed)


def _edited(kind: str, code: str, version: object) -> Finding:
    return Finding(
        "version-edited",
        n_("{kind} {code} is published as {version} and cannot be edited: make a new version."),
        {"kind": kind, "code": code, "version": str(version)},
        field=code,
    )


async def _load_services(
    entries: list[ServiceEntry], added: list[str], changed: list[str], now: datetime
) -> list[Finding]:
    stored = {(view.code, view.valid_from): view for view in await queries.services()}
    findings = []
    for entry in entries:
        view = stored.get((entry.code, entry.valid_from))
        if view is None:
            row = Service(
                code=entry.code,
                name_en=entry.name.en,
                name_et=entry.name.et,
                name_ru=entry.name.ru,
                legal_basis=entry.legal_basis,
                valid_from=entry.valid_from,
                valid_until=entry.valid_until,
                channel=entry.channel,
                cpv=entry.cpv,
                unit=entry.unit,
                params=canonical(entry.params),
                successors=entry.successors,
            )
            await row.save()
            added.append(entry.code)
            await audit.record("service:listed", row.id, None, org_id=None, now=now, facts=entry)
        elif _substance(entry) != _substance(view):
            findings.append(_edited("Service", entry.code, entry.valid_from))
        elif (view.valid_until, view.successors) != (entry.valid_until, entry.successors):
            await Service.update(
                {
                    Service.valid_until: entry.valid_until,
                    Service.successors: entry.successors,
                    **_new_names(Service, entry.name),
                }
            ).where(Service.id == view.id)
            changed.append(entry.code)
            facts = {
                "code": entry.code,
                "valid_until": entry.valid_until,
                "successors": entry.successors,
            }
            await audit.record("service:ended", view.id, None, org_id=None, now=now, facts=facts)
        elif view.name != entry.name:
            await Service.update(_new_names(Service, entry.name)).where(Service.id == view.id)
            changed.append(entry.code)
    return findings


async def _load_definitions(
    entries: list[DefinitionEntry], added: list[str], changed: list[str], now: datetime
) -> list[Finding]:
    stored = {(view.code, view.version): view for view in await queries.definitions()}
    findings = []
    for entry in entries:
        view = stored.get((entry.code, entry.version))
        if view is None:
            row = OutcomeDefinition(
                code=entry.code,
                version=entry.version,
                name_en=entry.name.en,
                name_et=entry.name.et,
                name_ru=entry.name.ru,
                family=entry.family,
                claim_window_days=entry.claim_window_days,
                sustain_days=entry.sustain_days,
                evidence_sources=entry.evidence_sources,
                payment_factor=entry.payment_factor,
                is_payable=entry.is_payable,
                valid_from=entry.valid_from,
            )
            await row.save()
            added.append(entry.code)
            await audit.record(
                "definition:published", row.id, None, org_id=None, now=now, facts=entry
            )
        elif _substance(entry) != _substance(view):
            findings.append(_edited("Outcome definition", entry.code, entry.version))
        elif view.name != entry.name:
            await OutcomeDefinition.update(_new_names(OutcomeDefinition, entry.name)).where(
                OutcomeDefinition.id == view.id
            )
            changed.append(entry.code)
    return findings


async def _load_schemes(
    entries: list[SchemeEntry], added: list[str], now: datetime
) -> list[Finding]:
    stored = {(view.code, view.version): view for view in await queries.schemes()}
    findings = []
    for entry in entries:
        view = stored.get((entry.code, entry.version))
        terms = entry.full_terms()
        if view is None:
            row = PaymentScheme(
                code=entry.code,
                version=entry.version,
                name_et=entry.name.et,
                name_en=entry.name.en,
                name_ru=entry.name.ru,
                terms=canonical(terms),
                valid_from=entry.valid_from,
            )
            await row.save()
            added.append(entry.code)
            await audit.record("scheme:published", row.id, None, org_id=None, now=now, facts=terms)
        elif (view.valid_from, canonical(view.terms)) != (entry.valid_from, canonical(terms)):
            findings.append(_edited("Payment scheme", entry.code, entry.version))
    return findings


_MAY_CHANGE = frozenset({"name", "valid_until", "successors"})


def _substance(thing: ServiceEntry | ServiceView | DefinitionEntry | DefinitionView) -> str:
    """Return what may not differ between the file and the stored row."""
    mirror = DefinitionEntry if hasattr(thing, "family") else ServiceEntry
    names = [name for name in mirror.__struct_fields__ if name not in _MAY_CHANGE]
    return canonical({name: getattr(thing, name) for name in names})


def _new_names(table: type[Service] | type[OutcomeDefinition], name: Names) -> dict[Any, str]:
    return {table.name_en: name.en, table.name_et: name.et, table.name_ru: name.ru}
