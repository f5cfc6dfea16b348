"""`procure score`: an evaluation's file in, its result and trace out, for people or programs.

Reads one file and prints; nothing else. Exit codes: 0 computed (and as expected, with `check`),
1 other than expected, 2 refused: each fault on a line, with its path and what to do.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from procure.kernel.errors import ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring import checks, engine, expecting, machine, questions
from procure.scoring.numbers import shown
from procure.scoring.outcome import Outcome
from procure.scoring.reading import Task, read_file, repeated_keys
from procure.scoring.report import report

COMPUTED, DIFFERENT, REFUSED = 0, 1, 2
MOST_ASKED = 200


def main(
    file: Path,
    *,
    as_json: bool = False,
    check: bool = False,
    rule_only: bool = False,
    ask: Sequence[str] = (),
    bids: Sequence[str] = (),
    without: Sequence[str] = (),
) -> int:
    """Run the command; return its exit code."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        print(f"{file}: cannot be read: {error.strerror}.", file=sys.stderr)
        return REFUSED
    expected = None
    try:
        if twice := repeated_keys(content):
            raise Refused(twice)
        task = read_file(content)
        expected = task.expected
        if found := checks.rule_findings(task.rule):
            raise Refused(found)
        if rule_only:
            print("The rule can be computed for every bid that its inputs admit.")
            return COMPUTED
        outcome = _computed(task, without)
        unknown = sorted(set(bids) - set(task.sheet.ids))
        if unknown:
            text = n_("There is no bid {ids} in this file.")
            raise Refused([Finding("bid-unknown", text, {"ids": ", ".join(unknown)}, field="bids")])
        answers = [line for question in ask for line in ASKED[question](outcome.task)]
    except Refused as refusal:
        return _refused(file, refusal.findings, expected.refused if check and expected else ())
    except ProcureError as error:
        return _refused(file, [Finding("refused", "{what}", {"what": str(error)})], ())
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(machine.result(outcome))).decode())
        print()
    else:
        print(report(outcome, bids))
        for line in answers:
            print(line)
    return _checked(outcome) if check else COMPUTED


def _computed(task: Task, without: Sequence[str]) -> Outcome:
    if not without:
        return engine.score(task)
    return questions.evaluated_again(task, dict.fromkeys(without, "asked with --without")).outcome


def _checked(outcome: Outcome) -> int:
    expected = outcome.task.expected
    if expected is None:
        print("The file expects nothing: there is no `expected` in it.", file=sys.stderr)
        return REFUSED
    if expected.refused:
        wanted = ", ".join(expected.refused)
        print(f"It was computed; expected is a refusal ({wanted}).", file=sys.stderr)
        return DIFFERENT
    found = expecting.differences(outcome, expected)
    for line in found:
        print(line, file=sys.stderr)
    print("Other than expected." if found else "As expected.", file=sys.stderr)
    return DIFFERENT if found else COMPUTED


def _refused(file: Path, findings: Sequence[Finding], expected: Sequence[str]) -> int:
    codes = {finding.code for finding in findings}
    for finding in findings:
        where = finding.field or "the file"
        clause = f" [{finding.clause}]" if finding.clause else ""
        print(f"{file}: {where}: {finding.message} ({finding.code}){clause}", file=sys.stderr)
    if expected and codes == set(expected):
        print("Refused, as expected.", file=sys.stderr)
        return COMPUTED
    count = len(findings)
    said = "This stands" if count == 1 else f"These {count} stand"
    print(f"{said} in the way; docs/formats/scoring.md describes each field.", file=sys.stderr)
    return REFUSED


def _to_win(task: Task) -> Iterator[str]:
    yield "\nWhat would have won"
    for one in questions.to_win(task, only=task.sheet.ids[:MOST_ASKED]):
        if one.price is None or one.difference is None:
            yield f"{one.id}: no price would have."
        else:
            yield f"{one.id}: {shown(one.price)}, that is {shown(one.difference)} cheaper."


def _reversals(task: Task) -> Iterator[str]:
    yield "\nWithout one bid, the order of the others"
    for one in questions.reversals(task):
        order = ", ".join(one.order_without) or "nobody"
        what = "other winner" if one.changes_winner else "other order"
        yield f"without {one.without}: {order}" + (f" ({what})" if one.changes_order else "")


def _sensitivity(task: Task) -> Iterator[str]:
    yield "\nThe order by the weight of price"
    found = questions.sensitivity(task)
    if not found:
        yield "The rule has no weights on both sides, price and quality."
    for one in found:
        order = ", ".join(one.order)
        yield f"{shown(one.share * 100, 2)} %: {order}" + (
            " (as published)" if one.is_published else ""
        )


ASKED = {"to-win": _to_win, "reversals": _reversals, "sensitivity": _sensitivity}
