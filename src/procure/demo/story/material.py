"""What is played: fixtures/demo, read as it stands."""

import csv
import io
from datetime import datetime
from functools import cache
from typing import Any

from procure.parameters import read_yaml
from procure.settings import settings


@cache
def read(name: str) -> dict[str, Any]:
    """Read one YAML file of the demo; amounts come as exact decimals."""
    found: dict[str, Any] = read_yaml(settings().root / "fixtures" / "demo" / f"{name}.yaml")
    return found


def file(name: str) -> bytes:
    """Read a file of the demo as it is."""
    return (settings().root / "fixtures" / "demo" / name).read_bytes()


@cache
def table(name: str) -> list[dict[str, str]]:
    """Read a CSV file of the demo, a dictionary a row."""
    return list(csv.DictReader(io.StringIO(file(f"{name}.csv").decode())))


def instant(text: str) -> datetime:
    """Read an instant of the fixtures.

    >>> instant("2024-02-08T10:00:00+02:00").utcoffset().total_seconds()
    7200.0
    """
    return datetime.fromisoformat(text)


def only(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return these keys of a row, those that it has.

    >>> only({"a": 1, "b": 2}, "a", "c")
    {'a': 1}
    """
    return {name: row[name] for name in names if name in row}
