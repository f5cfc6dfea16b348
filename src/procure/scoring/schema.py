"""The JSON Schema of the format, made of its Structs.

`python -m procure.scoring.schema` prints it; docs/formats/scoring.schema.json is that text, and a
test keeps it so. Pure.
"""

import json
from typing import Any

import msgspec

from procure.scoring.format.file import Evaluation

NUMBER = {
    "description": "a decimal number, as JSON number or as text; taken exactly as written",
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[-+]?[0-9]*\.?[0-9]+$"}],
}


def schema() -> dict[str, Any]:
    """Return the schema of an evaluation file."""
    made = msgspec.json.schema(Evaluation)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "procure-scoring/1",
    }
    found: dict[str, Any] = {**head, **_numbers(made)}
    return found


def _numbers(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Say of decimals what reading takes: numbers and text."""
    if isinstance(node, dict):
        if node.get("format") == "decimal":
            rest = {k: v for k, v in node.items() if k not in ("type", "format")}
            return {**NUMBER, **rest}
        return {key: _numbers(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_numbers(value) for value in node]
    return node


def text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(text(), end="")
