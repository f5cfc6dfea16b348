"""The law's numbers and the code lists, read from `fixtures/` once and never written.

`fixtures/parameters/<package>/<name>.yaml` holds values by date, `fixtures/reference/<name>.yaml`
holds lists. A broken file stops the program when it starts (`read_all`), not when it is needed.
"""

import copy
from collections.abc import Hashable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from procure.kernel.parameters import Dated, DatedValue
from procure.settings import settings


class BadParameter(ValueError):
    """A file under `fixtures/` cannot be used; the message names the file and the fault."""


class _Loader(yaml.SafeLoader):
    """YAML with exact decimals, and without keys that silently replace an earlier one."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's signature
    ) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise BadParameter(f"{', '.join(sorted(twice))} is given twice")
        return super().construct_mapping(node, deep=deep)


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)).replace("_", ""))


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Read a YAML file; numbers with a point are Decimal, a key given twice is BadParameter."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise BadParameter(f"{path} does not exist") from None
    except (yaml.YAMLError, BadParameter) as fault:
        raise BadParameter(f"{path}: {fault}") from None


def parse_dated(name: str, content: object) -> Dated:
    """Make a parameter of what its file holds; BadParameter says what is missing."""
    if not isinstance(content, Mapping):
        raise BadParameter(f"{name}: description, unit, source and values are needed")
    for key in ("description", "unit", "source"):
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise BadParameter(f"{name}: {key} is missing")
    if unknown := content.keys() - {"description", "unit", "source", "values"}:
        raise BadParameter(f"{name}: {', '.join(sorted(unknown))} is not known")
    values = content.get("values")
    if not isinstance(values, Mapping) or not values:
        raise BadParameter(f"{name}: values are missing")
    for day, entry in values.items():
        if type(day) is not date:
            raise BadParameter(f"{name}: {day!r} is not a date")
        if not isinstance(entry, Mapping) or entry.keys() != {"value", "source"}:
            raise BadParameter(f"{name}: {day} needs exactly a value and a source")
        if not isinstance(entry["source"], str) or not entry["source"].strip():
            raise BadParameter(f"{name}: {day} has no source")
    days = sorted(values)
    if values[days[0]]["value"] is None:
        raise BadParameter(f"{name}: the first value is empty")
    return Dated(
        name=name,
        description=content["description"],
        unit=content["unit"],
        source=content["source"],
        values=tuple(
            DatedValue(day, until, values[day]["value"], values[day]["source"])
            for day, until in zip(days, [*days[1:], None], strict=True)
        ),
    )


def parse_reference(name: str, content: object) -> list[dict[str, Any]]:
    """Check a code list: description, source, and items that each have a code of their own."""
    if not isinstance(content, Mapping) or content.keys() != {"description", "source", "items"}:
        raise BadParameter(f"{name}: exactly description, source and items are needed")
    items = content["items"]
    if not isinstance(items, list) or not items:
        raise BadParameter(f"{name}: items are missing")
    seen = set()
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("code"), str):
            raise BadParameter(f"{name}: an item has no code: {item!r}")
        if item["code"] in seen:
            raise BadParameter(f"{name}: {item['code']} is given twice")
        seen.add(item["code"])
    return items


def folder() -> Path:
    """Return the folder of the fixtures."""
    return settings().root / "fixtures"


@cache
def dated(name: str) -> Dated:
    """Return the parameter `<package>/<name>`, whose `on(day)` is the value of that day.

    The value is shared and must not be changed; `msgspec.convert` makes the caller's Struct of it.
    """
    return parse_dated(name, read_yaml(folder() / "parameters" / f"{name}.yaml"))


@cache
def _reference(name: str) -> list[dict[str, Any]]:
    return parse_reference(name, read_yaml(folder() / "reference" / f"{name}.yaml"))


def reference(name: str) -> list[dict[str, Any]]:
    """Return the items of a code list, in the order of its file; each has a `code`.

    >>> [band["code"] for band in reference("risk_bands")]
    ['A', 'B', 'C']
    """
    return copy.deepcopy(_reference(name))


@cache
def codes(name: str) -> frozenset[str]:
    """Return the codes of a code list.

    >>> "EE-45" in codes("counties"), "EE-99" in codes("counties")
    (True, False)
    """
    return frozenset(item["code"] for item in _reference(name))


def names(name: str, language: str) -> dict[str, str]:
    """Return what the codes of a list are called in a language, in the order of its file.

    >>> names("risk_bands", "et")["C"]
    'tööturust kaugel'
    """
    return {item["code"]: item["name"][language] for item in _reference(name)}


@cache
def holidays() -> frozenset[date]:
    """Return every public holiday that is known, 2023 to 2028.

    >>> date(2026, 12, 24) in holidays(), date(2026, 12, 23) in holidays()
    (True, False)
    """
    years = dated("calendar/holidays").values
    return frozenset(item["day"] for year in years if year.value for item in year.value)


def read_all() -> None:
    """Read every parameter and code list, so that a broken file stops the start."""
    for path in sorted((folder() / "parameters").rglob("*.yaml")):
        dated(path.relative_to(folder() / "parameters").with_suffix("").as_posix())
    for path in sorted((folder() / "reference").glob("*.yaml")):
        _reference(path.stem)
