"""Every bad file is refused by name, with the path to the field."""

from typing import Any

import pytest

from procure.kernel.errors import Refused
from procure.scoring import engine
from procure.scoring.reading import read_file, read_rule, repeated_keys
from tests.scoring.cases import bid, encoded, evaluation


def refused(content: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        engine.score(read_file(content))
    return [(finding.code, finding.field) for finding in refusal.value.findings]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"", ("file-unreadable", ""), id="nothing"),
        pytest.param(b"{", ("file-unreadable", ""), id="half an object"),
        pytest.param(b"\xff\xfe{}", ("file-unreadable", ""), id="no UTF-8"),
        pytest.param(b"[]", ("file-refused", ""), id="a list"),
        pytest.param(b"[" * 100_000, ("file-refused", ""), id="nested beyond all measure"),
        pytest.param(
            encoded(evaluation(format="procure-scoring/9")),
            ("file-refused", "format"),
            id="another format",
        ),
        pytest.param(
            encoded(evaluation(rules={})), ("file-refused", ""), id="a field that is not there"
        ),
        pytest.param(
            encoded(evaluation(rule_steps=[{"step": "magic", "name": "a"}])),
            ("file-refused", "rule.steps[0].step"),
            id="a step that is not there",
        ),
        pytest.param(
            encoded(
                evaluation(rule_order=[{"of": "total", "best": "highest", "on": "exact", "of2": 1}])
            ),
            ("file-refused", "rule.order[0]"),
            id="an unknown field deep inside",
        ),
        pytest.param(
            encoded(evaluation(rule_order=[{"of": "total", "best": "highest"}])),
            ("file-refused", "rule.order[0]"),
            id="an order that does not say what is compared",
        ),
        pytest.param(
            encoded(evaluation(bids=[bid("A", 1, [4, 4]), {"id": "B", "price": 5}])),
            ("file-refused", "bids[1]"),
            id="a bid with an unknown field",
        ),
        pytest.param(
            encoded(evaluation(bids=[bid("A", "ten", [4, 4])])),
            ("file-refused", "bids[0].values[...]"),
            id="a price that is no number",
        ),
    ],
)
def test_what_is_not_the_format(content: bytes, found: tuple[str, str]) -> None:
    assert refused(content) == [found]


@pytest.mark.parametrize(
    ("bids", "found"),
    [
        pytest.param(
            [bid("A", 1, [4, 4]), bid("A", 2, [4, 4])],
            [("bid-twice", "bids[1].id")],
            id="an id twice",
        ),
        pytest.param(
            [bid("A", 0, [4, 4])], [("out-of-range", "bids[0].values.price")], id="a price of 0"
        ),
        pytest.param([bid("A", "0.01", [4, 4])], [], id="a cent"),
        pytest.param(
            [bid("A", 1, [4, 5.5])],
            [("out-of-range", "bids[0].scores.method")],
            id="over",
        ),
        pytest.param([bid("A", 1, [0, 5])], [], id="both ends of the scale"),
        pytest.param(
            [bid("A", 1, [-0.5, 5])],
            [("out-of-range", "bids[0].scores.method")],
            id="below the scale",
        ),
        pytest.param(
            [bid("A", 1, [4.25, 5])], [("off-step", "bids[0].scores.method")], id="a quarter point"
        ),
        pytest.param(
            [bid("A", 1, [4])], [("scores-count", "bids[0].scores.method")], id="a score missing"
        ),
        pytest.param(
            [bid("A", 1, [4, 4, 4])], [("scores-count", "bids[0].scores.method")], id="one too many"
        ),
        pytest.param(
            [bid("A", 1, [4, None])],
            [("score-missing", "bids[0].scores.method")],
            id="null",
        ),
        pytest.param(
            [bid("A", "NaN", [4, 4])], [("number-unusable", "bids[0].values.price")], id="NaN"
        ),
        pytest.param(
            [bid("A", "sNaN", [4, 4])], [("number-unusable", "bids[0].values.price")], id="sNaN"
        ),
        pytest.param(
            [bid("A", "1e999999", [4, 4])],
            [("number-unusable", "bids[0].values.price")],
            id="beyond all measure",
        ),
        pytest.param(
            [bid("A", "-Infinity", [4, 4])],
            [("number-unusable", "bids[0].values.price")],
            id="infinite",
        ),
        pytest.param(
            [{"id": "A", "scores": {"method": [4, 4]}}],
            [("value-missing", "bids[0].values.price")],
            id="no price",
        ),
        pytest.param(
            [{"id": "A", "values": {"price": 4}}],
            [("value-missing", "bids[0].scores.method")],
            id="no scores",
        ),
        pytest.param(
            [{"id": "A", "out": "withdrawn"}, bid("B", 1, [4, 4])],
            [],
            id="who is out may lack everything",
        ),
        pytest.param(
            [bid("A", 1, [4, 4], labels={"colour": "red"})],
            [("input-unknown", "bids[0].labels.colour")],
            id="what nobody asked for",
        ),
        pytest.param(
            [bid("A", 1, [4, 4], submitted_at="2026-11-24T10:00:00")],
            [("no-time-zone", "bids[0].submitted_at")],
            id="a time without its zone",
        ),
        pytest.param(
            [bid("A", 1, [4, 4], out="late", out_before="nothing")],
            [("out-before-what", "bids[0].out_before")],
            id="out before a step that is not there",
        ),
        pytest.param(
            [bid("A", 0, [9, 9]), bid("B", 0, [4, 4.1])],
            [
                ("out-of-range", "bids[0].values.price"),
                ("out-of-range", "bids[0].scores.method"),
                ("out-of-range", "bids[1].values.price"),
                ("off-step", "bids[1].scores.method"),
            ],
            id="all faults at once",
        ),
    ],
)
def test_bids(bids: list[dict[str, Any]], found: list[tuple[str, str]]) -> None:
    content = encoded(evaluation(bids=bids))
    if found:
        assert refused(content) == found
    else:
        engine.score(read_file(content))


@pytest.mark.parametrize(
    ("draw", "found"),
    [
        ({"among": ["A", "X"], "order": ["A", "X"]}, ("draw-unknown", "draws[0].among")),
        ({"among": ["A", "B"], "order": ["A"]}, ("draw-incomplete", "draws[0].order")),
        ({"among": ["A", "B"]}, ("draw-empty", "draws[0]")),
    ],
)
def test_draws(draw: dict[str, Any], found: tuple[str, str]) -> None:
    assert refused(encoded(evaluation(draws=[draw]))) == [found]


TIED = {
    "bids": [bid("A", 100, [4, 4]), bid("B", 100, [4, 4])],
    "rule_ties": [{"tie": "lot", "witnesses": 2}],
}
BY_SEED = {"among": ["A", "B"], "seed": "7", "witnesses": ["X", "Y"]}


@pytest.mark.parametrize(
    ("draw", "found"),
    [
        ({**BY_SEED, "witnesses": ["X"]}, "witnesses-missing"),
        ({**BY_SEED, "order": ["B", "A"]}, "draw-not-of-seed"),
    ],
)
def test_a_drawing_that_does_not_hold(draw: dict[str, Any], found: str) -> None:
    assert engine.score(
        read_file(encoded(evaluation(**TIED, draws=[{**BY_SEED, "order": ["A", "B"]}])))
    ).order == ("A", "B")
    assert [code for code, _ in refused(encoded(evaluation(**TIED, draws=[draw])))] == [found]


def test_equal_bids_without_the_time_that_sets_them_apart() -> None:
    made = evaluation(**{**TIED, "rule_ties": [{"tie": "earliest"}]})

    assert refused(encoded(made)) == [("time-missing", "bids")]


def test_no_consensus_is_refused() -> None:
    rule = evaluation()["rule"]
    inputs = [rule["inputs"][0], {**rule["inputs"][1], "aggregate": "consensus"}]

    assert refused(encoded(evaluation(rule_inputs=inputs))) == [
        ("no-consensus", "bids[0].values.method"),
        ("no-consensus", "bids[1].values.method"),
    ]


def test_a_key_said_twice_is_named() -> None:
    assert [f.field for f in repeated_keys(b'{"a": 1, "b": {"c": 1, "c": 2}}')] == ["c"]
    assert repeated_keys(encoded(evaluation())) == []


def test_a_rule_alone_is_read() -> None:
    assert read_rule(encoded(evaluation()["rule"])).price == "price"
    with pytest.raises(Refused) as refusal:
        read_rule(b'{"inputs": []}')
    assert refusal.value.findings[0].field == "rule.inputs"


def test_numbers_are_taken_as_they_are_written() -> None:
    long = b"0.1000000000000000055511151231"
    made = encoded(evaluation(bids=[bid("A", 7, [4, 4])])).replace(
        b'"price": 7', b'"price": ' + long
    )

    value = engine.score(read_file(made)).column("price")["A"]

    assert str(value) == "1000000000000000055511151231/10000000000000000000000000000"
