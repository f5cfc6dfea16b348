"""The document of the format: its examples are executed, its schemas made of the Structs."""

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from procure.entitlement import schema
from tests.architecture.tree import ROOT
from tests.entitlement.answers import FIXTURES
from tests.entitlement.test_command import pay

DOCS = ROOT / "docs" / "formats"
TEXT = (DOCS / "payment-terms.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- example: (\w+) -->\n((?:```\w+\n.*?```\n)+)", TEXT, re.DOTALL))
FILES = [
    (name, file) for name in ("terms", "facts") for file in sorted(FIXTURES.glob(f"**/{name}.json"))
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_document_comes_out_as_it_says(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    *files, printed = re.findall(r"```\w+\n(.*?)```\n", EXAMPLES[name], re.DOTALL)
    paths = []
    for kind, content in zip(("terms", "facts", "posted"), files, strict=False):
        paths.append(tmp_path / f"{kind}.json")
        paths[-1].write_text(content, encoding="utf-8")
    more = ["--posted", paths[2]] if len(paths) == 3 else []
    code, out, err = pay(capsys, *paths[:2], *more)
    assert (code, err) == (0, "")
    assert out == printed


def test_there_are_examples() -> None:
    assert set(EXAMPLES) == {"first", "posted", "model"}


@pytest.mark.parametrize("name", ["terms", "facts"])
def test_the_schema_beside_the_document_is_made_of_the_structs(name: str) -> None:
    kept = (DOCS / f"payment-{name}.schema.json").read_text(encoding="utf-8")
    assert kept == schema.text(name), f"run python -m procure.entitlement.schema {name}"


@pytest.mark.parametrize(
    ("name", "file"), FILES, ids=lambda v: v if v.__class__ is str else v.parent.name
)
def test_every_fixture_keeps_to_the_schema(name: str, file: Path) -> None:
    validator = jsonschema_rs.validator_for(schema.schema(name))
    validator.validate(msgspec.json.decode(file.read_bytes()))


def test_the_schema_refuses_what_reading_refuses() -> None:
    validator = jsonschema_rs.validator_for(schema.schema("terms"))
    good: dict[str, Any] = msgspec.json.decode((FIXTURES / "pilot" / "terms.json").read_bytes())
    assert validator.is_valid(good)
    for change in ({"vresion": 2}, {"version": "1"}, {"fees": [{"kind": "unit"}]}):
        assert not validator.is_valid(good | change)


def test_the_document_names_every_word_of_the_language() -> None:
    said = set(re.findall(r"`([^`\s]+)`", TEXT))
    for made in (schema.schema("terms"), schema.schema("facts")):
        for name, part in made["$defs"].items():
            for field, about in part.get("properties", {}).items():
                words = about.get("enum", []) if field in {"is", "kind"} else [field]
                missing = {str(word) for word in words} - said - COMMON
                assert not missing, f"{name}: {missing}"


COMMON = {
    "format", "format_version", "is", "kind", "since", "name", "names", "is_late", "of", "by",
    "left", "right", "less", "then", "points", "at", "value", "step", "mode", "facts",
}  # fmt: skip
