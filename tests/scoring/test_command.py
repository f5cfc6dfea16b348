"""`procure score`: what it prints, its exit codes, and how it refuses."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from procure import cli
from procure.scoring import schema
from tests.scoring.cases import FILES, FIXTURES, bid, encoded, evaluation, name_of

LOT = FIXTURES / "own" / "l03-2024.json"
DOCS = Path(__file__).parents[2] / "docs" / "formats"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(["score", *map(str, arguments)])
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(made: dict[str, Any] | bytes) -> Path:
        path = tmp_path / "evaluation.json"
        path.write_bytes(made if isinstance(made, bytes) else encoded(made))
        return path

    return write


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_is_as_expected(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "--check") == 0
    assert "s expected." in capsys.readouterr().err


def test_a_person_reads_result_and_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LOT, "--bid", "T1", "--ask", "to-win", "--ask", "reversals") == 0

    said = capsys.readouterr().out
    for line in (
        "First: T1 (decided by: order).",
        "1     T1   73.47  order",
        "T4: Out by k2_minimum: 2.666666… against 3.",
        "Flag low_price: T3",
        "  points for price: 40 × 12.9 ÷ 24.8 = 20.81",
        "without T3: T2, T1 (other winner)",
    ):
        assert line in said


def test_a_program_reads_exact_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LOT, "--json") == 0

    made = json.loads(capsys.readouterr().out)
    assert (made["format"], made["winner"]) == ("procure-scoring-result/1", "T1")
    assert made["inputs"]["k2"]["T1"] == "14/3"
    lowest = next(step for step in made["steps"] if step["name"] == "lowest_price")
    assert (lowest["value"], lowest["used"]) == ("12.9", ["T1", "T2", "T3"])


def test_other_than_expected(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(evaluation(expected={"winner": "C", "columns": {"total": {"A": 1}}}))

    assert run(path, "--check") == 1
    said = capsys.readouterr().err
    assert "winner: B instead of C" in said
    assert "total of A: 84 instead of 1" in said


def test_nothing_expected_is_no_agreement(written: Any) -> None:
    assert run(written(evaluation()), "--check") == 2


def test_expected_refusal_that_does_not_come(written: Any) -> None:
    assert run(written(evaluation(expected={"refused": ["undefined"]})), "--check") == 1


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (b"{", "the file: This is not readable JSON"),
        (
            evaluation(bids=[bid("A", 0, [4, 4])]),
            "bids[0].values.price: 0 is not above 0 (out-of-range)",
        ),
        (
            evaluation(rule_weights=[{"name": "w_price", "value": 60, "side": "price"},
                                     {"name": "w_method", "value": 30, "side": "quality"}]),
            "rule.checks[0]: w_price + w_method come to 90; required is equal 100. (check-fails)",
        ),
        (b'{"format": 1, "format": 2}', "format: format is said twice in one object"),
    ],
)  # fmt: skip
def test_refused(made: Any, said: str, written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written(made)) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "no.json") == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_a_bid_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LOT, "--bid", "T9") == 2
    assert run(LOT, "--without", "T9") == 2
    assert "There is no bid T9" in capsys.readouterr().err


def test_a_bid_drops_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LOT, "--without", "T3") == 0
    assert "First: T2" in capsys.readouterr().out


def test_a_rule_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LOT, "--rule-only") == 0
    assert "can be computed for every bid" in capsys.readouterr().out


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(LOT.read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin)
    assert run("-", "--check") == 0


def test_the_schema_in_the_documents_is_the_one_of_the_structs() -> None:
    committed = (DOCS / "scoring.schema.json").read_text()

    assert committed == schema.text(), "run: python -m procure.scoring.schema > docs/formats/…"


def _examples() -> list[str]:
    parts = (DOCS / "scoring.md").read_text().split("```json\n")[1:]
    return [text for part in parts if '"format"' in (text := part.split("```")[0])]


@pytest.mark.parametrize("number", range(len(_examples())))
def test_the_examples_of_the_document_come_out(number: int, written: Any) -> None:
    assert run(written(_examples()[number].encode()), "--check") == 0


def test_the_document_names_every_kind_of_step_input_tie_and_field() -> None:
    said = (DOCS / "scoring.md").read_text()
    missing = []
    for name, struct in schema.schema()["$defs"].items():
        for field, about in struct.get("properties", {}).items():
            tag = about.get("enum", [""])[0] if field in ("step", "input", "tie") else field
            if f"`{tag}`" not in said:
                missing.append(f"{name}.{tag}")
    assert missing == []
