"""`procure pay`: terms and facts in, what is owed and why out, without database or network.

Reads files and prints; nothing else in this package does. Exit codes: 0 computed (and as expected),
1 other than expected, 2 refused: each fault on a line, with its path and what to do.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import msgspec

from procure.entitlement.difference import Difference, difference
from procure.entitlement.engine import entitlements
from procure.entitlement.lines import Entitlement, LineView, WithheldView, withheld_view
from procure.entitlement.reading import read_expected, read_facts, read_posted, read_terms
from procure.kernel.errors import ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

COMPUTED, DIFFERENT, REFUSED = 0, 1, 2


class Result(msgspec.Struct, frozen=True, omit_defaults=False):
    """What the command computes, as `--json` prints it."""

    format: str
    format_version: int
    terms: str
    terms_version: int
    currency: str
    known_at: datetime | None
    total: Decimal
    measures: dict[str, Decimal]
    lines: list[LineView]
    withheld: list[WithheldView]
    to_post: list[Difference] | None


def main(
    terms_file: Path,
    facts_file: Path,
    *,
    as_json: bool = False,
    known_at: str = "",
    posted_file: Path | None = None,
    check_file: Path | None = None,
) -> int:
    """Run the command; return its exit code."""
    file = terms_file
    try:
        terms = read_terms(_content(file))
        file = facts_file
        facts = read_facts(_content(file))
        at = _instant(known_at)
        found = entitlements(terms, facts.facts, known_at=at)
        to_post = None
        if posted_file is not None:
            file = posted_file
            to_post = difference(
                found,
                read_posted(_content(file)).posted,
                refunds=terms.refunds,
                lag_months=terms.payment.lag_months if terms.payment is not None else 0,
            )
        result = Result(
            "procure-entitlement", 1, terms.code, terms.version, terms.currency, at, found.total,
            found.measures, list(found.views()), _withheld(found), to_post,
        )  # fmt: skip
        expected = None
        if check_file is not None:
            file = check_file
            expected = read_expected(_content(file))
    except Refused as refusal:
        for line in refused(file, refusal.findings):
            print(line, file=sys.stderr)
        return REFUSED
    except ProcureError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return REFUSED
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(result), indent=1).decode())
    else:
        print("\n".join(report(result)))
    if expected is None:
        return COMPUTED
    differing = list(compared(result.lines, expected))
    for line in differing:
        print(line, file=sys.stderr)
    return DIFFERENT if differing else COMPUTED


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        text = n_("The file cannot be read: {why}. Give the path of one that can.")
        raise Refused([Finding("unreadable", text, {"why": error.strerror})]) from None


def _instant(text: str) -> datetime | None:
    """Read an instant with its zone, or a day, which means its end in UTC."""
    if not text:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time.max, tzinfo=UTC)
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    except ValueError:
        pass
    sentence = n_("{text} is no instant: write 2026-04-01 or 2026-04-01T10:00:00Z.")
    raise Refused([Finding("bad-instant", sentence, {"text": text}, field="--known-at")])


def _withheld(found: Entitlement) -> list[WithheldView]:
    return [withheld_view(one) for one in found.withheld]


def refused(file: Path, findings: Sequence[Finding]) -> Iterator[str]:
    """Write each fault on a line: file, path to the field, code, and what to do."""
    for finding in findings:
        where = f"{file}: {finding.field}" if finding.field else str(file)
        yield f"{where}: [{finding.code}] {finding.message}"


def report(result: Result) -> Iterator[str]:
    """Write lines with their traces for people."""
    known = f", as known at {result.known_at.isoformat()}" if result.known_at else ""
    yield f"{result.terms} version {result.terms_version}{known}"
    yield ""
    for who in sorted({line.who for line in result.lines}, key=lambda who: (not who, who)):
        yield who or "The contract"
        for line in result.lines:
            if line.who == who:
                yield from _line(line, result.currency)
    yield f"{'Total':<48}{result.total:>16} {result.currency}"
    for name, value in result.measures.items():
        yield f"  {name}: {value}"
    if result.withheld:
        yield ""
        yield "Not owed (yet):"
        for withheld in result.withheld:
            yield f"  {withheld.key:<46}{withheld.amount:>16}  {withheld.reason.message}"
    if result.to_post is not None:
        yield ""
        yield "To post:" if result.to_post else "Nothing is to be posted."
        for entry in result.to_post:
            because = f"  because of {', '.join(entry.because)}" if entry.because else ""
            due = f"  due {entry.due}" if entry.due else ""
            yield f"  {entry.key:<46}{entry.amount:>16}{due}{because}"


def _line(line: LineView, currency: str) -> Iterator[str]:
    when = " ".join(str(part) for part in (line.on, line.due and f"due {line.due}") if part)
    yield f"  {line.key:<46}{line.amount:>16} {currency}  {when}".rstrip()
    clause = f" [{line.clause}]" if line.clause else ""
    for place, finding in enumerate(line.trace):
        yield f"      {finding.message}{'' if place else clause}"


def compared(lines: Sequence[LineView], expected: Sequence[tuple[str, Decimal]]) -> Iterator[str]:
    """Say where lines differ from those expected, by key and amount."""
    found, wanted = {line.key: line.amount for line in lines}, dict(expected)
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            yield f"{key}: {found.get(key, 'no line')} computed, {wanted.get(key, 'no line')} given"
