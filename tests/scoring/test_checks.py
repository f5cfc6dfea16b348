"""A rule that cannot be valid is refused before anybody bids, with the path of each fault."""

from typing import Any

import pytest

from procure.scoring import formula
from tests.scoring.cases import codes, evaluation

LOWEST, P_PRICE, P_METHOD, TOTAL = evaluation()["rule"]["steps"]
PRICE, METHOD = evaluation()["rule"]["inputs"]
SHARE = {"of": ["w_price"], "over": ["w_price", "w_method"], "is": "at-most"}
W_PRICE, W_METHOD = evaluation()["rule"]["weights"]


def steps(*made: dict[str, Any]) -> dict[str, Any]:
    return evaluation(rule_steps=list(made))


def test_the_rule_that_is_changed_here_is_valid() -> None:
    assert codes(evaluation()) == []


@pytest.mark.parametrize(
    ("made", "found"),
    [
        pytest.param(
            evaluation(rule_weights=[W_PRICE, {**W_METHOD, "value": 39}]),
            [("check-fails", "rule.checks[0]")],
            id="weights that do not sum",
        ),
        pytest.param(
            evaluation(rule_weights=[{**W_PRICE, "value": 110}, {**W_METHOD, "value": -10}]),
            [("weight-negative", "rule.weights[1].value")],
            id="a weight below 0",
        ),
        pytest.param(
            evaluation(rule_checks=[{**SHARE, "limit": 0.5}]),
            [("check-fails", "rule.checks[0]")],
            id="a legal cap on the share of price",
        ),
        pytest.param(
            evaluation(rule_checks=[{**SHARE, "limit": 0.6}]),
            [],
            id="the cap itself may be reached",
        ),
        pytest.param(
            evaluation(rule_checks=[{**SHARE, "limit": 0.5, "waived": "quality is specified"}]),
            [],
            id="a cap that is waived with a reason",
        ),
        pytest.param(
            evaluation(rule_checks=[{"of": ["w_price"], "is": "equal", "limit": 0}]),
            [("check-fails", "rule.checks[0]")],
            id="a fixed price leaves no weight for price",
        ),
        pytest.param(
            steps(LOWEST, {**P_PRICE, "reference": {"of": "cheapest"}}, P_METHOD, TOTAL),
            [("name-unknown", "rule.steps[1].reference.of")],
            id="a name that nobody knows",
        ),
        pytest.param(
            steps(P_PRICE, LOWEST, P_METHOD, TOTAL),
            [("name-unknown", "rule.steps[0].reference.of")],
            id="a name that is known only later",
        ),
        pytest.param(
            steps(LOWEST, {**P_PRICE, "name": "price"}, P_METHOD, TOTAL),
            [("name-twice", "rule.steps[1].name"), ("name-unknown", "rule.steps[3].parts[0].of")],
            id="a name with two meanings",
        ),
        pytest.param(
            steps(LOWEST, {**P_PRICE, "of": "lowest"}, P_METHOD, TOTAL),
            [("name-kind", "rule.steps[1].of")],
            id="a number where a column belongs",
        ),
        pytest.param(
            steps(LOWEST, P_PRICE, {**P_METHOD, "times": 40}, TOTAL),
            [("weight-unused", "rule.weights[1]")],
            id="a weight without effect",
        ),
        pytest.param(
            steps(
                LOWEST,
                {**P_PRICE, "times": {"of": "w_price"}},
                {**TOTAL, "parts": [{"of": "p_price", "weight": {"of": "w_method"}}]},
            ),
            [("input-unused", "rule.inputs[1]")],
            id="an input without effect",
        ),
        pytest.param(
            steps({**LOWEST, "at": 0.5}, P_PRICE, P_METHOD, TOTAL),
            [("quantile-where", "rule.steps[0].at")],
            id="a place that only quantiles have",
        ),
        pytest.param(
            steps({**LOWEST, "set": {"trim": {"ties": "cut"}}}, P_PRICE, P_METHOD, TOTAL),
            [("trim-unclear", "rule.steps[0].set.trim")],
            id="a trim that says neither share nor count",
        ),
        pytest.param(
            steps(LOWEST, {**P_PRICE, "round": {"decimals": 2, "step": 0.5}}, P_METHOD, TOTAL),
            [("rounding-unclear", "rule.steps[1].round")],
            id="a rounding that says two things",
        ),
        pytest.param(
            steps(LOWEST, {**P_PRICE, "times": {"of": "w_price", "over": 0}}, P_METHOD, TOTAL),
            [("over-zero", "rule.steps[1].times.over")],
            id="an operand over 0",
        ),
        pytest.param(
            steps(LOWEST, P_PRICE, {**P_METHOD, "full_at": "1e40"}, TOTAL),
            [("number-unusable", "rule.steps[2].full_at")],
            id="a number beyond all measure",
        ),
        pytest.param(
            steps(
                LOWEST,
                {
                    "step": "power",
                    "name": "p_price",
                    "of": "price",
                    "times": {"of": "w_price"},
                    "reference": {"of": "lowest"},
                    "exponent": -0.5,
                },
                P_METHOD,
                TOTAL,
            ),
            [("precision-missing", "rule.steps[1].precision")],
            id="an irrational result without its precision",
        ),
        pytest.param(
            steps(
                LOWEST,
                {
                    "step": "power",
                    "name": "p_price",
                    "of": "price",
                    "times": {"of": "w_price"},
                    "reference": {"of": "lowest"},
                    "exponent": 65,
                },
                P_METHOD,
                TOTAL,
            ),
            [("exponent-size", "rule.steps[1].exponent")],
            id="an exponent beyond all measure",
        ),
        pytest.param(
            steps(
                LOWEST,
                P_PRICE,
                P_METHOD,
                TOTAL,
                {
                    "step": "reduced-price",
                    "name": "reduced",
                    "price": "price",
                    "features": [{"of": "p_method", "max": 0.6}, {"of": "p_price", "max": 0.4}],
                },
            ),
            [("denominator", "rule.steps[4].features")],
            id="features whose most comes to 1",
        ),
        pytest.param(
            steps(
                LOWEST,
                P_PRICE,
                P_METHOD,
                TOTAL,
                {
                    "step": "corridor",
                    "name": "near",
                    "of": "total",
                    "best": "highest",
                    "width": 1,
                    "on": "exact",
                },
            ),
            [("corridor-width", "rule.steps[4].width")],
            id="a corridor as wide as everything",
        ),
        pytest.param(
            steps(
                LOWEST,
                P_PRICE,
                P_METHOD,
                TOTAL,
                {"step": "formula", "name": "f", "text": "total +"},
            ),
            [("formula", "rule.steps[4].text")],
            id="a formula that cannot be read",
        ),
        pytest.param(
            steps(
                LOWEST,
                P_PRICE,
                P_METHOD,
                TOTAL,
                {"step": "formula", "name": "f", "text": "total / price ** 0.5"},
            ),
            [("formula", "f")],
            id="a formula with a root",
        ),
        pytest.param(
            evaluation(rule_inputs=[{**PRICE, "envelope": "price"}, METHOD]),
            [
                ("sealed", "rule.steps[0].of"),
                ("sealed", "rule.steps[1].of"),
                ("sealed", "rule.price"),
                ("envelope-closed", "rule.steps"),
            ],
            id="an envelope that is used and never opened",
        ),
        pytest.param(
            steps(
                LOWEST, P_PRICE, P_METHOD, TOTAL, {"step": "open", "name": "o", "envelope": "price"}
            ),
            [("envelope-empty", "rule.steps[4].envelope")],
            id="an envelope with nothing in it",
        ),
        pytest.param(
            evaluation(rule_inputs=[{**PRICE, "at_most": -1}, METHOD]),
            [("range-empty", "rule.inputs[0].at_most")],
            id="a range in which nothing lies",
        ),
        pytest.param(
            evaluation(rule_order=[{"of": "lowest", "best": "lowest", "on": "exact"}]),
            [("name-kind", "rule.order[0].of")],
            id="an order by what is the same for all",
        ),
        pytest.param(
            evaluation(
                rule_ties=[
                    {"tie": "rebid", "of": "price", "best": "lowest", "not_worse_than": "price"}
                ]
            ),
            [("rebid-not-optional", "rule.ties[0].of")],
            id="an additional offer that every bid has",
        ),
        pytest.param(
            evaluation(
                rule_ties=[{"tie": "heaviest", "points": {"lowest": "total"}, "on": "exact"}]
            ),
            [("weight-unknown", "rule.ties[0].points")],
            id="a heaviest criterion that has no weight",
        ),
    ],
)
def test_what_cannot_be_valid(made: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert codes(made) == found


LABEL = {"input": "label", "name": "grade", "one_of": ["good", "poor"]}
GRADE = {"step": "grade", "name": "p_grade", "of": "grade", "values": {"good": 1}}


def test_each_label_has_a_value() -> None:
    made = evaluation(
        rule_inputs=[PRICE, METHOD, LABEL], rule_steps=[LOWEST, P_PRICE, P_METHOD, TOTAL, GRADE]
    )

    assert codes(made) == [("labels-differ", "rule.steps[4].of")]


# --- What is undefined somewhere ---------------------------------------------------------------

FREE = {"input": "number", "name": "price", "at_least": 0}
WORST = {"step": "reference", "name": "worst", "of": "price", "take": "highest"}
MIN_MAX = {
    "step": "linear",
    "name": "p_price",
    "of": "price",
    "times": {"of": "w_price"},
    "full_at": {"of": "lowest"},
    "none_at": {"of": "worst"},
}
OTHERS = {"step": "reference", "name": "others", "of": "price", "take": "mean",
          "set": {"includes_self": False}}  # fmt: skip
TO_OTHERS = {"step": "quotient", "name": "p_price", "of": "others", "over": "price",
             "times": {"of": "w_price"}}  # fmt: skip


@pytest.mark.parametrize(
    ("made", "cases"),
    [
        pytest.param(
            evaluation(rule_inputs=[FREE, METHOD]),
            ["at the lowest values that the inputs admit"],
            id="lowest ÷ price, where a price may be 0",
        ),
        pytest.param(
            evaluation(
                rule_inputs=[FREE, METHOD],
                rule_steps=[LOWEST, {**P_PRICE, "zero": {"of": "w_price"}}, P_METHOD, TOTAL],
            ),
            [],
            id="the same with a declared result at 0",
        ),
        pytest.param(
            steps(LOWEST, WORST, MIN_MAX, P_METHOD, TOTAL),
            ["with one bid"],
            id="min-max, where one bid is best and worst",
        ),
        pytest.param(
            steps(LOWEST, WORST, {**MIN_MAX, "one_bid": 60}, P_METHOD, TOTAL),
            ["where all bids are equal"],
            id="min-max, where all are equal",
        ),
        pytest.param(
            steps(LOWEST, WORST, {**MIN_MAX, "one_bid": 60, "all_equal": 60}, P_METHOD, TOTAL),
            [],
            id="min-max with both declared",
        ),
        pytest.param(
            steps(OTHERS, TO_OTHERS, P_METHOD, TOTAL),
            ["with one bid"],
            id="a mean of others, where there are none",
        ),
        pytest.param(
            steps({**OTHERS, "empty": 1}, TO_OTHERS, P_METHOD, TOTAL), [], id="the same, declared"
        ),
    ],
)
def test_what_is_undefined_at_the_edges(made: dict[str, Any], cases: list[str]) -> None:
    from procure.scoring.checks import rule_findings
    from procure.scoring.reading import read_rule
    from tests.scoring.cases import encoded

    found = rule_findings(read_rule(encoded(made["rule"])))

    assert [(f.code, f.values["case"]) for f in found] == [("undefined", case) for case in cases]
    assert all(f.field.startswith("rule.steps[") for f in found)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b",
        "a[0]",
        "(lambda: 1)()",
        "[a for a in b]",
        "a if b else c",
        "'text'",
        "True",
        "1e99",
        "f'{a}'",
        "a and b",
        "a < b",
        "min()",
        "round(a)",
        "when(a, 1, 2)",
        "open(a)",
        "min(a, key=b)",
        "(" * 60 + "a" + ")" * 60 + "+" * 1 + "-" * 60 + "a",
    ],
)
def test_nothing_but_arithmetic_is_a_formula(text: str) -> None:
    with pytest.raises(formula.BadFormula):
        formula.read(text)
