"""The files under fixtures/scoring, and a small evaluation that tests change."""

import json
from pathlib import Path
from typing import Any

import msgspec

from procure.scoring import engine
from procure.scoring.checks import rule_findings
from procure.scoring.format.file import Rule
from procure.scoring.outcome import Outcome
from procure.scoring.reading import Task, read_file

FIXTURES = Path(__file__).parents[2] / "fixtures" / "scoring"
FILES = sorted(FIXTURES.glob("*/*.json"))
PUBLISHED = sorted((FIXTURES / "published").glob("*.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def read(path: Path) -> Task:
    return read_file(path.read_bytes())


def own(name: str) -> Task:
    return read(FIXTURES / "own" / f"{name}.json")


def example(name: str) -> Task:
    return read(FIXTURES / "examples" / f"{name}.json")


def evaluation(**changes: Any) -> dict[str, Any]:
    """A price by lowest ratio and a quality, 60 : 40; `rule_…` changes a part of the rule."""
    made: dict[str, Any] = {
        "format": "procure-scoring/1",
        "title": "A test",
        "rule": {
            "inputs": [
                {"input": "number", "name": "price", "above": 0},
                {"input": "scores", "name": "method", "at_most": 5, "step": 0.5},
            ],
            "weights": [
                {"name": "w_price", "value": 60, "side": "price"},
                {"name": "w_method", "value": 40, "side": "quality"},
            ],
            "checks": [{"of": ["w_price", "w_method"], "is": "equal", "limit": 100}],
            "steps": [
                {"step": "reference", "name": "lowest", "of": "price", "take": "lowest"},
                {
                    "step": "ratio",
                    "name": "p_price",
                    "of": "price",
                    "best": "lowest",
                    "reference": {"of": "lowest"},
                    "times": {"of": "w_price"},
                    "round": {"decimals": 2},
                },
                {
                    "step": "linear",
                    "name": "p_method",
                    "of": "method",
                    "full_at": 5,
                    "none_at": 0,
                    "times": {"of": "w_method"},
                    "round": {"decimals": 2},
                },
                {
                    "step": "sum",
                    "name": "total",
                    "parts": [{"of": "p_price"}, {"of": "p_method"}],
                },
            ],
            "order": [{"of": "total", "best": "highest", "on": "exact"}],
            "price": "price",
        },
        "evaluators": ["E1", "E2"],
        "bids": [bid("A", 100, [4, 5]), bid("B", 80, [3, 3.5]), bid("C", 120, [5, 5])],
    }
    for name, value in changes.items():
        part, _, field = name.partition("_")
        if part == "rule":
            made["rule"][field] = value
        else:
            made[name] = value
    return made


def bid(id_: str, price: object, method: list[object], **more: object) -> dict[str, Any]:
    return {"id": id_, "values": {"price": price}, "scores": {"method": method}, **more}


def encoded(made: dict[str, Any]) -> bytes:
    return json.dumps(made).encode()


def scored(made: dict[str, Any]) -> Outcome:
    return engine.score(read_file(encoded(made)))


def codes(made: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and field of what is wrong with a rule."""
    rule = msgspec.convert(made["rule"], Rule, strict=False)
    return [(finding.code, finding.field) for finding in rule_findings(rule)]
