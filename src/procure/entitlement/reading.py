"""Terms and facts from JSON: what is wrong is refused, with the path to the field and what next."""

import re
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


def _decoded(content: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable([form_finding(str(error))]) from None


def form_finding(message: str) -> Finding:
    """Make a finding of what the decoder says, with the path it names.

    >>> form_finding("Expected `str`, got `int` - at `$.fees[0].code`").field
    '$.fees[0].code'
    """
    path = re.search(r" - at (?:`(\$[^`]*)`|key in `(\$[^`]*)`)$", message)
    text = message[: path.start()] if path else message
    field = (path.group(1) or path.group(2)) if path else "$"
    return Finding("bad-form", FORM, {"message": text.rstrip(".") + "."}, field=field)
