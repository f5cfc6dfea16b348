"""From bytes to an evaluation that can be computed, or every fault of the file with its path.

`read_file` streams: the head is decoded at once, each bid by itself. Faults are findings whose
`field` is the path in the file (`rule.steps[2].of`, `bids[7].values.price`). Pure.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring.format.file import Bid, Draw, Evaluation, Expected, Rule
from procure.scoring.sheet import Sheet, SheetReader

MOST_BYTES = 200_000_000
PATH = re.compile(r" - at `\$\.?(.*)`$")


class _Head(Evaluation, frozen=True, kw_only=True):
    """The file with its bids as they stand in it."""

    bids: tuple[msgspec.Raw, ...] = ()  # type: ignore[assignment]


_HEAD = msgspec.json.Decoder(_Head)
_BID = msgspec.json.Decoder(Bid)
_RULE = msgspec.json.Decoder(Rule)


class Task:
    """Everything that one computation needs: the rule, the bids as columns, drawings."""

    __slots__ = ("currency", "draws", "evaluators", "expected", "rule", "sheet", "source", "title",
                 "version")  # fmt: skip

    def __init__(self, head: Evaluation, sheet: Sheet) -> None:
        self.title, self.source, self.version = head.title, head.source, head.version
        self.currency = head.currency
        self.rule: Rule = head.rule
        self.evaluators: Sequence[str] = head.evaluators
        self.draws: Sequence[Draw] = head.draws
        self.expected: Expected | None = head.expected
        self.sheet = sheet


def read_file(content: bytes) -> Task:
    """Read a file; Refused with every fault that was found, each with its path."""
    if len(content) > MOST_BYTES:
        raise _refused("file-too-large", n_("The file is larger than 200 MB."), "")
    try:
        head = _HEAD.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused([_finding(error)]) from None
    return task(head, _bids(head.bids))


def _bids(raw: Sequence[msgspec.Raw]) -> Iterator[Bid]:
    decode = _BID.decode
    for number, each in enumerate(raw):
        try:
            yield decode(each)
        except msgspec.DecodeError as error:
            raise Refused([_finding(error, f"bids[{number}]")]) from None


def read_rule(content: bytes) -> Rule:
    """Read a rule alone, as a tender stores it; Refused with the path of what cannot be read."""
    try:
        return _RULE.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused([_finding(error, "rule")]) from None


def task(head: Evaluation, bids: "Iterator[Bid] | Sequence[Bid] | None" = None) -> Task:
    """Turn an evaluation into columns; Refused with every fault of the bids."""
    reader = SheetReader(head.rule, head.evaluators)
    reader.take(head.bids if bids is None else bids)
    sheet = reader.done()
    if found := [*reader.findings, *_draw_findings(head.draws, set(sheet.ids))]:
        raise Refused(found)
    return Task(head, sheet)


def _draw_findings(draws: Sequence[Draw], known: set[str]) -> list[Finding]:
    found = []
    for number, draw in enumerate(draws):
        where = f"draws[{number}]"
        if strangers := sorted({*draw.among, *draw.order} - known):
            text = n_("{ids} are no bids of this file")
            found.append(
                Finding("draw-unknown", text, {"ids": ", ".join(strangers)}, field=f"{where}.among")
            )
        if draw.order and sorted(draw.order) != sorted(draw.among):
            text = n_("the order does not name each bid of `among` once")
            found.append(Finding("draw-incomplete", text, field=f"{where}.order"))
        if not draw.order and not draw.seed:
            text = n_("there is neither an order nor a seed")
            found.append(Finding("draw-empty", text, field=where))
    return found


def repeated_keys(content: bytes) -> list[Finding]:
    """Name keys that a file says twice, where readers would differ about which one counts."""
    found: list[Finding] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            text = n_("{key} is said twice in one object; say it once")
            found.append(Finding("key-twice", text, {"key": key}, field=key))
        return dict(items)

    try:
        json.loads(content, object_pairs_hook=pairs, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return found  # what cannot be read is named by `read_file`
    return found


def _finding(error: Exception, prefix: str = "") -> Finding:
    said = str(error)
    inside = PATH.search(said)
    path = ".".join(part for part in (prefix, inside.group(1) if inside else "") if part)
    values = {"what": PATH.sub("", said)}
    is_field = isinstance(error, msgspec.ValidationError)
    code = "file-refused" if is_field else "file-unreadable"
    text = (
        n_("The format refuses it: {what}.")
        if is_field
        else n_("This is not readable JSON: {what}.")
    )
    return Finding(code, text, values, field=path.replace(".[", "["))


def _refused(code: str, text: str, field: str) -> Refused:
    return Refused([Finding(code, text, field=field)])
