"""What the catalogue tells."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.catalogue.rules import GroupSizes, Names, Param, SchemeTerms


class ServiceView(msgspec.Struct, frozen=True):
    """A service as it is from a day until (exclusive) another."""

    id: UUID
    code: str
    name: Names
    legal_basis: str
    valid_from: date
    valid_until: date | None
    channel: str
    cpv: str
    unit: str
    params: Mapping[str, Param]
    sizes: GroupSizes | None  # only of services that are bought in groups
    successors: list[str]

    @property
    def name_en(self) -> str:
        """The name in English, the language of messages."""
        return self.name.en

    def is_on(self, day: date) -> bool:
        """Tell whether this version holds on `day`."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class DefinitionView(msgspec.Struct, frozen=True):
    """One published version of what counts as an outcome."""

    id: UUID
    code: str
    version: int
    name: Names
    family: str
    claim_window_days: int  # after exit, the last day included
    sustain_days: int
    evidence_sources: list[str]  # best first; codes of reference/evidence_sources
    payment_factor: Decimal
    is_payable: bool
    valid_from: date

    @property
    def name_en(self) -> str:
        """The name in English, the language of messages."""
        return self.name.en


class SchemeView(msgspec.Struct, frozen=True):
    """One published version of how a service is paid."""

    id: UUID
    code: str
    version: int
    name: Names
    valid_from: date
    terms: SchemeTerms


class ServiceList(msgspec.Struct, frozen=True):
    """Services, the newest version of each code first."""

    items: list[ServiceView]


class DefinitionList(msgspec.Struct, frozen=True):
    """Outcome definitions that hold on a day."""

    items: list[DefinitionView]


class SchemeList(msgspec.Struct, frozen=True):
    """Payment schemes that hold on a day."""

    items: list[SchemeView]


class LoadReport(msgspec.Struct, frozen=True):
    """What loading the catalogue's files changed."""

    added: list[str]
    changed: list[str]
