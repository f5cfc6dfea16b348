"""The JSON Schemas of terms and facts, made of their Structs.

`python -m procure.entitlement.schema terms` (or `facts`) prints one; the files beside
docs/formats/payment-terms.md are those texts, and a test keeps them so. Pure.
"""

import json
import sys
from typing import Any, get_args

import msgspec

from procure.entitlement import facts, language, terms

ROOTS: dict[str, type] = {"terms": terms.Terms, "facts": facts.FactsFile}
DECIMAL = {
    "description": "a decimal number, as text or as a number; taken exactly as written",
    "anyOf": [{"type": "string", "pattern": r"^[-+]?[0-9]*\.?[0-9]+$"}, {"type": "number"}],
}
UNIONS = {
    name: {
        f"#/$defs/{part.__name__}" for part in get_args(union) if hasattr(part, "__struct_fields__")
    }
    for name, union in (
        ("Value", language.Value),
        ("Condition", language.Condition),
        ("When", language.When),
        ("Fee", terms.AnyFee),
        ("Limit", terms.Limit),
    )
}


def schema(name: str) -> dict[str, Any]:
    """Return one schema; each kind of part is described once and referred to by name."""
    made = msgspec.json.schema(ROOTS[name])
    defs: dict[str, Any] = {"Decimal": DECIMAL}
    defs |= {key: _named(node) for key, node in sorted(made["$defs"].items())}
    for union, parts in UNIONS.items():
        if parts <= {f"#/$defs/{key}" for key in defs}:
            options: list[Any] = [{"$ref": part} for part in sorted(parts)]
            if union == "Value":
                options.insert(0, {"$ref": "#/$defs/Decimal"})
            defs[union] = {"anyOf": options}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"procure-payment-{name}/1",
        "$ref": made["$ref"],
        "$defs": defs,
    }


def _named(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Refer to unions and decimals by their names, instead of repeating them at every place."""
    if isinstance(node, list | tuple):
        return [_named(value) for value in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "decimal":
        rest = {key: value for key, value in node.items() if key not in {"type", "format"}}
        return {"$ref": "#/$defs/Decimal", **rest}
    options = node.get("anyOf")
    if options is not None:
        found = {option["$ref"] for option in options if "$ref" in option}
        for union, parts in UNIONS.items():
            if found == parts:
                rest = {
                    k: _named(v) for k, v in node.items() if k not in {"anyOf", "discriminator"}
                }
                nothing = [option for option in options if option.get("type") == "null"]
                here = {"$ref": f"#/$defs/{union}"}
                return {"anyOf": [here, *nothing], **rest} if nothing else {**here, **rest}
    return {key: _named(value) for key, value in node.items() if key != "discriminator"}


def text(name: str) -> str:
    """Return one schema as its file holds it."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text(sys.argv[1]))
