"""Terms and facts from JSON: what is wrong is refused, with the path to the field and what next."""

import json
import re
from decimal import Decimal
from typing import TypeVar

import msgspec

from procure.entitlement.checking import facts_findings, terms_findings
from procure.entitlement.difference import PostedFile
from procure.entitlement.engine import Program
from procure.entitlement.facts import FactsFile
from procure.entitlement.terms import Terms
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

T = TypeVar("T")

FORM = n_("{message} Compare with docs/formats/payment-terms.md.")


class Unreadable(Refused):
    """The file is not of this format at all (422)."""


def read_terms(content: bytes) -> Terms:
    """Read payment terms and check them; they can be computed afterwards.

    Raises Unreadable where the form is wrong, Refused with every finding where the meaning is.
    """
    terms = _decoded(content, Terms)
    if found := terms_findings(terms):
        raise Refused(found)
    Program(terms)  # what only compiling finds
    return terms


def read_facts(content: bytes) -> FactsFile:
    """Read facts and check them. Raises Unreadable, Refused."""
    file = _decoded(content, FactsFile)
    if found := facts_findings(file.facts):
        raise Refused(found)
    return file


def read_posted(content: bytes) -> PostedFile:
    """Read what was posted. Raises Unreadable."""
    return _decoded(content, PostedFile)


class _Line(msgspec.Struct, frozen=True):
    key: str
    amount: Decimal


class _Expected(msgspec.Struct, frozen=True):
    lines: list[_Line]


def read_expected(content: bytes) -> list[tuple[str, Decimal]]:
    """Read the keys and amounts of lines that were computed before. Raises Unreadable."""
    return [(line.key, line.amount) for line in _decoded(content, _Expected).lines]


def _decoded(content: bytes, type_: type[T]) -> T:
    if repeated := _repeated(content):
        text = n_("The name {name} stands twice in one object: only one of them can be meant.")
        raise Unreadable([Finding("double-name", text, {"name": repeated}, field="$")])
    try:
        return msgspec.json.decode(content, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable([form_finding(str(error))]) from None


def _repeated(content: bytes) -> str:
    """Return a name that an object has twice: decoders take the last in silence."""
    twice = ""

    def look(pairs: list[tuple[str, object]]) -> None:
        nonlocal twice
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = twice or next(name for name in names if names.count(name) > 1)

    try:
        json.loads(content, object_pairs_hook=look, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return ""  # the decoder says it better
    return twice


def form_finding(message: str) -> Finding:
    """Make a finding of what the decoder says, with the path it names.

    >>> form_finding("Expected `str`, got `int` - at `$.fees[0].code`").field
    '$.fees[0].code'
    """
    path = re.search(r" - at (?:`(\$[^`]*)`|key in `(\$[^`]*)`)$", message)
    text = message[: path.start()] if path else message
    field = (path.group(1) or path.group(2)) if path else "$"
    return Finding("bad-form", FORM, {"message": text.rstrip(".") + "."}, field=field)
