"""`procure pay`: what it prints, its exit codes, and how each bad input is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from procure import cli
from tests.entitlement.answers import FIXTURES
from tests.entitlement.models import HEAD, milestone, sel, unit

PILOT = FIXTURES / "pilot"


def pay(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run the command as a shell would."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["pay", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def files(folder: Path, terms: Any, facts: Any) -> tuple[Path, Path]:
    """Write the two files; text as it is, anything else as JSON."""
    for name, content in (("terms.json", terms), ("facts.json", facts)):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text)
    return folder / "terms.json", folder / "facts.json"


def the_terms(*fees: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**HEAD, "currency": "EUR", "fees": list(fees or [unit("u", "day", price="10")]), **more}


def the_facts(*facts: dict[str, Any]) -> dict[str, Any]:
    return {"format": "procure-payment-facts", "format_version": 1, "facts": list(facts)}


A_DAY = {"id": "d", "what": "day", "who": "P", "on": "2026-01-05"}


def test_it_prints_lines_and_why_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = pay(capsys, PILOT / "terms.json", PILOT / "facts.json")
    assert (code, err) == (0, "")
    assert "11814.00 EUR" in out
    assert "34 counted × day rate 13.20 = 448.80. [ATTENDANCE]" in out
    assert "Not reached: longest run 71 days, for 90 days." in out


@pytest.mark.parametrize(
    ("known_at", "total"), [("2026-05-03", "11972.40"), ("2026-05-04T06:00:00Z", "11814.00")]
)
def test_it_computes_by_what_was_known_then(
    capsys: pytest.CaptureFixture[str], known_at: str, total: str
) -> None:
    arguments = (PILOT / "terms.json", PILOT / "facts.json", "--json", "--known-at", known_at)
    code, out, _ = pay(capsys, *arguments)
    assert code == 0
    assert json.loads(out)["total"] == total


def test_it_shows_what_is_to_be_posted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    terms, facts = files(tmp_path, the_terms(), the_facts(A_DAY))
    posted = tmp_path / "posted.json"
    said = {"format": "procure-posted", "format_version": 1, "posted": []}
    posted.write_text(json.dumps(said | {"posted": [{"key": "u:P:d", "amount": "4.00"}]}))
    _, out, _ = pay(capsys, terms, facts, "--posted", posted)
    assert "To post:" in out
    assert "6.00" in out
    posted.write_text(json.dumps(said | {"posted": [{"key": "u:P:d", "amount": "10.00"}]}))
    _, out, _ = pay(capsys, terms, facts, "--posted", posted)
    assert "Nothing is to be posted." in out


def test_its_own_result_can_be_checked_and_a_cent_is_found(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    terms, facts = files(tmp_path, the_terms(), the_facts(A_DAY))
    given = tmp_path / "given.json"
    given.write_text(pay(capsys, terms, facts, "--json")[1])
    assert pay(capsys, terms, facts, "--check", given)[0] == 0
    given.write_text(given.read_text().replace("10.00", "10.01"))
    code, _, err = pay(capsys, terms, facts, "--check", given)
    assert (code, err) == (1, "u:P:d: 10.00 computed, 10.01 given\n")


def table(**more: Any) -> dict[str, Any]:
    return the_terms(
        unit("u", "day", price={"is": "table", "name": "t"}),
        tables={"t": {"rows": [{"words": {"band": ["A"]}, "value": "1"}]}},
        **more,
    )


PRODUCT = {"is": "product", "of": ["2", {"is": "named", "name": "a"}]}
FUNDING = [{"payers": [{"payer": "a", "share": "0.9"}]}]


@pytest.mark.parametrize(
    ("terms", "facts", "code", "where"),
    [
        pytest.param("{", the_facts(), "bad-form", "$", id="not JSON"),
        pytest.param('{"a":1,"a":2}', the_facts(), "double-name", "$", id="a name twice"),
        pytest.param({**the_terms(), "version": "1"}, the_facts(), "bad-form", "$.version",
                     id="a text for a number"),
        pytest.param({**the_terms(), "vresion": 1}, the_facts(), "bad-form", "$",
                     id="an unknown field"),
        pytest.param({**the_terms(), "format_version": 2}, the_facts(), "bad-form",
                     "$.format_version", id="a later format"),
        pytest.param(the_terms(unit("u", "day", price={"is": "prodct"})), the_facts(), "bad-form",
                     "$.fees[0].price.is", id="an unknown word"),
        pytest.param(the_terms(unit("u", "day", price="ten")), the_facts(), "bad-form",
                     "$.fees[0].price", id="no number"),
        pytest.param(the_terms(unit("u", "day", price="NaN")), the_facts(), "not-a-number",
                     "$.fees[0].price", id="NaN"),
        pytest.param(the_terms(unit("u", "day", price="1e99999999")), the_facts(), "not-a-number",
                     "$.fees[0].price", id="a number without end"),
        pytest.param(the_terms(unit("u", "day", price={"is": "table", "name": "x"})), the_facts(),
                     "unknown-name", "$.fees[0].price.name", id="no such table"),
        pytest.param(the_terms(unit("u", "a"), unit("u", "b")), the_facts(), "double-code",
                     "$.fees[0].code", id="a code twice"),
        pytest.param(the_terms(unit("u:1", "a")), the_facts(), "bad-code", "$.fees[0].code",
                     id="a colon in a code"),
        pytest.param(the_terms(milestone("m", "a", {"is": "earned", "fees": ["u"]}),
                               unit("u", "a")), the_facts(), "too-early", "$.fees[0].price.fees[0]",
                     id="a fee that looks ahead"),
        pytest.param(the_terms(named={"a": PRODUCT}, report=["a"]), the_facts(), "ring",
                     "$.named.a", id="names in a ring"),
        pytest.param(the_terms(funding=FUNDING), the_facts(), "bad-funding", "$.funding[0]",
                     id="shares that do not sum to 1"),
        pytest.param(the_terms(milestone("m", {"is": "days", "facts": sel("job"),
                                               "length": {"months": 1}})), the_facts(),
                     "not-in-days", "", id="cumulative months"),
        pytest.param(the_terms(), the_facts({**A_DAY, "on": "2026-02-30"}), "bad-form",
                     "$.facts[0].on", id="no such day"),
        pytest.param(the_terms(), the_facts({**A_DAY, "until": "2026-01-04"}), "backwards",
                     "$.facts[0].until", id="an end before the beginning"),
        pytest.param(the_terms(), the_facts({**A_DAY, "known_at": "2026-01-04T10:00:00"}),
                     "no-zone", "$.facts[0].known_at", id="an instant without zone"),
        pytest.param(the_terms(), the_facts({**A_DAY, "value": "Infinity"}), "not-a-number",
                     "$.facts[0].value", id="an infinite value"),
        pytest.param(the_terms(), the_facts(A_DAY, {**A_DAY, "on": "2026-01-06"}),
                     "contradicting-facts", "", id="two tellings at one moment"),
        pytest.param(the_terms(), the_facts(A_DAY, {**A_DAY, "who": "Q"}), "moved-fact", "",
                     id="one id for two people"),
        pytest.param(the_terms(unit("u", "day", price={"is": "fact"})), the_facts(A_DAY),
                     "no-number", "", id="a number that is not there"),
        pytest.param(table(), the_facts(A_DAY), "no-row", "$.tables.t", id="no row fits"),
        pytest.param(the_terms(unit("u", "day", price={"is": "number", "name": "w"}),
                               numbers={"w": [{"from": "2027-01-01", "value": "1"}]}),
                     the_facts(A_DAY), "no-value", "$.numbers.w", id="before the first value"),
        pytest.param(the_terms(unit("u", "day", price={"is": "quotient", "of": "1", "by": "0"})),
                     the_facts(A_DAY), "divided-by-zero", "", id="divided by zero"),
    ],
)  # fmt: skip
def test_a_bad_input_is_a_named_refusal(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    terms: Any,
    facts: Any,
    code: str,
    where: str,
) -> None:
    exit_code, out, err = pay(capsys, *files(tmp_path, terms, facts))
    assert (exit_code, out) == (2, "")
    assert f"[{code}]" in err
    assert f".json: {where}: [{code}]" in err if where else f".json: [{code}]" in err


def test_a_file_that_is_not_there_is_a_refusal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = pay(capsys, tmp_path / "no.json", PILOT / "facts.json")
    assert code == 2
    assert "[unreadable] The file cannot be read" in err


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-01-01T10:00:00"])
def test_an_instant_that_is_none_is_a_refusal(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    code, _, err = pay(capsys, PILOT / "terms.json", PILOT / "facts.json", "--known-at", text)
    assert code == 2
    assert "--known-at: [bad-instant]" in err


def test_every_fault_is_told_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = the_terms(unit("a b", "day", price="NaN"), unit("c", "day", price="NaN"))
    _, _, err = pay(capsys, *files(tmp_path, bad, the_facts()))
    assert err.count("[not-a-number]") == 2
    assert err.count("[bad-code]") == 1
