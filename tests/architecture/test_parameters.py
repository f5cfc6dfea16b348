"""Every number of law says what it is, in which unit, from which day, and who says so."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from tests.architecture.tree import ROOT

PARAMETERS = ROOT / "fixtures" / "parameters"
files = sorted(PARAMETERS.rglob("*.yaml"))


def mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield every mapping of a document, as it is written: loading drops a key given twice."""
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from mappings(item)


@pytest.mark.parametrize("file", files, ids=lambda file: file.relative_to(PARAMETERS).as_posix())
def test_a_parameter_is_complete(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    for key in ("description", "unit", "source"):
        assert str(content.get(key) or "").strip(), f"{key} is missing"
    assert content["values"], "there is no first value"
    for day, entry in content["values"].items():
        assert type(day) is date, f"{day!r} is not a date"
        assert entry.get("source"), f"{day} has no source"
        assert "value" in entry, f"{day} has no value"
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    assert document is not None
    for node in mappings(document):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{keys} has one of them twice"


def test_there_are_parameters_and_nothing_else() -> None:
    others = [file for file in PARAMETERS.rglob("*") if file.is_file() and file not in files]
    assert files
    assert others == []
